-- Withdrawals of consent to purposes based on it, and what was done for the purpose in the days they are followed:
-- events at or after the withdrawal's second, on or before the last day, before a new grant. One row per withdrawal. GDPR Art. 7(3).
with withdrawn as (
  select
    c.event_no,
    c.account_no,
    coalesce(c.account_no, c.device_no) as subject_no,
    u.purpose_no,
    c.purpose,
    c.method,
    coalesce(c.acted_second, c.recorded_second) as withdrawn_second,
    coalesce(c.acted_day, c.recorded_day) as withdrawn_day,
    coalesce(c.acted_second, c.recorded_second) + p.withdrawal_grace_seconds as judged_from_second,
    coalesce(c.acted_day, c.recorded_day) + p.follow_up_days as last_day
  from stg_consent_events c
  join param_purpose u on u.purpose = c.purpose and u.is_consent_based = true
  join parameter p on 1 = 1
  where c.status = 'withdrawn'
),
-- A withdrawal always lies in one opt-out; the grant that ends it is the new grant.
bounded as (
  select
    w.event_no,
    w.subject_no,
    w.purpose_no,
    w.withdrawn_second,
    w.judged_from_second,
    w.last_day,
    coalesce(o.granted_second, 253402300800) as granted_second
  from withdrawn w
  join opt_out o
    on o.subject_no = w.subject_no
    and o.purpose_no = w.purpose_no
    and o.opted_out_second <= w.withdrawn_second
    and coalesce(o.ended_second, 253402300800) > w.withdrawn_second
),
-- Matched by numbers: events are many, and whole numbers are compared faster than words.
event as (
  select
    coalesce(e.account_no, e.device_no) as subject_no,
    u.purpose_no,
    e.occurred_second,
    e.occurred_day
  from stg_processing_events e
  join param_purpose u on u.purpose = e.purpose and u.is_consent_based = true
),
met as (
  select
    b.event_no,
    count(case when e.occurred_second >= b.judged_from_second then 1 end) as events,
    max(e.occurred_day) as last_event_day
  from bounded b
  join event e
    on e.subject_no = b.subject_no
    and e.purpose_no = b.purpose_no
    and e.occurred_second >= b.withdrawn_second
    and e.occurred_second < b.granted_second
    and e.occurred_day <= b.last_day
  group by b.event_no
)
select
  w.event_no,
  w.account_no,
  w.subject_no,
  w.purpose,
  w.method,
  a.country,
  w.withdrawn_day,
  w.last_day,
  coalesce(m.events, 0) as events,
  m.last_event_day,
  case when k.covers_from_day <= w.withdrawn_day then true else false end as is_log_whole
from withdrawn w
left join met m on m.event_no = w.event_no
left join stg_accounts a on a.account_no = w.account_no
left join coverage k on k.table_name = 'processing_events'
