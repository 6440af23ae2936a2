-- One row per request. A rejection whose reason is DUPLICATE is a duplicate, whether a person or a rule rejected it.
with worded as (
  select
    s.*, coalesce(g.word, s.type) as wanted, coalesce(c.word, s.origin) as came_by,
    case when o.word = 'refused' and s.reason = 'DUPLICATE' then 'duplicate' else coalesce(o.word, s.status) end as ended
  from source s
  left join map_right g on g.given = s.type
  left join map_outcome o on o.given = s.status
  left join map_channel c on c.given = s.origin
)
select
  record,
  cast(null as varchar) as left_out,
  id as request_id,
  account as account_id,
  wanted as right_requested,
  came_by as channel,
  received as received_at,
  case when ended <> 'open' then closed end as closed_at,
  nullif(ended, 'open') as outcome,
  case when ended = 'refused' then reason end as refusal_reason
from worded
