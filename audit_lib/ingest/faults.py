"""The temporary table `ingest_quarantine`: every faulty row or value with its place, kind, effect and text."""

from __future__ import annotations

import duckdb
import pandas as pd

from audit_lib.ingest.load import NOT_JSON_BIT, TableLoad, file_rule
from audit_lib.ingest.places import Places
from audit_lib.ingest.values import InstantRule, kind_sql, name, text_literal, words_sql
from audit_lib.vocabulary import Column

QUARANTINE = (
    "table_name VARCHAR, file_no INTEGER, record INTEGER, column_name VARCHAR, "
    "kind VARCHAR, effect VARCHAR, text VARCHAR"
)
"""Columns of `quarantine`."""


def write_faults(con: duckdb.DuckDBPyConnection, load: TableLoad, places: Places) -> None:
    """Add a table's rejected records, faulty rows and values, repeated keys and unknown words."""
    _rejected_records(con, load)
    bits = con.execute(f"select coalesce(bit_or(mask), 0) from {load.rows_table}").fetchall()[0][0]
    if bits:
        _collect_faulty(con, load)
        _faulty_rows(con, load, places, bits)
        con.execute("drop table temp.ingest_faulty")
    if load.contract.key:
        _repeated_keys(con, load, places)
    for column in load.kept:
        if column.known:
            _unknown_words(con, load, places, column)


def _rejected_records(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    keeps_text = all(column.kept for column in load.contract.columns.values())
    rows = [
        (load.contract.table, file.file_no, reject.record, reject.kind, reject.text if keeps_text else None)
        for file in load.files
        for reject in file.opened.rejects
    ]
    if not rows:
        return
    con.register("ingest_frame", pd.DataFrame(rows, columns=["table_name", "file_no", "record", "kind", "text"]))
    con.execute(
        "insert into ingest_quarantine select table_name, file_no, record, null, kind, 'quarantined', text from ingest_frame"
    )
    con.unregister("ingest_frame")


def _collect_faulty(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """Make `ingest_faulty`: rows with a fault that are quarantined for it or otherwise loaded, with their texts."""
    con.execute(
        "create or replace temp table ingest_faulty as select l.rowid as rid, l.file_no, l.mask, l.nests,"
        f" cast(l.raw as json) as raw, (l.mask & {load.quarantine_mask()}) <> 0 as is_quarantined"
        f" from {load.rows_table} l left join {load.out_table} o on o.rid = l.rowid"
        " where l.mask <> 0 and (o.why is null or o.why = 'quarantined')"
    )


def _faulty_rows(con: duckdb.DuckDBPyConnection, load: TableLoad, places: Places, bits: int) -> None:
    """Faulty values by column and by how instants are read; rows that lack a whole group; lines that are no objects."""
    is_object = f"mask & {1 << NOT_JSON_BIT} = 0"
    for column in load.kept:
        bit = load.bit(column)
        if not bits >> bit & 1:
            continue
        is_cause = _is_cause(load, column)
        for rule, files in _files_by_rule(load).items():
            kind = f"case when nests & {1 << bit} <> 0 then 'not_text' else {kind_sql(column, 't', rule)} end"
            where = f"mask & {1 << bit} <> 0 and {is_object} and file_no in ({files})"
            _insert(con, load, places, f"raw ->> {bit}", f"{where} and ({is_cause})", column.name, kind, "quarantined")
            if not column.required:
                kept = f"{where} and not is_quarantined"
                _insert(con, load, places, f"raw ->> {bit}", kept, column.name, kind, "dropped")
    for bit, columns in load.groups():
        if bits >> bit & 1:
            group = sum(1 << load.bit(column) for column in columns)
            where = f"mask & {1 << bit} <> 0 and mask & {group} = 0 and {is_object}"
            _insert(con, load, places, "null", where, columns[0].name, "'missing'", "quarantined")
    if bits >> NOT_JSON_BIT & 1:
        _insert(con, load, places, "null", f"not ({is_object})", None, "'not_json'", "quarantined")


def _is_cause(load: TableLoad, column: Column) -> str:
    """SQL: a fault of the column quarantines its row. An optional one does where its whole group is unreadable."""
    if column.required:
        return "true"
    groups = [1 << bit for bit, columns in load.groups() if column in columns]
    return " or ".join(f"mask & {group} <> 0" for group in groups) or "false"


def _files_by_rule(load: TableLoad) -> dict[InstantRule, str]:
    """The numbers of the files that are read by the same rule, as a SQL list."""
    found: dict[InstantRule, list[str]] = {}
    for file in load.files:
        found.setdefault(file_rule(file), []).append(str(file.file_no))
    return {rule: ", ".join(numbers) for rule, numbers in found.items()}


def _insert(
    con: duckdb.DuckDBPyConnection,
    load: TableLoad,
    places: Places,
    text: str,
    where: str,
    column: str | None,
    kind: str,
    effect: str,
) -> None:
    shown = "null" if column is None else text_literal(column)
    found = f"(select rid, file_no, nests, {text} as t from ingest_faulty where {where})"
    _add(con, load, places, f"{shown}, {kind}, {text_literal(effect)}", found)


def _add(con: duckdb.DuckDBPyConnection, load: TableLoad, places: Places, what: str, found: str) -> None:
    """Add rows (`rid`, `file_no`, text `t`) with column, kind and effect to the quarantine."""
    con.execute(
        f"insert into ingest_quarantine select {text_literal(load.contract.table)}, file_no, place_record, {what}, t from"
        f" (select placed.*, {places.record_sql('placed.rid', 'placed_row')} as place_record"
        f" from {found} placed{places.record_join('placed.rid')})"
    )


def _repeated_keys(con: duckdb.DuckDBPyConnection, load: TableLoad, places: Places) -> None:
    key = load.contract.key[0]
    found = f"(select rid, file_no, text as t from {load.out_table} where why = 'repeated_key')"
    _add(con, load, places, f"{text_literal(key)}, 'repeated_key', 'quarantined'", found)


def _unknown_words(con: duckdb.DuckDBPyConnection, load: TableLoad, places: Places, column: Column) -> None:
    """Words outside an open list: looked for among the distinct words, then listed by place."""
    quoted, known = name(column.name), words_sql(column.known)
    words = con.execute(f"select distinct {quoted} from {load.rows_table} where {quoted} is not null").fetchall()
    if all(word in column.known for (word,) in words):
        return
    found = (
        f"(select rowid as rid, file_no, {quoted} as t from {load.rows_table}"
        f" where {quoted} not in {known} and rowid not in (select rid from {load.out_table}))"
    )
    _add(con, load, places, f"{text_literal(column.name)}, 'unknown_word', 'unknown_word'", found)
