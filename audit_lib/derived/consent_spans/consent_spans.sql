-- What each subject had decided for each purpose, second by second: spans that do not overlap.
-- One row per span from from_second (included) to to_second (not included). GDPR Art. 7.
-- States: given, refused, withdrawn, expired; before the first of these use_only, import_only, no_answer.
with decision as (
  select
    c.event_no,
    coalesce(c.account_no, c.device_no) as subject_no,
    c.purpose,
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
  where c.purpose is not null
    and coalesce(c.account_no, c.device_no) is not null
),
answer as (
  select
    event_no,
    subject_no,
    purpose,
    at_second,
    at_day,
    state,
    strictness,
    lead(at_second) over (partition by subject_no, purpose order by at_second, strictness, event_no) as next_second,
    lag(state) over (partition by subject_no, purpose order by at_second, strictness, event_no) as state_before
  from decision
  where state in ('given', 'refused', 'withdrawn', 'expired')
),
-- The opt-out that a refusal or withdrawal continues began with the first of the unbroken row of them.
opted as (
  select
    subject_no,
    purpose,
    at_second,
    at_day,
    state,
    coalesce(next_second, 253402300800) as next_second,
    max(
      case
        when state in ('refused', 'withdrawn') and (state_before is null or state_before in ('given', 'expired')) then at_second
      end
    ) over (
      partition by subject_no, purpose order by at_second, strictness, event_no rows between unbounded preceding and current row
    ) as opted_out_second,
    max(
      case
        when state in ('refused', 'withdrawn') and (state_before is null or state_before in ('given', 'expired')) then at_day
      end
    ) over (
      partition by subject_no, purpose order by at_second, strictness, event_no rows between unbounded preceding and current row
    ) as opted_out_day
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
),
dated as (
  select
    o.subject_no,
    o.purpose,
    o.at_second,
    o.state,
    o.next_second,
    o.opted_out_second,
    o.opted_out_day,
    case when o.state = 'given' and v.ends_second < o.next_second then v.ends_second else o.next_second end as ends_second
  from opted o
  left join validity v on v.day = o.at_day
),
first_answer as (
  select subject_no, purpose, min(at_second) as at_second
  from answer
  group by subject_no, purpose
),
-- Before any answer: a prompt, an import or mere use. Use counts before import, import before a prompt.
weak as (
  select
    d.event_no,
    d.subject_no,
    d.purpose,
    d.at_second,
    max(case when d.state = 'use_only' then 3 when d.state = 'import_only' then 2 else 1 end) over (
      partition by d.subject_no, d.purpose order by d.at_second, d.event_no rows between unbounded preceding and current row
    ) as weight,
    lead(d.at_second) over (partition by d.subject_no, d.purpose order by d.at_second, d.event_no) as next_second,
    coalesce(f.at_second, 253402300800) as answer_second
  from decision d
  left join first_answer f on f.subject_no = d.subject_no and f.purpose = d.purpose
  where d.state in ('use_only', 'import_only', 'no_answer')
    and (f.at_second is null or d.at_second < f.at_second)
)
select
  subject_no,
  purpose,
  state,
  at_second as from_second,
  ends_second as to_second,
  case when state in ('refused', 'withdrawn') then opted_out_second end as opted_out_second,
  case when state in ('refused', 'withdrawn') then opted_out_day end as opted_out_day
from dated
where ends_second > at_second
union all
select
  subject_no,
  purpose,
  'expired' as state,
  ends_second as from_second,
  next_second as to_second,
  cast(null as integer) as opted_out_second,
  cast(null as integer) as opted_out_day
from dated
where next_second > ends_second
union all
select
  subject_no,
  purpose,
  case when weight = 3 then 'use_only' when weight = 2 then 'import_only' else 'no_answer' end as state,
  at_second as from_second,
  coalesce(next_second, answer_second) as to_second,
  cast(null as integer) as opted_out_second,
  cast(null as integer) as opted_out_day
from weak
where coalesce(next_second, answer_second) > at_second
