-- Items: grants in force at the last second before as of, with their age on that day. on_day = the last day before as of.
-- Refresh periods: ref_consent_refresh on that day, else the parameter. Fresh on the day with the same number, stale after it.
with standing as (
  select
    c.subject_no,
    c.purpose_no,
    c.from_second,
    w.as_of_day,
    -- Nothing that happened at or after as of is staged, so the span has begun.
    case when c.to_second >= w.as_of_second then true else false end as is_in_force
  from consent_spans c
  join period w on 1 = 1
  where c.state = 'given'
),
-- The record that opened each span: of several in one second the last written, as in consent_spans.
opened as (
  select
    s.as_of_day,
    u.purpose,
    max(e.event_no) as event_no,
    max(e.account_no) as account_no,
    max(coalesce(e.acted_day, e.recorded_day)) as granted_day
  from standing s
  join param_purpose u on u.purpose_no = s.purpose_no
  join stg_consent_events e
    on coalesce(e.account_no, e.device_no) = s.subject_no
    and e.purpose = u.purpose
    and coalesce(e.acted_second, e.recorded_second) = s.from_second
  where s.is_in_force = true
    and e.status in ('given', 'renewed')
    and (e.method is null or e.method not in ('use', 'import'))
  group by s.subject_no, s.purpose_no, s.as_of_day, u.purpose
),
refresh as (
  select
    r.country,
    r.months,
    case when w.as_of_day - 1 between r.first_day and r.last_day then true else false end as is_valid
  from ref_consent_refresh r
  join period w on 1 = 1
),
aged as (
  select
    o.event_no,
    o.account_no,
    a.country,
    o.purpose,
    o.as_of_day,
    o.granted_day,
    case
      when m.first_day + d.day_of_month - 1 > m.last_day then m.last_day
      else m.first_day + d.day_of_month - 1
    end as last_fresh_day
  from opened o
  join parameter p on 1 = 1
  join ref_day d on d.day = o.granted_day
  left join stg_accounts a on a.account_no = o.account_no
  left join refresh r on r.country = a.country and r.is_valid = true
  -- No row: the period ends after the calendar does.
  left join ref_month m on m.month_no = d.month_no + coalesce(r.months, p.consent_refresh_months)
)
select
  event_no as item_id,
  account_no,
  as_of_day - 1 as on_day,
  case when last_fresh_day < as_of_day - 1 then true else false end as is_exception,
  as_of_day - 1 - granted_day as value,
  case when last_fresh_day < as_of_day - 1 then 'stale' else 'fresh' end as reason,
  purpose as group_purpose,
  country as group_country
from aged
