"""All measures against one plain scan of the same tables: `make bench`.

Makes sample exports of 1,000,000 accounts (about 20 million processing events, 5 million consent events, 10 million
stored records) once, loads them once, then times in turn, in one process under a 4 GB limit:

- the plain scan: every column of every export table that the measures read, once (count, minimum, maximum);
- all measures: shared steps, items, cells, histograms, accounts, as an audit does it.

Prints the medians, their ratio and the peak memory. Nothing is asserted: machines are noisy, ratios within one run less so.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from audit_lib import ingest
from audit_lib.catalogue import load_catalogue
from audit_lib.engines.duckdb import DuckDB
from audit_lib.run.audit import Auditor
from audit_lib.run.open import Request, _write_world
from audit_lib.sample import write_sample
from audit_lib.vocabulary import Period

BIG = ("processing_events", "consent_events", "stored_records")


def main() -> None:
    """Prepare what is missing, then time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "privacy-audit-bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--memory", default="4GB")
    asked = parser.parse_args()
    warehouse = prepare(asked.folder, asked.accounts, asked.memory)
    measure(warehouse, asked.runs, asked.memory)


def prepare(folder: Path, accounts: int, memory: str) -> Path:
    """The warehouse of a large sample; made once and kept."""
    exports = folder / f"exports-{accounts}"
    warehouse = folder / f"warehouse-{accounts}.duckdb"
    if not warehouse.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if not (exports / "sources.toml").exists():
            timed("writing the sample exports", lambda: write_sample(exports, accounts=accounts, format="parquet"))
        building = warehouse.with_suffix(".building")
        building.unlink(missing_ok=True)
        timed("loading them", lambda: load(exports, building, memory))
        building.rename(warehouse)
    return warehouse


def load(exports: Path, path: Path, memory: str) -> None:
    """Ingest the exports and write the constants of a run."""
    catalogue = load_catalogue()
    sources = ingest.read_sources(exports, catalogue.contracts)
    request = Request(sources, catalogue, Period.parse("2018-Q3"), None, False, memory)
    engine = DuckDB(path, memory=memory)
    ingest.ingest(
        engine.connection,
        sources,
        catalogue.contracts,
        columns=request.columns(),
        zone=catalogue.zone,
        with_texts=False,
        progress=lambda step: None,
    )
    _write_world(engine, request)
    engine.close()


def measure(warehouse: Path, runs: int, memory: str) -> None:
    """Time scan and measures in turn."""
    catalogue = load_catalogue()
    engine = DuckDB(warehouse, read_only=True, memory=memory)
    rows = {table: engine.rows(f"select count(*) from {table}")[0][0] for table in BIG}
    say(", ".join(f"{table} {count:,}" for table, count in rows.items()))
    scans, alls = [], []
    each: dict[str, list[float]] = {name: [] for name in catalogue.measures}
    for _ in range(runs):
        scans.append(seconds(lambda: plain_scan(engine)))
        alls.append(seconds(lambda: all_measures(engine, each)))
    for name, times in sorted(each.items(), key=lambda pair: -statistics.median(pair[1])):
        say(f"  {name}: {statistics.median(times):.2f} s")
    scan, whole = statistics.median(scans), statistics.median(alls)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    say(f"plain scan {scan:.2f} s; all {len(each)} measures {whole:.2f} s; ratio {whole / scan:.2f}; peak memory {peak:.2f} GB (limit {memory})")


def plain_scan(engine: DuckDB) -> None:
    """Read every column of the tables once."""
    for table in sorted({table for m in load_catalogue().measures.values() for table in m.reads} - {"texts"}):
        columns = [row[0] for row in engine.rows(f"select column_name from duckdb_columns() where table_name = '{table}'")]
        engine.rows(f"select count(*), {', '.join(f'min({c}), max({c})' for c in columns)} from {table}")


def all_measures(engine: DuckDB, each: dict[str, list[float]]) -> None:
    """Every measure with the parameters of the default policy, shared steps built anew."""
    catalogue = load_catalogue()
    auditor = Auditor(engine, catalogue, Period.parse("2018-Q3"), lambda step: None)
    for name, definition in catalogue.measures.items():
        started = time.perf_counter()
        observed = auditor.evaluate(definition, ())
        each[name].append(time.perf_counter() - started)
        if not observed.observation.measured:
            sys.exit(f"{name} was not measured: {observed.observation.why}")


def seconds(work: Callable[[], None]) -> float:
    """Wall seconds of some work."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def timed(what: str, work: Callable[[], object]) -> None:
    """Do some work and say how long it took."""
    started = time.perf_counter()
    work()
    say(f"{what}: {time.perf_counter() - started:.1f} s")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


if __name__ == "__main__":
    main()
