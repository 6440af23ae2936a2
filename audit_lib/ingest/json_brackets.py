"""Strings and brackets of a JSON text that comes in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from audit_lib.ingest import limits
from audit_lib.ingest.streams import UnreadableError

Places = npt.NDArray[np.int64]
_STEP = np.zeros(256, dtype=np.int8)
_STEP[list(b"{[")] = 1
_STEP[list(b"}]")] = -1
_QUOTE, _SLASH = 34, 92


@dataclass(frozen=True, slots=True)
class Structure:
    """Of one piece: which bytes stand inside strings, and the brackets outside them."""

    inside: npt.NDArray[np.bool_]
    """True from the opening quote up to, not including, the closing one."""
    quotes: Places
    at: Places
    """Places of brackets."""
    step: npt.NDArray[np.int8]
    """1: opens, -1: closes."""
    depth: Places
    """Nesting after each bracket."""


class TooDeepError(UnreadableError):
    """JSON that is nested beyond the limit."""


class Brackets:
    """Follows strings and nesting from piece to piece. Raises UnreadableError where they cannot be those of JSON."""

    def __init__(self) -> None:
        self.offset = 0
        self._in_string, self._escaped, self._string_at = False, False, 0
        self._open = np.empty(0, dtype=np.uint8)
        self._open_at: Places = np.empty(0, dtype=np.int64)

    @property
    def nested(self) -> int:
        """Brackets that are open."""
        return len(self._open)

    def feed(self, piece: bytes) -> Structure:
        """Look at the next piece."""
        data = np.frombuffer(piece, dtype=np.uint8)
        quotes = self._quotes(data)
        inside = self._inside(data, quotes)
        steps = _STEP[data]
        at = np.flatnonzero((steps != 0) & ~inside)
        step = steps[at]
        depth = self.nested + np.cumsum(step, dtype=np.int64)
        if len(at):
            self._match(data, at, step, depth)
        self.offset += len(data)
        return Structure(inside, quotes, at, step, depth)

    def finish(self) -> None:
        """Refuse a text that ends inside a string or a bracket."""
        if self._in_string:
            _refuse("a string is opened and never closed", self._string_at)
        if self.nested:
            _refuse("a bracket is opened and never closed", int(self._open_at[-1]))

    def _quotes(self, data: npt.NDArray[np.uint8]) -> Places:
        """Places of the quotes that no backslash hides."""
        quotes = np.flatnonzero(data == _QUOTE)
        slashes = np.flatnonzero(data == _SLASH)
        if self._escaped and len(data):
            quotes = quotes[quotes != 0]
            slashes = slashes[slashes != 0]
            self._escaped = False
        if not len(slashes):
            return quotes
        heads = np.flatnonzero(np.diff(slashes, prepend=-2) != 1)
        lengths = np.diff(np.append(heads, len(slashes)))
        hidden = (slashes[heads] + lengths)[lengths % 2 == 1]
        self._escaped = bool(len(hidden)) and int(hidden[-1]) == len(data)
        return quotes[~np.isin(quotes, hidden)]

    def _inside(self, data: npt.NDArray[np.uint8], quotes: Places) -> npt.NDArray[np.bool_]:
        flips = np.zeros(len(data), dtype=np.uint8)
        flips[quotes] = 1
        inside = (np.bitwise_xor.accumulate(flips) ^ self._in_string).astype(bool)
        self._in_string = bool((len(quotes) + self._in_string) % 2)
        if self._in_string and len(quotes):
            self._string_at = self.offset + int(quotes[-1])
        stray = np.flatnonzero((data == _SLASH) & ~inside)
        if len(stray):
            _refuse("a backslash outside a string", self.offset + int(stray[0]))
        return inside

    def _match(self, data: npt.NDArray[np.uint8], at: Places, step: npt.NDArray[np.int8], depth: Places) -> None:
        """Every bracket is closed by one of its kind: brackets of one level, in order, open and close in turn."""
        if depth.min() < 0:
            _refuse("a bracket is closed that was never opened", self.offset + int(at[depth < 0][0]))
        if depth.max() > limits.DEPTH:
            deep = self.offset + int(at[depth > limits.DEPTH][0])
            raise TooDeepError(
                f"more than {limits.DEPTH} brackets inside one another", "Export flatter records.", None, deep
            )
        kinds = np.concatenate((self._open, data[at]))
        places = np.concatenate((self._open_at, at + self.offset))
        levels = np.concatenate((np.arange(1, self.nested + 1), np.where(step > 0, depth, depth + 1)))
        order = np.argsort(levels, kind="stable")
        kinds, places, levels = kinds[order], places[order], levels[order]
        closes = np.flatnonzero((kinds == 93) | (kinds == 125))
        wrong = closes[kinds[closes - 1] + 2 != kinds[closes]]
        if len(wrong):
            _refuse("a bracket is closed by one of another kind", int(places[wrong].min()))
        last = np.searchsorted(levels, np.arange(1, int(depth[-1]) + 1), side="right") - 1
        self._open, self._open_at = kinds[last], places[last]


def _refuse(what: str, offset: int) -> NoReturn:
    raise UnreadableError(what, "Export the file again as valid JSON.", None, offset)
