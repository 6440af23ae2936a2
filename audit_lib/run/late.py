"""Late data: what exports now say of the time before an earlier report's as of, and did not say then.

The exports of this run are staged as of the earlier report's as of and held against its `known.parquet` (`known.py`).
Where neither late, changed nor missing rows are told, and no column that a system overwrites differs, a measure that is
run again for the period of that report reads the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from audit_lib.disclosure import Pseudonyms
from audit_lib.engines.duckdb import DuckDB
from audit_lib.errors import DefinitionError
from audit_lib.evidence import sha256_file
from audit_lib.run.assess import ROWS_CALLED, words_and
from audit_lib.run.known import KNOWN, AsOf, Table, lines, sides_kept, tables_now, unstaged
from audit_lib.run.vanished import KEYS, OTHER_KEY, KeyHash, marks, period_of, quoted
from audit_lib.vocabulary import Contract

KINDS = {
    "late": "from before the end of that report's period, but not in its exports",
    "changed": "known to that report, but what was known then reads otherwise now",
    "gone": "known to that report, but not in the exports any more, although they are not declared to lose deleted rows",
    "overwritten": "only columns differ that a system overwrites, or empties when a row is deleted",
}
"""Kind of a late row → what it means."""
NO_ROWS = "that report kept nothing of its rows"
_TABLE, _ROWS = "obs_late", "obs_late_row"
_COUNTS = ("of", *KINDS, "unread")
_TYPES = {"table_name": "text", **dict.fromkeys((f"n_{n}" for n in _COUNTS), "integer"), "counted": "text", "why_not": "text", "earlier": "text", "known_sha256": "text"}
_ROW_TYPES = {"table_name": "text", "number": "integer", "day": "integer", "kind": "text", "rows": "integer"}


@dataclass(frozen=True)
class Late:
    """One table: how many rows, or days of a large log, differ from what the earlier report knew. Kinds as in `KINDS`."""

    table: str
    of: int = 0
    """Rows that the earlier report knew."""
    late: int = 0
    changed: int = 0
    gone: int = 0
    overwritten: int = 0
    unread: int = 0
    """Rows that the earlier report could not read beyond those of now: they may be among the late ones."""
    counted: str = "rows"
    """`rows`; `days` where the earlier report kept the rows by day; `table` for a register, which only differs or not."""
    why_not: str = ""
    """Why it could not be compared; empty when it was."""
    earlier: str = ""
    """The period of the earlier report."""

    def sentence(self) -> str:
        """What came late, was changed or is gone; empty when nothing was."""
        said = {
            "came late (from before the end of {e}, but not in the exports of its report)": self.late,
            "{v} been changed after the fact": self.changed,
            "{v} gone from the exports": self.gone,
        }
        parts = [f"{self._counted(n)} {text.format(e=self.earlier, v='has' if n == 1 and self.counted == 'rows' else 'have')}" for text, n in said.items() if n]
        if not parts:
            return ""
        unread = f"; {self.unread:,} that could not be read then may be among these" if self.unread and self.late else ""
        return f"Since the report for {self.earlier}, of {self._called()}: {words_and(parts)}{unread}."

    def overwritten_sentence(self) -> str:
        """That columns which a system overwrites differ; empty when they do not."""
        if not self.overwritten:
            return ""
        if self.counted == "table":
            return f"The register {self.table} reads otherwise than in the exports of the report for {self.earlier}."
        return (
            f"Since the report for {self.earlier}, columns that a system overwrites, or empties with a deletion, "
            f"read otherwise in {self._counted(self.overwritten)} of {self._called()}."
        )

    def _called(self) -> str:
        return ROWS_CALLED.get(self.table, self.table)

    def _counted(self, number: int) -> str:
        if self.counted == "days":
            return f"rows of {number:,} day{'' if number == 1 else 's'}"
        return f"{number:,}"


@dataclass(frozen=True)
class Found:
    """What a comparison found: the counts of every table, and the rows behind them."""

    tables: Sequence[Late]
    rows: pd.DataFrame
    stamp: str
    """Of the earlier report's file."""


# compare -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Told:
    """What `known.parquet` says of itself."""

    fingerprint: str
    period: str
    zone: str
    as_of: AsOf
    tables: Mapping[str, Table]


def compare(
    engine: DuckDB, contracts: Mapping[str, Contract], pseudonyms: Pseudonyms, zone: str, earlier: Path
) -> Found:
    """What came late since the report in the folder `earlier`. Raises DefinitionError when its file cannot be read."""
    if not (earlier / KNOWN).is_file():
        return Found(_none(engine, contracts, period_of(earlier), NO_ROWS), _no_rows(), _stamp(earlier))
    told = _told(earlier / KNOWN)
    hashed = KeyHash(pseudonyms)
    if why_not := _why_none(engine, told, hashed, zone):
        return Found(_none(engine, contracts, told.period, why_not), _no_rows(), _stamp(earlier))
    now = tables_now(engine, contracts, told.as_of)
    found, rows = [], [_no_rows()]
    for name in sorted(now.keys() | told.tables.keys()):
        one = Late(name, earlier=told.period)
        if why_not := _why_not(told.tables.get(name), now.get(name)):
            found.append(replace(one, why_not=why_not))
            continue
        mine = _differing(engine, contracts[name], told, now[name], hashed, earlier / KNOWN)
        found.append(_counted(one, told.tables[name], now[name], mine))
        rows.append(mine)
    return Found(found, pd.concat(rows, ignore_index=True), _stamp(earlier))


def _told(file: Path) -> _Told:
    try:
        said = marks(file)
        tables = {name: Table(**{**kept, "fixed": tuple(kept["fixed"]), "moving": tuple(kept["moving"])}) for name, kept in json.loads(said["tables"]).items()}
        return _Told(said["fingerprint"], said["period"], said["zone"], AsOf(**json.loads(said["as_of"])), tables)
    except (duckdb.Error, KeyError, ValueError, TypeError):
        raise DefinitionError(f"{file} is not a file of known rows. Make the earlier report again, or leave it out.") from None


def _none(engine: DuckDB, contracts: Mapping[str, Contract], period: str, why_not: str) -> list[Late]:
    loaded = [row[0] for row in engine.rows("select table_name from coverage where rows is not null order by 1")]
    return [Late(table, why_not=why_not, earlier=period) for table in loaded if table in contracts]


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="object" if kind == "text" else "Int64") for name, kind in _ROW_TYPES.items()})


def _stamp(folder: Path) -> str:
    """Tells what was compared with: of a report that kept no rows, by its keys."""
    return sha256_file(folder / KNOWN) if (folder / KNOWN).is_file() else f"none {sha256_file(folder / KEYS)}"


def _why_none(engine: DuckDB, told: _Told, hashed: KeyHash, zone: str) -> str:
    """Why no table can be compared; empty when they can."""
    if told.fingerprint != hashed.fingerprint:
        return OTHER_KEY
    if told.zone != zone:
        return f"its days are those of the time zone {told.zone}"
    if engine.rows("select as_of_second from main.period")[0][0] < told.as_of.second:
        return "this run's period ends before that of the report"
    return ""


def _why_not(then: Table | None, now: Table | None) -> str:
    """Why one table cannot be compared; empty when it can."""
    if then is None:
        return "that report had no export of them"
    if now is None:
        return "the export is missing"
    if not then.is_whole:
        return "the export of that report ends before its period does"
    if not now.is_whole:
        return "the export ends before the period of that report does"
    if lacking := sorted({*then.fixed, *then.moving} - {*now.fixed, *now.moving}):
        return f"the export has no column {', '.join(lacking)}, or it is not read any more"
    return ""


def _differing(
    engine: DuckDB, contract: Contract, told: _Told, now: Table, hashed: KeyHash, file: Path
) -> pd.DataFrame:
    """The lines that differ from those of the earlier report: number of the row (none by day, or when it is gone), day, kind."""
    then, name = told.tables[contract.table], quoted(contract.table)
    same = "key_hash" if then.by == "row" else "day"
    # Of a row that is not before as of any more, the key is still there: it was moved, and is not gone.
    moved = f"union all select key_hash, null, number, 0, 0, null, null from ({unstaged(contract, hashed, told.as_of)}) " if then.by == "row" else ""
    query = (
        f"with now as ({lines(contract, then, hashed, told.as_of)}), "
        "line as (select key_hash, day, number, rows as n_rows, 0 as b_rows, fixed, moving from now union all "
        f"select key_hash, day, null, 0, rows, fixed, moving from read_parquet($file) where table_name = {name} {moved}), "
        "pair as (select max(number) as number, coalesce(max(day) filter (where n_rows > 0), max(day)) as day, "
        "sum(n_rows) as n_rows, sum(b_rows) as b_rows, "
        f"{_differs('fixed')} as is_changed, {_differs('moving')} as is_moved from line group by {same}), "
        f"judged as (select *, {_kind(then, now)} as kind from pair) "
        f"select {name} as table_name, number, day, kind, cast(greatest(abs(n_rows - b_rows), 1) as bigint) as rows "
        "from judged where kind is not null"
    )
    used = {mark: value for mark, value in {**hashed.parameters, "file": str(file)}.items() if f"${mark}" in query}
    with sides_kept(engine):
        return engine.connection.execute(query, used).df().astype({"number": "Int64", "day": "Int64"})


def _differs(column: str) -> str:
    """SQL: whether the digests of then and now differ, where there are both."""
    return f"min({column}) is distinct from max({column})"


def _kind(then: Table, now: Table) -> str:
    """SQL: the kind of a line that differs; NULL for one that does not, or lies outside what one of the exports covers."""
    if then.by == "table":  # a register has no days, so that nothing in it is late: it reads otherwise
        return "case when n_rows <> b_rows or is_moved then 'overwritten' end"
    gone = "null" if now.keeps_deleted is False else "'gone'"  # as its exporter says
    return (
        f"case when n_rows > b_rows then case when {_reaches(then)} then 'late' end "
        f"when n_rows < b_rows then case when number is not null then 'changed' when {_reaches(now)} then {gone} end "
        "when is_changed then 'changed' when is_moved then 'overwritten' end"
    )


def _reaches(table: Table) -> str:
    """SQL: whether a day is one that an export is declared to cover; true where nothing is declared."""
    return "true" if table.covers_from_day is None else f"coalesce(day >= {table.covers_from_day}, true)"


def _counted(one: Late, then: Table, now: Table, rows: pd.DataFrame) -> Late:
    late, changed, gone, overwritten = (int((rows["kind"] == kind).sum()) for kind in KINDS)
    counted = {"row": "rows", "day": "days", "table": "table"}[then.by]
    unread = max(0, then.unread - now.unread) if late else 0
    return replace(one, of=then.rows, late=late, changed=changed, gone=gone, overwritten=overwritten, unread=unread, counted=counted)


# kept in the warehouse -----------------------------------------------------------------------------------------------


def keep(engine: DuckDB, found: Found) -> None:
    """Write what was found into the warehouse, so that every notebook of the run reads the same."""
    rows = [
        {"table_name": one.table, **{f"n_{n}": getattr(one, n) for n in _COUNTS}, **asdict(one), "known_sha256": found.stamp}
        for one in found.tables
    ]
    engine.put(f"main.{_TABLE}", _TYPES, pd.DataFrame(rows, columns=list(_TYPES)))
    engine.put(f"main.{_ROWS}", _ROW_TYPES, found.rows)


def is_kept(engine: DuckDB, earlier: Path) -> bool:
    """Whether the warehouse already knows what came late since this very report."""
    if kept(engine) is None or not ((earlier / KNOWN).is_file() or (earlier / KEYS).is_file()):
        return False
    return engine.rows(f"select distinct known_sha256 from {_TABLE}") == [(_stamp(earlier),)]


def kept(engine: DuckDB) -> list[Late] | None:
    """What the warehouse knows of late data; None when no earlier report was compared with."""
    if not engine.rows(f"select 1 from duckdb_tables() where table_name = '{_TABLE}'"):
        return None
    names = ("table", *_COUNTS, "counted", "why_not", "earlier")
    columns = ", ".join(("table_name", *(f"n_{n}" for n in _COUNTS), "counted", "why_not", "earlier"))
    rows = engine.rows(f"select {columns} from {_TABLE} order by 1")
    return [Late(**dict(zip(names, row, strict=True))) for row in rows]


def rows_kept(engine: DuckDB, contract: Contract, limit: int) -> pd.DataFrame:
    """The rows behind the counts of a table, at most `limit`: key as exported (none by day, or when it is gone), day, kind, rows."""
    columns = ["key", "day", "kind", "rows"]
    if kept(engine) is None:
        return pd.DataFrame(columns=columns)
    own = contract.own_key()
    key, join = (f"t.{own.name}", f"left join {contract.table} t on t.{contract.number} = l.number") if own else ("null", "")
    return engine.frame(
        f"select {key} as key, l.day, l.kind, l.rows from {_ROWS} l {join} where l.table_name = {quoted(contract.table)} "
        f"order by l.kind = 'overwritten', l.kind, l.day, key limit {int(limit)}"
    )


# told ----------------------------------------------------------------------------------------------------------------


def sentences(found: Sequence[Late]) -> list[str]:
    """What came late, was changed or is gone, a sentence per table; what could not be compared, a sentence per reason."""
    reasons: dict[str, list[Late]] = {}
    for one in found:
        if one.why_not:
            reasons.setdefault(one.why_not, []).append(one)
    untold = [_unknown(why_not, tables, is_all=len(tables) == len(found)) for why_not, tables in reasons.items()]
    return [*(said for one in found if (said := one.sentence())), *untold]


def _unknown(why_not: str, tables: Sequence[Late], *, is_all: bool) -> str:
    called = "" if is_all else f" of {words_and(ROWS_CALLED.get(one.table, one.table) for one in tables)}"
    return f"Whether data{called} came late since the report for {tables[0].earlier} is not known: {why_not}."


def as_dicts(found: Sequence[Late] | None) -> list[dict[str, Any]] | None:
    """For `findings.json`; None when no earlier report was compared with."""
    return None if found is None else list(_dicts(found))


def _dicts(found: Sequence[Late]) -> Iterator[dict[str, Any]]:
    for one in found:
        said = [_unknown(one.why_not, [one], is_all=False)] if one.why_not else [one.sentence(), one.overwritten_sentence()]
        yield {**asdict(one), "sentence": " ".join(filter(None, said))}
