"""Runs an adapter: the records of another tool's export become rows of a contract, written as a file of their own.

Every record of the export leaves at least one row: one to be loaded, one left out with its reason, or one quarantined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from audit_lib.catalogue.adapters import Adapter, SourceColumn
from audit_lib.ingest.overrides import Overrides
from audit_lib.ingest.readers import BROKEN_OBJECT, REJECTED, OpenFile, Reject, read_rejects, require_same_count
from audit_lib.ingest.scan import UnreadableError
from audit_lib.ingest.sources import Extraction, SourceFile
from audit_lib.ingest.values import name, text_literal
from audit_lib.vocabulary import Contract

BROKEN_KINDS = ("not_decodable", "not_in_list", "missing", "not_text", "not_json")
"""Kinds of fault that an adapter may give a row."""
_MACROS = """
create or replace temp macro from_seconds(t) as
  case when regexp_full_match(t, '-?[0-9]{1,11}') then strftime(make_timestamp(cast(t as bigint) * 1000000), '%Y-%m-%dT%H:%M:%SZ') else t end;
create or replace temp macro from_millis(t) as
  case when regexp_full_match(t, '[0-9]{12,14}') then strftime(make_timestamp(cast(t as bigint) * 1000), '%Y-%m-%dT%H:%M:%S.%fZ') else t end;
"""
_TABLES = ("adapt_read", "adapt_rejected", "adapt_rows", "adapt_kept")


@dataclass(slots=True)
class AdaptedFile:
    """What an adapter made of a file: readable like any other, its rows in the order of the records."""

    file: SourceFile
    """The file as exported."""
    extraction: Extraction
    path: Path
    """Parquet: the rows to be loaded, all text."""
    names: list[str]
    records: int
    """Rows to be loaded or quarantined."""
    source_records: int
    """Records of the exported file by our own count."""
    left_out: dict[str, int]
    """Reason → rows that the adapter leaves out."""
    read_as: str
    rejects: list[Reject] = field(default_factory=list)
    is_json: bool = False

    @property
    def types(self) -> dict[str, str]:
        """Everything is text."""
        return dict.fromkeys(self.names, "VARCHAR")

    def relation(self, rejects_to: str | None = None) -> str:
        """SQL for the rows in their order, columns `c0`, `c1` …; nothing is rejected any more."""
        listed = "".join(f", {name(column)} as c{number}" for number, column in enumerate(self.names))
        return f"(select source_record{listed} from read_parquet({text_literal(str(self.path))}))"

    def texts(self, columns: list[str]) -> tuple[str, dict[str, str]]:
        """SQL for a relation, and per wanted column SQL over it: its trimmed text, NULL where missing."""
        found = {c: f"nullif(trim(c{self.names.index(c)}, e' \\t\\r\\n'), '')" for c in columns}
        return self.relation(), found

    def nested(self, column: str) -> None:
        """No column holds a nested value."""


def needed(adapter: Adapter, renamed: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Groups of names of which a file's header must hold one each."""
    return tuple((renamed[c.name],) if c.name in renamed else c.found_as for c in adapter.required)


def adapt(
    con: duckdb.DuckDBPyConnection,
    opened: OpenFile,
    adapter: Adapter,
    contract: Contract,
    overrides: Overrides | None,
    path: Path,
) -> AdaptedFile:
    """Run `adapter` over an opened file and write its rows, with what `overrides` fills in, to `path` (Parquet).

    Raises UnreadableError when the file is not what the adapter reads.
    """
    declared = opened.extraction.declared
    _check_kind(adapter, opened)
    try:
        rejects = _read_source(con, opened, adapter, declared.columns)
        _write_maps(con, adapter, declared.maps)
        names = _run(con, adapter, contract)
        _check_rows(con, adapter)
        if overrides is not None:
            names = overrides.apply(con, "adapt_rows", names)
        return _finish(con, opened, names, path, rejects)
    finally:
        for table in _TABLES:
            con.execute(f"drop table if exists temp.{table}")
        con.execute(f"drop table if exists temp.{REJECTED}; drop table if exists temp.{REJECTED}_scan")


def _check_kind(adapter: Adapter, opened: OpenFile) -> None:
    if opened.is_json != (adapter.reads == "objects"):
        wanted = "JSON" if adapter.reads == "objects" else "a file with named columns (CSV, TSV, .xlsx or Parquet)"
        raise UnreadableError(f"adapter {adapter.id} reads {wanted}", "Export it so, or name another adapter.")


def _read_source(
    con: duckdb.DuckDBPyConnection, opened: OpenFile, adapter: Adapter, renamed: Mapping[str, str]
) -> list[Reject]:
    """Make the temporary view `source`; returns the records that the reader turned away."""
    if adapter.reads == "objects":
        columns = [f"{_object_text(_paths(c, renamed))} as {name(c.name)}" for c in adapter.columns.values()]
        _require_objects(opened, adapter, renamed)
        listed = ", ".join(["json", *columns])
        con.execute(f"create or replace temp table adapt_read as select row_number() over () as rn, {listed} from {opened.relation()}")
        rejects = _broken_objects(con)
    else:
        found = {c.name: _found(c, opened, adapter, renamed) for c in adapter.columns.values()}
        relation, texts = opened.texts(sorted({header for header in found.values() if header is not None}))
        columns = [f"{texts[header] if header else 'cast(null as varchar)'} as {name(c)}" for c, header in found.items()]
        con.execute(f"create or replace temp table adapt_read as select row_number() over () as rn, {', '.join(columns)} from {relation}")
        read_rejects(con, opened)
        rejects = list(opened.rejects)
    read = int(con.execute("select count(*) from adapt_read").fetchall()[0][0])
    require_same_count(read + len(rejects), opened.records)
    _number_records(con, opened, rejects)
    return rejects


def _object_text(paths: tuple[str, ...]) -> str:
    texts = [f"json ->> {text_literal(_json_path(path))}" for path in paths]
    first = texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"
    return f"nullif(trim({first}, e' \\t\\r\\n'), '')"


def _json_path(path: str) -> str:
    return "$" + "".join(f'."{part}"' for part in path.split("."))


def _paths(column: SourceColumn, renamed: Mapping[str, str]) -> tuple[str, ...]:
    return (renamed[column.name],) if column.name in renamed else column.found_as


def _require_objects(opened: OpenFile, adapter: Adapter, renamed: Mapping[str, str]) -> None:
    if not opened.records:
        return
    keys = set(opened.names)
    missing = [c for c in adapter.required if not any(p.split(".")[0] in keys for p in _paths(c, renamed))]
    _refuse_missing(adapter, [" or ".join(_paths(c, renamed)) for c in missing])


def _found(column: SourceColumn, opened: OpenFile, adapter: Adapter, renamed: Mapping[str, str]) -> str | None:
    there = [header for header in _paths(column, renamed) if header in opened.names]
    if not there and (column.required or column.name in renamed):
        missing = [c for c in adapter.required if not any(h in opened.names for h in _paths(c, renamed))] or [column]
        _refuse_missing(adapter, [" or ".join(_paths(c, renamed)) for c in missing])
    return there[0] if there else None


def _refuse_missing(adapter: Adapter, missing: list[str]) -> None:
    if missing:
        raise UnreadableError(
            f"adapter {adapter.id} does not find {', '.join(missing)}",
            f"Export {adapter.title} with it, or say in sources.toml what it is called: columns = {{ … }}.",
        )


def _broken_objects(con: duckdb.DuckDBPyConnection) -> list[Reject]:
    """Lines that are no objects, or hold a key twice, are quarantined before the adapter sees them."""
    rows = con.execute(f"select rn from adapt_read where {BROKEN_OBJECT} order by rn").fetchall()
    if rows:
        con.execute(f"delete from adapt_read where {BROKEN_OBJECT}")
    return [Reject(int(rn), "not_json", None) for (rn,) in rows]


def _number_records(con: duckdb.DuckDBPyConnection, opened: OpenFile, rejects: list[Reject]) -> None:
    """`source` with `record`: objects keep their number; of other files the rejected records are counted in between."""
    if not rejects or opened.is_json:
        con.execute("create or replace temp view source as select rn as record, * exclude (rn) from adapt_read")
        return
    con.execute("create or replace temp table adapt_rejected (before BIGINT, so_far BIGINT)")
    ordered = sorted(reject.record for reject in rejects)
    steps = {record - nth: nth for nth, record in enumerate(ordered, 1)}
    con.executemany("insert into adapt_rejected values (?, ?)", list(steps.items()))
    con.execute(
        "create or replace temp view source as select rn + coalesce(j.so_far, 0) as record, a.* exclude (rn)"
        " from adapt_read a asof left join adapt_rejected j on a.rn > j.before"
    )


def _write_maps(con: duckdb.DuckDBPyConnection, adapter: Adapter, given: Mapping[str, Mapping[str, str]]) -> None:
    con.execute(_MACROS)
    for word_map in adapter.maps.values():
        words = {**word_map.words, **given.get(word_map.name, {})}
        con.execute(f"create or replace temp table map_{word_map.name} (given VARCHAR, word VARCHAR)")
        if words:
            con.executemany(f"insert into map_{word_map.name} values (?, ?)", list(words.items()))


def _run(con: duckdb.DuckDBPyConnection, adapter: Adapter, contract: Contract) -> list[str]:
    """Make `adapt_rows` (record, part, left_out, broken, columns of the contract); returns those columns."""
    described = con.execute(f"describe {adapter.sql}").fetchall()
    given = [str(row[0]) for row in described]
    columns = [column for column in given if column in contract.columns]
    if strange := sorted(set(given) - set(columns) - {"record", "part", "left_out", "broken"}):
        raise AssertionError(f"adapter {adapter.id} returns columns that {contract.table} lacks: {strange}")
    part = "cast(part as bigint)" if "part" in given else "cast(1 as bigint)"
    broken = "cast(broken as varchar)" if "broken" in given else "cast(null as varchar)"
    texts = "".join(f", cast({name(column)} as varchar) as {name(column)}" for column in columns)
    con.execute(
        f"create or replace temp table adapt_rows as select cast(record as bigint) as record, {part} as part,"
        f" cast(left_out as varchar) as left_out, {broken} as broken{texts} from ({adapter.sql}) order by 1, 2"
    )
    return columns


def _check_rows(con: duckdb.DuckDBPyConnection, adapter: Adapter) -> None:
    """Mistakes of an adapter are ours: a record lost or made up, a word that it does not declare."""
    lost = con.execute(
        "select count(*) from (select distinct record from source) s full join (select distinct record from adapt_rows) r"
        " on r.record = s.record where r.record is null or s.record is null"
    ).fetchall()[0][0]
    words = con.execute("select distinct left_out from adapt_rows where left_out is not null").fetchall()
    kinds = con.execute("select distinct broken from adapt_rows where broken is not null").fetchall()
    undeclared = {row[0] for row in words} - set(adapter.reasons) | {row[0] for row in kinds} - set(BROKEN_KINDS)
    if lost or undeclared:
        raise AssertionError(f"adapter {adapter.id}: {lost} records lost or made up, undeclared words {sorted(undeclared)}")


def _finish(
    con: duckdb.DuckDBPyConnection, opened: OpenFile, names: list[str], path: Path, rejects: list[Reject]
) -> AdaptedFile:
    reasons = con.execute("select left_out, count(*) from adapt_rows where left_out is not null group by 1 order by 1").fetchall()
    broken = con.execute("select record, broken from adapt_rows where left_out is null and broken is not null order by 1, 2").fetchall()
    con.execute("create or replace temp table adapt_kept as select * from adapt_rows where left_out is null and broken is null order by record, part")
    listed = "".join(f", {name(column)}" for column in names)
    con.execute(
        f"copy (select cast(record as integer) as source_record{listed} from adapt_kept) to {text_literal(str(path))} (format parquet)"
    )
    rows = int(con.execute("select count(*) from adapt_kept").fetchall()[0][0])
    rejected = [*rejects, *(Reject(int(record), str(kind), None) for record, kind in broken)]
    return AdaptedFile(
        file=opened.file,
        extraction=opened.extraction,
        path=path,
        names=names,
        records=rows + len(rejected),
        source_records=opened.records,
        left_out={str(reason): int(rows) for reason, rows in reasons},
        read_as=opened.read_as,
        rejects=rejected,
    )
