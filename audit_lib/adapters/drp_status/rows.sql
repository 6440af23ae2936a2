-- One row per request and right. Results prove that an expired request had been fulfilled; an unanswered check of identity, that it lapsed.
with listed as (
  select s.*, coalesce(try_cast(try_cast(s."right" as json) as varchar[]), [s."right"]) as texts
  from source s
),
by_right as (
  select
    l.*, unnest(case when len(l.texts) > 0 then l.texts else [cast(null as varchar)] end) as asked
  from listed l
),
worded as (
  select
    b.*, coalesce(g.word, b.asked) as wanted,
    case
      when b.status <> 'expired' then coalesce(o.word, b.status)
      when b.results is not null then 'fulfilled'
      when b.verification is not null then 'withdrawn'
      else coalesce(o.word, b.status)
    end as ended
  from by_right b
  left join map_right g on g.given = b.asked
  left join map_outcome o on o.given = b.status
),
-- Two names of one right (access:categories and access:specific) ask for it once.
single as (
  select *, count(*) over (partition by record) > 1 as is_several
  from (select * from worded qualify row_number() over (partition by record, wanted order by asked) = 1)
)
select
  record,
  row_number() over (partition by record order by wanted) as part,
  case when wanted = 'opt_in' then 'opt_in' end as left_out,
  id || case when is_several then ':' || wanted else '' end as request_id,
  account as account_id,
  wanted as right_requested,
  'agent' as channel,
  received as received_at,
  case when ended <> 'open' then closed end as closed_at,
  nullif(ended, 'open') as outcome,
  case when ended = 'refused' then reason end as refusal_reason
from single
