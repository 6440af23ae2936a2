"""From the items of a measure to its observation: cells first, then every figure as a sum of cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Protocol

import pandas as pd

from audit_lib.engines import Engine
from audit_lib.vocabulary import Counts, Criterion, Kind, Measure, Observation, Period, day_date, day_number

NOT_RECORDED = "not recorded"
"""How a group without a word is shown."""
THREE = ("population", "exceptions", "untestable")


class FrameEngine(Engine, Protocol):
    """An engine that gives the result of a query as a pandas frame."""

    def frame(self, sql: str) -> pd.DataFrame:
        """The result of a query."""


def read_cells(engine: FrameEngine, measure: Measure) -> pd.DataFrame:
    """The number of items for each on_day, is_exception, reason and all groups together, from the table `items`."""
    keys = ["on_day", "is_exception", "reason", *(f"group_{group}" for group in measure.groups)]
    sums = {f"sum_{name}": f"coalesce(sum(sum_{name}), 0)" for name in measure.sums}
    return _grouped(engine, measure, keys, {"items": "count(*)", **sums}, "true")


def read_values(engine: FrameEngine, measure: Measure, first_day: int) -> pd.DataFrame:
    """The histogram of `value` by is_exception and all groups, over the items that count from `first_day` on."""
    keys = ["value", "is_exception", *(f"group_{group}" for group in measure.groups)]
    return _grouped(engine, measure, keys, {"items": "count(*)"}, f"value is not null and on_day >= {first_day}")


def _grouped(
    engine: FrameEngine, measure: Measure, keys: list[str], numbers: Mapping[str, str], where: str
) -> pd.DataFrame:
    # Ordered, since engines return groups in any order and the same observation has to look the same every time.
    counted = ", ".join(f"cast({expression} as bigint) as {name}" for name, expression in numbers.items())
    frame = engine.frame(
        f"select {', '.join(keys)}, {counted} from items where {where} group by {', '.join(keys)} order by {', '.join(keys)}"
    )
    frame["is_exception"] = frame["is_exception"].astype("boolean")
    for group in measure.groups:
        frame[f"group_{group}"] = frame[f"group_{group}"].astype(object).fillna(NOT_RECORDED)
    return frame


def tallied(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with the columns population, exceptions and untestable: what counts are summed from."""
    exception = cells["is_exception"].fillna(False).astype(bool)
    return cells.assign(
        population=cells["items"],
        exceptions=cells["items"].where(exception, 0),
        untestable=cells["items"].where(cells["is_exception"].isna(), 0),
    )


def counted(cells: pd.DataFrame) -> Counts:
    """The three counts over cells."""
    summed = tallied(cells)[list(THREE)].sum()
    return Counts(*(int(summed[name]) for name in THREE))


def _counted_by(cells: pd.DataFrame, key: pd.Series) -> dict[str, Counts]:
    summed = tallied(cells).groupby(key, sort=True)[list(THREE)].sum()
    return {str(word): Counts(*map(int, row)) for word, row in zip(summed.index, summed.to_numpy(), strict=True)}


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
    by_month = {} if measure.kind is Kind.STOCK else _by_month(cells, period)
    return Observation(
        measure=measure.id,
        kind=measure.kind,
        period=period,
        parameters=dict(parameters),
        status="measured",
        counts=counted(shown),
        accounts_with_exception=accounts,
        reasons=_reasons(shown, measure),
        groups={group: _counted_by(shown, shown[f"group_{group}"]) for group in measure.groups},
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


def _by_month(cells: pd.DataFrame, period: Period) -> dict[str, Counts]:
    """Counts by month. Of a month that the period cuts only the days of the period count, so that months add up to it."""
    first = day_number(period.start)
    cells = cells[(cells["on_day"] >= first) | (cells["on_day"] < first - period.start.day + 1)]
    months = {day: f"{day_date(day):%Y-%m}" for day in cells["on_day"].unique()}
    return _counted_by(cells, cells["on_day"].map(months))


def _cut_months(period: Period) -> Iterable[str]:
    if period.start.day != 1:
        yield f"{period.start:%Y-%m}"
    if (period.last_day + timedelta(days=1)).day != 1:
        yield f"{period.last_day:%Y-%m}"


def not_assessed(
    measure: Measure, period: Period, parameters: Mapping[str, Any], why: str, *, crashed: bool = False
) -> Observation:
    """An observation without figures, with the reason."""
    return Observation(
        measure=measure.id,
        kind=measure.kind,
        period=period,
        parameters=dict(parameters),
        status="not-assessed",
        why=why,
        crashed=crashed,
    )
