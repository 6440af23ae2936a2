"""Our own look at the bytes of a text export, independent of the database's reader.

Counts records by line ends outside quotes and finds what makes a file unreadable with certainty: a broken quote,
bytes that are not UTF-8, NUL bytes, line ends of two kinds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audit_lib.ingest import limits
from audit_lib.ingest.encodings import not_in
from audit_lib.ingest.json_brackets import Brackets, TooDeepError
from audit_lib.ingest.streams import DAMAGED, Uncompressed, UnreadableError, damaged

__all__ = ("Dialect", "Scan", "UnreadableError", "record_numbers", "scan")

CHUNK = 1 << 18
"""Bytes looked at in one go: so few that they, and what is worked out of them, stay in the cache of a core."""
LONG = 1 << 20
"""Bytes up to which every reader takes a record as it is."""
_BOM = b"\xef\xbb\xbf"
_LF, _CR = 10, 13


@dataclass(frozen=True, slots=True)
class Dialect:
    """How records are written: one delimiter, one quote character (empty: none), compressed or not."""

    delimiter: str
    quote: str
    gzipped: bool
    lines: bool = False
    """JSON lines: every line is a record, blank lines are none, nothing is quoted."""
    names: tuple[str, ...] = ()
    """Declared names of the columns of a file without a header line; none: the first record is the header."""

    @property
    def first(self) -> int:
        """Number of the first record: 0 is a header."""
        return 1 if self.lines or self.names else 0


@dataclass(slots=True)
class Scan:
    """What the bytes say: names of the header, number of data records, whether white space other than spaces occurs."""

    header: list[str] = field(default_factory=list)
    records: int = 0
    odd_space: bool = False
    edge_space: bool = True
    """Whether a value may begin or end with a space: most files have none, and need not be trimmed."""
    has_long: bool = False
    """Whether a record may be longer than `LONG`."""
    cuts: list[int] = field(default_factory=list)
    """Byte offsets, ascending, at which a record ends and the next may begin: the file can be read in pieces."""


def scan(path: Path, dialect: Dialect) -> Scan:
    """Read a text file once. Raises UnreadableError with the place where certainty ends."""
    scanner = _Scanner(dialect)
    try:
        with open_bytes(path, dialect) as file:
            for chunk in _chunks(file):
                scanner.feed(chunk)
    except DAMAGED:
        raise damaged(scanner.record, scanner.offset) from None
    return scanner.finish()


def open_bytes(path: Path, dialect: Dialect) -> Uncompressed:
    """The uncompressed bytes of a file."""
    return Uncompressed(path, "gz" if dialect.gzipped else "")


def record_numbers(path: Path, dialect: Dialect, offsets: list[int], one_column: bool) -> list[int]:
    """Data record number (0: the header) of the record that holds each of the given byte offsets (ascending)."""
    wanted = np.array(offsets, dtype=np.int64)
    numbers = np.zeros(len(wanted), dtype=np.int64)
    scanner = _Scanner(dialect, keep_starts=True)
    scanner.one_column = one_column
    with open_bytes(path, dialect) as file:
        for chunk in _chunks(file):
            before = scanner.ends
            scanner.feed(chunk)
            if len(scanner.starts):
                later = wanted >= scanner.starts[0]
                numbers[later] = before + np.searchsorted(scanner.starts, wanted[later], side="right") - 1
                numbers[later] += dialect.first
    return numbers.tolist()


def _has_edge_space(chunk: bytes, dialect: Dialect) -> bool:
    """Whether a space stands at an end of a value. Quotes, and letters beyond ASCII (there are spaces among them), are
    taken as a yes without a look."""
    if not chunk.isascii() or (dialect.quote and dialect.quote.encode() in chunk):
        return True
    if b" " not in chunk:
        return False
    data = np.frombuffer(chunk, dtype=np.uint8)
    spaces = np.flatnonzero(data == 32)
    before = np.where(spaces > 0, data[np.maximum(spaces - 1, 0)], _LF)
    after = np.where(spaces < len(data) - 1, data[np.minimum(spaces + 1, len(data) - 1)], _LF)
    ends = (ord(dialect.delimiter), _LF, _CR)
    return any(bool((beside == end).any()) for beside in (before, after) for end in ends)


def _chunks(file: Uncompressed) -> Iterator[bytes]:
    """Pieces that end with a line feed, save perhaps the last: so no character and no quote pair is cut in two.

    A line beyond the limit of a record ends a piece, too: what looks at the piece refuses it.
    """
    while piece := file.read(CHUNK):
        yield piece if piece.endswith(b"\n") else piece + file.readline(limits.RECORD + 1)


class _Scanner:
    def __init__(self, dialect: Dialect, keep_starts: bool = False) -> None:
        self.dialect, self.keep_starts = dialect, keep_starts
        self.offset = 0
        self.ends = 0
        self.in_quotes = False
        self.open_place = (0, 0)
        self.returns: bool | None = None
        self.one_column = len(dialect.names) == 1
        self.start = 0
        self.has_long = False
        self.head = b""
        self.header: list[str] | None = list(dialect.names) if dialect.first else None
        self.tail = b""
        self.blank = False
        self.odd_space = False
        self.edge_space = False
        self.cuts: list[int] = []
        self.starts: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)

    @property
    def record(self) -> int:
        """Data record being read (0: the header)."""
        return self.ends + self.dialect.first

    def feed(self, chunk: bytes) -> None:
        if self.offset == 0 and chunk.startswith(_BOM):
            if self.dialect.lines:
                raise UnreadableError(
                    "a byte order mark before the first line", "Save the file as UTF-8 without one.", 1, 0
                )
            self.offset = self.start = 3
            chunk = chunk[3:]
        self._refuse_bad_bytes(chunk)
        self.odd_space = self.odd_space or (self.dialect.delimiter != "\t" and b"\t" in chunk)
        self.edge_space = self.edge_space or _has_edge_space(chunk, self.dialect)
        if self.dialect.lines:
            self._measure(chunk, 0)
            self._refuse_deep(chunk)
            self.ends += sum(1 for line in chunk.split(b"\n") if line.strip())
            self._pass(chunk)
            return
        ends, returns = self._record_ends(chunk)
        self._measure(chunk, ends)
        self._same_line_ends(chunk, ends, returns)
        self._count(chunk, ends, returns)
        self._pass(chunk)

    def _pass(self, chunk: bytes) -> None:
        """Go on to the next chunk; where this one ends with a record, the file may be cut."""
        self.offset += len(chunk)
        if chunk.endswith(b"\n") and not self.in_quotes:
            self.cuts.append(self.offset)

    def finish(self) -> Scan:
        if self.in_quotes:
            record, offset = self.open_place
            raise UnreadableError(
                "a quote is opened and never closed",
                "Close it, or double every quote character inside a value, and export again.",
                record,
                offset,
            )
        if self.tail:
            self.ends += 1
        if self.header is None:
            self._read_header(self.head)
        assert self.header is not None
        records = self.ends - 1 + self.dialect.first
        return Scan(self.header, records, self.odd_space, self.edge_space, self.has_long, self.cuts)

    def _refuse_bad_bytes(self, chunk: bytes) -> None:
        if (at := chunk.find(b"\0")) >= 0:
            raise UnreadableError(
                "a NUL byte",
                'Export the file again as plain UTF-8 text, or declare encoding = "utf-16-le" if it is UTF-16.',
                *self._place(chunk, at),
            )
        if chunk.isascii():
            return
        try:
            chunk.decode("utf-8")
        except UnicodeDecodeError as error:
            raise not_in("utf-8", *self._place(chunk, error.start)) from None

    def _measure(self, chunk: bytes, ends: npt.NDArray[np.int64] | int) -> None:
        """Refuse a record beyond the limit. Positions are looked at only where a line feed is far from the next."""
        if isinstance(ends, int) and self.start == self.offset and _feeds_often(chunk):
            self.start = self.offset + chunk.rfind(b"\n") + 1
            return
        stops = self._positions(chunk, ends) + 1
        edges = np.concatenate(([self.start - self.offset], stops, [len(chunk)]))
        longest = int(np.argmax(np.diff(edges)))
        length = int(edges[longest + 1] - edges[longest])
        self.has_long = self.has_long or length > LONG
        if length > limits.RECORD:
            raise UnreadableError(
                f"a record longer than {limits.RECORD} bytes",
                "Check line ends and quotes, or export it without the long value.",
                None,
                self.offset + int(edges[longest]),
            )
        self.start = self.offset + int(edges[-2])

    def _refuse_deep(self, chunk: bytes) -> None:
        """Refuse a line of JSON that is nested too deeply; only lines with many brackets are looked at."""
        data = np.frombuffer(chunk, dtype=np.uint8)
        opens = np.flatnonzero((data == 123) | (data == 91))
        if len(opens) <= limits.DEPTH:
            return
        feeds = np.concatenate(([-1], np.flatnonzero(data == _LF), [len(data)]))
        counts = np.diff(np.searchsorted(opens, feeds))
        for line in np.flatnonzero(counts > limits.DEPTH).tolist():
            start = int(feeds[line]) + 1
            try:
                Brackets().feed(chunk[start : int(feeds[line + 1])])
            except TooDeepError as deep:
                place = self._place(chunk, start + (deep.offset or 0))
                raise UnreadableError(deep.what, deep.remedy, *place) from None
            except UnreadableError:
                continue  # that line is no JSON: its row is quarantined

    def _place(self, chunk: bytes, at: int) -> tuple[int, int]:
        """Record and byte offset of a position: lines are counted plainly, which is exact outside quotes."""
        return self.record + (0 if self.in_quotes else chunk.count(b"\n", 0, at)), self.offset + at

    def _record_ends(self, chunk: bytes) -> tuple[npt.NDArray[np.int64] | int, int]:
        """Positions of line feeds that end records (only their number where no quote occurs), and how many are CRLF."""
        quote = self.dialect.quote.encode()
        plain = not quote or (quote not in chunk and not self.in_quotes)
        lone = chunk.count(b"\r") - chunk.count(b"\r\n") if b"\r" in chunk else 0
        if plain and not lone and not self.keep_starts:
            is_feed = np.frombuffer(chunk, dtype=np.uint8) == _LF
            self.blank = bool((is_feed[1:] & is_feed[:-1]).any()) or (b"\r" in chunk and b"\n\r\n" in chunk)
            return int(np.count_nonzero(is_feed)), chunk.count(b"\r\n") if b"\r" in chunk else 0
        self.blank = b"\n\n" in chunk or b"\n\r\n" in chunk
        data = np.frombuffer(chunk, dtype=np.uint8)
        feeds = np.flatnonzero(data == _LF)
        breaks = np.flatnonzero(data == _CR) if lone else np.empty(0, dtype=np.int64)
        if not plain:
            quotes = np.flatnonzero(data == quote[0])
            ends = feeds[~self._inside(quotes, feeds)]
            self.odd_space = self.odd_space or len(ends) < len(feeds)
            self._check_quotes(data, quotes, ends)
            breaks = breaks[~self._inside(quotes, breaks)]
            self.in_quotes = bool((len(quotes) + self.in_quotes) % 2)
            feeds = ends
        returns = feeds[(feeds > 0)]
        returns = returns[data[returns - 1] == _CR]
        alone = breaks[~np.isin(breaks + 1, feeds)]
        if len(alone):
            at = int(alone[0])
            raise UnreadableError(
                "a carriage return without a line feed outside quotes",
                "End every record with a line feed, or with both, and quote values that hold line breaks.",
                self.record + int(np.searchsorted(feeds, at)),
                self.offset + at,
            )
        return feeds, len(returns)

    def _inside(self, quotes: npt.NDArray[np.int64], places: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        return np.asarray((np.searchsorted(quotes, places) + self.in_quotes) % 2 == 1)

    def _check_quotes(
        self, data: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
    ) -> None:
        """A quote opens only where a value begins and closes only where it ends; inside it is doubled."""
        opens = (np.arange(len(quotes)) + self.in_quotes) % 2 == 0
        delimiter, quote = ord(self.dialect.delimiter), ord(self.dialect.quote)
        before = np.where(quotes > 0, data[np.maximum(quotes - 1, 0)], _LF)
        after = np.where(quotes < len(data) - 1, data[np.minimum(quotes + 1, len(data) - 1)], _LF)
        good_open = np.isin(before, (delimiter, _LF))
        good_open[1:] |= quotes[1:] == quotes[:-1] + 1
        good_close = np.isin(after, (delimiter, _LF, _CR, quote))
        bad = np.flatnonzero(np.where(opens, ~good_open, ~good_close))
        if len(bad):
            at = int(quotes[bad[0]])
            raise UnreadableError(
                "a broken quote",
                "Quote the whole value and double every quote character inside it, then export again.",
                self.record + int(np.searchsorted(ends, at)),
                self.offset + at,
            )
        if len(quotes) and (len(quotes) + self.in_quotes) % 2:
            at = int(quotes[-1])
            self.open_place = (self.record + int(np.searchsorted(ends, at)), self.offset + at)

    def _same_line_ends(self, chunk: bytes, ends: npt.NDArray[np.int64] | int, returns: int) -> None:
        number = ends if isinstance(ends, int) else len(ends)
        if number == 0:
            return
        kinds = {True} if returns == number else {False} if returns == 0 else {True, False}
        if self.returns is not None:
            kinds.add(self.returns)
        if len(kinds) > 1:
            self._refuse_line_ends(chunk, self._positions(chunk, ends))
        self.returns = kinds.pop()

    def _refuse_line_ends(self, chunk: bytes, ends: npt.NDArray[np.int64]) -> None:
        """Name the first record whose line end is of the other kind."""
        are_returns = np.array([chunk[max(end - 1, 0) : end] == b"\r" for end in ends.tolist()])
        expected = bool(are_returns[0]) if self.returns is None else self.returns
        first = int(np.flatnonzero(are_returns != expected)[0])
        raise UnreadableError(
            "line ends of two kinds (LF and CRLF)",
            "Write all line ends alike, and quote values that hold line breaks.",
            self.record + first,
            self.offset + int(ends[first]),
        )

    def _count(self, chunk: bytes, ends: npt.NDArray[np.int64] | int, returns: int) -> None:
        """Add the records that end in the chunk; empty lines are none (in a file of one column they are)."""
        if self.header is None:
            chunk_ends = self._positions(chunk, ends)
            self.head += chunk[: chunk_ends[0]] if len(chunk_ends) else chunk
            if len(chunk_ends):
                self._read_header(self.head.removesuffix(b"\r"))
        suspicious = not self.one_column and (self.blank or chunk[:1] == b"\n" or chunk[:2] == b"\r\n")
        if suspicious or self.keep_starts:
            self._count_slowly(chunk, self._positions(chunk, ends))
        else:
            self.ends += ends if isinstance(ends, int) else len(ends)
            last = chunk.rfind(b"\n") if isinstance(ends, int) else (int(ends[-1]) if len(ends) else -1)
            self.tail = chunk[last + 1 :][:1] if last >= 0 else (self.tail or chunk[:1])

    def _positions(self, chunk: bytes, ends: npt.NDArray[np.int64] | int) -> npt.NDArray[np.int64]:
        if isinstance(ends, int):
            return np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == _LF)
        return ends

    def _count_slowly(self, chunk: bytes, ends: npt.NDArray[np.int64]) -> None:
        data = np.frombuffer(chunk, dtype=np.uint8)
        starts = np.concatenate(([0], ends + 1))
        stops = np.concatenate((ends, [len(data)]))
        lengths = stops - starts
        one = (lengths == 1) & (data[np.minimum(starts, len(data) - 1)] == _CR)
        lengths[one & (stops < len(data))] = 0
        if self.tail:
            lengths[0] += 1
        full = np.ones(len(lengths), bool) if self.one_column else lengths > 0
        self.ends += int(full[:-1].sum())
        if self.keep_starts:
            self.starts = starts[full & (starts < len(data))] + self.offset
        self.tail = b"x" if lengths[-1] > 0 else b""

    def _read_header(self, line: bytes) -> None:
        if not line.strip():
            raise UnreadableError(
                "the file has no header line", "Write the names of the columns into the first line.", 0, 0
            )
        self.header = header_names(line, self.dialect)
        self.one_column = len(self.header) == 1


def header_names(line: bytes, dialect: Dialect) -> list[str]:
    """The values of a first record, trimmed."""
    lines = io.StringIO(line.decode("utf-8", "replace"), newline="")
    if line.count(dialect.delimiter.encode()) > 10 * limits.NAMES:
        raise too_many_names()
    if dialect.quote:
        rows = csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote)
    else:
        rows = csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)
    try:
        names = [name.strip() for name in next(rows, [])]
    except csv.Error:
        raise UnreadableError(
            "a name of a column longer than 131072 characters",
            "Write the names of the columns into the first line.",
            0,
            0,
        ) from None
    if len(names) > limits.NAMES:
        raise too_many_names()
    return names


def too_many_names() -> UnreadableError:
    """The refusal of a file with more columns than an export has."""
    return UnreadableError(
        f"more than {limits.NAMES} columns",
        "Check delimiter and line ends, or export the columns of the contract only.",
        0,
        0,
    )


def _feeds_often(chunk: bytes) -> bool:
    """Whether every stretch of half the long length has a line feed: then no line is longer than `LONG`."""
    step = min(LONG, limits.RECORD) // 2 or 1
    return all(chunk.find(b"\n", at, at + step) >= 0 for at in range(0, len(chunk), step))
