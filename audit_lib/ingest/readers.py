"""How each format becomes rows: one SQL relation per file, and what its header and structure say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from audit_lib.ingest.scan import Dialect, UnreadableError, record_numbers, scan
from audit_lib.ingest.sources import Extraction, SourceFile
from audit_lib.ingest.values import name, text_literal

REJECTED = "ingest_rejected"
"""Temporary table into which the CSV reader writes the records it turns away."""
_NESTED = ("STRUCT", "MAP", "UNION", "LIST", "ARRAY", "BLOB", "BIT", "GEOMETRY")
_FLOATS = ("DOUBLE", "FLOAT", "DECIMAL")
_TIMES = ("TIMESTAMP", "DATE")


@dataclass(frozen=True, slots=True)
class Reject:
    """A record whose number of values is not that of the header: never loaded."""

    record: int
    kind: str
    text: str | None


@dataclass(slots=True)
class OpenFile:
    """A file that can be read: where it comes from, its columns, and how to select them."""

    file: SourceFile
    extraction: Extraction
    dialect: Dialect | None
    """None for Parquet."""
    records: int
    """Data records by our own count (Parquet: by the file's own statement)."""
    names: list[str]
    types: dict[str, str] = field(default_factory=dict)
    """Parquet: DuckDB's type of every column."""
    odd_space: bool = False
    rejects: list[Reject] = field(default_factory=list)

    def relation(self, rejects_to: str | None = None) -> str:
        """SQL for the file's records in their order. Columns are `c0`, `c1` …; JSON lines: one column `json`."""
        path = text_literal(_escaped(self.file.path))
        if self.file.format == "parquet":
            listed = ", ".join(f"{name(column)} as c{number}" for number, column in enumerate(self.names))
            return f"(select {listed} from read_parquet({path}))"
        assert self.dialect is not None
        compression = "gzip" if self.dialect.gzipped else "none"
        if self.dialect.lines:
            return (
                f"read_ndjson_objects({path}, ignore_errors = true, compression = '{compression}',"
                " maximum_object_size = 33554432)"
            )
        columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(self.names)))
        stored = (
            f", store_rejects = true, rejects_table = '{rejects_to}', rejects_scan = '{rejects_to}_scan'"
            if rejects_to
            else ""
        )
        return (
            f"read_csv({path}, columns = {{{columns}}}, header = true, auto_detect = false, strict_mode = true,"
            f" delim = {text_literal(self.dialect.delimiter)}, quote = {text_literal(self.dialect.quote)},"
            f" escape = {text_literal(self.dialect.quote)}, compression = '{compression}'{stored})"
        )

    def texts(self, columns: list[str]) -> tuple[str, dict[str, str]]:
        """SQL for a relation, and per wanted column SQL over it: its trimmed text, NULL where missing."""
        if self.file.format == "parquet":
            return self.relation(), {c: _parquet_text(f"c{self.names.index(c)}", self.types[c]) for c in columns}
        if self.dialect is not None and self.dialect.lines:
            paths = json.dumps([_json_path(column) for column in columns], ensure_ascii=False)
            inner = f"(select json, json_extract(json, {_sql_list(paths)}) as picked from {self.relation()})"
            return inner, {c: _json_text(f"picked[{number + 1}]") for number, c in enumerate(columns)}
        return self.relation(REJECTED), {c: self._csv_text(f"c{self.names.index(c)}") for c in columns}

    def nested(self, column: str) -> str | None:
        """SQL that is true where a column holds a value that is no plain one; None where it cannot."""
        if self.file.format == "parquet":
            return f"c{self.names.index(column)} is not null" if _is_nested(self.types[column]) else None
        if self.dialect is not None and self.dialect.lines:
            return f"json_type(json, {text_literal(_json_path(column))}) in ('OBJECT', 'ARRAY')"
        return None

    def _csv_text(self, column: str) -> str:
        spaces = ", e' \\t\\r\\n'" if self.odd_space else ""
        return f"nullif(trim({column}{spaces}), '')"


def open_file(con: duckdb.DuckDBPyConnection, file: SourceFile, extraction: Extraction) -> OpenFile:
    """Look at a file's bytes and header. Raises UnreadableError with the place where certainty ends."""
    if file.format == "parquet":
        return _open_parquet(con, file, extraction)
    if file.format == "jsonl":
        dialect = Dialect("\x01", "", file.gzipped, lines=True)
        seen = scan(file.path, dialect)
        opened = OpenFile(file, extraction, dialect, seen.records, [])
        opened.names = _json_names(con, opened)
        return opened
    quote = extraction.declared.quote
    dialect = Dialect(extraction.delimiter(file), '"' if quote is None else quote, file.gzipped)
    seen = scan(file.path, dialect)
    # By position: a file without a header has values of persons in its first line.
    twice = [str(place) for place, column in enumerate(seen.header, 1) if seen.header.count(column) > 1]
    if twice:
        raise UnreadableError(
            f"the header has one name for several columns (columns {', '.join(twice)})", "Give every column its own name.", 0, 0
        )
    return OpenFile(file, extraction, dialect, seen.records, seen.header, odd_space=seen.odd_space)


def read_rejects(con: duckdb.DuckDBPyConnection, opened: OpenFile) -> None:
    """Take over the records that the reader turned away and give each its number by our own count."""
    if opened.dialect is None or opened.dialect.lines:
        return
    rows = con.execute(
        f"select line_byte_position, min(error_type), any_value(csv_line) from {REJECTED} group by 1 order by 1"
    ).fetchall()
    con.execute(f"drop table {REJECTED}; drop table {REJECTED}_scan")
    if not rows:
        return
    numbers = record_numbers(opened.file.path, opened.dialect, [row[0] for row in rows], len(opened.names) == 1)
    kinds = {"TOO MANY COLUMNS": "too_many_columns", "MISSING COLUMNS": "too_few_columns"}
    for (offset, error, line), record, before in zip(rows, numbers, [0, *numbers], strict=False):
        if error not in kinds or record < 1 or record == before:
            raise UnreadableError(
                f"a record that cannot be read ({error.lower()})", "Correct it and export again.", record, offset
            )
        opened.rejects.append(Reject(record, kinds[error], line))


def _open_parquet(con: duckdb.DuckDBPyConnection, file: SourceFile, extraction: Extraction) -> OpenFile:
    path = text_literal(_escaped(file.path))
    try:
        described = con.execute(f"describe select * from read_parquet({path})").fetchall()
        rows = con.execute(f"select num_rows from parquet_file_metadata({path})").fetchall()
    except duckdb.Error:
        raise UnreadableError("not a readable Parquet file", "Export it again.") from None
    types = {str(row[0]): str(row[1]) for row in described}
    return OpenFile(file, extraction, None, int(rows[0][0]), list(types), types)


def _json_names(con: duckdb.DuckDBPyConnection, opened: OpenFile) -> list[str]:
    """All keys of the objects of the file, in the order of their text."""
    rows = con.execute(
        "select distinct unnest(json_keys(json)) as key from "
        f"(select json from {opened.relation()} where json_type(json) = 'OBJECT') order by key"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _escaped(path: Path) -> str:
    """A path in which no character is taken as a pattern."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in str(path))


def _json_path(column: str) -> str:
    return '$."' + column + '"'


def _sql_list(paths: str) -> str:
    return "[" + ", ".join(text_literal(path) for path in json.loads(paths)) + "]"


def _json_text(value: str) -> str:
    plain = f"nullif(trim({value} ->> '$', e' \\t\\r\\n'), '')"
    return f"case when json_type({value}) <> 'NULL' then {plain} end"


def _is_nested(source_type: str) -> bool:
    return source_type.startswith(_NESTED) or source_type.endswith("]")


def _parquet_text(column: str, source_type: str) -> str:
    """Text of a typed value: whole floats without their point, instants with their offset, NaN as missing."""
    if source_type.startswith(_FLOATS):
        missing = "" if source_type.startswith("DECIMAL") else f"when isnan({column}) then null "
        whole = (
            f"when {column} = trunc({column}) and abs({column}) < 1e18 then cast(cast({column} as bigint) as varchar)"
        )
        return f"case {missing}{whole} else cast({column} as varchar) end"
    if source_type == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({column} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    if source_type.startswith("TIMESTAMP"):
        return f"strftime(cast({column} as timestamp), '%Y-%m-%dT%H:%M:%S.%f')"
    return f"nullif(trim(cast({column} as varchar), e' \\t\\r\\n'), '')"
