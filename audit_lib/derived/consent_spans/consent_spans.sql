-- What each subject had answered for each declared purpose, second by second: spans that do not overlap, without gaps after
-- the first answer. One row per span from from_second (included) to to_second (not included). GDPR Art. 7.
-- A grant by use or import is no answer (weak_consent). States: given, refused, withdrawn, expired.
-- What came before an answer is asked only of those who ever opted out: few.
with opting as (
  select subject_no, purpose_no
  from consent_answer
  where strictness >= 3
  group by subject_no, purpose_no
),
placed as (
  select
    c.event_no,
    c.subject_no,
    c.purpose_no,
    c.at_second,
    c.at_day,
    c.next_second,
    c.strictness,
    lag(c.strictness) over (partition by c.subject_no, c.purpose_no order by c.at_second, c.strictness, c.event_no) as strictness_before,
    lag(c.at_second) over (partition by c.subject_no, c.purpose_no order by c.at_second, c.strictness, c.event_no) as second_before
  from consent_answer c
  join opting o on o.subject_no = c.subject_no and o.purpose_no = c.purpose_no
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
)
select
  subject_no,
  purpose_no,
  'given' as state,
  at_second as from_second,
  ends_second as to_second,
  cast(null as integer) as opted_out_second,
  cast(null as integer) as opted_out_day
from consent_answer
where strictness = 1
  and ends_second > at_second
union all
select
  subject_no,
  purpose_no,
  'expired' as state,
  ends_second as from_second,
  next_second as to_second,
  cast(null as integer) as opted_out_second,
  cast(null as integer) as opted_out_day
from consent_answer
where strictness = 1
  and next_second > ends_second
union all
select
  subject_no,
  purpose_no,
  'expired' as state,
  at_second as from_second,
  next_second as to_second,
  cast(null as integer) as opted_out_second,
  cast(null as integer) as opted_out_day
from consent_answer
where strictness = 2
  and next_second > at_second
union all
select
  subject_no,
  purpose_no,
  case when strictness = 4 then 'withdrawn' else 'refused' end as state,
  at_second as from_second,
  next_second as to_second,
  opted_out_second,
  opted_out_day
from opted_out
where next_second > at_second
