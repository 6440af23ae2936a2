-- Time a birth date was stated: the rows known at as of, later instants emptied.
select
  declaration_no,
  account_no,
  device_no,
  birth_day,
  declared_second,
  declared_day,
  source,
  coalesce(accepted, true) as accepted
from birth_date_declarations
where declared_second < {as_of_second}
