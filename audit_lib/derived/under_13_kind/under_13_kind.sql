-- Each kind of signal of an account once, whatever its weight, with what the reviews of the account say about it.
-- One row per account and kind of signal.
with kind as (
  select
    account_no,
    signal,
    min(noticed_day) as first_day,
    max(noticed_second) as newest_second,
    max(noticed_day) as newest_day
  from under_13_found
  group by account_no, signal
)
select
  k.account_no,
  k.signal,
  k.first_day,
  k.newest_second,
  k.newest_day,
  case
    when r.decision = 'confirmed_under_13' then 'confirmed_under_13'
    when r.decision = 'cleared' and r.decided_second >= k.newest_second then 'cleared'
    when r.is_open = true then 'open'
    else 'none'
  end as review
from kind k
left join under_13_review r on r.account_no = k.account_no
