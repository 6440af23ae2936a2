-- Events for a purpose based on consent, of persons in its scope on that day (the event's country, else the account's), with
-- what is known of the account. One row per such event; one without any country stays in, since it may be in scope.
select
  e.event_no,
  e.account_no,
  e.subject_no,
  a.opened_day,
  e.purpose_no,
  e.purpose,
  e.occurred_second,
  e.occurred_day,
  e.channel,
  e.country,
  case when e.account_no is not null and a.account_no is null then true else false end as is_account_unknown
from event_needing_consent e
left join stg_accounts a on a.account_no = e.account_no
