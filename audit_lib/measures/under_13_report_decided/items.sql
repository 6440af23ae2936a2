-- Items: cases about possibly under-13 accounts, judged when the days for deciding them are over. on_day = opening + those days.
-- A decision without a day that can be trusted says nothing about the time it took.
with due as (
  select
    c.review_no,
    c.account_no,
    c.country,
    c.source,
    c.opened_day,
    c.decided_day,
    c.step,
    c.opened_day + p.report_days as due_day
  from age_case c
  join parameter p on 1 = 1
)
select
  d.review_no as item_id,
  d.account_no,
  d.due_day as on_day,
  case
    when d.step in ('ends_before_start', 'decision_undated') then cast(null as boolean)
    when d.decided_day <= d.due_day then false
    else true
  end as is_exception,
  case
    when d.step = 'decided' then d.decided_day - d.opened_day
    when d.step = 'open' then w.as_of_day - 1 - d.opened_day
  end as value,
  case
    when d.step in ('open', 'ends_before_start', 'decision_undated') then d.step
    when d.decided_day > d.due_day then 'late'
    else 'decided'
  end as reason,
  d.source as group_source,
  d.country as group_country
from due d
join period w on 1 = 1
