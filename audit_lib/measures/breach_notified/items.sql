-- Items: incidents with personal data and a risk; a risk not recorded is not shown to be none.
-- on_day = the day on which the 72 hours end, GDPR Art. 33(1), counted from awareness, else from detection.
with running as (
  select
    i.incident_no,
    i.risk,
    i.authority_notified_second,
    coalesce(i.aware_day, i.detected_day) as start_day,
    coalesce(i.aware_second, i.detected_second) + 259200 as end_second
  from stg_security_incidents i
  where i.personal_data = true
    and (i.risk is null or i.risk <> 'none')
)
-- Where a day has 23 or 25 hours, 72 hours may end two or four days on: the beginnings of the days tell.
select
  u.incident_no as item_id,
  cast(null as integer) as account_no,
  case
    when u.end_second < t.first_second then u.start_day + 2
    when u.end_second >= f.first_second then u.start_day + 4
    else u.start_day + 3
  end as on_day,
  case when u.authority_notified_second <= u.end_second then false else true end as is_exception,
  cast(null as integer) as value,
  case
    when u.authority_notified_second is null then 'never'
    when u.authority_notified_second > u.end_second then 'late'
    else 'in_time'
  end as reason,
  u.risk as group_risk
from running u
left join ref_day t on t.day = u.start_day + 3
left join ref_day f on f.day = u.start_day + 4
