-- What each subject had answered for each declared purpose, second by second: spans that do not overlap, without gaps after
-- the first answer. One row per span from from_second (included) to to_second (not included). GDPR Art. 7.
-- A grant by use or import is no answer (weak_consent). States: given, refused, withdrawn, expired.
with answer as (
  select
    c.event_no,
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
    purpose_no,
    at_second,
    at_day,
    strictness,
    lead(at_second) over (partition by subject_no, purpose_no order by at_second, strictness, event_no) as next_second,
    lag(strictness) over (partition by subject_no, purpose_no order by at_second, strictness, event_no) as strictness_before,
    lag(at_second) over (partition by subject_no, purpose_no order by at_second, strictness, event_no) as second_before
  from answer
),
-- Where several answers share a second the strictest alone stands, so what came before it is what stood a second earlier. Rare.
tied as (
  select event_no, subject_no, purpose_no, at_second
  from placed
  where second_before = at_second
    and strictness >= 3
),
before_tie as (
  select
    t.event_no,
    b.strictness,
    row_number() over (partition by t.event_no order by b.at_second desc, b.strictness desc, b.event_no) as place
  from tied t
  join placed b on b.subject_no = t.subject_no and b.purpose_no = t.purpose_no
  where b.at_second < t.at_second
),
opting_out as (
  select
    a.event_no,
    a.subject_no,
    a.purpose_no,
    a.strictness,
    a.at_second,
    a.at_day,
    a.next_second,
    case when a.second_before = a.at_second then b.strictness else a.strictness_before end as strictness_before
  from placed a
  left join before_tie b on b.event_no = a.event_no and b.place = 1
  where a.strictness >= 3
),
-- A refusal or withdrawal that follows another one continues an opt-out: it began with the first of the unbroken row.
opted_out as (
  select
    event_no,
    subject_no,
    purpose_no,
    strictness,
    at_second,
    next_second,
    max(case when strictness_before is null or strictness_before < 3 then at_second end) over (
      partition by subject_no, purpose_no order by at_second, strictness, event_no rows between unbounded preceding and current row
    ) as opted_out_second,
    max(case when strictness_before is null or strictness_before < 3 then at_day end) over (
      partition by subject_no, purpose_no order by at_second, strictness, event_no rows between unbounded preceding and current row
    ) as opted_out_day
  from opting_out
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
),
granted as (
  select
    a.subject_no,
    a.purpose_no,
    a.at_second,
    coalesce(a.next_second, 253402300800) as next_second,
    case when v.ends_second < coalesce(a.next_second, 253402300800) then v.ends_second else coalesce(a.next_second, 253402300800) end
      as ends_second
  from placed a
  left join validity v on v.day = a.at_day
  where a.strictness = 1
)
select
  subject_no,
  purpose_no,
  'given' as state,
  at_second as from_second,
  ends_second as to_second,
  cast(null as integer) as opted_out_second,
  cast(null as integer) as opted_out_day
from granted
where ends_second > at_second
union all
select
  subject_no,
  purpose_no,
  'expired' as state,
  ends_second as from_second,
  next_second as to_second,
  cast(null as integer) as opted_out_second,
  cast(null as integer) as opted_out_day
from granted
where next_second > ends_second
union all
select
  subject_no,
  purpose_no,
  'expired' as state,
  at_second as from_second,
  coalesce(next_second, 253402300800) as to_second,
  cast(null as integer) as opted_out_second,
  cast(null as integer) as opted_out_day
from placed
where strictness = 2
  and (next_second is null or next_second > at_second)
union all
select
  subject_no,
  purpose_no,
  case when strictness = 4 then 'withdrawn' else 'refused' end as state,
  at_second as from_second,
  coalesce(next_second, 253402300800) as to_second,
  opted_out_second,
  opted_out_day
from opted_out
where next_second is null
  or next_second > at_second
