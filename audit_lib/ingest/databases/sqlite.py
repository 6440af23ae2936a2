"""A session with an SQLite file: opened read-only, read in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from audit_lib.ingest.databases.relation import DatabaseColumn, Progress, Relation
from audit_lib.ingest.databases.rows import write_rows
from audit_lib.ingest.streams import UnreadableError

WAIT_SECONDS = 10.0
"""How long to wait for a program that is writing."""
LARGEST_EXACT = 2.0**53
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_UNOPENED = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


class SqliteSession:
    """One transaction over one file, which is never written to."""

    how = "a select"

    def __init__(self, path: Path) -> None:
        with _lost():
            self._connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, isolation_level=None, timeout=WAIT_SECONDS)
        self._connection.text_factory = _text
        try:
            with _lost():
                # A database is input like any other: nothing that its schema names may run beyond what it must.
                self._connection.execute("pragma trusted_schema = off")
                self._connection.execute("pragma query_only = on")
                self._connection.execute("begin")
                self._connection.execute("select count(*) from sqlite_schema").fetchall()
        except UnreadableError:
            self._connection.close()
            raise

    def columns(self, relation: Relation) -> list[DatabaseColumn]:
        """Columns of a table or view; one that holds binary values anywhere has no text."""
        if relation.schema not in ("", "main"):
            raise UnreadableError(f"the database has no schema {relation.schema}", "Name the table alone, or main.table.")
        with _lost():
            described = self._rows("select name, type from pragma_table_xinfo(?) where hidden <> 1", (relation.name,))
            if not described:
                raise UnreadableError("the database has no such table or view", "Correct `relation`.")
            binary = ", ".join(f"max(typeof({_quoted(name)}) = 'blob')" for name, _ in described)
            found = self._rows(f"select {binary} from {_quoted(relation.name)}")[0]
        return [
            DatabaseColumn(name, "holds binary values" if is_binary else type_, None if is_binary else _quoted(name))
            for (name, type_), is_binary in zip(described, found, strict=True)
        ]

    def copy(self, relation: Relation, columns: Sequence[DatabaseColumn], order: Sequence[str], path: Path, said: Progress) -> int:
        """Read row by row into CSV."""
        listed = ", ".join(str(column.plain) for column in columns)
        by = ", ".join(f"{_quoted(name)} collate binary" for name in order)
        with _lost():
            cursor = self._connection.execute(f"select {listed} from {_quoted(relation.name)} order by {by}")
            return write_rows(path, [column.name for column in columns], (list(map(_shown, row)) for row in cursor), said)

    def count(self, relation: Relation) -> int:
        """`count(*)` in the same transaction."""
        with _lost():
            return int(self._rows(f"select count(*) from {_quoted(relation.name)}")[0][0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _rows(self, statement: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(given: bytes) -> str:
    return given.decode("utf-8")


def _shown(value: Any) -> str | None:
    """A value as text: whole numbers without a point, whatever the column is declared as."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_EXACT:
        return str(int(value))
    return repr(value)


@contextmanager
def _lost() -> Iterator[None]:
    """What goes wrong while reading, as sentences without values."""
    try:
        yield
    except UnicodeDecodeError:
        raise UnreadableError("it holds text that is not UTF-8", "Correct the text in the database.") from None
    except sqlite3.DatabaseError as error:
        code = (error.sqlite_errorcode or 0) & 0xFF if hasattr(error, "sqlite_errorcode") else 0
    else:
        return
    if code in _BUSY:
        raise UnreadableError("another program is writing to the SQLite file", "Close it, or export a copy (`.backup` of sqlite3).")
    if code in _UNOPENED:
        raise UnreadableError(
            "the SQLite file cannot be opened without writing to it", "Export a copy that is complete in itself (`.backup` of sqlite3)."
        )
    raise UnreadableError("it cannot be read as SQLite", "Check the file (`pragma integrity_check`) and export it again.")
