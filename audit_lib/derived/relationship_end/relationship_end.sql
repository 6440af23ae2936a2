-- When the relationship with the holder of an account ended: with the closing or, where the criteria read it so, already with the
-- end of the day on which the months without activity ran out. The policy does not say; parameter relationship.
-- One row per account whose relationship has ended. On one day the closing comes before the end of the day.
select
  a.account_no,
  case when l.end_day < a.closed_day or a.closed_day is null then l.end_second else a.closed_second end as end_second,
  case when l.end_day < a.closed_day or a.closed_day is null then l.end_day else a.closed_day end as end_day
from stg_accounts a
left join lapsed_relationship l on l.account_no = a.account_no
where a.closed_day is not null
  or l.end_day is not null
