"""Figures of the chapter on rights requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import altair as alt

from audit_lib.charts import draw, theme
from audit_lib.charts.cells import caption, in_order, label, listed, needs_items, of, period_cells, summed
from audit_lib.charts.figure import Figure, nothing
from audit_lib.charts.retention import on_time_by_month
from audit_lib.charts.survival import Deadline, curves_by, days, draw_curves, half_and_share
from audit_lib.run import Observed


@needs_items
def response_time_by_right(observed: Observed, deadlines: Sequence[Deadline] = ()) -> Figure:
    """How long requests wait, by right, those still open included (`request_response_time`).

    A curve falls from 100 %: what share still waits after so many days (Kaplan–Meier). The band holds the 95 % limits of
    the curve of all rights.
    """
    if not _has_values(observed):
        return nothing(f"{observed.measure.title}: no waiting time is recorded.", caption(observed))
    curves = curves_by(observed, "right_requested", "all rights")
    chart = draw_curves(curves, axis="days since receipt", items="requests", deadlines=deadlines)
    notes = ["Requests still open count as waiting for as long as they were seen.", LIMITS]
    if curves.left_over:
        notes.append(f"The {curves.left_over:,} requests for other rights are in “all rights” only.")
    title = half_and_share(observed.survival(), 30, "requests", "answered")
    return Figure(chart, curves.table("requests").rename(columns={"of": "right"}), caption(observed, *notes), title)


LIMITS = "The band is the 95 % interval of the curve of all."


def _has_values(observed: Observed) -> bool:
    return observed.observation.values is not None and not observed.observation.values.empty


@needs_items
def time_per_stage(observed: Observed) -> Figure:
    """How long each stage of a request takes: to acknowledge, to prove identity, to make clear, to answer (`request_stage_time`)."""
    if not _has_values(observed):
        return nothing(f"{observed.measure.title}: no time of a stage is recorded.", caption(observed))
    curves = curves_by(observed, "stage", "all stages", least=1)
    stages = curves.names[1:]
    medians = {name: observed.survival(stage=name.replace(" ", "_")).median() for name in stages}
    known = {name: median for name, median in medians.items() if median is not None}
    slowest = max(known, key=lambda name: known[name], default="")
    title = f"The slowest stage is to {slowest}: half of them take {days(known[slowest])} or longer." if slowest else "No stage is half done."
    kept = replace(curves, frame=curves.frame[curves.frame["of"].isin(stages)], names=stages, banded="")
    chart = draw_curves(kept, axis="days since the stage began", items="stages")
    return Figure(chart, kept.table("stages").rename(columns={"of": "stage"}), caption(observed, STAGES), title)


STAGES = "Stages still running count as running for as long as they were seen."
OVERDUE = ("not overdue", "1 to 7 days", "8 to 30 days", "31 to 90 days", "over 90 days")


@needs_items
def backlog_by_age(observed: Observed) -> Figure:
    """Requests still open by right, and how long they are past their due day (`request_backlog`)."""
    cells = period_cells(observed)
    cells = cells.assign(group_overdue_since=cells["group_overdue_since"].where(~cells["unknown"], NO_DUE_DAY))
    frame = summed(cells, "group_right_requested", "group_overdue_since")
    frame = frame.rename(columns={"group_right_requested": "right", "group_overdue_since": "past the due day"})
    bars = in_order(frame, "right")
    bands = [band for band in (*OVERDUE, NO_DUE_DAY) if band in set(frame["past the due day"])]
    counts = observed.counts
    title = f"{of(counts.exceptions, counts.population)} open requests are past their due day."
    shown = frame.assign(right=frame["right"].map(label))
    chart = draw.stacked(shown, "right", "past the due day", [label(b) for b in bars], bands, unit="open requests", scale=_ages(bands))
    return Figure(chart, shown.rename(columns={"items": "requests"}), caption(observed), title)


NO_DUE_DAY = "no due day"


def _ages(bands: list[str]) -> alt.Scale:
    """Within time in the colour of what is good; the longer overdue, the darker."""
    known = dict(zip(OVERDUE, (theme.GOOD, *theme.DARKER), strict=True)) | {NO_DUE_DAY: theme.UNKNOWN}
    return alt.Scale(domain=bands, range=[known[band] for band in bands])


@needs_items
def answered_on_time_by_month(observed: Observed) -> Figure:
    """Share of requests answered by their due day, by month in which they fell due (`request_on_time`).

    A request still open past its due day was not answered on time: the title says how many there are.
    """
    figure = on_time_by_month(observed, "were answered on time", "share answered on time", "requests that fell due")
    still_open = observed.observation.reasons.get("open_late", 0)
    if not still_open:
        return figure
    verb = "is" if still_open == 1 else "are"
    return replace(figure, title=f"{figure.title[:-1]}; {still_open:,} of the period {verb} still open past the due day.")


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
