"""Evidence: what lets another person repeat the audit. Hashes, versions, texts, parameters."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from audit_lib import age_statements
from audit_lib.catalogue import Catalogue
from audit_lib.catalogue.measures import text_hash
from audit_lib.vocabulary import Criterion, Measure

PACKAGES = ("duckdb", "pandas", "numpy", "altair", "papermill", "sqlglot", "holidays", "scipy", "tzdata", "vl-convert-python")
CODE = Path(__file__).parent


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Versions of what computes the figures: Python, the packages that matter, this suite."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        found[package] = importlib.metadata.version(package)
    found["privacy-audit-suite"] = suite_version()
    return found


def suite_version() -> str:
    """The version of this suite; `0+unknown` when it runs without being installed."""
    try:
        return importlib.metadata.version("privacy-audit-suite")
    except importlib.metadata.PackageNotFoundError:
        return "0+unknown"


@cache
def code_hash() -> str:
    """One hash over every file of the package: two runs with the same one ran the same code and definitions."""
    digest = hashlib.sha256()
    for file in sorted(CODE.rglob("*")):
        if file.is_file() and file.suffix in (".py", ".sql", ".toml", ".csv", ".j2", ".js", ".css", ".json"):
            digest.update(f"{file.relative_to(CODE).as_posix()}\0{sha256_file(file)}\n".encode())
    return digest.hexdigest()


def texts(catalogue: Catalogue, staging: Mapping[str, str]) -> dict[str, Any]:
    """The hashes of every text a figure rests on: staging, shared steps, measures, reference tables, criteria."""
    return {
        "staging": {name: text_hash(text) for name, text in sorted(staging.items())},
        "derived": {name: step.sql_sha256 for name, step in sorted(catalogue.derived.items())},
        "measures": {name: measure.sql_sha256 for name, measure in sorted(catalogue.measures.items())},
        "definitions": {name: measure.definition_sha256 for name, measure in sorted(catalogue.measures.items())},
        "reference": {name: table.sha256 for name, table in sorted(catalogue.reference.items())},
        "criteria": {document.id: document.sha256 for document in catalogue.documents},
    }


def parameters(catalogue: Catalogue) -> dict[str, Any]:
    """The parameters of the run and which of them are assumptions."""
    profile = catalogue.parameters
    return {
        "scalars": dict(sorted(profile.scalars.items())),
        "lists": {name: list(rows) for name, rows in sorted(profile.lists.items())},
        "assumed": sorted(profile.assumed),
        "time_zone": catalogue.zone.key,
    }


def of_measure(
    catalogue: Catalogue, staging: Mapping[str, str], measure: Measure, replaced: Mapping[str, Any], files: Mapping[str, list[str]]
) -> str:
    """The evidence hash of a measure under some parameters: of all that its figures rest on, and of nothing else.

    Its texts and shared steps, the staging and reference tables and the parameters they read, the patterns looked for in texts where it
    reads what was found by them, the time zone, and the export files behind it (`files`: export table → their SHA-256).
    Two runs with the same hash, the same code and the same period have the same figures.
    """
    texts = [text_hash(staging[name]) for table in measure.tables if (name := table.removeprefix("stg_")) in staging]
    tables = [catalogue.reference[name].sha256 for table in measure.tables if (name := table.removeprefix("ref_")) in catalogue.reference]
    profile = catalogue.parameters.replaced(dict(replaced))
    read = {name: profile.scalars[name] if name in profile.scalars else profile.lists.get(name) for name in measure.parameters}
    said = [measure.sql_sha256, measure.definition_sha256, [catalogue.derived[step].sql_sha256 for step in measure.derived]]
    looked_for = patterns_hash() if "stg_text_signal" in measure.tables else ""
    behind = {table: files.get(table) for table in sorted(measure.may_read)}
    return fingerprint([said, texts, tables, read, looked_for, catalogue.zone.key, behind])


def of_finding(criterion: Criterion, behind: str) -> str:
    """The evidence hash of a finding: of the criterion as it is held against the measure, and of the measure's evidence (`behind`)."""
    return fingerprint([asdict(criterion), behind])


def patterns_hash() -> str:
    """One hash over the patterns by which statements of age are found in texts, and the program that applies them."""
    files = [*sorted(age_statements.PATTERNS.glob("*.toml")), Path(age_statements.__file__)]
    return fingerprint([[file.name, sha256_file(file)] for file in files])


def fingerprint(content: Any) -> str:
    """SHA-256 of anything that can be written as JSON, in one fixed form."""
    return text_hash(json.dumps(content, sort_keys=True, separators=(",", ":"), default=str))
