-- Items: records of closed accounts still stored at as of. on_day = the last day before as of.
with judged as (
  select
    d.record_no,
    d.account_no,
    d.data_category,
    d.system,
    d.country,
    d.due_day,
    d.basis,
    w.as_of_day,
    case
      when d.due_day < w.as_of_day and d.are_holds_known = false then 'before_log'
      when d.due_day < w.as_of_day then 'overdue'
      when d.basis = 'hold' then 'legal_hold'
      when d.basis = 'duty' then 'legal_duty'
      else 'not_yet_due'
    end as reason
  from record_due d
  join period w on 1 = 1
  where d.deleted_day is null
)
select
  record_no as item_id,
  account_no,
  as_of_day - 1 as on_day,
  case
    when reason = 'before_log' then cast(null as boolean)
    when reason = 'overdue' then true
    else false
  end as is_exception,
  case when reason = 'overdue' then as_of_day - due_day end as value,
  reason,
  data_category as group_data_category,
  system as group_system,
  country as group_country,
  case
    when reason <> 'overdue' then 'not overdue'
    when as_of_day - due_day <= 30 then '1 to 30 days'
    when as_of_day - due_day <= 90 then '31 to 90 days'
    when as_of_day - due_day <= 365 then '91 to 365 days'
    else 'over 365 days'
  end as group_overdue_since
from judged
