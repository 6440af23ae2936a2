-- Items: requests whose receipt a law wants confirmed (ref_acknowledgement). on_day = the day by which it must be.
with answered as (
  select
    c.request_no,
    c.account_no,
    c.right_requested,
    c.regime,
    c.country,
    c.channel,
    c.first_day,
    c.received_day,
    c.acknowledgement_due_day,
    c.is_closing_unknown,
    -- Whoever has the answer needs no acknowledgement any more.
    case
      when r.acknowledged_day is null or c.closed_day < r.acknowledged_day then c.closed_day
      else r.acknowledged_day
    end as answered_day
  from request_clock c
  join stg_rights_requests r on r.request_no = c.request_no
  where c.needs_acknowledgement = true
)
select
  a.request_no as item_id,
  a.account_no,
  coalesce(a.acknowledgement_due_day, a.received_day, a.first_day) as on_day,
  case
    when a.acknowledgement_due_day is null then cast(null as boolean)
    when a.answered_day <= a.acknowledgement_due_day then false
    when a.answered_day is null and a.is_closing_unknown = true then cast(null as boolean)
    else true
  end as is_exception,
  a.answered_day - a.received_day as value,
  case
    when a.acknowledgement_due_day is null then 'no_calendar'
    when a.answered_day <= a.acknowledgement_due_day then 'in_time'
    when a.answered_day is not null then 'late'
    when a.is_closing_unknown = true then 'closing_unknown'
    else 'never'
  end as reason,
  a.right_requested as group_right_requested,
  a.regime as group_regime,
  a.country as group_country,
  a.channel as group_channel
from answered a
