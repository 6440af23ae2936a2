-- Items: transfers out of the EEA to a third country. on_day = the day of the transfer.
select
  t.transfer_no as item_id,
  cast(null as integer) as account_no,
  t.occurred_day as on_day,
  case
    when t.destination_country is null or t.origin_country is null then cast(null as boolean)
    when d.country is null then true
    else false
  end as is_exception,
  cast(null as integer) as value,
  case
    when t.destination_country is null or t.origin_country is null then 'unknown'
    when d.country is null then 'undeclared'
    else 'declared'
  end as reason,
  t.destination_country as group_destination,
  t.recipient_type as group_recipient_type,
  t.data_category as group_data_category,
  t.transfer_tool as group_tool
from third_country_transfer t
left join param_destination d on d.country = t.destination_country
