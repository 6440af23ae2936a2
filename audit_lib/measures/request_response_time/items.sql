-- Items: requests received; the wait in days, ended or still running at as of. on_day = the day of receipt.
select
  c.request_no as item_id,
  c.account_no,
  c.received_day as on_day,
  case
    when c.is_closed_before_receipt = true or c.is_closing_unknown = true then cast(null as boolean)
    when c.closed_day is not null then true
    else false
  end as is_exception,
  case
    when c.is_closed_before_receipt = true or c.is_closing_unknown = true then cast(null as integer)
    when c.closed_day is not null then c.closed_day - c.received_day
    else w.as_of_day - 1 - c.received_day
  end as value,
  case
    when c.is_closed_before_receipt = true then 'ends_before_start'
    when c.is_closing_unknown = true then 'closing_unknown'
    when c.closed_day is not null then 'closed'
    else 'open'
  end as reason,
  c.right_requested as group_right_requested,
  c.regime as group_regime,
  c.country as group_country,
  c.channel as group_channel
from request_clock c
join period w on 1 = 1
where c.received_day is not null
