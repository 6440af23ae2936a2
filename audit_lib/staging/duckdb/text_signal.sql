-- Age statements found in texts (never the texts themselves) written before as of.
select
  text_no,
  account_no,
  written_second,
  written_day,
  language,
  statement,
  under_13_until_day
from text_signal
where written_second < {as_of_second}
