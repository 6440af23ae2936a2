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
held as (
  select
    t.transfer_no,
    max(case when h.kind = t.transfer_tool then 1 else 0 end) as has_named_kind,
    max(
      case
        when h.kind = 'adequacy' and h.country = t.destination_country and t.occurred_day between h.first_day and h.last_day then 1
        else 0
      end
    ) as has_programme,
    max(
      case
        when h.kind = 'bcr' and t.recipient_type = 'group_company' and t.occurred_day between h.first_day and h.last_day then 1
        else 0
      end
    ) as has_bcr,
    max(
      case
        when h.kind = 'bcr' and (t.recipient_type is null or t.recipient_type <> 'group_company')
          and t.occurred_day between h.first_day and h.last_day then 1
        else 0
      end
    ) as has_bcr_of_others,
    max(case when h.kind = 'scc' and t.occurred_day between h.first_day and h.last_day then 1 else 0 end) as has_scc,
    max(
      case
        when h.is_known = 0 or h.valid_from_day > t.occurred_day or t.occurred_day between h.first_day and h.last_day then 0
        when h.kind = 'adequacy' and h.country <> t.destination_country then 0
        when h.kind = 'bcr' and (t.recipient_type is null or t.recipient_type <> 'group_company') then 0
        else 1
      end
    ) as has_lapsed,
    max(case when t.occurred_day between h.first_day and h.last_day then h.is_unverified else 0 end) as rests_on_unverified
  from looked t
  join held_tool h on h.recipient_no = t.recipient_no
  where t.kind_looked_at in ('any', h.kind)
  group by t.transfer_no
),
decided as (
  select
    t.transfer_no,
    max(case when t.occurred_day between q.first_day and q.last_day then 1 else 0 end) as has_decision,
    max(case when t.occurred_day between q.first_day and q.last_day and q.verified = false then 1 else 0 end) as rests_on_unverified,
    max(case when q.last_day < t.occurred_day then 1 else 0 end) as has_lapsed
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
    case when h.rests_on_unverified = 1 or d.rests_on_unverified = 1 then 'no' else 'yes' end as source_verified,
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
  source_verified as group_source_verified
from judged
