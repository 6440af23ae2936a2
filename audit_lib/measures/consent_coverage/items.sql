-- Items: events for a purpose based on consent, of persons in its scope on that day. on_day = the day of the event.
with judged as (
  select
    e.event_no,
    e.account_no,
    e.occurred_day,
    e.purpose,
    coalesce(e.country, a.country) as country,
    e.channel,
    case
      when e.account_no is null and e.device_no is null then 'no_subject'
      when e.account_no is not null and a.account_no is null then 'unknown_account'
      when e.country is null and a.country is null then 'unknown_country'
      when c.state = 'given' then 'covered'
      when c.state in ('withdrawn', 'refused', 'expired') then c.state
      when k.covers_from_day is null or k.covers_from_day > coalesce(a.opened_day, -719162) then 'before_log'
      when c.state is not null then c.state
      else 'never_asked'
    end as reason
  from stg_processing_events e
  join param_purpose u on u.purpose = e.purpose and u.is_consent_based = true
  join parameter p on 1 = 1
  left join stg_accounts a on a.account_no = e.account_no
  left join ref_area s
    on s.area = p.consent_scope
    and s.country = coalesce(e.country, a.country)
    and e.occurred_day between s.first_day and s.last_day
  left join consent_spans c
    on c.subject_no = coalesce(e.account_no, e.device_no)
    and c.purpose = e.purpose
    and c.from_second <= e.occurred_second
    and c.to_second > e.occurred_second
  left join coverage k on k.table_name = 'consent_events'
  where s.country is not null
    or (e.country is null and a.country is null)
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
