-- Items: accounts open at as of; days since they were last known to be active. on_day = the last day before as of.
with known as (
  select
    a.account_no,
    a.country,
    l.known_by,
    w.as_of_day,
    w.as_of_day - l.last_day as idle_days,
    p.dormant_days,
    -- Without last_active_at, an event in the days that count could be missing from a log that does not hold all of them.
    case
      when l.known_by = 'activity' then true
      when k.covers_to_day < w.as_of_day - 1 or k.extracted_second < w.as_of_second then false
      when k.is_present = true and k.covers_from_day <= w.as_of_day - p.dormant_days + 1 then true
      else false
    end as is_activity_seen
  from stg_accounts a
  join last_activity l on l.account_no = a.account_no
  join parameter p on 1 = 1
  join period w on 1 = 1
  left join coverage k on k.table_name = 'processing_events'
  where a.closed_second is null
),
judged as (
  select
    account_no,
    country,
    known_by,
    as_of_day,
    idle_days,
    case
      when idle_days < dormant_days then 'active'
      when is_activity_seen = false then 'before_log'
      else 'dormant'
    end as reason
  from known
)
select
  account_no as item_id,
  account_no,
  as_of_day - 1 as on_day,
  case
    when reason = 'before_log' then cast(null as boolean)
    when reason = 'dormant' then true
    else false
  end as is_exception,
  case when reason <> 'before_log' then idle_days end as value,
  reason,
  country as group_country,
  known_by as group_known_by
from judged
