"""Files that have not changed: their rows come from an older warehouse instead of their bytes.

A file is unchanged when name, SHA-256 and everything that decides how it is read are the same (`reading`); it is then only
hashed. Its rows come from `rows_<table>` of the older warehouse, in their order, ids through their texts. All that looks at
several files (repeated keys, numbers, references, counts) is worked out as ever, so that the result is table by table that
of a fresh ingest.

Read again all the same: every file of an extraction with an override file, for only reading its rows tells how often each
override is used; and, where not all columns are kept (also wherever texts are read), a file that holds one of several rows
with the same key, because such rows are compared as they were exported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from audit_lib import evidence
from audit_lib.catalogue.adapters import load_adapters
from audit_lib.errors import AuditError, InputRefused, raise_problems
from audit_lib.ingest.adapt import AdaptedFile
from audit_lib.ingest.kept import Signal
from audit_lib.ingest.load import (
    LoadedFile,
    TableLoad,
    count_rows,
    is_numbered,
    row_columns,
)
from audit_lib.ingest.readers import OpenFile, Reject
from audit_lib.ingest.sources import Extraction, SourceFile, Sources
from audit_lib.ingest.streams import UnreadableError
from audit_lib.ingest.values import name, text_literal
from audit_lib.ingest.zones import day_sql
from audit_lib.vocabulary import Column

BASE = "ingest_base"
"""Name under which the older warehouse is attached."""
Opened = OpenFile | AdaptedFile
Open = Callable[[], Opened]


@dataclass(slots=True)
class UnchangedFile(OpenFile):
    """What was found in the file when it was read; it is opened again only when its texts are asked for."""

    base_no: int = field(kw_only=True)
    """Its number in the older warehouse."""
    again: Open = field(kw_only=True)

    def texts(self, columns: list[str]) -> tuple[str, dict[str, str]]:
        """As of an opened file: opens it."""
        return self.again().texts(columns)


@dataclass(slots=True)
class UnchangedAdaptedFile(AdaptedFile):
    """The same for a file that an adapter made rows of."""

    base_no: int = field(kw_only=True)
    again: Open = field(kw_only=True)

    def texts(self, columns: list[str]) -> tuple[str, dict[str, str]]:
        """As of an opened file: runs the adapter."""
        return self.again().texts(columns)


def reading(load: TableLoad, extraction: Extraction, file: SourceFile, sources: Sources) -> str:
    """One hash of all that the loading rows of a file depend on, beside the code and the packages it runs on: its bytes,
    its name, what is declared of how it is read, the contract, the columns that are kept, the adapter.

    What is declared of the table as a whole (what it covers, when it was extracted) is not in it: it changes no row. Nor is
    the time zone of the controller: days are worked out anew.
    """
    declared = extraction.declared
    said = replace(
        declared, lines={}, files=(), extracted_second=None, kind=None, covers_from_day=None, covers_to_day=None,
        keeps_deleted=None, daily=None,
    )  # fmt: skip
    adapter = repr(load_adapters()[declared.adapter]) if declared.adapter else None
    copied = file.copied.read_as if file.copied else None
    which = [sources.sha256(file), repr(replace(file, path=Path(), copied=None)), copied, repr(said), adapter]
    kept = [column.name for column in load.kept]
    return evidence.fingerprint([*which, repr(load.contract), kept])


class Reuse:
    """The older warehouse of one ingest, and which files of the new one it already holds."""

    def __init__(self, con: duckdb.DuckDBPyConnection, sources: Sources, base: Path | None) -> None:
        self.con, self.sources = con, sources
        self._readable: dict[int, tuple[TableLoad, Extraction, SourceFile]] = {}
        self._readings: dict[int, str] = {}
        self.unchanged: list[str] = []
        """Names of the files that were taken over."""
        self._known: dict[tuple[str, str, str], Mapping[Hashable, Any]] = {}
        self._rejected: dict[int, list[Reject]] = {}
        self._code = evidence.fingerprint([evidence.code_hash(), evidence.versions()])
        if base is not None:
            self._attach(base)

    def _attach(self, base: Path) -> None:
        try:
            self.con.execute(f"attach {text_literal(str(base))} as {BASE} (read_only)")
        except duckdb.Error:
            return  # cut off, of another version, gone or being written to: everything is read
        try:
            rows = self.con.execute(f"select * from {BASE}.kept_file").df().to_dict("records")
            rejects = self.con.execute(
                f"select file_no, record, kind, text from {BASE}.kept_reject order by file_no, nth"
            ).fetchall()
        except duckdb.Error:
            return  # no warehouse, or one that kept nothing
        self._known = {(row["table_name"], row["file"], row["reading"]): row for row in rows}
        for number, *reject in rejects:
            self._rejected.setdefault(number, []).append(Reject(*reject))

    def find(self, load: TableLoad, extraction: Extraction, file: SourceFile, file_no: int, again: Open) -> Opened | None:
        """What the older warehouse knows of a file; None where the file has to be read. `again` opens the file."""
        if extraction.overrides is not None:
            return None
        self._readable[file_no] = (load, extraction, file)
        if not self._known:
            return None  # its hash is not waited for
        known = self._known.get((load.contract.table, file.name, self._reading(file_no)))
        if known is None:
            return None
        self.unchanged.append(file.name)
        names, number = json.loads(known["names"]), int(known["file_no"])
        again = self._once(again, file.name)
        rejects, read_as = self._rejected.get(number, []), str(known["read_as"])
        if not known["is_adapted"]:
            return UnchangedFile(
                file, extraction, file.path, None, int(known["records"]), names,
                rejects=rejects, read_as=read_as, base_no=number, again=again,
            )  # fmt: skip
        return UnchangedAdaptedFile(
            file, extraction, file.path, names, int(known["records"]), int(known["source_records"]),
            json.loads(known["left_out"]), read_as, rejects, base_no=number, again=again,
        )  # fmt: skip

    def readings(self) -> dict[int, str]:
        """File number → `reading`, of the files that a later ingest can take over."""
        return {file_no: self._reading(file_no) for file_no in self._readable}

    def _reading(self, file_no: int) -> str:
        if file_no not in self._readings:
            self._readings[file_no] = evidence.fingerprint([self._code, reading(*self._readable[file_no], self.sources)])
        return self._readings[file_no]

    def restore(self, load: TableLoad, file: LoadedFile) -> None:
        """Append the rows of an unchanged file to `rows_<table>`, as `load_file` does for one that is read."""
        opened = file.opened
        assert isinstance(opened, UnchangedFile | UnchangedAdaptedFile)
        file.start = count_rows(self.con, load)
        numbered = [column for column in load.kept if is_numbered(column, load.contract)]
        renumbered = frozenset(column.name for column in numbered if self._is_renumbered(load, column, opened.base_no))
        self.con.execute(f"insert into {load.rows_table} by name {_restored_sql(load, file, opened.base_no, renumbered)}")
        file.end = count_rows(self.con, load)
        if file.end - file.start + len(opened.rejects) != opened.records:
            raise AuditError(
                f"The older database does not hold all rows of {opened.file.name} any more: it has been changed. Delete it and run again."
            )

    def _is_renumbered(self, load: TableLoad, column: Column, base_no: int) -> bool:
        """Whether a file names an id that has another number than in the older warehouse, or had none or has none yet."""
        number, text = (name(stored) for stored, _ in row_columns(column, load.contract))
        moved = f"select old_no from {_moved_sql(column.space)} where new_no is distinct from old_no"
        other = f"file_no = {base_no} and ({text} is not null or {number} in ({moved}))"
        return bool(self.con.execute(f"select 1 from {BASE}.{load.rows_table} where {other} limit 1").fetchall())

    def ids_sql(self, load: TableLoad, column: Column, file: LoadedFile) -> str:
        """SQL for the ids of a column that an unchanged file names, also in rows that are not loaded."""
        opened, space = file.opened, column.space
        assert isinstance(opened, UnchangedFile | UnchangedAdaptedFile)
        number, text = (name(stored) for stored, _ in row_columns(column, load.contract))
        return (
            f"select distinct coalesce(b.{space}_id, r.{text}) from {BASE}.{load.rows_table} r"
            f" left join {BASE}.key_{space} b on b.{space}_no = r.{number} where r.file_no = {opened.base_no}"
        )

    def signals(self, file: LoadedFile) -> list[Signal]:
        """The age statements that were found in an unchanged file of texts."""
        opened = file.opened
        assert isinstance(opened, UnchangedFile | UnchangedAdaptedFile)
        rows = self.con.execute(
            f"select record, statement, age, born from {BASE}.kept_signal where file_no = {opened.base_no} order by rowid"
        ).fetchall()
        return [(file.file_no, *row) for row in rows]

    def _once(self, again: Open, shown: str) -> Open:
        """Opens the file at the first call. It could be read when it was hashed."""
        found: list[Opened] = []

        def opened() -> Opened:
            refuse_changed(self.sources)
            if not found:
                try:
                    found.append(again())
                except UnreadableError as unreadable:
                    raise InputRefused(unreadable.sentence(shown)) from None
            return found[0]

        return opened

    def close(self) -> None:
        """Let go of the older warehouse."""
        self.con.execute(f"detach database if exists {BASE}")


def refuse_changed(sources: Sources) -> None:
    """Raise InputRefused naming the files that were written to since they were hashed: their rows belong to no hash."""
    problems = [f"{changed} has been changed while it was read. Run again when nothing writes to it." for changed in sources.changed()]
    raise_problems(problems, "Exports refused", InputRefused)


def is_unchanged(file: LoadedFile) -> bool:
    """Whether the rows of a file come from the older warehouse."""
    return isinstance(file.opened, UnchangedFile | UnchangedAdaptedFile)


def _moved_sql(space: str) -> str:
    """Old number → new number of every id of a space, and its text where it has no new one (yet)."""
    return (
        f"(select o.{space}_no as old_no, n.{space}_no as new_no, case when n.{space}_no is null then o.{space}_id end as id"
        f" from {BASE}.key_{space} o left join key_{space} n on n.{space}_id = o.{space}_id)"
    )


def _restored_sql(load: TableLoad, file: LoadedFile, base_no: int, renumbered: frozenset[str]) -> str:
    """The rows of one file in their order; ids of the columns `renumbered` get their number by their text."""
    values, joins = list[str](), list[str]()
    for column in load.kept:
        stored = [name(n) for n, _ in row_columns(column, load.contract)]
        if column.type == "instant":
            values += [f"r.{stored[0]}", f"{day_sql(f'r.{stored[0]}', load.zone)} as {stored[1]}"]
            continue
        if not is_numbered(column, load.contract) or column.name not in renumbered:
            values += [f"r.{n}" for n in stored]
            continue
        moved, named, space = f"m{len(joins)}", f"k{len(joins)}", column.space
        joins.append(
            f" left join {_moved_sql(space)} {moved} on {moved}.old_no = r.{stored[0]}"
            f" left join key_{space} {named} on {named}.{space}_id = r.{stored[1]}"
        )
        number = f"coalesce({moved}.new_no, {named}.{space}_no)"
        values += [f"{number} as {stored[0]}", f"case when {number} is null then coalesce({moved}.id, r.{stored[1]}) end as {stored[1]}"]
    record = "r.record" if isinstance(file.opened, AdaptedFile) else "cast(null as integer) as record"
    return (
        f"select {file.file_no} as file_no, {record}, r.mask, r.nests, r.raw, {', '.join(values)}"
        f" from {BASE}.{load.rows_table} r{''.join(joins)} where r.file_no = {base_no}"
        f"{' order by r.rowid' if joins else ''}"  # a join loses the order of the rows
    )
