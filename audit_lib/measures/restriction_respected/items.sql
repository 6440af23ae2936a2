-- Items: events for a purpose not marked allowed_when_restricted, of accounts with a restriction ever granted. on_day = the day of the event.
-- Accounts that may have had one before the log of requests begins are in as well: untestable. GDPR Art. 18(2).
with granted as (
  select
    r.request_no,
    r.account_no,
    case when r.closed_second is null then false else true end as is_start_known,
    -- Granted when it was closed; without an instant of closing at some time after its receipt, if that is known.
    case
      when r.closed_second is not null then r.closed_second
      when r.received_second is not null then r.received_second
      else -62135596800
    end as from_second,
    case when r.restriction_lifted_second is not null then r.restriction_lifted_second else 253402300800 end as to_second
  from stg_rights_requests r
  where r.right_requested = 'restriction'
    and r.outcome in ('fulfilled', 'fulfilled_in_part')
    and r.is_test = false
    and r.account_no is not null
),
restricted as (
  select account_no
  from granted
  group by account_no
),
-- One row per restriction and purpose it names; a restriction that names none is of all: NULL.
restriction as (
  select
    g.account_no,
    n.purpose,
    g.is_start_known,
    g.from_second,
    g.to_second
  from granted g
  left join stg_request_purpose n on n.request_no = g.request_no
),
may_be_restricted as (
  select
    e.event_no,
    e.account_no,
    e.occurred_second,
    e.occurred_day,
    e.purpose,
    e.channel,
    case when k.covers_from_day <= coalesce(a.opened_day, -719162) then true else false end as is_log_whole
  from stg_processing_events e
  left join param_purpose u on u.purpose = e.purpose and u.allowed_when_restricted = true
  left join restricted r on r.account_no = e.account_no
  left join stg_accounts a on a.account_no = e.account_no
  left join coverage k on k.table_name = 'rights_requests'
  where e.account_no is not null
    and u.purpose is null
    and (r.account_no is not null or k.covers_from_day is null or k.covers_from_day > coalesce(a.opened_day, -719162))
),
met as (
  select
    e.event_no,
    max(case when s.is_start_known = true then 1 else 0 end) as is_in_force
  from may_be_restricted e
  join restriction s
    on s.account_no = e.account_no
    and s.from_second <= e.occurred_second
    and s.to_second > e.occurred_second
  where s.purpose is null
    or s.purpose = e.purpose
  group by e.event_no
),
judged as (
  select
    e.event_no,
    e.account_no,
    e.occurred_day,
    e.purpose,
    e.channel,
    case
      when m.is_in_force = 1 then 'not_respected'
      when m.is_in_force = 0 then 'closing_unknown'
      when e.is_log_whole = false then 'before_log'
      else 'respected'
    end as reason
  from may_be_restricted e
  left join met m on m.event_no = e.event_no
)
select
  event_no as item_id,
  account_no,
  occurred_day as on_day,
  case
    when reason = 'not_respected' then true
    when reason = 'respected' then false
    else cast(null as boolean)
  end as is_exception,
  cast(null as integer) as value,
  reason,
  purpose as group_purpose,
  channel as group_channel
from judged
