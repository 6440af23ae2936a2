-- Items: withdrawals of consent to a purpose based on it. on_day = the last day on which a withdrawal is followed; the day of the
-- withdrawal where it names nobody. GDPR Art. 7(3).
with judged as (
  select
    event_no,
    account_no,
    purpose,
    country,
    method,
    withdrawn_day,
    last_day,
    events,
    case
      when subject_no is null then 'no_subject'
      when events > 0 then 'not_respected'
      when is_log_whole = false then 'before_log'
      else 'respected'
    end as reason
  from followed_withdrawal
)
select
  event_no as item_id,
  account_no,
  case when reason = 'no_subject' then withdrawn_day else last_day end as on_day,
  case
    when reason = 'not_respected' then true
    when reason = 'respected' then false
    else cast(null as boolean)
  end as is_exception,
  case when reason in ('not_respected', 'respected') then events end as value,
  reason,
  purpose as group_purpose,
  country as group_country,
  method as group_method
from judged
