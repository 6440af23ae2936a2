"""The list of accounts that give reason to look whether their holder is under 13, and what the decided cases say of the signals.

Both rest on the shared steps of the measure `under_13_signals`, as known at the run's as of. A signal is a reason to look,
never a decision: no text and no birth date is shown, only which kinds of signals there are and when they were noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd

from audit_lib.errors import AuditError, DefinitionError
from audit_lib.run.world import first_and_end
from audit_lib.vocabulary import day_date

if TYPE_CHECKING:
    from audit_lib.run.run import Run

MEASURE = "under_13_signals"
REVIEWS = {"none": "none", "open": "open", "cleared": "cleared", "confirmed_under_13": "confirmed"}
"""Words of the group `review` → words of the list."""


def under_13_list(run: Run, limit: int = 1000) -> pd.DataFrame:
    """The open accounts with a signal that their holder is under 13: highest score first, of these the newest signal first.

    One row per account with a score of 1 or more, at most `limit`: `account` (a pseudonym, unless the run reveals), `score`
    (points), `signals` (the kinds that have weight, in words, the strongest first, with semicolons between), `first_noticed`
    and `newest_noticed` (days of the controller's zone), `review` (none, open, cleared, confirmed: where its reviews stand,
    cleared only if no newer signal came) and `is_exception` (not cleared). `frame.attrs["accounts"]` is how many there are
    without the limit, `frame.attrs["notes"]` the limits of the exports that a reader must know.

    Raises DefinitionError for a limit below 1, AuditError where the exports do not allow to look.
    """
    if limit < 1:
        raise DefinitionError(f"A list of {limit} accounts says nothing. Give a limit of 1 or more.")
    with _signals(run) as notes:
        frame = run.engine.frame(_LIST.format(limit=int(limit)))
        accounts = run.engine.rows("select count(*) from items where value >= 1")[0][0]
    meanings = run.catalogue.measures[MEASURE].reasons
    frame["account"] = _column(run.shown("account", key) for key in frame["account"])
    frame["signals"] = _column("; ".join(meanings[kind] for kind in kinds.split()) for kinds in frame["signals"])
    frame["review"] = _column(REVIEWS[word] for word in frame["review"])
    for column in ("first_noticed", "newest_noticed"):
        frame[column] = _column(day_date(int(day)) for day in frame[column])
    frame.attrs = {"accounts": int(accounts), "notes": list(notes)}
    return frame


_LIST = """
with listed as (
  select
    i.account_no,
    k.account_id,
    i.value,
    s.first_day,
    s.newest_day,
    s.newest_second,
    i.group_review,
    i.is_exception
  from items i
  join under_13_score s on s.account_no = i.account_no
  join key_account k on k.account_no = i.account_no
  where i.value >= 1
  order by i.value desc, s.newest_second desc, i.account_no
  limit {limit}
)
select
  l.account_id as account,
  cast(l.value as bigint) as score,
  string_agg(k.signal, ' ' order by g.strength) as signals,
  l.first_day as first_noticed,
  l.newest_day as newest_noticed,
  l.group_review as review,
  l.is_exception
from listed l
join under_13_kind k on k.account_no = l.account_no
join under_13_weight g on g.signal = k.signal and g.weight >= 1
group by l.account_no, l.account_id, l.value, l.first_day, l.newest_day, l.newest_second, l.group_review, l.is_exception
order by l.value desc, l.newest_second desc, l.account_no
"""


def signal_outcomes(run: Run) -> pd.DataFrame:
    """What the decided cases say of each kind of signal, the strongest first: whether its weight is earned.

    One row per kind: `signal`, `meaning`, `weight` (0: left out of the score), `accounts` that show it, open or closed; of
    these `reviewed`, which is `confirmed_under_13` by the newest decided review, `cleared` by it since the kind was last
    noticed, or `still_open`; and `confirmed_share`, confirmed ÷ decided (None when nothing is decided). Signals count as in
    the list: while the person they speak of would still be under 13. `frame.attrs["notes"]` as in `under_13_list`.

    Raises AuditError as `under_13_list` does.
    """
    with _signals(run) as notes:
        frame = run.engine.frame(_OUTCOMES)
    meanings = run.catalogue.measures[MEASURE].reasons
    frame.insert(1, "meaning", _column(meanings[signal] for signal in frame["signal"]))
    decided = zip(frame["confirmed_under_13"], frame["cleared"], strict=True)
    frame["confirmed_share"] = _column(_share(int(yes), int(no)) for yes, no in decided)
    frame.attrs = {"notes": list(notes)}
    return frame


_OUTCOMES = """
with shown as (
  select k.signal, k.review
  from under_13_kind k
  join stg_accounts a on a.account_no = k.account_no
)
select
  g.signal,
  g.weight,
  count(s.signal) as accounts,
  count(case when s.review <> 'none' then 1 end) as reviewed,
  count(case when s.review = 'confirmed_under_13' then 1 end) as confirmed_under_13,
  count(case when s.review = 'cleared' then 1 end) as cleared,
  count(case when s.review = 'open' then 1 end) as still_open
from under_13_weight g
left join shown s on s.signal = g.signal
group by g.signal, g.weight, g.strength
order by g.strength
"""


def _share(confirmed: int, cleared: int) -> float | None:
    return confirmed / (confirmed + cleared) if confirmed + cleared else None


def _column(values: Iterable[Any]) -> pd.Series:
    """Values as they are: None stays None."""
    return pd.Series(list(values), dtype=object)


@contextmanager
def _signals(run: Run) -> Iterator[tuple[str, ...]]:
    """While the items of the measure and its shared steps stand as temporary tables: the limits of the exports."""
    measure, auditor = run.catalogue.measures[MEASURE], run._auditing()
    assessable = auditor.assessable(measure, {})
    if assessable.why_not:
        raise AuditError(f"Signals that a holder is under 13 cannot be looked for: {assessable.why_not}.")
    auditor.put_items(measure, (), *first_and_end(measure, run.period))
    try:
        yield assessable.notes
    finally:
        run.engine.run("drop table temp.items")
