-- Items: cases decided confirmed_under_13; what is left of the child's data when the days for deleting them are over.
-- on_day = decision + those days; the day of opening where it cannot be judged. 16 C.F.R. s.312.10, 312.5(c)(1).
with confirmed as (
  select
    c.review_no,
    c.account_no,
    c.country,
    c.source,
    c.opened_day,
    c.step,
    c.decided_day,
    c.decided_day + p.child_deletion_days as judged_day,
    case when v.data_deleted_second is not null then 'yes' else 'no' end as said_deleted,
    -- Of an account that is not in the export nobody knows the opening: logs must then reach back to the beginning.
    coalesce(c.account_opened_day, -719162) as account_opened_day
  from age_case c
  join stg_age_reviews v on v.review_no = c.review_no
  join parameter p on 1 = 1
  where c.decision = 'confirmed_under_13'
),
-- Every record that there was on the judged day, whenever it was collected: all of it is the child's.
held_record as (
  select
    c.review_no,
    c.account_no,
    c.decided_day,
    c.judged_day,
    r.record_no,
    r.data_category,
    r.deleted_day
  from confirmed c
  join stg_stored_records r on r.account_no = c.account_no
  where r.collected_day <= c.judged_day
    and (r.deleted_day is null or r.deleted_day >= c.decided_day)
),
-- Still stored at the end of the judged day, and kept by no duty.
unkept as (
  select
    h.review_no,
    h.account_no,
    h.judged_day,
    h.record_no,
    h.data_category,
    h.deleted_day
  from held_record h
  left join record_duty u on u.record_no = h.record_no
  where (h.deleted_day is null or h.deleted_day > h.judged_day)
    and (u.duty_last_day is null or u.duty_last_day < h.judged_day)
),
-- A hold counts from the day it begins or, if that is later, from the day it was recorded.
held as (
  select
    c.review_no,
    c.record_no
  from unkept c
  join stg_legal_holds h on h.account_no = c.account_no
  where (h.data_category is null or h.data_category = c.data_category)
    and h.starts_day <= c.judged_day
    and (h.recorded_day is null or h.recorded_day <= c.judged_day)
    and (h.ends_day is null or h.ends_day >= c.judged_day)
  group by c.review_no, c.record_no
),
left_behind as (
  select
    c.review_no,
    max(case when c.deleted_day is null then 1 else 0 end) as is_still_stored,
    max(c.deleted_day) as last_deleted_day
  from unkept c
  left join held h on h.review_no = c.review_no and h.record_no = c.record_no
  where h.record_no is null
  group by c.review_no
),
in_time as (
  select
    review_no,
    max(deleted_day) as last_deleted_day
  from held_record
  where deleted_day <= judged_day
  group by review_no
),
judged as (
  select
    c.review_no,
    c.account_no,
    c.country,
    c.source,
    c.said_deleted,
    c.opened_day,
    c.decided_day,
    c.judged_day,
    b.last_deleted_day as late_day,
    coalesce(i.last_deleted_day, c.decided_day) as in_time_day,
    case
      when c.account_no is null then 'no_account'
      when c.step <> 'decided' then c.step
      when b.review_no is null and s.covers_from_day > c.account_opened_day then 'before_log'
      -- An export without a single record, not even a deleted one, does not show that anything was deleted.
      when b.review_no is null and s.rows = 0 then 'before_log'
      when b.review_no is null then 'deleted'
      when k.covers_from_day is null or k.covers_from_day > c.account_opened_day then 'before_log'
      when b.is_still_stored = 1 then 'still_stored'
      else 'late'
    end as reason
  from confirmed c
  left join left_behind b on b.review_no = c.review_no
  left join in_time i on i.review_no = c.review_no
  left join coverage k on k.table_name = 'legal_holds'
  left join coverage s on s.table_name = 'stored_records'
)
select
  j.review_no as item_id,
  j.account_no,
  case
    when j.reason in ('no_account', 'ends_before_start', 'decision_undated') then j.opened_day
    else j.judged_day
  end as on_day,
  case
    when j.reason in ('still_stored', 'late') then true
    when j.reason = 'deleted' then false
    else cast(null as boolean)
  end as is_exception,
  case
    when j.reason = 'still_stored' then w.as_of_day - 1 - j.decided_day
    when j.reason = 'late' then j.late_day - j.decided_day
    when j.reason = 'deleted' then j.in_time_day - j.decided_day
  end as value,
  j.reason,
  j.said_deleted as group_said_deleted,
  j.source as group_source,
  j.country as group_country
from judged j
join period w on 1 = 1
