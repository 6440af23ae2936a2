"""Figures that California asks for by calendar year, from the items of the measure `request_outcome`.

The metrics of Cal. Code Regs. tit. 11 § 7102, and the register of requests under Cal. Civ. Code § 1798.83, "Shine the
Light". A year has the days of the controller's zone; everything is told as known at the run's as of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd

from audit_lib.errors import AuditError, DefinitionError
from audit_lib.run import observe
from audit_lib.run.assess import Inputs, words_and
from audit_lib.statistics import histogram_mean, histogram_median
from audit_lib.vocabulary import Period, day_date, day_number

if TYPE_CHECKING:
    from audit_lib.run.run import Run

MEASURE = "request_outcome"
TYPES = {
    "delete": "requests to delete",
    "correct": "requests to correct",
    "know": "requests to know",
    "opt_out_sale_sharing": "requests to opt out of sale or sharing",
    "limit_sensitive": "requests to limit the use of sensitive data",
}
"""The types of § 7102(a)(1), in its order; they are shown also where no request of them came in."""
OTHER_TYPES = {"third_party_marketing_list": "requests for the list of third parties", "other": "requests of other kinds"}
"""Shown where such requests came in; the regulation asks for no figures on them."""
SCOPES = {"California residents": ("California",), "everyone": ("California", "elsewhere", "unknown")}
"""Scope → the words of the group `resident` that belong to it."""
NOT_ACCOUNTED_FOR = {"withdrawn": "withdrawn", "duplicate": "closed as duplicate", "not recorded": "without a recorded outcome or closing"}
"""Outcomes that are neither complied with, denied nor open → how a sentence calls them."""
ANSWERS = ("complied", "complied in part", "denied")
SECONDS_A_DAY = 86400


def request_metrics(run: Run, year: int) -> pd.DataFrame:
    """The § 7102 metrics of a calendar year: one row per scope ("California residents", "everyone") and type of request.

    `received` in the year; of these `complied` with in whole or in part, `denied`, `open`; the rest is `withdrawn`,
    `duplicate` or `not_recorded`, together `not_accounted_for`. `balances`: received = complied + denied + open.
    `median_days` and `mean_days` from receipt to closing of those complied with or denied, exact to the second (NaN where
    there are none). `residence_unknown`: received from persons of whom nobody knows whether they live in California.
    `is_complete`: the year had ended at the run's as of; if not, the row holds what was known after `as_known_at`, a day.
    `frame.attrs["notes"]` are the limits of the exports that a reader must know.

    Raises DefinitionError for a year after the run's period, AuditError where the exports do not allow the figures.
    """
    known = _known_part(run, year)
    cells, values, notes = _counted(run, known)
    shown = [*TYPES, *(word for word in OTHER_TYPES if word in set(cells["group_request_type"]))]
    rows = [_row(scope, word, cells, values) for scope in SCOPES for word in shown]
    frame = pd.DataFrame(rows)
    frame["is_complete"] = known.end == Period.parse(str(year)).end
    frame["as_known_at"] = run.period.last_day
    frame.attrs["notes"] = list(notes)
    return frame


def _counted(run: Run, known: Period) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """The cells of these days, the histogram of seconds, and the limits of the exports."""
    measure = run.catalogue.measures[MEASURE]
    if known == run.period:  # the run has measured them already, and millions of requests take a while
        found = run.observe(MEASURE).observation
        if found.cells is not None and found.values is not None:
            return observe.in_period(found.cells, measure, known), found.values, found.notes
    with _items(run, known) as notes:
        cells = observe.read_cells(run.engine, measure)
        return cells, observe.read_values(run.engine, measure, day_number(known.start)), notes


def _row(scope: str, word: str, cells: pd.DataFrame, values: pd.DataFrame) -> dict[str, Any]:
    of_type = cells[cells["group_request_type"] == word]
    found = of_type[of_type["group_resident"].isin(SCOPES[scope])].groupby("group_outcome")["items"].sum()
    count = {str(outcome): int(items) for outcome, items in found.items()}
    not_told = {outcome: count.get(outcome, 0) for outcome in NOT_ACCOUNTED_FOR}
    days = _days(values[(values["group_request_type"] == word) & values["group_resident"].isin(SCOPES[scope])])
    return {
        "scope": scope,
        "request_type": word,
        "received": sum(count.values()),
        "complied": count.get("complied", 0) + count.get("complied in part", 0),
        "denied": count.get("denied", 0),
        "open": count.get("open", 0),
        **{outcome.replace(" ", "_"): items for outcome, items in not_told.items()},
        "not_accounted_for": sum(not_told.values()),
        "balances": not any(not_told.values()),
        "median_days": days[0],
        "mean_days": days[1],
        "residence_unknown": int(of_type.loc[of_type["group_resident"] == "unknown", "items"].sum()),
    }


def _days(values: pd.DataFrame) -> tuple[float, float]:
    """Median and mean of the days that answers took; NaN where there are none."""
    seconds = values[values["group_outcome"].isin(ANSWERS)].groupby("value")["items"].sum()
    histogram = dict(zip(seconds.index.astype(int), seconds.astype(int), strict=True))
    median, mean = histogram_median(histogram), histogram_mean(histogram)
    if median is None or mean is None:
        return float("nan"), float("nan")
    return float(Fraction(median) / SECONDS_A_DAY), float(mean / SECONDS_A_DAY)


def balance_sentence(frame: pd.DataFrame) -> str:
    """Whether every request received is told of: "Every row balances …", or how many of which type are not, and why."""
    everyone = frame[frame["scope"] == "everyone"]
    if not everyone["received"].sum():
        return "No requests were received: there is nothing to balance."
    lacking = [str(_lacking(row)) for row in everyone.to_dict("records") if not row["balances"]]
    if lacking:
        return " ".join(lacking)
    return "Every row balances: the requests received are those complied with, those denied and those still open."


def _lacking(row: Mapping[Any, Any]) -> str:
    called = (TYPES | OTHER_TYPES)[row["request_type"]]
    parts = [(row[outcome.replace(" ", "_")], said) for outcome, said in NOT_ACCOUNTED_FOR.items()]
    why = words_and(f"{count:,} {said}" for count, said in parts if count)
    were = "was" if row["not_accounted_for"] == 1 else "were"
    return f"Of {row['received']:,} {called}, {row['not_accounted_for']:,} {were} neither complied with, denied nor open: {why}."


def year_sentence(frame: pd.DataFrame) -> str:
    """As of which day the metrics are told, and that the year goes on where it had not ended then."""
    day, is_complete = frame["as_known_at"].iloc[0], bool(frame["is_complete"].iloc[0])
    ending = "" if is_complete else "; the year had not ended then"
    return f"As known at the end of {day}{ending}."


def shine_the_light(run: Run, year: int) -> pd.DataFrame:
    """The register of requests for the list of third parties (Cal. Civ. Code § 1798.83) received in a calendar year.

    One row per request in order of receipt, from anywhere: `request` and `account` (pseudonyms, unless the run reveals),
    `country` and `region` of the request, else of the account, the days `received`, `due` and `answered`, the whole `days`
    between first and last, the `outcome` as in `request_metrics`, `on_time` (empty while not yet due, without a due day or
    an instant of closing) and `asked_before`: whether the account had already asked in the same calendar year, since an
    answer a year suffices (empty without an account).

    Raises as `request_metrics` does.
    """
    with _items(run, _known_part(run, year)) as notes:
        frame = run.engine.frame(_REGISTER)
    frame["asked_before"] = _asked_before(frame["account"])
    frame["on_time"] = [_on_time(row, day_number(run.period.end)) for row in frame.to_dict("records")]
    for space in ("request", "account"):
        frame[space] = pd.Series([run.shown(space, _text(key)) for key in frame[space]], dtype=object)
    for column in ("received", "due", "answered"):
        frame[column] = pd.Series([None if pd.isna(day) else day_date(int(day)) for day in frame[column]], dtype=object)
    frame["days"] = frame["days"].astype("Int64")
    frame.attrs["notes"] = list(notes)
    order = ["request", "account", "country", "region", "received", "due", "answered", "days", "outcome", "on_time", "asked_before"]
    return frame[order]


_REGISTER = """
select
  t.request_id as request,
  k.account_id as account,
  c.country,
  case when r.country is not null then r.region else a.region end as region,
  c.received_day as received,
  c.due_day as due,
  c.closed_day as answered,
  case when not c.is_closed_before_receipt then c.closed_day - c.received_day end as days,
  i.group_outcome as outcome,
  c.is_closing_unknown
from items i
join request_clock c on c.request_no = i.item_id
join stg_rights_requests r on r.request_no = i.item_id
join rights_requests t on t.request_no = i.item_id
left join stg_accounts a on a.account_no = i.account_no
left join key_account k on k.account_no = i.account_no
where i.group_right_requested = 'third_party_marketing_list'
order by i.on_day, r.first_second, i.item_id
"""


def _asked_before(accounts: pd.Series) -> pd.Series:
    """For accounts in order of their requests, whether each has come before; empty without an account."""
    known = accounts[accounts.notna()]
    return (known.groupby(known).cumcount() > 0).astype("boolean").reindex(accounts.index)


def _on_time(row: Mapping[Any, Any], as_of_day: int) -> bool | None:
    if pd.isna(row["due"]) or row["is_closing_unknown"]:
        return None
    if pd.notna(row["answered"]):
        return bool(row["answered"] <= row["due"])
    return False if row["due"] < as_of_day else None


def _known_part(run: Run, year: int) -> Period:
    """The days of a calendar year that lie before the run's as of."""
    whole = Period.parse(str(year))
    if whole.start != date(whole.start.year, 1, 1) or str(whole.start.year) != str(year):
        raise DefinitionError(f"{year!r} is no calendar year. Write it as 2020.")
    if run.period.end <= whole.start:
        raise DefinitionError(f"The run ends with {run.period.last_day} and knows nothing of {year}. Open one for a later period.")
    return Period(whole.start, min(whole.end, run.period.end), str(year))


@contextmanager
def _items(run: Run, known: Period) -> Iterator[tuple[str, ...]]:
    """While the items of these days stand in the temporary table `items`: the limits of the exports."""
    measure, catalogue = run.catalogue.measures[MEASURE], run.catalogue
    inputs = Inputs(run.engine, catalogue.contracts, known, run.period.as_of_second(catalogue.zone))
    assessable = inputs.assess(measure)
    if assessable.why_not:
        raise AuditError(f"The requests of {known} cannot be counted: {assessable.why_not}.")
    run._auditing().put_items(measure, (), day_number(known.start), day_number(known.end))
    try:
        yield assessable.notes
    finally:
        run.engine.run("drop table temp.items")


def _text(key: Any) -> str | None:
    return None if pd.isna(key) else str(key)
