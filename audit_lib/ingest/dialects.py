"""How records of a CSV are written: declared, or found by the names that its header must have."""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path

from audit_lib.ingest import limits
from audit_lib.ingest.declarations import Declaration
from audit_lib.ingest.scan import Dialect, header_names, open_bytes
from audit_lib.ingest.streams import DAMAGED, UnreadableError, damaged

DELIMITERS = (",", ";", "\t", "|")
Needed = tuple[tuple[str, ...], ...]
"""Groups of alternative names of which each must be in the header."""


def find_dialect(
    path: Path, format_: str, gzipped: bool, declared: Declaration, needed: Needed, folders: Set[str]
) -> tuple[Dialect, list[str], tuple[str, ...]]:
    """The dialect of a CSV or TSV, what to say of it, and the delimiters that were tried in vain.

    `folders`: names of columns that the file's folders give.
    """
    quote = '"' if declared.quote is None else declared.quote
    names = declared.names
    first = _first_record(path, Dialect(",", quote, gzipped))

    def dialect(delimiter: str) -> Dialect:
        return Dialect(delimiter, quote, gzipped, names=names)

    tried: tuple[str, ...] = ()
    if declared.delimiter:
        delimiter, how = declared.delimiter, "declared"
    elif format_ != "csv":
        delimiter, how = "\t", "by the format"
    else:
        fitting = [d for d in DELIMITERS if _fits(first, dialect(d), declared.columns, needed, folders)]
        delimiter, how = (fitting[0], "found") if len(fitting) == 1 else (",", "by the format")
        tried = () if fitting else DELIMITERS
    chosen = dialect(delimiter)
    if names and first.strip() and header_names(first, chosen) == list(names):
        raise UnreadableError(
            "the first line holds the declared names, so the file has a header line",
            "Leave `names` out of sources.toml.",
        )
    said = [f"delimiter {shown(delimiter)} ({how})"]
    if declared.quote is not None:
        said.append(f"quote {quote} (declared)" if quote else "no quotes (declared)")
    said.append("no header, names declared" if names else "header (found)")
    return chosen, said, tried


def shown(delimiter: str) -> str:
    """A delimiter as a person reads it."""
    return "tab" if delimiter == "\t" else delimiter


def renamed(names: list[str], columns: Mapping[str, str]) -> list[str]:
    """Names of a header as the contract (or the adapter) calls them."""
    ours = {theirs: our for our, theirs in columns.items()}
    return [ours.get(name, name) for name in names]


def _fits(first: bytes, dialect: Dialect, columns: Mapping[str, str], needed: Needed, folders: Set[str]) -> bool:
    """Whether the first record, split this way, has all that is needed."""
    try:
        values = header_names(first, dialect)
    except UnreadableError:
        return False
    if dialect.names:
        return len(values) == len(dialect.names)
    there = {*values, *renamed(values, columns), *folders}
    return all(there.intersection(group) for group in needed)


def _first_record(path: Path, dialect: Dialect) -> bytes:
    """The first record without byte order mark and line end."""
    found, quotes = bytearray(), 0
    try:
        with open_bytes(path, dialect) as file:
            while line := file.readline(limits.RECORD):
                found += line
                quotes += line.count(dialect.quote.encode()) if dialect.quote else 0
                if quotes % 2 == 0 or len(found) >= limits.RECORD:
                    break
    except DAMAGED:
        raise damaged(0, 0) from None
    return bytes(found).removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")
