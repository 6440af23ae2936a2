-- Items: all transfers and disclosures, with what they carried. on_day = the day of the transfer.
select
  t.transfer_no as item_id,
  cast(null as integer) as account_no,
  t.occurred_day as on_day,
  false as is_exception,
  cast(null as integer) as value,
  case
    when t.persons is null or t.records is null or t.bytes is null then 'amount_missing'
    else 'counted'
  end as reason,
  t.persons as sum_persons,
  t.records as sum_records,
  t.bytes as sum_bytes,
  t.origin_country as group_origin,
  t.destination_country as group_destination,
  r.recipient_type as group_recipient_type,
  t.transfer_tool as group_tool,
  t.data_category as group_data_category
from stg_transfers t
left join stg_recipients r on r.recipient_no = t.recipient_no
