"""Numbers for ids that several tables use: `key_account`, `key_device`, `key_recipient`, `key_consent_event`.

Rows of the own table come first: their number is their place + 1. Devices, and ids whose own table was not exported, are
numbered before the tables that name them are loaded. Ids that are named somewhere but have no row are numbered last.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from audit_lib.ingest.load import SPACES, LoadedFile, TableLoad, is_numbered
from audit_lib.ingest.readers import REJECTED
from audit_lib.ingest.reuse import Reuse, is_unchanged
from audit_lib.ingest.values import name
from audit_lib.vocabulary import Column

MANY = 3_000_000
"""Up to so many ids of a space are held in memory while its users are loaded (some 100 bytes each, in every stream)."""
ALWAYS = ("account", "recipient")
"""Spaces that stand in every warehouse that has their own table."""


def in_order(loads: Sequence[TableLoad]) -> list[TableLoad]:
    """The tables whose rows others name first, the one with the fewest references before the others."""
    owners = [load for space in ("account", "recipient", "consent_event") if (load := _owner(loads, space))]
    return [*owners, *(load for load in loads if load not in owners)]


class Keys:
    """The key tables of one ingest."""

    def __init__(self, con: duckdb.DuckDBPyConnection, loads: Sequence[TableLoad], reuse: Reuse) -> None:
        self.con, self.loads, self.reuse = con, loads, reuse
        self._made: set[str] = set()

    def make_for(self, load: TableLoad) -> None:
        """Make the key tables that the columns of a table need, before it is loaded; those of its own space after."""
        spaces = {column.space: None for column in load.kept if is_numbered(column, load.contract)}
        for space in spaces:
            self._make(space)
        load.listed = frozenset(space for space in spaces if self._is_listed(space))

    def _is_listed(self, space: str) -> bool:
        """Whether ids can be looked up while rows are written. Of very many the lists would not fit into memory: these
        ids get their numbers after the loading, which takes longer."""
        return int(self.con.execute(f"select count(*) from key_{space}").fetchall()[0][0]) <= MANY

    def make_own(self) -> None:
        """Make the key tables that nobody has asked for."""
        for space in SPACES:
            if space in ALWAYS and _owner(self.loads, space):
                self._make(space)

    def number_unknown(self) -> None:
        """Give a number to every id that a loaded row names and no row of the own table bears."""
        for space in SPACES:
            users = _users(self.loads, space)
            if space in self._made and users:
                self._number_unknown(space, users)

    def _make(self, space: str) -> None:
        if space in self._made:
            return
        self._made.add(space)
        key, owner = f"key_{space}", _owner(self.loads, space)
        self.con.execute(f"create table {key} ({space}_no INTEGER, {space}_id VARCHAR, is_known BOOLEAN)")
        if owner is not None:
            own = name(owner.contract.key[0])
            self.con.execute(f"insert into {key} select rowid + 1, {own}, true from {owner.rows_table} where is_out is null")
            return
        self._make_from_names(space)

    def _make_from_names(self, space: str) -> None:
        key = f"key_{space}"
        self.con.execute("create or replace temp table ingest_named (id VARCHAR)")
        for load, column in _users(self.loads, space):
            for file in load.files:
                self._collect(load, column, file)
        sign, known = ("-", "true") if space == "device" else ("", "false")
        self.con.execute(
            f"insert into {key} select {sign}row_number() over (order by id), id, {known}"
            " from (select distinct id from ingest_named where id is not null)"
        )
        self.con.execute("drop table temp.ingest_named")

    def _collect(self, load: TableLoad, column: Column, file: LoadedFile) -> None:
        if is_unchanged(file):
            self.con.execute(f"insert into ingest_named {self.reuse.ids_sql(load, column, file)}")
        elif column.name in file.opened.names:
            relation, texts = file.opened.texts([column.name])
            self.con.execute(f"insert into ingest_named select distinct {texts[column.name]} from {relation}")
            self.con.execute(f"drop table if exists {REJECTED}; drop table if exists {REJECTED}_scan")

    def _number_unknown(self, space: str, users: Sequence[tuple[TableLoad, Column]]) -> None:
        key, known = f"key_{space}", "true" if space == "device" else "false"
        named = " union ".join(
            f"select {name(column.name)} as id from {load.rows_table} where {name(column.name)} is not null and is_out is null"
            for load, column in users
        )
        self.con.execute(f"create or replace temp table ingest_named as {named}")
        if self.con.execute("select count(*) from ingest_named").fetchall()[0][0]:
            highest = int(self.con.execute(f"select coalesce(max({space}_no), 0) from {key}").fetchall()[0][0])
            self.con.execute(
                f"insert into {key} select {highest} + row_number() over (order by id), id, {known} from ingest_named"
                f" where id not in (select {space}_id from {key})"
            )
            for load, column in users:
                self._set_number(space, load, column)
        self.con.execute("drop table temp.ingest_named")

    def _set_number(self, space: str, load: TableLoad, column: Column) -> None:
        rows, text = load.rows_table, name(column.name)
        number = name(load.contract.stored_names(column)[0])
        self.con.execute(
            f"update {rows} set {number} = k.{space}_no, {text} = null from key_{space} k"
            f" where {rows}.{text} = k.{space}_id and {rows}.is_out is null"
        )


def _users(loads: Sequence[TableLoad], space: str) -> list[tuple[TableLoad, Column]]:
    return [(load, c) for load in loads for c in load.kept if is_numbered(c, load.contract) and c.space == space]


def _owner(loads: Sequence[TableLoad], space: str) -> TableLoad | None:
    return next((load for load in loads if (key := load.contract.own_key()) and key.space == space), None)
