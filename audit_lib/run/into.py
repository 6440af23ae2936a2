"""`privacy-audit ingest`: the exports into a database file that is brought up to date when it is there already."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit_lib import evidence, ingest
from audit_lib.catalogue import Catalogue, load_catalogue
from audit_lib.engines.duckdb import DuckDB, UnreadableDatabase
from audit_lib.errors import AuditError
from audit_lib.run.whole import alone, replacing

_TABLES = "select table_name from duckdb_tables() union select view_name from duckdb_views() where not internal"
MADE = "kept_made"
"""Table with the hash of all that the database depends on."""


@dataclass(frozen=True)
class IngestedInto:
    """Where every row went, and how many files were taken over from the database as it was."""

    inputs: list[dict[str, Any]]
    """One dictionary per file, in the words of `input_file`."""
    faults: list[tuple[Any, ...]]
    """Table, column, kind, effect, rows."""
    left_out: list[tuple[Any, ...]]
    """File, reason, rows."""
    files: int
    unchanged: int


def ingest_into(
    data: Path,
    into: Path,
    *,
    criteria: Iterable[str | os.PathLike[str]] = (),
    with_texts: bool = False,
    memory: str | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> IngestedInto:
    """Load the exports in the folder `data` into the database file `into`.

    A database that an earlier call made there is replaced by one that holds the exports as they are now; files that have
    not changed are not read again. Who reads the old one meanwhile goes on reading it. A second run waits for the first
    and then finds its work done. However a run ends, `into` is the old database or the new one.

    Raises AuditError when `into` is something else, is open for writing or cannot be written; InputRefused for exports
    that cannot be read.
    """
    catalogue = load_catalogue(tuple(os.fspath(criterion) for criterion in criteria))
    target = into.resolve()
    if not target.parent.is_dir():
        raise AuditError(f"{into.parent} is not a folder. Make it, or name another file.")
    with alone(target.with_name(f".{target.name}.lock"), progress):
        made = _made(into, target, catalogue.contracts)
        sources = ingest.read_sources(data, catalogue.contracts)
        sources.fetch(with_texts=with_texts, progress=progress)
        said = [sources.content_hash(with_texts=with_texts), catalogue.zone.key, with_texts, evidence.code_hash(), evidence.versions()]
        key = evidence.fingerprint(said)
        unchanged = None
        if made != key:
            with replacing(target) as building:
                unchanged = _build(building, target, sources, catalogue, key, with_texts, memory, progress)
        return _told(target, unchanged)


def _made(into: Path, target: Path, contracts: Collection[str]) -> str | None:
    """The key of the database at `target`; None where there is none, or one that kept no key. Refuses any other file."""
    if target.with_name(f"{target.name}.wal").exists():
        raise AuditError(f"{into} was open for writing and has not been closed ({into.name}.wal). Open and close it with DuckDB, or delete both.")
    if not target.exists():
        return None
    try:
        engine = DuckDB(target, read_only=True)
    except UnreadableDatabase:
        raise AuditError(f"{into} exists and is no database that can be read. Name another file, or delete it first.") from None
    with closing(engine):
        tables = {row[0] for row in engine.rows(_TABLES)}
        if "input_file" not in tables:
            raise AuditError(f"{into} exists and holds no exports. Name another file, or delete it first.")
        if foreign := sorted(table for table in tables if not _is_ours(table, contracts)):
            raise AuditError(f"{into} also holds {', '.join(foreign)}, which no ingest made. Move them elsewhere, or name another file.")
        return str(engine.rows(f"select key from {MADE}")[0][0]) if MADE in tables else None


def _is_ours(table: str, contracts: Collection[str]) -> bool:
    return table in contracts or table in ingest.TABLES or table.startswith(("kept_", "key_", "rows_"))


def _build(
    building: Path,
    target: Path,
    sources: ingest.Sources,
    catalogue: Catalogue,
    key: str,
    with_texts: bool,
    memory: str | None,
    progress: Callable[[str], None],
) -> int:
    with closing(DuckDB(building, memory=memory)) as engine:
        done = ingest.ingest(
            engine.connection,
            sources,
            catalogue.contracts,
            columns=None,
            zone=catalogue.zone,
            with_texts=with_texts,
            progress=progress,
            base=target if target.exists() else None,
        )
        engine.run(f"create table {MADE} as select '{key}' as key")
        engine.run("checkpoint")
    return len(done.unchanged)


def _told(target: Path, unchanged: int | None) -> IngestedInto:
    """`unchanged` None: the database was up to date."""
    with closing(DuckDB(target, read_only=True)) as engine:
        rows = ingest.reconciliation(engine.connection).to_dict("records")
        left_out = engine.rows("select file, reason, l.rows from left_out l join input_file using (file_no) order by all")
        faults = engine.rows("select table_name, column_name, kind, effect, sum(rows) from fault group by all order by all")
    inputs = [{str(name).replace(" ", "_"): value for name, value in row.items()} for row in rows]
    return IngestedInto(inputs, faults, left_out, len(inputs), len(inputs) if unchanged is None else unchanged)
