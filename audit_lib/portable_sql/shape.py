"""Which constructs stand where: an allow-list of node types and of the parts each may have."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from audit_lib.portable_sql.problems import Problems
from audit_lib.portable_sql.words import RESERVED

_TWO = frozenset({"this", "expression"})
_ONE = frozenset({"this"})

PARTS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset({"with_", "expressions", "from_", "joins", "where", "group", "having"}),
    exp.Union: frozenset({"with_", "this", "expression", "distinct"}),
    exp.Subquery: frozenset({"with_", "this", "alias"}),
    exp.With: frozenset({"expressions"}),
    exp.CTE: frozenset({"this", "alias"}),
    exp.TableAlias: _ONE,
    exp.From: _ONE,
    exp.Table: frozenset({"this", "alias"}),
    exp.Join: frozenset({"this", "on", "side", "kind"}),
    exp.Where: _ONE,
    exp.Having: _ONE,
    exp.Group: frozenset({"expressions"}),
    exp.Alias: frozenset({"this", "alias"}),
    exp.Column: frozenset({"this", "table"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Star: frozenset(),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Boolean: _ONE,
    exp.Null: frozenset(),
    exp.Paren: _ONE,
    exp.And: _TWO,
    exp.Or: _TWO,
    exp.Not: _ONE,
    exp.EQ: _TWO,
    exp.NEQ: _TWO,
    exp.LT: _TWO,
    exp.LTE: _TWO,
    exp.GT: _TWO,
    exp.GTE: _TWO,
    exp.Is: _TWO,
    exp.Between: frozenset({"this", "low", "high"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.Exists: _ONE,
    exp.Neg: _ONE,
    exp.Add: _TWO,
    exp.Sub: _TWO,
    exp.DPipe: frozenset({"this", "expression", "safe"}),
    exp.Case: frozenset({"this", "ifs", "default"}),
    exp.If: frozenset({"this", "true"}),
    exp.Coalesce: frozenset({"this", "expressions"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.DataType: frozenset({"this", "nested"}),
    exp.Count: frozenset({"this", "big_int"}),
    exp.Distinct: frozenset({"expressions"}),
    exp.Min: _ONE,
    exp.Max: _ONE,
    exp.Sum: _ONE,
    exp.Window: frozenset({"this", "partition_by", "order", "spec", "over"}),
    exp.WindowSpec: frozenset({"kind", "start", "start_side", "end", "end_side"}),
    exp.Order: frozenset({"expressions"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.RowNumber: frozenset(),
    exp.Lead: frozenset({"this", "offset", "default"}),
    exp.Lag: frozenset({"this", "offset", "default"}),
}
"""Node type → the parts it may have. Everything else is refused."""

_NAMES = {
    exp.Mul: "multiplication: add parameters up, or join a table",
    exp.Div: "division: rates are computed after SQL",
    exp.IntDiv: "division: rates are computed after SQL",
    exp.Mod: "the remainder (%)",
    exp.Like: "`like`: name the words in a list or join a table",
    exp.ILike: "`ilike`: name the words in a list or join a table",
    exp.RegexpLike: "a regular expression",
    exp.NullSafeEQ: "`is not distinct from`",
    exp.NullSafeNEQ: "`is distinct from`",
    exp.Intersect: "`intersect`: write `exists`",
    exp.Except: "`except`: write `not exists`",
    exp.Values: "`values`: give the rows as a reference table",
    exp.Interval: "an interval: days are whole numbers",
    exp.Filter: "`filter (where …)`: write `sum(case when … then 1 else 0 end)`",
    exp.IgnoreNulls: "`ignore nulls`",
    exp.Lateral: "`lateral`",
    exp.Anonymous: "this function",
}

_PART_NAMES = {
    "limit": "`limit` leaves out rows that differ between engines",
    "offset": "`offset` leaves out rows that differ between engines",
    "order": "`order by` stands only in a window",
    "using": "write `on` instead of `using`",
    "method": "natural and as-of joins are not part of the subset; write `on`",
    "qualify": "`qualify` is not part of the subset; filter in the query around it",
    "windows": "write each window where it is used",
    "db": "tables have no schema before their name",
    "columns": "name the columns inside the query, not behind its name",
    "recursive": "`recursive` is not part of the subset",
    "rollup": "`rollup` is not part of the subset",
    "cube": "`cube` is not part of the subset",
    "grouping_sets": "`grouping sets` is not part of the subset",
}


def check_shape(query: exp.Expr, problems: Problems) -> None:
    """Record every construct of `query` that the subset does not have."""
    for node in query.walk(prune=lambda n: type(n) not in PARTS):
        if type(node) not in PARTS:
            name = _NAMES.get(type(node), f"`{type(node).__name__.lower()}`")
            problems.on(node, f"not part of the subset: {name}")
            continue
        _check_parts(node, problems)
        if check := _RULES.get(type(node)):
            check(node, problems)


def _check_parts(node: exp.Expr, problems: Problems) -> None:
    for part, content in node.args.items():
        if content and part not in PARTS[type(node)] and (type(node), part) != (exp.Select, "distinct"):
            default = f"`{part.rstrip('_')}` of {type(node).__name__.lower()} is not part of the subset"
            problems.on(node, _PART_NAMES.get(part, default))


def _select(node: exp.Expr, problems: Problems) -> None:
    if node.args.get("distinct"):
        problems.on(node, "`select distinct` is not part of the subset; write `group by`")
    if not node.expressions:
        problems.on(node, "a select names at least one column")
    if node.args.get("having") and not node.args.get("group"):
        problems.on(node, "`having` needs `group by`")


def _union(node: exp.Expr, problems: Problems) -> None:
    if node.args.get("distinct"):
        problems.on(node, "`union` drops equal rows without a word; write `union all`")
    if any(isinstance(side, exp.Subquery) for side in (node.this, node.expression)):
        problems.on(node, "the sides of `union all` stand without brackets (SQLite)")


def _identifier(node: exp.Expr, problems: Problems) -> None:
    if node.args.get("quoted"):
        problems.on(node, f"`{node.name}` stands in quotes; names are plain words (SQLite reads unknown ones as text)")
    elif node.name.lower() in RESERVED:
        problems.on(node, f"`{node.name}` is a reserved word on at least one engine; choose another name")


def _table(node: exp.Expr, problems: Problems) -> None:
    if not isinstance(node.this, exp.Identifier):
        problems.on(node, "only tables and sub-queries stand behind `from` and `join`")


def _subquery(node: exp.Expr, problems: Problems) -> None:
    if not isinstance(node.this, exp.Select | exp.Union | exp.Subquery):
        problems.on(node, "brackets behind `from` hold a query")


def _join(node: exp.Expr, problems: Problems) -> None:
    side, kind = node.args.get("side") or "", node.args.get("kind") or ""
    if (side, kind) not in {("", ""), ("", "INNER"), ("", "CROSS"), ("LEFT", ""), ("LEFT", "OUTER")}:
        problems.on(
            node, f"`{f'{side} {kind}'.strip().lower()} join` is not part of the subset; inner and left joins are"
        )
    elif kind == "CROSS" and node.args.get("on"):
        problems.on(node, "`cross join` takes no `on`; write `join … on`")
    elif kind != "CROSS" and not node.args.get("on") and not node.args.get("using") and not node.args.get("method"):
        problems.on(node, "a join needs `on`; commas between tables are not part of the subset")


def _literal(node: exp.Expr, problems: Problems) -> None:
    if not node.args["is_string"] and not node.name.isdigit():
        problems.on(node, "numbers are whole, written in digits only")


def _null(node: exp.Expr, problems: Problems) -> None:
    parent, part = node.parent, node.arg_key
    in_case = (isinstance(parent, exp.If) and part == "true") or (isinstance(parent, exp.Case) and part == "default")
    if not in_case and not isinstance(parent, exp.Is | exp.Cast):
        problems.on(node, "a bare `null` has no type; write `cast(null as integer)`, or `is null` to ask for it")


def _is(node: exp.Expr, problems: Problems) -> None:
    if not isinstance(node.expression, exp.Null):
        problems.on(node, "`is` asks only for `null`; write `= true` or `= false`")


def _in(node: exp.Expr, problems: Problems) -> None:
    if not node.args.get("expressions") and not node.args.get("query"):
        problems.on(node, "a list of `in` holds at least one value")


def _not(node: exp.Expr, problems: Problems) -> None:
    inner = node.this.unnest()
    if isinstance(inner, exp.In) and inner.args.get("query"):
        problems.on(node, "`not in (select …)` finds nothing once the sub-query holds a NULL; write `not exists`")


def _cast(node: exp.Expr, problems: Problems) -> None:
    allowed = isinstance(node.this, exp.Null) and node.args["to"].is_type("int", "boolean")
    if not allowed:
        problems.on(node, "the only casts are `cast(null as integer)` and `cast(null as boolean)`")


def _case_branch(node: exp.Expr, problems: Problems) -> None:
    if not isinstance(node.parent, exp.Case):
        problems.on(node, "`if` is not part of the subset; write `case`")


def _coalesce(node: exp.Expr, problems: Problems) -> None:
    if not node.expressions:
        problems.on(node, "`coalesce` takes at least two values")


def _distinct(node: exp.Expr, problems: Problems) -> None:
    counted = node.parent if isinstance(node.parent, exp.Count) else None
    if counted is None and not isinstance(node.parent, exp.Select):
        problems.on(node, "`distinct` stands only in `count(distinct …)`")
    elif counted is not None and (len(node.expressions) != 1 or isinstance(counted.parent, exp.Window)):
        problems.on(node, "`count(distinct …)` takes one value and is not a window")


def _star(node: exp.Expr, problems: Problems) -> None:
    parent = node.parent
    if not isinstance(parent, exp.Select | exp.Count) and not (
        isinstance(parent, exp.Column) and isinstance(parent.parent, exp.Select)
    ):
        problems.on(node, "`*` stands only in `count(*)` and in the select list of an inner query")


def _join_text(node: exp.Expr, problems: Problems) -> None:
    owner = node.find_ancestor(exp.Alias, exp.Select)
    if not isinstance(owner, exp.Alias) or owner.alias.lower() != "item_id":
        problems.on(node, "`||` only builds `item_id`")


_FRAMED = (exp.Sum, exp.Count, exp.Min, exp.Max)
_ORDERED = (exp.RowNumber, exp.Lead, exp.Lag)


def _window(node: exp.Expr, problems: Problems) -> None:
    function, order, spec = node.this, node.args.get("order"), node.args.get("spec")
    if not isinstance(node.find_ancestor(exp.Where, exp.Having, exp.Join, exp.Group, exp.Select), exp.Select):
        problems.on(node, "a window stands only in the select list; filter in the query around it")
    if isinstance(function, _FRAMED):
        if spec is None:
            problems.on(node, "a window of sum, count, min or max needs its frame written: `rows between … and …`")
        elif order is None and not _is_whole_partition(spec):
            problems.on(node, "a window with this frame needs `order by`")
    elif isinstance(function, _ORDERED):
        if order is None:
            problems.on(node, "this window needs `order by`")
        if spec is not None:
            problems.on(node, "row_number, lead and lag take no frame (Spark refuses it)")
    else:
        problems.on(node, "windows are row_number, lead, lag, sum, count, min and max")


def _is_whole_partition(spec: exp.Expr) -> bool:
    return spec.args.get("start") == "UNBOUNDED" and spec.args.get("end") == "UNBOUNDED"


def _frame(node: exp.Expr, problems: Problems) -> None:
    if str(node.args.get("kind")).upper() != "ROWS" or not node.args.get("end"):
        problems.on(node, "a frame is written `rows between … and …`")
    ends = [node.args.get("start"), node.args.get("end")]
    if any(isinstance(end, exp.Expr) and not isinstance(end, exp.Literal) for end in ends):
        problems.on(node, "the ends of a frame are whole numbers, `unbounded` or `current row`")


def _offset(node: exp.Expr, problems: Problems) -> None:
    offset = node.args.get("offset")
    if offset is not None and not isinstance(offset, exp.Literal):
        problems.on(node, "the offset of lead and lag is a whole number")
    _only_window(node, problems)


def _only_window(node: exp.Expr, problems: Problems) -> None:
    if not isinstance(node.parent, exp.Window):
        problems.on(node, "row_number, lead and lag need `over (…)`")


def _group(node: exp.Expr, problems: Problems) -> None:
    for key in node.expressions:
        if isinstance(key, exp.Literal):
            problems.on(key, "`group by` names columns, not positions")


_RULES: dict[type[exp.Expr], Callable[[exp.Expr, Problems], None]] = {
    exp.Select: _select,
    exp.Union: _union,
    exp.Identifier: _identifier,
    exp.Table: _table,
    exp.Subquery: _subquery,
    exp.Join: _join,
    exp.Literal: _literal,
    exp.Null: _null,
    exp.Is: _is,
    exp.In: _in,
    exp.Not: _not,
    exp.Cast: _cast,
    exp.If: _case_branch,
    exp.Coalesce: _coalesce,
    exp.Distinct: _distinct,
    exp.Star: _star,
    exp.DPipe: _join_text,
    exp.Window: _window,
    exp.WindowSpec: _frame,
    exp.Lead: _offset,
    exp.Lag: _offset,
    exp.RowNumber: _only_window,
    exp.Group: _group,
}
