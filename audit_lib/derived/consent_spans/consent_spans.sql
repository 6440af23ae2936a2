-- What each subject had decided for each declared purpose, second by second: spans that do not overlap.
-- One row per span from from_second (included) to to_second (not included). GDPR Art. 7.
-- States: given, refused, withdrawn, expired; before the first of these use_only, import_only, no_answer.
with decision as (
  select
    c.event_no,
    coalesce(c.account_no, c.device_no) as subject_no,
    u.purpose_no,
    coalesce(c.acted_second, c.recorded_second) as at_second,
    coalesce(c.acted_day, c.recorded_day) as at_day,
    -- In one second the strictest decision stands: it comes last.
    case
      when c.status in ('given', 'renewed') and c.method = 'use' then 'use_only'
      when c.status in ('given', 'renewed') and c.method = 'import' then 'import_only'
      when c.status in ('given', 'renewed') then 'given'
      when c.status = 'requested' then 'no_answer'
      else c.status
    end as state,
    case
      when c.status = 'withdrawn' then 4
      when c.status = 'refused' then 3
      when c.status = 'expired' then 2
      else 1
    end as strictness
  from stg_consent_events c
  join param_purpose u on u.purpose = c.purpose
  where coalesce(c.account_no, c.device_no) is not null
),
answer as (
  select
    event_no,
    subject_no,
    purpose_no,
    at_second,
    at_day,
    state,
    strictness,
    lead(at_second) over (partition by subject_no, purpose_no order by at_second, strictness, event_no) as next_second,
    lag(strictness) over (partition by subject_no, purpose_no order by at_second, strictness, event_no) as strictness_before,
    lag(at_second) over (partition by subject_no, purpose_no order by at_second, strictness, event_no) as second_before
  from decision
  where state in ('given', 'refused', 'withdrawn', 'expired')
),
-- Where several answers share a second the strictest alone stands, so what came before it is what stood a second earlier. Rare.
tied as (
  select event_no, subject_no, purpose_no, at_second
  from answer
  where second_before = at_second
    and strictness >= 3
),
before_tie as (
  select
    t.event_no,
    b.strictness,
    row_number() over (partition by t.event_no order by b.at_second desc, b.strictness desc, b.event_no) as place
  from tied t
  join answer b on b.subject_no = t.subject_no and b.purpose_no = t.purpose_no
  where b.at_second < t.at_second
),
opting_out as (
  select
    a.event_no,
    a.subject_no,
    a.purpose_no,
    a.state,
    a.strictness,
    a.at_second,
    a.at_day,
    a.next_second,
    case when a.second_before = a.at_second then b.strictness else a.strictness_before end as strictness_before
  from answer a
  left join before_tie b on b.event_no = a.event_no and b.place = 1
  where a.strictness >= 3
),
-- A refusal or withdrawal that follows another one continues an opt-out: it began with the first of the unbroken row.
opted_out as (
  select
    event_no,
    subject_no,
    purpose_no,
    state,
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
  from answer a
  left join validity v on v.day = a.at_day
  where a.state = 'given'
),
first_answer as (
  select subject_no, purpose_no, at_second
  from answer
  where strictness_before is null
),
-- Before any answer: a prompt, an import or mere use. Use counts before import, import before a prompt.
weak as (
  select
    d.event_no,
    d.subject_no,
    d.purpose_no,
    d.at_second,
    max(case when d.state = 'use_only' then 3 when d.state = 'import_only' then 2 else 1 end) over (
      partition by d.subject_no, d.purpose_no order by d.at_second, d.event_no rows between unbounded preceding and current row
    ) as weight,
    lead(d.at_second) over (partition by d.subject_no, d.purpose_no order by d.at_second, d.event_no) as next_second,
    coalesce(f.at_second, 253402300800) as answer_second
  from decision d
  left join first_answer f on f.subject_no = d.subject_no and f.purpose_no = d.purpose_no
  where d.state in ('use_only', 'import_only', 'no_answer')
    and (f.at_second is null or d.at_second < f.at_second)
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
from answer
where strictness = 2
  and (next_second is null or next_second > at_second)
union all
select
  subject_no,
  purpose_no,
  state,
  at_second as from_second,
  coalesce(next_second, 253402300800) as to_second,
  opted_out_second,
  opted_out_day
from opted_out
where next_second is null
  or next_second > at_second
union all
select
  subject_no,
  purpose_no,
  case when weight = 3 then 'use_only' when weight = 2 then 'import_only' else 'no_answer' end as state,
  at_second as from_second,
  coalesce(next_second, answer_second) as to_second,
  cast(null as integer) as opted_out_second,
  cast(null as integer) as opted_out_day
from weak
where coalesce(next_second, answer_second) > at_second
