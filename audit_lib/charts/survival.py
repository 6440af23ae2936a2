"""Curves that fall: what share still waits after so many days (Kaplan–Meier), those still waiting taken into account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from audit_lib.charts import theme
from audit_lib.charts.cells import label
from audit_lib.charts.figure import Drawing
from audit_lib.run import Observed
from audit_lib.statistics import SurvivalCurve

FEW = 5
"""Words with fewer items than this get no curve of their own: a curve of two people is no curve."""
MOST = 4
"""Curves beside that of all items."""
WAITING = "share still waiting"


@dataclass(frozen=True)
class Deadline:
    """A time to act, as a line in a chart: `days` from the start, `name` as it is printed beside the line."""

    days: int
    name: str


@dataclass(frozen=True)
class Curves:
    """The curve of all items and of the largest words of a group, as a frame to draw."""

    frame: pd.DataFrame
    names: list[str]
    left_over: int
    """Items without a curve of their own."""
    banded: str
    """The curve whose limits are drawn; empty for none."""

    def table(self, items: str) -> pd.DataFrame:
        """The figures as a table; `items` names what is at risk."""
        kept = self.frame[["of", "day", WAITING, "low", "high", "at risk"]]
        return kept.rename(columns={"low": "share, lower limit", "high": "share, upper limit", "at risk": f"{items} at risk"})


def curves_by(observed: Observed, group: str, everything: str, *, least: int = FEW) -> Curves:
    """The curves of a duration: `everything` names that of all items."""
    values = observed.observation.values
    assert values is not None
    sizes = values.groupby(f"group_{group}")["items"].sum().sort_values(ascending=False, kind="stable")
    words = [str(word) for word in sizes.index if sizes[word] >= least][:MOST]
    points = {everything: _points(observed.survival())} | {label(w): _points(observed.survival(**{group: w})) for w in words}
    frame = pd.concat([frame.assign(of=name) for name, frame in points.items()], ignore_index=True)
    return Curves(frame, list(points), int(sum(n for word, n in sizes.items() if word not in words)), everything)


def _points(curve: SurvivalCurve) -> pd.DataFrame:
    first = {"day": [0], WAITING: [1.0], "low": [1.0], "high": [1.0], "at risk": [curve.at_risk[0] if curve.at_risk else 0]}
    rest = {"day": curve.days, WAITING: curve.survival, "low": curve.low, "high": curve.high, "at risk": curve.at_risk}
    return pd.concat([pd.DataFrame(first), pd.DataFrame(rest).astype({"low": float, "high": float})], ignore_index=True)


def draw_curves(curves: Curves, *, axis: str, items: str, deadlines: Sequence[Deadline] = ()) -> Drawing:
    """Steps, the limits of one curve as a band, deadlines as lines; a click in the legend picks a curve."""
    layers = [*_band(curves), _steps(curves, axis, items), *_deadlines(deadlines)]
    drawn: Drawing = alt.layer(*layers).properties(width=theme.WIDTH, height=300, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
    return drawn


def _band(curves: Curves) -> list[Any]:
    frame = curves.frame[curves.frame["of"] == curves.banded]
    if frame.empty:
        return []
    area = alt.Chart(frame).mark_area(interpolate="step-after", opacity=0.14, color=theme.PALETTE[0])
    return [area.encode(x="day:Q", y=alt.Y("low:Q"), y2="high:Q")]


def _steps(curves: Curves, axis: str, items: str) -> Any:
    pick = alt.selection_point(fields=["of"], bind="legend")
    return (
        alt.Chart(curves.frame)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("day:Q", title=axis, axis=alt.Axis(tickMinStep=1)),
            y=alt.Y(f"{WAITING}:Q", title=WAITING, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("of:N", sort=curves.names, scale=theme.colours(curves.names), legend=theme.legend(curves.names)),
            strokeDash=alt.StrokeDash("of:N", sort=curves.names, scale=theme.dashes(curves.names)),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.15)),
            tooltip=[
                alt.Tooltip("of:N"),
                alt.Tooltip("day:Q"),
                alt.Tooltip(f"{WAITING}:Q", format=".1%"),
                alt.Tooltip("low:Q", format=".1%", title="lower limit"),
                alt.Tooltip("high:Q", format=".1%", title="upper limit"),
                alt.Tooltip("at risk:Q", format=",", title=f"{items} at risk"),
            ],
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


def half_and_share(curve: SurvivalCurve, day: int, what: str, done: str) -> str:
    """`Half of the requests were answered within 12 days, 96 % within 30.`"""
    median, by_day = curve.median(), curve.share_done_by(day)
    half = f"Fewer than half of the {what} have been {done}" if median is None else f"Half of the {what} were {done} within {days(median)}"
    return f"{half}." if by_day is None else f"{half}, {by_day:.0%} within {day}.".replace("%", " %")


def days(count: float) -> str:
    """`1 day`, `12 days`, `3.5 days`."""
    return f"{count:g} day{'' if count == 1 else 's'}"
