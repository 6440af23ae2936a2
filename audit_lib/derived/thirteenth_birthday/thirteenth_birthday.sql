-- The day on which a person born on a day turns 13. A 29 February birthday completes on 1 March in common years.
select
  b.day as birth_day,
  case
    when m.first_day + b.day_of_month - 1 > m.last_day then m.last_day + 1
    else m.first_day + b.day_of_month - 1
  end as turns_13_day
from ref_day b
join ref_month m on m.month_no = b.month_no + 156
