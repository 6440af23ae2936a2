"""consent_coverage against polars and pandas: `make bench-consent`.

Makes and loads exports of 20 million processing events and 5 million consent events once, then answers in turn, each in a
process of its own, two threads each: how many acts of processing the period and its year before have, by reason.

- ours: the suite's own way (assessment, shared steps, items with their groups, checks, cells) from the warehouse file, under
  a 4 GB limit; it also keeps every item and counts by day, purpose, country and channel;
- polars: counts by reason only, from frames in memory and from Parquet, in two forms (`consent_polars.py`);
- pandas: counts by reason only, `merge_asof`, once, with as much memory as it needs.

Prints seconds of every round, medians, ratios, peak memory. Ends with an error when counts differ or ours needs more than 4 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.consent_question import Answer
from benchmarks.consent_warehouse import PERIOD, prepare

LIMIT = 4.0
"""GB of memory for our side."""
POLARS = ("polars packed, in memory", "polars packed, parquet", "polars by key, in memory", "polars by key, parquet")
PANDAS = "pandas merge_asof"


def main() -> None:
    """Prepare what is missing, then time in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--consents", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "privacy-audit-bench")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        _answer(asked.side, asked.folder)
        return
    made = prepare(asked.folder, asked.events, asked.consents)
    told: dict[str, list[dict[str, Any]]] = {}
    for number in range(asked.rounds):
        for side in ("ours", *POLARS, *((PANDAS,) if number == 0 else ())):
            told.setdefault(side, []).append(_apart(side, made))
    sys.exit(_conclude(told))


def _apart(side: str, made: Path) -> dict[str, Any]:
    """One answer in a process of its own."""
    environment = {**os.environ, "POLARS_MAX_THREADS": "2"}
    command = [sys.executable, "-m", "benchmarks.consent", "--side", side, "--folder", str(made)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{side}: {done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {side}: {told['wall']:.2f} s, {told['cpu']:.2f} s of processor, peak {told['peak']:.2f} GB", flush=True)
    return told


def _answer(side: str, made: Path) -> None:
    """Answer in this process; what is in memory or opened before the question is asked is not timed."""
    ask = _sides(made)[side]()
    begun, used = time.perf_counter(), time.process_time()
    counts = ask()
    told = {"wall": time.perf_counter() - begun, "cpu": time.process_time() - used, "counts": counts}
    print(json.dumps({**told, "peak": _peak()}))


def _peak() -> float:
    """GB of memory that this program has held at most. Unlike `ru_maxrss`, not what its parent had held."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024**2


def _sides(made: Path) -> dict[str, Callable[[], Callable[[], Answer]]]:
    def polars(form: str, source: str) -> Callable[[], Answer]:
        from benchmarks import consent_polars

        tables = getattr(consent_polars, source)(made)
        return lambda: getattr(consent_polars, form)(tables, asked)

    def pandas() -> Callable[[], Answer]:
        from benchmarks import consent_pandas

        tables = consent_pandas.in_memory(made)
        return lambda: consent_pandas.merge_asof(tables, asked)

    asked = json.loads((made / "question.json").read_text())
    sources = [(form, source) for form in ("packed", "by_key") for source in ("in_memory", "on_disk")]
    theirs = {name: (lambda f=form, s=source: polars(f, s)) for name, (form, source) in zip(POLARS, sources, strict=True)}
    return {"ours": lambda: _ours(made), PANDAS: pandas, **theirs}


def _ours(made: Path) -> Callable[[], Answer]:
    from audit_lib.catalogue import load_catalogue
    from audit_lib.engines.duckdb import DuckDB
    from audit_lib.run.audit import Auditor
    from audit_lib.vocabulary import day_number

    catalogue = load_catalogue()

    def ask() -> Answer:
        with closing(DuckDB(made / "warehouse.duckdb", read_only=True, memory="4GB")) as engine:
            engine.run("set threads = 2")
            auditor = Auditor(engine, catalogue, PERIOD, lambda step: None)
            found = auditor.evaluate(catalogue.measures["consent_coverage"], ()).observation
            assert found.cells is not None, found.why
            now = found.cells["on_day"] >= day_number(PERIOD.start)
            counts = found.cells.groupby([now, "reason"])["items"].sum()
            return {f"{'period' if is_now else 'before'} {reason}": int(n) for (is_now, reason), n in counts.items()}

    return ask


def _conclude(told: dict[str, list[dict[str, Any]]]) -> str | int:
    """Print medians and ratios; an error message when something does not hold, else 0."""
    ours = told["ours"]
    median = {side: statistics.median(t["wall"] for t in rounds) for side, rounds in told.items()}
    ratios = {}
    for side, rounds in told.items():
        ratio = ratios[side] = statistics.median(their["wall"] / our["wall"] for our, their in zip(ours, rounds, strict=False))
        print(f"{side}: median {median[side]:.2f} s, {ratio:.2f} times ours, peak {max(t['peak'] for t in rounds):.2f} GB")
    fastest = min(POLARS, key=lambda side: median[side])
    print(f"fastest polars form: {fastest}; ours is {ratios[fastest]:.2f} times as fast, and {ratios[PANDAS]:.2f} times as fast as pandas")
    differing = [side for side, rounds in told.items() if any(t["counts"] != ours[0]["counts"] for t in rounds)]
    if differing:
        return f"The counts of {', '.join(differing)} differ from ours."
    print(f"all sides count the same: {sum(ours[0]['counts'].values()):,} items in {len(ours[0]['counts'])} groups")
    peak = max(t["peak"] for t in ours)
    return 0 if peak <= LIMIT else f"Ours needed {peak:.2f} GB, more than {LIMIT:.0f}."


if __name__ == "__main__":
    main()
