-- Items: stages of requests received; the time each took, or has taken so far. on_day = the day of receipt.
with request as (
  select
    c.request_no,
    c.account_no,
    c.right_requested,
    c.regime,
    c.channel,
    c.is_closing_unknown,
    c.received_day,
    r.received_second,
    r.acknowledged_day,
    r.acknowledged_second,
    r.identity_requested_day,
    r.identity_requested_second,
    r.identity_verified_day,
    r.identity_verified_second,
    r.clarification_requested_day,
    r.clarification_requested_second,
    r.clarification_received_day,
    r.clarification_received_second,
    r.closed_day,
    r.closed_second
  from request_clock c
  join stg_rights_requests r on r.request_no = c.request_no
  where c.received_day is not null
),
-- What the controller needed from the person before it could answer: the later of receipt and proof …
proved as (
  select
    q.request_no,
    case
      when q.identity_verified_second > q.received_second
        and (q.closed_second is null or q.identity_verified_second <= q.closed_second) then q.identity_verified_second
      else q.received_second
    end as proved_second,
    case
      when q.identity_verified_second > q.received_second
        and (q.closed_second is null or q.identity_verified_second <= q.closed_second) then q.identity_verified_day
      else q.received_day
    end as proved_day
  from request q
),
-- … and of that and the answer that made the request clearer. What came after the closing was not waited for.
cleared as (
  select
    q.request_no,
    case
      when q.clarification_received_second > v.proved_second
        and (q.closed_second is null or q.clarification_received_second <= q.closed_second)
        then q.clarification_received_second
      else v.proved_second
    end as cleared_second,
    case
      when q.clarification_received_second > v.proved_second
        and (q.closed_second is null or q.clarification_received_second <= q.closed_second)
        then q.clarification_received_day
      else v.proved_day
    end as cleared_day
  from request q
  join proved v on v.request_no = q.request_no
),
stage as (
  select
    q.request_no,
    'acknowledge' as stage,
    q.received_second as begun_second,
    q.received_day as begun_day,
    q.acknowledged_second as met_second,
    q.acknowledged_day as met_day
  from request q
  union all
  select
    q.request_no,
    'identity' as stage,
    q.identity_requested_second as begun_second,
    q.identity_requested_day as begun_day,
    q.identity_verified_second as met_second,
    q.identity_verified_day as met_day
  from request q
  where q.identity_requested_second is not null
  union all
  select
    q.request_no,
    'clarify' as stage,
    q.clarification_requested_second as begun_second,
    q.clarification_requested_day as begun_day,
    q.clarification_received_second as met_second,
    q.clarification_received_day as met_day
  from request q
  where q.clarification_requested_second is not null
  union all
  select
    c.request_no,
    'answer' as stage,
    c.cleared_second as begun_second,
    c.cleared_day as begun_day,
    cast(null as integer) as met_second,
    cast(null as integer) as met_day
  from cleared c
),
-- A stage ends with what it waits for, or with the request, whichever comes first.
ended as (
  select
    q.request_no,
    q.account_no,
    q.right_requested,
    q.regime,
    q.channel,
    q.is_closing_unknown,
    q.received_day,
    s.stage,
    s.begun_second,
    s.begun_day,
    case when s.met_second is null or q.closed_second < s.met_second then q.closed_second else s.met_second end as end_second,
    case when s.met_second is null or q.closed_second < s.met_second then q.closed_day else s.met_day end as end_day,
    case
      when s.stage in ('identity', 'clarify')
        and q.closed_second is not null
        and (s.met_second is null or q.closed_second < s.met_second) then 'closed_meanwhile'
      else 'ended'
    end as how
  from stage s
  join request q on q.request_no = s.request_no
)
select
  e.request_no || '-' || e.stage as item_id,
  e.account_no,
  e.received_day as on_day,
  case
    when e.end_second < e.begun_second then cast(null as boolean)
    when e.end_second is not null then true
    when e.is_closing_unknown = true then cast(null as boolean)
    else false
  end as is_exception,
  case
    when e.end_second < e.begun_second then cast(null as integer)
    when e.end_second is not null then e.end_day - e.begun_day
    when e.is_closing_unknown = true then cast(null as integer)
    else w.as_of_day - 1 - e.begun_day
  end as value,
  case
    when e.end_second < e.begun_second then 'ends_before_start'
    when e.end_second is not null then e.how
    when e.is_closing_unknown = true then 'closing_unknown'
    else 'running'
  end as reason,
  e.stage as group_stage,
  e.right_requested as group_right_requested,
  e.regime as group_regime,
  e.channel as group_channel
from ended e
join period w on 1 = 1
