-- Items: e-mail and push for a marketing purpose to a subject opted out of it at that second. on_day = the day it was sent.
with unanswered as (
  -- No answer at or before that second, and one from before the log cannot be ruled out.
  select
    m.event_no,
    m.account_no,
    m.occurred_second,
    m.occurred_day,
    m.purpose,
    m.country,
    m.channel
  from marketing_message m
  left join coverage k on k.table_name = 'consent_events'
  left join consent_spans c
    on c.subject_no = m.subject_no
    and c.purpose_no = m.purpose_no
    and c.from_second <= m.occurred_second
    and c.to_second > m.occurred_second
  where (k.covers_from_day is null or k.covers_from_day > coalesce(m.opened_day, -719162))
    and c.state is null
),
judged as (
  select
    event_no,
    account_no,
    occurred_second,
    occurred_day,
    purpose,
    country,
    channel,
    opted_out_second,
    opted_out_day,
    is_grace_over
  from opt_out_message
  where is_in_force = true
  union all
  select
    event_no,
    account_no,
    occurred_second,
    occurred_day,
    purpose,
    country,
    channel,
    cast(null as integer) as opted_out_second,
    cast(null as integer) as opted_out_day,
    cast(null as boolean) as is_grace_over
  from unanswered
)
select
  j.event_no as item_id,
  j.account_no,
  j.occurred_day as on_day,
  j.is_grace_over as is_exception,
  j.occurred_day - j.opted_out_day as value,
  case
    when j.is_grace_over is null then 'before_log'
    when j.is_grace_over = true then 'not_respected'
    else 'within_grace'
  end as reason,
  j.purpose as group_purpose,
  j.country as group_country,
  j.channel as group_channel,
  case
    when j.occurred_second - j.opted_out_second <= p.queue_seconds then 'yes'
    when j.occurred_second - j.opted_out_second > p.queue_seconds then 'no'
  end as group_soon_after
from judged j
join parameter p on 1 = 1
