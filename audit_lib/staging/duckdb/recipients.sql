-- Recipient in the controller's register: a register, as known at extraction.
select
  recipient_no,
  name,
  recipient_type,
  country,
  registered_day,
  contract_from_day,
  contract_to_day,
  coalesce(direct_marketing, false) as direct_marketing
from recipients
