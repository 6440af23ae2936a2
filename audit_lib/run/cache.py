"""Where warehouses are kept: a folder only its owner can read, one file per (exports, definitions, period)."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

from audit_lib.errors import DefinitionError
from audit_lib.run.whole import forget_building, if_free

CACHE = "PRIVACY_AUDIT_CACHE"
"""Environment variable: the folder for warehouses; `privacy-audit run` points it at a folder it deletes."""
KEEP_DAYS = 30
_WHOLE = r"([0-9a-f]{12}-)?(?P<ingest>[0-9a-f]{24})-[0-9a-f]{24}\.duckdb"
OURS = re.compile(rf"{_WHOLE}(\.wal)?|\.building-[0-9a-f]{{24}}-\d+\.duckdb(\.wal)?")
"""Names of the files we make; those of earlier versions lack the origin and have unfinished ones under a name of their own."""
LOCK = re.compile(r"\.(?P<ingest>[0-9a-f]{24})\.lock")
"""Names of the locks: empty files that only a killed run leaves."""
BUILDING = re.compile(rf"\.{_WHOLE}\.building(\.wal|\.tmp)?")
"""Names of unfinished databases and of what the engine keeps beside them."""


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


def warehouse(origin: str, ingest_key: str, audit_key: str) -> Path:
    """The place of a warehouse: `origin` (12 hexadecimal digits) stands for the folder of the exports, the keys (24 each)
    for their content and for what is asked of it."""
    return folder() / f"{origin}-{ingest_key}-{audit_key}.duckdb"


def lock(ingest_key: str) -> Path:
    """The lock of the runs that load exports of one content."""
    return folder() / f".{ingest_key}.lock"


def forget_old(now: float | None = None) -> list[Path]:
    """Delete warehouses of ours that nobody has opened for 30 days, and what killed runs left; returns what was deleted.

    Other files stay, and so does what a living run is building.
    """
    limit = (time.time() if now is None else now) - KEEP_DAYS * 86400
    files = list(folder().iterdir())
    gone = [file for file in files if OURS.fullmatch(file.name) and _changed(file) < limit]
    for file in gone:
        file.unlink(missing_ok=True)
    left: dict[str, list[Path]] = {}
    for file in files:
        if found := BUILDING.fullmatch(file.name) or LOCK.fullmatch(file.name):
            left.setdefault(found["ingest"], []).append(file)
    for key, unfinished in left.items():
        with if_free(lock(key)) as free:
            gone += unfinished if free else []
            for file in unfinished if free else []:
                forget_building(file)
    return gone


def same_ingest(ingest_key: str) -> Path | None:
    """A warehouse of the same exports, for another period or other criteria, to start from."""
    return _newest(f"*{ingest_key}-*.duckdb")


def same_origin(origin: str) -> Path | None:
    """The newest warehouse of the same folder: what has not changed in it since can be taken over."""
    return _newest(f"{origin}-*.duckdb")


def start_from(ingest_key: str, building: Path) -> bool:
    """Whether a warehouse of the same exports was at hand; then `building` is a private copy of it."""
    known = same_ingest(ingest_key)
    if known is None:
        return False
    shutil.copyfile(known, building)
    building.chmod(0o600)
    return True


def _newest(glob: str) -> Path | None:
    found = [file for file in folder().glob(glob) if OURS.fullmatch(file.name)]
    return max(found, key=_changed, default=None)


def _changed(file: Path) -> float:
    """Instant of the last change in seconds; of a file that another run has deleted meanwhile, now."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return time.time()
