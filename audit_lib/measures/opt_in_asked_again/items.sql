-- Items: opt-outs of sale under California law, twelve months after receipt. on_day = the day on which the twelve months end.
-- Cal. Civ. Code s.1798.135(c)(4). A prompt on that day still counts: a month ends with the day of the same number.
with opted_out as (
  select
    c.request_no,
    c.account_no,
    c.country,
    c.channel,
    r.received_second,
    case
      when m.first_day + s.day_of_month - 1 > m.last_day then m.last_day
      else m.first_day + s.day_of_month - 1
    end as end_day
  from request_clock c
  join stg_rights_requests r on r.request_no = c.request_no
  join ref_day s on s.day = c.received_day
  join ref_month m on m.month_no = s.month_no + 12
  where c.right_requested = 'opt_out_of_sale'
    and c.regime = 'CCPA'
),
prompted as (
  select
    o.request_no,
    count(*) as prompts
  from opted_out o
  join stg_consent_events e on e.account_no = o.account_no
  join param_purpose p on p.purpose = e.purpose
  where e.status = 'requested'
    and p.is_advertising = true
    and coalesce(e.acted_second, e.recorded_second) > o.received_second
    and coalesce(e.acted_day, e.recorded_day) <= o.end_day
  group by o.request_no
)
select
  o.request_no as item_id,
  o.account_no,
  o.end_day as on_day,
  case
    when o.account_no is null then cast(null as boolean)
    when p.prompts > 0 then true
    else false
  end as is_exception,
  case when o.account_no is not null then coalesce(p.prompts, 0) end as value,
  case
    when o.account_no is null then 'no_account'
    when p.prompts > 0 then 'asked_again'
    else 'left_alone'
  end as reason,
  o.country as group_country,
  o.channel as group_channel
from opted_out o
left join prompted p on p.request_no = o.request_no
