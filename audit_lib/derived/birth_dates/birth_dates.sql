-- The birth date of each account and, where it is not credible, why not.
-- One row per account with a birth date.
select
  s.account_no,
  s.birth_day,
  case
    when s.birth_day > s.opened_day then 'after_opening'
    when s.birth_day < -25567 then 'before_1900'
    when x.birth_day is not null then 'default_date'
  end as why_not_credible
from stated_birth_date s
left join default_birth_date x on x.birth_day = s.birth_day
