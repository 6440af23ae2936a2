-- Where the reviews of an account stand: the newest decision, and whether a review is open.
-- A review is decided when both the decision and its instant are recorded; else nothing says what came before and what after.
-- Of decisions in one second the confirmation stands. One row per account with a review.
with seen as (
  select
    review_no,
    account_no,
    decided_second,
    decision,
    case when decided_second is not null and decision is not null then 1 else 0 end as is_decided,
    case when decision = 'confirmed_under_13' then 0 else 1 end as strictness
  from stg_age_reviews
  where account_no is not null
),
decided as (
  select
    account_no,
    decision,
    decided_second,
    row_number() over (partition by account_no order by decided_second desc, strictness, review_no) as place
  from seen
  where is_decided = 1
    and decided_second is not null
),
each_account as (
  select account_no, min(is_decided) as all_decided
  from seen
  group by account_no
)
select
  e.account_no,
  d.decision,
  d.decided_second,
  case when e.all_decided = 0 then true else false end as is_open
from each_account e
left join decided d on d.account_no = e.account_no and d.place = 1
