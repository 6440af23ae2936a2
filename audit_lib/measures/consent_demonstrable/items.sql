-- Items: grants on record (given or renewed, by use or import too). on_day = the day the grant was recorded.
-- GDPR Art. 7(1). A record by use or import is judged by its fields only where a grant of the person stands at its second.
with granted as (
  select
    c.event_no,
    c.account_no,
    coalesce(c.account_no, c.device_no) as subject_no,
    c.recorded_day,
    coalesce(c.acted_second, c.recorded_second) as at_second,
    c.purpose,
    c.method,
    case when c.method in ('use', 'import') then true else false end as is_weak,
    case when p.consent_needs_policy_version = true and c.policy_version is null then 1 else 0 end
    + case when p.consent_needs_method = true and c.method is null then 1 else 0 end
    + case when p.consent_needs_language = true and c.language is null then 1 else 0 end
    + case when p.consent_needs_evidence = true and c.evidence_ref is null then 1 else 0 end as lacking
  from stg_consent_events c
  join parameter p on 1 = 1
  where c.status in ('given', 'renewed')
),
-- Only records by use or import, of somebody and for a declared purpose, ask what stood at their second. Spans do not overlap.
beside as (
  select
    g.event_no,
    c.state
  from granted g
  join param_purpose u on u.purpose = g.purpose
  left join consent_spans c
    on c.subject_no = g.subject_no
    and c.purpose_no = u.purpose_no
    and c.from_second <= g.at_second
    and c.to_second > g.at_second
  where g.is_weak = true
    and g.subject_no is not null
),
placed as (
  select
    g.event_no,
    g.account_no,
    g.recorded_day,
    g.purpose,
    g.method,
    g.lacking,
    a.country,
    case
      when g.is_weak = false then 'not needed'
      -- What names nobody, or nothing, has no grant beside it.
      when g.subject_no is null or g.purpose is null then 'none'
      when b.event_no is null then 'undeclared_purpose'
      when b.state = 'given' then 'stands'
      when b.state is not null then 'none'
      when k.covers_from_day is null or k.covers_from_day > coalesce(a.opened_day, -719162) then 'before_log'
      else 'none'
    end as strong_grant
  from granted g
  left join beside b on b.event_no = g.event_no
  left join stg_accounts a on a.account_no = g.account_no
  left join coverage k on k.table_name = 'consent_events'
),
judged as (
  select
    event_no,
    account_no,
    recorded_day,
    purpose,
    method,
    lacking,
    country,
    case
      when strong_grant = 'none' and method = 'use' then 'use_only'
      when strong_grant = 'none' then 'import_only'
      when lacking > 0 then 'incomplete'
      when strong_grant in ('before_log', 'undeclared_purpose') then strong_grant
      else 'complete'
    end as reason
  from placed
)
select
  event_no as item_id,
  account_no,
  recorded_day as on_day,
  case
    when reason = 'complete' then false
    when reason in ('before_log', 'undeclared_purpose') then cast(null as boolean)
    else true
  end as is_exception,
  lacking as value,
  reason,
  purpose as group_purpose,
  method as group_method,
  country as group_country
from judged
