-- Case about a possibly under-13 account: the rows known at as of, later instants emptied.
select
  review_no,
  account_no,
  opened_second,
  opened_day,
  source,
  case when decided_second < {as_of_second} then decided_second end as decided_second,
  case when decided_second < {as_of_second} then decided_day end as decided_day,
  case when decided_second is null or decided_second < {as_of_second} then decision end as decision,
  case when data_deleted_second < {as_of_second} then data_deleted_second end as data_deleted_second,
  case when data_deleted_second < {as_of_second} then data_deleted_day end as data_deleted_day
from age_reviews
where opened_second < {as_of_second}
