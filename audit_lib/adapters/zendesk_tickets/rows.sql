-- One row per ticket and right. What a ticket says: its field, its custom fields, its tags; for the outcome also its status.
with listed as (
  select
    s.*,
    coalesce(try_cast(try_cast(tags as json) as varchar[]), regexp_split_to_array(trim(tags), '[\s,;]+')) as tag_list,
    list_transform(try_cast(try_cast(fields as json) as json[]), lambda f: json_extract_string(f, '$.value')) as field_list
  from source s
),
said as (
  select
    l.*,
    list_filter(
      list_distinct(list_concat([kind], coalesce(field_list, []), coalesce(tag_list, []))), lambda w: w <> '') as words
  from listed l
),
rights as (
  select s.record, list_sort(list_distinct(list(g.word))) as named
  from said s
  join map_right g on list_contains(s.words, g.given)
  group by s.record
),
outcomes as (
  select s.record, min(o.word) as outcome, count(distinct o.word) as different
  from said s
  join map_outcome o on list_contains(s.words, o.given)
  group by s.record
),
merged_away as (
  select distinct unnest(try_cast(try_cast(merged as json) as varchar[])) as id
  from source
  where merged is not null
),
by_right as (
  select
    s.*,
    case when o.different = 1 then o.outcome when o.different is null then p.word end as ended,
    m.id is not null or coalesce(list_contains(s.tag_list, 'closed_by_merge'), false) as is_merged,
    coalesce(len(r.named), 0) > 1 as is_several,
    -- A filled field that no map knows is shown as an unknown word; a ticket without field and known tag is another matter.
    unnest(coalesce(r.named, [s.kind])) as wanted
  from said s
  left join rights r on r.record = s.record
  left join outcomes o on o.record = s.record
  left join map_outcome p on p.given = s.status
  left join merged_away m on m.id = s.id
)
select
  b.record,
  row_number() over (partition by b.record order by wanted) as part,
  case
    when wanted is null then 'other_matter'
    when is_merged then 'merged'
    when status = 'deleted' then 'deleted'
    when via = 'sample_ticket' then 'sample'
  end as left_out,
  id || case when is_several then ':' || wanted else '' end as request_id,
  account as account_id,
  wanted as right_requested,
  coalesce(c.word, via) as channel,
  received as received_at,
  -- Only where the instant has an offset and the minutes are a sane number (at most ten years).
  case when regexp_matches(received, '([Zz]|[+-]\d\d(:?\d\d)?)$') and try_cast(reply as double) between 0 and 5256000
    then strftime(try_cast(received as timestamptz) + to_minutes(cast(floor(try_cast(reply as double)) as bigint)), '%Y-%m-%dT%H:%M:%SZ')
  end as acknowledged_at,
  case when status in ('solved', 'closed') then solved end as closed_at,
  case when status in ('solved', 'closed') then ended end as outcome
from by_right b
left join map_channel c on c.given = b.via
