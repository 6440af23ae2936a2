-- Items: requests received, by what became of them; value: the seconds from receipt to closing. on_day = the day of receipt.
-- Cal. Code Regs. tit. 11 § 7102(a) (the counts, median and mean by type of request), § 7101 (the register they come from).
with answered as (
  select
    c.request_no,
    c.account_no,
    coalesce(c.received_day, c.first_day) as on_day,
    r.right_requested,
    case when r.country is not null then r.country else a.country end as country,
    case when r.country is not null then r.region else a.region end as region,
    case when r.closed_second >= r.received_second then r.closed_second - r.received_second end as seconds,
    case
      when r.closed_second is null and r.outcome is null then 'open'
      when r.closed_second is null then 'not recorded'
      when r.outcome = 'fulfilled' then 'complied'
      when r.outcome = 'fulfilled_in_part' then 'complied in part'
      when r.outcome = 'refused' then 'denied'
      when r.outcome in ('withdrawn', 'duplicate') then r.outcome
      else 'not recorded'
    end as outcome
  from request_clock c
  join stg_rights_requests r on r.request_no = c.request_no
  left join stg_accounts a on a.account_no = c.account_no
)
select
  q.request_no as item_id,
  q.account_no,
  q.on_day,
  false as is_exception,
  q.seconds as value,
  case
    when q.outcome in ('complied', 'complied in part', 'denied', 'open') then 'accounted_for'
    else 'not_accounted_for'
  end as reason,
  coalesce(w.law_word, 'other') as group_request_type,
  case
    when q.country is null then 'unknown'
    when q.country <> 'US' then 'elsewhere'
    when q.region is null then 'unknown'
    when q.region = 'CA' then 'California'
    else 'elsewhere'
  end as group_resident,
  q.outcome as group_outcome,
  q.right_requested as group_right_requested
from answered q
left join ref_right_word w on w.right_requested = q.right_requested and w.regime = 'CCPA'
