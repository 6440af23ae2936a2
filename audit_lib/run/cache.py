"""Where warehouses are kept: a folder only its owner can read, one file per (exports, definitions, period)."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

from audit_lib.errors import DefinitionError

CACHE = "PRIVACY_AUDIT_CACHE"
"""Environment variable: the folder for warehouses; `privacy-audit run` points it at a folder it deletes."""
KEEP_DAYS = 30
OURS = re.compile(r"[0-9a-f]{24}-[0-9a-f]{24}\.duckdb|\.building-[0-9a-f]{24}-\d+\.duckdb(\.wal)?")
"""Names of the files we make."""


def folder() -> Path:
    """The cache folder; made, if it is not there, so that its owner alone can read it."""
    named = os.environ.get(CACHE)
    base = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "privacy-audit"
    try:
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DefinitionError(f"The folder {base} for databases cannot be made ({error.strerror}). Name another in {CACHE}.") from None
    if not os.access(base, os.W_OK):
        raise DefinitionError(f"The folder {base} for databases cannot be written to. Name another in {CACHE}.")
    return base


def forget_old(now: float | None = None) -> list[Path]:
    """Delete warehouses of ours that nobody has opened for 30 days; returns what was deleted. Other files stay."""
    limit = (time.time() if now is None else now) - KEEP_DAYS * 86400
    ours = (file for file in folder().iterdir() if OURS.fullmatch(file.name))
    old = [file for file in ours if file.stat().st_mtime < limit]
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
