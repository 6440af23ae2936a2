"""What notebooks show of consent beside figures and charts: opt-in over prompts and over answers, and the fields of the record."""

from __future__ import annotations

import pandas as pd

from audit_lib.charts.cells import label, share_words
from audit_lib.charts.opt_in import TWO, opt_in_counts
from audit_lib.report import words
from audit_lib.report.waits import nothing
from audit_lib.report.words import Shown
from audit_lib.run import Observed, Run

STANDARD = "ISO/IEC TS 27560:2023"


def opt_in(observed: Observed, group: str = "purpose") -> Shown:
    """Opt-in by a group, over prompts and over answers, always beside each other."""
    if not observed.observation.measured or not observed.counts.population:
        return words.paragraphs(nothing(observed))
    counts = opt_in_counts(observed, group)
    named = observed.measure.groups[group]
    shown = pd.DataFrame(
        {
            named: counts[group].map(label),
            "prompts": counts["prompts"],
            "answered yes": counts["prompts answered yes"],
            "share of prompts": _shares(counts, "prompts answered yes", "prompts"),
            "answers": counts["answers"],
            "yes": counts["answers yes"],
            "share of answers": _shares(counts, "answers yes", "answers"),
        }
    )
    # Once is enough in a chapter: the table by purpose comes first.
    return words.together([words.table(shown), *([words.paragraphs(TWO)] if group == "purpose" else [])])


def _shares(counts: pd.DataFrame, part: str, whole: str) -> list[str]:
    return [share_words(int(p), int(w)) if w else "" for p, w in zip(counts[part], counts[whole], strict=True)]


def record_fields(run: Run, observed: Observed) -> Shown:
    """The fields that ISO/IEC TS 27560 asks of a record of consent: which the export carries, and in how many records."""
    if not observed.observation.measured:
        return words.paragraphs(nothing(observed))
    sums = observed.observation.sums
    grants = int(sums.get("grants", 0))
    rows = run.catalogue.reference["consent_record_field"].rows.fillna("")
    shown = pd.DataFrame(
        {
            "section": rows["section"],
            "field": rows["field"],
            "asked by the standard": rows["requirement"],
            "asked by the GDPR": rows["gdpr_requirement"].where(rows["gdpr_requirement"] != "-", ""),
            "in the export": rows["export_column"],
            "recorded": [_recorded(sums.get(name), grants) if name else "" for name in rows["sum_name"]],
        }
    )
    carried = shown[shown["in the export"] != ""]
    lacking = shown[(shown["in the export"] == "") & (shown["asked by the standard"] == "mandatory")]
    said = f"{len(carried):,} of the {len(shown):,} fields of {STANDARD} have a column in the export of consent events."
    rest = f"Mandatory fields without one, for which other records must speak: {', '.join(lacking['field'])}." if len(lacking) else ""
    return words.together([words.paragraphs(said), words.table(carried), *([words.paragraphs(rest)] if rest else [])])


def _recorded(count: int | None, grants: int) -> str:
    if count is None:
        return ""
    return f"{count:,} of {grants:,} ({share_words(count, grants)})" if grants else "no grant in the period"
