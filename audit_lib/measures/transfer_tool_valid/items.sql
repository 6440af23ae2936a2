-- Items: transfers out of the EEA to a third country. on_day = the day of the transfer.
-- A transfer that names a tool is judged by that kind alone; one that names none, by all kinds.
with looked as (
  select
    t.transfer_no,
    t.occurred_day,
    t.origin_country,
    t.destination_country,
    t.recipient_no,
    t.recipient_type,
    t.data_category,
    t.transfer_tool,
    case when t.transfer_tool in ('consent', 'contract', 'derogation') then 1 else 0 end as is_derogation,
    case
      when t.transfer_tool in ('adequacy', 'bcr', 'scc', 'consent', 'contract', 'derogation') then t.transfer_tool
      else 'any'
    end as kind_looked_at
  from third_country_transfer t
),
-- Every tool of the recipient that is looked at: whether it is for this recipient and destination, whether it held on the day.
tool as (
  select
    t.transfer_no,
    h.kind,
    case when h.kind = t.transfer_tool then 1 else 0 end as is_named_kind,
    case
      when h.is_known = 0 then 0
      when h.kind = 'adequacy' and h.country <> t.destination_country then 0
      when h.kind = 'bcr' and (t.recipient_type is null or t.recipient_type <> 'group_company') then 0
      else 1
    end as is_for_recipient,
    case when t.occurred_day between h.first_day and h.last_day then 1 else 0 end as has_held,
    case when h.valid_from_day <= t.occurred_day then 1 else 0 end as has_begun,
    h.is_unverified
  from looked t
  join held_tool h on h.recipient_no = t.recipient_no
  where t.kind_looked_at in ('any', h.kind)
),
held as (
  select
    transfer_no,
    max(is_named_kind) as has_named_kind,
    max(case when kind = 'adequacy' and is_for_recipient = 1 and has_held = 1 then 1 else 0 end) as has_programme,
    max(case when kind = 'bcr' and is_for_recipient = 1 and has_held = 1 then 1 else 0 end) as has_bcr,
    max(case when kind = 'bcr' and is_for_recipient = 0 and has_held = 1 then 1 else 0 end) as has_bcr_of_others,
    max(case when kind = 'scc' and is_for_recipient = 1 and has_held = 1 then 1 else 0 end) as has_scc,
    max(case when is_for_recipient = 1 and has_held = 0 and has_begun = 1 then 1 else 0 end) as has_lapsed,
    max(case when kind = 'adequacy' and is_for_recipient = 1 and has_held = 1 and is_unverified = 0 then 1 else 0 end)
      as has_verified_programme,
    max(case when kind = 'bcr' and is_for_recipient = 1 and has_held = 1 and is_unverified = 0 then 1 else 0 end) as has_verified_bcr,
    max(case when kind = 'scc' and is_for_recipient = 1 and has_held = 1 and is_unverified = 0 then 1 else 0 end) as has_verified_scc,
    max(case when is_for_recipient = 1 and has_held = 0 and has_begun = 1 and is_unverified = 1 then 1 else 0 end)
      as has_unverified_lapsed
  from tool
  group by transfer_no
),
decided as (
  select
    t.transfer_no,
    max(case when t.occurred_day between q.first_day and q.last_day then 1 else 0 end) as has_decision,
    max(case when t.occurred_day between q.first_day and q.last_day and q.verified = true then 1 else 0 end) as has_verified_decision,
    max(case when q.last_day < t.occurred_day then 1 else 0 end) as has_lapsed,
    max(case when q.last_day < t.occurred_day and q.verified = false then 1 else 0 end) as has_unverified_lapsed
  from looked t
  join ref_adequacy q on q.country = t.destination_country
  where t.kind_looked_at in ('any', 'adequacy')
  group by t.transfer_no
),
certified as (
  select
    t.transfer_no,
    max(case when t.occurred_day between g.first_day and g.last_day then 1 else 0 end) as has_programme_of_others
  from looked t
  join ref_programme g on g.country = t.destination_country
  where t.kind_looked_at = 'adequacy'
  group by t.transfer_no
),
judged as (
  select
    t.transfer_no,
    t.occurred_day,
    t.destination_country,
    t.recipient_type,
    t.data_category,
    t.transfer_tool,
    -- Whether some decision or tool that an answer of this kind rests on is verified.
    case when d.has_verified_decision = 1 or h.has_verified_programme = 1 then 1 else 0 end as is_adequacy_verified,
    h.has_verified_bcr,
    h.has_verified_scc,
    case when d.has_unverified_lapsed = 1 or h.has_unverified_lapsed = 1 then 1 else 0 end as is_lapsed_unverified,
    case
      when t.destination_country is null then 'unknown_destination'
      when t.origin_country is null then 'unknown_origin'
      when t.is_derogation = 1 then 'derogation'
      when d.has_decision = 1 or h.has_programme = 1 then 'adequacy'
      when h.has_bcr = 1 then 'bcr'
      when h.has_scc = 1 then 'scc'
      when h.has_lapsed = 1 or d.has_lapsed = 1 then 'lapsed_tool'
      when h.has_bcr_of_others = 1 then 'tool_not_for_recipient'
      when t.kind_looked_at in ('bcr', 'scc') and coalesce(h.has_named_kind, 0) = 0 then 'tool_not_for_recipient'
      when t.kind_looked_at = 'adequacy' and coalesce(h.has_named_kind, 0) = 0 and c.has_programme_of_others = 1
        then 'tool_not_for_recipient'
      else 'no_tool'
    end as reason
  from looked t
  left join held h on h.transfer_no = t.transfer_no
  left join decided d on d.transfer_no = t.transfer_no
  left join certified c on c.transfer_no = t.transfer_no
)
select
  transfer_no as item_id,
  cast(null as integer) as account_no,
  occurred_day as on_day,
  case
    when reason in ('unknown_destination', 'unknown_origin') then cast(null as boolean)
    when reason in ('lapsed_tool', 'tool_not_for_recipient', 'no_tool') then true
    else false
  end as is_exception,
  cast(null as integer) as value,
  reason,
  destination_country as group_destination,
  recipient_type as group_recipient_type,
  data_category as group_data_category,
  transfer_tool as group_tool,
  case
    when reason = 'adequacy' and is_adequacy_verified = 0 then 'no'
    when reason = 'bcr' and has_verified_bcr = 0 then 'no'
    when reason = 'scc' and has_verified_scc = 0 then 'no'
    when reason = 'lapsed_tool' and is_lapsed_unverified = 1 then 'no'
    else 'yes'
  end as group_source_verified
from judged
