"""How long ingest takes beside DuckDB's own typed read of the same CSV, in one process: a sanity figure, no test.

    python benchmarks/ingest_quick.py [ROWS]      (default 1,000,000 processing events)

Writes everything into a temporary folder and removes it. Both sides write a database file under a 4 GB memory limit.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from audit_lib.catalogue.contracts import load_contracts
from audit_lib.ingest import ingest, read_sources

COLUMNS = (
    "event_id",
    "account_id",
    "device_id",
    "purpose",
    "occurred_at",
    "legal_basis",
    "channel",
    "country",
    "system",
    "property",
    "template_id",
)


def main(rows: int) -> None:
    """Write a CSV of `rows` events, read it both ways, print seconds and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "exports")
        data.mkdir()
        _write_events(data / "processing_events.csv", rows)
        typed = _seconds(lambda: _read_typed(Path(folder), data / "processing_events.csv"))
        contracts = load_contracts()
        sources = read_sources(data, contracts)
        hashed = _seconds(sources.content_hash)
        con = _database(Path(folder, "audit.duckdb"))
        steps: list[str] = []
        begun = time.perf_counter()
        loaded = _seconds(
            lambda: ingest(
                con,
                sources,
                contracts,
                columns=None,
                zone=ZoneInfo("America/Los_Angeles"),
                with_texts=False,
                progress=lambda step: steps.append(f"  {time.perf_counter() - begun:6.2f} s  {step}"),
            )
        )
        con.close()
    print(f"{rows:,} rows: DuckDB's typed read {typed:.2f} s, ingest {loaded:.2f} s = {loaded / typed:.2f} times")
    print(f"(the cache key, SHA-256 of the file, took {hashed:.2f} s more)", *steps, sep="\n")


def _write_events(path: Path, rows: int) -> None:
    duckdb.connect().execute(f"""
        copy (select 'e' || lpad(i::varchar, 9, '0') as event_id,
                     'a' || (i * 7919) % greatest({rows} // 5, 1) as account_id,
                     'd' || i % 50000 as device_id,
                     ['advertising', 'analytics', 'service', 'security'][1 + i % 4] as purpose,
                     strftime(timestamp '2018-01-01' + to_seconds(i % 31536000), '%Y-%m-%dT%H:%M:%SZ') as occurred_at,
                     ['consent', 'contract', 'legitimate_interest'][1 + i % 3] as legal_basis,
                     ['email', 'push', 'cookie'][1 + i % 3] as channel, ['US', 'DE', 'FR', 'JP'][1 + i % 4] as country,
                     'crm' as system, 'viki' as property, case when i % 3 = 0 then 'tpl' || i % 100 end as template_id
                from range({rows}) t(i)) to '{path}' (header)""").fetchall()


def _database(path: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(str(path))
    con.execute("set memory_limit = '4GB'; set TimeZone = 'UTC'")
    return con


def _read_typed(folder: Path, events: Path) -> None:
    con = _database(folder / "typed.duckdb")
    types = ", ".join(f"'{column}': '{'TIMESTAMPTZ' if column == 'occurred_at' else 'VARCHAR'}'" for column in COLUMNS)
    con.execute(
        f"create table events as select * from read_csv('{events}', columns = {{{types}}},"
        " header = true, auto_detect = false)"
    ).fetchall()
    con.close()


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main(int(sys.argv[1].replace("_", "")) if len(sys.argv) > 1 else 1_000_000)
