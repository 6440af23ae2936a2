"""What a database holds, as far as an audit must know: relations, their columns, and how a session hands them over."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from audit_lib.ingest.databases.address import BadAddressError

Progress = Callable[[str], None]
SAY_EVERY = 500_000
"""Rows after which progress is said."""
_PART = r'(?:"(?:[^"]|"")+"|[^".\s][^".]*)'
_RELATION = re.compile(rf"(?:(?P<schema>{_PART})\.)?(?P<name>{_PART})")


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view by its exact name."""

    schema: str
    """Empty: where the database looks by itself."""
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class DatabaseColumn:
    """A column of a relation, and SQL for its text; both None: it holds no text, number, date or instant."""

    name: str
    type: str
    plain: str | None
    nested: str | None = None
    """SQL for its JSON text where it holds a list or an object: only adapters read those."""


class Session(Protocol):
    """A read-only transaction in a database. Every method raises UnreadableError for what the user can mend."""

    how: str
    """How it copies, for the report."""

    def columns(self, relation: Relation) -> list[DatabaseColumn]:
        """Columns of a relation that the user may read, in the relation's order."""

    def copy(self, relation: Relation, columns: Sequence[DatabaseColumn], order: Sequence[str], path: Path, said: Progress) -> int:
        """Write the columns as UTF-8 CSV with a header line, ordered by the columns `order`; the number of rows."""

    def count(self, relation: Relation) -> int:
        """Rows of the relation, by the database's own count."""

    def close(self) -> None:
        """End transaction and connection."""


def parse_relation(text: str) -> Relation:
    """`table` or `schema.table`, in double quotes where a part holds a dot or a quote. Raises BadAddressError."""
    found = _RELATION.fullmatch(text)
    if found is None or any(ord(char) < 32 for char in text):
        raise BadAddressError('must be the name of a table or view, such as public.accounts or "my.schema".accounts')
    return Relation(_bare(found["schema"] or ""), _bare(found["name"]))


def _bare(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
