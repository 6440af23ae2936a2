-- The transfer tools agreed with each recipient, and the days on which each really held: both its own dates and those of the
-- decision, approval or clause version behind it. GDPR Art. 45-47; one row per row of recipient_tools.
-- first_day after last_day: it never held (a clause version signed on a day when it could not be used, an unknown reference).
with referenced as (
  select
    t.recipient_tool_no,
    t.recipient_no,
    t.transfer_tool as kind,
    t.valid_from_day,
    coalesce(t.valid_to_day, 2932896) as valid_to_day,
    g.country,
    case
      when t.transfer_tool = 'adequacy' then g.first_day
      when t.transfer_tool = 'bcr' then b.first_day
      when t.transfer_tool = 'scc' and t.valid_from_day between s.first_day and s.last_signing_day then s.first_day
    end as ground_first_day,
    case
      when t.transfer_tool = 'adequacy' then g.last_day
      when t.transfer_tool = 'bcr' then b.last_day
      when t.transfer_tool = 'scc' then s.last_reliance_day
    end as ground_last_day,
    case
      when t.transfer_tool = 'adequacy' and g.programme is not null then 1
      when t.transfer_tool = 'bcr' and b.bcr_id is not null then 1
      when t.transfer_tool = 'scc' and s.version_id is not null then 1
      else 0
    end as is_known,
    case when g.verified = false or b.verified = false or s.verified = false then 1 else 0 end as is_unverified
  from stg_recipient_tools t
  join parameter p on 1 = 1
  left join ref_programme g on g.programme = t.tool_reference
  left join ref_bcr b on b.bcr_id = t.tool_reference and b.area = p.destination_scope
  left join ref_scc s on s.version_id = t.tool_reference
)
select
  recipient_tool_no,
  recipient_no,
  kind,
  country,
  valid_from_day,
  is_known,
  is_unverified,
  case
    when ground_first_day is null then 2932896
    when ground_first_day > valid_from_day then ground_first_day
    else valid_from_day
  end as first_day,
  case
    when ground_first_day is null then -719162
    when ground_last_day < valid_to_day then ground_last_day
    else valid_to_day
  end as last_day
from referenced
