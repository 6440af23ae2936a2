-- Items: device and day on which the age gate refused a birth date (known by the day's first refusal), and whether the same
-- device got in soon after with a date of 13 or over. on_day = the day of refusal + 1, or the later day on which the time that
-- counts ends: the night of a clock change, or a longer time set by the criteria. A refusal without a device stands by itself.
with turned_away as (
  select
    declaration_no,
    device_no,
    declared_second,
    declared_day,
    source
  from stg_birth_date_declarations
  where accepted = false
),
-- Whatever date got in says 13 or over, be it credible or not: birth years before 1900 pass a gate like any other.
let_in as (
  select
    d.declaration_no,
    d.device_no,
    d.account_no,
    d.declared_second,
    row_number() over (partition by d.device_no, d.declared_second order by d.declaration_no) as place
  from stg_birth_date_declarations d
  left join thirteenth_birthday t on t.birth_day = d.birth_day
  where d.accepted = true
    and d.device_no is not null
    and (d.birth_day < -25567 or t.turns_13_day <= d.declared_day)
),
step as (
  select device_no, declared_second, declaration_no, declared_day, 0 as is_let_in
  from turned_away
  where device_no is not null
  union all
  select device_no, declared_second, declaration_no, cast(null as integer) as declared_day, 1 as is_let_in
  from let_in
),
-- The first time the device got in at or after each step: reading backwards, the last one seen.
looked_ahead as (
  select
    device_no,
    declared_second,
    declaration_no,
    declared_day,
    is_let_in,
    min(case when is_let_in = 1 then declared_second end) over (
      partition by device_no order by declared_second desc, is_let_in desc, declaration_no
      rows between unbounded preceding and current row
    ) as got_in_second
  from step
),
-- Of a day's refusals those soon after which the device got in; the first entry, and the last refusal before it.
bypassed as (
  select
    l.device_no,
    l.declared_day,
    l.got_in_second,
    l.got_in_second - l.declared_second as seconds,
    row_number() over (
      partition by l.device_no, l.declared_day order by l.got_in_second, l.declared_second desc, l.declaration_no
    ) as place
  from looked_ahead l
  join parameter p on 1 = 1
  where l.is_let_in = 0
    and l.got_in_second <= l.declared_second + p.age_gate_seconds
),
refusal as (
  select
    declaration_no,
    device_no,
    declared_day,
    source,
    row_number() over (partition by device_no, declared_day order by declared_second, declaration_no) as place
  from turned_away
),
-- The day in which the time that counts ends for the last second of a day with a refusal: of all days that had begun by then the last.
mark as (
  select r.first_second as at_second, 0 as is_end, r.day as mark_no, r.day as begun_day, cast(null as integer) as refused_day
  from ref_day r
  union all
  select
    n.first_second - 1 + p.age_gate_seconds as at_second,
    1 as is_end,
    n.day as mark_no,
    cast(null as integer) as begun_day,
    r.declared_day as refused_day
  from (select declared_day from turned_away group by declared_day) r
  join ref_day n on n.day = r.declared_day + 1
  join parameter p on 1 = 1
),
window_end as (
  select
    refused_day,
    max(begun_day) over (order by at_second, is_end, mark_no rows between unbounded preceding and current row) as end_day
  from mark
)
select
  r.declaration_no as item_id,
  e.account_no,
  case
    when r.device_no is null then r.declared_day
    when w.end_day > r.declared_day + 1 then w.end_day
    else r.declared_day + 1
  end as on_day,
  case
    when r.device_no is null then cast(null as boolean)
    when b.seconds is not null then true
    else false
  end as is_exception,
  b.seconds as value,
  case
    when r.device_no is null then 'no_device'
    when b.seconds is not null then 'bypassed'
    else 'held'
  end as reason,
  r.source as group_source
from refusal r
left join bypassed b on b.device_no = r.device_no and b.declared_day = r.declared_day and b.place = 1
left join let_in e on e.device_no = b.device_no and e.declared_second = b.got_in_second and e.place = 1
left join window_end w on w.refused_day = r.declared_day
where r.device_no is null
  or r.place = 1
