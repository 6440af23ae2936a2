-- Items: e-mail and push for a marketing purpose to a subject opted out of it at that second. on_day = the day it was sent.
with sent as (
  select
    e.event_no,
    e.account_no,
    e.occurred_day,
    e.purpose,
    e.channel,
    coalesce(e.country, a.country) as country,
    c.opted_out_day,
    c.state
  from stg_processing_events e
  join param_purpose u on u.purpose = e.purpose and u.is_marketing = true
  left join stg_accounts a on a.account_no = e.account_no
  left join consent_spans c
    on c.subject_no = coalesce(e.account_no, e.device_no)
    and c.purpose_no = u.purpose_no
    and c.from_second <= e.occurred_second
    and c.to_second > e.occurred_second
  left join coverage k on k.table_name = 'consent_events'
  where e.channel in ('email', 'push')
    and coalesce(e.account_no, e.device_no) is not null
    and (
      c.opted_out_day is not null
      or (
        c.state is null
        and (k.covers_from_day is null or k.covers_from_day > coalesce(a.opened_day, -719162))
      )
    )
),
judged as (
  select
    s.event_no,
    s.account_no,
    s.occurred_day,
    s.purpose,
    s.channel,
    s.country,
    s.opted_out_day,
    case
      when s.opted_out_day is null then 'before_log'
      when g.working_days is not null and (l.day is null or s.occurred_day <= l.day) then 'within_grace'
      else 'not_respected'
    end as reason
  from sent s
  left join ref_opt_out_grace g
    on g.country = s.country and s.opted_out_day between g.first_day and g.last_day
  left join ref_working_day o on o.calendar = g.calendar and o.day = s.opted_out_day
  left join ref_working_day l
    on l.calendar = g.calendar and l.working_day_no = o.working_day_no + g.working_days and l.is_working = true
)
select
  event_no as item_id,
  account_no,
  occurred_day as on_day,
  case
    when reason = 'before_log' then cast(null as boolean)
    when reason = 'not_respected' then true
    else false
  end as is_exception,
  occurred_day - opted_out_day as value,
  reason,
  purpose as group_purpose,
  country as group_country,
  channel as group_channel
from judged
