-- Items: requests refused or fulfilled in part. on_day = the day of closing; where that is unknown, the day it came in.
select
  c.request_no as item_id,
  c.account_no,
  coalesce(c.closed_day, c.first_day) as on_day,
  case
    when c.is_closing_unknown = true then cast(null as boolean)
    when r.refusal_reason is null or r.remedies_told = false then true
    else false
  end as is_exception,
  cast(null as integer) as value,
  case
    when c.is_closing_unknown = true then 'closing_unknown'
    when r.refusal_reason is null then 'bare'
    when r.remedies_told = false then 'no_remedies'
    else 'reasoned'
  end as reason,
  c.right_requested as group_right_requested,
  c.regime as group_regime,
  c.country as group_country,
  c.channel as group_channel,
  c.outcome as group_outcome
from request_clock c
join stg_rights_requests r on r.request_no = c.request_no
where c.outcome in ('refused', 'fulfilled_in_part')
