-- Unbroken opt-outs, one row each: from the refusal or withdrawal that opened it, and what ended it (consent_spans says what stood
-- when). A new grant is one that changed the state: a grant in the second of a refusal or withdrawal is none. GDPR Art. 7(3).
with opted as (
  -- Most people never opt out: only what follows the first opt-out of a subject and purpose is put in order.
  select
    subject_no,
    purpose_no,
    min(opted_out_second) as first_second
  from consent_spans
  where opted_out_second is not null
  group by subject_no, purpose_no
),
followed as (
  select
    s.subject_no,
    s.purpose_no,
    s.from_second,
    s.opted_out_second,
    s.opted_out_day,
    min(case when s.opted_out_second is null then s.from_second end) over (
      partition by s.subject_no, s.purpose_no order by s.from_second, s.purpose_no rows between current row and unbounded following
    ) as ended_second,
    min(case when s.state = 'given' then s.from_second end) over (
      partition by s.subject_no, s.purpose_no order by s.from_second, s.purpose_no rows between current row and unbounded following
    ) as granted_second
  from consent_spans s
  join opted o on o.subject_no = s.subject_no and o.purpose_no = s.purpose_no
  where s.from_second >= o.first_second
)
select
  subject_no,
  purpose_no,
  opted_out_second,
  opted_out_day,
  ended_second,
  granted_second
from followed
where from_second = opted_out_second
