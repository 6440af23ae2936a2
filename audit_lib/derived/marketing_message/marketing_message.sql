-- Marketing messages: events by e-mail or push for a purpose marked is_marketing (service messages are not), with somebody they went
-- to. One row per message; country of the event, else of the account.
select
  e.event_no,
  e.account_no,
  coalesce(e.account_no, e.device_no) as subject_no,
  a.opened_day,
  u.purpose_no,
  e.purpose,
  e.channel,
  coalesce(e.country, a.country) as country,
  e.occurred_second,
  e.occurred_day
from stg_processing_events e
join param_purpose u on u.purpose = e.purpose and u.is_marketing = true
left join stg_accounts a on a.account_no = e.account_no
where e.channel in ('email', 'push')
  and coalesce(e.account_no, e.device_no) is not null
