-- Items: unbroken opt-outs of marketing; the wait to the last marketing message while the opt-out is followed and no new grant was
-- made: over, or still running at as of. on_day = the day of the opt-out. GDPR Art. 21(3).
with judged as (
  select
    f.event_no,
    f.account_no,
    f.purpose,
    f.country,
    f.method,
    f.opted_out_day,
    f.last_message_day,
    w.as_of_day,
    case
      when f.subject_no is null then 'no_subject'
      when f.last_day >= w.as_of_day then 'still_followed'
      when f.last_message_day is not null then 'went_on'
      when f.is_log_whole = false then 'before_log'
      else 'stopped_at_once'
    end as reason
  from followed_opt_out f
  join period w on 1 = 1
)
select
  event_no as item_id,
  account_no,
  opted_out_day as on_day,
  case
    when reason in ('stopped_at_once', 'went_on') then true
    when reason = 'still_followed' then false
    else cast(null as boolean)
  end as is_exception,
  case
    when reason = 'stopped_at_once' then 0
    when reason = 'went_on' then last_message_day - opted_out_day
    when reason = 'still_followed' then as_of_day - 1 - opted_out_day
  end as value,
  reason,
  method as group_method,
  purpose as group_purpose,
  country as group_country
from judged
