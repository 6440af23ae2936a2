"""Checks that a grouped select names only grouped columns outside its sums (SQLite would take any row's value)."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from audit_lib.portable_sql.problems import Problems

Place = Callable[[exp.Expr], tuple[str, str] | None]
"""Tells the (source, column) of the select that a name means."""

_AGGREGATES = (exp.Count, exp.Min, exp.Max, exp.Sum)


def is_aggregated(node: exp.Expr) -> bool:
    """Whether a sum, count, min or max over the rows of the select (not a window, not a sub-query) is in `node`."""
    return any(
        isinstance(n, _AGGREGATES) and not isinstance(n.parent, exp.Window)
        for n in node.walk(prune=lambda n: isinstance(n, exp.Select | exp.Union))
    )


def check_grouping(select: exp.Select, place: Place, problems: Problems) -> None:
    """Record every column of a grouped select that is neither grouped nor inside a sum, count, min or max."""
    group, having = select.args.get("group"), select.args.get("having")
    parts = [*select.expressions, *([having.this] if having is not None else [])]
    if group is None and not any(is_aggregated(part) for part in parts):
        return
    keys = {_written(key, place) for key in (group.expressions if group is not None else [])}
    for part in parts:
        _check(part.unalias(), keys, place, problems)


def _check(node: exp.Expr, keys: set[str], place: Place, problems: Problems) -> None:
    if _written(node, place) in keys or isinstance(node, exp.Select | exp.Union):
        return
    if isinstance(node, _AGGREGATES) and not isinstance(node.parent, exp.Window):
        return
    if isinstance(node, exp.Column):
        if isinstance(node.this, exp.Star) or place(node) is not None:
            problems.on(node, f"`{node.sql()}` is neither in `group by` nor inside count, min, max or sum")
        return
    for child in node.iter_expressions():
        _check(child, keys, place, problems)


def _written(node: exp.Expr, place: Place) -> str:
    """An expression with every column under its full name, so that `a.x` and `x` compare equal."""

    def full(n: exp.Expr) -> exp.Expr:
        if isinstance(n, exp.Column) and (found := place(n)) is not None:
            return exp.column(found[1], table=found[0])
        return n

    return node.transform(full).sql()
