"""Figures on the end of consent: how long processing goes on after it, and what is still fresh."""

from __future__ import annotations

import altair as alt
import pandas as pd

from audit_lib.charts import draw, theme
from audit_lib.charts.cells import caption, in_order, label, largest, needs_items, of, period_cells, share_words, summed
from audit_lib.charts.figure import Figure, nothing
from audit_lib.charts.survival import Deadline, curves_by, draw_curves
from audit_lib.run import Observed

RUNNING = "Whoever is still being followed counts as going on for as long as it was seen."
BAND = "The band is the 95 % interval of the curve of all."
BANDS = ((0, "on the same day"), (1, "after 1 day"), (7, "after 2 to 7 days"), (30, "after 8 to 30 days"), (None, "after more than 30 days"))


@needs_items
def opt_out_delay(observed: Observed, deadlines: list[Deadline] | None = None) -> Figure:
    """How long marketing messages keep coming after an opt-out, by the way it was made (`opt_out_delay`)."""
    return _until_the_last(observed, "opt-outs", "marketing messages", deadlines)


@needs_items
def withdrawal_delay(observed: Observed) -> Figure:
    """How long processing goes on after a withdrawal of consent, by the way it was made (`withdrawal_delay`)."""
    return _until_the_last(observed, "withdrawals", "processing for the same purpose", None)


def _until_the_last(observed: Observed, items: str, what: str, deadlines: list[Deadline] | None) -> Figure:
    values = observed.observation.values
    if values is None or values.empty:
        return nothing(f"{observed.measure.title}: nothing was followed to its end.", caption(observed))
    curves = curves_by(observed, "method", "all ways", least=1)
    chart = draw_curves(curves, axis=f"days from the {items[:-1]} to the end of {what}", items=items, deadlines=deadlines or [])
    reasons = observed.observation.reasons
    went_on = reasons.get("went_on", 0)
    title = f"{of(went_on, went_on + reasons.get('stopped_at_once', 0))} {items} that were followed to the end had {what} after them."
    return Figure(chart, curves.table(items).rename(columns={"of": "made by"}), caption(observed, RUNNING, BAND), title)


@needs_items
def messages_after_opt_out(observed: Observed) -> Figure:
    """Messages to opted-out people by the days since the opt-out: within the grace, probably queued, or neither (`marketing_to_opted_out`)."""
    values = observed.observation.values
    if values is None or values.empty:
        return nothing("No marketing message went to anybody who had opted out.", caption(observed))
    values = values[values["value"].notna() & values["is_exception"].notna()]
    if values.empty:
        return nothing("No message to an opted-out person could be tested.", caption(observed))
    frame = values.assign(
        since=[_band(int(value)) for value in values["value"]],
        kind=[_kind(bad, soon) for bad, soon in zip(values["is_exception"], values["group_soon_after"], strict=True)],
    )
    frame = frame.groupby(["since", "kind"])["items"].sum().reset_index()
    bands = [name for _, name in BANDS if name in set(frame["since"])]
    kinds = [kind for kind in KINDS if kind in set(frame["kind"])]
    scale = alt.Scale(domain=kinds, range=[KINDS[kind] for kind in kinds])
    queued = int(frame.loc[frame["kind"] == QUEUED, "items"].sum())
    counts = observed.counts
    title = f"{of(counts.exceptions, counts.tested)} messages to opted-out people came after the grace; {queued:,} of them so soon that they were probably queued."
    shown = frame[["since", "kind", "items"]]
    chart = draw.stacked(shown, "since", "kind", bands, kinds, unit="messages", scale=scale)
    return Figure(chart, shown.rename(columns={"since": "sent", "items": "messages"}), caption(observed, "Queued messages count all the same."), title)


QUEUED = "after the grace, probably queued before the opt-out"
KINDS = {"within the grace of the law": theme.GOOD, QUEUED: theme.PALETTE[4], "after the grace": theme.BAD}


def _kind(bad: object, soon: object) -> str:
    if not bad:
        return "within the grace of the law"
    return QUEUED if soon == "yes" else "after the grace"


def _band(days: int) -> str:
    return next(name for last, name in BANDS if last is None or days <= last)


@needs_items
def freshness_by_country(observed: Observed) -> Figure:
    """Grants in force by country, stale ones apart (`consent_fresh`)."""
    cells = largest(period_cells(observed), "group_country", 12)
    frame = summed(cells, "group_country", "reason").rename(columns={"group_country": "country"})
    states = [word for word in ("stale", "fresh") if word in set(frame["reason"])]
    meanings = {word: label(word) for word in states}
    shown = frame.assign(state=frame["reason"].map(meanings))[["country", "state", "items"]]
    scale = alt.Scale(domain=[meanings[s] for s in states], range=[theme.BAD if s == "stale" else theme.GOOD for s in states])
    counts = observed.counts
    title = f"{of(counts.exceptions, counts.tested)} grants in force are older than the refresh period of their country."
    chart = draw.stacked(shown, "country", "state", in_order(frame, "country"), [meanings[s] for s in states], unit="grants", scale=scale)
    return Figure(chart, shown.rename(columns={"items": "grants"}), caption(observed), title)


@needs_items
def record_fields(observed: Observed) -> Figure:
    """What records of consent hold of the fields that ISO/IEC TS 27560 names and the export can carry (`consent_record_fields`)."""
    sums = observed.observation.sums
    grants = sums.get("grants", 0)
    if not grants:
        return nothing(f"No consent was given in {observed.observation.period}.", "There is nothing to draw.")
    rows = [(observed.measure.sums[name].removeprefix("grants that "), value) for name, value in sums.items() if name != "grants"]
    frame = pd.DataFrame(rows, columns=["field", "items"]).sort_values(["items", "field"], ascending=[False, True])
    lacking = frame[frame["items"] < grants]
    least = lacking.iloc[-1] if len(lacking) else None
    title = f"All {grants:,} records of consent hold every field."
    if least is not None:
        title = f"The field least often filled stands in {share_words(int(least['items']), grants)} of the records: those that {least['field']}."
    table = frame.assign(share=frame["items"] / grants).rename(columns={"items": "records", "share": "share of records"})
    chart = draw.plain_bars(frame, "field", list(frame["field"]), unit="records of consent")
    return Figure(chart, table, f"n = {grants:,} grants in {observed.observation.period}.", title)
