-- Marketing messages sent after an opt-out of their purpose and before a new grant, and whether the days that the law of the message's
-- country allows had passed (ref_opt_out_grace; no row: none are allowed). One row per message and opt-out.
with met as (
  select
    m.event_no,
    m.account_no,
    m.subject_no,
    m.purpose_no,
    m.purpose,
    m.channel,
    m.country,
    m.occurred_second,
    m.occurred_day,
    o.opted_out_second,
    o.opted_out_day,
    case when o.ended_second is null or o.ended_second > m.occurred_second then true else false end as is_in_force
  from marketing_message m
  join opt_out o
    on o.subject_no = m.subject_no
    and o.purpose_no = m.purpose_no
    and o.opted_out_second <= m.occurred_second
    and coalesce(o.granted_second, 253402300800) > m.occurred_second
)
select
  t.event_no,
  t.account_no,
  t.subject_no,
  t.purpose_no,
  t.purpose,
  t.channel,
  t.country,
  t.occurred_second,
  t.occurred_day,
  t.opted_out_second,
  t.opted_out_day,
  t.is_in_force,
  -- Working days beyond the calendar's last year are not known: nothing is held to be late.
  case when g.working_days is not null and (l.day is null or t.occurred_day <= l.day) then false else true end as is_grace_over
from met t
left join ref_opt_out_grace g
  on g.country = t.country and t.opted_out_day between g.first_day and g.last_day
left join ref_working_day o on o.calendar = g.calendar and o.day = t.opted_out_day
left join ref_working_day l
  on l.calendar = g.calendar and l.working_day_no = o.working_day_no + g.working_days and l.is_working = true
