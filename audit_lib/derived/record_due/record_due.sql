-- When every record of a closed account must be gone: closing (or later collection) + grace, put off by duties and holds.
-- One row per record of a closed account that was not deleted before the closing.
with closed_record as (
  select
    r.record_no,
    r.account_no,
    r.data_category,
    r.system,
    a.country,
    a.opened_day,
    r.collected_day,
    r.deleted_day,
    case when r.collected_second > a.closed_second then r.collected_day else a.closed_day end as start_day,
    coalesce(g.grace_days, p.grace_days) as grace_days
  from stg_stored_records r
  join stg_accounts a on a.account_no = r.account_no
  join parameter p on 1 = 1
  left join param_grace g on g.data_category = r.data_category
  where a.closed_second is not null
    and (r.deleted_second is null or r.deleted_second >= a.closed_second)
),
-- The last day on which a duty that binds the controller keeps the record; of several the longest.
-- The exports lack the start that duties name (end of the financial year, date of the invoice): the day of collection stands in.
duty as (
  select
    c.record_no,
    max(
      case
        when b.starts = 'calendar_year_end' then e.last_day
        when e.first_day + s.day_of_month - 1 > e.last_day then e.last_day
        else e.first_day + s.day_of_month - 1
      end
    ) as duty_last_day
  from closed_record c
  join param_duty d on d.country = c.country and d.data_category = c.data_category
  join stg_retention_duty b on b.duty_id = d.duty_id and b.country = d.country
  join ref_day s on s.day = c.collected_day
  join ref_month m on m.month_no = s.month_no
  join ref_month e
    on e.month_no = case when b.starts = 'calendar_year_end' then m.december_month_no else s.month_no end + b.amount_months
  group by c.record_no
),
unheld as (
  select
    c.record_no,
    c.account_no,
    c.data_category,
    c.system,
    c.country,
    c.opened_day,
    c.deleted_day,
    c.start_day,
    c.grace_days,
    c.start_day + c.grace_days as plain_due_day,
    case
      when u.duty_last_day + 1 > c.start_day then u.duty_last_day + 1 + c.grace_days
      else c.start_day + c.grace_days
    end as unheld_due_day
  from closed_record c
  left join duty u on u.record_no = c.record_no
),
-- A hold counts from the day it begins or, if that is later, from the day it was recorded. One that was over before the due day
-- says nothing about it, and cannot be lengthened by a hold that began after that day.
held as (
  select
    u.record_no,
    u.grace_days,
    h.hold_no,
    coalesce(case when h.recorded_day > h.starts_day then h.recorded_day end, h.starts_day) as begin_day,
    coalesce(h.ends_day, 2932896) as end_day
  from unheld u
  join stg_legal_holds h on h.account_no = u.account_no
  where (h.data_category is null or h.data_category = u.data_category)
    and coalesce(h.ends_day, 2932896) >= u.unheld_due_day
),
-- Holds that overlap or follow within the grace are one.
reached as (
  select
    record_no,
    grace_days,
    hold_no,
    begin_day,
    end_day,
    max(end_day) over (
      partition by record_no order by begin_day, hold_no rows between unbounded preceding and 1 preceding
    ) as earlier_end_day
  from held
),
numbered as (
  select
    record_no,
    begin_day,
    end_day,
    sum(case when earlier_end_day is null or begin_day > earlier_end_day + grace_days then 1 else 0 end) over (
      partition by record_no order by begin_day, hold_no rows between unbounded preceding and current row
    ) as joined_hold_no
  from reached
),
joined_hold as (
  select
    record_no,
    joined_hold_no,
    min(begin_day) as begin_day,
    max(end_day) as end_day
  from numbered
  group by record_no, joined_hold_no
),
hold_in_force as (
  select
    u.record_no,
    max(j.end_day) as end_day
  from unheld u
  join joined_hold j on j.record_no = u.record_no and u.unheld_due_day between j.begin_day and j.end_day
  group by u.record_no
)
select
  u.record_no,
  u.account_no,
  u.data_category,
  u.system,
  u.country,
  u.start_day,
  u.deleted_day,
  u.plain_due_day,
  case
    when f.end_day = 2932896 then cast(null as integer)
    when f.end_day is not null then f.end_day + u.grace_days
    else u.unheld_due_day
  end as due_day,
  case
    when f.end_day is not null then 'hold'
    when u.unheld_due_day > u.plain_due_day then 'duty'
    else 'plain'
  end as basis,
  case when k.covers_from_day <= u.opened_day then true else false end as are_holds_known
from unheld u
left join hold_in_force f on f.record_no = u.record_no
left join coverage k on k.table_name = 'legal_holds'
