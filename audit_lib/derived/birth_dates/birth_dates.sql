-- The birth date of each account: the earliest accepted declaration, else the date on file; and why it is not credible, if so.
-- One row per account with a birth date.
with declared as (
  select
    account_no,
    birth_day,
    row_number() over (partition by account_no order by declared_second, declaration_no) as place
  from stg_birth_date_declarations
  where accepted = true
    and birth_day is not null
    and account_no is not null
),
chosen as (
  select
    a.account_no,
    a.opened_day,
    coalesce(d.birth_day, a.birth_day) as birth_day
  from stg_accounts a
  left join declared d on d.account_no = a.account_no and d.place = 1
  where coalesce(d.birth_day, a.birth_day) is not null
),
borne as (
  select birth_day, count(*) as accounts
  from chosen
  group by birth_day
),
-- "More than so many per cent of accounts" without a division: a hundredfold count against the total taken so many times.
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
  select sum(e.accounts) as accounts, 1 as one
  from everyone e
  join parameter p on 1 = 1
  join ref_number n on 1 = 1
  where n.number <= p.default_date_percent
),
default_date as (
  select h.birth_day
  from hundredfold h
  join allowed l on l.one = h.one
  where h.accounts > l.accounts
)
select
  c.account_no,
  c.birth_day,
  case
    when c.birth_day > c.opened_day then 'after_opening'
    when c.birth_day < -25567 then 'before_1900'
    when x.birth_day is not null then 'default_date'
  end as why_not_credible
from chosen c
left join default_date x on x.birth_day = c.birth_day
