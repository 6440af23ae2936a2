"""Keys that an earlier run had and that are gone without a day of deletion: what no export says by itself.

A report folder keeps `keys.parquet`, readable by its owner only: for every table that must keep its deleted rows the
keyed hash of each key and the day of its first instant. Nobody without the auditor's key can tell from it whether an
account was there. A later run hashes its own keys with the same key and looks which of the earlier ones are missing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from audit_lib.disclosure import Pseudonyms
from audit_lib.engines.duckdb import DuckDB
from audit_lib.errors import DefinitionError
from audit_lib.evidence import sha256_file
from audit_lib.run.assess import ROWS_CALLED, TOMBSTONE
from audit_lib.vocabulary import Contract, Finding, Measure, Period, Status

KEYS = "keys.parquet"
"""The file of a report folder."""
_PURPOSE = "keys of a report"
"""Makes the key of this file another one than that of the pseudonyms, so that the two cannot be joined."""
_TABLE = "obs_vanished"
_TYPES = {
    "table_name": "text", "vanished": "integer", "known": "integer", "out_of_reach": "integer", "unread": "integer", "why_not": "text",
    "earlier": "text", "keys_sha256": "text",
}  # fmt: skip
_BLOCK = 64
"""Bytes of a block of SHA-256."""
OTHER_KEY = "its keys were made with another key, so they cannot be compared"


@dataclass(frozen=True)
class Vanished:
    """One table: of the keys that the earlier run knew and that were not deleted then, how many are gone without a word."""

    table: str
    vanished: int = 0
    of: int = 0
    """Keys of the earlier run."""
    out_of_reach: int = 0
    """Gone as well, but from before the first day that this export is declared to cover."""
    unread: int = 0
    """Rows quarantined in this export beyond those of the earlier one: keys that seem gone may be among them."""
    why_not: str = ""
    """Why it could not be compared; empty when it was."""
    earlier: str = ""
    """The period of the earlier report."""

    def sentence(self) -> str:
        """`412 of 20,000 accounts that the report for 2018-Q2 knew are gone without a day of deletion.`"""
        called = ROWS_CALLED.get(self.table, self.table)
        if self.why_not:
            return f"Whether {called} have vanished since the report for {self.earlier} is not known: {self.why_not}."
        verb = "is" if self.vanished == 1 else "are"
        text = f"{self.vanished:,} of {self.of:,} {called} that the report for {self.earlier} knew {verb} gone without a day of deletion"
        more = "more row" if self.unread == 1 else "more rows"
        unread = f"; {self.unread:,} {more} than then could not be read and may be among these" if self.unread else ""
        return f"{text}{unread}."


# the hash ------------------------------------------------------------------------------------------------------------


class KeyHash:
    """HMAC-SHA-256 of keys, cut to 64 bits, inside the database: two passes of its own sha256, about a million keys a second."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        key = pseudonyms.key_for(_PURPOSE).ljust(_BLOCK, b"\0")
        self._pads = {"inner": bytes(b ^ 0x36 for b in key), "outer": bytes(b ^ 0x5C for b in key)}
        self.fingerprint = hmac.new(pseudonyms.key_for(_PURPOSE), b"fingerprint", hashlib.sha256).hexdigest()
        """Tells two keys apart without telling either."""

    def sql(self, space: str, column: str) -> str:
        """SQL for the hash of a text column as UBIGINT; needs `parameters` when it is run, so that no text holds the key."""
        message = f"encode('{space}' || chr(0) || {column})"
        inner = f"unhex(sha256(cast($inner as blob) || {message}))"
        return f"cast('0x' || substr(sha256(cast($outer as blob) || {inner}), 1, 16) as ubigint)"

    @property
    def parameters(self) -> dict[str, bytes]:
        """The values for the marks of `sql`."""
        return dict(self._pads)


# written by every report ---------------------------------------------------------------------------------------------


def save_keys(engine: DuckDB, contracts: Mapping[str, Contract], pseudonyms: Pseudonyms, period: Period, path: Path) -> int:
    """Write `keys.parquet`, readable by its owner only; returns how many keys it holds.

    Rows with an instant of deletion are left out: they may go. An account ends when it is closed, a record when it is
    deleted; requests and consent decisions have no such instant, so that all of theirs are kept.
    """
    hashed = KeyHash(pseudonyms)
    tables = _loaded(engine, contracts)
    parts = [_keys_sql(contracts[table], hashed, only_alive=True) for table in tables]
    unread = {table: quarantined(engine, table) for table in tables}
    told = {"fingerprint": hashed.fingerprint, "period": str(period), "unread": json.dumps(unread)}
    empty = "select null::varchar as table_name, null::ubigint as key_hash, null::integer as first_day where false"
    return write_marked(engine, " union all ".join(parts) or empty, hashed.parameters if parts else {}, told, path)


def write_marked(engine: DuckDB, query: str, parameters: Mapping[str, Any], told: Mapping[str, str], path: Path) -> int:
    """Write the rows of a query as Parquet that only its owner can read, with texts beside them; returns how many."""
    texts = ", ".join(f"{name}: {quoted(value)}" for name, value in told.items())
    path.touch(mode=0o600)
    path.chmod(0o600)
    copy = f"copy ({query}) to {quoted(str(path))} (format parquet, compression zstd, kv_metadata {{{texts}}})"
    rows = engine.connection.execute(copy, dict(parameters)).fetchall()
    path.chmod(0o600)
    return int(rows[0][0])


def quarantined(engine: DuckDB, table: str) -> int:
    """Rows of the exports of a table that could not be read."""
    query = f"select coalesce(sum(quarantined), 0) from input_file where table_name = {quoted(table)}"
    return int(engine.rows(query)[0][0])


def _loaded(engine: DuckDB, contracts: Mapping[str, Contract]) -> list[str]:
    """The tables with tombstones that were loaded."""
    loaded = {row[0] for row in engine.rows("select table_name from coverage where rows is not null")}
    return sorted(table for table, contract in contracts.items() if contract.tombstones and table in loaded)


def _keys_sql(contract: Contract, hashed: KeyHash, *, only_alive: bool) -> str:
    own = contract.columns[contract.key[0]]
    days = ", ".join(f"{contract.columns[column].stem}_day" for column in contract.placed_by)
    ended = TOMBSTONE.get(contract.table)
    alive = f" where {contract.columns[ended].stem}_second is null" if ended and only_alive else ""
    return (
        f"select {quoted(contract.table)} as table_name, {hashed.sql(own.space, own.name)} as key_hash, "
        f"coalesce({days}, null) as first_day from {contract.table}{alive}"
    )


# read by a later run -------------------------------------------------------------------------------------------------


def compare(engine: DuckDB, contracts: Mapping[str, Contract], pseudonyms: Pseudonyms, earlier: Path) -> list[Vanished]:
    """What has vanished since the report in the folder `earlier`. Raises DefinitionError when it holds no keys."""
    file = earlier / KEYS
    told = _told(file)
    hashed = KeyHash(pseudonyms)
    found = []
    for table, contract in sorted(contracts.items()):
        if contract.tombstones:
            one = Vanished(table, earlier=told.period)
            found.append(_compare_one(engine, contract, hashed, file, told, one))
    return found


@dataclass(frozen=True)
class _Told:
    """What a file of keys says of itself."""

    fingerprint: str
    period: str
    unread: Mapping[str, int]
    """Table that was read → rows of it that were quarantined."""


def _told(file: Path) -> _Told:
    if not file.is_file():
        raise DefinitionError(f"{file.parent} holds no {KEYS} of a report. Name the folder of an earlier report made by this version.")
    try:
        said = marks(file)
        return _Told(said["fingerprint"], said["period"], json.loads(said["unread"]))
    except (duckdb.Error, KeyError, ValueError):
        raise DefinitionError(f"{file} is not a file of keys. Make the earlier report again, or leave it out.") from None


def marks(file: Path) -> dict[str, str]:
    """The names and texts that a Parquet file carries beside its rows."""
    with duckdb.connect() as con:
        return dict(con.execute("select decode(key), decode(value) from parquet_kv_metadata(?)", [str(file)]).fetchall())


def period_of(folder: Path) -> str:
    """The period of the report in a folder. Raises DefinitionError when it holds no keys."""
    return _told(folder / KEYS).period


def _compare_one(
    engine: DuckDB, contract: Contract, hashed: KeyHash, file: Path, told: _Told, one: Vanished
) -> Vanished:
    if told.fingerprint != hashed.fingerprint:
        return replace(one, why_not=OTHER_KEY)
    if contract.table not in told.unread:
        return replace(one, why_not="that report had no export of them")
    if contract.table not in _loaded(engine, {contract.table: contract}):
        return replace(one, why_not="the export is missing")
    # Of the same hash one key is enough: among 20 million keys two share 64 bits with a chance of one in 100,000.
    query = (
        f"with now as ({_keys_sql(contract, hashed, only_alive=False)}), "
        f"before as (select key_hash, first_day from read_parquet($file) where table_name = {quoted(contract.table)}), "
        "gone as (select b.key_hash, b.first_day from before b anti join now n using (key_hash)), "
        f"reach as (select covers_from_day from coverage where table_name = {quoted(contract.table)}) "
        "select (select count(*) from before), count(*) filter (where not coalesce(first_day < covers_from_day, false)), "
        "count(*) filter (where first_day < covers_from_day) from gone cross join reach"
    )
    # `first_day < covers_from_day` is NULL where no reach is declared: such a key counts as vanished.
    known, vanished, out_of_reach = engine.connection.execute(query, {**hashed.parameters, "file": str(file)}).fetchall()[0]
    unread = max(0, quarantined(engine, contract.table) - told.unread[contract.table]) if vanished else 0
    return replace(one, vanished=vanished, of=known, out_of_reach=out_of_reach, unread=unread)


def keep(engine: DuckDB, found: Sequence[Vanished], earlier: Path) -> None:
    """Write what was found into the warehouse, so that every notebook of the run reads the same."""
    digest = sha256_file(earlier / KEYS)
    rows = [{**asdict(one), "table_name": one.table, "known": one.of, "keys_sha256": digest} for one in found]
    engine.put(f"main.{_TABLE}", _TYPES, pd.DataFrame(rows, columns=list(_TYPES)))


def is_kept(engine: DuckDB, earlier: Path) -> bool:
    """Whether the warehouse already knows what has vanished since this very report."""
    if kept(engine) is None or not (earlier / KEYS).is_file():
        return False
    return engine.rows(f"select distinct keys_sha256 from {_TABLE}") == [(sha256_file(earlier / KEYS),)]


def kept(engine: DuckDB) -> list[Vanished] | None:
    """What the warehouse knows of vanished keys; None when no earlier report was compared with."""
    if not engine.rows(f"select 1 from duckdb_tables() where table_name = '{_TABLE}'"):
        return None
    rows = engine.rows(f"select table_name, vanished, known, out_of_reach, unread, why_not, earlier from {_TABLE} order by 1")
    return [Vanished(*row) for row in rows]


def noted(findings: Iterable[Finding], measures: Mapping[str, Measure], found: Sequence[Vanished]) -> list[Finding]:
    """The findings with a note, and where they are green with a sentence, on vanished keys of a table their measure reads."""
    told = {v.table: v.sentence() for v in found if v.vanished or v.why_not}
    return [_noted(finding, measures, told) for finding in findings]


def _noted(finding: Finding, measures: Mapping[str, Measure], told: Mapping[str, str]) -> Finding:
    reads = measures[finding.measure].reads if finding.measure else {}
    mine = tuple(told[table] for table in sorted(told) if table in reads)
    if not mine:
        return finding
    is_green = finding.status in (Status.SATISFIED, Status.NOT_APPLICABLE)
    sentence = " ".join([finding.sentence, *mine]) if is_green else finding.sentence
    return replace(finding, sentence=sentence, notes=(*finding.notes, *mine))


def as_dicts(found: Sequence[Vanished] | None) -> list[dict[str, Any]] | None:
    """For `findings.json`; None when no earlier report was compared with."""
    return None if found is None else list(_dicts(found))


def _dicts(found: Sequence[Vanished]) -> Iterator[dict[str, Any]]:
    for one in found:
        yield {**asdict(one), "sentence": one.sentence() if one.vanished or one.why_not else ""}


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
