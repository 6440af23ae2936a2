-- Items: records still stored at as of, of the categories that need an account. on_day = the last day before as of.
select
  r.record_no as item_id,
  r.account_no,
  w.as_of_day - 1 as on_day,
  case when a.account_no is null then true else false end as is_exception,
  cast(null as integer) as value,
  case when a.account_no is null then 'orphan' else 'owned' end as reason,
  r.data_category as group_data_category,
  r.system as group_system,
  case
    when r.account_no is null then 'no account named'
    when a.account_no is null then 'account not in the export'
    else 'account'
  end as group_owner
from stg_stored_records r
join param_account_category c on c.data_category = r.data_category
join period w on 1 = 1
left join stg_accounts a on a.account_no = r.account_no
where r.deleted_second is null
