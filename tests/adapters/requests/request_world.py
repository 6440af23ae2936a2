"""Fixtures in the tools' own formats, ingested through their adapters, and short ways to ask the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

FIXTURES = Path(__file__).parent / "fixtures"
REQUESTS, ACCOUNTS = "rights_requests", "accounts"


def fixture(name: str) -> str:
    """The text of a fixture, line ends as the tool writes them."""
    return (FIXTURES / name).read_bytes().decode()


@dataclass
class Adapted:
    """A warehouse filled through an adapter."""

    con: duckdb.DuckDBPyConnection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()

    @property
    def counts(self) -> list[tuple[int, ...]]:
        """(rows, accepted, quarantined, duplicate, superseded, left out) per file; checks the row equation."""
        found = self.rows(
            "select rows, accepted, quarantined, duplicate, superseded, left_out from input_file order by file_no"
        )
        assert all(row[0] == sum(row[1:]) for row in found)
        return found

    @property
    def left_out(self) -> dict[str, int]:
        return dict(self.rows("select reason, cast(sum(rows) as bigint) from left_out group by 1"))

    @property
    def quarantined(self) -> list[tuple[Any, ...]]:
        """(record, column, kind) of rows and values that could not be read."""
        return self.rows("select record, column_name, kind from quarantine where effect <> 'unknown_word' order by all")

    @property
    def unknown(self) -> list[tuple[Any, ...]]:
        """(record, column, text) of words that no map and no contract knows."""
        return self.rows("select record, column_name, text from quarantine where effect = 'unknown_word' order by all")

    @property
    def requests(self) -> dict[str, dict[str, Any]]:
        """Requests by key: instants as `YYYY-MM-DD HH:MM:SS` of Greenwich, the account as exported, empty values left away."""
        return self._by_key(REQUESTS, "request_id")

    @property
    def accounts(self) -> dict[str, dict[str, Any]]:
        """Accounts by key, in the same form."""
        return self._by_key(ACCOUNTS, "account_id")

    def _by_key(self, table: str, key: str) -> dict[str, dict[str, Any]]:
        account = "" if table == ACCOUNTS else ", k.account_id as account"
        join = "" if table == ACCOUNTS else " left join key_account k using (account_no)"
        answer = self.con.execute(f"select t.*{account} from {table} t{join}")
        assert answer.description is not None
        names = [column[0] for column in answer.description]
        found = {}
        for values in answer.fetchall():
            row = dict(zip(names, values, strict=True))
            found[row[key]] = {
                name.removesuffix("_second"): self._instant(value) if name.endswith("_second") else value
                for name, value in row.items()
                if value is not None and not name.endswith(("_day", "_no"))
            }
        return found

    @staticmethod
    def _instant(second: int) -> str:
        return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M:%S}"


Adapt = Callable[..., Adapted]
"""adapter, files (name → text; a name alone stands for the fixture), further lines of `sources.toml` → the warehouse."""


def sources_toml(table: str, adapter: str, files: Mapping[str, str], more: str) -> str:
    """A `sources.toml` that reads the given files with an adapter."""
    listed = ", ".join(f'"{name}"' for name in files)
    return f'[{table}]\nfiles = [{listed}]\nadapter = "{adapter}"\n{more}\n'
