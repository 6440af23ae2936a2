-- Version of the privacy policy: the rows known at as of, later instants emptied.
select
  policy_version_no,
  policy_version,
  effective_day,
  coalesce(substantial, true) as substantial,
  case when published_second < {as_of_second} then published_second end as published_second,
  case when published_second < {as_of_second} then published_day end as published_day,
  case when withdrawn_second < {as_of_second} then withdrawn_second end as withdrawn_second,
  case when withdrawn_second < {as_of_second} then withdrawn_day end as withdrawn_day
from policy_versions
where effective_day < {as_of_day}
