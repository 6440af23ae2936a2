with listed as (
  select *, try_cast(purposes as json[]) as items from source
),
each as (
  select *, unnest(range(1, greatest(coalesce(len(items), 0), 1) + 1)) as part from listed
),
named as (
  select
    *, items[part] ->> '$.id' as purpose_id, items[part] ->> '$.name' as purpose_name,
    items[part] ->> '$.transactionType' as transaction
  from each
),
worded as (
  select n.*, t.word as status, coalesce(i.word, p.word) as purpose_word, o.word as origin_word,
    coalesce(c.word, k.word) as point_word
  from named n
  left join map_transaction t on t.given = n.transaction
  left join map_purpose i on i.given = n.purpose_id
  left join map_purpose p on p.given = n.purpose_name
  left join map_origin o on o.given = n.origin
  left join map_collection_point c on c.given = n.point_id
  left join map_collection_point k on k.given = n.point_type
)
select
  record,
  part,
  case
    when test = 'true' then 'test_receipt'
    when len(items) = 0 and coalesce(unsubscribe_all, 'false') <> 'true' then 'no_purpose'
    when status is null and transaction = 'CHANGE_PREFERENCES' then 'preferences_only'
    when status is null and transaction = 'NO_OPT_OUT' then 'no_opt_out'
  end as left_out,
  -- A purpose without a key would make a row without an owner: the whole of it is shown instead.
  case
    when items is null then 'not_json'
    when len(items) = 0 or coalesce(purpose_id, purpose_name) is null then 'missing'
  end as broken,
  id || ':' || coalesce(purpose_id, purpose_name) as event_id,
  case when coalesce(is_anonymous, 'false') <> 'true' then subject end as account_id,
  case when is_anonymous = 'true' then subject end as device_id,
  coalesce(purpose_word, purpose_name, purpose_id) as purpose,
  coalesce(status, transaction) as status,
  coalesce(created_at, interaction_at) as recorded_at,
  interaction_at as acted_at,
  point_id || ':' || point_version as policy_version,
  -- The origin wins over the collection point: an import through a form's id is an import.
  case when transaction = 'IMPLICIT' then 'use' else coalesce(origin_word, point_word) end as method,
  language,
  id as evidence_ref
from worded
