-- The last day on which a duty that binds the controller keeps a record; of several the longest.
-- The exports lack the start that duties name (end of the financial year, date of the invoice): the day of collection stands in.
-- One row per stored record of a known account that such a duty covers, whether the account is open or closed.
select
  r.record_no,
  max(
    case
      when b.starts = 'calendar_year_end' then e.last_day
      when e.first_day + s.day_of_month - 1 > e.last_day then e.last_day
      else e.first_day + s.day_of_month - 1
    end
  ) as duty_last_day
from stg_stored_records r
join stg_accounts a on a.account_no = r.account_no
join param_duty d on d.country = a.country and d.data_category = r.data_category
join stg_retention_duty b on b.duty_id = d.duty_id and b.country = d.country
join ref_day s on s.day = r.collected_day
join ref_month m on m.month_no = s.month_no
join ref_month e
  on e.month_no = case when b.starts = 'calendar_year_end' then m.december_month_no else s.month_no end + b.amount_months
group by r.record_no
