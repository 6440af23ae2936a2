-- What stands on record for a subject and purpose besides answers: mere use, an import, a prompt; none of them is consent.
-- One row per subject and declared purpose with such a record, with the first second of each kind.
select
  coalesce(c.account_no, c.device_no) as subject_no,
  u.purpose_no,
  min(case when c.status in ('given', 'renewed') and c.method = 'use' then coalesce(c.acted_second, c.recorded_second) end)
    as first_use_second,
  min(case when c.status in ('given', 'renewed') and c.method = 'import' then coalesce(c.acted_second, c.recorded_second) end)
    as first_import_second,
  min(case when c.status = 'requested' then coalesce(c.acted_second, c.recorded_second) end) as first_asked_second
from stg_consent_events c
join param_purpose u on u.purpose = c.purpose
where coalesce(c.account_no, c.device_no) is not null
  and (c.status = 'requested' or (c.status in ('given', 'renewed') and c.method in ('use', 'import')))
group by coalesce(c.account_no, c.device_no), u.purpose_no
