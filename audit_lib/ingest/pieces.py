"""A text file cut where records end, so that several streams can read it at once.

DuckDB reads whole files, so each piece is copied into the working folder just before it is read, and deleted after it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from audit_lib.ingest.readers import OpenFile

SMALLEST = 1 << 23
"""Bytes below which a piece is not worth a stream of its own."""
AT_ONCE = 1 << 27
"""Bytes of pieces that lie in the working folder at a time, those of all streams together."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of a file from `start` up to, not including, `end`; it begins and ends where a record does."""

    start: int
    end: int


def cut(opened: OpenFile, streams: int) -> list[Piece]:
    """The pieces of a file in their order, about alike in size and as many for each stream; one if it cannot be cut."""
    size = opened.path.stat().st_size
    most = size // SMALLEST
    rounds = -(-size // AT_ONCE)
    wanted = min(most, streams * rounds) if streams > 1 and opened.cuts else 1
    found = [bisect_left(opened.cuts, size * number // wanted) for number in range(1, wanted)]
    places = sorted({0, size, *(opened.cuts[at] for at in found if at < len(opened.cuts))})
    return [Piece(start, end) for start, end in pairwise(places)]


@contextmanager
def laid_out(opened: OpenFile, piece: Piece, path: Path) -> Iterator[OpenFile]:
    """A piece as a file of its own, which is deleted when the block ends. Only the first piece has the header."""
    _copy(opened.path, piece, path)
    dialect = opened.dialect
    if dialect is not None and piece.start:
        dialect = replace(dialect, names=tuple(opened.names))
    try:
        yield replace(opened, path=path, dialect=dialect, rejects=[])
    finally:
        path.unlink()


def _copy(source: Path, piece: Piece, target: Path) -> None:
    buffer, left = memoryview(bytearray(_BLOCK)), piece.end - piece.start
    with source.open("rb", buffering=0) as given, target.open("xb") as made:
        given.seek(piece.start)
        while left and (read := given.readinto(buffer[: min(left, _BLOCK)])):
            made.write(buffer[:read])
            left -= read
