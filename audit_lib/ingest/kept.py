"""What a warehouse keeps beside its tables, so that a file that has not changed need not be opened again.

All rows that were read stand in `rows_<table>`, also those that are not loaded. What else a file held is written here:
restricted, like `quarantine`, for it holds what could not be loaded.

- `kept_file`: one row per file that can be taken over: the hash of all that decides how it is read, and what was found when it was opened.
- `kept_reject`: records that the reader or an adapter turned away.
- `kept_signal`: age statements found in texts, also in those that were not accepted; never a text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import duckdb
import pandas as pd

from audit_lib.ingest.adapt import AdaptedFile
from audit_lib.ingest.load import LoadedFile, TableLoad

SCHEMA = {
    "kept_file": "file_no INTEGER, table_name VARCHAR, file VARCHAR, reading VARCHAR, records BIGINT, source_records BIGINT,"
    " names VARCHAR, read_as VARCHAR, left_out VARCHAR, is_adapted BOOLEAN",
    "kept_reject": "file_no INTEGER, nth INTEGER, record BIGINT, kind VARCHAR, text VARCHAR",
    "kept_signal": "file_no INTEGER, record BIGINT, statement VARCHAR, age INTEGER, born INTEGER",
}
Signal = tuple[int, int, str, int | None, int | None]
"""File number, record, pattern and age of a statement found in a text."""


def write_kept(
    con: duckdb.DuckDBPyConnection,
    loads: Sequence[TableLoad],
    readings: Mapping[int, str],
    signals: Sequence[Signal],
) -> None:
    """Write the tables of this module. `readings`: file number → hash of how it was read; a file without one is not kept."""
    for table, columns in SCHEMA.items():
        con.execute(f"create table {table} ({columns})")
    for load in loads:
        for file in load.files:
            if file.file_no in readings:
                _write_file(con, load, file, readings[file.file_no])
    _append(con, "kept_signal", ["file_no", "record", "statement", "age", "born"], signals)


def _write_file(con: duckdb.DuckDBPyConnection, load: TableLoad, file: LoadedFile, reading: str) -> None:
    opened = file.opened
    names, left_out = (json.dumps(part, ensure_ascii=False) for part in (opened.names, file.left_out))
    row = (file.file_no, load.contract.table, opened.file.name, reading, opened.records, file.source_records)
    is_adapted = isinstance(opened, AdaptedFile)
    con.execute(f"insert into kept_file values ({', '.join('?' * 10)})", [*row, names, opened.read_as, left_out, is_adapted])
    keeps_text = all(column.kept for column in load.contract.columns.values())
    rejects = [
        (file.file_no, nth, reject.record, reject.kind, reject.text if keeps_text else None)
        for nth, reject in enumerate(opened.rejects)
    ]
    _append(con, "kept_reject", ["file_no", "nth", "record", "kind", "text"], rejects)


def _append(con: duckdb.DuckDBPyConnection, table: str, columns: list[str], rows: Sequence[tuple[object, ...]]) -> None:
    if not rows:
        return
    con.register("ingest_frame", pd.DataFrame(rows, columns=columns))
    con.execute(f"insert into {table} select * from ingest_frame")
    con.unregister("ingest_frame")
