-- Items: open accounts, with the score of the signals that the holder is under 13. on_day = the last day before as of.
-- A signal counts only while the person it speaks of would still be under 13 on that day, and birth dates only if credible.
-- A signal is a reason to look.
with stated as (
  select
    d.declaration_no,
    d.account_no,
    d.device_no,
    d.birth_day,
    d.declared_second,
    d.declared_day,
    d.source,
    d.accepted,
    t.turns_13_day,
    case
      when d.birth_day > coalesce(a.opened_day, d.declared_day) or x.birth_day is not null then 0
      when t.turns_13_day >= w.as_of_day then 1
      else 0
    end as is_under_13,
    case when t.turns_13_day < w.as_of_day or d.birth_day < -25567 then 1 else 0 end as is_13_by_now
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
-- The age that the account's own birth date, credible or not, gives it.
own as (
  select
    s.account_no,
    case when t.turns_13_day >= w.as_of_day then 1 else 0 end as is_under_13
  from stated_birth_date s
  join period w on 1 = 1
  left join thirteenth_birthday t on t.birth_day = s.birth_day
),
texts as (
  select
    x.account_no,
    x.written_second,
    case when x.under_13_until_day >= w.as_of_day - 1 then 1 else 0 end as is_under_13
  from stg_text_signal x
  join period w on 1 = 1
),
found as (
  select s.account_no, 'birth_date_under_13' as signal, s.declared_second as noticed_second
  from stated s
  where s.accepted = true
    and s.is_under_13 = 1
    and s.account_no is not null
  union all
  select a.account_no, 'birth_date_under_13' as signal, a.opened_second as noticed_second
  from on_file a
  where a.is_under_13 = 1
  union all
  select n.account_no, 'birth_date_changed' as signal, n.declared_second as noticed_second
  from stated f
  join stated n on n.account_no = f.account_no
  where f.accepted = true
    and n.accepted = true
    and f.is_under_13 = 1
    and n.turns_13_day <= n.declared_day
    and (
      n.declared_second > f.declared_second
      or (n.declared_second = f.declared_second and n.declaration_no > f.declaration_no)
    )
  union all
  select n.account_no, 'gate_bypassed' as signal, n.declared_second as noticed_second
  from stated f
  join stated n on n.device_no = f.device_no
  join parameter p on 1 = 1
  where f.accepted = false
    and n.accepted = true
    and n.account_no is not null
    and f.is_13_by_now = 0
    and n.turns_13_day <= n.declared_day
    and n.declared_second >= f.declared_second
    and n.declared_second <= f.declared_second + p.age_gate_seconds
  union all
  select s.account_no, 'third_party_under_13' as signal, s.declared_second as noticed_second
  from stated s
  join own o on o.account_no = s.account_no
  where s.source = 'third_party_sign_in'
    and s.is_under_13 = 1
    and o.is_under_13 = 0
  union all
  select r.account_no, 'guardian_report' as signal, r.opened_second as noticed_second
  from stg_age_reviews r
  where r.source = 'guardian_report'
    and r.account_no is not null
  union all
  select x.account_no, 'text_states_age' as signal, x.written_second as noticed_second
  from texts x
  where x.is_under_13 = 1
    and x.account_no is not null
),
kind as (
  select account_no, signal, max(noticed_second) as noticed_second
  from found
  group by account_no, signal
),
scored as (
  select
    k.account_no,
    sum(g.weight) as score,
    min(case when g.weight > 0 then g.strength end) as strongest,
    max(k.noticed_second) as newest_second
  from kind k
  join ref_under_13_signal g on g.signal = k.signal
  group by k.account_no
),
cleared as (
  select account_no, max(decided_second) as decided_second
  from stg_age_reviews
  where decision = 'cleared'
  group by account_no
)
select
  a.account_no as item_id,
  a.account_no,
  w.as_of_day - 1 as on_day,
  case
    when s.score >= 1 and c.decided_second >= s.newest_second then false
    when s.score >= 1 then true
    when k.covers_from_day is null or k.covers_from_day > a.opened_day then cast(null as boolean)
    else false
  end as is_exception,
  coalesce(s.score, 0) as value,
  case
    when s.score >= 1 then g.signal
    when k.covers_from_day is null or k.covers_from_day > a.opened_day then 'before_log'
    else 'none'
  end as reason,
  case when s.score >= 1 and c.decided_second >= s.newest_second then 'yes' else 'no' end as group_cleared,
  a.country as group_country
from stg_accounts a
join period w on 1 = 1
left join scored s on s.account_no = a.account_no
left join ref_under_13_signal g on g.strength = s.strongest
left join cleared c on c.account_no = a.account_no
left join coverage k on k.table_name = 'birth_date_declarations'
where a.closed_second is null
