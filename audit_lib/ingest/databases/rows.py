"""Writes rows that a driver hands over one by one as UTF-8 CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from audit_lib.ingest.databases.relation import SAY_EVERY, Progress


def write_rows(path: Path, names: Sequence[str], rows: Iterable[Sequence[str | None]], said: Progress) -> int:
    """Write a header line and the rows, everything in quotes; NULL becomes empty. Returns the number of rows."""
    number = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        write = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow
        write(names)
        for number, row in enumerate(rows, 1):
            write(row)
            if number % SAY_EVERY == 0:
                said(f"{number:,} rows")
    return number
