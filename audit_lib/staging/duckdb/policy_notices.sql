-- Notice about a policy version sent to an account: the rows known at as of, later instants emptied.
select
  notice_no,
  account_no,
  policy_version,
  notified_second,
  notified_day,
  channel
from policy_notices
where notified_second < {as_of_second}
