-- Field that a system stores or a recipient is sent: a register, as known at extraction.
select
  field_no,
  system,
  recipient_no,
  field_name,
  data_category,
  precision,
  first_seen_day
from field_inventory
