-- One row per request. Only fulfilment is dated by the tool; any other end has an outcome and no closing.
with worded as (
  select s.*, coalesce(g.word, s.type) as wanted, coalesce(o.word, s.status) as ended, coalesce(c.word, s.origin) as came_by
  from source s
  left join map_right g on g.given = s.type
  left join map_outcome o on o.given = s.status
  left join map_channel c on c.given = s.origin
)
select
  record,
  case when lower(is_test) = 'true' then 'test_request' when wanted in ('legal_hold', 'opt_in') then wanted end as left_out,
  id as request_id,
  account as account_id,
  wanted as right_requested,
  case when type = 'CONTACT_OPT_OUT' then 'true' end as direct_marketing,
  coalesce(country, regexp_extract(division, '^([A-Z]{2})-', 1)) as country,
  regexp_replace(division, '^[A-Z]{2}-', '') as region,
  came_by as channel,
  received as received_at,
  case when ended = 'fulfilled' then completed end as closed_at,
  nullif(ended, 'open') as outcome,
  case when status = 'FAILED_VERIFICATION' then 'identity not verified' end as refusal_reason
from worded
