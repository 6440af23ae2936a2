"""Figures of the chapter on rights requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from audit_lib.charts import draw, theme
from audit_lib.charts.cells import caption, in_order, label, listed, needs_items, period_cells, summed
from audit_lib.charts.figure import Figure, nothing
from audit_lib.charts.retention import on_time_by_month
from audit_lib.run import Observed

FEW = 5
"""Rights with fewer requests than this are drawn together: a curve of two people is no curve."""


@dataclass(frozen=True)
class Deadline:
    """A time to answer, as a line in a chart: `days` from receipt, `name` as it is printed beside the line."""

    days: int
    name: str


@needs_items
def response_time_by_right(observed: Observed, deadlines: Sequence[Deadline] = ()) -> Figure:
    """How long requests wait, by right, those still open included (`request_response_time`).

    A curve falls from 100 %: what share still waits after so many days (Kaplan–Meier).
    """
    values = observed.observation.values
    if values is None or values.empty:
        return nothing(f"{observed.measure.title}: no waiting time is recorded.", caption(observed))
    sizes = values.groupby("group_right_requested")["items"].sum().sort_values(ascending=False, kind="stable")
    rights = [str(word) for word in sizes.index if sizes[word] >= FEW][:4]
    curves = {"all rights": _points(observed)} | {label(r): _points(observed, right_requested=r) for r in rights}
    frame = pd.concat([points.assign(right=name) for name, points in curves.items()], ignore_index=True)
    names = list(curves)
    chart = alt.layer(_steps(frame, names), *_deadlines(deadlines)).properties(
        width=theme.WIDTH, height=300, autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    )
    few = int(sum(n for word, n in sizes.items() if word not in rights))
    notes = ["Requests still open count as waiting for as long as they were seen."]
    if few:
        notes.append(f"The {few:,} requests for other rights are in “all rights” only.")
    table = frame[["right", "day", "share still waiting", "requests at risk"]]
    return Figure(chart, table, caption(observed, *notes), _median_title(observed))


def _median_title(observed: Observed) -> str:
    curve = observed.survival()
    median, by_30 = curve.median(), curve.share_done_by(30)
    half = "Fewer than half of the requests have been answered" if median is None else f"Half of the requests were answered within {median:g} days"
    return half + ("." if by_30 is None else f", {by_30:.0%} within 30.".replace("%", " %"))


def _points(observed: Observed, **where: str) -> pd.DataFrame:
    curve = observed.survival(**where)
    first = pd.DataFrame({"day": [0], "share still waiting": [1.0], "requests at risk": [curve.at_risk[0] if curve.at_risk else 0]})
    rest = pd.DataFrame({"day": curve.days, "share still waiting": curve.survival, "requests at risk": curve.at_risk})
    return pd.concat([first, rest], ignore_index=True)


def _steps(frame: pd.DataFrame, names: list[str]) -> Any:
    pick = alt.selection_point(fields=["right"], bind="legend")
    return (
        alt.Chart(frame)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("day:Q", title="days since receipt", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("share still waiting:Q", title="share still waiting", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("right:N", sort=names, scale=theme.colours(names)),
            strokeDash=alt.StrokeDash("right:N", sort=names, scale=theme.dashes(names)),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.15)),
            tooltip=["right:N", "day:Q", alt.Tooltip("share still waiting:Q", format=".1%"), "requests at risk:Q"],
        )
        .add_params(pick)
    )


def _deadlines(deadlines: Sequence[Deadline]) -> list[Any]:
    if not deadlines:
        return []
    frame = pd.DataFrame({"day": [d.days for d in deadlines], "deadline": [d.name for d in deadlines]})
    frame["row"] = [12 + 15 * (i % 4) for i in range(len(frame))]
    rule = alt.Chart(frame).mark_rule(color=theme.BAD, strokeWidth=1.5).encode(x="day:Q", tooltip=["deadline:N", "day:Q"])
    text = (
        alt.Chart(frame, name="ink")
        .mark_text(align="left", dx=5, fontSize=11)
        .encode(x="day:Q", y=alt.Y("row:Q", scale=None, axis=None), text="deadline:N")
    )
    return [rule, text]


@needs_items
def answered_on_time_by_month(observed: Observed) -> Figure:
    """Share of requests answered by their due day, by month in which they fell due (`request_on_time`)."""
    return on_time_by_month(observed, "were answered on time", "share answered on time", "requests that fell due")


@needs_items
def reasons_by_regime(observed: Observed) -> Figure:
    """On time, late, still open, not testable: by the law that applies (`request_on_time`)."""
    cells = period_cells(observed)
    if cells.empty:
        return nothing(f"No requests fell due in {observed.observation.period}.", "There is nothing to draw.")
    frame = summed(cells, "group_regime", "reason").rename(columns={"group_regime": "law"})
    bars = in_order(frame, "law")
    reasons = [reason for reason in observed.measure.reasons if reason in set(frame["reason"])]
    meanings = {reason: observed.measure.reasons[reason] for reason in reasons}
    late = cells[cells["bad"]].groupby("group_regime")["items"].sum()
    most = [f"{name} ({late[name]:,})" for name in late.sort_values(ascending=False, kind="stable").index[:2]]
    title = f"Requests missed their day under {listed(most)}." if most else "No request missed its day under any law."
    shown = frame.assign(reason=frame["reason"].map(meanings))
    chart = draw.stacked(shown, "law", "reason", bars, list(meanings.values()), unit="requests", scale=_reason_colours(meanings))
    return Figure(chart, shown.rename(columns={"items": "requests"}), caption(observed), title)


def _reason_colours(meanings: dict[str, str]) -> alt.Scale:
    known = {"on_time": theme.GOOD, "late": theme.BAD, "open_late": theme.PALETTE[7]}
    return alt.Scale(domain=list(meanings.values()), range=[known.get(reason, theme.UNKNOWN) for reason in meanings])
