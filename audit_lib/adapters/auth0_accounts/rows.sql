-- One row per account, carried by its first event. A user who signs up again after a deletion gives two rows with one key: ingest
-- quarantines both. Calls of the Management API: DELETE of exactly one user closes, POST of a user opens; the path names whom.
with calls as (
  select
    s.*,
    lower(s.method) as verb,
    regexp_replace(s.path, '^https?://[^/]+', '') as place,
    regexp_full_match(s.time, '\d{4}-\d\d-\d\d[Tt ].*([Zz]|[+-]\d\d(:?\d\d)?)') as has_offset,
    s.id is not null and row_number() over (partition by s.id order by s.record) > 1 as is_repeat
  from source s
),
read_events as (
  select
    c.*,
    case when c.has_offset then epoch_ms(try_cast(c.time as timestamptz)) end as millis,
    case
      when c.type = 'sapi' and not coalesce(c.code, '200') like '2%' then 'failed'
      when c.type = 'sapi' and c.verb = 'delete'
        and regexp_full_match(c.place, '/api/v2/(users/[^/?]+|connections/[^/?]+(/users)?)(\?.*)?') then 'closed'
      when c.type = 'sapi' and c.verb = 'post' and c.place = '/api/v2/users' then 'opened'
      when c.type = 'sapi' then 'other_event'
      else coalesce(e.word, 'other_event')
    end as kind,
    case
      when c.type = 'sapi' and c.verb = 'delete'
        then nullif(try(url_decode(regexp_extract(c.place, '^/api/v2/users/([^/?]+)(\?.*)?$', 1))), '')
      when c.type = 'sapi' then c.made
      else c.account
    end as person
  from calls c
  left join map_event e on e.given = c.type
),
judged as (
  select
    *, kind in ('opened', 'closed', 'active') and not is_repeat as is_wanted,
    kind in ('opened', 'closed', 'active') and not is_repeat and person is not null and millis is not null as is_used
  from read_events
),
marked as (
  select
    *, case when is_used and kind <> 'active'
      then lag(kind) over (partition by person, is_used and kind <> 'active' order by millis, record) end as before
  from judged
),
lives as (
  -- A sign-up told twice (by the API call and by its own event) begins one life; one after a deletion begins another.
  select
    *, 1 + count(*) filter (where is_used and kind = 'opened' and before = 'closed')
      over (partition by person order by millis, record rows between unbounded preceding and current row) as life
  from marked
),
folded as (
  select
    *,
    row_number() over (partition by person, life, is_used order by millis, record) as nth,
    min(millis) filter (where is_used and kind = 'opened') over (partition by person, life) as opened,
    min(millis) filter (where is_used and kind = 'closed') over (partition by person, life) as closed,
    -- A call by staff is no sign of life of the person.
    max(millis) filter (where is_used and kind in ('opened', 'active') and type <> 'sapi') over (partition by person, life) as active,
    max(strategy) filter (where is_used and kind = 'opened') over (partition by person, life) as made_by
  from lives
)
select
  f.record,
  case
    when f.is_repeat then 'repeated_event'
    when not f.is_wanted then f.kind
    when f.is_used and f.nth > 1 then 'folded'
  end as left_out,
  case when f.is_wanted and f.person is null then 'missing' when f.is_wanted and f.millis is null then 'not_decodable' end as broken,
  f.person as account_id,
  from_millis(cast(f.opened as varchar)) as opened_at,
  from_millis(cast(f.closed as varchar)) as closed_at,
  from_millis(cast(f.active as varchar)) as last_active_at,
  coalesce(m.word, f.made_by) as sign_up_method
from folded f
left join map_method m on m.given = f.made_by
