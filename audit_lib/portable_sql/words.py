"""Words that matter to the linter: reserved ones, functions of the subset, words after which a bracket is grammar."""

from __future__ import annotations

_DUCKDB = """
all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect
into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary
qualify references returning select show some summarize symmetric table then to trailing true union unique unpivot
using variadic when where window with
anti asof at authorization binary by collation columns concurrently cross freeze full generated glob ilike inner is
isnull join left like map natural notnull outer overlaps positional right semi similar struct tablesample try_cast tuple
unpack verbose recursive
"""
"""`duckdb_keywords()` of DuckDB 2.0: the reserved words, and those that may only name a type or a function."""

_SPARK = """
all and any as authorization both case cast check collate column constraint create cross current_date current_time
current_timestamp current_user distinct else end escape except false fetch filter for foreign from full grant group
having in inner intersect into is join lateral leading left natural not null on only or order outer overlaps primary
references right select session_user some table then time to trailing union unique unknown user using when where with
anti minus semi sql percentile_cont percentile_disc within
"""
"""Reserved in ANSI mode (Spark SQL reference, "ANSI compliance", table of keywords), and words that may not be the
alias of a table in default mode."""

_SQLITE = """
add all alter and as autoincrement between case check collate commit constraint create default deferrable delete
distinct drop else escape except exists foreign from group having in index insert intersect into is isnull join limit
not nothing notnull null on or order primary raise references returning select set table then to transaction union
unique update using values when where
"""
"""Words that SQLite ("SQLite Keywords") does not take as a name without quoting: tried one by one on SQLite 3."""

RESERVED = frozenset(f"{_DUCKDB} {_SPARK} {_SQLITE}".split())
"""Words that cannot be a name on at least one engine."""

FUNCTIONS = frozenset({"count", "min", "max", "sum", "coalesce", "row_number", "lead", "lag", "cast"})
"""The functions of the subset."""

_GRAMMAR = "over as in exists on and or not when then else case between where having from join select by all is with"

BEFORE_BRACKET = frozenset(_GRAMMAR.split())
"""Words of the grammar that may stand before an opening bracket without being a function."""
