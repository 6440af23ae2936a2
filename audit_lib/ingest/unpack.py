"""Makes a file readable: UTF-8 CSV (plain or gzip), JSON lines or Parquet, in place where it is that already."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from audit_lib.ingest.encodings import TextFile, find_encoding
from audit_lib.ingest.json_split import split
from audit_lib.ingest.sheets import write_sheet
from audit_lib.ingest.sources import Extraction, SourceFile
from audit_lib.ingest.streams import UnreadableError

FORMATS_SHOWN = {
    "csv": "CSV",
    "tsv": "TSV",
    "json": "JSON",
    "jsonl": "JSON lines",
    "parquet": "Parquet",
    "xlsx": "xlsx",
}
T = TypeVar("T")
_COMPRESSIONS = {"gz": ("gzip",), "zst": ("zstd",), "": ()}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A file in a form that can be read, and what was found on the way there."""

    path: Path
    """The file itself, or what was made of it in the working folder."""
    format: str
    """`csv` (of any delimiter), `jsonl` or `parquet`."""
    gzipped: bool
    said: tuple[str, ...]
    """Format, encoding and compression, for the report."""
    records: int | None = None
    """Elements or rows counted while rewriting; None: not rewritten, or text."""
    text: TextFile | None = None
    """The text as it came, where `path` holds it rewritten character by character."""

    def placed(self, error: UnreadableError) -> UnreadableError:
        """An error of the rewritten text, with the place in the file as it came."""
        if error.offset is None or (self.text is None and self.records is None):
            return error
        offset = self.text.place(error.offset) if self.text else None
        return UnreadableError(error.what, error.remedy, error.record, offset)


def unpack(file: SourceFile, extraction: Extraction, work: Path, lists: tuple[str, ...]) -> Unpacked:
    """A readable form of a file, written into `work` unless it is one already.

    `lists`: keys under which the array of a JSON object may stand. Raises UnreadableError with the place from which on
    the file cannot be read, or the limit that it exceeds.
    """
    declared = extraction.declared
    shown = FORMATS_SHOWN[file.format] + (" (declared)" if declared.format else "")
    if file.format == "parquet":
        return Unpacked(plain_path(file.path, work), "parquet", False, (shown,))
    if file.format == "xlsx":
        path, (records, sheet) = _written(work, ".csv", lambda out: write_sheet(file.path, declared.sheet, out))
        return Unpacked(path, "csv", False, (shown, sheet), records)
    encoding = find_encoding(file.path, file.compression, declared.encoding)
    text = TextFile(file.path, file.compression, encoding)
    said = (shown, encoding.said, *_COMPRESSIONS[file.compression])
    if file.format == "json":
        path, (records, shape) = _written(work, ".jsonl", lambda out: _split(text, out, lists))
        return Unpacked(path, "jsonl", False, (shown, shape, *said[1:]), records)
    form = "jsonl" if file.format == "jsonl" else "csv"
    if encoding.codec == "utf-8" and file.compression != "zst" and not (form == "jsonl" and encoding.mark):
        return Unpacked(plain_path(file.path, work), form, file.compression == "gz", said)
    path, _ = _written(work, f".{form}", lambda out: _copy(text, out))
    return Unpacked(path, form, False, said, text=text)


def plain_path(path: Path, work: Path) -> Path:
    """A path without characters that a reader could take as a pattern: the file's own, or a link to it."""
    if not set(str(path)) & set("\\*?[]{}"):
        return path
    link = Path(tempfile.mkdtemp(dir=work), "file")
    link.symlink_to(path.absolute())
    return link


def _written(work: Path, suffix: str, write: Callable[[BinaryIO], T]) -> tuple[Path, T]:
    handle, name = tempfile.mkstemp(dir=work, suffix=suffix)
    with os.fdopen(handle, "wb") as out:
        result = write(out)
    return Path(name), result


def _copy(text: TextFile, out: BinaryIO) -> None:
    for piece in text.pieces():
        out.write(piece)


def _split(text: TextFile, out: BinaryIO, lists: tuple[str, ...]) -> tuple[int, str]:
    """`split`, with places of the file as it came instead of those of its text."""
    try:
        return split(_pieces(text), out, lists)
    except _TextError as error:
        raise error.told from None
    except UnreadableError as error:
        offset = None if error.offset is None else text.place(error.offset)
        raise UnreadableError(error.what, error.remedy, error.record, offset) from None


class _TextError(Exception):
    """An error of the file's bytes, already told with their place."""

    def __init__(self, told: UnreadableError) -> None:
        self.told = told
        super().__init__(told.what)


def _pieces(text: TextFile) -> Iterator[bytes]:
    try:
        yield from text.pieces()
    except UnreadableError as error:
        raise _TextError(error) from None
