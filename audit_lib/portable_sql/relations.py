"""What the checker knows of a value, a relation and a scope."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SqlType:
    """The type of a column: its kind, and whether it can be NULL."""

    kind: str
    """`integer`, `text` or `boolean`."""
    nullable: bool


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of an expression; None is "not known", and about what is not known nothing is said."""

    kind: str | None = None
    nullable: bool | None = None
    of_period: bool = False
    """Nothing but columns of `period` (and whole numbers added to them)."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, CTE or sub-query: its columns (None: not known) and whether it has only a handful of rows."""

    columns: dict[str, Value] | None
    small: bool = False
    is_single: bool = False
    """It may give a value in place of a column: a small table, or one row of sums."""


@dataclass(slots=True)
class Scope:
    """What the names in one select mean."""

    outer: Scope | None = None
    sources: dict[str, Relation] = field(default_factory=dict)
    nullable_sources: set[str] = field(default_factory=set)
    """Right sides of left joins."""
    not_null: set[tuple[str, str]] = field(default_factory=set)
    """(source, column) for which a condition leaves no NULL."""
    used_outer: bool = False
    """Whether a name of an outer select was used: the query is correlated."""

    def look_up(self, source: str, column: str) -> Value | None:
        """The column of one source of this scope; None when the source is known not to have it."""
        columns = self.sources[source].columns
        if columns is None:
            return Value()
        if (value := columns.get(column)) is None:
            return None
        if (source, column) in self.not_null:
            return Value(value.kind, False, value.of_period)
        nullable = True if source in self.nullable_sources else value.nullable
        return Value(value.kind, nullable, value.of_period)


def either_null(values: list[Value]) -> bool | None:
    """Whether an expression over `values` that is NULL when one of them is can be NULL."""
    if any(v.nullable for v in values):
        return True
    return None if any(v.nullable is None for v in values) else False
