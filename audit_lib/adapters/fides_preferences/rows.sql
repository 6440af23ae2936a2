with kinds as (
  select
    *, said in ('banner', 'modal', 'overlay', 'privacy_center', 'tcf_overlay', 'tcf_banner') as is_served,
    -- Of a TCF notice or preference only the purposes are carried; `id` and `preference` of each.
    said = 'tcf' or tcf_served is not null as is_tcf,
    try_cast(try_cast(tcf as json) -> '$.purpose_consent_preferences' as json[]) as tcf_saved,
    try_cast(try_cast(tcf_served as json) -> '$.tcf_purpose_consents' as json[]) as tcf_asked,
    try_cast(identity as json) as identities
  from source
),
listed as (
  select *, case when is_served then tcf_asked else tcf_saved end as items from kinds
),
each as (
  select *, unnest(range(1, greatest(case when is_tcf then coalesce(len(items), 0) end, 1) + 1)) as part from listed
),
named as (
  select
    *,
    case
      when is_tcf and is_served then 'tcf_' || cast(items[part] as varchar)
      when is_tcf then 'tcf_' || (items[part] ->> '$.id')
      else coalesce(data_use, notice_key, notice_name, notice_version)
    end as given,
    -- The legacy table says true and false where the history says opt_in and opt_out.
    case
      when is_tcf and not is_served then items[part] ->> '$.preference'
      when lower(said) in ('true', 't', '1') then 'opt_in'
      when lower(said) in ('false', 'f', '0') then 'opt_out'
      else said
    end as choice,
    coalesce(
      account, email, phone, identities ->> '$.external_id', identities ->> '$.email', identities ->> '$.phone_number'
    ) as person,
    coalesce(device, identities ->> '$.fides_user_device_id') as browser
  from each
)
select
  n.record,
  n.part,
  case
    when n.method = 'dismiss' then 'dismissed'
    when n.method in ('script', 'external_provider') then 'not_by_the_person'
    when n.choice = 'acknowledge' or n.method = 'acknowledge' then 'acknowledged'
    when n.is_tcf and coalesce(len(n.items), 0) = 0 then 'tcf_without_purposes'
  end as left_out,
  case when n.given is null then 'missing' end as broken,
  n.id || ':' || n.given as event_id,
  n.person as account_id,
  case when n.person is null then n.browser end as device_id,
  coalesce(p.word, n.given) as purpose,
  case
    when n.is_served then 'requested'
    when n.choice = 'opt_in' then 'given'
    when n.choice = 'opt_out' then 'refused'
    else n.choice
  end as status,
  case when n.data_use is not null then coalesce(n.updated_at, n.created_at) else n.created_at end as recorded_at,
  n.received_at as acted_at,
  n.notice_version as policy_version,
  case when n.method = 'gpc' then 'signal' else coalesce(o.word, n.origin) end as method,
  n.language,
  n.served_id as evidence_ref
from named n
left join map_purpose p on p.given = n.given
left join map_origin o on o.given = n.origin
