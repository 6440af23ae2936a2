"""Figures of the chapter on transfers."""

from __future__ import annotations

import altair as alt

from audit_lib.charts import draw, theme
from audit_lib.charts.cells import (
    all_cells,
    caption,
    in_order,
    label,
    largest,
    listed,
    needs_items,
    of,
    period_cells,
    summed,
)
from audit_lib.charts.figure import Figure, nothing
from audit_lib.run import Observed


@needs_items
def origin_to_destination(observed: Observed) -> Figure:
    """Transfers from each origin to each destination (`transfer_volume`)."""
    cells = period_cells(observed)
    if cells.empty:
        return nothing(f"There were no transfers in {observed.observation.period}.", "There is nothing to draw.")
    cells = largest(largest(cells, "group_origin", 20), "group_destination", 12)
    frame = summed(cells, "group_origin", "group_destination")
    frame = frame.rename(columns={"group_origin": "origin", "group_destination": "destination"})
    top = frame.sort_values(["items", "origin"], ascending=[False, True]).iloc[0]
    title = f"{observed.counts.population:,} transfers; the route used most is {top['origin']} to {top['destination']} ({top['items']:,})."
    chart = draw.matrix(frame, "origin", "destination", unit="transfers")
    return Figure(chart, frame.rename(columns={"items": "transfers"}), caption(observed), title)


@needs_items
def tools_by_destination(observed: Observed) -> Figure:
    """What transfers out of the area rest on, by destination (`transfer_tool_valid`)."""
    cells = largest(period_cells(observed), "group_destination", 12)
    if cells.empty:
        return nothing(f"Nothing left the area in {observed.observation.period}.", "There is nothing to draw.")
    frame = summed(cells, "group_destination", "reason").rename(columns={"group_destination": "destination", "reason": "tool"})
    bars = in_order(frame, "destination")
    tools = [reason for reason in observed.measure.reasons if reason in set(frame["tool"])]
    late = cells[cells["bad"]].groupby("group_destination")["items"].sum().sort_values(ascending=False, kind="stable")
    counts = observed.counts
    where = f", to {listed([f'{name} ({late[name]:,})' for name in late.index[:3]])}" if len(late) else ""
    title = f"{of(counts.exceptions, counts.tested)} transfers rested on no valid tool{where}."
    frame["tool"] = frame["tool"].map(label)
    scale = _tool_colours(tools, set(cells.loc[cells["bad"], "reason"]), set(cells.loc[cells["unknown"], "reason"]))
    chart = draw.stacked(frame, "destination", "tool", bars, [label(t) for t in tools], unit="transfers", scale=scale)
    return Figure(chart, frame.rename(columns={"items": "transfers"}), caption(observed), title)


def _tool_colours(tools: list[str], bad: set[str], unknown: set[str]) -> alt.Scale:
    """Blues and greens where a tool held, reds where none did, grey where nobody can tell."""
    held, failed = iter([theme.PALETTE[i] for i in (0, 2, 6, 4)] * 3), iter([theme.BAD, theme.PALETTE[7], theme.PALETTE[3]] * 4)
    colours = [next(failed) if t in bad else theme.UNKNOWN if t in unknown else next(held) for t in tools]
    return alt.Scale(domain=[label(t) for t in tools], range=colours)


@needs_items
def volume_by_month(observed: Observed) -> Figure:
    """Transfers by month and destination (`transfer_volume`)."""
    cells = largest(all_cells(observed), "group_destination")
    frame = summed(cells, "month", "group_destination").rename(columns={"group_destination": "destination"})
    by_month = frame.groupby("month")["items"].sum()
    title = f"{by_month.iloc[-1]:,} transfers in {by_month.index[-1]}; between {by_month.min():,} and {by_month.max():,} a month over the months shown."
    chart = draw.columns_by_month(frame, "destination", in_order(frame, "destination"), unit="transfers")
    return Figure(chart, frame.rename(columns={"items": "transfers"}), caption(observed), title)
