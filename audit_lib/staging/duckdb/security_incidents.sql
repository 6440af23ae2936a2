-- Security incident: the rows known at as of, later instants emptied.
select
  incident_no,
  detected_second,
  detected_day,
  case when aware_second < {as_of_second} then aware_second end as aware_second,
  case when aware_second < {as_of_second} then aware_day end as aware_day,
  coalesce(personal_data, true) as personal_data,
  risk,
  case when authority_notified_second < {as_of_second} then authority_notified_second end as authority_notified_second,
  case when authority_notified_second < {as_of_second} then authority_notified_day end as authority_notified_day,
  case when persons_notified_second < {as_of_second} then persons_notified_second end as persons_notified_second,
  case when persons_notified_second < {as_of_second} then persons_notified_day end as persons_notified_day,
  persons_affected
from security_incidents
where detected_second < {as_of_second}
