-- Items: erasure requests closed as fulfilled; what is left of the person's records some days later. on_day = closing day + those
-- days; the day it came in where it cannot be judged. GDPR Art. 17, 19.
with fulfilled as (
  select
    q.request_no,
    q.account_no,
    q.first_day,
    q.closed_second,
    q.closed_day + p.erasure_days as judged_day,
    q.channel,
    coalesce(q.country, a.country) as country,
    -- Of an account that is not in the export nobody knows the opening: logs must then reach back to the beginning.
    coalesce(a.opened_day, -719162) as opened_day
  from stg_rights_requests q
  join parameter p on 1 = 1
  left join stg_accounts a on a.account_no = q.account_no
  where q.right_requested = 'erasure'
    and q.outcome = 'fulfilled'
    and q.is_test = false
),
-- What had been collected before the closing, was still stored at the end of the day, and no duty kept.
unkept as (
  select
    q.request_no,
    q.account_no,
    q.judged_day,
    r.record_no,
    r.data_category
  from fulfilled q
  join stg_stored_records r on r.account_no = q.account_no
  left join record_duty u on u.record_no = r.record_no
  where r.collected_second < q.closed_second
    and (r.deleted_day is null or r.deleted_day > q.judged_day)
    and (u.duty_last_day is null or u.duty_last_day < q.judged_day)
),
-- A hold counts from the day it begins or, if that is later, from the day it was recorded.
held as (
  select
    c.request_no,
    c.record_no
  from unkept c
  join stg_legal_holds h on h.account_no = c.account_no
  where (h.data_category is null or h.data_category = c.data_category)
    and h.starts_day <= c.judged_day
    and (h.recorded_day is null or h.recorded_day <= c.judged_day)
    and (h.ends_day is null or h.ends_day >= c.judged_day)
  group by c.request_no, c.record_no
),
left_behind as (
  select
    c.request_no,
    count(*) as records
  from unkept c
  left join held h on h.request_no = c.request_no and h.record_no = c.record_no
  where h.record_no is null
  group by c.request_no
),
judged as (
  select
    q.request_no,
    q.account_no,
    q.first_day,
    q.judged_day,
    q.country,
    q.channel,
    coalesce(b.records, 0) as records,
    case
      when q.account_no is null then 'no_account'
      when q.closed_second is null then 'closing_unknown'
      when b.records is null and s.covers_from_day > q.opened_day then 'before_log'
      -- An export without a single record, not even a deleted one, does not show that anything was erased.
      when b.records is null and s.rows = 0 then 'before_log'
      when b.records is null then 'complete'
      when k.covers_from_day is null or k.covers_from_day > q.opened_day then 'before_log'
      else 'left_behind'
    end as reason
  from fulfilled q
  left join left_behind b on b.request_no = q.request_no
  left join coverage k on k.table_name = 'legal_holds'
  left join coverage s on s.table_name = 'stored_records'
)
select
  request_no as item_id,
  account_no,
  case when reason in ('no_account', 'closing_unknown') then first_day else judged_day end as on_day,
  case
    when reason = 'complete' then false
    when reason = 'left_behind' then true
    else cast(null as boolean)
  end as is_exception,
  case when reason in ('complete', 'left_behind') then records end as value,
  reason,
  country as group_country,
  channel as group_channel
from judged
