-- Act of processing for a purpose: the rows known at as of, later instants emptied.
select
  event_no,
  account_no,
  device_no,
  purpose,
  occurred_second,
  occurred_day,
  legal_basis,
  channel,
  country,
  system,
  property,
  template_id
from processing_events
where occurred_second < {as_of_second}
