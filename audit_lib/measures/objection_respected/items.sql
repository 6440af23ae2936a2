-- Items: events for a purpose that their account ever objected to. on_day = the day of the event. GDPR Art. 21.
-- Events that an objection from before the log of requests may have met are in as well: untestable.
with objecting as (
  select
    r.request_no,
    r.account_no,
    r.direct_marketing,
    -- Direct marketing: from receipt, to its withdrawal by the person if there was one. Other: from fulfilment.
    case
      when r.direct_marketing = true then r.first_second
      when r.outcome in ('fulfilled', 'fulfilled_in_part') and r.closed_second is not null then r.closed_second
      when r.outcome in ('fulfilled', 'fulfilled_in_part') and r.received_second is not null then r.received_second
      when r.outcome in ('fulfilled', 'fulfilled_in_part') then -62135596800
    end as from_second,
    case
      when r.direct_marketing = true and r.outcome = 'withdrawn' and r.closed_second is not null then r.closed_second
      else 253402300800
    end as to_second,
    case
      when r.closed_second is not null then true
      when r.direct_marketing = true and r.outcome = 'withdrawn' then false
      when r.direct_marketing = false and r.outcome in ('fulfilled', 'fulfilled_in_part') then false
      else true
    end as is_span_known
  from stg_rights_requests r
  where r.right_requested = 'objection'
    and r.is_test = false
    and r.account_no is not null
),
-- One row per objection and purpose it concerns: those it names, else the marked ones; NULL stands for whatever rests on a
-- legitimate interest.
objection as (
  select
    o.account_no,
    o.direct_marketing,
    o.from_second,
    o.to_second,
    o.is_span_known,
    coalesce(n.purpose, u.purpose) as purpose
  from objecting o
  left join stg_request_purpose n on n.request_no = o.request_no
  left join param_purpose u
    on n.purpose is null
    and o.direct_marketing = true
    and (u.is_marketing = true or u.is_advertising = true)
  where n.purpose is not null
    or u.purpose is not null
    or o.direct_marketing = false
),
met as (
  select
    e.event_no,
    max(case when o.direct_marketing = true then 1 else 0 end) as is_direct_marketing,
    max(
      case
        when o.from_second > e.occurred_second or o.to_second <= e.occurred_second or o.from_second is null then 0
        when o.is_span_known = false then 1
        else 2
      end
    ) as force
  from stg_processing_events e
  join objection o on o.account_no = e.account_no
  where o.purpose = e.purpose
    or (o.purpose is null and e.legal_basis = 'legitimate_interest')
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
      when m.is_direct_marketing = 1 then 'direct marketing'
      when m.is_direct_marketing = 0 then 'other'
    end as objection,
    case
      when m.force = 2 then 'not_respected'
      when m.force = 1 then 'closing_unknown'
      when k.covers_from_day <= coalesce(a.opened_day, -719162) then 'respected'
      else 'before_log'
    end as reason
  from stg_processing_events e
  left join met m on m.event_no = e.event_no
  left join param_purpose u on u.purpose = e.purpose and (u.is_marketing = true or u.is_advertising = true)
  left join stg_accounts a on a.account_no = e.account_no
  left join coverage k on k.table_name = 'rights_requests'
  where m.event_no is not null
    or (
      e.account_no is not null
      and (u.purpose is not null or e.legal_basis = 'legitimate_interest')
      and (k.covers_from_day is null or k.covers_from_day > coalesce(a.opened_day, -719162))
    )
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
  channel as group_channel,
  objection as group_objection
from judged
