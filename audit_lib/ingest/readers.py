"""How each format becomes rows: one SQL relation per file, and what its header and structure say."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from audit_lib.ingest import limits
from audit_lib.ingest.dialects import Needed, find_dialect, renamed, shown
from audit_lib.ingest.scan import Dialect, Scan, record_numbers, scan, too_many_names
from audit_lib.ingest.sources import Extraction, SourceFile
from audit_lib.ingest.streams import UnreadableError
from audit_lib.ingest.unpack import Unpacked, unpack
from audit_lib.ingest.values import name, text_literal

REJECTED = "ingest_rejected"
"""Temporary table into which the CSV reader writes the records it turns away."""
Rejected = tuple[int, str, str | None]
"""Byte offset, error and text of a record that the CSV reader turned away."""
BUFFER = 1 << 23
"""Bytes that the CSV reader takes at a time, of which it holds several: a quarter of what it would take by itself."""
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
    """The file as it came: its name, format and SHA-256 are those of the original."""
    extraction: Extraction
    path: Path
    """Where it is read from: the file itself, or what was made of it in the working folder."""
    dialect: Dialect | None
    """None for Parquet."""
    records: int
    """Data records by our own count (Parquet: by the file's own statement)."""
    names: list[str]
    """Names of the columns after renaming; those that the file's folders give stand last."""
    types: dict[str, str] = field(default_factory=dict)
    """Parquet: DuckDB's type of every column."""
    given: dict[str, str] = field(default_factory=dict)
    """Renamed columns and what the file calls them."""
    folders: dict[str, str | None] = field(default_factory=dict)
    """Columns whose value is in the names of the folders, `key=value`."""
    odd_space: bool = False
    edge_space: bool = True
    has_long: bool = False
    """Whether a record is longer than the reader takes without being told."""
    cuts: list[int] = field(default_factory=list)
    """Byte offsets of `path` at which a record ends; none where it is not read as plain text."""
    rejects: list[Reject] = field(default_factory=list)
    tried: tuple[str, ...] = ()
    """Delimiters that were tried and give no header with the needed names; none where one fits or is declared."""
    read_as: str = ""
    """One line for the report: what was declared about the file and what was found."""

    @property
    def is_json(self) -> bool:
        """Whether every record is a JSON object."""
        return self.dialect is not None and self.dialect.lines

    def tried_in_vain(self) -> str:
        """What to add to a sentence about missing columns; empty where the delimiter is known."""
        return f" (delimiters tried: {' '.join(map(shown, self.tried))})" if self.tried else ""

    def relation(self, rejects_to: str | None = None) -> str:
        """SQL for the file's records in their order. Columns are `c0`, `c1` …; JSON lines: one column `json`."""
        path = text_literal(_escaped(self.path))
        if self.dialect is None:
            own = [column for column in self.names if column not in self.folders]
            listed = ", ".join(f"{name(self._given(column))} as c{number}" for number, column in enumerate(own))
            return f"(select {listed} from read_parquet({path}, hive_partitioning = false))"
        compression = "gzip" if self.dialect.gzipped else "none"
        if self.dialect.lines:
            return (
                f"read_ndjson_objects({path}, ignore_errors = true, compression = '{compression}',"
                f" hive_partitioning = false, maximum_object_size = {limits.RECORD})"
            )
        columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(self.names) - len(self.folders)))
        stored = (
            f", store_rejects = true, rejects_table = '{rejects_to}', rejects_scan = '{rejects_to}_scan'"
            if rejects_to
            else ""
        )
        stored += f", max_line_size = {limits.RECORD + 1024}" if self.has_long else f", buffer_size = {BUFFER}"
        return (
            f"read_csv({path}, columns = {{{columns}}}, header = {'false' if self.dialect.names else 'true'},"
            " auto_detect = false, strict_mode = true, hive_partitioning = false,"
            f" delim = {text_literal(self.dialect.delimiter)}, quote = {text_literal(self.dialect.quote)},"
            f" escape = {text_literal(self.dialect.quote)}, compression = '{compression}'{stored})"
        )

    def texts(self, columns: list[str]) -> tuple[str, dict[str, str]]:
        """SQL for a relation, and per wanted column SQL over it: its trimmed text, NULL where missing."""
        own = [column for column in columns if column not in self.folders]
        constants = {c: _constant(self.folders[c]) for c in columns if c in self.folders}
        if self.dialect is None:
            texts = {c: _parquet_text(f"c{self.names.index(c)}", self.types[c]) for c in own}
            return self.relation(), texts | constants
        if self.dialect.lines:
            paths = ", ".join(text_literal(_json_path(self._given(column))) for column in own)
            inner = f"(select json, json_extract(json, [{paths}]) as picked from {self.relation()})" if own else ""
            texts = {c: _json_text(f"picked[{number + 1}]") for number, c in enumerate(own)}
            return inner or self.relation(), texts | constants
        return self.relation(REJECTED), {c: self._csv_text(f"c{self.names.index(c)}") for c in own} | constants

    def nested(self, column: str) -> str | None:
        """SQL that is true where a column holds a value that is no plain one; None where it cannot."""
        if column in self.folders:
            return None
        if self.dialect is None:
            return f"c{self.names.index(column)} is not null" if _is_nested(self.types[column]) else None
        if self.dialect.lines:
            return f"json_type(json, {text_literal(_json_path(self._given(column)))}) in ('OBJECT', 'ARRAY')"
        return None

    def _given(self, column: str) -> str:
        return self.given.get(column, column)

    def _csv_text(self, column: str) -> str:
        if not (self.odd_space or self.edge_space):
            return column  # the reader gives NULL for an empty value
        spaces = ", e' \\t\\r\\n'" if self.odd_space else ""
        return f"nullif(trim({column}{spaces}), '')"


def open_file(
    con: duckdb.DuckDBPyConnection,
    file: SourceFile,
    extraction: Extraction,
    work: Path,
    *,
    needed: Needed = (),
    lists: tuple[str, ...] = (),
) -> OpenFile:
    """Look at a file's bytes and header. Raises UnreadableError with the place where certainty ends.

    `work` is a private folder for what has to be rewritten. `needed`: groups of alternative names of columns of which
    each must be there; they tell the delimiter. `lists`: keys of a JSON object under which its records may stand.
    """
    try:
        unpacked = unpack(file, extraction, work, lists)
        if unpacked.format == "parquet":
            opened = _open_parquet(con, file, extraction, unpacked)
        elif unpacked.format == "jsonl":
            opened = _open_lines(con, file, extraction, unpacked)
        else:
            opened = _open_csv(file, extraction, unpacked, needed)
    except OSError:
        raise UnreadableError("it cannot be opened", "Check that it is there and that you may read it.") from None
    _name_columns(opened)
    return opened


def _open_csv(file: SourceFile, extraction: Extraction, unpacked: Unpacked, needed: Needed) -> OpenFile:
    said = list(unpacked.said)
    tried: tuple[str, ...] = ()
    if file.format == "xlsx":
        dialect = Dialect(",", '"', False)
    else:
        dialect, found, tried = find_dialect(
            unpacked.path, file.format, unpacked.gzipped, extraction.declared, needed, dict(file.folders).keys()
        )
        said += found
    seen = _scanned(unpacked, dialect)
    # By position: a file without a header has values of persons in its first line.
    twice = [str(place) for place, column in enumerate(seen.header, 1) if seen.header.count(column) > 1]
    if twice:
        raise UnreadableError(
            f"the header has one name for several columns (columns {', '.join(twice[:10])})",
            "Give every column its own name.",
            0,
            0,
        )
    opened = OpenFile(file, extraction, unpacked.path, dialect, seen.records, seen.header, tried=tried)
    opened.odd_space, opened.edge_space, opened.has_long = seen.odd_space, seen.edge_space, seen.has_long
    opened.cuts = [] if dialect.gzipped else seen.cuts
    opened.read_as = "; ".join(said)
    return opened


def _open_lines(
    con: duckdb.DuckDBPyConnection, file: SourceFile, extraction: Extraction, unpacked: Unpacked
) -> OpenFile:
    dialect = Dialect("\x01", "", unpacked.gzipped, lines=True)
    seen = _scanned(unpacked, dialect)
    opened = OpenFile(file, extraction, unpacked.path, dialect, seen.records, [], read_as="; ".join(unpacked.said))
    opened.cuts = [] if dialect.gzipped else seen.cuts
    opened.names = _json_names(con, opened)
    return opened


def _scanned(unpacked: Unpacked, dialect: Dialect) -> Scan:
    """`scan`, with places of the file as it came, and checked against what was counted while rewriting."""
    try:
        seen = scan(unpacked.path, dialect)
    except UnreadableError as error:
        raise unpacked.placed(error) from None
    if unpacked.records is not None and unpacked.records != seen.records:
        raise UnreadableError(
            f"two counts of its records differ ({unpacked.records} in the file, {seen.records} rewritten)",
            "Export the file again, as CSV or JSON lines.",
        )
    return seen


def _name_columns(opened: OpenFile) -> None:
    """Rename columns as declared and add those of the folders; what cannot be done refuses the file."""
    declared, names = opened.extraction.declared, opened.names
    folders = dict(opened.file.folders)
    own = [key for key in folders if key in names]
    names = names + [key for key in folders if key not in names]
    if opened.is_json and not opened.records:
        names = list(dict.fromkeys([*names, *declared.columns.values()])) if names else names
    for our, theirs in declared.columns.items() if names else ():
        if theirs not in names:
            raise UnreadableError(
                f"the header lacks {theirs}, which {declared.where('columns')} names for {our}",
                "Correct `columns` or export the file with this column.",
            )
    called = renamed(names, declared.columns)
    if twice := sorted({column for column in called if called.count(column) > 1}):
        raise UnreadableError(
            f"{', '.join(twice)} would be there twice: in the file, and as {declared.where('columns')} renames",
            "Correct `columns`.",
        )
    opened.given = {new: old for new, old in zip(called, names, strict=True) if new != old}
    opened.folders = {n: folders[o] for n, o in zip(called, names, strict=True) if o in folders and o not in own}
    opened.types = {n: opened.types[o] for n, o in zip(called, names, strict=True) if o in opened.types}
    opened.names = called
    opened.read_as += "".join(_said_of_columns(opened, list(opened.folders), own))


def _said_of_columns(opened: OpenFile, used: list[str], own: list[str]) -> list[str]:
    said = []
    if opened.given:
        said.append(f"; columns renamed (declared): {', '.join(opened.given)}")
    if used:
        said.append(f"; columns of the folders (found): {', '.join(used)}")
    if own:
        said.append(f"; {', '.join(own)} of the folders not used, for the file has that column itself")
    return said


BROKEN_OBJECT = (
    "coalesce(json_type(json) <> 'OBJECT' or len(json_keys(json)) > len(list_distinct(json_keys(json))), true)"
)
"""SQL over a column `json`: the line is no object, or holds a key twice."""


def require_same_count(read: int, counted: int) -> None:
    """Refuse a file of which the reader gives another number of records than our own count of its bytes."""
    if read != counted:
        raise UnreadableError(
            f"two counts of its records differ ({read} read, {counted} by line ends)",
            "Check quotes and line ends and export the file again.",
        )


def read_rejects(con: duckdb.DuckDBPyConnection, opened: OpenFile) -> None:
    """Take over the records that the reader turned away and give each its number by our own count."""
    number_rejects(opened, rejected_lines(con, opened))


def rejected_lines(con: duckdb.DuckDBPyConnection, opened: OpenFile) -> list[Rejected]:
    """The records that the reader turned away, in their order; the reader's own list is dropped."""
    if opened.dialect is None or opened.dialect.lines:
        return []
    # Where lines end with CRLF the reader counts the line feed to the next record, unless that is the first it reads.
    rows = con.execute(
        "select line_byte_position, min(error_type), ltrim(any_value(csv_line), e'\\n')"
        f" from {REJECTED} group by 1 order by 1"
    ).fetchall()
    con.execute(f"drop table {REJECTED}; drop table {REJECTED}_scan")
    return rows


def number_rejects(opened: OpenFile, rows: list[Rejected]) -> None:
    """Give every record that the reader turned away its number by our own count."""
    if not rows or opened.dialect is None:
        return
    one_column = len(opened.names) - len(opened.folders) == 1
    numbers = record_numbers(opened.path, opened.dialect, [row[0] for row in rows], one_column)
    kinds = {"TOO MANY COLUMNS": "too_many_columns", "MISSING COLUMNS": "too_few_columns"}
    for (offset, error, line), record, before in zip(rows, numbers, [0, *numbers], strict=False):
        if error not in kinds or record < 1 or record == before:
            raise UnreadableError(
                f"a record that cannot be read ({error.lower()})", "Correct it and export again.", record, offset
            )
        opened.rejects.append(Reject(record, kinds[error], line))


def _open_parquet(
    con: duckdb.DuckDBPyConnection, file: SourceFile, extraction: Extraction, unpacked: Unpacked
) -> OpenFile:
    path = text_literal(_escaped(unpacked.path))
    try:
        described = con.execute(f"describe select * from read_parquet({path}, hive_partitioning = false)").fetchall()
        rows = con.execute(f"select num_rows from parquet_file_metadata({path})").fetchall()
    except duckdb.Error:
        raise UnreadableError("not a readable Parquet file", "Export it again.") from None
    types = {str(row[0]): str(row[1]) for row in described}
    if len(types) > limits.NAMES:
        raise too_many_names()
    said = "; ".join(unpacked.said)
    return OpenFile(file, extraction, unpacked.path, None, int(rows[0][0]), list(types), types, read_as=said)


def _json_names(con: duckdb.DuckDBPyConnection, opened: OpenFile) -> list[str]:
    """All keys of the objects of the file, in the order of their text."""
    try:
        rows = con.execute(
            "select distinct unnest(json_keys(json)) as key from "
            f"(select json from {opened.relation()} where json_type(json) = 'OBJECT') order by key"
            f" limit {limits.NAMES + 1}"
        ).fetchall()
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException):
        raise UnreadableError("the reader cannot read it with certainty", "Export the file again.") from None
    if len(rows) > limits.NAMES:
        raise too_many_names()
    return [str(row[0]) for row in rows]


def _escaped(path: Path) -> str:
    """A path in which no character is taken as a pattern."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in str(path))


def _json_path(column: str) -> str:
    """A key as a JSON pointer, in which every character can be said."""
    return "/" + column.replace("~", "~0").replace("/", "~1")


def _constant(text: str | None) -> str:
    kept = (text or "").strip(" \t\r\n")
    return text_literal(kept) if kept else "cast(null as varchar)"


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
