-- Items: legal holds in force on the last day before as of (first and last day included). on_day = that day.
-- A review at or after as of is not known yet: the days then count from the beginning of the hold.
with known as (
  select
    h.hold_no,
    h.account_no,
    h.data_category,
    h.reason,
    h.legal_basis,
    w.as_of_day,
    case when h.ends_day < w.as_of_day - 1 then false else true end as is_in_force,
    w.as_of_day - h.case_closed_day as days_since_case,
    case
      when h.reviewed_day < w.as_of_day then w.as_of_day - h.reviewed_day
      else w.as_of_day - h.starts_day
    end as days_since_review
  from stg_legal_holds h
  join period w on 1 = 1
),
judged as (
  select
    k.hold_no,
    k.account_no,
    k.data_category,
    k.reason as hold_reason,
    k.as_of_day,
    k.days_since_review,
    case
      when k.legal_basis is null then 'no_basis'
      when k.days_since_case > p.hold_case_days then 'case_closed'
      when k.days_since_review >= p.hold_review_days then 'review_overdue'
      else 'documented'
    end as reason
  from known k
  join parameter p on 1 = 1
  where k.is_in_force = true
)
select
  hold_no as item_id,
  account_no,
  as_of_day - 1 as on_day,
  case when reason = 'documented' then false else true end as is_exception,
  days_since_review as value,
  reason,
  coalesce(data_category, 'all') as group_data_category,
  hold_reason as group_hold_reason
from judged
