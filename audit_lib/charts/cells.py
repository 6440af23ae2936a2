"""From an observation to the frames that charts draw: sums of cells, months, words made readable."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import pandas as pd

from audit_lib.charts.figure import Figure, nothing
from audit_lib.conclude import percent
from audit_lib.run import Observed
from audit_lib.vocabulary import Kind, day_date, day_number

OTHER = "other"


def needs_items(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """A figure function that answers in words where the observation has nothing to draw."""

    @functools.wraps(draw)
    def figure(observed: Observed, *rest: Any) -> Figure:
        found, measure = observed.observation, observed.measure
        if not found.measured or found.cells is None:
            return nothing(f"{measure.title}: could not be assessed.", f"Why: {found.why or 'no figures were kept'}.")
        if found.cells.empty:
            return nothing(f"{measure.title}: there were no {measure.items}.", "There is nothing to draw.")
        return draw(observed, *rest)

    return figure


def label(word: object) -> str:
    """A word of the exports or of the definitions as it is printed: `legal_hold` → `legal hold`."""
    return str(word).replace("_", " ")


def all_cells(observed: Observed) -> pd.DataFrame:
    """The cells with the columns `month`, `bad`, `unknown`; the twelve months before the period included."""
    assert observed.observation.cells is not None
    cells = observed.observation.cells.copy()
    cells["month"] = [f"{day_date(day):%Y-%m}" for day in cells["on_day"]]
    cells["bad"] = cells["is_exception"].fillna(False).astype(bool)
    cells["unknown"] = cells["is_exception"].isna()
    return cells


def period_cells(observed: Observed) -> pd.DataFrame:
    """The cells that count for the period."""
    cells = all_cells(observed)
    if observed.measure.kind in (Kind.STOCK, Kind.DURATION):
        return cells
    first = day_number(observed.observation.period.start)
    return cells[cells["on_day"].ge(first)]


def largest(cells: pd.DataFrame, column: str, most: int = 6) -> pd.DataFrame:
    """The cells with all but the words of `column` that have the most items put together as "other"."""
    sizes = cells.groupby(column)["items"].sum().sort_values(ascending=False, kind="stable")
    kept = set(sizes.index[:most]) if len(sizes) > most + 1 else set(sizes.index)
    found = cells.copy()
    found[column] = [word if word in kept else OTHER for word in cells[column]]
    return found


def in_order(cells: pd.DataFrame, column: str) -> list[str]:
    """The words of a column, most items first, "other" last."""
    sizes = cells.groupby(column)["items"].sum().reset_index().sort_values(["items", column], ascending=[False, True])
    words = [str(word) for word in sizes[column]]
    return [word for word in words if word != OTHER] + [word for word in words if word == OTHER]


def summed(cells: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Items by columns, in the order of the columns."""
    return cells.groupby(list(columns), sort=True)["items"].sum().reset_index()


def shares(cells: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Tested items, those that are no exception, and their share, by columns; parts without a tested item are left out."""
    tested = cells[~cells["unknown"]]
    tested = tested.assign(good=tested["items"].where(~tested["bad"], 0))
    frame = tested.groupby(list(columns), as_index=False, sort=True)[["items", "good"]].sum()
    frame = frame.rename(columns={"items": "tested"})
    return frame.assign(share=frame["good"] / frame["tested"])


def of(part: int, whole: int) -> str:
    """`74 of 359 (21 %)`."""
    return f"{part:,} of {whole:,}" + (f" ({percent(Fraction(part, whole))})" if whole else "")


def share_words(part: int, whole: int) -> str:
    """A share in per cent, `nothing tested` where there is no whole."""
    return percent(Fraction(part, whole)) if whole else "nothing tested"


def period_months(observed: Observed) -> set[str]:
    """The months of the period."""
    period = observed.observation.period
    return {f"{day_date(day):%Y-%m}" for day in range(day_number(period.start), day_number(period.end))}


def caption(observed: Observed, *more: str) -> str:
    """n of the period in words, then what else a reader must know."""
    counts = observed.counts
    untested = f", {counts.untestable:,} of them could not be tested" if counts.untestable else ""
    when = f"at the end of {observed.observation.period}" if observed.measure.kind is Kind.STOCK else f"in {observed.observation.period}"
    if observed.measure.kind is Kind.DURATION:
        when = "in the twelve months to the end of the period"
    return " ".join([f"n = {counts.population:,} {observed.measure.items} {when}{untested}.", *more])


def listed(words: Iterable[str]) -> str:
    """`a, b and c`."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
