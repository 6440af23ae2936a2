-- Personal-data record held, or once held: the rows known at as of, later instants emptied.
select
  record_no,
  account_no,
  data_category,
  system,
  collected_second,
  collected_day,
  case when deleted_second < {as_of_second} then deleted_second end as deleted_second,
  case when deleted_second < {as_of_second} then deleted_day end as deleted_day,
  source,
  source_party
from stored_records
where collected_second < {as_of_second}
