-- When every record of an ended relationship must be gone: its end (or later collection) + grace, put off by duties and holds.
-- One row per record of an account whose relationship has ended (the closing, or as the criteria read it) that was not deleted before.
with ended_record as (
  select
    r.record_no,
    r.account_no,
    r.data_category,
    r.system,
    a.country,
    a.opened_day,
    r.deleted_day,
    n.end_day,
    case when r.collected_second > n.end_second then true else false end as is_collected_later,
    case when r.collected_second > n.end_second then r.collected_day else n.end_day end as start_day,
    u.duty_last_day,
    coalesce(g.grace_days, p.grace_days) as grace_days
  from stg_stored_records r
  join relationship_end n on n.account_no = r.account_no
  join stg_accounts a on a.account_no = n.account_no
  join parameter p on 1 = 1
  left join record_duty u on u.record_no = r.record_no
  left join param_grace g on g.data_category = r.data_category
  where r.deleted_second is null
    or r.deleted_second >= n.end_second
),
unheld as (
  select
    record_no,
    account_no,
    data_category,
    system,
    country,
    opened_day,
    deleted_day,
    end_day,
    is_collected_later,
    start_day,
    grace_days,
    start_day + grace_days as plain_due_day,
    case
      when duty_last_day + 1 > start_day then duty_last_day + 1 + grace_days
      else start_day + grace_days
    end as unheld_due_day
  from ended_record
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
  u.end_day,
  u.is_collected_later,
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
