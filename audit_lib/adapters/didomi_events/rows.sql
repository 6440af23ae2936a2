with listed as (
  select *, try_cast(purposes as json[]) as items from source
),
each as (
  select *, unnest(range(1, greatest(coalesce(len(items), 0), 1) + 1)) as part from listed
),
named as (
  select *, items[part] ->> '$.id' as purpose_id, items[part] ->> '$.enabled' as enabled,
    coalesce(status = 'pending_approval', false) as is_pending
  from each
)
select
  n.record,
  n.part,
  case
    when n.purposes is null or len(n.items) = 0 then 'no_purpose'
    when n.purpose_id is not null and n.enabled is null then 'not_set'
  end as left_out,
  case
    when n.purposes is not null and n.items is null then 'not_json'
    when n.purpose_id is null then 'missing'
    when n.enabled not in ('true', 'false') then 'not_in_list'
  end as broken,
  -- The same event is exported again once it is approved: prompt and decision are two rows.
  n.id || ':' || n.purpose_id || case when n.is_pending then ':requested' else '' end as event_id,
  n.account as account_id,
  case when n.account is null then n.device end as device_id,
  coalesce(p.word, n.purpose_id) as purpose,
  case when n.is_pending then 'requested' when n.enabled = 'true' then 'given' else 'refused' end as status,
  case when n.is_pending then n.created_at else coalesce(n.updated_at, n.created_at) end as recorded_at,
  -- Didomi applies events by their last change. A grant counts from then on, a refusal already from the act itself.
  case when n.enabled = 'false' and not n.is_pending then n.created_at end as acted_at,
  m.word as method,
  case when coalesce(n.proofs, '[]') <> '[]' then n.id end as evidence_ref
from named n
left join map_purpose p on p.given = n.purpose_id
left join map_source m on m.given = n.source_type
