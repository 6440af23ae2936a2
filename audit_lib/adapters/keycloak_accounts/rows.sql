-- One row per account, carried by its first event. A user who signs up twice gives two rows with one key: ingest quarantines both.
with read_events as (
  select
    s.*, try_cast(s.time as bigint) as millis,
    case when ends_with(s.type, '_ERROR') or s.error is not null then 'failed' else coalesce(e.word, 'other_event') end as kind,
    s.id is not null and row_number() over (partition by s.id order by s.record) > 1 as is_repeat,
    coalesce(
      json_extract_string(try_cast(s.details as json), '$.identity_provider'),
      json_extract_string(try_cast(s.details as json), '$.register_method')) as given_method
  from source s
  left join map_event e on e.given = s.type
),
judged as (
  select
    *, kind in ('opened', 'closed', 'active') and not is_repeat as is_wanted,
    kind in ('opened', 'closed', 'active') and not is_repeat and account is not null and millis is not null as is_used
  from read_events
),
lives as (
  select
    *, greatest(1, count(*) filter (where is_used and kind = 'opened')
      over (partition by account order by millis, record rows between unbounded preceding and current row)) as life
  from judged
),
folded as (
  select
    *,
    row_number() over (partition by account, life, is_used order by millis, record) as nth,
    min(millis) filter (where is_used and kind = 'opened') over (partition by account, life) as opened,
    min(millis) filter (where is_used and kind = 'closed') over (partition by account, life) as closed,
    max(millis) filter (where is_used and kind in ('opened', 'active')) over (partition by account, life) as active,
    max(given_method) filter (where is_used and kind = 'opened') over (partition by account, life) as made_by
  from lives
)
select
  f.record,
  case
    when f.is_repeat then 'repeated_event'
    when not f.is_wanted then f.kind
    when f.is_used and f.nth > 1 then 'folded'
  end as left_out,
  case when f.is_wanted and f.account is null then 'missing' when f.is_wanted and f.millis is null then 'not_decodable' end as broken,
  f.account as account_id,
  from_millis(cast(f.opened as varchar)) as opened_at,
  from_millis(cast(f.closed as varchar)) as closed_at,
  from_millis(cast(f.active as varchar)) as last_active_at,
  coalesce(m.word, f.made_by) as sign_up_method
from folded f
left join map_method m on m.given = f.made_by
