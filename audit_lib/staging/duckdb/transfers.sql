-- Transfer or disclosure, or batch of them, of one data category: the rows known at as of, later instants emptied.
select
  transfer_no,
  occurred_second,
  occurred_day,
  origin_country,
  destination_country,
  recipient_no,
  data_category,
  purpose,
  transfer_tool,
  legal_ground,
  consent_event_no,
  persons,
  records,
  bytes
from transfers
where occurred_second < {as_of_second}
