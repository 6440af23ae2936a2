-- One row per request. 0 and the zero date stand for "never"; an instant without offset is Greenwich time.
with timed as (
  select
    s.*,
    from_seconds(nullif(nullif(received, '0'), '0000-00-00 00:00:00')) as received_text,
    from_seconds(nullif(confirmed, '0')) as confirmed_text,
    from_seconds(nullif(completed, '0')) as completed_text
  from source s
),
worded as (
  select t.*, coalesce(g.word, t.action) as wanted, coalesce(o.word, t.status) as ended
  from timed t
  left join map_right g on g.given = t.action
  left join map_outcome o on o.given = t.status
)
select
  record,
  cast(null as varchar) as left_out,
  id as request_id,
  nullif(account, '0') as account_id,
  wanted as right_requested,
  case when regexp_full_match(received_text, '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d') then replace(received_text, ' ', 'T') || 'Z'
    else received_text end as received_at,
  confirmed_text as identity_verified_at,
  case when ended <> 'open' then completed_text end as closed_at,
  nullif(ended, 'open') as outcome
from worded
