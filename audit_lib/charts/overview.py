"""The overview: findings by area and status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import altair as alt
import pandas as pd

from audit_lib.charts import draw, theme
from audit_lib.charts.figure import Figure, nothing
from audit_lib.run.run import STATUS_WORDS
from audit_lib.vocabulary import Finding


def findings_by_area(findings: Iterable[Finding], areas: Mapping[str, str]) -> Figure:
    """How many criteria of each area have each status. `areas` maps criterion ids to the name of their area."""
    rows = [(areas.get(f.criterion.id, "other"), STATUS_WORDS[f.status]) for f in findings]
    if not rows:
        return nothing("No criterion was held against the logs.", "The criteria files name none.")
    frame = pd.DataFrame(rows, columns=["area", "status"]).value_counts(sort=False).reset_index(name="items")
    statuses = [status for status in theme.STATUS_COLOURS if status in set(frame["status"])]
    bars = list(dict.fromkeys([area for area in areas.values() if area in set(frame["area"])] + sorted(set(frame["area"]))))
    count = frame.groupby("status")["items"].sum()
    title = f"{count.get('not satisfied', 0):,} of {len(rows):,} criteria are not satisfied; {count.get('could not be assessed', 0):,} could not be assessed."
    scale = alt.Scale(domain=statuses, range=[theme.STATUS_COLOURS[status] for status in statuses])
    chart = draw.stacked(frame, "area", "status", bars, statuses, unit="criteria", scale=scale)
    return Figure(chart, frame.rename(columns={"items": "criteria"}), f"n = {len(rows):,} criteria.", title)
