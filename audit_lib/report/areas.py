"""The chapters of the report: which notebook tells what, and to which chapter a criterion belongs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audit_lib.run import Run
from audit_lib.vocabulary import Criterion, Finding


@dataclass(frozen=True)
class Chapter:
    """One notebook of the set. `area` is that of the measures it tells about."""

    notebook: str
    title: str
    area: str = ""

    @property
    def anchor(self) -> str:
        """Where the report puts it."""
        return f"chapter-{self.area or self.notebook.split('_', 1)[1].replace('_', '-')}"


INPUTS = Chapter("00_inputs", "Data quality")
OTHER = Chapter("60_other_commitments", "Other commitments", "other")
OVERVIEW = Chapter("90_compliance_report", "Overview and what changed")
AREAS = (
    Chapter("10_retention", "Retention and deletion", "retention"),
    Chapter("20_rights_requests", "Rights requests", "rights"),
    Chapter("30_consent", "Consent and marketing", "consent"),
    Chapter("40_under_13", "Children under 13", "under_13"),
    Chapter("50_transfers", "Transfers", "transfers"),
    OTHER,
)
CHAPTERS = (INPUTS, *AREAS, OVERVIEW)


def areas_of(run: Run) -> dict[str, str]:
    """Criterion id → area. A criterion without a measure belongs where others of its section are measured, else to "other"."""
    measured = {c.id: run.catalogue.measures[c.measure].area for c in run.catalogue.criteria if c.measure}
    known = {chapter.area for chapter in AREAS}
    by_section = _by_section(run, measured)
    areas = {c.id: measured.get(c.id) or by_section.get((c.document, c.section), "") for c in run.catalogue.criteria}
    return {criterion: area if area in known else OTHER.area for criterion, area in areas.items()}


def _by_section(run: Run, measured: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Sections of a policy whose measured criteria all belong to one area."""
    found: dict[tuple[str, str], set[str]] = {}
    for criterion in run.catalogue.criteria:
        if criterion.section and criterion.id in measured:
            found.setdefault((criterion.document, criterion.section), set()).add(measured[criterion.id])
    return {section: areas.pop() for section, areas in found.items() if len(areas) == 1}


def chapter_of(area: str) -> Chapter:
    """The chapter of an area."""
    return next((chapter for chapter in AREAS if chapter.area == area), OTHER)


def area_names(run: Run) -> dict[str, str]:
    """Criterion id → title of its chapter, in the order of the chapters."""
    areas = areas_of(run)
    return {
        criterion: chapter.title for chapter in AREAS for criterion, area in areas.items() if chapter_of(area) is chapter
    }


def findings_in(run: Run, area: str) -> list[Finding]:
    """The findings of an area, in the order of the run (worst first)."""
    areas = areas_of(run)
    return [finding for finding in run.finding_list if areas[finding.criterion.id] == area]


def where_from(criterion: Criterion) -> str:
    """The section and law of a criterion: `policy, section 8 Retention; GDPR Art. 5(1)(e)`."""
    section = criterion.section
    if section[:1].isdigit():
        section = f"section {section}"
    parts = [f"policy, {section}" if section and criterion.kind == "commitment" else section, criterion.law]
    return "; ".join(part for part in parts if part)
