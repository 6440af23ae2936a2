-- Items: accounts with a birth date that are open, or of which a record is still stored. on_day = the last day before as of.
with still_stored as (
  select a.account_no
  from stg_accounts a
  join stg_stored_records r on r.account_no = a.account_no
  where a.closed_second is not null
    and r.deleted_second is null
  group by a.account_no
),
aged as (
  select
    a.account_no,
    a.country,
    a.opened_day,
    w.as_of_day,
    t.turns_13_day,
    case when a.closed_second is null then 'open' else 'record_still_stored' end as holding,
    case
      when b.why_not_credible is not null then b.why_not_credible
      when k.covers_from_day is null or k.covers_from_day > a.opened_day then 'before_log'
      when a.opened_day >= t.turns_13_day then 'of_age'
      when t.turns_13_day >= w.as_of_day then 'under_13_now'
      else 'under_13_at_sign_up'
    end as reason,
    o.month_no - n.month_no - case when o.day_of_month < n.day_of_month then 1 else 0 end as months
  from birth_dates b
  join stg_accounts a on a.account_no = b.account_no
  join period w on 1 = 1
  left join thirteenth_birthday t on t.birth_day = b.birth_day
  left join ref_day n on n.day = b.birth_day
  left join ref_day o on o.day = a.opened_day
  left join still_stored r on r.account_no = a.account_no
  left join coverage k on k.table_name = 'birth_date_declarations'
  where a.closed_second is null
    or r.account_no is not null
)
select
  g.account_no as item_id,
  g.account_no,
  g.as_of_day - 1 as on_day,
  case
    when g.reason in ('after_opening', 'before_1900', 'default_date', 'before_log') then cast(null as boolean)
    when g.reason = 'of_age' then false
    else true
  end as is_exception,
  case
    when g.reason in ('after_opening', 'before_1900', 'default_date') then cast(null as integer)
    else y.years
  end as value,
  g.reason,
  g.holding as group_holding,
  g.country as group_country
from aged g
left join ref_age y on y.months = g.months
