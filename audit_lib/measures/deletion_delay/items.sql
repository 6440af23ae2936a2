-- Items: records stored at the end of the relationship and due by their plain day (no duty, no hold); the wait from that end to the
-- deletion, ended or still running at as of. on_day = the closing day.
select
  d.record_no as item_id,
  d.account_no,
  d.end_day as on_day,
  case
    when d.are_holds_known = false then cast(null as boolean)
    when d.deleted_day is not null then true
    else false
  end as is_exception,
  case
    when d.are_holds_known = false then cast(null as integer)
    when d.deleted_day is not null then d.deleted_day - d.end_day
    else w.as_of_day - 1 - d.end_day
  end as value,
  case
    when d.are_holds_known = false then 'before_log'
    when d.deleted_day is not null then 'deleted'
    else 'still_stored'
  end as reason,
  d.data_category as group_data_category,
  d.system as group_system,
  d.country as group_country
from record_due d
join period w on 1 = 1
where d.basis = 'plain'
  and d.is_collected_later = false
