"""Figures of the retention chapter."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from audit_lib.charts import draw, theme
from audit_lib.charts.cells import (
    all_cells,
    caption,
    in_order,
    label,
    needs_items,
    of,
    period_cells,
    period_months,
    share_words,
    shares,
    summed,
)
from audit_lib.charts.figure import Figure, nothing
from audit_lib.charts.survival import Deadline, curves_by, draw_curves, half_and_share
from audit_lib.run import Observed

AGE_BANDS = ("1 to 30 days", "31 to 90 days", "91 to 365 days", "over 365 days")


@needs_items
def overdue_by_category(observed: Observed) -> Figure:
    """Records still stored past their due day, by kind of data and how long they are overdue (`retention_overrun`)."""
    cells = period_cells(observed)
    late = cells[cells["bad"]]
    counts = observed.counts
    if late.empty:
        return nothing("No record is kept past its due day.", caption(observed))
    frame = summed(late, "group_data_category", "group_overdue_since")
    frame = frame.rename(columns={"group_data_category": "kind of data", "group_overdue_since": "overdue since"})
    bars = in_order(frame, "kind of data")
    bands = [band for band in AGE_BANDS if band in set(frame["overdue since"])]
    bands += sorted(set(frame["overdue since"]) - set(bands))
    worst = frame.groupby("kind of data")["items"].sum()
    title = (
        f"{of(counts.exceptions, counts.population)} stored {observed.measure.items} are past their due day, "
        f"most of them {label(bars[0])} ({worst[bars[0]]:,})."
    )
    shown = frame.assign(**{"kind of data": frame["kind of data"].map(label)})
    chart = draw.stacked(shown, "kind of data", "overdue since", [label(b) for b in bars], bands, unit="records", scale=_bands(bands))
    return Figure(chart, shown.rename(columns={"items": "records"}), caption(observed), title)


def _bands(bands: list[str]) -> alt.Scale:
    """The longer overdue, the darker."""
    return alt.Scale(domain=bands, range=[theme.DARKER[i % len(theme.DARKER)] for i in range(len(bands))])


@needs_items
def stored_by_reason(observed: Observed) -> Figure:
    """Why records of closed accounts are still stored (`retention_overrun`)."""
    meanings = observed.measure.reasons
    frame = summed(period_cells(observed), "reason")
    frame["reason"] = frame["reason"].map(lambda word: meanings.get(word, label(word)))
    bars = in_order(frame, "reason")
    first = frame.set_index("reason")["items"][bars[0]]
    title = f"{first:,} of {observed.counts.population:,} records of closed accounts are {bars[0]}."
    chart = draw.plain_bars(frame, "reason", bars, unit="records")
    return Figure(chart, frame.rename(columns={"items": "records"}), caption(observed), title)


@needs_items
def deletion_delay(observed: Observed, deadlines: Sequence[Deadline] = ()) -> Figure:
    """How long records outlive their account, by kind of data, those still stored included (`deletion_delay`)."""
    values = observed.observation.values
    if values is None or values.empty:
        return nothing(f"{observed.measure.title}: no time of deletion is recorded.", caption(observed))
    curves = curves_by(observed, "data_category", "all records")
    chart = draw_curves(curves, axis="days since the account was closed", items="records", deadlines=deadlines)
    title = half_and_share(observed.survival(), 30, "records of closed accounts", "deleted")
    notes = ["Records still stored count as waiting for as long as they were seen.", "The band is the 95 % interval of the curve of all."]
    return Figure(chart, curves.table("records").rename(columns={"of": "kind of data"}), caption(observed, *notes), title)


@needs_items
def deleted_on_time_by_month(observed: Observed) -> Figure:
    """Share of records deleted by their due day, by month in which they fell due (`deletion_after_closure`)."""
    return on_time_by_month(observed, "were deleted on time", "share deleted on time", "records that fell due")


def on_time_by_month(observed: Observed, verb: str, axis: str, tested: str) -> Figure:
    """The share of items without an exception, by month."""
    frame = shares(all_cells(observed), "month")
    if frame.empty:
        return nothing(f"{observed.measure.title}: nothing could be tested.", caption(observed))
    months = period_months(observed)
    frame["in_period"] = [month in months for month in frame["month"]]
    counts = observed.counts
    good = counts.tested - counts.exceptions
    title = f"{share_words(good, counts.tested)} of {observed.measure.items} {verb} in {observed.observation.period}."
    if len(earlier := frame[~frame["in_period"]]):
        title = f"{title[:-1]}; {share_words(int(earlier['good'].sum()), int(earlier['tested'].sum()))} in the months before it."
    notes = ["Filled points: months of the period; hollow ones: months before it.", *_cut(observed)]
    chart = draw.share_by_month(frame, axis=axis, tested=tested)
    table = frame[["month", "tested", "good", "share"]].rename(columns={"tested": tested, "good": "of them good"})
    return Figure(chart, table, caption(observed, *notes), title)


def _cut(observed: Observed) -> list[str]:
    cut = observed.observation.cut_months
    return [f"Only in part in the period: {', '.join(cut)}."] if cut else []


