-- Items: requests that count. on_day = the day of the first instant. value = fields missing, as known at as of.
with field as (
  select
    c.request_no,
    c.account_no,
    c.first_day,
    c.regime,
    c.country,
    c.right_requested,
    c.channel,
    case when c.received_day is null then 1 else 0 end as no_received,
    case when c.right_requested is null then 1 else 0 end as no_right,
    case when c.channel is null then 1 else 0 end as no_channel,
    case when c.account_no is null then 1 else 0 end as no_account,
    -- An outcome without an instant of closing shows that the request is closed, too; that one has its outcome.
    case when c.closed_day is not null and c.outcome is null then 1 else 0 end as no_outcome,
    case when c.outcome = 'refused' and r.refusal_reason is null then 1 else 0 end as no_refusal_reason
  from request_clock c
  join stg_rights_requests r on r.request_no = c.request_no
),
counted as (
  select
    request_no,
    account_no,
    first_day,
    regime,
    country,
    right_requested,
    channel,
    no_received + no_right + no_channel + no_account + no_outcome + no_refusal_reason as fields_missing,
    case
      when no_received = 1 then 'received'
      when no_right = 1 then 'right'
      when no_channel = 1 then 'channel'
      when no_account = 1 then 'account'
      when no_outcome = 1 then 'outcome'
      when no_refusal_reason = 1 then 'refusal_reason'
      else 'nothing'
    end as first_missing
  from field
)
select
  request_no as item_id,
  account_no,
  first_day as on_day,
  case when fields_missing > 0 then true else false end as is_exception,
  fields_missing as value,
  case when fields_missing > 0 then 'incomplete' else 'complete' end as reason,
  regime as group_regime,
  country as group_country,
  right_requested as group_right_requested,
  channel as group_channel,
  first_missing as group_missing
from counted
