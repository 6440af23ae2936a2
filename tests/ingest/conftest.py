"""Writes tiny exports and ingests them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from ingest_world import CONTRACTS, UTC, Load, Loaded

from audit_lib.ingest import ingest, read_sources


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write files (name → text or bytes) into a folder and ingest it."""

    def run(
        files: Mapping[str, str | bytes],
        *,
        zone: ZoneInfo = UTC,
        columns: Mapping[str, frozenset[str]] | None = None,
        with_texts: bool = False,
    ) -> Loaded:
        folder = tmp_path / "exports"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        con = duckdb.connect()
        sources = read_sources(folder, CONTRACTS)
        ingest(con, sources, CONTRACTS, columns=columns, zone=zone, with_texts=with_texts, progress=lambda step: None)
        return Loaded(con, sources)

    return run
