-- How far each case about a possibly under-13 account has come, and whose account it is about.
-- A decision that is recorded without its instant, or from before the opening (a case opened anew, a fault), has no day that
-- could be trusted. An instant of decision without a decision still says that the case was decided. One row per case.
select
  r.review_no,
  r.account_no,
  a.country,
  a.opened_day as account_opened_day,
  r.source,
  r.opened_second,
  r.opened_day,
  r.decision,
  case when r.decided_second >= r.opened_second then r.decided_day end as decided_day,
  case
    when r.decided_second < r.opened_second then 'ends_before_start'
    when r.decided_second is not null then 'decided'
    when r.decision is not null then 'decision_undated'
    else 'open'
  end as step
from stg_age_reviews r
left join stg_accounts a on a.account_no = r.account_no
