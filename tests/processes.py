"""Runs of the suite in processes of their own, warm from the start, that a test can kill at any moment."""

from __future__ import annotations

import multiprocessing as mp
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from audit_lib import open_run
from audit_lib.errors import AuditError
from audit_lib.run.into import ingest_into

_context = mp.get_context("forkserver")
_context.set_forkserver_preload(["processes"])


class Child:
    """A process that runs `work(tell, *words)` and tells what it does."""

    def __init__(self, work: Callable[..., Any], *words: Any, cache: Path | None = None) -> None:
        self._hears, tells = _context.Pipe(duplex=False)
        self._process: BaseProcess = _context.Process(target=_work, args=(tells, work, words, cache))
        self._process.start()
        tells.close()
        self.told: list[str] = []

    def wait_for(self, word: str) -> None:
        """Until the process tells something that begins with `word`."""
        while not (self.told and self.told[-1].startswith(word)):
            self.told.append(self._hears.recv())

    def end(self) -> list[str]:
        """All that it told, once it has ended."""
        while True:
            try:
                self.told.append(self._hears.recv())
            except EOFError:
                break
        self._process.join()
        return self.told

    def kill(self) -> list[str]:
        """SIGKILL."""
        self._process.kill()
        return self.end()


def _work(tells: Connection, work: Callable[..., Any], words: tuple[Any, ...], cache: Path | None) -> None:
    if cache is not None:
        os.environ["PRIVACY_AUDIT_CACHE"] = str(cache)
    try:
        tells.send(f"done {work(tells.send, *words)}")
    except AuditError as error:
        tells.send(f"refused {error}")
    except BaseException:
        tells.send(f"failed {traceback.format_exc()}")


def into(tell: Callable[[str], None], data: Path, target: Path, go: Path | None = None) -> str:
    """`privacy-audit ingest`; tells how many files were not read. Before it writes, it waits until the file `go` is there."""
    done = ingest_into(data, target, with_texts=True, progress=_paused(tell, go))
    return f"{done.unchanged} of {done.files}"


def _paused(tell: Callable[[str], None], go: Path | None) -> Callable[[str], None]:
    def progress(step: str) -> None:
        tell(step)
        while go is not None and step.startswith("writing") and not go.exists():
            time.sleep(0.02)

    return progress


def into_killed_at_the_end(tell: Callable[[str], None], data: Path, target: Path, when: str) -> str:
    """The same, killed just before or just after the new database takes its place."""
    replace = os.replace

    def deadly(old: Path, new: Path) -> None:
        if when == "after":
            replace(old, new)
        os.kill(os.getpid(), signal.SIGKILL)

    os.replace = deadly  # type: ignore[assignment]
    return into(tell, data, target)


def into_without_room(tell: Callable[[str], None], data: Path, target: Path) -> str:
    """The same where no file can become larger than 300 kB, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    return into(tell, data, target)


def opened(tell: Callable[[str], None], data: Path, period: str, go: Path | None = None) -> str:
    """`open_run`; tells the name of its database. Before it writes, it waits until the file `go` is there."""
    with open_run(data, period=period, progress=_paused(tell, go)) as run:
        return run.path.name


def until(deadline: float) -> None:
    """Sleep until an instant of the monotonic clock."""
    time.sleep(max(0.0, deadline - time.monotonic()))
