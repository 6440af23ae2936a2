"""The few shapes that figures are made of: stacked bars, a share by month, a matrix."""

from __future__ import annotations

import altair as alt
import pandas as pd

from audit_lib.charts import theme
from audit_lib.charts.figure import Drawing


def stacked(
    frame: pd.DataFrame, bar: str, part: str, bars: list[str], parts: list[str], *, unit: str, scale: alt.Scale | None = None
) -> Drawing:
    """Horizontal bars of `items` by `bar`, cut by `part`, with the count printed in every part that has room for it."""
    positions = _positions(frame, bar, part, bars, parts)
    room = positions["end"].max() * 0.045
    positions = positions.assign(count=[f"{n:,}" if n >= room else "" for n in positions["items"]])
    pick = alt.selection_point(fields=[part], bind="legend")
    base = alt.Chart(positions).encode(
        y=alt.Y(f"{bar}:N", sort=bars, title=None, axis=alt.Axis(grid=False, domain=False, ticks=False)),
        tooltip=[alt.Tooltip(f"{bar}:N", title=bar), alt.Tooltip(f"{part}:N", title=part), alt.Tooltip("items:Q", format=",", title=unit)],
    )
    drawn = base.mark_bar(stroke="white", strokeWidth=1).encode(
        x=alt.X("start:Q", title=unit, axis=alt.Axis(tickMinStep=1, format=",d", grid=True)),
        x2="end:Q",
        color=alt.Color(f"{part}:N", sort=parts, scale=scale or theme.colours(parts), legend=theme.legend(parts)),
        opacity=alt.condition(pick, alt.value(1), alt.value(0.25)),
        order=alt.Order("start:Q"),
    ).add_params(pick)
    counts = base.mark_text(color="white", fontSize=11, fontWeight="bold").encode(x=alt.X("middle:Q"), text="count:N")
    return alt.layer(drawn, counts).properties(width=theme.WIDTH, height=theme.BAR * max(len(bars), 2), autosize=_fit())


def _positions(frame: pd.DataFrame, bar: str, part: str, bars: list[str], parts: list[str]) -> pd.DataFrame:
    """Where each part of a bar starts and ends, parts in their order (so that labels and bars cannot disagree)."""
    frame = frame[frame["items"] > 0]
    order = frame.assign(_bar=frame[bar].map(bars.index), _part=frame[part].map(parts.index)).sort_values(["_bar", "_part"])
    end = order.groupby("_bar")["items"].cumsum()
    kept = order.drop(columns=["_bar", "_part"]).assign(start=end - order["items"], end=end)
    return kept.assign(middle=(kept["start"] + kept["end"]) / 2)


def plain_bars(frame: pd.DataFrame, bar: str, bars: list[str], *, unit: str, colour: str = theme.GOOD) -> Drawing:
    """Horizontal bars of `items` by `bar` with the count behind each."""
    base = alt.Chart(frame).encode(
        y=alt.Y(f"{bar}:N", sort=bars, title=None, axis=alt.Axis(grid=False, domain=False, ticks=False)),
        # Room for the count behind the longest bar.
        x=alt.X("items:Q", title=unit, axis=alt.Axis(tickMinStep=1, format=",d", grid=True), scale=alt.Scale(domain=[0, max(frame["items"].max(), 1) * 1.1])),
        tooltip=[alt.Tooltip(f"{bar}:N", title=bar), alt.Tooltip("items:Q", format=",", title=unit)],
    )
    counts = base.mark_text(align="left", dx=5, fontSize=12).encode(text=alt.Text("items:Q", format=","))
    return alt.layer(base.mark_bar(color=colour), counts.properties(name="ink")).properties(
        width=theme.WIDTH, height=theme.BAR * max(len(bars), 2), autosize=_fit()
    )


def share_by_month(frame: pd.DataFrame, *, axis: str, tested: str, by: str | None = None, order: list[str] | None = None) -> Drawing:
    """Lines of `share` by `month`; months of the period are filled, earlier ones hollow."""
    low = min(0.0 if frame["share"].min() < 0.5 else 0.5, frame["share"].min())
    tooltip = [
        alt.Tooltip("month:O"),
        *([alt.Tooltip(f"{by}:N")] if by else []),
        alt.Tooltip("share:Q", format=".1%", title=axis),
        alt.Tooltip("tested:Q", format=",", title=tested),
    ]
    base = alt.Chart(frame).encode(
        x=alt.X("month:O", title="month", axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("share:Q", title=axis, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[low, 1], nice=False)),
        tooltip=tooltip,
    )
    if by is None:
        line = base.mark_line(color=theme.GOOD)
        points = base.mark_point(color=theme.GOOD, fill=theme.GOOD, size=60)
    else:
        words = order or sorted(frame[by].unique())
        colour = alt.Color(f"{by}:N", sort=words, scale=theme.colours(words))
        line = base.mark_line().encode(color=colour, strokeDash=alt.StrokeDash(f"{by}:N", sort=words, scale=theme.dashes(words)))
        points = base.mark_point(size=60).encode(
            color=colour, fill=alt.Fill(f"{by}:N", sort=words, scale=theme.colours(words)), shape=alt.Shape(f"{by}:N", sort=words, scale=theme.shapes(words))
        )
    points = points.encode(fillOpacity=alt.condition("datum.in_period", alt.value(1), alt.value(0)))
    return alt.layer(line, points).properties(width=theme.WIDTH, height=240, autosize=_fit())


def columns_by_month(frame: pd.DataFrame, part: str, parts: list[str], *, unit: str, value: str = "items") -> Drawing:
    """Standing columns of `value` by `month`, cut by `part`."""
    pick = alt.selection_point(fields=[part], bind="legend")
    drawn: Drawing = (
        alt.Chart(frame.assign(_order=frame[part].map(parts.index)))
        .mark_bar(stroke="white", strokeWidth=1)
        .encode(
            x=alt.X("month:O", title="month", axis=alt.Axis(labelAngle=0, labelOverlap=True), scale=alt.Scale(domain=_months(frame))),
            y=alt.Y(f"sum({value}):Q", title=unit, axis=alt.Axis(tickMinStep=1, format=",d")),
            color=alt.Color(f"{part}:N", sort=parts, scale=theme.colours(parts), legend=theme.legend(parts)),
            order=alt.Order("_order:Q"),
            opacity=alt.condition(pick, alt.value(1), alt.value(0.25)),
            tooltip=[alt.Tooltip("month:O"), alt.Tooltip(f"{part}:N"), alt.Tooltip(f"sum({value}):Q", format=",", title=unit)],
        )
        .add_params(pick)
        .properties(width=theme.WIDTH, height=240, autosize=_fit())
    )
    return drawn


def _months(frame: pd.DataFrame) -> list[str]:
    """Every month from the first to the last, also those in which nothing happened."""
    return [str(month) for month in pd.period_range(frame["month"].min(), frame["month"].max(), freq="M")]


def matrix(frame: pd.DataFrame, row: str, column: str, *, unit: str) -> Drawing:
    """A table of shaded squares with the number in each."""
    middle = frame["items"].max() * 0.45
    base = alt.Chart(frame).encode(
        x=alt.X(f"{column}:N", title=column, axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False, grid=False)),
        y=alt.Y(f"{row}:N", title=row, axis=alt.Axis(domain=False, ticks=False, grid=False)),
        tooltip=[alt.Tooltip(f"{row}:N"), alt.Tooltip(f"{column}:N"), alt.Tooltip("items:Q", format=",", title=unit)],
    )
    squares = base.mark_rect(stroke="white", strokeWidth=1).encode(
        color=alt.Color("items:Q", scale=alt.Scale(range=["#dbe9f4", "#0b5f98"], domainMin=0), legend=None)
    )
    numbers = base.mark_text(fontSize=12).encode(
        text=alt.Text("items:Q", format=","),
        color=alt.condition(f"datum.items > {middle}", alt.value("white"), alt.value(theme.INK)),
    )
    rows = frame[row].nunique()
    return alt.layer(squares, numbers).properties(width=theme.WIDTH, height=theme.BAR * max(rows, 2), autosize=_fit())


def _fit() -> alt.AutoSizeParams:
    """Axes and legend inside the given width: the page can make a chart as narrow as a telephone."""
    return alt.AutoSizeParams(type="fit-x", contains="padding")
