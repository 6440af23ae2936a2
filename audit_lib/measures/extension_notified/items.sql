-- Items: requests whose extension was told. on_day = the day it was told; the extension itself does not count for the day it must meet.
select
  c.request_no as item_id,
  c.account_no,
  c.extended_day as on_day,
  case
    when c.first_due_day is null then cast(null as boolean)
    when c.extended_day > c.first_due_day or c.has_extension_reason = false then true
    else false
  end as is_exception,
  case
    when c.first_due_day is null then cast(null as integer)
    when c.extended_day > c.first_due_day then c.extended_day - c.first_due_day
    else 0
  end as value,
  case
    when c.first_due_day is null then c.why_no_due_day
    when c.extended_day > c.first_due_day then 'late'
    when c.has_extension_reason = false then 'no_reason'
    else 'in_time'
  end as reason,
  c.right_requested as group_right_requested,
  c.regime as group_regime,
  c.country as group_country,
  c.channel as group_channel
from request_clock c
where c.extended_day is not null
