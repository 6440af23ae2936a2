-- Items: guardians' reports that had not been cleared when the days for deciding them were over; records of the account
-- collected after the report's second and by the end of those days. on_day = opening + those days; without an account the opening.
with followed as (
  select
    c.review_no,
    c.account_no,
    c.country,
    c.decision,
    c.step,
    c.opened_second,
    c.opened_day,
    c.opened_day + p.report_days as end_day
  from age_case c
  join parameter p on 1 = 1
  where c.source = 'guardian_report'
    and (c.decision is null or c.decision <> 'cleared' or c.decided_day is null or c.decided_day > c.opened_day + p.report_days)
),
collected as (
  select
    f.review_no,
    count(*) as records
  from followed f
  join stg_stored_records r on r.account_no = f.account_no
  where r.collected_second > f.opened_second
    and r.collected_day <= f.end_day
  group by f.review_no
),
judged as (
  select
    f.review_no,
    f.account_no,
    f.country,
    f.opened_day,
    f.end_day,
    coalesce(n.records, 0) as records,
    case
      when f.account_no is null then 'no_account'
      -- Cleared, but on a day that nobody can tell: it may have been outside.
      when f.decision = 'cleared' and f.step in ('ends_before_start', 'decision_undated') then f.step
      when n.records > 0 then 'collected'
      -- An export without a single record, or one that begins after the report, does not show that collection stopped.
      when s.covers_from_day > f.opened_day or s.rows = 0 then 'before_log'
      else 'stopped'
    end as reason
  from followed f
  left join collected n on n.review_no = f.review_no
  left join coverage s on s.table_name = 'stored_records'
)
select
  review_no as item_id,
  account_no,
  case when reason = 'no_account' then opened_day else end_day end as on_day,
  case
    when reason = 'collected' then true
    when reason = 'stopped' then false
    else cast(null as boolean)
  end as is_exception,
  case when reason in ('collected', 'stopped') then records end as value,
  reason,
  country as group_country
from judged
