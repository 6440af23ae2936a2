"""Ingests exports of other tools through their adapters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from request_world import Adapt, Adapted, fixture, sources_toml

from audit_lib.catalogue.adapters import load_adapters
from audit_lib.catalogue.contracts import load_contracts
from audit_lib.ingest import ingest, read_sources


@pytest.fixture(scope="session")
def adapt(tmp_path_factory: pytest.TempPathFactory) -> Adapt:
    """Read files with an adapter: fixtures by name, or texts by file name. The same question is ingested once."""
    known: dict[tuple[Any, ...], Adapted] = {}

    def run(adapter: str, files: str | Mapping[str, str], more: str = "", **others: str) -> Adapted:
        given = {files: fixture(files)} if isinstance(files, str) else dict(files)
        key = (adapter, more, *given.items(), *others.items())
        if key not in known:
            folder = tmp_path_factory.mktemp("exports")
            table = load_adapters()[adapter].table
            written = {**given, **{name.replace("_csv", ".csv"): text for name, text in others.items()}}
            written["sources.toml"] = sources_toml(table, adapter, given, more)
            for name, text in written.items():
                (folder / name).write_bytes(text.encode())
            known[key] = _ingested(folder)
        return known[key]

    return run


def _ingested(folder: Path) -> Adapted:
    con, contracts = duckdb.connect(), load_contracts()
    sources = read_sources(folder, contracts)
    ingest(con, sources, contracts, columns=None, zone=ZoneInfo("UTC"), with_texts=False, progress=lambda step: None)
    return Adapted(con)
