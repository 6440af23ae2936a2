"""Follows columns and their types through a text and checks what hangs on them.

Where a type is not known, nothing is said: the checker never refuses a text for what it does not understand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from sqlglot import exp

from audit_lib.portable_sql.grouping import check_grouping, is_aggregated
from audit_lib.portable_sql.problems import Problems
from audit_lib.portable_sql.relations import Relation, Scope, SqlType, Value, either_null
from audit_lib.portable_sql.values import Ctes, Values, conjuncts

PERIOD = "period"
"""The one-row table of the run's constants; it may be read for a value, never to filter or join."""


class Checker(Values):
    """Checks one text against the columns of the tables it may read."""

    def __init__(
        self,
        tables: Mapping[str, Mapping[str, SqlType]],
        small: AbstractSet[str],
        keys: AbstractSet[str],
        problems: Problems,
    ) -> None:
        super().__init__(keys, problems)
        small = {name.lower() for name in small}
        self._tables = {
            name.lower(): Relation(
                {c.lower(): Value(t.kind, t.nullable, name.lower() == PERIOD) for c, t in columns.items()},
                name.lower() in small,
                name.lower() in small,
            )
            for name, columns in tables.items()
        }

    def whole(self, query: exp.Expr) -> None:
        """Check a whole text."""
        for select in _branches(query):
            if any(e.is_star for e in select.expressions if not isinstance(e.unalias(), exp.Count)):
                self._problems.on(select, "the outermost select list names its columns; `*` is for inner queries")
        self._query(query, {}, None)

    def _query(self, node: exp.Expr, ctes: Ctes, outer: Scope | None) -> Relation:
        was_filtering, self._filtering = self._filtering, False
        try:
            ctes = self._with(node, ctes)
            if isinstance(node, exp.Subquery):
                return self._query(node.this, ctes, outer)
            if isinstance(node, exp.Union):
                return self._union(node, ctes, outer)
            if isinstance(node, exp.Select):
                return self._select(node, ctes, outer)
            return Relation(None)
        finally:
            self._filtering = was_filtering

    def _with(self, node: exp.Expr, ctes: Ctes) -> Ctes:
        found = dict(ctes)
        clause = node.args.get("with_")
        for cte in clause.expressions if clause is not None else ():
            name = cte.alias.lower()
            if name in self._tables or name in found:
                self._problems.on(cte, f"`{name}` is the name of a table or of an earlier query; choose another")
            found[name] = self._query(cte.this, found, None)
        return found

    def _union(self, node: exp.Union, ctes: Ctes, outer: Scope | None) -> Relation:
        left, right = self._query(node.this, ctes, outer), self._query(node.expression, ctes, outer)
        if left.columns is None or right.columns is None:
            return Relation(left.columns)
        if len(left.columns) != len(right.columns):
            self._problems.on(node.expression, "both sides of `union all` need the same number of columns")
            return Relation(left.columns)
        merged = {}
        for (name, one), other in zip(left.columns.items(), right.columns.values(), strict=True):
            if one.kind and other.kind and one.kind != other.kind:
                self._problems.on(
                    node.expression, f"`{name}` is {one.kind} on one side of `union all` and {other.kind} on the other"
                )
            merged[name] = Value(one.kind or other.kind, either_null([one, other]), one.of_period and other.of_period)
        return Relation(merged, left.small and right.small)

    def _select(self, node: exp.Select, ctes: Ctes, outer: Scope | None) -> Relation:
        scope = Scope(outer)
        if (first := node.args.get("from_")) is not None:
            self._source(first.this, scope, ctes)
        for join in node.args.get("joins") or ():
            self._join(join, scope, ctes)
        where, group, having = (node.args.get(part) for part in ("where", "group", "having"))
        if where is not None:
            self._check_aliases(node, where, scope, "where")
            self._filter(where.this, scope, ctes)
            self._narrow(where.this, scope)
        if group is not None:
            self._check_aliases(node, group, scope, "group by")
            for key in group.expressions:
                self._value(key, scope, ctes)
        columns = self._columns(node, scope, ctes)
        if having is not None:
            self._check_aliases(node, having, scope, "having")
            self._filter(having.this, scope, ctes)
        check_grouping(node, lambda column: self._place(column, scope), self._problems)
        one_row = group is None and any(is_aggregated(e) for e in node.expressions)
        sources = scope.sources.values()
        return Relation(columns, one_row or all(s.small for s in sources), one_row or all(s.is_single for s in sources))

    def _source(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> str:
        """Add what stands behind `from` or `join` to the scope; its name there."""
        alias = node.alias_or_name.lower()
        if isinstance(node, exp.Table):
            relation = ctes.get(node.name.lower()) or self._tables.get(node.name.lower())
            if relation is None:
                self._problems.on(node, f"there is no table `{node.name}`")
                relation = Relation(None)
        else:
            relation = self._query(node, ctes, None)
        if alias in scope.sources:
            self._problems.on(node, f"two tables of one select are called `{alias}`; give one another name")
        scope.sources[alias] = relation
        return alias

    def _join(self, node: exp.Join, scope: Scope, ctes: Ctes) -> None:
        earlier = set(scope.sources)
        alias = self._source(node.this, scope, ctes)
        on, is_left = node.args.get("on"), node.args.get("side") == "LEFT"
        free = scope.sources[alias].small or all(scope.sources[name].small for name in earlier)
        if not free and not any(self._is_equality(c, alias, earlier, scope) for c in conjuncts(on or exp.true())):
            self._problems.on(
                node.this, f"the join of `{alias}` needs an equality with a column of another table in `on`"
            )
        if on is not None:
            self._filter(on, scope, ctes)
        if is_left:
            scope.nullable_sources.add(alias)
        elif on is not None:
            self._narrow(on, scope)

    def _is_equality(self, condition: exp.Expr, alias: str, earlier: AbstractSet[str], scope: Scope) -> bool:
        if not isinstance(condition, exp.EQ):
            return False
        sides = [
            {place[0] for column in side.find_all(exp.Column) if (place := self._place(column, scope))}
            for side in (condition.this, condition.expression)
        ]
        return any(a == {alias} and b and b <= earlier for a, b in (sides, sides[::-1]))

    def _columns(self, node: exp.Select, scope: Scope, ctes: Ctes) -> dict[str, Value] | None:
        """The columns the select list gives; None where a `*` stands for columns that are not known."""
        columns: dict[str, Value] = {}
        is_known = True
        for item in node.expressions:
            if item.is_star and not isinstance(item.unalias(), exp.Count):
                starred = self._starred(item, scope)
                is_known = is_known and starred is not None
                named = list((starred or {}).items())
            else:
                named = [(item.alias_or_name.lower(), self._value(item.unalias(), scope, ctes))]
                self._check_name(item, node)
            for name, value in named:
                if name and name in columns:
                    self._problems.on(item, f"two columns of one select are called `{name}`")
                columns[name or f"?{len(columns)}"] = value
        return columns if is_known else None

    def _check_name(self, item: exp.Expr, select: exp.Select) -> None:
        parent = select.parent
        while isinstance(parent, exp.Union | exp.Subquery) and not parent.alias:
            if isinstance(parent, exp.Union) and parent.expression.unnest() is select:
                return
            parent = parent.parent
        needs_name = parent is None or isinstance(parent, exp.CTE | exp.Subquery)
        if needs_name and not item.alias_or_name:
            self._problems.on(item, "a computed column needs a name: `… as name`")

    def _starred(self, item: exp.Expr, scope: Scope) -> dict[str, Value] | None:
        names = [item.table.lower()] if isinstance(item, exp.Column) else list(scope.sources)
        columns: dict[str, Value] = {}
        for name in names:
            if name not in scope.sources:
                self._problems.on(item, f"no table of this select is called `{name}`")
                return None
            own = scope.sources[name].columns
            if own is None:
                return None
            for column in own:
                if column in columns:
                    self._problems.on(item, f"`*` gives two columns called `{column}`; name the columns")
                columns[column] = scope.look_up(name, column) or Value()
        return columns

    def _check_aliases(self, select: exp.Select, clause: exp.Expr, scope: Scope, where: str) -> None:
        """Names of the select list mean different things behind `where`, `group by` and `having` on each engine."""
        computed = {e.alias.lower() for e in select.expressions if isinstance(e, exp.Alias) and not _is_itself(e)}
        for column in clause.find_all(exp.Column):
            if column.find_ancestor(exp.Select) is not select or column.table or column.name.lower() not in computed:
                continue
            if where == "where" or self._place(column, scope) is None:
                self._problems.on(
                    column, f"`{column.name}` is a name given in the same select list; `{where}` does not know it"
                )


def _branches(query: exp.Expr) -> Iterator[exp.Select]:
    """The selects whose rows are the rows of `query`."""
    if isinstance(query, exp.Select):
        yield query
    elif isinstance(query, exp.Union):
        yield from _branches(query.this)
        yield from _branches(query.expression)
    elif isinstance(query, exp.Subquery):
        yield from _branches(query.this)


def _is_itself(alias: exp.Alias) -> bool:
    """Whether an alias only repeats the name of its column."""
    return isinstance(alias.this, exp.Column) and alias.this.name.lower() == alias.alias.lower()
