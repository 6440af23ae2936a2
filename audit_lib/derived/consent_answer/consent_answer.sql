-- Each answer of a subject for a declared purpose, with the second of the next one. GDPR Art. 7.
-- A grant by use or import is no answer (weak_consent). strictness: given 1, expired 2, refused 3, withdrawn 4.
with answer as (
  select
    c.event_no,
    c.account_no,
    coalesce(c.account_no, c.device_no) as subject_no,
    u.purpose_no,
    coalesce(c.acted_second, c.recorded_second) as at_second,
    coalesce(c.acted_day, c.recorded_day) as at_day,
    -- In one second the strictest answer stands: it comes last.
    case
      when c.status = 'withdrawn' then 4
      when c.status = 'refused' then 3
      when c.status = 'expired' then 2
      else 1
    end as strictness
  from stg_consent_events c
  join param_purpose u on u.purpose = c.purpose
  where coalesce(c.account_no, c.device_no) is not null
    and (
      c.status in ('refused', 'withdrawn', 'expired')
      or (c.status in ('given', 'renewed') and (c.method is null or c.method not in ('use', 'import')))
    )
),
placed as (
  select
    event_no,
    subject_no,
    account_no,
    purpose_no,
    at_second,
    at_day,
    strictness,
    coalesce(lead(at_second) over (partition by subject_no, purpose_no order by at_second, strictness, event_no), 253402300800)
      as next_second
  from answer
),
-- A grant made on a day runs out with the end of the day that has the same number, so many months later.
validity as (
  select
    s.day,
    n.first_second as ends_second
  from ref_day s
  join parameter p on 1 = 1
  join ref_month m on m.month_no = s.month_no + p.consent_validity_months
  join ref_day n
    on n.day = case
      when m.first_day + s.day_of_month - 1 > m.last_day then m.last_day
      else m.first_day + s.day_of_month - 1
    end + 1
)
select
  p.event_no,
  p.subject_no,
  p.purpose_no,
  p.strictness,
  p.at_second,
  p.at_day,
  p.next_second,
  case when p.strictness = 1 and v.ends_second < p.next_second then v.ends_second else p.next_second end as ends_second,
  case when p.account_no is not null and a.account_no is null then true else false end as is_account_unknown
from placed p
left join validity v on v.day = p.at_day
left join stg_accounts a on a.account_no = p.account_no
