-- In SQL, for no library that is kept up reads the strings (iab-tcf for Python stands still since 2022).
-- Core string, bits counted from 1: version 1-6, last updated 43-78 (tenths of a second), language 109-120,
-- policy version 133-138, consents to purposes 1-24 at 153-176, purpose one treatment 201, largest vendor 214-229,
-- ranges instead of a bit per vendor 230.
with segments as (
  select
    *, split_part(split_part(string, ',', 1), '.', 1) as core,
    case
      when regexp_full_match(logged_at, '[0-9]{10}') then from_seconds(logged_at)
      when regexp_full_match(logged_at, '[0-9]{13}') then from_millis(logged_at)
      else logged_at
    end as instant
  from source
),
decoded as (
  select
    *, 6 * length(rtrim(core, '=')) as bits_there,
    case
      when regexp_full_match(core, '[A-Za-z0-9_-]{39,}={0,2}')
      then cast(cast(try(from_base64(translate(rpad(left(core, 40), 40, 'A'), '-_=', '+/A'))) as bit) as varchar)
    end as bits,
    -- The same string again is the same decision; after another one it is a new one.
    lag(string) over (partition by coalesce(account, device) order by try_cast(instant as timestamptz), record) is not distinct from string
      and coalesce(account, device) is not null as is_repeat
  from segments
),
fields as (
  select
    *,
    try_cast('0b' || substr(bits, 1, 6) as integer) as version,
    try_cast('0b' || substr(bits, 43, 36) as bigint) as updated,
    try_cast('0b' || substr(bits, 133, 6) as integer) as policy,
    try_cast('0b' || substr(bits, 214, 16) as integer) as largest_vendor,
    substr(bits, 230, 1) = '1' as is_range
  from decoded
),
checked as (
  select
    *,
    -- A string that ends before its vendors do has been cut: its purposes may be another string's.
    coalesce(version = 2 and bits_there >= 230 + case when is_range then 12 else largest_vendor end, false) as is_whole,
    make_timestamp(updated * 100000) as updated_at
  from fields
),
each as (
  select *, unnest(range(1, case when is_whole then 25 else 2 end)) as part from checked
),
purposes as (
  select
    *, substr(bits, 152 + part, 1) = '1' as is_given,
    coalesce(event_status = 'cmpuishown', false) as is_prompt,
    coalesce(event_status = 'useractioncomplete', false) as is_answer
  from each
  where not is_whole or part <= case when policy >= 4 then 11 else 10 end or substr(bits, 152 + part, 1) = '1'
)
select
  p.record,
  p.part,
  case
    when lower(p.gdpr_applies) in ('0', 'false') then 'gdpr_does_not_apply'
    when p.event_status = 'tcloaded' or (p.is_repeat and not p.is_prompt and not p.is_answer) then 'read_again'
    when p.is_whole and p.part = 1 and not p.is_given and substr(p.bits, 201, 1) = '1' then 'not_asked'
  end as left_out,
  case when p.string is null then 'missing' when not p.is_whole then 'not_decodable' end as broken,
  coalesce(p.id, coalesce(p.account, p.device, 'record ' || p.record) || ':' || p.logged_at) || ':tcf_' || p.part as event_id,
  p.account as account_id,
  case when p.account is null then p.device end as device_id,
  coalesce(m.word, 'tcf_' || p.part) as purpose,
  case when p.is_prompt then 'requested' when p.is_given then 'given' else 'refused' end as status,
  p.instant as recorded_at,
  -- The string was decided on before the day of its record: at the latest at the end of its own day.
  case
    when not p.is_prompt and not p.is_answer and p.updated_at + interval 1 day <= timezone('UTC', try_cast(p.instant as timestamptz))
    then strftime(date_trunc('day', p.updated_at) + interval '23:59:59', '%Y-%m-%dT%H:%M:%SZ')
  end as acted_at,
  'banner' as method,
  chr(cast(97 + try_cast('0b' || substr(p.bits, 109, 6) as integer) as integer))
    || chr(cast(97 + try_cast('0b' || substr(p.bits, 115, 6) as integer) as integer)) as language
from purposes p
left join map_purpose m on m.given = 'tcf_' || p.part
