-- Items: grants on record (given or renewed, by use or import too), with the fields they fill. on_day = the day recorded.
-- ISO/IEC TS 27560:2023; ref_consent_record_field says which of its fields each sum counts.
with granted as (
  select
    event_no,
    account_no,
    recorded_day,
    purpose,
    method,
    case when coalesce(account_no, device_no) is not null then 1 else 0 end as has_subject,
    case when purpose is not null then 1 else 0 end as has_purpose,
    case when acted_second is not null then 1 else 0 end as has_acted_at,
    case when policy_version is not null then 1 else 0 end as has_policy_version,
    case when method is not null then 1 else 0 end as has_method,
    case when language is not null then 1 else 0 end as has_language,
    case when evidence_ref is not null then 1 else 0 end as has_evidence_ref,
    case when recipient_no is not null then 1 else 0 end as has_recipient
  from stg_consent_events
  where status in ('given', 'renewed')
)
select
  event_no as item_id,
  account_no,
  recorded_day as on_day,
  false as is_exception,
  cast(null as integer) as value,
  case
    when has_subject + has_purpose + has_acted_at + has_policy_version + has_method + has_language + has_evidence_ref
      + has_recipient = 8 then 'all_filled'
    else 'some_empty'
  end as reason,
  1 as sum_grants,
  has_subject as sum_with_subject,
  has_purpose as sum_with_purpose,
  has_acted_at as sum_with_acted_at,
  has_policy_version as sum_with_policy_version,
  has_method as sum_with_method,
  has_language as sum_with_language,
  has_evidence_ref as sum_with_evidence_ref,
  has_recipient as sum_with_recipient,
  purpose as group_purpose,
  method as group_method
from granted
