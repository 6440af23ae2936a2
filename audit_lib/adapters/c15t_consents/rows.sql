with parsed as (
  select *, try_cast(purposes as json) as body, try_cast(metadata as json) as about from source
),
listed as (
  select
    s.*,
    -- A list; in some databases wrapped as {"json": […]}, or as a text that holds the list.
    try_cast(
      case json_type(body)
        when 'OBJECT' then body -> '$.json'
        when 'VARCHAR' then try_cast(body ->> '$' as json)
        else body
      end as varchar[]
    ) as granted,
    coalesce(t.word, '') not in ('', 'cookie_banner') as is_document,
    coalesce(s.status not in ('active') or s.is_active in ('false', 'f', '0'), false) as is_overwritten
  from parsed s
  left join map_policy_type t on t.given = s.policy
),
-- What can be refused at all: every purpose that a record of this file grants or the map names.
everything as (
  select coalesce(list_sort(list(distinct purpose_id)), []) as purposes_known
  from (select unnest(granted) as purpose_id from listed union all select given from map_purpose)
),
refused as (
  select
    l.*, coalesce(l.granted, []) as given_list,
    case
      when l.granted is null or l.is_document or l.is_overwritten or l.action = 'accept_all' then []
      when len(l.granted) = 0 and l.action is null and l.ui_source is null then []
      else list_filter(e.purposes_known, lambda x: not list_contains(l.granted, x))
    end as refused_list
  from listed l, everything e
),
each as (
  select *, unnest(range(1, greatest(len(given_list) + len(refused_list), 1) + 1)) as part from refused
),
named as (
  select *, list_concat(given_list, refused_list)[part] as purpose_id, part <= len(given_list) as is_given from each
)
select
  n.record,
  n.part,
  case
    when n.is_document then 'document'
    when n.purpose_id is null and n.granted is not null and (n.action is not null or n.ui_source is not null)
      and not n.is_overwritten then 'nothing_to_refuse'
  end as left_out,
  case
    when n.granted is null then 'not_json'
    -- The row says that it ended, not when; and an empty list without an action does not say what was decided.
    when n.is_overwritten or n.purpose_id is null then 'missing'
  end as broken,
  n.id || ':' || n.purpose_id as event_id,
  a.word as account_id,
  case when a.word is null then n.subject end as device_id,
  coalesce(p.word, n.purpose_id) as purpose,
  case when n.is_given then 'given' else 'refused' end as status,
  -- SQLite keeps instants as a count: seconds or milliseconds, by the number of digits.
  case
    when regexp_full_match(n.given_at, '[0-9]{10}') then from_seconds(n.given_at)
    when regexp_full_match(n.given_at, '[0-9]{13}') then from_millis(n.given_at)
    else n.given_at
  end as recorded_at,
  n.policy as policy_version,
  coalesce(u.word, n.ui_source) as method,
  coalesce(n.about ->> '$.policyLanguage', n.about ->> '$.json.policyLanguage') as language
from named n
left join map_purpose p on p.given = n.purpose_id
left join map_subject a on a.given = n.subject
left join map_ui u on u.given = n.ui_source
