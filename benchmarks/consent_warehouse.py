"""The warehouse of the consent benchmark: its exports, loaded by the suite's own ingest, made once and kept."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path

from audit_lib import ingest
from audit_lib.catalogue import load_catalogue
from audit_lib.engines.duckdb import DuckDB
from audit_lib.run.open import Request, _write_world
from audit_lib.vocabulary import Period
from benchmarks.consent_exports import write_exports
from benchmarks.consent_question import question

PERIOD = Period.parse("2018-Q3")
PARTS = {
    "events": "select event_no, account_no, device_no, purpose, occurred_second, occurred_day, country from stg_processing_events",
    "consents": "select event_no, account_no, device_no, purpose, status, method, recorded_second, recorded_day, acted_second, acted_day"
    " from stg_consent_events",
    "accounts": "select account_no, opened_day, country from stg_accounts",
}
"""What the question reads of the loaded tables, as known at as of: what the other tools are given."""


def prepare(folder: Path, events: int, consents: int) -> Path:
    """A folder with `warehouse.duckdb` and, for the other tools, the loaded columns as Parquet and `question.json`."""
    made = folder / f"consent-{events}-{consents}"
    if not (made / "ready").exists():
        write_exports(made / "exports", events, consents)
        _say("the exports are written")
        _load(made / "exports", made / "warehouse.duckdb")
        _say("they are loaded")
        _copy_for_others(made)
        (made / "ready").touch()
    return made


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def _load(exports: Path, path: Path) -> None:
    path.unlink(missing_ok=True)
    catalogue = load_catalogue()
    request = Request(ingest.read_sources(exports, catalogue.contracts), catalogue, PERIOD, None, False, "4GB")
    with closing(DuckDB(path, memory="4GB")) as engine:
        ingest.ingest(
            engine.connection, request.sources, catalogue.contracts, columns=request.columns(), zone=catalogue.zone,
            with_texts=False, progress=lambda step: None,
        )  # fmt: skip
        _write_world(engine, request)


def _copy_for_others(made: Path) -> None:
    with closing(DuckDB(made / "warehouse.duckdb", read_only=True, memory="4GB")) as engine:
        for name, query in PARTS.items():
            engine.run(f"copy ({query}) to '{made / f'{name}.parquet'}' (format parquet, compression zstd)")
        (made / "question.json").write_text(json.dumps(question(engine, PERIOD)))
