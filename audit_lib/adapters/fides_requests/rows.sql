-- One row per request and right. A policy with two rules of one kind names its right twice: it is asked for once.
with read_types as (
  select
    *,
    list_filter(list_transform(string_split(types, '+'), lambda t: trim(t)), lambda t: t <> '') as named,
    -- The second generation writes a Python dictionary into one column.
    case when account like '{%' then coalesce(
      nullif(regexp_extract(account, '''external_id'': [''"]([^"]*?)[''"][,}]', 1), ''),
      nullif(regexp_extract(account, '''email'': [''"]([^"]*?)[''"][,}]', 1), ''),
      nullif(regexp_extract(account, '''phone_number'': [''"]([^"]*?)[''"][,}]', 1), ''))
      else account end as person
  from source
),
by_right as (
  select
    r.*,
    unnest(case when len(r.named) > 0 then r.named else [r.policy] end) as asked
  from read_types r
),
worded as (
  select b.*, coalesce(g.word, b.asked) as wanted, coalesce(o.word, b.status) as ended
  from by_right b
  left join map_right g on g.given = b.asked
  left join map_outcome o on o.given = b.status
),
-- Two names of one right ask for it once.
single as (
  select *, count(*) over (partition by record) > 1 as is_several
  from (select * from worded qualify row_number() over (partition by record, wanted order by asked) = 1)
)
select
  record,
  row_number() over (partition by record order by wanted) as part,
  case when wanted = 'consent_preferences' then 'consent_preferences' end as left_out,
  coalesce(id, 'row ' || md5(concat_ws('|', received, account, policy))) || case when is_several then ':' || wanted else '' end
    as request_id,
  person as account_id,
  wanted as right_requested,
  received as received_at,
  case ended when 'fulfilled' then completed when 'refused' then reviewed end as closed_at,
  nullif(ended, 'open') as outcome,
  case when ended = 'refused' then denial end as refusal_reason
from single
