"""In which characters a file is written: declared, or found by its byte order mark; text comes out as UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audit_lib.ingest import limits
from audit_lib.ingest.streams import DAMAGED, Uncompressed, UnreadableError, damaged

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
SHOWN = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 little endian",
    "utf-16-be": "UTF-16 big endian",
    "cp1252": "CP1252",
}
"""Encodings that can be read, by the word that declares them."""
_OTHERS = ((b"\x1f\x8b", ".gz"), (b"\x28\xb5\x2f\xfd", ".zst"), (b"PK\x03\x04", ".zip or .xlsx"))


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of one file."""

    codec: str
    mark: int
    """Bytes of the byte order mark."""
    said: str
    """How it is known, for the report."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of text: where it lies and how its bytes become characters."""

    path: Path
    compression: str
    encoding: Encoding

    def pieces(self) -> Iterator[bytes]:
        """The text as UTF-8 without byte order mark, in pieces that cut no character.

        Raises UnreadableError at the first byte that is no character.
        """
        decoder = codecs.getincrementaldecoder(self.encoding.codec)("strict")
        done = self.encoding.mark
        try:
            with Uncompressed(self.path, self.compression) as file:
                file.read(self.encoding.mark)
                while piece := file.read(limits.PIECE):
                    yield self._decoded(decoder, piece, done)
                    done += len(piece)
                yield self._decoded(decoder, b"", done)
        except DAMAGED:
            raise damaged(None, done) from None

    def place(self, offset: int) -> int:
        """Byte of the file, unpacked, at which a byte of its text as UTF-8 without mark stands."""
        if self.encoding.codec == "utf-8":
            return offset + self.encoding.mark
        left, units = offset, 0
        width = 1 if self.encoding.codec == "cp1252" else 2
        for piece in self.pieces():
            text = piece[:left].decode("utf-8", "ignore")
            units += len(text) + (sum(character > "\uffff" for character in text) if width == 2 else 0)
            left -= min(left, len(piece))
            if not left:
                break
        return self.encoding.mark + width * units

    def _decoded(self, decoder: codecs.IncrementalDecoder, piece: bytes, done: int) -> bytes:
        kept = len(decoder.getstate()[0])
        try:
            return decoder.decode(piece, final=not piece).encode("utf-8")
        except UnicodeDecodeError as error:
            raise not_in(self.encoding.codec, None, done - kept + error.start) from None


def not_in(codec: str, record: int | None, offset: int) -> UnreadableError:
    """The refusal of bytes that are no characters."""
    if codec == "utf-8":
        return UnreadableError(
            "bytes that are not UTF-8",
            'Export the file as UTF-8, or declare its encoding ("cp1252" or "utf-16") in sources.toml.',
            record,
            offset,
        )
    return UnreadableError(
        f"bytes that are not {SHOWN[codec]}",
        "Correct `encoding` in sources.toml or export the file again.",
        None,
        offset,
    )


def find_encoding(path: Path, compression: str, declared: str | None) -> Encoding:
    """The encoding of a file: as declared, else by its byte order mark, else UTF-8.

    Raises UnreadableError where the mark contradicts the declaration, or the file is compressed against its name.
    """
    try:
        with Uncompressed(path, compression) as file:
            head = file.read(4)
    except DAMAGED:
        raise damaged(None, 0) from None
    for magic, suffix in _OTHERS:
        if head.startswith(magic):
            raise UnreadableError(
                f"its content is that of a {suffix} file", "Give the file the name of what it is, or export it again."
            )
    mark, codec = next(((mark, codec) for mark, codec in MARKS if head.startswith(mark)), (b"", ""))
    if not declared:
        found = codec or "utf-8"
        return Encoding(found, len(mark), f"{SHOWN[found]} (found{': byte order mark' if mark else ''})")
    if mark and declared not in (codec, codec[:6]):
        raise UnreadableError(
            f"the byte order mark of {SHOWN[codec]}, where {SHOWN[declared]} is declared",
            "Correct `encoding` in sources.toml or leave it out.",
            None,
            0,
        )
    if declared == "utf-16" and not mark:
        raise UnreadableError(
            "no byte order mark, without which UTF-16 is not clear",
            'Declare encoding = "utf-16-le" or "utf-16-be" in sources.toml.',
            None,
            0,
        )
    used = codec or declared
    return Encoding(used, len(mark), f"{SHOWN[used]} (declared)")
