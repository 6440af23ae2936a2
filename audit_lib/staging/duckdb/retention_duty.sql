-- Legal duties to keep records that were in force on the last day before as of, by country.
select
  duty_id,
  country,
  amount_months,
  starts,
  verified
from ref_retention_duty
where first_day < {as_of_day}
  and last_day >= {as_of_day} - 1
