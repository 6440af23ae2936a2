-- Items: events for a purpose based on consent, of persons in its scope on that day. on_day = the day of the event.
with answered as (
  select
    e.event_no,
    e.account_no,
    e.subject_no,
    e.purpose_no,
    e.occurred_second,
    e.occurred_day,
    e.purpose,
    e.country,
    e.channel,
    c.strictness,
    c.ends_second,
    c.is_account_unknown,
    -- Most events have an answer: only the others look up their account and the weaker records.
    case when c.subject_no is null then e.account_no end as asked_account_no,
    case when c.subject_no is null then e.subject_no end as asked_subject_no
  from event_needing_consent e
  left join consent_answer c
    on c.subject_no = e.subject_no
    and c.purpose_no = e.purpose_no
    and c.at_second <= e.occurred_second
    and c.next_second > e.occurred_second
),
judged as (
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
      when e.asked_account_no is not null and a.account_no is null then 'unknown_account'
      when e.country is null then 'unknown_country'
      when e.strictness = 1 and e.ends_second > e.occurred_second then 'covered'
      when e.strictness = 4 then 'withdrawn'
      when e.strictness = 3 then 'refused'
      when e.strictness is not null then 'expired'
      when k.covers_from_day is null or k.covers_from_day > coalesce(a.opened_day, -719162) then 'before_log'
      when w.first_use_second <= e.occurred_second then 'use_only'
      when w.first_import_second <= e.occurred_second then 'import_only'
      when w.first_asked_second <= e.occurred_second then 'no_answer'
      else 'never_asked'
    end as reason
  from answered e
  left join stg_accounts a on a.account_no = e.asked_account_no
  left join weak_consent w on w.subject_no = e.asked_subject_no and w.purpose_no = e.purpose_no
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
