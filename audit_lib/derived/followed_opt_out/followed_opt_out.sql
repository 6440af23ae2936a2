-- Opt-outs of marketing and the messages sent in the days they are followed. One row per unbroken opt-out, by the consent event that
-- opened it (of several in its second the strictest, of those the first), and one per refusal or withdrawal without a subject.
with refusing as (
  select
    c.event_no,
    c.account_no,
    coalesce(c.account_no, c.device_no) as subject_no,
    u.purpose_no,
    c.purpose,
    c.method,
    case when c.status = 'withdrawn' then 1 else 2 end as leniency,
    coalesce(c.acted_second, c.recorded_second) as at_second,
    coalesce(c.acted_day, c.recorded_day) as at_day
  from stg_consent_events c
  join param_purpose u on u.purpose = c.purpose and u.is_marketing = true
  where c.status in ('refused', 'withdrawn')
),
opening as (
  select
    r.event_no,
    row_number() over (partition by r.subject_no, r.purpose_no, r.at_second order by r.leniency, r.event_no) as place
  from refusing r
  join opt_out o
    on o.subject_no = r.subject_no
    and o.purpose_no = r.purpose_no
    and o.opted_out_second = r.at_second
),
met as (
  select
    x.subject_no,
    x.purpose_no,
    x.opted_out_second,
    count(case when x.is_grace_over = true then 1 end) as messages,
    max(x.occurred_day) as last_message_day
  from opt_out_message x
  join parameter p on 1 = 1
  where x.occurred_day <= x.opted_out_day + p.follow_up_days
  group by x.subject_no, x.purpose_no, x.opted_out_second
)
select
  r.event_no,
  r.account_no,
  r.subject_no,
  r.purpose,
  r.method,
  a.country,
  r.at_day as opted_out_day,
  r.at_day + p.follow_up_days as last_day,
  coalesce(m.messages, 0) as messages,
  m.last_message_day,
  case when k.covers_from_day <= r.at_day then true else false end as is_log_whole
from refusing r
join parameter p on 1 = 1
left join opening b on b.event_no = r.event_no
left join met m
  on m.subject_no = r.subject_no
  and m.purpose_no = r.purpose_no
  and m.opted_out_second = r.at_second
left join stg_accounts a on a.account_no = r.account_no
left join coverage k on k.table_name = 'processing_events'
where b.place = 1
  or r.subject_no is null
