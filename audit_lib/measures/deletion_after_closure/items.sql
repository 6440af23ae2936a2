-- Items: records of closed accounts whose due day has come. on_day = the due day.
select
  d.record_no as item_id,
  d.account_no,
  d.due_day as on_day,
  case
    when d.deleted_day <= d.due_day then false
    when d.are_holds_known = false then cast(null as boolean)
    else true
  end as is_exception,
  case
    when d.deleted_day <= d.due_day then 0
    when d.deleted_day is not null then d.deleted_day - d.due_day
    else w.as_of_day - d.due_day
  end as value,
  case
    when d.deleted_day <= d.due_day then 'on_time'
    when d.are_holds_known = false then 'before_log'
    when d.deleted_day is not null then 'late'
    else 'still_stored'
  end as reason,
  d.data_category as group_data_category,
  d.system as group_system,
  d.country as group_country
from record_due d
join period w on 1 = 1
where d.due_day is not null
