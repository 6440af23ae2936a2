with kinds as (
  select
    *, try_cast(preferences as json) as p,
    coalesce(preferences, granted, withdrawn) is not null as is_consent,
    coalesce(try_cast(withdrawn as json) ->> '$.all', 'false') = 'true' as is_all,
    list_transform(coalesce(try_cast(documents as json[]), []), lambda d: d ->> '$.id') as document_ids,
    coalesce(user, device) as subject
  from source
),
-- `all` ends every document that the same person was granted in this file, besides those it names itself.
documents_granted as (
  select subject, list_sort(list(distinct document_id)) as ids
  from (select subject, unnest(document_ids) as document_id from kinds where granted is not null)
  where document_id is not null
  group by subject
),
listed as (
  select
    k.*,
    case
      when k.p is not null then try_cast(coalesce(k.p -> '$.consentScopes', k.p -> '$.consent_scopes') as varchar[])
      when k.is_all then list_distinct(list_concat(k.document_ids, coalesce(d.ids, [])))
      else k.document_ids
    end as scopes,
    coalesce(k.p ->> '$.eventType', k.p ->> '$.event_type') as event_type,
    coalesce(k.p ->> '$.basisForProcessing', k.p ->> '$.basis_for_processing') as basis
  from kinds k
  left join documents_granted d on d.subject = k.subject
),
each as (
  select *, unnest(range(1, greatest(case when is_consent then coalesce(len(scopes), 0) end, 1) + 1)) as part from listed
),
named as (
  select
    *, scopes[part] as scope,
    list_filter(coalesce(try_cast(documents as json[]), []), lambda d: d ->> '$.id' = scopes[part])[1] ->> '$.version' as document_version,
    -- Snowplow writes UTC; loaders write it without an offset, or spelled out.
    regexp_replace(regexp_replace(collected_at, ' UTC$', 'Z'), '^([0-9-]{10}[ T][0-9:.]+)$', '\1Z') as collected_utc,
    regexp_replace(regexp_replace(happened_at, ' UTC$', 'Z'), '^([0-9-]{10}[ T][0-9:.]+)$', '\1Z') as at_utc
  from each
)
select
  n.record,
  n.part,
  case
    when n.banner is not null then 'banner_shown'
    when not n.is_consent then 'not_consent'
    when n.basis <> 'consent' then 'other_basis'
  end as left_out,
  case
    when n.preferences is not null and n.p is null then 'not_json'
    when n.scope is null or (n.p is not null and n.event_type is null) then 'missing'
  end as broken,
  n.id || ':' || n.scope as event_id,
  n.user as account_id,
  case when n.user is null then n.device end as device_id,
  coalesce(m.word, n.scope) as purpose,
  case
    when n.p is not null then coalesce(e.word, n.event_type)
    when n.granted is not null then 'given'
    else 'withdrawn'
  end as status,
  n.collected_utc as recorded_at,
  n.at_utc as acted_at,
  coalesce(n.p ->> '$.consentVersion', n.p ->> '$.consent_version', n.document_version) as policy_version,
  case when n.event_type = 'implicit_consent' then 'use' end as method
from named n
left join map_purpose m on m.given = n.scope
left join map_event e on e.given = n.event_type
