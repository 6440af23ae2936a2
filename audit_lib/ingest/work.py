"""The private working folder of one run: made where temporary files go, deleted at its end or by the next run."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "privacy-audit-work-"


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder that only its owner can read; gone when the block ends, however it ends.

    Folders of ours whose process no longer lives (it was killed) are deleted first.
    """
    forget_dead()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def named_work_folder(variable: str) -> Iterator[Path]:
    """A `work_folder` that this process, and those it starts, find in an environment variable; afterwards it is as before."""
    before = os.environ.get(variable)
    with work_folder() as folder:
        os.environ[variable] = str(folder)
        try:
            yield folder
        finally:
            os.environ.pop(variable)
            if before is not None:
                os.environ[variable] = before


def forget_dead() -> None:
    """Delete working folders of this user whose process has ended."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        named = re.fullmatch(rf"{re.escape(PREFIX)}(\d+)-\w+", folder.name)
        try:
            ours = folder.stat().st_uid == os.getuid()
        except OSError:
            continue
        if named and ours and not _lives(int(named[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
