-- The birth date of each account: the earliest accepted declaration, else the date on file. Credible or not.
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
)
select
  a.account_no,
  a.opened_day,
  coalesce(d.birth_day, a.birth_day) as birth_day
from stg_accounts a
left join declared d on d.account_no = a.account_no and d.place = 1
where coalesce(d.birth_day, a.birth_day) is not null
