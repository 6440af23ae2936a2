"""The object that `check --json` prints and `run` writes as `findings.json`. Names are fixed; more may be added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from audit_lib.catalogue import Catalogue
from audit_lib.vocabulary import Document, Finding, Observation, Period, Reading

FORMAT = 1
"""Raised when a name in the object changes or goes."""


def results(
    period: Period,
    engine: str,
    catalogue: Catalogue,
    inputs: Iterable[Mapping[str, Any]],
    observations: Iterable[Observation],
    findings: Iterable[Finding],
    compared: Period | None,
    vanished: list[dict[str, Any]] | None = None,
    late: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Everything an audit found, ready for JSON. `vanished` and `late` are null where no earlier report was compared with."""
    return {
        "format": FORMAT,
        "period": period_dict(period),
        "compared": period_dict(compared) if compared else None,
        "time_zone": catalogue.zone.key,
        "engine": engine,
        "criteria": [document_dict(document) for document in catalogue.documents],
        "inputs": list(inputs),
        "vanished": vanished,
        "late": late,
        "observations": [observation_dict(observation) for observation in observations],
        "findings": [finding_dict(finding) for finding in findings],
    }


def period_dict(period: Period) -> dict[str, str]:
    """`start` belongs to the period, `end` does not."""
    return {"start": period.start.isoformat(), "end": period.end.isoformat(), "name": str(period)}


def document_dict(document: Document) -> dict[str, Any]:
    """What a reader must know of a document audited against."""
    return {
        "id": document.id,
        "title": document.title,
        "kind": document.kind,
        "version": document.version,
        "sha256": document.sha256,
        "criteria": len(document.criteria),
        "clauses": len(document.clauses),
    }


def observation_dict(found: Observation) -> dict[str, Any]:
    """An observation without its cells. For a duration `exceptions` counts the waits that have ended."""
    return {
        "measure": found.measure,
        "kind": str(found.kind),
        "parameters": dict(found.parameters),
        **found.counts.as_dict(),
        "accounts_with_exception": found.accounts_with_exception,
        "reasons": dict(found.reasons),
        "groups": {
            group: {word: counts.as_dict() for word, counts in words.items()} for group, words in found.groups.items()
        },
        "by_month": {
            month: {**counts.as_dict(), **({"cut": True} if month in found.cut_months else {})}
            for month, counts in found.by_month.items()
        },
        "sums": dict(found.sums),
        "notes": list(found.notes),
        "status": found.status,
        "why": found.why,
        "crashed": found.crashed,
    }


def reading_dict(reading: Reading) -> dict[str, Any]:
    """The figure under another reading of a parameter."""
    told = {"parameter": reading.parameter, "value": reading.value, "meaning": reading.meaning}
    return {**told, **reading.counts.as_dict(), "status": str(reading.status), "why": reading.why}


def finding_dict(finding: Finding) -> dict[str, Any]:
    """A finding. `exception_rate` and `interval` are null when nothing was tested."""
    criterion = finding.criterion
    rate = finding.counts.rate
    return {
        "criterion": criterion.id,
        "document": criterion.document,
        "kind": criterion.kind,
        "criterion_sentence": criterion.sentence,
        "clauses": list(criterion.clauses),
        "measure": finding.measure,
        "status": str(finding.status),
        "sentence": finding.sentence,
        "why": finding.why,
        **finding.counts.as_dict(),
        "accounts_with_exception": finding.accounts_with_exception,
        "exception_rate": None if rate is None else float(rate),
        "interval": None if finding.interval is None else list(finding.interval),
        "tolerable_rate": float(criterion.tolerable_rate),
        "section": criterion.section,
        "law": criterion.law,
        "notes": list(finding.notes),
        "readings": [reading_dict(reading) for reading in finding.readings],
        "compared": None if finding.compared is None else finding.compared.as_dict(),
        "compared_status": None if finding.compared_status is None else str(finding.compared_status),
    }
