-- Items: requests whose due day has come; a request without one is untestable on the day it came in. on_day = the due day.
select
  c.request_no as item_id,
  c.account_no,
  coalesce(c.due_day, c.received_day, c.first_day) as on_day,
  case
    when c.due_day is null or c.is_closing_unknown = true then cast(null as boolean)
    when c.closed_day <= c.due_day then false
    when c.is_extended_openly = true then cast(null as boolean)
    else true
  end as is_exception,
  case
    when c.is_closing_unknown = true then cast(null as integer)
    when c.closed_day is not null then c.closed_day - c.received_day
    else w.as_of_day - 1 - c.received_day
  end as value,
  case
    when c.due_day is null then c.why_no_due_day
    when c.is_closing_unknown = true then 'closing_unknown'
    when c.closed_day <= c.due_day then 'on_time'
    when c.is_extended_openly = true then 'extended_openly'
    when c.closed_day is not null then 'late'
    else 'open_late'
  end as reason,
  c.right_requested as group_right_requested,
  c.regime as group_regime,
  c.country as group_country,
  c.channel as group_channel,
  c.identity_step as group_identity_step,
  c.source_verified as group_source_verified
from request_clock c
join period w on 1 = 1
