-- Items: unbroken opt-outs of marketing. on_day = the last day on which an opt-out is followed; its own day where it names nobody.
-- GDPR Art. 21(3); 15 U.S.C. s.7704(a)(4); CASL s.11.
with judged as (
  select
    event_no,
    account_no,
    purpose,
    country,
    method,
    opted_out_day,
    last_day,
    messages,
    case
      when subject_no is null then 'no_subject'
      when messages > 0 then 'not_honoured'
      when is_log_whole = false then 'before_log'
      else 'honoured'
    end as reason
  from followed_opt_out
)
select
  event_no as item_id,
  account_no,
  case when reason = 'no_subject' then opted_out_day else last_day end as on_day,
  case
    when reason = 'not_honoured' then true
    when reason = 'honoured' then false
    else cast(null as boolean)
  end as is_exception,
  case when reason in ('not_honoured', 'honoured') then messages end as value,
  reason,
  purpose as group_purpose,
  country as group_country,
  method as group_method
from judged
