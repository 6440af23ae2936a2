-- Items: withdrawals of consent to a purpose based on it; the wait to the last event for the purpose while the withdrawal is followed
-- and no new grant was made: over, or still running at as of. on_day = the day of the withdrawal. GDPR Art. 7(3).
with judged as (
  select
    f.event_no,
    f.account_no,
    f.purpose,
    f.method,
    f.withdrawn_day,
    f.last_event_day,
    w.as_of_day,
    case
      when f.subject_no is null then 'no_subject'
      when f.last_day >= w.as_of_day then 'still_followed'
      when f.last_event_day is not null then 'went_on'
      when f.is_log_whole = false then 'before_log'
      else 'stopped_at_once'
    end as reason
  from followed_withdrawal f
  join period w on 1 = 1
)
select
  event_no as item_id,
  account_no,
  withdrawn_day as on_day,
  case
    when reason in ('stopped_at_once', 'went_on') then true
    when reason = 'still_followed' then false
    else cast(null as boolean)
  end as is_exception,
  case
    when reason = 'stopped_at_once' then 0
    when reason = 'went_on' then last_event_day - withdrawn_day
    when reason = 'still_followed' then as_of_day - 1 - withdrawn_day
  end as value,
  reason,
  method as group_method,
  purpose as group_purpose
from judged
