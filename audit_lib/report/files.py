"""What lies beside the page: findings, exceptions, and the manifest that a reader can check everything against."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from audit_lib import evidence
from audit_lib.conclude import headline
from audit_lib.disclosure import csv_cell
from audit_lib.errors import DefinitionError
from audit_lib.report.result import Hole
from audit_lib.run import Observed, Run
from audit_lib.vocabulary import Kind

FIRST = 10_000
"""Exceptions of a measure that are written as CSV; the whole list is Parquet."""
MANIFEST = "manifest.json"
REMARKS = "remarks.md"


def write_findings(run: Run, folder: Path) -> None:
    """`findings.json` and `findings.csv`."""
    write_json(folder / "findings.json", run.results())
    write_csv(folder / "findings.csv", run.findings())


def write_json(path: Path, content: Any) -> None:
    """Indented JSON with a fixed order of names."""
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, default=_plain) + "\n", "utf-8")


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    return str(value)


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """A frame as CSV (RFC 4180, UTF-8) without cells that a spreadsheet would run as formulas."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([csv_cell(str(name)) for name in frame.columns])
        for row in frame.itertuples(index=False, name=None):
            rows.writerow([None if pd.isna(value) else csv_cell(value) for value in row])


def write_exceptions(run: Run, folder: Path) -> list[str]:
    """The exceptions of every judged measure under pseudonyms, readable by their owner only; returns the measures written."""
    folder.mkdir(mode=0o700)
    folder.chmod(0o700)
    written = []
    for observed in _judged(run):
        name = observed.measure.id
        write_csv(folder / f"{name}.csv", observed.exceptions(limit=FIRST))
        observed.save_exceptions(folder / f"{name}.parquet")
        written.append(name)
    _write_rule_breaks(run, folder)
    for file in folder.iterdir():
        file.chmod(0o600)
    return written


def _write_rule_breaks(run: Run, folder: Path) -> None:
    """The rows that break a rule across columns or tables, by file and record."""
    rows = run.rule_break_rows()
    if not rows.empty:
        write_csv(folder / "rule_breaks.csv", rows)


def _judged(run: Run) -> Iterable[Observed]:
    for found in run.observations:
        if found.measured and not found.parameters and found.kind in (Kind.FLOW, Kind.STOCK) and found.counts.exceptions:
            yield run.observe(found.measure)


def write_manifest(run: Run, folder: Path, arguments: dict[str, Any], made_at: datetime, holes: Sequence[Hole]) -> None:
    """`manifest.json`: what went in, what computed, what came out. `made_at` stands outside the hashed part."""
    content = {
        "format": 1,
        "arguments": arguments,
        "period": str(run.period),
        "inputs": run.inputs().to_dict("records"),
        **run.evidence(),
        "findings": {str(status): n for status, n in headline(run.finding_list).items()},
        "holes": [{"notebook": hole.notebook, "why": hole.why} for hole in holes],
        "files": file_hashes(folder),
    }
    content = json.loads(json.dumps(content, default=_plain))
    manifest = {"content": content, "content_sha256": evidence.fingerprint(content), "made_at": made_at.isoformat(timespec="seconds")}
    write_json(folder / MANIFEST, manifest)


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a report folder but the manifest, by path within it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
    return {file.relative_to(folder).as_posix(): evidence.sha256_file(file) for file in files}


def verify_report(folder: Path) -> list[str]:
    """Hash every file of a report folder again; one sentence per difference from its manifest, none when all agree.

    `remarks.md` may be written after the report was made and is not held against it. Raises DefinitionError for a folder
    without a manifest that can be read.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        claimed, content, stamp = manifest["content"]["files"], manifest["content"], manifest["content_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        raise DefinitionError(f"{folder} holds no {MANIFEST} of a report. Name the folder of one report.") from None
    found = {name: digest for name, digest in file_hashes(folder).items() if name != REMARKS}
    claimed = {name: digest for name, digest in claimed.items() if name != REMARKS}
    said = [] if evidence.fingerprint(content) == stamp else [f"{MANIFEST} has been changed: its content does not have its hash."]
    said += [f"{name} is missing." for name in sorted(claimed.keys() - found.keys())]
    said += [f"{name} is not in the manifest." for name in sorted(found.keys() - claimed.keys())]
    said += [f"{name} has been changed." for name in sorted(found.keys() & claimed.keys()) if found[name] != claimed[name]]
    return said
