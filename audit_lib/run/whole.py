"""A database file is whole or not there: one run at a time makes it, beside its place, and puts it there when it is complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from audit_lib.errors import AuditError

WAIT_SECONDS = 1800
"""So long a run waits for another one that makes the same file."""
_NO_ROOM = ("no space left", "file too large", "quota", "read-only file system", "could not write", "max_temp_directory_size")
"""What the engine says when a file cannot be written."""
_BESIDE = ("", ".wal", ".tmp")
"""Ends of the names of what the engine keeps of one database."""


@contextmanager
def alone(lock: Path, progress: Callable[[str], None]) -> Iterator[None]:
    """Within the block no other process is in a block with the same lock; whoever comes second waits and says so.

    The system frees the lock when its holder dies, however it dies. Raises AuditError when the wait is too long.
    """
    held = FileLock(lock, mode=0o600, fallback_to_soft=False)
    try:
        try:
            held.acquire(timeout=0)
        except Timeout:
            progress("waiting for another run that is loading the same exports")
            held.acquire(timeout=WAIT_SECONDS, poll_interval=0.2)
    except Timeout:
        raise AuditError(
            f"Another run has been loading the same exports for {WAIT_SECONDS // 60} minutes. Wait for it to end, or end it; then run again."
        ) from None
    except OSError as error:
        raise AuditError(f"{lock.parent} cannot be written to ({error.strerror}). Name another folder.") from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)  # while it is held: who has it open sees that it is gone and makes a new one
        held.release()


@contextmanager
def if_free(lock: Path) -> Iterator[bool]:
    """Whether no living process holds a lock; if so, it is held within the block."""
    held = FileLock(lock, mode=0o600, fallback_to_soft=False)
    try:
        held.acquire(timeout=0)
    except (Timeout, OSError):
        yield False
        return
    try:
        yield True
    finally:
        lock.unlink(missing_ok=True)
        held.release()


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path beside `target` at which a database can be built; when the block ends well, it takes the place of `target`.

    At every moment `target` is what it was or the new database, and only its owner can read what is written. To be used
    within `alone`: what a killed run left is deleted. Raises AuditError when there is no room; `target` is then as before.
    """
    building = target.with_name(f".{target.name}.building")
    forget_building(building)
    old_mask = os.umask(0o077)
    try:
        yield building
        os.replace(building, target)
    except (duckdb.Error, OSError) as error:
        if not _is_no_room(error):
            raise
        raise AuditError(
            f"{target.parent} has no room for the database. Nothing was changed. Make room or name another folder; then run again."
        ) from None
    finally:
        os.umask(old_mask)
        forget_building(building)


def _is_no_room(error: BaseException | None) -> bool:
    """Whether an error, or one in whose handling it arose, says that a file could not be written."""
    if error is None:
        return False
    return any(word in str(error).lower() for word in _NO_ROOM) or _is_no_room(error.__context__)


def forget_building(building: Path) -> None:
    """Delete an unfinished database and what the engine keeps beside it."""
    for end in _BESIDE:
        left = building.with_name(f"{building.name}{end}")
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
