-- Text a person wrote (read only with --with-texts; the text itself is never kept): the rows known at as of, later instants emptied.
select
  text_no,
  account_no,
  source,
  written_second,
  written_day,
  language
from texts
where written_second < {as_of_second}
