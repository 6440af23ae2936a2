"""Which tables and columns a text names."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from audit_lib.errors import raise_problems
from audit_lib.portable_sql.problems import Problems
from audit_lib.portable_sql.relations import SqlType
from audit_lib.portable_sql.text import check_words, parse


def tables_read(sql: str) -> frozenset[str]:
    """The tables `sql` reads, in small letters; CTEs are not tables. Raises DefinitionError if it cannot be read."""
    return frozenset(_tables(_query(sql)))


def reads(sql: str, tables: Mapping[str, Mapping[str, SqlType]]) -> dict[str, frozenset[str]]:
    """Table → the columns of it that `sql` names. Raises DefinitionError if the text cannot be read.

    Never too few, sometimes too many: a column without its table's name counts for every table of the text that has
    one of that name. `select *` counts as all columns. Of a table that is not in `tables`, only columns written with
    its name are known. Everything is in small letters.
    """
    query = _query(sql)
    known = {name.lower(): {c.lower() for c in columns} for name, columns in tables.items()}
    found: dict[str, set[str]] = {table: set() for table in _tables(query)}
    for column in query.find_all(exp.Column):
        if not isinstance(column.this, exp.Star):
            _add(column, found, known)
    for star in _stars(query):
        for table in _starred(star):
            found[table] |= known.get(table, set())
    return {table: frozenset(columns) for table, columns in sorted(found.items())}


def _query(sql: str) -> exp.Expr:
    problems = Problems()
    query = parse(sql, problems) if check_words(sql, Problems()) else None
    if query is None:
        raise_problems(problems.sentences() or ["line 1: cannot be read"], "SQL text")
        raise AssertionError("unreachable: a text without a query has a problem")
    return query


def _visible_ctes(node: exp.Expr) -> set[str]:
    """Names of the CTEs that a table reference at `node` can mean: earlier ones of every `with` around it."""
    names: set[str] = set()
    child, parent = node, node.parent
    while parent is not None:
        own = parent.args.get("with_")
        if isinstance(parent, exp.With):
            for cte in parent.expressions:
                if cte is child:
                    break
                names.add(cte.alias.lower())
        elif own is not None and own is not child:
            names |= {cte.alias.lower() for cte in own.expressions}
        child, parent = parent, parent.parent
    return names


def _tables(query: exp.Expr) -> set[str]:
    return {t.name.lower() for t in query.find_all(exp.Table) if _is_base(t)}


def _is_base(table: exp.Table) -> bool:
    return bool(table.name) and table.name.lower() not in _visible_ctes(table)


def _own_sources(select: exp.Select) -> dict[str, str | None]:
    """Alias → table, or None for a CTE or sub-query, of one select."""
    nodes = [j.this for j in select.args.get("joins") or []]
    if select.args.get("from_"):
        nodes.append(select.args["from_"].this)
    return {
        node.alias_or_name.lower(): node.name.lower() if isinstance(node, exp.Table) and _is_base(node) else None
        for node in nodes
    }


def _owner(column: exp.Column) -> str | None:
    """The base table that the name before the point means; None for a CTE, a sub-query or an unknown name."""
    name = column.table.lower()
    select = column.find_ancestor(exp.Select)
    while select is not None:
        sources = _own_sources(select)
        if name in sources:
            return sources[name]
        select = select.find_ancestor(exp.Select)
    return None


def _add(column: exp.Column, found: dict[str, set[str]], known: Mapping[str, set[str]]) -> None:
    name = column.name.lower()
    if column.table:
        if (owner := _owner(column)) is not None:
            found[owner].add(name)
        return
    for table, columns in found.items():
        if name in known.get(table, ()):
            columns.add(name)


def _stars(query: exp.Expr) -> list[exp.Expr]:
    return [star for star in query.find_all(exp.Star) if not isinstance(star.parent, exp.Count)]


def _starred(star: exp.Expr) -> set[str]:
    """The base tables whose columns a `*` or `name.*` stands for."""
    if isinstance(star.parent, exp.Column):
        owner = _owner(star.parent)
        return set() if owner is None else {owner}
    select = star.find_ancestor(exp.Select)
    sources = _own_sources(select) if select is not None else {}
    return {table for table in sources.values() if table is not None}
