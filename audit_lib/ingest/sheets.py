"""One sheet of an .xlsx workbook as CSV: values by python-calamine, checked against our own look at the XML."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import python_calamine

from audit_lib.ingest import limits
from audit_lib.ingest.sheet_xml import SheetFacts, damaged_workbook, open_workbook, sheet_facts, sheet_parts
from audit_lib.ingest.streams import UnreadableError

_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, RuntimeError, LookupError, ValueError
)  # fmt: skip
"""What reading a damaged archive, or XML of an unknown encoding or without a needed attribute, raises."""
EXACT = 2**53
"""Whole numbers up to this are exact in a cell."""


def write_sheet(path: Path, declared: str | None, out: BinaryIO) -> tuple[int, str]:
    """Write a sheet as UTF-8 CSV. Returns its records by our own count, and which sheet it is.

    Raises UnreadableError where the workbook cannot be read, where it is not clear which sheet is meant, and where a
    value would be lost.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            open_workbook(archive)
            parts = sheet_parts(archive)
            sheet = _which(list(parts), declared)
            facts = sheet_facts(archive, parts[sheet])
    except _BROKEN:
        raise damaged_workbook() from None
    if not facts.filled:
        raise UnreadableError("the sheet is empty", "Write the names of the columns into its first row.")
    if (facts.last_row + 1) * (facts.last_column + 1) > limits.CELLS:
        raise UnreadableError(f"the sheet has more than {limits.CELLS} cells", "Export it as .csv.")
    rows = _rows(path, sheet, facts)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    written = _write(rows, facts, text)
    text.flush()
    text.detach()
    if written != len(facts.filled):
        raise UnreadableError(
            f"two counts of its rows differ ({written} read, {len(facts.filled)} in the sheet)", "Export it as .csv."
        )
    return written - 1, f"sheet {sheet} ({'declared' if declared else 'the only one'})"


def _which(sheets: list[str], declared: str | None) -> str:
    shown = ", ".join(sheets[:10]) + (" …" if len(sheets) > 10 else "")
    if declared is not None:
        if declared not in sheets:
            raise UnreadableError(
                f"the workbook has no sheet {declared}", f"Correct `sheet` in sources.toml. Sheets: {shown}."
            )
        return declared
    if len(sheets) != 1:
        raise UnreadableError(
            f"the workbook has {len(sheets)} sheets ({shown})",
            'Declare which one is meant: sheet = "…" in sources.toml.',
        )
    return sheets[0]


def _rows(path: Path, sheet: str, facts: SheetFacts) -> Iterator[tuple[int, list[str]]]:
    """Rows from the first on, as texts without empty cells at their end."""
    try:
        with python_calamine.load_workbook(path) as workbook:
            found = workbook.get_sheet_by_name(sheet)
            cells = found.to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, python_calamine.PasswordError, ValueError, OSError):
        raise damaged_workbook() from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # how the reader's own language ends on what it did not expect
            raise damaged_workbook() from None
        raise
    for row, values in enumerate(cells):
        yield row, _texts(row, values, facts)


def _texts(row: int, values: list[Any], facts: SheetFacts) -> list[str]:
    texts = []
    for column, value in enumerate(values):
        place = (row, column)
        if place in facts.errors:
            texts.append(facts.errors[place])
        elif place in facts.midnights and isinstance(value, date):
            texts.append(f"{value.isoformat()[:10]}T00:00:00")
        else:
            texts.append(cell_text(value))
    while texts and not texts[-1]:
        texts.pop()
    return texts


def cell_text(value: Any) -> str:
    """A cell's value as a CSV would write it: whole numbers without point, dates and instants in ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) <= EXACT else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds = value // timedelta(seconds=1)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(value)


def _write(rows: Iterator[tuple[int, list[str]]], facts: SheetFacts, out: io.TextIOWrapper) -> int:
    """Write the rows that hold something, the first of them as header. Returns how many."""
    writer = csv.writer(out, lineterminator="\n")
    written, width = 0, 0
    for row, texts in rows:
        if not texts and row not in facts.filled:
            continue
        if not written:
            _check_header(row, texts)
            width = len(texts)
        writer.writerow(texts + [""] * (width - len(texts)))
        written += 1
    return written


def _check_header(row: int, texts: list[str]) -> None:
    """The first row holds the names, without gaps. (Repeated names are refused as in every file.)"""
    empty = [str(column) for column, text in enumerate(texts, 1) if not text.strip()]
    if row > 0 or empty or not texts:
        where = f"columns {', '.join(empty[:10])} of the first row" if empty and not row else "the first row"
        raise UnreadableError(
            f"no name in {where} of the sheet" if row or not empty else f"no name in {where}",
            "Write a name above every column, in the first row.",
        )
