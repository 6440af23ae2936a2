-- Items: acts of processing. on_day = the day of the event. GDPR Art. 5(1)(b), 6(1), 13(1)(c).
-- A purpose, and a pair of purpose and basis, stands once in its list: the joins give every event once.
with judged as (
  select
    e.event_no,
    e.account_no,
    e.occurred_day,
    e.purpose,
    e.legal_basis,
    e.system,
    coalesce(e.country, a.country) as country,
    case
      when u.purpose is null then 'undeclared_purpose'
      when e.legal_basis is null then 'no_basis'
      when b.legal_basis is null then 'other_basis'
      else 'declared'
    end as reason
  from stg_processing_events e
  left join stg_accounts a on a.account_no = e.account_no
  left join param_purpose u on u.purpose = e.purpose
  left join param_purpose_basis b on b.purpose = e.purpose and b.legal_basis = e.legal_basis
)
select
  event_no as item_id,
  account_no,
  occurred_day as on_day,
  case when reason = 'declared' then false else true end as is_exception,
  cast(null as integer) as value,
  reason,
  purpose as group_purpose,
  legal_basis as group_legal_basis,
  system as group_system,
  country as group_country
from judged
