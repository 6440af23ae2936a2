-- Relationships that have ended because the account showed no activity for the months set (parameter relationship_months).
-- The months run out with the end of the day that has the same number as the last day of activity, else of the last day of that month.
-- One row per account whose months had run out before as of; none at all where the relationship lasts until the account is closed.
with idle_day as (
  -- Days are few, accounts many: the months are counted once per day.
  select l.last_day
  from last_activity l
  join parameter p on 1 = 1
  where p.relationship = 'recent_activity'
  group by l.last_day
),
run_out as (
  select
    i.last_day,
    case
      when m.first_day + s.day_of_month - 1 > m.last_day then m.last_day
      else m.first_day + s.day_of_month - 1
    end as end_day
  from idle_day i
  join parameter p on 1 = 1
  join ref_day s on s.day = i.last_day
  join ref_month m on m.month_no = s.month_no + p.relationship_months
),
ended as (
  select
    o.last_day,
    o.end_day,
    n.first_second as end_second,
    case when o.end_day < w.as_of_day then true else false end as has_ended
  from run_out o
  join period w on 1 = 1
  join ref_day n on n.day = o.end_day + 1
)
select
  l.account_no,
  e.end_day,
  e.end_second
from last_activity l
join ended e on e.last_day = l.last_day and e.has_ended = true
