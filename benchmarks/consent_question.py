"""What consent_coverage asks, as plain values: what the other tools are given beside the loaded columns."""

from __future__ import annotations

from typing import Any

from audit_lib.catalogue import load_catalogue
from audit_lib.engines.duckdb import DuckDB
from audit_lib.vocabulary import Period, day_number

Question = dict[str, Any]
Answer = dict[str, int]
"""`period <reason>` or `before <reason>` (the year before the period) → items."""


def question(engine: DuckDB, period: Period) -> Question:
    """Purposes, scope, validity, days: from the parameters and reference tables of the default policy."""
    parameters = load_catalogue().parameters
    purposes = parameters.lists["purpose"]
    area = engine.rows(f"select country, first_day, last_day from ref_area where area = '{parameters.scalars['consent_scope']}'")
    first, last = day_number(period.history_start()), day_number(period.end) - 1
    return {
        "purposes": {row["purpose"]: number for number, row in enumerate(purposes, 1)},
        "consent_based": [row["purpose"] for row in purposes if row["is_consent_based"]],
        "months": parameters.scalars["consent_validity_months"],
        "scope": _touching(area, first, last),
        "covers_from_day": engine.rows("select covers_from_day from coverage where table_name = 'consent_events'")[0][0],
        "first_day": first,
        "start_day": day_number(period.start),
        "last_day": last,
    }


def _touching(area: list[tuple[str, int, int]], first: int, last: int) -> dict[str, list[list[int]]]:
    """Country → its unbroken spans of days in the area that touch the days asked for."""
    merged: dict[str, list[list[int]]] = {}
    for country, begins, ends in sorted(area):
        spans = merged.setdefault(country, [])
        if spans and begins <= spans[-1][1] + 1:
            spans[-1][1] = max(ends, spans[-1][1])
        else:
            spans.append([begins, ends])
    kept = {country: [s for s in spans if s[0] <= last and s[1] >= first] for country, spans in merged.items()}
    return {country: spans for country, spans in kept.items() if spans}
