"""`sources.toml`: what the exporter declares about the sample exports."""

from __future__ import annotations

from audit_lib.sample.files import Shape
from audit_lib.sample.world import EXTRACTED_AT

LOGS = ("consent_events", "processing_events", "birth_date_declarations", "texts", "transfers", "policy_notices")
"""Tables to which rows are only added; the others are snapshots."""
DAILY = ("processing_events", "consent_events")
"""Tables that are never silent for a whole day."""


def sources_toml(shapes: dict[str, Shape]) -> str:
    """One entry per table, in the order of their names."""
    lines = [
        "# What the exporter declares about these exports (docs: the export tables).",
        'ignore = ["README.md", "ground_truth.csv"]',
    ]
    for table, shape in sorted(shapes.items()):
        lines += ["", f"[{table}]", f"extracted_at = {EXTRACTED_AT}", f'kind = "{_kind(table)}"']
        lines += ['covers_from = "beginning"', "keeps_deleted = true"]
        if shape.instants == "local":
            lines.append('time_zone = "America/Los_Angeles"')
        if table in DAILY:
            lines.append("daily = true")
    return "\n".join(lines) + "\n"


def _kind(table: str) -> str:
    return "log" if table in LOGS else "snapshot"
