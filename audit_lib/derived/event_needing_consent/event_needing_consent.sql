-- Events for a purpose based on consent, of persons in its scope on that day (the event's country, else the account's).
-- One row per such event; one without any country stays in, since it may be in scope.
with may_be_in_scope as (
  -- Most events name a country: those outside the scope go before anything is joined to them, and no account is looked up.
  select
    e.event_no,
    e.account_no,
    e.device_no,
    u.purpose_no,
    e.purpose,
    e.occurred_second,
    e.occurred_day,
    e.channel,
    e.country,
    case when e.country is null then e.account_no end as asked_account_no
  from stg_processing_events e
  join param_purpose u on u.purpose = e.purpose and u.is_consent_based = true
  join parameter p on 1 = 1
  left join ref_area s on s.area = p.consent_scope and s.country = e.country and e.occurred_day between s.first_day and s.last_day
  where s.country is not null
    or e.country is null
)
select
  e.event_no,
  e.account_no,
  coalesce(e.account_no, e.device_no) as subject_no,
  e.purpose_no,
  e.purpose,
  e.occurred_second,
  e.occurred_day,
  e.channel,
  coalesce(e.country, a.country) as country
from may_be_in_scope e
join parameter p on 1 = 1
left join stg_accounts a on a.account_no = e.asked_account_no
left join ref_area s on s.area = p.consent_scope and s.country = a.country and e.occurred_day between s.first_day and s.last_day
where e.country is not null
  or s.country is not null
  or a.country is null
