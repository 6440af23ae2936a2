with said as (
  select *, lower(given) in ('true', '1', 'yes') as is_given, lower(given) in ('true', '1', 'yes', 'false', '0', 'no') as is_known
  from source
)
select
  s.record,
  case
    when a.word is null and s.action in ('onSessionRestored', 'onMobileSessionRestore') then 'restored'
    when a.word is null and s.action = 'onEssentialChange' then 'essential_changed'
    -- A TCF string that the tool wrote anew may carry a refusal: what could close a grant is kept.
    when a.word = 'use' and s.is_known and not s.is_given and s.action <> 'onTcfStringChange' then 'no_choice'
  end as left_out,
  case
    when s.controller is null or s.stamped_at is null or s.service is null then 'missing'
    when a.word is null or not coalesce(s.is_known, false) then 'not_in_list'
  end as broken,
  s.controller || ':' || s.stamped_at || ':' || s.service as event_id,
  s.controller as device_id,
  coalesce(p.word, s.service) as purpose,
  case when s.is_given then 'given' else 'refused' end as status,
  -- Digits are seconds or milliseconds by their number: read as the other they would be a day of 1970.
  case
    when regexp_full_match(s.stamped_at, '[0-9]{10}') then from_seconds(s.stamped_at)
    when regexp_full_match(s.stamped_at, '[0-9]{13}') then from_millis(s.stamped_at)
    else s.stamped_at
  end as recorded_at,
  s.configuration || ':' || s.configuration_version as policy_version,
  a.word as method,
  s.service as recipient_id
from said s
left join map_action a on a.given = s.action
left join map_purpose p on p.given = s.service
