"""Appends the rows of a file in several streams, each with a piece of the file, in the order of the file.

Each stream is one transaction of one connection, and on one core: only there do DuckDB's joins keep the order of the
rows. Transactions are committed in the order of the pieces, and rows take their places when they are committed.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb

from audit_lib.ingest.adapt import AdaptedFile
from audit_lib.ingest.pieces import Piece, cut, laid_out
from audit_lib.ingest.readers import OpenFile, Rejected, rejected_lines

MOST_STREAMS = 8
"""Each stream holds the ids that it looks up in memory."""
Opened = OpenFile | AdaptedFile


@dataclass(frozen=True, slots=True)
class Appended:
    """What came of one piece: how many rows, and the lines that the reader turned away."""

    rows: int
    rejected: list[Rejected]


class StoppedError(Exception):
    """Another stream has failed: this one gives up."""


class _Turns:
    """Whose turn it is to commit, and what runs until then."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next = 0
        self._is_stopped = False
        self._running: set[duckdb.DuckDBPyConnection] = set()

    @contextmanager
    def running(self, con: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """A block in which a connection can be interrupted by `stop`."""
        with self._changed:
            if self._is_stopped:
                raise StoppedError
            self._running.add(con)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(con)

    @contextmanager
    def turn(self, number: int) -> Iterator[None]:
        """A block that is entered when those of all smaller numbers have been left."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._next == number)
            if self._is_stopped:
                raise StoppedError
        yield
        with self._changed:
            self._next += 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Let all streams end as soon as they can."""
        with self._changed:
            self._is_stopped = True
            for con in self._running:
                con.interrupt()
            self._changed.notify_all()


def append(con: duckdb.DuckDBPyConnection, opened: Opened, work: Path, insert_sql: Callable[[Opened], str]) -> list[Appended]:
    """Append a file's rows by the statement that `insert_sql` makes of it, or of a piece of it; one entry per piece.

    Raises what the first piece that fails raises; then rows of the pieces before it are there.
    """
    streams = min(int(con.execute("select current_setting('threads')").fetchall()[0][0]), MOST_STREAMS)
    pieces = cut(opened, streams) if isinstance(opened, OpenFile) else []
    turns = _Turns()
    with ThreadPoolExecutor(streams) as pool:
        waiting = [
            pool.submit(_append_one, con.cursor(), readable, insert_sql, turns, number, start)
            for number, (readable, start) in enumerate(_readable(opened, pieces, work))
        ]
        try:
            return [one.result() for one in waiting]
        except BaseException:
            turns.stop()
            raise


def _readable(opened: Opened, pieces: list[Piece], work: Path) -> list[tuple[AbstractContextManager[Opened], int]]:
    """For every piece what to enter so as to read it, and the byte at which it begins."""
    if len(pieces) < 2 or not isinstance(opened, OpenFile):
        return [(nullcontext(opened), 0)]
    return [(laid_out(opened, piece, work / f"piece-{secrets.token_hex(8)}"), piece.start) for piece in pieces]


def _append_one(
    con: duckdb.DuckDBPyConnection,
    readable: AbstractContextManager[Opened],
    insert_sql: Callable[[Opened], str],
    turns: _Turns,
    number: int,
    start: int,
) -> Appended:
    """Append one piece over a connection of its own, which is closed; it is committed when its turn has come."""
    with con, readable as opened, turns.running(con):
        con.execute("set TimeZone = 'UTC'; begin")
        rows = int(con.execute(insert_sql(opened)).fetchall()[0][0])
        lines = rejected_lines(con, opened) if isinstance(opened, OpenFile) else []
        with turns.turn(number):
            con.commit()
    return Appended(rows, [(start + offset, error, text) for offset, error, text in lines])
