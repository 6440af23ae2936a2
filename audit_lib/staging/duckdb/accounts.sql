-- Accounts as they stood at as of: those opened before it. last_active_at is overwritten by the system, so a later one
-- only says that the account was active at as of: it is set to the last second before it.
select
  account_no,
  opened_second,
  opened_day,
  case when closed_second < {as_of_second} then closed_second end as closed_second,
  case when closed_second < {as_of_second} then closed_day end as closed_day,
  case when last_active_second >= {as_of_second} then {as_of_second} - 1 else last_active_second end as last_active_second,
  case when last_active_second >= {as_of_second} then {as_of_day} - 1 else last_active_day end as last_active_day,
  country,
  region,
  birth_day,
  sign_up_method,
  password_scheme,
  coalesce(password_salted, false) as password_salted
from accounts
where opened_second < {as_of_second}
