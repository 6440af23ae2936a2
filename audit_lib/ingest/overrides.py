"""Override files: what an adapter's tool cannot say, filled in by hand, row by row of the export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from audit_lib.ingest.readers import OpenFile, open_file, read_rejects
from audit_lib.ingest.scan import UnreadableError
from audit_lib.ingest.sources import Extraction, SourceFile
from audit_lib.ingest.values import InstantRule, instant_sql, name, text_literal, value_sql, wall_clock_sql
from audit_lib.vocabulary import Column, Contract


@dataclass(slots=True)
class Overrides:
    """A checked override file: its rows stand in a temporary table until the adapters of its extraction have run."""

    file_no: int
    file: SourceFile
    key: str
    columns: tuple[str, ...]
    """Columns of the contract that it fills in."""
    records: int
    read_as: str

    @property
    def table(self) -> str:
        """Temporary table: `record`, the key, the columns, `is_used`."""
        return f"temp.ingest_override_{self.file_no}"

    def apply(self, con: duckdb.DuckDBPyConnection, rows: str, names: list[str]) -> list[str]:
        """Replace values in the table `rows` where a filled cell says so; returns the columns it has then."""
        added = [column for column in self.columns if column not in names]
        for column in added:
            con.execute(f"alter table {rows} add column {name(column)} varchar")
        key = name(self.key)
        for column in map(name, self.columns):
            con.execute(
                f"update {rows} set {column} = o.{column} from {self.table} o where o.{key} = {rows}.{key} and o.{column} is not null"
            )
        con.execute(f"update {self.table} set is_used = true where {key} in (select {key} from {rows} where left_out is null)")
        return [*names, *added]

    def counts(self, con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
        """Rows that named a row of the export, and rows that did not."""
        used = int(con.execute(f"select count(*) from {self.table} where is_used").fetchall()[0][0])
        return used, self.records - used


def read_overrides(
    con: duckdb.DuckDBPyConnection, contract: Contract, extraction: Extraction, work: Path, file_no: int
) -> Overrides | None:
    """The override file of an extraction, None where none is declared.

    It is written by hand, so it is read strictly: UnreadableError for the first header, row or value that is wrong.
    """
    file, key = extraction.overrides, contract.own_key()
    if file is None:
        return None
    if key is None:
        raise UnreadableError(f"rows of {contract.table} have no key to name", "Leave `overrides` out.")
    opened = open_file(con, file, Extraction((file,), extraction.declared.plain()), work, needed=((key.name,),))
    _check_header(contract, key, opened)
    found = Overrides(file_no, file, key.name, tuple(c for c in opened.names if c != key.name), opened.records, opened.read_as)
    _load(con, found, opened)
    _check_keys(con, found)
    rule = InstantRule(extraction.time_zone, extraction.declared.dates_as == "start_of_day")
    for column in found.columns:
        _check_values(con, found, contract.columns[column], rule)
    return found


def _check_header(contract: Contract, key: Column, opened: OpenFile) -> None:
    strange = [str(place) for place, column in enumerate(opened.names, 1) if column not in contract.columns]
    if strange:
        raise UnreadableError(
            f"{contract.table} has no such column (column {', '.join(strange)} of the header)", "Name columns as the contract does.", 0
        )
    if key.name not in opened.names or len(opened.names) < 2:
        raise UnreadableError("an override file needs the key and a column to fill in", f"Begin its header with {key.name}.", 0)


def _load(con: duckdb.DuckDBPyConnection, found: Overrides, opened: OpenFile) -> None:
    relation, texts = opened.texts(opened.names)
    listed = ", ".join(f"{texts[column]} as {name(column)}" for column in opened.names)
    con.execute(
        f"create or replace temporary table {found.table.removeprefix('temp.')} as"
        f" select row_number() over () as record, {listed}, false as is_used from {relation}"
    )
    read_rejects(con, opened)
    if opened.rejects:
        raise UnreadableError("a row with too many or too few values", "Correct it.", opened.rejects[0].record)


def _check_keys(con: duckdb.DuckDBPyConnection, found: Overrides) -> None:
    key = name(found.key)
    missing = con.execute(f"select min(record) from {found.table} where {key} is null").fetchall()[0][0]
    if missing is not None:
        raise UnreadableError(f"a row without {found.key}", "Say which row of the export it is about.", missing)
    twice = con.execute(
        f"select min(record) from (select record, row_number() over (partition by {key} order by record) as nth from {found.table}) where nth > 1"
    ).fetchall()[0][0]
    if twice is not None:
        raise UnreadableError(f"a second row for one {found.key}", "Keep one row for each.", twice)


def _check_values(con: duckdb.DuckDBPyConnection, found: Overrides, column: Column, rule: InstantRule) -> None:
    given = name(column.name)
    if column.type == "instant":
        value = instant_sql(given, rule, f"({wall_clock_sql(given, rule)})")
    else:
        value = value_sql(column, given)
    wrong = con.execute(
        f"select min(record) from (select record, {given} as given, {value} as value from {found.table}) where given is not null and value is null"
    ).fetchall()[0][0]
    if wrong is not None:
        raise UnreadableError(f"{column.name} is not {_wanted(column)}", "Correct it.", wrong)
    if column.known:
        words = ", ".join(map(text_literal, column.known))
        strange = con.execute(f"select min(record) from {found.table} where {given} not in ({words})").fetchall()[0][0]
        if strange is not None:
            raise UnreadableError(f"{column.name} is not one of {', '.join(column.known)}", "Correct it.", strange)


def _wanted(column: Column) -> str:
    if column.closed:
        return f"one of {', '.join(column.closed)}"
    return {"instant": "an instant with an offset", "date": "a date", "integer": "a whole number"}.get(column.type, f"a {column.type}")
