-- One row per request and right. A list is JSON text; a text that is a known type as a whole is not cut at its commas.
with listed as (
  select
    s.*, coalesce(try_cast(try_cast(s.types as json) as varchar[]), [s.types]) as texts,
    coalesce((select list(given) from map_right), []) as known
  from source s
),
separate as (
  select
    l.*,
    list_filter(flatten(list_transform(
      l.texts,
      lambda t: case when list_contains(l.known, t) then [t]
        else list_transform(string_split(t, ','), lambda p: trim(p)) end)), lambda t: t <> '') as named
  from listed l
),
by_right as (
  select
    p.*,
    unnest(case when len(p.named) > 0 then p.named else [cast(null as varchar)] end) as asked
  from separate p
),
staged as (
  select b.*, coalesce(g.word, b.asked) as wanted, coalesce(e.word, b.stage) as stage_word, r.word as resolution_word
  from by_right b
  left join map_right g on g.given = b.asked
  left join map_stage e on e.given = b.stage
  left join map_resolution r on r.given = b.resolution
),
-- Two names of one right ask for it once.
ended as (
  select
    *, count(*) over (partition by record) > 1 as is_several,
    case when stage_word in ('fulfilled', 'refused') then coalesce(resolution_word, stage_word) else stage_word end as ended
  from (select * from staged qualify row_number() over (partition by record, wanted order by asked) = 1)
)
select
  record,
  row_number() over (partition by record order by wanted) as part,
  case when lower(is_test) in ('true', 'yes') then 'test_request' end as left_out,
  id || case when is_several then ':' || wanted else '' end as request_id,
  account as account_id,
  wanted as right_requested,
  country,
  received as received_at,
  case when ended in ('fulfilled', 'fulfilled_in_part', 'refused', 'withdrawn', 'duplicate') then closed end as closed_at,
  nullif(ended, 'open') as outcome,
  case when ended = 'refused' then resolution end as refusal_reason
from ended
