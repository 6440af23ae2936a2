"""Figures of the chapter on consent and marketing."""

from __future__ import annotations

from audit_lib.charts import draw
from audit_lib.charts.cells import (
    all_cells,
    caption,
    in_order,
    label,
    largest,
    needs_items,
    of,
    period_cells,
    period_months,
    share_words,
    shares,
    summed,
)
from audit_lib.charts.figure import Figure, nothing
from audit_lib.run import Observed


@needs_items
def coverage_by_purpose(observed: Observed) -> Figure:
    """Share of processing with a consent in force, by purpose and month (`consent_coverage`)."""
    cells = largest(all_cells(observed), "group_purpose")
    frame = shares(cells, "month", "group_purpose").rename(columns={"group_purpose": "purpose"})
    if frame.empty:
        return nothing(f"{observed.measure.title}: nothing could be tested.", caption(observed))
    months = period_months(observed)
    frame["in_period"] = [month in months for month in frame["month"]]
    frame["purpose"] = frame["purpose"].map(label)
    counts = observed.counts
    good = counts.tested - counts.exceptions
    title = f"A consent stood behind {share_words(good, counts.tested)} of the processing that needs one in {observed.observation.period}."
    order = [label(word) for word in in_order(cells, "group_purpose")]
    chart = draw.share_by_month(frame, axis="share with consent", tested="events", by="purpose", order=order)
    table = frame[["month", "purpose", "tested", "good", "share"]].rename(columns={"tested": "events", "good": "with consent"})
    return Figure(chart, table, caption(observed, "Filled points: months of the period."), title)


@needs_items
def uncovered_by_country(observed: Observed) -> Figure:
    """Processing without consent, by country of the person and why none was in force (`consent_coverage`)."""
    cells = period_cells(observed)
    bare = largest(cells[cells["bad"]], "group_country", 12)
    if bare.empty:
        return nothing("No processing that needs consent went without it.", caption(observed))
    frame = summed(bare, "group_country", "reason").rename(columns={"group_country": "country", "reason": "why"})
    meanings = observed.measure.reasons
    whys = [word for word in meanings if word in set(frame["why"])]
    bars = in_order(frame, "country")
    totals = frame.groupby("why")["items"].sum()
    worst = max(whys, key=lambda word: int(totals[word]))
    title = f"{of(observed.counts.exceptions, observed.counts.tested)} events had no consent in force; the most common case: {meanings[worst]} ({totals[worst]:,})."
    shown = frame.assign(why=frame["why"].map(meanings))
    chart = draw.stacked(shown, "country", "why", bars, [meanings[word] for word in whys], unit="events")
    return Figure(chart, shown.rename(columns={"items": "events"}), caption(observed), title)


@needs_items
def marketing_to_opted_out(observed: Observed) -> Figure:
    """Marketing messages sent to opted-out people after the grace, by month and country (`marketing_to_opted_out`)."""
    cells = all_cells(observed)
    sent = largest(cells[cells["bad"]], "group_country")
    if sent.empty:
        return nothing("No marketing message went to anybody who had opted out.", caption(observed))
    frame = summed(sent, "month", "group_country").rename(columns={"group_country": "country"})
    counts = observed.counts
    title = f"{counts.exceptions:,} marketing messages reached people who had opted out in {observed.observation.period}."
    chart = draw.columns_by_month(frame, "country", in_order(frame, "country"), unit="messages")
    notes = ["The months before the period stand beside it."]
    return Figure(chart, frame.rename(columns={"items": "messages"}), caption(observed, *notes), title)
