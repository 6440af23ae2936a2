with listed as (
  select
    *, coalesce(event = 'Segment Consent Preference Updated', false) as is_decision,
    map_entries(try_cast(try_cast(preferences as json) as map(varchar, json))) as entries
  from source
),
each as (
  select
    *, unnest(range(1, greatest(case when is_decision then coalesce(len(entries), 0) end, 1) + 1)) as part
  from listed
),
named as (
  select *, entries[part].key as category, cast(entries[part].value as varchar) as answer from each
)
select
  n.record,
  n.part,
  case
    when not n.is_decision and n.preferences is not null then 'state_at_event'
    when not n.is_decision then 'other_event'
    when n.preferences is null then 'no_consent_object'
    when len(n.entries) = 0 then 'empty_preferences'
    when n.entries is not null and coalesce(n.answer, 'null') = 'null' then 'category_without_answer'
  end as left_out,
  case
    when n.entries is null then 'not_json'
    when n.answer not in ('true', 'false') then 'not_in_list'
  end as broken,
  n.id || ':' || n.category as event_id,
  n.user as account_id,
  case when n.user is null then n.anonymous end as device_id,
  coalesce(p.word, n.category) as purpose,
  case when n.answer = 'true' then 'given' else 'refused' end as status,
  coalesce(n.received_at, n.happened_at) as recorded_at,
  n.happened_at as acted_at
from named n
left join map_purpose p on p.given = n.category
