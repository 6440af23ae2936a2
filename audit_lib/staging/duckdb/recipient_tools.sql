-- Transfer tool agreed with a recipient: a register, as known at extraction.
select
  recipient_tool_no,
  recipient_no,
  transfer_tool,
  tool_reference,
  valid_from_day,
  valid_to_day
from recipient_tools
