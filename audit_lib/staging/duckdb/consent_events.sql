-- Consent decision, or prompt for one: the rows known at as of, later instants emptied.
select
  event_no,
  account_no,
  device_no,
  purpose,
  status,
  recorded_second,
  recorded_day,
  case when acted_second < {as_of_second} then acted_second end as acted_second,
  case when acted_second < {as_of_second} then acted_day end as acted_day,
  policy_version,
  method,
  language,
  evidence_ref,
  recipient_no
from consent_events
where recorded_second < {as_of_second}
