"""Ingest against DuckDB's own typed read of the same CSV: `make bench-ingest`, or `python benchmarks/ingest.py [ROWS] [ROUNDS]`.

Both sides write a database file, each in a process of its own that has loaded the same Python modules, in turn, under a 4 GB memory limit: the read is
`create table … as select * from read_csv(…)` with the columns' types; ingest checks contracts, numbers keys, works out
days and seconds, looks up references, keeps a quarantine, hashes and counts the file. Prints seconds, peak resident
memory, and the medians of their ratios. One row in a thousand has a fault, one in ten thousand a repeated key.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

COLUMNS = ["event_id", "account_id", "device_id", "purpose", "occurred_at", "legal_basis", "channel", "country", "system", "property", "template_id"]
EVENTS = "processing_events.csv"


def main(rows: int, rounds: int) -> None:
    """Make the exports, measure both sides in turn, print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        exports = Path(folder, "exports")
        exports.mkdir()
        _write_exports(exports, rows)
        size = (exports / EVENTS).stat().st_size
        print(f"{rows:,} processing events ({size / 1e9:.2f} GB of CSV), {rows // 20:,} accounts, {rounds} rounds")
        measured = [(_measure("typed", exports), _measure("ingest", exports)) for _ in range(rounds)]
    for what, unit, scale in (("wall", "s", 1.0), ("cpu", "s", 1.0), ("peak", "GB", 1e6)):
        pairs = [(typed[what] / scale, ours[what] / scale) for typed, ours in measured]
        ratio = statistics.median(ours / typed for typed, ours in pairs)
        shown = ", ".join(f"{typed:.2f}/{ours:.2f}" for typed, ours in pairs)
        print(f"{what:5} typed read/ingest: {shown} {unit}; median ratio {ratio:.2f}")


def _measure(side: str, exports: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=exports.parent) as folder:
        done = subprocess.run(
            [sys.executable, __file__, f"--{side}", str(exports), str(Path(folder, "made.duckdb"))],
            capture_output=True, text=True, check=False,
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    print(f"  {side}: {done.stdout.strip()}", flush=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _side(side: str, exports: Path, target: Path) -> None:
    import audit_lib.catalogue.contracts
    import audit_lib.ingest  # noqa: F401 (neither side's clock counts the loading of Python modules)

    con = duckdb.connect(str(target))
    con.execute("set memory_limit = '4GB'; set TimeZone = 'UTC'")
    begun = time.perf_counter()
    if side == "typed":
        _read_typed(con, exports)
    else:
        _ingest(con, exports, begun)
    con.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"wall": time.perf_counter() - begun, "cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss}))


def _read_typed(con: duckdb.DuckDBPyConnection, exports: Path) -> None:
    types = ", ".join(f"'{c}': '{'TIMESTAMPTZ' if c == 'occurred_at' else 'VARCHAR'}'" for c in COLUMNS)
    source = f"read_csv('{exports / EVENTS}', columns = {{{types}}}, header = true, auto_detect = false, ignore_errors = true)"
    con.execute(f"create table events as select * from {source}").fetchall()
    accounts = "columns = {'account_id': 'VARCHAR', 'opened_at': 'TIMESTAMPTZ', 'country': 'VARCHAR'}"
    con.execute(
        f"create table accounts as select * from read_csv('{exports / 'accounts.csv'}', {accounts}, header = true, auto_detect = false)"
    ).fetchall()


def _ingest(con: duckdb.DuckDBPyConnection, exports: Path, begun: float) -> None:
    from audit_lib.catalogue.contracts import load_contracts
    from audit_lib.ingest import ingest, read_sources

    contracts = load_contracts()
    ingest(
        con,
        read_sources(exports, contracts),
        contracts,
        columns=None,
        zone=ZoneInfo("America/Los_Angeles"),
        with_texts=False,
        progress=lambda step: print(f"{time.perf_counter() - begun:7.2f} s  {step}"),
    )


def _write_exports(exports: Path, rows: int) -> None:
    con = duckdb.connect()
    con.execute(f"""
        copy (select 'a' || i as account_id, '2017-01-01T00:00:00Z' as opened_at, 'DE' as country
                from range({rows // 20}) t(i)) to '{exports / "accounts.csv"}' (header)""").fetchall()
    con.execute(f"""
        copy (select 'e' || lpad((case when i % 10000 = 9999 then i - 1 else i end)::varchar, 9, '0') as event_id,
                     'a' || (i * 7919) % greatest({rows} // 20, 1) as account_id,
                     'd' || i % 50000 as device_id,
                     ['advertising', 'analytics', 'service', 'security'][1 + i % 4] as purpose,
                     case when i % 1000 = 500 then 'yesterday'
                          else strftime(timestamp '2018-01-01' + to_seconds(i % 31536000), '%Y-%m-%dT%H:%M:%SZ') end as occurred_at,
                     ['consent', 'contract', 'legitimate_interest'][1 + i % 3] as legal_basis,
                     ['email', 'push', 'cookie'][1 + i % 3] as channel, ['US', 'DE', 'FR', 'JP'][1 + i % 4] as country,
                     'crm' as system, 'viki' as property, case when i % 3 = 0 then 'tpl' || i % 100 end as template_id
                from range({rows}) t(i)) to '{exports / EVENTS}' (header)""").fetchall()


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in ("--typed", "--ingest"):
        _side(sys.argv[1].removeprefix("--"), Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        given = [int(text.replace("_", "")) for text in sys.argv[1:]]
        main(given[0] if given else 20_000_000, given[1] if len(given) > 1 else 3)
