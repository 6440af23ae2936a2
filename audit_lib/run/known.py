"""What a report knew at its as of, row by row, so that a later one can tell what came late and what was changed.

A report folder keeps `known.parquet`, readable by its owner only: of every row of every export table that was read, as
staged at as of, the keyed hash of its key, its placing day and two keyed digests. `fixed` is of the columns that say
what was known then and must say the same for ever; `moving` of those that a system overwrites or empties. Ids stand in
the digests as exported, for the numbers of the warehouse differ between exports. Of a large log only the number of rows
and the sum of the digests are kept for each day; of a register, which has no days, for the whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from audit_lib.disclosure import Pseudonyms
from audit_lib.engines.duckdb import DuckDB
from audit_lib.run.vanished import KeyHash, quarantined, quoted, write_marked
from audit_lib.run.world import staged
from audit_lib.vocabulary import Column, Contract

KNOWN = "known.parquet"
"""The file of a report folder."""
BY_DAY_ABOVE = 2_000_000
"""Rows of a table above which they are kept by day: 2 million rows make some 40 MB."""
MOVING = {
    "accounts": {"country", "region", "birth_date", "sign_up_method", "password_scheme", "password_salted"},
    "legal_holds": {"reviewed_on"},
    "stored_records": {"source", "source_party"},
}
"""Columns that a system overwrites, or that it may empty when the row is deleted; of a register, all are."""
UNTOLD = {"accounts": {"last_active_at"}}
"""Columns that move on by themselves: another value says nothing of the exports."""


@dataclass(frozen=True)
class Table:
    """How the rows of one table are kept."""

    by: str
    """`row`, `day` or `table`."""
    fixed: tuple[str, ...]
    moving: tuple[str, ...]
    rows: int
    """Rows that were known at as of."""
    unread: int
    """Rows that could not be read."""
    covers_from_day: int | None
    is_whole: bool
    """Whether the export reaches to as of, as far as it is declared."""
    keeps_deleted: bool | None = None
    """As declared."""


@dataclass(frozen=True)
class AsOf:
    """The instant whose knowledge is kept."""

    second: int
    day: int


def save_known(engine: DuckDB, contracts: Mapping[str, Contract], pseudonyms: Pseudonyms, said: Mapping[str, str], path: Path) -> int:
    """Write `known.parquet`; returns how many lines it has. `said`: the period and the zone of the report."""
    hashed = KeyHash(pseudonyms)
    as_of = AsOf(*engine.rows("select as_of_second, as_of_day from main.period")[0])
    tables = tables_now(engine, contracts, as_of)
    parts = [lines(contracts[name], table, hashed, as_of) for name, table in tables.items()]
    query = " union all ".join(f"select * exclude (number) from ({part})" for part in parts) or _NOTHING
    told = {
        **said,
        "fingerprint": hashed.fingerprint,
        "as_of": json.dumps(asdict(as_of)),
        "tables": json.dumps({name: asdict(table) for name, table in tables.items()}),
    }
    with sides_kept(engine):
        return write_marked(engine, f"{query} order by all", hashed.parameters if parts else {}, told, path)


@contextmanager
def sides_kept(engine: DuckDB) -> Iterator[None]:
    """Within the block a left join stays one: DuckDB 2.0 fails where it builds a join on one that it has turned round (its issue 24807)."""
    before = engine.rows("select current_setting('disabled_optimizers')")[0][0]
    engine.run(f"set disabled_optimizers = {quoted(','.join(filter(None, [before, 'build_side_probe_side'])))}")
    try:
        yield
    finally:
        engine.run(f"set disabled_optimizers = {quoted(before)}")


_NOTHING = (
    "select null::varchar as table_name, null::ubigint as key_hash, null::integer as day, null::bigint as rows, "
    "null::ubigint as fixed, null::ubigint as moving where false"
)


def tables_now(engine: DuckDB, contracts: Mapping[str, Contract], as_of: AsOf) -> dict[str, Table]:
    """The tables that were loaded, and how their rows would be kept."""
    present: dict[str, set[str]] = {}
    for table, column in engine.rows("select table_name, column_name from input_column where state = 'present'"):
        present.setdefault(table, set()).add(column)
    loaded = engine.rows(
        "select table_name, covers_from_day, covers_to_day, extracted_second, keeps_deleted from coverage where rows is not null order by 1"
    )
    found = {}
    for name, covers_from, covers_to, extracted, keeps_deleted in loaded:
        contract = contracts[name]
        rows = engine.rows(f"select count(*) from ({staged(name, as_of.second, as_of.day)})")[0][0]
        moving = present.get(name, set()) & (MOVING.get(name, set()) if contract.placed_by else contract.columns.keys())
        fixed = present.get(name, set()) & contract.columns.keys() - moving - UNTOLD.get(name, set()) - set(contract.key)
        is_whole = not (extracted is not None and extracted < as_of.second) and not (covers_to is not None and covers_to < as_of.day - 1)
        by = "table" if not contract.placed_by else "day" if rows > BY_DAY_ABOVE else "row"
        unread = quarantined(engine, name)
        found[name] = Table(by, tuple(sorted(fixed)), tuple(sorted(moving)), rows, unread, covers_from, is_whole, keeps_deleted)
    return found


def lines(contract: Contract, table: Table, hashed: KeyHash, as_of: AsOf) -> str:
    """The query for the lines that are kept of a table, and the number of the row where a line is one row."""
    rows = _digests(contract, table, hashed, as_of)
    name = quoted(contract.table)
    if table.by == "row":
        return f"select {name} as table_name, key_hash, day, 1::bigint as rows, fixed, moving, number from ({rows})"
    return (
        f"select {name} as table_name, null::ubigint as key_hash, day, count(*) as rows, {_sum('fixed')}, {_sum('moving')}, "
        f"null::integer as number from ({rows}) group by day"
    )


def unstaged(contract: Contract, hashed: KeyHash, as_of: AsOf) -> str:
    """The query for the hashed keys of the rows that lie after as of, where they are kept by row."""
    own = contract.own_key()
    assert own is not None
    return (
        f"select {hashed.sql(own.space or contract.table, own.name)} as key_hash, t.{contract.number} as number from {contract.table} t "
        f"anti join ({staged(contract.table, as_of.second, as_of.day)}) s using ({contract.number})"
    )


def _sum(column: str) -> str:
    """The sum of digests modulo 2^64: it does not depend on their order, and unlike `xor` two equal rows do not cancel out."""
    return f"cast(sum({column}::hugeint) % 18446744073709551616::hugeint as ubigint) as {column}"


def _digests(contract: Contract, table: Table, hashed: KeyHash, as_of: AsOf) -> str:
    """One row per staged row: number, hash of the key (by row only), placing day and the two digests."""
    own = contract.own_key() if table.by == "row" else None
    days = ", ".join(f"s.{contract.columns[column].stem}_day" for column in contract.placed_by)
    key = f"t.{own.name}" if own else "''"
    named = [contract.columns[c] for c in (*table.fixed, *table.moving) if contract.columns[c].type == "id"]
    joins = [f"join {contract.table} t on t.{contract.number} = s.{contract.number}"] if own else []
    joins += [f"left join key_{c.space} k_{c.name} on k_{c.name}.{c.space}_no = s.{_number(contract, c)}" for c in named]
    return (
        f"select s.{contract.number} as number, {hashed.sql(own.space or contract.table, key) if own else 'null::ubigint'} as key_hash, "
        f"{f'coalesce({days}, null)' if days else 'null::integer'} as day, "
        f"{_digest(contract, table.fixed, key, hashed)} as fixed, {_digest(contract, table.moving, key, hashed)} as moving "
        f"from ({staged(contract.table, as_of.second, as_of.day)}) s {' '.join(joins)}"
    )


def _number(contract: Contract, column: Column) -> str:
    """The staged column with the number of an id."""
    return contract.number if column.name in contract.key else contract.stored_names(column)[0]


def _digest(contract: Contract, columns: tuple[str, ...], key: str, hashed: KeyHash) -> str:
    """The digest of some columns of a row together with its key: equal rows of different keys have different ones."""
    if not columns:
        return "null::ubigint"
    values = ", ".join([key, *(f"cast({_value(contract, contract.columns[c])} as varchar)" for c in columns)])
    return hashed.sql(f"row of {contract.table}", f"cast(to_json([{values}]) as varchar)")


def _value(contract: Contract, column: Column) -> str:
    """A column as a value that does not depend on the warehouse or, for an instant, on the time zone."""
    return f"k_{column.name}.{column.space}_id" if column.type == "id" else f"s.{contract.stored_names(column)[0]}"
