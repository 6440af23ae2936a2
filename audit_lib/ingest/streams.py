"""The uncompressed bytes of a file, in pieces; what is damaged, or grows beyond reason, is refused."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from backports import zstd

from audit_lib.ingest import limits

DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError)
"""What reading damaged compressed data raises."""

_OPENERS: Mapping[str, Callable[..., object]] = {"": Path.open, "gz": gzip.open, "zst": zstd.open}


class UnreadableError(Exception):
    """A place in a file from which on it cannot be read with certainty."""

    def __init__(self, what: str, remedy: str, record: int | None = None, offset: int | None = None) -> None:
        self.what, self.remedy, self.record, self.offset = what, remedy, record, offset
        super().__init__(what)

    def sentence(self, name: str) -> str:
        """One sentence that names the file, the place and the remedy."""
        places = []
        if self.record is not None:
            places.append("the header" if self.record == 0 else f"record {self.record}")
        if self.offset is not None:
            places.append(f"byte {self.offset}")
        return f"{name}: {self.what}{' at ' + ', '.join(places) if places else ''}. {self.remedy}"


class Uncompressed:
    """A file opened for reading; `compression` is empty, `gz` or `zst`."""

    def __init__(self, path: Path, compression: str) -> None:
        self._packed, self._given = path.stat().st_size, 0
        self._guards = bool(compression)
        if self._guards and not self._packed:
            raise EOFError
        self._file = cast(BinaryIO, _OPENERS[compression](path, "rb"))

    def __enter__(self) -> Uncompressed:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        return self._counted(self._file.read(size))

    def readline(self, size: int) -> bytes:
        """The bytes up to and with the next line feed, at most `size`."""
        return self._counted(self._file.readline(size))

    def _counted(self, given: bytes) -> bytes:
        self._given += len(given)
        if self._guards and self._given > max(limits.EXPANDED, limits.EXPANSION * self._packed):
            raise UnreadableError(
                f"its compressed data grow to more than {limits.EXPANSION} times their size",
                "Unpack the file yourself if it is what you expect.",
                None,
                self._given,
            )
        return given


def damaged(record: int | None = None, offset: int | None = None) -> UnreadableError:
    """The refusal of compressed data that cannot be unpacked to their end."""
    return UnreadableError("the compressed data are damaged or cut off", "Export the file again.", record, offset)
