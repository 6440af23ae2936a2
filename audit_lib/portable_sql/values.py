"""Works out what is known of expressions and conditions, and checks what hangs on their types."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from sqlglot import exp

from audit_lib.portable_sql.problems import Problems
from audit_lib.portable_sql.relations import Relation, Scope, Value, either_null

COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
CONDITIONS = (*COMPARISONS, exp.Between, exp.In, exp.Is, exp.Exists)
_AGGREGATES = (exp.Count, exp.Min, exp.Max, exp.Sum)

Ctes = Mapping[str, Relation]


def conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of a condition that must all be true."""
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.this)
        yield from conjuncts(condition.expression)
    else:
        yield condition


class Values(ABC):
    """The part of the checker that knows expressions; queries inside them are left to `_query`."""

    def __init__(self, keys: AbstractSet[str], problems: Problems) -> None:
        self._keys = {key.lower() for key in keys} | {"item_id"}
        self._problems = problems
        self._filtering = False
        """Whether the expression at hand stands in `where`, `having` or `on`."""

    @abstractmethod
    def _query(self, node: exp.Expr, ctes: Ctes, outer: Scope | None) -> Relation:
        """Check a query inside an expression; what it gives."""

    # conditions --------------------------------------------------------------------------------------------------

    def _filter(self, condition: exp.Expr, scope: Scope, ctes: Ctes) -> None:
        was_filtering, self._filtering = self._filtering, True
        self._condition(condition, scope, ctes)
        self._filtering = was_filtering

    def _condition(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        """Check an expression that decides something: it must be a comparison, not a bare boolean."""
        inner = node.unnest()
        if isinstance(inner, exp.And | exp.Or):
            parts = [self._condition(inner.this, scope, ctes), self._condition(inner.expression, scope, ctes)]
            return Value("boolean", either_null(parts))
        if isinstance(inner, exp.Not):
            return self._condition(inner.this, scope, ctes)
        if not isinstance(inner, CONDITIONS):
            self._problems.on(inner, f"`{inner.sql()}` is a bare boolean; write `= true` or `= false`")
        return self._value(inner, scope, ctes)

    def _narrow(self, condition: exp.Expr, scope: Scope) -> None:
        """Note the columns that cannot be NULL where `condition` is true."""
        for part in conjuncts(condition):
            negated = isinstance(part, exp.Not)
            test = part.this.unnest() if negated else part
            if isinstance(test, exp.Is):
                operands = [test.this] if negated != bool(test.args.get("negate")) else []
            elif isinstance(test, COMPARISONS):
                operands = [test.this, test.expression]
            elif isinstance(test, exp.Between) and not negated:
                operands = [test.this, test.args["low"], test.args["high"]]
            else:
                operands = [test.this] if isinstance(test, exp.In) else []
            for operand in operands:
                for column in _strict_columns(operand):
                    if (place := self._place(column, scope)) is not None:
                        scope.not_null.add(place)

    # values ------------------------------------------------------------------------------------------------------

    def _value(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        """What is known of an expression; records every problem inside it."""
        rule = _VALUES.get(type(node))
        return rule(self, node, scope, ctes) if rule is not None else Value()

    def _place(self, column: exp.Expr, scope: Scope) -> tuple[str, str] | None:
        """(source, column) of this very select that a name means; None if it means none, or more than one."""
        name = column.name.lower()
        if table := column.args.get("table"):
            source = table.name.lower()
            is_there = source in scope.sources and scope.look_up(source, name) is not None
            return (source, name) if is_there else None
        owners = [s for s in scope.sources if scope.look_up(s, name) is not None]
        return (owners[0], name) if len(owners) == 1 else None

    def _column(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        value = self._resolve(node, scope)
        if value.of_period and self._filtering:
            self._problems.on(
                node, f"`{node.name}` of `period` stands in `where`, `having` or `on`; read it for a value only"
            )
        return value

    def _resolve(self, node: exp.Expr, scope: Scope) -> Value:
        passed: list[Scope] = []
        current: Scope | None = scope
        while current is not None:
            if (value := self._in_scope(node, current)) is not None:
                for inner in passed:
                    inner.used_outer = True
                return value
            passed.append(current)
            current = current.outer
        before = f"{node.args['table'].name}." if node.args.get("table") else ""
        self._problems.on(node, f"there is no column `{before}{node.name}` in the tables of this select")
        return Value()

    def _in_scope(self, node: exp.Expr, scope: Scope) -> Value | None:
        if (place := self._place(node, scope)) is not None:
            return scope.look_up(*place)
        if node.args.get("table"):
            return None
        owners = [s for s in scope.sources if scope.look_up(s, node.name.lower()) is not None]
        if not owners:
            return None
        if all(scope.sources[s].columns is not None for s in owners):
            self._problems.on(node, f"`{node.name}` is a column of {' and '.join(owners)}; write which one is meant")
        return Value()

    def _same_kind(self, node: exp.Expr, values: list[Value]) -> str | None:
        kinds = sorted({v.kind for v in values if v.kind is not None})
        if len(kinds) > 1:
            self._problems.on(node, f"`{_short(node)}` puts {' and '.join(kinds)} side by side; engines differ on that")
        return kinds[0] if len(kinds) == 1 else None

    def _need(self, node: exp.Expr, value: Value, kind: str) -> None:
        if value.kind not in (None, kind):
            self._problems.on(node, f"`{_short(node)}` is {value.kind}, where {kind} is needed")

    def _literal(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        return Value("text" if node.args["is_string"] else "integer", False)

    def _boolean(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        return Value("boolean", False)

    def _null(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        return Value(None, True)

    def _cast(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        to = node.args["to"]
        kind = "integer" if to.is_type("int", "bigint") else "boolean" if to.is_type("boolean") else None
        return Value(kind, self._value(node.this, scope, ctes).nullable)

    def _inner(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        return self._value(node.this, scope, ctes)

    def _arithmetic(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        operands = [o for o in (node.this, node.args.get("expression")) if o is not None]
        values = [self._value(o, scope, ctes) for o in operands]
        for operand, value in zip(operands, values, strict=True):
            self._need(operand, value, "integer")
        named = [v for o, v in zip(operands, values, strict=True) if not isinstance(o, exp.Literal)]
        return Value("integer", either_null(values), bool(named) and all(v.of_period for v in named))

    def _joined_text(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        return Value("text", either_null([self._value(n, scope, ctes) for n in (node.this, node.expression)]))

    def _logic(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        return self._condition(node, scope, ctes)

    def _comparison(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        values = [self._value(n, scope, ctes) for n in (node.this, node.expression)]
        self._same_kind(node, values)
        return Value("boolean", either_null(values))

    def _between(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        values = [self._value(node.args[part], scope, ctes) for part in ("this", "low", "high")]
        self._same_kind(node, values)
        return Value("boolean", either_null(values))

    def _in(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        values = [self._value(n, scope, ctes) for n in (node.this, *node.expressions)]
        if (query := node.args.get("query")) is not None:
            columns = self._query(query, ctes, Scope(scope)).columns
            if columns is not None and len(columns) != 1:
                self._problems.on(node, "the sub-query of `in` gives one column")
            values += list((columns or {}).values())
        self._same_kind(node, values)
        return Value("boolean", either_null(values))

    def _is(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        self._value(node.this, scope, ctes)
        return Value("boolean", False)

    def _exists(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        self._query(node.this, ctes, scope)
        return Value("boolean", False)

    def _scalar(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        here = Scope(scope)
        relation = self._query(node, ctes, here)
        if here.used_outer:
            self._problems.on(node, "a sub-query that gives a value may not depend on the row; write a join")
        if not relation.is_single:
            self._problems.on(node, "a sub-query that gives a value may give several rows; count or sum, or join it")
        if relation.columns is None or len(relation.columns) != 1:
            self._problems.on(node, "a sub-query that gives a value gives one column")
            return Value()
        (value,) = relation.columns.values()
        if value.of_period and self._filtering:
            self._problems.on(node, "a value of `period` stands in `where`, `having` or `on`; read it for a value only")
        return Value(value.kind, True, value.of_period)

    def _case(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        results = []
        subject = node.args.get("this")
        compared = [self._value(subject, scope, ctes)] if subject is not None else []
        for branch in node.args["ifs"]:
            if subject is None:
                self._condition(branch.this, scope, ctes)
            else:
                compared.append(self._value(branch.this, scope, ctes))
            results.append(self._value(branch.args["true"], scope, ctes))
        default = node.args.get("default")
        results.append(Value(None, True) if default is None else self._value(default, scope, ctes))
        self._same_kind(node, compared)
        return Value(self._same_kind(node, results), either_null(results))

    def _coalesce(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        values = [self._value(n, scope, ctes) for n in (node.this, *node.expressions)]
        kind = self._same_kind(node, values)
        if any(v.nullable is False for v in values):
            return Value(kind, False)
        return Value(kind, True if all(v.nullable for v in values) else None)

    def _aggregate(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        operand = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
        value = self._value(operand, scope, ctes)
        if isinstance(node, exp.Count):
            return Value("integer", False)
        if isinstance(node, exp.Sum):
            self._need(operand, value, "integer")
        select = node.find_ancestor(exp.Select)
        is_grouped = select is not None and select.args.get("group") is not None
        return Value(value.kind, value.nullable if is_grouped else True)

    def _window(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> Value:
        for key in node.args.get("partition_by") or ():
            self._value(key, scope, ctes)
        if (order := node.args.get("order")) is not None:
            self._order(order, scope, ctes)
        function = node.this
        if isinstance(function, exp.RowNumber):
            return Value("integer", False)
        if isinstance(function, exp.Lead | exp.Lag):
            given = [n for n in (function.this, function.args.get("default")) if n is not None]
            values = [self._value(n, scope, ctes) for n in given]
            return Value(self._same_kind(function, values), True if len(given) == 1 else either_null(values))
        value = self._aggregate(function, scope, ctes) if isinstance(function, _AGGREGATES) else Value()
        if isinstance(function, exp.Count) or not isinstance(function, _AGGREGATES):
            return value
        nullable = self._quiet_nullable(function.this, scope, ctes) if _has_own_row(node.args.get("spec")) else True
        return Value(value.kind, nullable)

    def _quiet_nullable(self, node: exp.Expr, scope: Scope, ctes: Ctes) -> bool | None:
        """Whether an expression that was checked before can be NULL."""
        return self._value(node, scope, ctes).nullable

    def _order(self, order: exp.Expr, scope: Scope, ctes: Ctes) -> None:
        for term in order.expressions:
            if self._value(term.this, scope, ctes).nullable:
                self._problems.on(
                    term,
                    f"a window is ordered by `{_short(term.this)}`, which can be NULL; engines put NULLs at different ends",
                )
        last = order.expressions[-1].this.unnest()
        name = last.name.lower() if isinstance(last, exp.Column) else ""
        if not (name.endswith("_no") or name in self._keys):
            self._problems.on(
                order,
                "the order of a window ends with the key of its rows (a column `…_no`); else ties fall differently",
            )


def _strict_columns(operand: exp.Expr) -> Iterator[exp.Expr]:
    """Columns that make an operand NULL when they are NULL."""
    operand = operand.unnest()
    if isinstance(operand, exp.Column):
        yield operand
    elif isinstance(operand, exp.Add | exp.Sub):
        yield from _strict_columns(operand.this)
        yield from _strict_columns(operand.expression)
    elif isinstance(operand, exp.Neg):
        yield from _strict_columns(operand.this)


def _has_own_row(spec: exp.Expr | None) -> bool:
    """Whether the frame of a window holds the current row, and so at least one."""
    if spec is None:
        return False
    start, start_side = spec.args.get("start"), spec.args.get("start_side")
    end, end_side = spec.args.get("end"), spec.args.get("end_side")
    return (start == "CURRENT ROW" or start_side == "PRECEDING") and (end == "CURRENT ROW" or end_side == "FOLLOWING")


def _short(node: exp.Expr) -> str:
    text = node.sql()
    return text if len(text) <= 60 else f"{text[:57]}…"


_Rule = Callable[[Values, exp.Expr, Scope, Ctes], Value]

_VALUES: dict[type[exp.Expr], _Rule] = {
    exp.Column: Values._column,
    exp.Literal: Values._literal,
    exp.Boolean: Values._boolean,
    exp.Null: Values._null,
    exp.Cast: Values._cast,
    exp.Paren: Values._inner,
    exp.Alias: Values._inner,
    exp.Neg: Values._arithmetic,
    exp.Add: Values._arithmetic,
    exp.Sub: Values._arithmetic,
    exp.DPipe: Values._joined_text,
    exp.And: Values._logic,
    exp.Or: Values._logic,
    exp.Not: Values._logic,
    **dict.fromkeys(COMPARISONS, Values._comparison),
    exp.Between: Values._between,
    exp.In: Values._in,
    exp.Is: Values._is,
    exp.Exists: Values._exists,
    exp.Subquery: Values._scalar,
    exp.Case: Values._case,
    exp.Coalesce: Values._coalesce,
    **dict.fromkeys(_AGGREGATES, Values._aggregate),
    exp.Window: Values._window,
}
"""Node type → how its value is worked out. What is not here was refused by `shape`."""
