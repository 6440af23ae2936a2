"""The warehouse beside its rows: export tables as views, counts, quarantine, coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from audit_lib.ingest.faults import QUARANTINE
from audit_lib.ingest.load import STORED_TYPES, TableLoad, is_numbered, row_columns
from audit_lib.ingest.places import Places
from audit_lib.ingest.sources import Sources
from audit_lib.ingest.values import name
from audit_lib.ingest.zones import DAY, offset_at
from audit_lib.vocabulary import Column, Contract

SCHEMA = {
    "input_file": "file_no INTEGER, table_name VARCHAR, file VARCHAR, format VARCHAR, rows BIGINT, accepted BIGINT,"
    " quarantined BIGINT, duplicate BIGINT, superseded BIGINT, left_out BIGINT, sha256 VARCHAR, bytes BIGINT,"
    " records BIGINT, read_as VARCHAR, adapter VARCHAR",
    "left_out": "table_name VARCHAR, file_no INTEGER, reason VARCHAR, rows BIGINT",
    "input_column": "table_name VARCHAR, column_name VARCHAR, state VARCHAR",
    "fault": "table_name VARCHAR, file_no INTEGER, column_name VARCHAR, kind VARCHAR, effect VARCHAR, rows BIGINT",
    "quarantine": QUARANTINE,
    "rule_break": "table_name VARCHAR, rule VARCHAR, column_name VARCHAR, number INTEGER",
    "coverage": "table_name VARCHAR, is_present BOOLEAN, rows BIGINT, kind VARCHAR, covers_from_day INTEGER,"
    " covers_to_day INTEGER, extracted_second BIGINT, extracted_day INTEGER, keeps_deleted BOOLEAN, is_daily BOOLEAN",
    "text_signal": "text_no INTEGER, account_no INTEGER, written_second BIGINT, written_day INTEGER, language VARCHAR,"
    " statement VARCHAR, under_13_until_day INTEGER",
}


def create_schema(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that stand in every warehouse, empty."""
    for table, columns in SCHEMA.items():
        con.execute(f"create table {table} ({columns})")


def create_view(con: duckdb.DuckDBPyConnection, load: TableLoad, places: Places) -> None:
    """Make the export table: a view of the rows that are loaded, with its number, `file_no` and `record`."""
    contract = load.contract
    outs = [f"cast(r.rowid + 1 as integer) as {name(contract.number)}"]
    for column in contract.columns.values():
        kept = {stored for stored, _ in row_columns(column, contract)} if column in load.kept else set()
        for stored in contract.stored_names(column):
            is_there = stored in kept
            outs.append(f"r.{name(stored)}" if is_there else f"cast(null as {stored_type(column, contract, stored)}) as {name(stored)}")
    is_any_out = con.execute(f"select count(*) from {load.out_table}").fetchall()[0][0]
    con.execute(
        f"create view {name(contract.table)} as select {', '.join(outs)}, r.file_no, {places.record_sql('r.rowid', 'r')} as record"
        f" from {load.rows_table} r{' where r.is_out is null' if is_any_out else ''}"
    )


def stored_type(column: Column, contract: Contract, stored: str) -> str:
    """Type of a warehouse column."""
    if column.type == "instant":
        return "BIGINT" if stored.endswith("_second") else "INTEGER"
    if column.type == "date" or is_numbered(column, contract):
        return "INTEGER"
    return STORED_TYPES.get(column.type, "VARCHAR")


def write_quarantine(con: duckdb.DuckDBPyConnection) -> None:
    """Write `quarantine` and its counts, `fault`."""
    con.execute(
        "insert into quarantine select * from ingest_quarantine order by table_name, file_no, record, column_name"
    )
    con.execute(
        "insert into fault select table_name, file_no, column_name, kind, effect, count(*) from quarantine"
        " group by all order by all"
    )


def write_input_files(con: duckdb.DuckDBPyConnection, loads: Sequence[TableLoad], sources: Sources) -> None:
    """Write `input_file`; for every file the parts must add up to its records, else it is our fault."""
    rows: list[tuple[Any, ...]] = []
    left: list[tuple[Any, ...]] = []
    for load in loads:
        counted = _rows_by_file(con, load)
        for file in load.files:
            opened, source = file.opened, file.opened.file
            accepted, duplicate, superseded = (
                counted.get((file.file_no, why), 0) for why in ("accepted", "duplicate", "superseded")
            )
            quarantined = len(opened.rejects) + sum(
                counted.get((file.file_no, why), 0) for why in ("quarantined", "repeated_key")
            )
            if opened.records != accepted + quarantined + duplicate + superseded:
                raise AssertionError(f"{source.name}: {opened.records} rows do not equal the sum of their parts")
            left_out = sum(file.left_out.values())
            parts = (opened.records + left_out, accepted, quarantined, duplicate, superseded, left_out)
            size = source.path.stat().st_size
            shown = (load.contract.table, source.name, source.shown_format)
            said = source.copied.read_as if source.copied else opened.read_as
            read = (file.source_records, said, opened.extraction.declared.adapter)
            rows.append((file.file_no, *shown, *parts, sources.sha256(source), size, *read))
            left += [(load.contract.table, file.file_no, *item) for item in file.left_out.items()]
        for extra in load.overrides:
            used, unused = extra.counts(con)
            parts = (extra.records, used, 0, 0, 0, unused)
            shown = (load.contract.table, extra.file.name, extra.file.shown_format)
            size = extra.file.path.stat().st_size
            rows.append((extra.file_no, *shown, *parts, sources.sha256(extra.file), size, extra.records, extra.read_as, None))
            left += [(load.contract.table, extra.file_no, "no_such_key", unused)] if unused else []
    _insert_rows(con, "input_file", rows)
    _insert_rows(con, "left_out", left)


def _rows_by_file(con: duckdb.DuckDBPyConnection, load: TableLoad) -> dict[tuple[int, str], int]:
    """Rows of the export table and excluded rows, counted by file and what became of them."""
    rows = con.execute(
        f"select file_no, 'accepted', count(*) from {name(load.contract.table)} group by 1 union all"
        f" select file_no, why, count(*) from {load.out_table} group by 1, 2"
    ).fetchall()
    return {(file_no, why): number for file_no, why, number in rows}


def _insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        places = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
        con.execute(f"insert into {table} values {places}", [value for row in rows for value in row])


def write_input_columns(con: duckdb.DuckDBPyConnection, loads: Sequence[TableLoad]) -> None:
    """Write `input_column`: a column is `missing` when any file that has rows lacks it."""
    rows = []
    for load in loads:
        read = {column.name for column in load.kept}
        weighing = [file for file in load.files if file.opened.records] or load.files
        for column in load.contract.columns:
            if not all(column in file.opened.names for file in weighing):
                rows.append((load.contract.table, column, "missing"))
            else:
                rows.append((load.contract.table, column, "present" if column in read else "not_kept"))
        named = {column for file in load.files for column in file.opened.names}
        rows += [(load.contract.table, extra, "extra") for extra in sorted(named - set(load.contract.columns))]
    _insert_rows(con, "input_column", rows)


def write_coverage(
    con: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, Contract],
    sources: Sources,
    loads: Sequence[TableLoad],
    zone: ZoneInfo,
) -> None:
    """Write `coverage`: one row per contract table; `rows` is NULL where the table was not loaded."""
    loaded = {load.contract.table for load in loads}
    written: list[tuple[Any, ...]] = []
    for table in contracts:
        source = sources.tables.get(table)
        if source is None:
            written.append((table, False, *[None] * 8))
            continue
        rows = con.execute(f"select count(*) from {name(table)}").fetchall()[0][0] if table in loaded else None
        second = source.extracted_second
        extracted = (second, None if second is None else (second + offset_at(second, zone)) // DAY)
        covers = (source.kind, source.covers_from_day, source.covers_to_day)
        written.append((table, True, rows, *covers, *extracted, source.keeps_deleted, source.daily))
    _insert_rows(con, "coverage", written)
