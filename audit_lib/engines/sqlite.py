"""SQLite of the standard library: runs the measures' examples, to prove that their texts are portable. Not for audits."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import pandas as pd

from audit_lib.engines import made_in


class SQLite:
    """An in-memory SQLite database."""

    name = "sqlite"

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")

    def run(self, sql: str) -> None:
        """Run one statement without a result."""
        self.connection.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query; booleans come as 0 and 1."""
        return self.connection.execute(sql).fetchall()

    def put(self, table: str, types: Mapping[str, str], frame: pd.DataFrame) -> None:
        """Make the table anew from a frame with the columns of `types`; NA becomes NULL."""
        self.run(f"drop table if exists {table}")
        self.run(f"create {made_in(table)} ({', '.join(f'{name} {kind}' for name, kind in types.items())})")
        values = frame[list(types)].astype(object)
        plain = values.where(values.notna(), None)
        rows = ([_plain(cell) for cell in row] for row in plain.itertuples(index=False, name=None))
        self.connection.executemany(f"insert into {table} values ({', '.join('?' * len(types))})", rows)
        self._index(table, types)

    def _index(self, table: str, types: Mapping[str, str]) -> None:
        # The calendars are joined by these columns in every example; without an index each join reads them whole.
        schema, _, name = table.rpartition(".")
        for column in ("day", "month_no", "months", "working_day_no"):
            if name.startswith("ref_") and column in types:
                prefix = f"{schema}." if schema else ""
                self.run(f"create index if not exists {prefix}{name}_{column} on {name} ({column})")

    def version(self) -> str:
        """Name and version of the engine."""
        return f"sqlite {sqlite3.sqlite_version}"


def _plain(cell: object) -> object:
    return cell.item() if hasattr(cell, "item") else cell
