-- Signals that the holder of an account is under 13.
-- A signal counts only while the person it speaks of would still be under 13 on the last day before as of, and birth dates only
-- if credible. One row per account, kind of signal and second.
with stated as (
  select
    d.declaration_no,
    d.account_no,
    d.device_no,
    d.declared_second,
    d.declared_day,
    d.source,
    d.accepted,
    case
      when d.birth_day > coalesce(a.opened_day, d.declared_day) or x.birth_day is not null then 0
      when t.turns_13_day >= w.as_of_day then 1
      else 0
    end as is_under_13,
    case when d.accepted = true and t.turns_13_day <= d.declared_day then 1 else 0 end as is_let_in,
    -- A refused date speaks of a child, or of nobody knows whom, until the person it belongs to has turned 13.
    case when d.accepted = true or t.turns_13_day < w.as_of_day or d.birth_day < -25567 then 0 else 1 end as is_turned_away
  from stg_birth_date_declarations d
  join period w on 1 = 1
  left join stg_accounts a on a.account_no = d.account_no
  left join thirteenth_birthday t on t.birth_day = d.birth_day
  left join default_birth_date x on x.birth_day = d.birth_day
),
on_file as (
  select
    a.account_no,
    a.opened_second,
    a.opened_day,
    case
      when a.birth_day > a.opened_day or x.birth_day is not null then 0
      when t.turns_13_day >= w.as_of_day then 1
      else 0
    end as is_under_13
  from stg_accounts a
  join period w on 1 = 1
  left join thirteenth_birthday t on t.birth_day = a.birth_day
  left join default_birth_date x on x.birth_day = a.birth_day
),
-- Dates under 13 are few, dates of 13 and over many: each account's first of the former is enough to tell a change.
young as (
  select
    account_no,
    declared_second,
    declaration_no,
    row_number() over (partition by account_no order by declared_second, declaration_no) as place
  from stated
  where accepted = true
    and is_under_13 = 1
    and account_no is not null
),
-- The age that the account's own birth date, credible or not, gives it.
own as (
  select
    s.account_no,
    case when t.turns_13_day >= w.as_of_day then 1 else 0 end as is_under_13
  from stated_birth_date s
  join period w on 1 = 1
  left join thirteenth_birthday t on t.birth_day = s.birth_day
),
gate as (
  select device_no
  from stated
  where is_turned_away = 1
    and device_no is not null
  group by device_no
),
-- The newest refusal at or before each try on such a device; in one second the refusal comes first.
tried as (
  select
    s.account_no,
    s.declared_second,
    s.declared_day,
    s.is_let_in,
    max(case when s.is_turned_away = 1 then s.declared_second end) over (
      partition by s.device_no order by s.declared_second, s.is_let_in, s.declaration_no
      rows between unbounded preceding and current row
    ) as refused_second
  from stated s
  join gate g on g.device_no = s.device_no
),
texts as (
  select
    x.account_no,
    x.written_second,
    x.written_day,
    case when x.under_13_until_day >= w.as_of_day - 1 then 1 else 0 end as is_under_13
  from stg_text_signal x
  join period w on 1 = 1
),
found as (
  select s.account_no, 'birth_date_under_13' as signal, s.declared_second as noticed_second, s.declared_day as noticed_day
  from stated s
  where s.accepted = true
    and s.is_under_13 = 1
    and s.account_no is not null
  union all
  select a.account_no, 'birth_date_under_13' as signal, a.opened_second as noticed_second, a.opened_day as noticed_day
  from on_file a
  where a.is_under_13 = 1
  union all
  select n.account_no, 'birth_date_changed' as signal, n.declared_second as noticed_second, n.declared_day as noticed_day
  from young f
  join stated n on n.account_no = f.account_no
  where f.place = 1
    and n.is_let_in = 1
    and (
      n.declared_second > f.declared_second
      or (n.declared_second = f.declared_second and n.declaration_no > f.declaration_no)
    )
  union all
  select n.account_no, 'gate_bypassed' as signal, n.declared_second as noticed_second, n.declared_day as noticed_day
  from tried n
  join parameter p on 1 = 1
  where n.is_let_in = 1
    and n.account_no is not null
    and n.declared_second <= n.refused_second + p.age_gate_seconds
  union all
  select s.account_no, 'third_party_under_13' as signal, s.declared_second as noticed_second, s.declared_day as noticed_day
  from stated s
  join own o on o.account_no = s.account_no
  where s.source = 'third_party_sign_in'
    and s.is_under_13 = 1
    and o.is_under_13 = 0
  union all
  select r.account_no, 'guardian_report' as signal, r.opened_second as noticed_second, r.opened_day as noticed_day
  from stg_age_reviews r
  where r.source = 'guardian_report'
    and r.account_no is not null
  union all
  select x.account_no, 'text_states_age' as signal, x.written_second as noticed_second, x.written_day as noticed_day
  from texts x
  where x.is_under_13 = 1
    and x.account_no is not null
)
select account_no, signal, noticed_second, min(noticed_day) as noticed_day
from found
group by account_no, signal, noticed_second
