-- The score of an account. A kind of signal without weight counts nowhere: neither in the score nor as the newest signal.
-- One row per account with a signal that has weight.
select
  k.account_no,
  sum(g.weight) as score,
  min(g.strength) as strongest,
  min(k.first_day) as first_day,
  max(k.newest_second) as newest_second,
  max(k.newest_day) as newest_day
from under_13_kind k
join under_13_weight g on g.signal = k.signal
where g.weight >= 1
group by k.account_no
