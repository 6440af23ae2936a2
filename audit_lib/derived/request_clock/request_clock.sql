-- The due days of every request: regime, start, pauses, roll-over, extension. GDPR Art. 12(3), CCPA, UK guidance: ref_deadline.
-- And the day by which its receipt must be confirmed, where a law says so: ref_acknowledgement.
-- One row per request that counts: test requests are outside, and so are withdrawn and duplicate ones closed by their due day.
with placed as (
  select
    r.request_no,
    r.account_no,
    r.right_requested,
    r.channel,
    r.outcome,
    r.first_day,
    r.received_day,
    r.identity_requested_day,
    r.identity_verified_day,
    r.clarification_requested_day,
    r.clarification_received_day,
    r.extended_day,
    r.extension_reason,
    r.closed_day,
    case when r.closed_second < r.received_second then true else false end as is_closed_before_receipt,
    -- Some tools record how a request ended but not when: it is not open, and nobody can say whether it ended in time.
    case when r.closed_second is null and r.outcome is not null then true else false end as is_closing_unknown,
    case when r.country is not null then r.country else a.country end as country,
    case when r.country is not null then r.region else a.region end as region
  from stg_rights_requests r
  left join stg_accounts a on a.account_no = r.account_no
  where r.is_test = false
),
-- A region with rows of its own (US-CA) is complete by itself; every other region follows its country.
regulated as (
  select
    q.request_no,
    coalesce(o.regime, w.regime) as regime
  from placed q
  left join ref_regime o
    on o.country = q.country and o.region = q.region and q.received_day between o.first_day and o.last_day
  left join ref_regime w
    on w.country = q.country and w.region = '' and q.received_day between w.first_day and w.last_day
),
ruled as (
  select
    q.request_no,
    q.received_day,
    q.identity_requested_day,
    q.identity_verified_day,
    q.clarification_requested_day,
    q.clarification_received_day,
    q.extended_day,
    q.extension_reason,
    g.regime,
    d.amount,
    d.unit,
    d.extended_amount,
    d.extended_unit,
    d.rolls_over,
    d.identity,
    d.clarification,
    d.verified,
    q.received_day + case when d.starts_day_after = true then 1 else 0 end as start_day
  from placed q
  join regulated g on g.request_no = q.request_no
  join ref_deadline d
    on d.regime = g.regime
    and d.right_requested = q.right_requested
    and q.received_day between d.first_day and d.last_day
),
-- Every count that may be needed: from the start or from the day of proof, plain or extended; and of the acknowledgement.
term as (
  select request_no, regime, 'plain' as term, start_day, amount, unit
  from ruled
  union all
  select request_no, regime, 'plain_restarted' as term, identity_verified_day as start_day, amount, unit
  from ruled
  where identity = 'restart'
    and identity_verified_day is not null
  union all
  select request_no, regime, 'extended' as term, start_day, extended_amount as amount, extended_unit as unit
  from ruled
  where extended_amount is not null
  union all
  select
    request_no, regime, 'extended_restarted' as term, identity_verified_day as start_day, extended_amount as amount,
    extended_unit as unit
  from ruled
  where identity = 'restart'
    and identity_verified_day is not null
    and extended_amount is not null
  union all
  select q.request_no, g.regime, 'acknowledgement' as term, q.received_day as start_day, k.amount, k.unit
  from placed q
  join regulated g on g.request_no = q.request_no
  join ref_acknowledgement k
    on k.regime = g.regime
    and k.right_requested = q.right_requested
    and q.received_day between k.first_day and k.last_day
),
counted as (
  select
    t.request_no,
    t.term,
    case
      when t.unit = 'day' and p.inclusive_days = true then t.start_day + t.amount - 1
      when t.unit = 'day' then t.start_day + t.amount
      when t.unit = 'month' and m.first_day + s.day_of_month - 1 > m.last_day then m.last_day
      when t.unit = 'month' then m.first_day + s.day_of_month - 1
      when t.unit = 'working_day' then e.day
    end as end_day
  from term t
  join parameter p on 1 = 1
  left join ref_day s on s.day = t.start_day
  left join ref_month m on m.month_no = s.month_no + t.amount
  left join param_regime_calendar c on c.regime = t.regime
  left join ref_working_day w on w.calendar = c.calendar and w.day = t.start_day
  left join ref_working_day e
    on e.calendar = c.calendar and e.working_day_no = w.working_day_no + t.amount and e.is_working = true
),
ends as (
  select
    request_no,
    max(case when term = 'plain' then end_day end) as plain_day,
    max(case when term = 'plain_restarted' then end_day end) as plain_restarted_day,
    max(case when term = 'extended' then end_day end) as extended_day,
    max(case when term = 'extended_restarted' then end_day end) as extended_restarted_day,
    max(case when term = 'acknowledgement' then 1 else 0 end) as acknowledgements,
    max(case when term = 'acknowledgement' then end_day end) as acknowledgement_day
  from counted
  group by request_no
),
-- Identity asked for on or before the plain end. Proof counts while the clock, standing for at most the wait, has not run out:
-- proof that comes later cannot reopen it, so that no later fact changes an answer once given.
identity_step as (
  select
    r.request_no,
    case
      when r.identity_requested_day > n.plain_day or r.identity_requested_day is null or r.identity = 'none' then 'none'
      when r.identity_verified_day is null or r.identity_verified_day > n.plain_day + p.identity_wait_days then 'waited'
      when r.identity = 'restart' and r.identity_verified_day < r.identity_requested_day then 'none'
      when r.identity = 'restart' then 'restarted'
      else 'suspended'
    end as step
  from ruled r
  join ends n on n.request_no = r.request_no
  join parameter p on 1 = 1
),
paused as (
  select
    r.request_no,
    i.step,
    case when i.step = 'restarted' then r.identity_verified_day else r.start_day end as start_day,
    case when i.step = 'restarted' then n.plain_restarted_day else n.plain_day end as plain_day,
    case when i.step = 'restarted' then n.extended_restarted_day else n.extended_day end as extended_day,
    case
      when i.step = 'waited' then p.identity_wait_days
      when i.step = 'suspended' and r.identity_verified_day > r.identity_requested_day
        then r.identity_verified_day - r.identity_requested_day
      else 0
    end as identity_days
  from ruled r
  join ends n on n.request_no = r.request_no
  join identity_step i on i.request_no = r.request_no
  join parameter p on 1 = 1
),
-- Clarification likewise, where the regime lets the clock stand for it; never counted from before the start.
clarified as (
  select
    r.request_no,
    u.step,
    u.plain_day,
    u.extended_day,
    u.identity_days,
    case
      when r.clarification = 'none' or r.clarification_requested_day is null then 0
      when r.clarification_requested_day > u.plain_day + u.identity_days then 0
      when r.clarification_received_day is null
        or r.clarification_received_day > u.plain_day + u.identity_days + p.identity_wait_days then p.identity_wait_days
      when r.clarification_received_day <= u.start_day then 0
      when r.clarification_requested_day < u.start_day then r.clarification_received_day - u.start_day
      when r.clarification_received_day > r.clarification_requested_day
        then r.clarification_received_day - r.clarification_requested_day
      else 0
    end as clarification_days
  from ruled r
  join paused u on u.request_no = r.request_no
  join parameter p on 1 = 1
),
strict as (
  select
    r.request_no,
    c.step,
    c.identity_days,
    c.clarification_days,
    c.plain_day + c.identity_days + c.clarification_days as first_day,
    c.extended_day + c.identity_days + c.clarification_days as extended_day,
    case when r.rolls_over = true and p.roll_over = true then k.calendar end as calendar
  from ruled r
  join clarified c on c.request_no = r.request_no
  join parameter p on 1 = 1
  left join param_regime_calendar k on k.regime = r.regime
),
rolled as (
  select
    s.request_no,
    s.step,
    s.identity_days,
    s.clarification_days,
    coalesce(f.next_working_day, s.first_day) as first_due_day,
    coalesce(x.next_working_day, s.extended_day) as extended_due_day
  from strict s
  left join ref_working_day f on f.calendar = s.calendar and f.day = s.first_day
  left join ref_working_day x on x.calendar = s.calendar and x.day = s.extended_day
),
due as (
  select
    r.request_no,
    l.step,
    l.identity_days,
    l.clarification_days,
    l.first_due_day,
    case
      when r.extended_day <= l.first_due_day and r.extension_reason is not null and l.extended_due_day is not null
        then l.extended_due_day
      else l.first_due_day
    end as due_day,
    -- Some laws allow an extension and set no end to it: the day told to the person counts, which no export holds.
    case
      when r.extended_unit = 'open' and r.extended_day <= l.first_due_day and r.extension_reason is not null then true
      else false
    end as is_extended_openly,
    case when r.verified = true then 'yes' else 'no' end as source_verified
  from ruled r
  join rolled l on l.request_no = r.request_no
)
select
  q.request_no,
  q.account_no,
  q.right_requested,
  q.channel,
  q.outcome,
  q.country,
  g.regime,
  q.first_day,
  q.received_day,
  q.identity_requested_day,
  q.extended_day,
  case when q.extension_reason is not null then true else false end as has_extension_reason,
  q.closed_day,
  q.is_closed_before_receipt,
  q.is_closing_unknown,
  d.step as identity_step,
  d.identity_days,
  d.clarification_days,
  d.first_due_day,
  d.due_day,
  coalesce(d.is_extended_openly, false) as is_extended_openly,
  d.source_verified,
  case
    when q.received_day is null then 'no_receipt'
    when g.regime is null then 'no_regime'
    when d.due_day is null then 'no_deadline'
  end as why_no_due_day,
  case when n.acknowledgements = 1 then true else false end as needs_acknowledgement,
  n.acknowledgement_day as acknowledgement_due_day
from placed q
join regulated g on g.request_no = q.request_no
left join due d on d.request_no = q.request_no
left join ends n on n.request_no = q.request_no
where q.outcome is null
  or q.outcome not in ('withdrawn', 'duplicate')
  or q.closed_day is null
  or d.due_day is null
  or q.closed_day > d.due_day
