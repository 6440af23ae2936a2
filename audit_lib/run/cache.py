"""Where warehouses are kept: a folder only its owner can read, one file per (exports, definitions, period)."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

CACHE = "PRIVACY_AUDIT_CACHE"
"""Environment variable: the folder for warehouses; `privacy-audit run` points it at a folder it deletes."""
KEEP_DAYS = 30


def folder() -> Path:
    """The cache folder, made readable by its owner only."""
    named = os.environ.get(CACHE)
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "privacy-audit"
    base.mkdir(parents=True, exist_ok=True, mode=0o700)
    base.chmod(0o700)
    return base


def forget_old(now: float | None = None) -> list[Path]:
    """Delete warehouses that nobody has opened for 30 days; returns what was deleted."""
    limit = (time.time() if now is None else now) - KEEP_DAYS * 86400
    old = [file for file in folder().glob("*.duckdb*") if file.stat().st_mtime < limit]
    for file in old:
        file.unlink(missing_ok=True)
    return old


def same_ingest(ingest_key: str) -> Path | None:
    """A warehouse of the same exports, for another period or other criteria, to start from."""
    found = sorted(folder().glob(f"{ingest_key}-*.duckdb"))
    return found[0] if found else None


def start_file(ingest_key: str, audit_key: str) -> tuple[Path, bool]:
    """A new private file to build a warehouse in, and whether it starts from an ingest that was already done."""
    building = folder() / f".building-{audit_key}-{os.getpid()}.duckdb"
    building.unlink(missing_ok=True)
    known = same_ingest(ingest_key)
    if known is None:
        building.touch(mode=0o600)
        building.unlink()
        return building, False
    shutil.copyfile(known, building)
    building.chmod(0o600)
    return building, True
