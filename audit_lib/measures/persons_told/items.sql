-- Items: incidents of high risk, and those with personal data whose risk is not recorded: they cannot be judged unless persons
-- were told. on_day = the day of awareness, else of detection, + the days set. GDPR Art. 34.
with due as (
  select
    i.incident_no,
    i.risk,
    i.personal_data,
    i.persons_notified_day,
    coalesce(i.aware_day, i.detected_day) + p.persons_told_days as due_day
  from stg_security_incidents i
  join parameter p on 1 = 1
  where i.risk = 'high_risk'
    or (i.risk is null and i.personal_data = true)
)
select
  incident_no as item_id,
  cast(null as integer) as account_no,
  due_day as on_day,
  case
    when persons_notified_day <= due_day then false
    when risk is null then cast(null as boolean)
    else true
  end as is_exception,
  cast(null as integer) as value,
  case
    when persons_notified_day <= due_day then 'told'
    when risk is null then 'risk_unknown'
    when persons_notified_day is not null then 'late'
    else 'never'
  end as reason,
  risk as group_risk,
  case when personal_data = true then 'yes' else 'no' end as group_personal_data
from due
