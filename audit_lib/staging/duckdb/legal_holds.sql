-- Holds that had begun and were on record at as of. An end still to come is not known yet.
select
  hold_no,
  account_no,
  data_category,
  reason,
  legal_basis,
  starts_day,
  case when ends_day < {as_of_day} then ends_day end as ends_day,
  reviewed_day,
  case when recorded_second < {as_of_second} then recorded_second end as recorded_second,
  case when recorded_second < {as_of_second} then recorded_day end as recorded_day,
  case_id,
  case when case_closed_day < {as_of_day} then case_closed_day end as case_closed_day
from legal_holds
where starts_day < {as_of_day}
  and (recorded_second is null or recorded_second < {as_of_second})
