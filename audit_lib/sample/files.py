"""Frames to export files: ids, instants and dates are written out by DuckDB, in the order of the rows."""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from audit_lib.sample.frames import NOTE, TRUTH
from audit_lib.sample.world import NA, local_second
from audit_lib.vocabulary import Column, Contract

PREFIX = {
    "account": "u", "record": "r", "hold": "h", "request": "q", "consent_event": "c", "processing_event": "e",
    "declaration": "b", "text": "t", "review": "v", "transfer": "x", "notice": "n", "incident": "i", "device": "d",
}  # fmt: skip
"""First letter of the ids of each space; recipients and policy versions have names of their own."""


@dataclass(frozen=True)
class Shape:
    """How one table is written: file ending, and the way instants look (`utc`, `offset` or `local`)."""

    ending: str
    instants: str = "utc"
    extra: str = ""
    """SQL of a column that no contract knows, as exports have them."""


MIXED: dict[str, Shape] = {
    "accounts": Shape("csv"),
    "stored_records": Shape("csv.gz"),
    "legal_holds": Shape("csv", "offset"),
    "rights_requests": Shape("csv", "local"),
    "consent_events": Shape("csv.gz"),
    "processing_events": Shape("parquet"),
    "birth_date_declarations": Shape("csv", "offset"),
    "texts": Shape("jsonl"),
    "age_reviews": Shape("jsonl"),
    "transfers": Shape("csv", extra="'batch-' || (_no % 7 + 1)::varchar as batch_ref"),
    "recipients": Shape("csv"),
    "recipient_tools": Shape("csv"),
    "policy_versions": Shape("csv"),
    "policy_notices": Shape("parquet"),
    "security_incidents": Shape("jsonl"),
    "field_inventory": Shape("csv"),
}
PARQUET = Shape("parquet")

COPY = {
    "csv": "format csv, header true, delimiter ','",
    "csv.gz": "format csv, header true, delimiter ','",
    "jsonl": "format json",
    "parquet": "format parquet, compression zstd",
}


def write_table(
    con: duckdb.DuckDBPyConnection, contract: Contract, frame: pd.DataFrame, shape: Shape, file: Path
) -> None:
    """Write `frame` in the order of its rows, with the columns of the contract."""
    names = [n for n in frame.columns if not n.startswith(TRUTH) and n != NOTE]
    view = frame[names]
    if shape.instants == "local":
        moments = [c.name for c in contract.columns.values() if c.type == "instant" and c.name in names]
        view = view.assign(**{n: local_second(view[n].to_numpy()) for n in moments})
    typed = shape.ending == "parquet"
    columns = [
        f"{_expression(column, contract, column.name in names, shape, typed)} as {column.name}"
        for column in contract.columns.values()
    ]
    columns += [shape.extra] if shape.extra else []
    plain = file.with_suffix("") if shape.ending == "csv.gz" else file
    con.register("rows_to_write", view)
    con.execute(f"copy (select {', '.join(columns)} from rows_to_write) to '{_quoted(plain)}' ({COPY[shape.ending]})")
    con.unregister("rows_to_write")
    if shape.ending == "csv.gz":
        pack(plain, file)


def pack(plain: Path, packed: Path) -> None:
    """Gzip a file without its name and time, so that the same rows give the same bytes."""
    with plain.open("rb") as source, packed.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as target:
        shutil.copyfileobj(source, target)
    plain.unlink()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _expression(column: Column, contract: Contract, is_there: bool, shape: Shape, typed: bool) -> str:
    """SQL that turns the frame's whole numbers and words into what the export shows."""
    name = column.name
    if column.name in contract.key and column.space in PREFIX:
        return _id(PREFIX[column.space], "_no")
    if not is_there:
        return "null::varchar"
    given = f"nullif({name}, {NA})"
    if column.type == "id":
        return _id(PREFIX[column.space], given) if column.space in PREFIX else f"{name}::varchar"
    if column.type == "instant":
        return _instant(given, shape.instants, typed)
    if column.type == "date":
        return f"date '1970-01-01' + {given}::integer"
    if column.type == "integer":
        return given
    if column.type == "boolean":
        return f"({given} = 1)"
    return f"{name}::varchar"


def _id(prefix: str, number: str) -> str:
    return f"'{prefix}' || lpad(({number})::varchar, 9, '0')"


def _instant(second: str, style: str, typed: bool) -> str:
    if typed:
        return f"to_timestamp({second})"
    if style == "offset":
        # As written by a system in Singapore: the same instants, eight hours ahead.
        return f"strftime(make_timestamp(({second} + 28800) * 1000000), '%Y-%m-%dT%H:%M:%S+08:00')"
    ending = "" if style == "local" else "Z"
    separator = " " if style == "local" else "T"
    return f"strftime(make_timestamp({second} * 1000000), '%Y-%m-%d{separator}%H:%M:%S{ending}')"
