-- Items: cases about possibly under-13 accounts; the wait for the decision, ended or still running at as of. on_day = the day of opening.
select
  c.review_no as item_id,
  c.account_no,
  c.opened_day as on_day,
  case
    when c.step = 'decided' then true
    when c.step = 'open' then false
    else cast(null as boolean)
  end as is_exception,
  case
    when c.step = 'decided' then c.decided_day - c.opened_day
    when c.step = 'open' then w.as_of_day - 1 - c.opened_day
  end as value,
  c.step as reason,
  c.source as group_source,
  c.country as group_country
from age_case c
join period w on 1 = 1
