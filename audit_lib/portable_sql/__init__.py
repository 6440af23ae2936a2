"""The linter of measure and derived texts, and what such a text reads. The only package that imports sqlglot.

A text that `lint` finds nothing to say about gives the same rows on DuckDB, Spark (ANSI mode) and SQLite. The subset is
an allow-list: what is not named in `shape.py` is refused, so that a construct nobody thought of is refused too.

- `text.py` reads the text and checks words: functions, number and string literals, semicolons;
- `shape.py` checks which constructs stand where;
- `checker.py` follows columns through CTEs, joins and sub-queries; `values.py` the types of expressions in them, and
  checks what hangs on both; `grouping.py` checks grouped selects;
- `reading.py` tells which tables and columns a text names.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from audit_lib.portable_sql.checker import Checker
from audit_lib.portable_sql.problems import Problems
from audit_lib.portable_sql.reading import reads, tables_read
from audit_lib.portable_sql.relations import SqlType
from audit_lib.portable_sql.shape import check_shape
from audit_lib.portable_sql.text import check_words, parse

__all__ = ["SqlType", "lint", "reads", "tables_read"]


def lint(
    sql: str,
    tables: Mapping[str, Mapping[str, SqlType]],
    *,
    small: AbstractSet[str] = frozenset(),
    keys: AbstractSet[str] = frozenset(),
) -> list[str]:
    """Everything in `sql` that is outside the portable subset, one sentence each with its line; empty when all is well.

    `tables` gives the columns of every table the text may read. `small` names the tables (one row, or a handful) that
    may be joined without an equality. `keys` names columns, besides those ending in `_no` and `item_id`, that are unique
    within a partition and may therefore end the order of a window. Names are compared without regard to case.
    """
    problems = Problems()
    if check_words(sql, problems) and (query := parse(sql, problems)) is not None:
        check_shape(query, problems)
        Checker(tables, small, keys, problems).whole(query)
    return problems.sentences()
