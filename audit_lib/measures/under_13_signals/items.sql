-- Items: open accounts, with the score of the signals that the holder is under 13. on_day = the last day before as of.
-- A signal is a reason to look. A review clears an account until a newer signal comes; a confirmation never does.
with judged as (
  select
    a.account_no,
    a.country,
    w.as_of_day - 1 as on_day,
    coalesce(s.score, 0) as score,
    s.strongest,
    case when k.covers_from_day is null or k.covers_from_day > a.opened_day then 1 else 0 end as is_before_log,
    case
      when r.decision = 'confirmed_under_13' then 'confirmed_under_13'
      when r.decision = 'cleared' and (s.newest_second is null or r.decided_second >= s.newest_second) then 'cleared'
      when r.is_open = true then 'open'
      else 'none'
    end as review
  from stg_accounts a
  join period w on 1 = 1
  left join under_13_score s on s.account_no = a.account_no
  left join under_13_review r on r.account_no = a.account_no
  left join coverage k on k.table_name = 'birth_date_declarations'
  where a.closed_second is null
)
select
  j.account_no as item_id,
  j.account_no,
  j.on_day,
  case
    when j.score >= 1 and j.review = 'cleared' then false
    when j.score >= 1 then true
    when j.is_before_log = 1 then cast(null as boolean)
    else false
  end as is_exception,
  j.score as value,
  case
    when j.score >= 1 then g.signal
    when j.is_before_log = 1 then 'before_log'
    else 'none'
  end as reason,
  case when j.score >= 1 and j.review = 'cleared' then 'yes' else 'no' end as group_cleared,
  j.review as group_review,
  j.country as group_country
from judged j
left join under_13_weight g on g.strength = j.strongest
