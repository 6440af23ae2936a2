-- Transfers out of the EEA to a third country, by membership on that day (GDPR Ch. V). GB counts as EEA to 2020-12-31.
-- One row per such transfer; one whose origin or destination is not recorded stays in, since it may be one.
select
  t.transfer_no,
  t.occurred_day,
  t.origin_country,
  t.destination_country,
  t.recipient_no,
  t.data_category,
  t.transfer_tool,
  r.recipient_type
from stg_transfers t
join parameter p on 1 = 1
left join ref_area o
  on o.area = p.destination_scope and o.country = t.origin_country and t.occurred_day between o.first_day and o.last_day
left join ref_area d
  on d.area = p.destination_scope and d.country = t.destination_country and t.occurred_day between d.first_day and d.last_day
left join stg_recipients r on r.recipient_no = t.recipient_no
where d.country is null
  and (o.country is not null or t.origin_country is null)
