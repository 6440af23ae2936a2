"""A warehouse made of tiny exports, and short ways to ask it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from audit_lib.catalogue.contracts import load_contracts
from audit_lib.ingest import Sources

CONTRACTS = load_contracts()
UTC = ZoneInfo("UTC")


@dataclass
class Loaded:
    """A warehouse and a short way to ask it."""

    con: duckdb.DuckDBPyConnection
    sources: Sources

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()

    def faults(self) -> list[tuple[Any, ...]]:
        """(record, column, kind, effect, text) of the whole quarantine, in order."""
        return self.rows("select record, column_name, kind, effect, text from quarantine order by all")

    def counts(self) -> list[tuple[Any, ...]]:
        """(rows, accepted, quarantined, duplicate, superseded, left_out) per file."""
        return self.rows(
            "select rows, accepted, quarantined, duplicate, superseded, left_out from input_file order by file_no"
        )


Load = Callable[..., Loaded]
"""Files (name → text or bytes) → what ingest made of them."""
