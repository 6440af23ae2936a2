-- Items: events for a purpose based on consent, of persons in its scope on that day. on_day = the day of the event.
with judged as (
  select
    e.event_no,
    e.account_no,
    e.occurred_day,
    e.purpose,
    e.country,
    e.channel,
    case
      when e.subject_no is null then 'no_subject'
      when e.is_account_unknown = true then 'unknown_account'
      when e.country is null then 'unknown_country'
      when c.state = 'given' then 'covered'
      when c.state in ('withdrawn', 'refused', 'expired') then c.state
      when k.covers_from_day is null or k.covers_from_day > coalesce(e.opened_day, -719162) then 'before_log'
      when w.first_use_second <= e.occurred_second then 'use_only'
      when w.first_import_second <= e.occurred_second then 'import_only'
      when w.first_asked_second <= e.occurred_second then 'no_answer'
      else 'never_asked'
    end as reason
  from consent_based_event e
  left join consent_spans c
    on c.subject_no = e.subject_no
    and c.purpose_no = e.purpose_no
    and c.from_second <= e.occurred_second
    and c.to_second > e.occurred_second
  left join weak_consent w on w.subject_no = e.subject_no and w.purpose_no = e.purpose_no
  left join coverage k on k.table_name = 'consent_events'
)
select
  event_no as item_id,
  account_no,
  occurred_day as on_day,
  case
    when reason = 'covered' then false
    when reason in ('no_subject', 'unknown_account', 'unknown_country', 'before_log') then cast(null as boolean)
    else true
  end as is_exception,
  cast(null as integer) as value,
  reason,
  purpose as group_purpose,
  country as group_country,
  channel as group_channel
from judged
