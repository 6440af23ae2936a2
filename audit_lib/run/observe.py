"""From the items of a measure to its observation: cells first, then every figure as a sum of cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from audit_lib.engines import Engine
from audit_lib.vocabulary import Counts, Criterion, Kind, Measure, Observation, Period, day_date, day_number

NOT_RECORDED = "not recorded"
"""How a group without a word is shown."""


def read_cells(engine: Engine, measure: Measure) -> pd.DataFrame:
    """The number of items for each on_day, is_exception, reason and all groups together, from the table `items`."""
    keys = ["on_day", "is_exception", "reason", *(f"group_{group}" for group in measure.groups)]
    sums = [f"sum_{name}" for name in measure.sums]
    shown = [*keys, "count(*) as items", *(f"sum({name}) as {name}" for name in sums)]
    rows = engine.rows(f"select {', '.join(shown)} from items group by {', '.join(keys)}")
    frame = pd.DataFrame(rows, columns=[*keys, "items", *sums])
    return _tidy(frame, keys, ["items", *sums])


def read_values(engine: Engine, measure: Measure, first_day: int) -> pd.DataFrame:
    """The histogram of `value` by is_exception and all groups, over the items that count from `first_day` on."""
    keys = ["value", "is_exception", *(f"group_{group}" for group in measure.groups)]
    rows = engine.rows(
        f"select {', '.join(keys)}, count(*) as items from items where value is not null and on_day >= {first_day} "
        f"group by {', '.join(keys)}"
    )
    return _tidy(pd.DataFrame(rows, columns=[*keys, "items"]), keys, ["items"])


def _tidy(frame: pd.DataFrame, keys: list[str], numbers: list[str]) -> pd.DataFrame:
    frame["is_exception"] = frame["is_exception"].astype("boolean")
    for group in (key for key in keys if key.startswith("group_")):
        frame[group] = frame[group].astype(object).where(frame[group].notna(), NOT_RECORDED)
    for number in numbers:
        frame[number] = frame[number].fillna(0).astype("int64")
    # Engines return groups in any order; the same observation has to look the same every time.
    order = frame.astype({"is_exception": "string"}).sort_values(keys, kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def counted(cells: pd.DataFrame) -> Counts:
    """The three counts over cells."""
    items = cells["items"]
    return Counts(
        population=int(items.sum()),
        exceptions=int(items[cells["is_exception"].fillna(False).astype(bool)].sum()),
        untestable=int(items[cells["is_exception"].isna()].sum()),
    )


def in_period(cells: pd.DataFrame, measure: Measure, period: Period) -> pd.DataFrame:
    """The cells that count for the period. A duration counts all its twelve months, a stock its one day."""
    if measure.kind in (Kind.DURATION, Kind.STOCK):
        return cells
    return cells[cells["on_day"] >= day_number(period.start)]


def cells_of(criterion: Criterion, cells: pd.DataFrame) -> pd.DataFrame:
    """The cells of a criterion: its words of the groups, its dates in force."""
    kept = cells[cells["on_day"].between(day_number(criterion.first_day), day_number(criterion.last_day))]
    for group, words in criterion.where.items():
        kept = kept[kept[f"group_{group}"].isin(words)]
    return kept


def first_counted_day(measure: Measure, period: Period) -> int:
    """First day of the items that count for the period, among those the runner kept."""
    start = {Kind.DURATION: period.year_before_end(), Kind.STOCK: period.last_day}
    return day_number(start.get(measure.kind, period.start))


def accounts_with_exception(engine: Engine, measure: Measure, period: Period, criterion: Criterion | None = None) -> int:
    """Accounts with at least one exception in the period (under a criterion: among its items), from the table `items`."""
    conditions = ["is_exception = true", f"on_day >= {first_counted_day(measure, period)}"]
    if criterion is not None:
        conditions += [f"on_day between {day_number(criterion.first_day)} and {day_number(criterion.last_day)}"]
        conditions += [f"group_{group} in ({_quoted(words)})" for group, words in criterion.where.items()]
    return int(engine.rows(f"select count(distinct account_no) from items where {' and '.join(conditions)}")[0][0])


def _quoted(words: Iterable[str]) -> str:
    return ", ".join("'" + word.replace("'", "''") + "'" for word in words)


def observation(
    measure: Measure,
    period: Period,
    parameters: Mapping[str, Any],
    cells: pd.DataFrame,
    values: pd.DataFrame,
    accounts: int,
    notes: tuple[str, ...],
) -> Observation:
    """The observation of a measure: every figure summed from its cells."""
    shown = in_period(cells, measure, period)
    by_month = {} if measure.kind is Kind.STOCK else _by_month(cells)
    return Observation(
        measure=measure.id,
        kind=measure.kind,
        period=period,
        parameters=dict(parameters),
        status="measured",
        counts=counted(shown),
        accounts_with_exception=accounts,
        reasons=_reasons(shown, measure),
        groups={group: _by_word(shown, f"group_{group}") for group in measure.groups},
        by_month=by_month,
        cut_months=tuple(month for month in _cut_months(period) if month in by_month),
        sums={name: int(shown[f"sum_{name}"].sum()) for name in measure.sums},
        notes=notes,
        cells=cells,
        values=values,
    )


def _reasons(cells: pd.DataFrame, measure: Measure) -> dict[str, int]:
    found = cells.groupby("reason")["items"].sum()
    return {reason: int(found.get(reason, 0)) for reason in measure.reasons}


def _by_word(cells: pd.DataFrame, group: str) -> dict[str, Counts]:
    return {str(word): counted(part) for word, part in cells.groupby(group, sort=True)}


def _by_month(cells: pd.DataFrame) -> dict[str, Counts]:
    months = cells["on_day"].map(lambda day: f"{day_date(day):%Y-%m}")
    return {str(month): counted(part) for month, part in cells.groupby(months, sort=True)}


def _cut_months(period: Period) -> Iterable[str]:
    if period.start.day != 1:
        yield f"{period.start:%Y-%m}"
    if (period.last_day + timedelta(days=1)).day != 1:
        yield f"{period.last_day:%Y-%m}"


def not_assessed(measure: Measure, period: Period, parameters: Mapping[str, Any], why: str) -> Observation:
    """An observation without figures, with the reason."""
    return Observation(
        measure=measure.id, kind=measure.kind, period=period, parameters=dict(parameters), status="not-assessed", why=why
    )
