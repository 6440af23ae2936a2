-- The purposes that requests name (objected to or restricted), one row each; a request that names none has no row.
with recursive part as (
  select request_no, cast(null as varchar) as purpose, purposes || ';' as rest
  from rights_requests
  where purposes is not null
  union all
  select request_no, trim(substr(rest, 1, instr(rest, ';') - 1)), substr(rest, instr(rest, ';') + 1)
  from part
  where rest <> ''
)
select distinct request_no, purpose
from part
where purpose <> ''
