"""One export table from its files to `rows_<table>`: typed values, ids as numbers, faults marked by bits.

One row per record that the reader accepted, in the order of the files, written once: a row's `rowid` is its place for
good, its number is the place + 1, and the export table is a view of the rows that are not out (`warehouse.py`). What must
not be loaded is listed by place in a temporary table first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from audit_lib.ingest.adapt import AdaptedFile
from audit_lib.ingest.append import Appended, Opened, append
from audit_lib.ingest.overrides import Overrides
from audit_lib.ingest.readers import BROKEN_OBJECT, OpenFile, number_rejects, require_same_count
from audit_lib.ingest.scan import UnreadableError
from audit_lib.ingest.sources import TableSource
from audit_lib.ingest.values import (
    InstantRule,
    day_in_range_sql,
    in_range_sql,
    instant_sql,
    name,
    text_literal,
    typed_instant_sql,
    value_sql,
    wall_clock_sql,
)
from audit_lib.ingest.zones import day_sql, step_sql
from audit_lib.vocabulary import Column, Contract

SPACES = ("account", "device", "recipient", "consent_event")
"""Spaces of ids that are numbered across tables."""
STORED_TYPES = {"integer": "BIGINT", "boolean": "BOOLEAN"}
NOT_JSON_BIT = 62
PLACED_BIT, ONE_OF_BIT = 60, 61
PLACE = "place"
"""Column of `rows_<table>` while it is loaded: which row of its piece a row was when it was read, from 1."""


@dataclass(slots=True)
class LoadedFile:
    """A file whose records are in the loading table at places `start` up to, not including, `end`."""

    file_no: int
    opened: OpenFile | AdaptedFile
    extraction_no: int
    start: int = 0
    end: int = 0

    @property
    def left_out(self) -> dict[str, int]:
        """Reason → rows that an adapter leaves out."""
        return self.opened.left_out if isinstance(self.opened, AdaptedFile) else {}

    @property
    def source_records(self) -> int:
        """Records of the file as exported, by our own count."""
        return self.opened.source_records if isinstance(self.opened, AdaptedFile) else self.opened.records


@dataclass(slots=True)
class TableLoad:
    """The loading of one table: what is kept, which files, and the names of its temporary tables."""

    contract: Contract
    source: TableSource
    kept: list[Column]
    """Columns that are read, in the contract's order (`kept = false` of the contract excluded)."""
    zone: ZoneInfo
    """Days are days of this zone."""
    files: list[LoadedFile] = field(default_factory=list)
    overrides: list[Overrides] = field(default_factory=list)
    """Files that filled in what an adapter's tool cannot say."""
    listed: frozenset[str] = frozenset()
    """Spaces whose ids are looked up in their key table while rows are written; others get their numbers afterwards."""

    @property
    def rows_table(self) -> str:
        """The table of all rows that were read."""
        return name(f"rows_{self.contract.table}")

    @property
    def out_table(self) -> str:
        """Places (`rid`) that are not loaded, and `why`: quarantined, repeated_key (`text`: the key), duplicate or superseded."""
        return f"temp.{name(f'ingest_out_{self.contract.table}')}"

    def bit(self, column: Column) -> int:
        """The bit of `mask` that marks a fault of a column."""
        return self.kept.index(column)

    def groups(self) -> list[tuple[int, list[Column]]]:
        """Groups of optional columns of which a row needs at least one, with their bits."""
        found = []
        for bit, names in ((PLACED_BIT, self.contract.placed_by), (ONE_OF_BIT, self.contract.one_of)):
            columns = [self.contract.columns[column] for column in names]
            if columns and not any(column.required for column in columns):
                found.append((bit, columns))
        return found

    def quarantine_mask(self) -> int:
        """Bits that quarantine the row."""
        mask = 1 << NOT_JSON_BIT
        for column in self.kept:
            mask |= (1 << self.bit(column)) if column.required else 0
        for bit, _ in self.groups():
            mask |= 1 << bit
        return mask


def columns_to_read(contract: Contract, wanted: frozenset[str] | None) -> list[Column]:
    """The columns a table is read with: wanted ones, and always key, anchors, `one_of` and required columns."""
    always = {*contract.key, *contract.placed_by, *contract.one_of}
    return [
        column
        for column in contract.columns.values()
        if column.kept and (wanted is None or column.name in wanted or column.name in always or column.required)
    ]


def is_numbered(column: Column, contract: Contract) -> bool:
    """Whether a column names a row of another table (or a device) and is stored as its number."""
    return column.type == "id" and column.name not in contract.key and column.space in SPACES


def row_columns(column: Column, contract: Contract) -> tuple[tuple[str, str], ...]:
    """Names and types of what `rows_<table>` holds of a column. Of an id of another table: its number, and its text as
    long as it has none (for good in rows that are out)."""
    if is_numbered(column, contract):
        return (contract.stored_names(column)[0], "INTEGER"), (column.name, "VARCHAR")
    if column.type == "instant":
        return (f"{column.stem}_second", "BIGINT"), (f"{column.stem}_day", "INTEGER")
    if column.type == "date":
        return ((f"{column.stem}_day", "INTEGER"),)
    return ((column.name, STORED_TYPES.get(column.type, "VARCHAR")),)


def all_columns(load: TableLoad) -> list[str]:
    """Quoted names of the columns of `rows_<table>` that hold values."""
    return [name(stored) for column in load.kept for stored, _ in row_columns(column, load.contract)]


def create_tables(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """Make the empty table of rows and the list of excluded places."""
    columns = [f"{name(n)} {t}{_compression(load, column, t)}" for column in load.kept for n, t in row_columns(column, load.contract)]
    con.execute(
        f"create table {load.rows_table} (file_no INTEGER, record INTEGER, is_out BOOLEAN,"
        f" mask BIGINT, nests BIGINT, raw VARCHAR, {PLACE} INTEGER, {', '.join(columns)})"
    )
    con.execute(f"create or replace temp table {load.out_table} (rid BIGINT, file_no INTEGER, why VARCHAR, text VARCHAR)")


def _compression(load: TableLoad, column: Column, stored_type: str) -> str:
    """How a text is compressed. To try every way first takes a fifth of the time of writing.

    Words and ids that come again and again: by a dictionary. The key of a row is another in each: a dictionary of them
    takes three times as long as compressing them as they come, which saves as much.
    """
    if stored_type != "VARCHAR" or column.type == "text":
        return ""
    return f" using compression {'zstd' if load.contract.key == (column.name,) else 'dict_fsst'}"


class OrderLostError(Exception):
    """Rows have been written in another order than that of their file."""


def load_file(con: duckdb.DuckDBPyConnection, load: TableLoad, file: LoadedFile, work: Path) -> None:
    """Append one file to the loading table. Raises UnreadableError when reader and own count disagree.

    Raises OrderLostError, or duckdb.OutOfMemoryException, where the ids that are looked up do not fit into memory.
    """

    def insert_sql(opened: Opened) -> str:
        return f"insert into {load.rows_table} by name {_file_sql(load, replace(file, opened=opened))}"

    file.start = count_rows(con, load)
    if isinstance(file.opened, OpenFile):
        file.opened.rejects.clear()
    try:
        pieces = append(con, file.opened, work, insert_sql)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        raise UnreadableError("the reader cannot read it with certainty", "Export the file again.") from None
    file.end = count_rows(con, load)
    if isinstance(file.opened, OpenFile):
        number_rejects(file.opened, [line for piece in pieces for line in piece.rejected])
    require_same_count(file.end - file.start + len(file.opened.rejects), file.opened.records)
    _require_order(con, load, file, pieces)


def _require_order(con: duckdb.DuckDBPyConnection, load: TableLoad, file: LoadedFile, pieces: list[Appended]) -> None:
    """Every row says which one of its piece it was when it was read. DuckDB's joins lose the order where they have to
    put ids on disk."""
    starts = list(accumulate((piece.rows for piece in pieces), initial=file.start))[:-1]
    nth = f"rowid + 1 - ({step_sql('rowid', starts, starts)})"
    wrong = f"select count(*) from {load.rows_table} where rowid >= {file.start} and {PLACE} is distinct from {nth}"
    if con.execute(wrong).fetchall()[0][0]:
        raise OrderLostError(f"{file.opened.file.name}: its rows are not in the order of its records")


def drop_places(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """Drop what only the loading needs: a row's place is its `rowid`."""
    con.execute(f"alter table {load.rows_table} drop column {PLACE}")


def file_rule(file: LoadedFile) -> InstantRule:
    """How instants of a file are read."""
    extraction = file.opened.extraction
    return InstantRule(extraction.time_zone, extraction.declared.dates_as == "start_of_day")


def count_rows(con: duckdb.DuckDBPyConnection, load: TableLoad) -> int:
    """Rows read so far."""
    return int(con.execute(f"select count(*) from {load.rows_table}").fetchall()[0][0])


def _file_sql(load: TableLoad, file: LoadedFile) -> str:
    """SELECT in three layers: trimmed texts; values; fault bits and the texts of faulty rows."""
    present = [column for column in load.kept if column.name in file.opened.names]
    relation, texts = file.opened.texts([column.name for column in present])
    values = _values_sql(load, file, present, relation, texts)
    mask = _mask_sql(load, file, present)
    outs = _stored_sql(load, present)
    raw = ", ".join(f"t{load.bit(c)}" if c in present else "null" for c in load.kept)
    nests = [
        f"case when x{load.bit(c)} then {1 << load.bit(c)} else 0 end" for c in present if file.opened.nested(c.name)
    ]
    return (
        f"select {file.file_no} as file_no, {_record_sql(file)} as record, {PLACE}, mask, {' + '.join(nests) or '0'} as nests,"
        f" case when mask <> 0 then cast(to_json([{raw}]) as varchar) end as raw, {', '.join(outs)}"
        f" from (select *, {mask} as mask{_numbers_sql(load, present)} from {values})"
    )


def _record_sql(file: LoadedFile) -> str:
    """An adapter says which record a row comes from; elsewhere it follows from the place."""
    return "source_record" if isinstance(file.opened, AdaptedFile) else "cast(null as integer)"


def _values_sql(
    load: TableLoad, file: LoadedFile, present: list[Column], relation: str, texts: Mapping[str, str]
) -> str:
    """Layers one and two: `t<bit>` texts, `x<bit>` nested values, `v<bit>` values."""
    first, walls, instants, second = [PLACE], [], [], []
    rule = file_rule(file)
    if isinstance(file.opened, AdaptedFile):
        first.append("source_record")
    for column in present:
        bit = load.bit(column)
        first.append(f"{texts[column.name]} as t{bit}")
        if nested := file.opened.nested(column.name):
            first.append(f"coalesce({nested}, false) as x{bit}")
        text = f"case when not x{bit} then t{bit} end" if nested else f"t{bit}"
        source_type = file.opened.types.get(column.name, "")
        if column.type == "instant" and source_type.startswith(("TIMESTAMP", "DATE")):
            first.append(f"c{file.opened.names.index(column.name)} as d{bit}")
            value = in_range_sql(typed_instant_sql(f"d{bit}", source_type, rule))
        elif column.type == "instant":
            walls.append(f"{wall_clock_sql(text, rule)} as w{bit}")
            instants.append(f"{instant_sql(text, rule, f'w{bit}')} as s{bit}")
            value = in_range_sql(f"s{bit}")
        elif column.type == "date":
            value = day_in_range_sql(value_sql(column, text))
        else:
            value = value_sql(column, text)
        second.append(f"{value} as v{bit}")
    if file.opened.is_json:
        first.append(f"{BROKEN_OBJECT} as broken")
    seconds = "".join(f", {value}" for value in second)
    # Numbering rows as they come is done on one core: so the joins after it keep their order.
    layer = f"(select {', '.join(first)} from (select *, row_number() over () as {PLACE} from {relation}))"
    # A layer each: a name stands where the search among a zone's offsets would otherwise be written out again and again.
    for added in (walls, instants):
        if added:
            layer = f"(select *, {', '.join(added)} from {layer})"
    return f"(select *{seconds} from {layer})"


def _mask_sql(load: TableLoad, file: LoadedFile, present: list[Column]) -> str:
    terms = []
    for column in present:
        bit = load.bit(column)
        conditions = [f"v{bit} is null"] if column.required else []
        if not column.required and (column.closed or column.type not in ("id", "word", "text")):
            conditions = [f"(v{bit} is null and t{bit} is not null)"]
        if file.opened.nested(column.name):
            conditions.append(f"x{bit}")
        if conditions:
            terms.append(f"case when {' or '.join(conditions)} then {1 << bit} else 0 end")
    for bit, columns in load.groups():
        there = [f"v{load.bit(column)} is null" for column in columns if column in present]
        terms.append(f"case when {' and '.join(there) or 'true'} then {1 << bit} else 0 end")
    if file.opened.is_json:
        terms.append(f"case when broken then {1 << NOT_JSON_BIT} else 0 end")
    return "cast(" + (" + ".join(f"({term})" for term in terms) or "0") + " as bigint)"


def _numbers_sql(load: TableLoad, present: list[Column]) -> str:
    """`n<bit>`: the numbers of ids, NULL where they have none yet."""
    return "".join(
        f", {_number_sql(column.space, f'v{load.bit(column)}', load.listed)} as n{load.bit(column)}"
        for column in present
        if is_numbered(column, load.contract)
    )


def _number_sql(space: str, text: str, listed: frozenset[str]) -> str:
    """By a subquery of one value: DuckDB makes a join of it that gives every row once, in their order, or fails."""
    if space not in listed:
        return "cast(null as integer)"
    return f"(select {space}_no from key_{space} where {space}_id = {text})"


def _stored_sql(load: TableLoad, present: list[Column]) -> list[str]:
    """What is stored of every column."""
    outs: list[str] = []
    for column in load.kept:
        value, stored = f"v{load.bit(column)}", row_columns(column, load.contract)
        if column not in present:
            outs += [f"cast(null as {kind}) as {name(stored_name)}" for stored_name, kind in stored]
        elif is_numbered(column, load.contract):
            number = f"n{load.bit(column)}"
            outs += [f"{number} as {name(stored[0][0])}", f"case when {number} is null then {value} end as {name(stored[1][0])}"]
        elif column.type == "instant":
            outs += [f"{value} as {name(stored[0][0])}", f"{day_sql(value, load.zone)} as {name(stored[1][0])}"]
        else:
            outs.append(f"{value} as {name(stored[0][0])}")
    return outs


def exclude(con: duckdb.DuckDBPyConnection, load: TableLoad, where: str, why: str) -> None:
    """Put the places of rows that fulfil a condition on the list of those not loaded."""
    con.execute(
        f"insert into {load.out_table} select rowid, file_no, {text_literal(why)}, null from {load.rows_table} where {where}"
    )


def mark_out(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """Mark the rows that are listed as not loaded: the export table does not show them."""
    if con.execute(f"select count(*) from {load.out_table}").fetchall()[0][0]:
        con.execute(f"update {load.rows_table} set is_out = true where rowid in (select rid from {load.out_table})")
