-- Dates borne by so many accounts that they are the default of a form, not a birth date.
-- "More than so many per cent of accounts" without a division: a hundredfold count against the total taken so many times.
with borne as (
  select birth_day, count(*) as accounts
  from stated_birth_date
  group by birth_day
),
hundredfold as (
  select b.birth_day, sum(b.accounts) as accounts, 1 as one
  from borne b
  join parameter p on 1 = 1
  join ref_number n on 1 = 1
  where b.accounts >= p.default_date_accounts
  group by b.birth_day
),
everyone as (
  select count(*) as accounts
  from stg_accounts
),
allowed as (
  select
    coalesce(sum(case when n.number <= p.default_date_percent then e.accounts else 0 end), 0) as accounts,
    1 as one
  from everyone e
  join parameter p on 1 = 1
  join ref_number n on 1 = 1
)
select h.birth_day
from hundredfold h
join allowed l on l.one = h.one
where h.accounts > l.accounts
