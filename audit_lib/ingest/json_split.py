"""Splits a JSON text into lines, one element each, without building it in memory.

Only strings, brackets and commas are looked at; every element goes out as it came in (line breaks between its parts
become spaces), so that what reads the lines judges each element by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from audit_lib.ingest import limits
from audit_lib.ingest.json_brackets import Brackets, Structure
from audit_lib.ingest.streams import UnreadableError

Bytes = npt.NDArray[np.uint8]
REMEDY = "Export the file again as valid JSON."


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the elements stand: `start` is the byte after the bracket of their list, `depth` its nesting.

    Depth 0: no list, but objects one after another.
    """

    start: int
    depth: int
    said: str


def split(pieces: Iterator[bytes], out: BinaryIO, lists: tuple[str, ...]) -> tuple[int, str]:
    """Write the elements of a JSON text as lines. Returns their number and what shape the text has.

    The text is one array, one object whose array stands under a key of `lists`, or objects one after another. Raises
    UnreadableError with the byte (of the text) where it is none of these.
    """
    head, shape = _look(pieces, lists)
    splitter = _Splitter(out, shape) if shape.depth else _Sequence(out, shape)
    for piece in chain([head], pieces):
        splitter.feed(piece)
    return splitter.finish(lists), shape.said


def _look(pieces: Iterator[bytes], lists: tuple[str, ...]) -> tuple[bytes, Shape]:
    """As much of the text as says where its elements stand."""
    head = b""
    for piece in pieces:
        head += piece
        text = head.lstrip(b" \t\r\n")
        if not text:
            head = head if len(head) < limits.RECORD else _refuse("nothing but white space", len(head))
            continue
        at = len(head) - len(text)
        if text[:1] == b"[":
            return head, Shape(at + 1, 1, "array (found)")
        if text[:1] != b"{":
            _refuse("neither an array nor an object", at)
        if not lists:
            return head, Shape(at, 0, "objects (found)")
        found, whole = _list_in(head, lists)
        if found is not None:
            return head, found
        if whole:
            return head, Shape(at, 0, "objects (found)")
        if len(head) > limits.RECORD:
            _refuse(f"no list within the first {limits.RECORD} bytes of the object", at)
    if not head.strip():
        _refuse("neither an array nor an object", len(head))
    return head, Shape(0, 0, "objects (found)")


def _list_in(head: bytes, lists: tuple[str, ...]) -> tuple[Shape | None, bool]:
    """The list under one of the keys of the first object, and whether that object ends within `head`."""
    seen = Brackets().feed(head)
    whole = bool((seen.depth == 0).any())
    end = int(seen.at[np.flatnonzero(seen.depth == 0)[0]]) if whole else len(head)
    opens = seen.at[(seen.depth == 2) & (seen.step > 0) & (seen.at < end)]
    for at in opens.tolist():
        quotes = seen.quotes[: int(np.searchsorted(seen.quotes, at))]
        if head[at : at + 1] != b"[" or len(quotes) < 2 or head[quotes[-1] + 1 : at].strip() != b":":
            continue
        key = _key(head[quotes[-2] : quotes[-1] + 1])
        if key in lists:
            return Shape(at + 1, 2, f"array under {key} (found)"), whole
    return None, whole


def _key(text: bytes) -> str | None:
    try:
        return str(json.loads(text))
    except ValueError:
        return None


def _refuse(what: str, offset: int) -> bytes:
    raise UnreadableError(what, REMEDY, None, offset)


class _Splitter:
    """Writes the elements of a list; what stands around the list is kept and checked at the end."""

    def __init__(self, out: BinaryIO, shape: Shape) -> None:
        self.out, self.shape, self.brackets = out, shape, Brackets()
        self.records, self.filled, self.closed_at = 0, False, -1
        self.around = bytearray()

    def feed(self, piece: bytes) -> None:
        offset, before = self.brackets.offset, self.brackets.nested
        seen = self.brackets.feed(piece)
        start = min(max(self.shape.start - offset, 0), len(piece))
        stop = len(piece) if self.closed_at < 0 else 0
        if self.closed_at < 0:
            ends = seen.at[(seen.depth == self.shape.depth - 1) & (seen.step < 0) & (seen.at >= start)]
            if len(ends):
                stop = int(ends[0])
                self.closed_at = offset + stop
            self._write(piece, seen, start, stop, before, offset)
        else:
            start = 0
        self.around += piece[:start] + piece[stop:]
        if len(self.around) > limits.RECORD:
            _refuse("too much beside the list of the elements", offset + len(piece))

    def _write(self, piece: bytes, seen: Structure, start: int, stop: int, before: int, offset: int) -> None:
        """The elements between two places of a piece: commas between them become line feeds."""
        data = flattened(piece, seen, offset)
        commas = np.flatnonzero((data == 44) & ~seen.inside)
        commas = commas[(commas >= start) & (commas < stop)]
        depths = np.concatenate(([before], seen.depth))[np.searchsorted(seen.at, commas)]
        ends = commas[depths == self.shape.depth]
        data[ends] = 10
        self._refuse_empty(data, np.append(ends, stop), start, offset)
        self.records += len(ends)
        self.out.write(data[start:stop].tobytes())
        if self.closed_at >= 0:
            if self.filled:
                self.records += 1
                self.out.write(b"\n")
            elif self.records:
                _refuse("an empty element", self.closed_at)

    def _refuse_empty(self, data: Bytes, stops: npt.NDArray[np.int64], start: int, offset: int) -> None:
        marks = np.flatnonzero(data[start : int(stops[-1])] > 32) + start
        counts = np.diff(np.searchsorted(marks, stops), prepend=0) > 0
        counts[0] |= self.filled
        empty = np.flatnonzero(~counts[:-1])
        if len(empty):
            _refuse("an empty element", offset + int(stops[empty[0]]))
        self.filled = bool(counts[-1])

    def finish(self, lists: tuple[str, ...]) -> int:
        self.brackets.finish()
        try:
            around = json.loads(self.around.decode("latin-1"), object_pairs_hook=tuple)
        except ValueError as error:
            at = getattr(error, "pos", 0)
            _refuse("no valid JSON", at if at < self.shape.start else at + self.closed_at - self.shape.start)
        if self.shape.depth == 2 and sum(isinstance(value, list) and _named(key, lists) for key, value in around) > 1:
            _refuse("more than one list of elements in the object", self.closed_at)
        return self.records


def _named(key: str, lists: Iterable[str]) -> bool:
    return key.encode("latin-1", "replace").decode("utf-8", "replace") in lists


class _Sequence:
    """Writes objects that stand one after another."""

    def __init__(self, out: BinaryIO, shape: Shape) -> None:
        self.out, self.brackets, self.records = out, Brackets(), 0

    def feed(self, piece: bytes) -> None:
        offset, before = self.brackets.offset, self.brackets.nested
        seen = self.brackets.feed(piece)
        data = flattened(piece, seen, offset)
        opens = seen.at[(seen.depth == 1) & (seen.step > 0)]
        ends = seen.at[(seen.depth == 0) & (seen.step < 0)]
        flips = np.zeros(len(data), dtype=np.uint8)
        flips[opens] = 1
        flips[ends] = 1
        within = np.bitwise_xor.accumulate(flips) ^ (before > 0)
        within[ends] = 1
        between = np.flatnonzero((data > 32) & (within == 0))
        if len(between):
            _refuse("text between the objects", offset + int(between[0]))
        self.records += len(ends)
        self.out.write(np.insert(data, ends + 1, 10).tobytes())

    def finish(self, lists: tuple[str, ...]) -> int:
        self.brackets.finish()
        return self.records


def flattened(piece: bytes, seen: Structure, offset: int) -> Bytes:
    """The bytes of a piece with line breaks outside strings as spaces; a line break inside a string is refused."""
    data = np.frombuffer(piece, dtype=np.uint8).copy()
    breaks = np.flatnonzero((data == 10) | (data == 13))
    inside = breaks[seen.inside[breaks]]
    if len(inside):
        _refuse("a line break inside a string", offset + int(inside[0]))
    data[breaks] = 32
    return data
