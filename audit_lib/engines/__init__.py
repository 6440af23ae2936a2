"""Engines run SQL and know no measure. `DuckDB` for audits; `SQLite` proves that the texts are portable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pandas as pd

__all__ = ["Engine", "made_in"]


def made_in(name: str, what: str = "table") -> str:
    """What stands after `create`: DuckDB takes the schema `temp` as a word, not as a qualifier.

    >>> made_in("temp.items"), made_in("main.period")
    ('temporary table items', 'table main.period')
    """
    schema, _, bare = name.rpartition(".")
    return f"temporary {what} {bare}" if schema == "temp" else f"{what} {name}"


class Engine(Protocol):
    """What a run asks of an engine. Tables and views are made in a schema: `main` (kept) or `temp` (this session's,
    found before `main` by an unqualified name)."""

    name: str

    def run(self, sql: str) -> None:
        """Run one statement without a result."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""

    def put(self, table: str, types: Mapping[str, str], frame: pd.DataFrame) -> None:
        """Make the table (qualified by its schema) anew from a frame. `types`: column → integer, text or boolean."""

    def version(self) -> str:
        """Name and version, as evidence states them."""
