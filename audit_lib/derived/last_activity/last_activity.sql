-- The day on which each account was last known to be active: last_active_at, else its newest processing event, else its opening.
-- last_active_at is overwritten by the system; one at or after as of is staged as the day before it, so the account was active.
-- One row per account, open or closed.
with without_instant as (
  -- Most accounts have the instant: events of theirs go before anything is grouped.
  select account_no
  from stg_accounts
  where last_active_day is null
),
processed as (
  select
    e.account_no,
    max(e.occurred_day) as last_day
  from stg_processing_events e
  join without_instant u on u.account_no = e.account_no
  group by e.account_no
)
select
  a.account_no,
  coalesce(a.last_active_day, p.last_day, a.opened_day) as last_day,
  case
    when a.last_active_day is not null then 'activity'
    when p.last_day is not null then 'processing'
    else 'opening'
  end as known_by
from stg_accounts a
left join processed p on p.account_no = a.account_no
