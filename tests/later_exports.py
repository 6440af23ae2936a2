"""One reality exported twice: at the end of a period, and half a year later; and what came late in between."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zlib import crc32
from zoneinfo import ZoneInfo

import duckdb

from audit_lib.catalogue import load_catalogue
from audit_lib.vocabulary import Contract

Row = dict[str, str]
ZONE = ZoneInfo("America/Los_Angeles")
AS_OF = datetime(2018, 10, 1, tzinfo=ZONE)
LATER = datetime(2019, 4, 1, 8, tzinfo=UTC)
"""When the second export is made."""
CONTRACTS = load_catalogue().contracts
BELONGS = {
    "rights_requests": {"outcome": "closed_at", "refusal_reason": "closed_at", "remedies_told": "closed_at", "extension_reason": "extended_at"},
    "age_reviews": {"decision": "decided_at"},
}  # fmt: skip
"""What is entered together with an instant."""
OPEN_DATES = {"legal_holds": ("ends_on", "case_closed_on")}
"""Dates that are empty until they have come."""
FILLED = {
    "accounts": ("closed_at",), "stored_records": ("deleted_at",), "age_reviews": ("decided_at", "data_deleted_at"), "policy_versions": ("withdrawn_at",),
    "rights_requests": ("acknowledged_at", "identity_requested_at", "identity_verified_at", "extended_at", "closed_at", "restriction_lifted_at"),
    "security_incidents": ("aware_at", "authority_notified_at", "persons_notified_at"),
}  # fmt: skip
"""Instants that come after the row."""
WORDS = {"outcome": "refused", "refusal_reason": "not the account holder", "remedies_told": "true", "extension_reason": "many requests", "decision": "cleared"}


# files ---------------------------------------------------------------------------------------------------------------


def rows_of(data: Path, table: str) -> list[Row]:
    """The rows of an export in any of the samples' formats, as text."""
    file = next(data.glob(f"{table}.*"))
    if file.suffix == ".parquet":
        with duckdb.connect() as con:
            con.execute("set timezone = 'UTC'")
            rows = con.execute("select columns(*)::varchar from read_parquet(?)", [str(file)])
            names = [column[0] for column in rows.description]
            return [dict(zip(names, (_text(value) for value in row), strict=True)) for row in rows.fetchall()]
    text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text("utf-8")
    if file.suffix == ".jsonl":
        return [{name: _text(value) for name, value in json.loads(line).items()} for line in text.splitlines()]
    return list(csv.DictReader(text.splitlines()))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def write(data: Path, table: str, rows: list[Row]) -> None:
    """Write an export as CSV, in place of whatever it was."""
    for file in data.glob(f"{table}.*"):
        file.unlink()
    with (data / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def export(samples: Path, data: Path, change: Callable[[Contract, list[Row]], list[Row]], extracted: datetime) -> Path:
    """The samples as exported at another time, all tables as CSV."""
    data.mkdir()
    for table, contract in CONTRACTS.items():
        write(data, table, change(contract, rows_of(samples, table)))
    said = (samples / "sources.toml").read_text("utf-8")
    stamp = extracted.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    (data / "sources.toml").write_text(re.sub(r"(?m)^extracted_at = .*$", f"extracted_at = {stamp}", said), "utf-8")
    return data


# time ----------------------------------------------------------------------------------------------------------------


def moment(text: str | None) -> datetime | None:
    """An instant of the samples; None for an empty or a faulty one. Those without an offset are Los Angeles time."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZONE)


def is_after(contract: Contract, column: str, text: str | None, as_of: datetime) -> bool:
    """Whether an instant or a date of a row lies at or after as of."""
    if contract.columns[column].type == "instant":
        found = moment(text)
        return found is not None and found >= as_of
    return bool(text) and str(text) >= as_of.date().isoformat()


def instants(contract: Contract) -> Iterator[str]:
    return (column.name for column in contract.columns.values() if column.type == "instant")


# the export at the end of the period ---------------------------------------------------------------------------------


def known(contract: Contract, rows: list[Row], as_of: datetime = AS_OF) -> list[Row]:
    """The rows as they stood at as of, the first second that is not known, given in the controller's zone."""
    return [_known(contract, row, as_of) for row in rows if was_there(contract, row, as_of)]


def was_there(contract: Contract, row: Row, as_of: datetime = AS_OF) -> bool:
    """Whether a row had been entered before as of."""
    placed = [column for column in contract.placed_by if row.get(column)]
    entered_later = contract.table == "legal_holds" and is_after(contract, "recorded_at", row.get("recorded_at"), as_of)
    return not entered_later and not (placed and is_after(contract, placed[0], row[placed[0]], as_of))


def _known(contract: Contract, row: Row, as_of: datetime) -> Row:
    was = dict(row)
    for column in (*instants(contract), *OPEN_DATES.get(contract.table, ())):
        if is_after(contract, column, was.get(column), as_of):
            was[column] = (as_of - timedelta(seconds=1)).isoformat() if column == "last_active_at" else ""
            was |= {word: "" for word, own in BELONGS.get(contract.table, {}).items() if own == column}
    return was


# the export half a year later ----------------------------------------------------------------------------------------


def half_a_year_later(contract: Contract, rows: list[Row]) -> list[Row]:
    """The rows as they stood half a year later: open things closed since, new rows, last activities moved on."""
    return [*(_moved_on(contract, row, _lot(contract, row)) for row in rows), *_new(contract, rows)]


def _lot(contract: Contract, row: Row) -> int:
    """A number by which changes are dealt out: the same for a row that is repeated, so that it stays a repetition."""
    return crc32(row[contract.key[0]].encode()) if contract.key else 0


def _moved_on(contract: Contract, row: Row, lot: int) -> Row:
    if not contract.placed_by or not was_there(contract, row) or lot % 3 == 0:
        return row
    now, since = dict(row), AS_OF + timedelta(days=1 + lot % 150, seconds=lot % 977)
    since = AS_OF if lot % 50 == 1 else since  # the very second of as of
    for column in FILLED.get(contract.table, ()):
        mine = [word for word, own in BELONGS.get(contract.table, {}).items() if own == column]
        if not now[column] and not any(now[word] not in ("", "false") for word in mine):
            now[column] = since.isoformat()
            now |= {word: WORDS[word] for word in mine}
    for column in OPEN_DATES.get(contract.table, ()):
        now[column] = now[column] or since.date().isoformat()
    if contract.table == "accounts" and _is_active(row):
        now["last_active_at"] = since.isoformat()
    return now


def _is_active(account: Row) -> bool:
    """Whether an account was used in the year before as of, so that later activity changes no answer."""
    last = moment(account["last_active_at"])
    return not account["closed_at"] and last is not None and AS_OF - timedelta(days=365) < last


def _new(contract: Contract, rows: list[Row]) -> Iterator[Row]:
    """Every tenth row once more, under a key of its own, half a year later."""
    if not contract.placed_by:
        return
    for place, row in enumerate(rows[::10]):
        if moment(row[contract.placed_by[0]]) is None:
            continue  # a faulty one
        shift = AS_OF - _placed(row[contract.placed_by[0]]) + timedelta(days=place % 160, hours=1)
        new = {**row, contract.key[0]: f"new-{place}"}
        for column in contract.columns.values():
            if column.type == "instant" and (found := moment(row.get(column.name, ""))):
                new[column.name] = (found + shift).isoformat() if found + shift < LATER else ""
            elif column.type == "date" and column.name != "birth_date" and row.get(column.name):
                new[column.name] = (date.fromisoformat(row[column.name]) + timedelta(days=shift.days + 1)).isoformat()
        yield new


def _placed(text: str) -> datetime:
    found = moment(text)
    assert found is not None
    return found
