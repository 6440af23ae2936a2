"""Figures of the chapter on children under 13."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

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
    summed,
)
from audit_lib.charts.figure import Drawing, Figure, nothing
from audit_lib.charts.survival import Deadline, curves_by, draw_curves, half_and_share
from audit_lib.run import Observed

LINE = 13
"""Years; the age the policy and COPPA draw their line at."""


@needs_items
def age_at_sign_up(observed: Observed) -> Figure:
    """Age in whole years on the day the account was opened, with the line at 13 (`under_13_accounts`)."""
    values = observed.observation.values
    counts = observed.counts
    credible = pd.DataFrame() if values is None else values[values["is_exception"].notna()]
    if credible.empty:
        return nothing("No credible birth date is on file.", caption(observed))
    frame = credible.groupby("value")["items"].sum().reset_index().rename(columns={"value": "age"})
    frame["side"] = ["under 13" if age < LINE else "13 or over" for age in frame["age"]]
    title = f"{of(counts.exceptions, counts.tested)} holders with a credible birth date were under 13 when the account was opened."
    note = "Birth dates that cannot be true, or that are the default of a form, are left out."
    table = frame.rename(columns={"items": "accounts"})
    return Figure(_histogram(frame), table, caption(observed, note), title)


def _histogram(frame: pd.DataFrame) -> Drawing:
    scale = alt.Scale(domain=["under 13", "13 or over"], range=[theme.BAD, theme.GOOD])
    bars = (
        alt.Chart(frame.assign(next_age=frame["age"] + 1))
        .mark_bar(stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X("age:Q", bin="binned", title="age at sign-up in whole years", axis=alt.Axis(format="d")),
            x2="next_age:Q",
            y=alt.Y("items:Q", title="accounts", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("side:N", scale=scale),
            tooltip=[alt.Tooltip("age:Q"), alt.Tooltip("items:Q", format=",", title="accounts")],
        )
    )
    line = pd.DataFrame({"age": [LINE], "words": ["13"]})
    rule = alt.Chart(line, name="ink_line").mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(x="age:Q")
    text = alt.Chart(line, name="ink").mark_text(align="left", dx=5, fontSize=12, fontWeight="bold").encode(x="age:Q", y=alt.value(8), text="words:N")
    return alt.layer(bars, rule, text).properties(
        width=theme.WIDTH, height=240, autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    )


@needs_items
def signals_by_kind(observed: Observed) -> Figure:
    """Accounts with a signal by its kind, cleared by a review or not (`under_13_signals`)."""
    cells = period_cells(observed)
    found = cells[~cells["reason"].isin(["none", "before_log"])]
    counts = observed.counts
    if found.empty:
        return nothing("No open account shows a signal that its holder is under 13.", caption(observed))
    frame = summed(found.assign(state=["not cleared" if bad else "cleared by a review" for bad in found["bad"]]), "reason", "state")
    meanings = observed.measure.reasons
    frame["signal"] = frame["reason"].map(meanings)
    bars = in_order(frame, "signal")
    states = [state for state in ("not cleared", "cleared by a review") if state in set(frame["state"])]
    title = f"{of(counts.exceptions, counts.population)} open accounts give reason to look whether the holder is under 13."
    scale = alt.Scale(domain=states, range=[theme.BAD if state == "not cleared" else theme.GOOD for state in states])
    shown = frame[["signal", "state", "items"]]
    chart = draw.stacked(shown, "signal", "state", bars, states, unit="accounts", scale=scale)
    note = "Each account is counted once, at its strongest signal. A signal is a reason to look, never a decision."
    return Figure(chart, shown.rename(columns={"items": "accounts"}), caption(observed, note), title)


@needs_items
def signals_by_month(observed: Observed) -> Figure:
    """Signals by their kind and the month in which they were first noticed (`under_13_signals_noticed`)."""
    cells = all_cells(observed)
    frame = cells.groupby(["month", "group_signal"], as_index=False)["sum_signals"].sum()
    frame = frame[frame["sum_signals"] > 0].rename(columns={"sum_signals": "items"})
    if frame.empty:
        return nothing("No signal that a holder is under 13 was noticed in these months.", caption(observed))
    meanings = observed.measure.reasons
    frame["signal"] = [meanings.get(word, label(word)) for word in frame["group_signal"]]
    months = period_months(observed)
    new = int(frame.loc[frame["month"].isin(months), "items"].sum())
    title = f"{new:,} signals were first noticed in {observed.observation.period}."
    chart = draw.columns_by_month(frame[["month", "signal", "items"]], "signal", in_order(frame, "signal"), unit="signals")
    note = "An account and kind of signal count once, in the month it was first noticed. A signal is a reason to look, never a decision."
    return Figure(chart, frame[["month", "signal", "items"]].rename(columns={"items": "signals"}), caption(observed, note), title)


@needs_items
def decision_time(observed: Observed, deadlines: Sequence[Deadline] = ()) -> Figure:
    """How long cases about possibly under-13 accounts wait for a decision, by who opened them (`under_13_decision_time`)."""
    values = observed.observation.values
    if values is None or values.empty:
        return nothing(f"{observed.measure.title}: no case was opened.", caption(observed))
    curves = curves_by(observed, "source", "all cases", least=1)
    chart = draw_curves(curves, axis="days since the case was opened", items="cases", deadlines=deadlines)
    title = half_and_share(observed.survival(), 10, "cases", "decided")
    note = "Cases still open count as waiting for as long as they were seen."
    return Figure(chart, curves.table("cases").rename(columns={"of": "opened by"}), caption(observed, note), title)
