-- Items: requests for which proof of identity was asked. on_day = the day on which it was asked.
select
  c.request_no as item_id,
  c.account_no,
  c.identity_requested_day as on_day,
  case
    when c.received_day is null then cast(null as boolean)
    when c.identity_requested_day > c.received_day + p.identity_prompt_days or c.channel = 'in_app' then true
    else false
  end as is_exception,
  c.identity_requested_day - c.received_day as value,
  case
    when c.received_day is null then 'no_receipt'
    when c.identity_requested_day > c.received_day + p.identity_prompt_days then 'late'
    when c.channel = 'in_app' then 'needless'
    else 'prompt'
  end as reason,
  c.right_requested as group_right_requested,
  c.regime as group_regime,
  c.country as group_country,
  c.channel as group_channel
from request_clock c
join parameter p on 1 = 1
where c.identity_requested_day is not null
