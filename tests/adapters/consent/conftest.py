"""Writes an export with its sources.toml and ingests it through an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from consent_world import CONTRACTS, Decisions, Read, fixture

from audit_lib.ingest import ingest, read_sources


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Ingest a fixture by its name, or files (name → bytes), through an adapter."""

    def run(adapter: str, files: str | Mapping[str, bytes], declared: str = "", glob: str = "log/**/*") -> Decisions:
        folder = tmp_path / "exports"
        content = {f"log/{files}": fixture(files)} if isinstance(files, str) else files
        for name, data in content.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (folder / "sources.toml").write_text(
            f'[consent_events]\nfiles = ["{glob}"]\nadapter = "{adapter}"\nkind = "log"\n{declared}', "utf-8"
        )
        con = duckdb.connect()
        sources = read_sources(folder, CONTRACTS)
        ingest(
            con, sources, CONTRACTS, columns=None, with_texts=False, zone=ZoneInfo("UTC"), progress=lambda step: None
        )
        return Decisions(con)

    return run
