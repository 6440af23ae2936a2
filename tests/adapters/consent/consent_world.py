"""A warehouse made of one consent tool's export, and short ways to ask it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from audit_lib.catalogue.contracts import load_contracts

CONTRACTS = load_contracts()
FIXTURES = Path(__file__).parent / "fixtures"
_VIEW = """
create temp view decision as
select
  e.event_id, a.account_id, d.device_id, r.recipient_id, e.purpose, e.status,
  strftime(make_timestamp(e.recorded_second * 1000000), '%Y-%m-%d %H:%M:%S') as recorded,
  strftime(make_timestamp(e.acted_second * 1000000), '%Y-%m-%d %H:%M:%S') as acted,
  e.policy_version, e.method, e.language, e.evidence_ref, e.record
from consent_events e
left join key_account a on a.account_no = e.account_no
left join key_device d on d.device_no = e.device_no
left join key_recipient r on r.recipient_no = e.recipient_no
"""


@dataclass
class Decisions:
    """What ingest made of an export; rows by event_id."""

    con: duckdb.DuckDBPyConnection

    def __post_init__(self) -> None:
        self.con.execute(_VIEW)
        assert (
            self.ask(
                "select file_no from input_file where rows <> accepted + quarantined + duplicate + superseded + left_out"
            )
            == []
        )

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()

    def of(self, record: str, *columns: str) -> list[tuple[Any, ...]]:
        """`columns` of the events whose id begins with `record:`, by event_id."""
        return self.ask(
            f"select {', '.join(columns)} from decision where starts_with(event_id, '{record}:') order by event_id"
        )

    def left_out(self) -> dict[str, int]:
        """Reason → rows."""
        return {
            str(reason): int(rows) for reason, rows in self.ask("select reason, sum(rows) from left_out group by 1")
        }

    def quarantined(self) -> list[tuple[Any, ...]]:
        """(record, kind) of every quarantined row."""
        return self.ask("select record, kind from quarantine where effect = 'quarantined' order by all")

    def counts(self) -> tuple[Any, ...]:
        """(records, rows, accepted, quarantined, left_out) of all files together."""
        listed = ", ".join(f"sum({c})::int" for c in ("records", "rows", "accepted", "quarantined", "left_out"))
        return self.ask(f"select {listed} from input_file")[0]


Read = Callable[..., Decisions]
"""Adapter, file or files (name → bytes), more lines of sources.toml → what ingest made of them."""


def fixture(name: str) -> bytes:
    """The bytes of a fixture."""
    return (FIXTURES / name).read_bytes()
