-- Items: kinds of signals that the holder of an open account is under 13, each once for its account, whatever its weight.
-- on_day = the day on which the kind was first noticed.
select
  k.account_no || '-' || k.signal as item_id,
  k.account_no,
  k.first_day as on_day,
  false as is_exception,
  cast(null as integer) as value,
  case when c.covers_from_day is null or c.covers_from_day > a.opened_day then 'before_log' else 'noticed' end as reason,
  1 as sum_signals,
  case when k.review = 'cleared' then 1 else 0 end as sum_cleared,
  case when k.review = 'confirmed_under_13' then 1 else 0 end as sum_confirmed,
  k.signal as group_signal,
  a.country as group_country
from under_13_kind k
join stg_accounts a on a.account_no = k.account_no
left join coverage c on c.table_name = 'birth_date_declarations'
where a.closed_second is null
