-- Items: requests open at as of, and those that nobody can say were closed. on_day = the last day before as of.
with judged as (
  select
    c.request_no,
    c.account_no,
    c.right_requested,
    c.regime,
    c.country,
    c.channel,
    w.as_of_day,
    w.as_of_day - c.due_day as days_past_due,
    case
      when c.due_day is null then c.why_no_due_day
      when c.is_closing_unknown = true then 'closing_unknown'
      when c.due_day < w.as_of_day and c.is_extended_openly = true then 'extended_openly'
      when c.due_day < w.as_of_day then 'overdue'
      else 'within_time'
    end as reason
  from request_clock c
  join period w on 1 = 1
  where c.closed_day is null
)
select
  request_no as item_id,
  account_no,
  as_of_day - 1 as on_day,
  case
    when reason = 'overdue' then true
    when reason = 'within_time' then false
  end as is_exception,
  case when reason = 'overdue' then days_past_due end as value,
  reason,
  right_requested as group_right_requested,
  regime as group_regime,
  country as group_country,
  channel as group_channel,
  case
    when reason <> 'overdue' then 'not overdue'
    when days_past_due <= 7 then '1 to 7 days'
    when days_past_due <= 30 then '8 to 30 days'
    when days_past_due <= 90 then '31 to 90 days'
    else 'over 90 days'
  end as group_overdue_since
from judged
