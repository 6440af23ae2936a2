"""One export table from its files to a loading table: typed values, faults marked by bits, keys still as text.

The loading tables live in the connection's temporary schema, one row per record that the reader accepted, in the order
of the files: a row's `rowid` is its place. What must not be loaded is listed beside it, by place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from audit_lib.ingest.readers import OpenFile, read_rejects
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
from audit_lib.vocabulary import Column, Contract

STORED_TYPES = {"integer": "BIGINT", "boolean": "BOOLEAN"}
NOT_JSON_BIT = 62
PLACED_BIT, ONE_OF_BIT = 60, 61


@dataclass(slots=True)
class LoadedFile:
    """A file whose records are in the loading table at places `start` up to, not including, `end`."""

    file_no: int
    opened: OpenFile
    extraction_no: int
    start: int = 0
    end: int = 0


@dataclass(slots=True)
class TableLoad:
    """The loading of one table: what is kept, which files, and the names of its temporary tables."""

    contract: Contract
    source: TableSource
    kept: list[Column]
    """Columns that are read, in the contract's order (`kept = false` of the contract excluded)."""
    files: list[LoadedFile] = field(default_factory=list)

    @property
    def rows_table(self) -> str:
        """The loading table."""
        return f"temp.{name(f'ingest_{self.contract.table}')}"

    @property
    def out_table(self) -> str:
        """Places (`rid`) that are not loaded, and `why`: quarantined, duplicate or superseded."""
        return f"temp.{name(f'ingest_out_{self.contract.table}')}"

    @property
    def place_table(self) -> str:
        """Record of every place, where many records were rejected."""
        return f"temp.{name(f'ingest_place_{self.contract.table}')}"

    @property
    def block_table(self) -> str:
        """Excluded places in blocks, where there are many."""
        return f"temp.{name(f'ingest_block_{self.contract.table}')}"

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


def loading_name(column: Column) -> tuple[str, str]:
    """Name and type of a column in the loading table: ids as text, of instants the second,
    everything else as it will be stored."""
    if column.type == "instant":
        return f"{column.stem}_second", "BIGINT"
    if column.type == "date":
        return f"{column.stem}_day", "INTEGER"
    return column.name, STORED_TYPES.get(column.type, "VARCHAR")


def create_tables(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """Make the empty loading table and the list of excluded places."""
    columns = ", ".join(f"{name(n)} {t}" for n, t in map(loading_name, load.kept))
    con.execute(
        f"create or replace temp table {load.rows_table} "
        f"(file_no INTEGER, mask BIGINT, nests BIGINT, raw VARCHAR, {columns})"
    )
    con.execute(f"create or replace temp table {load.out_table} (rid BIGINT, file_no INTEGER, why VARCHAR)")


def load_file(con: duckdb.DuckDBPyConnection, load: TableLoad, file: LoadedFile) -> None:
    """Append one file to the loading table. Raises UnreadableError when reader and own count disagree."""
    file.start = _rows(con, load)
    try:
        con.execute(f"insert into {load.rows_table} by name {_file_sql(load, file)}")
    except duckdb.Error as error:
        if isinstance(
            error,
            (
                duckdb.OutOfMemoryException,
                duckdb.IOException,
                duckdb.InternalException,
                duckdb.BinderException,
                duckdb.ParserException,
            ),
        ):
            raise
        raise UnreadableError("the reader cannot read it with certainty", "Export the file again.") from None
    file.end = _rows(con, load)
    read_rejects(con, file.opened)
    read = file.end - file.start + len(file.opened.rejects)
    if read != file.opened.records:
        raise UnreadableError(
            f"two counts of its records differ ({read} read, {file.opened.records} by line ends)",
            "Check quotes and line ends and export the file again.",
        )


def file_rule(file: LoadedFile) -> InstantRule:
    """How instants of a file are read."""
    extraction = file.opened.extraction
    return InstantRule(extraction.time_zone, extraction.declared.dates_as == "start_of_day")


def _rows(con: duckdb.DuckDBPyConnection, load: TableLoad) -> int:
    return int(con.execute(f"select count(*) from {load.rows_table}").fetchall()[0][0])


def _file_sql(load: TableLoad, file: LoadedFile) -> str:
    """SELECT in three layers: trimmed texts; values; fault bits and the texts of faulty rows."""
    present = [column for column in load.kept if column.name in file.opened.names]
    relation, texts = file.opened.texts([column.name for column in present])
    values = _values_sql(load, file, present, relation, texts)
    outs, mask = [], _mask_sql(load, file, present)
    for column in load.kept:
        outs.append(_stored_sql(column, load.bit(column), column in present))
    raw = ", ".join(f"t{load.bit(c)}" if c in present else "null" for c in load.kept)
    nests = [
        f"case when x{load.bit(c)} then {1 << load.bit(c)} else 0 end" for c in present if file.opened.nested(c.name)
    ]
    return (
        f"select {file.file_no} as file_no, mask, {' + '.join(nests) or '0'} as nests,"
        f" case when mask <> 0 then cast(to_json([{raw}]) as varchar) end as raw, {', '.join(outs)}"
        f" from (select *, {mask} as mask from {values})"
    )


def _values_sql(
    load: TableLoad, file: LoadedFile, present: list[Column], relation: str, texts: Mapping[str, str]
) -> str:
    """Layers one and two: `t<bit>` texts, `x<bit>` nested values, `v<bit>` values."""
    first, walls, instants, second = [], [], [], []
    rule = file_rule(file)
    is_json = file.opened.dialect is not None and file.opened.dialect.lines
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
    if is_json:
        twice = "len(json_keys(json)) > len(list_distinct(json_keys(json)))"
        first.append(f"coalesce(json_type(json) <> 'OBJECT' or {twice}, true) as broken")
    firsts = ", ".join(first) or "1 as one"
    seconds = "".join(f", {value}" for value in second)
    layer = f"(select {firsts} from {relation})"
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
    if file.opened.dialect is not None and file.opened.dialect.lines:
        terms.append(f"case when broken then {1 << NOT_JSON_BIT} else 0 end")
    return "cast(" + (" + ".join(f"({term})" for term in terms) or "0") + " as bigint)"


def _stored_sql(column: Column, bit: int, present: bool) -> str:
    loading, stored = loading_name(column)
    return f"v{bit} as {name(loading)}" if present else f"cast(null as {stored}) as {name(loading)}"


def exclude(con: duckdb.DuckDBPyConnection, load: TableLoad, where: str, why: str) -> None:
    """Put the places of rows that fulfil a condition on the list of those not loaded."""
    con.execute(
        f"insert into {load.out_table} select rowid, file_no, {text_literal(why)} from {load.rows_table} where {where}"
    )
