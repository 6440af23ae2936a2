"""The warehouse tables, written in one transaction: keys numbered, export tables, counts, coverage, rule breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from audit_lib.ingest.faults import QUARANTINE
from audit_lib.ingest.load import STORED_TYPES, TableLoad, loading_name
from audit_lib.ingest.places import Places
from audit_lib.ingest.sources import Sources
from audit_lib.ingest.values import name
from audit_lib.ingest.zones import DAY, day_sql, offset_at
from audit_lib.vocabulary import Column, Contract

SPACES = ("account", "device", "recipient", "consent_event")
"""Spaces of ids that are numbered across tables."""

SCHEMA = {
    "input_file": "file_no INTEGER, table_name VARCHAR, file VARCHAR, format VARCHAR, rows BIGINT, accepted BIGINT,"
    " quarantined BIGINT, duplicate BIGINT, superseded BIGINT, left_out BIGINT, sha256 VARCHAR, bytes BIGINT",
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


def is_reference(column: Column, contract: Contract) -> bool:
    """Whether a column names a row of another table (or a device) and is stored as its number."""
    return column.type == "id" and column.name not in contract.key


def write_keys(con: duckdb.DuckDBPyConnection, loads: Sequence[TableLoad], places: Mapping[str, Places]) -> None:
    """Number the ids of every space that the loaded tables use: rows of the own table first, then others by text."""
    for space in SPACES:
        users = [
            (load, column)
            for load in loads
            for column in load.kept
            if is_reference(column, load.contract) and column.space == space
        ]
        owner = next((load for load in loads if (key := load.contract.own_key()) and key.space == space), None)
        if users or (owner is not None and space in ("account", "recipient")):
            _write_space(con, space, owner, users, places)


def _write_space(
    con: duckdb.DuckDBPyConnection,
    space: str,
    owner: TableLoad | None,
    users: Sequence[tuple[TableLoad, Column]],
    places: Mapping[str, Places],
) -> None:
    key, number, identifier = f"key_{space}", f"{space}_no", f"{space}_id"
    con.execute(f"create table {key} ({number} INTEGER, {identifier} VARCHAR, is_known BOOLEAN)")
    if owner is not None:
        own = name(owner.contract.key[0])
        place = places[owner.contract.table]
        con.execute(
            f"insert into {key} select {place.number_sql('place.rid')}, {own}, true from {place.loading_sql(owner)}"
        )
    if not users:
        return
    named = " union ".join(
        f"select distinct {name(column.name)} as id from {places[load.contract.table].loading_sql(load)}"
        for load, column in users
    )
    nth = "row_number() over (order by id)"
    given = f"-{nth}" if space == "device" else f"(select count(*) from {key}) + {nth}"
    known = "true" if space == "device" else "false"
    con.execute(
        f"insert into {key} select {given}, id, {known} from ({named})"
        f" where id is not null and id not in (select {identifier} from {key})"
    )


def write_table(con: duckdb.DuckDBPyConnection, load: TableLoad, places: Places, zone: ZoneInfo) -> None:
    """Write an export table: its number, its columns, `file_no` and `record`, in the order of the files."""
    contract = load.contract
    days = _days_sql(con, load, zone)
    joins: list[str] = []
    outs = [f"{places.number_sql('place.rid')} as {name(contract.number)}"]
    for column in contract.columns.values():
        stored = contract.stored_names(column)
        if is_reference(column, contract) and column in load.kept and column.space in SPACES:
            alias, number = f"k{len(joins)}", f"{column.space}_no"
            joins.append(
                f" left join key_{column.space} {alias} on {alias}.{column.space}_id = place.{name(column.name)}"
            )
            outs.append(f"{alias}.{number} as {name(stored[0])}")
        elif column.name in days:
            outs += [f"place.{name(stored[0])}", f"{days[column.name]} as {name(stored[1])}"]
        elif column in load.kept:
            outs += [f"place.{name(n)}" for n in stored]
        else:
            outs += [f"cast(null as {stored_type(column, contract, n)}) as {name(n)}" for n in stored]
    con.execute(
        f"create table {name(contract.table)} as select {', '.join(outs)}, place.file_no,"
        f" {places.record_sql('place.rid')} as record"
        f" from {places.loading_sql(load)}{places.record_join('place.rid')}{''.join(joins)}"
    )


def _days_sql(con: duckdb.DuckDBPyConnection, load: TableLoad, zone: ZoneInfo) -> dict[str, str]:
    """Per instant column SQL for its day, made for the range of its seconds: few changes of offset, few comparisons."""
    instants = [column for column in load.kept if column.type == "instant"]
    if not instants:
        return {}
    seconds = [name(loading_name(column)[0]) for column in instants]
    bounds = ", ".join(f"min({second}), max({second})" for second in seconds)
    found = con.execute(f"select {bounds} from {load.rows_table}").fetchall()[0]
    return {
        column.name: day_sql(f"place.{second}", zone, *found[2 * nth : 2 * nth + 2])
        if found[2 * nth] is not None
        else "cast(null as integer)"
        for nth, (column, second) in enumerate(zip(instants, seconds, strict=True))
    }


def stored_type(column: Column, contract: Contract, stored: str) -> str:
    """Type of a warehouse column."""
    if column.type == "instant":
        return "BIGINT" if stored.endswith("_second") else "INTEGER"
    if column.type == "date" or is_reference(column, contract):
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
            parts = (opened.records, accepted, quarantined, duplicate, superseded, 0)
            size = source.path.stat().st_size
            shown = (load.contract.table, source.name, source.shown_format)
            rows.append((file.file_no, *shown, *parts, sources.sha256(source), size))
    _insert_rows(con, "input_file", rows)


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
