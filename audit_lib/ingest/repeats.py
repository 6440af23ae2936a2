"""Repeated keys: duplicates, superseded rows, and different rows that claim one key.

Keys are compared by hash first; whole rows are looked at only where a hash repeats.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from audit_lib.ingest.load import LoadedFile, TableLoad, all_columns, count_rows
from audit_lib.ingest.readers import REJECTED
from audit_lib.ingest.values import name
from audit_lib.ingest.zones import step_sql

_AT_ONCE = 1 << 21
"""Rows whose hashes are taken out of the database at a time."""
_MIDDLE = np.uint64(1 << 63)
_Hashes = npt.NDArray[np.uint64]


def exclude_repeats(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """List superseded rows, duplicates and rows with a repeated key among those not loaded."""
    if not load.contract.key:
        _exclude_older_extractions(con, load)
    if not _find_repeats(con, load):
        return
    _write_contents(con, load)
    con.execute(
        f"insert into {load.out_table} select rid, file_no, why, {_shown_sql(load)} from ({_verdicts_sql(load)}) where why is not null"
    )
    con.execute("drop table temp.ingest_repeat; drop table temp.ingest_content")


def _shown_sql(load: TableLoad) -> str:
    """The text that the quarantine shows of a row with a repeated key."""
    return "cast(struct_extract_at(key, 1) as varchar)" if load.contract.key else "cast(null as varchar)"


def extraction_sql(load: TableLoad, rid: str) -> str:
    """SQL for the number of the extraction (oldest first) that a place belongs to."""
    return step_sql(rid, [file.start for file in load.files], [file.extraction_no for file in load.files])


def _exclude_older_extractions(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """Without a key a newer extraction of anything but a log replaces the whole table."""
    if load.source.kind == "log" or not load.files:
        return
    newest = max(file.extraction_no for file in load.files)
    first = min(file.start for file in load.files if file.extraction_no == newest)
    con.execute(
        f"insert into {load.out_table} select rowid, file_no, 'superseded', null from {load.rows_table} r"
        f" where rowid < {first} and rowid not in (select rid from {load.out_table})"
    )


def _key_sql(load: TableLoad) -> str:
    if load.contract.key:
        return ", ".join(name(column) for column in load.contract.key)
    return ", ".join(all_columns(load))


def _find_repeats(con: duckdb.DuckDBPyConnection, load: TableLoad) -> int:
    """Make `ingest_repeat` (rid, file_no, key, typed) of rows whose key hash repeats; `typed` is a digest of all that is
    stored of a row. Returns how many hashes do."""
    key = _key_sql(load)
    number = _write_hashes(con, f"select hash({key}) as h from {load.rows_table} where {_valid(con, load)}", count_rows(con, load))
    if number:
        con.execute(
            f"create or replace temp table ingest_repeat as select rowid as rid, file_no, row({key}) as key,"
            f" md5(cast(to_json({{{_typed_row(load)}}}) as varchar)) as typed from {load.rows_table} where hash({key}) in (select h from ingest_repeat_hash) and {_valid(con, load)}"
        )
    con.execute("drop table temp.ingest_repeat_hash")
    return int(number)


def _write_hashes(con: duckdb.DuckDBPyConnection, hashes: str, rows: int) -> int:
    """Make `ingest_repeat_hash` (h) of the hashes that come more than once; returns how many do. `hashes` ends with a
    condition; `rows` is how many rows there are to look at.

    Sorted outside the database: 8 bytes for each row, where grouping takes many times that.
    """
    twice = _twice(*_halves(con, hashes, rows))
    con.register("ingest_frame", pd.DataFrame({"h": twice}))
    con.execute("create or replace temp table ingest_repeat_hash as select h from ingest_frame")
    con.unregister("ingest_frame")
    return len(twice)


def _halves(con: duckdb.DuckDBPyConnection, hashes: str, rows: int) -> tuple[_Hashes, _Hashes]:
    """The small hashes and the large ones: one array, filled from both of its ends."""
    found, low, high = np.empty(rows, dtype=np.uint64), 0, rows
    for start in range(0, rows, _AT_ONCE):
        piece = con.execute(f"{hashes} and rowid >= {start} and rowid < {start + _AT_ONCE}").fetchnumpy()["h"]
        is_small = piece < _MIDDLE
        small, large = piece[is_small], piece[~is_small]
        found[low : low + len(small)] = small
        found[high - len(large) : high] = large
        low, high = low + len(small), high - len(large)
    return found[:low], found[high:]


def _twice(*parts: _Hashes) -> _Hashes:
    """The hashes that come more than once, of parts that have none in common. Sorts each part where it stands, on a core
    of its own."""

    def repeated(part: _Hashes) -> _Hashes:
        part.sort()
        return np.unique(part[1:][part[1:] == part[:-1]])

    with ThreadPoolExecutor(len(parts)) as pool:
        return np.concatenate(list(pool.map(repeated, parts)))


def _valid(con: duckdb.DuckDBPyConnection, load: TableLoad) -> str:
    excluded = con.execute(f"select count(*) from {load.out_table}").fetchall()[0][0]
    return f"rowid not in (select rid from {load.out_table})" if excluded else "true"


def _write_contents(con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
    """Make `ingest_content` (rid, content): a digest of the whole row as exported, for the repeated rows only."""
    con.execute("create or replace temp table ingest_content (rid BIGINT, content VARCHAR)")
    numbers = {row[0] for row in con.execute("select distinct file_no from ingest_repeat").fetchall()}
    for file in load.files:
        if file.file_no in numbers:
            con.execute(f"insert into ingest_content {_content_sql(load, file)}")
            con.execute(f"drop table if exists {REJECTED}; drop table if exists {REJECTED}_scan")


def _content_sql(load: TableLoad, file: LoadedFile) -> str:
    """Digest of all contract columns: from the loading table if it has them all, else by reading the file again."""
    columns = list(load.contract.columns.values())
    present = [column.name for column in columns if column.name in file.opened.names]
    if all(column in load.kept for column in columns if column.name in present):
        return f"select rid, typed from ingest_repeat where file_no = {file.file_no}"
    relation, texts = file.opened.texts(present)
    listed = ", ".join(texts[column.name] if column.name in present else "null" for column in columns)
    return (
        f"select rid, content from (select {file.start - 1} + row_number() over () as rid,"
        f" md5(cast(to_json([{listed}]) as varchar)) as content from {relation})"
        " where rid in (select rid from ingest_repeat)"
    )


def _typed_row(load: TableLoad) -> str:
    return ", ".join(f"c{number}: {n}" for number, n in enumerate([*all_columns(load), "raw"]))


def _verdicts_sql(load: TableLoad) -> str:
    """Per repeated row `why` it is not loaded, NULL if it is.

    Superseded: a newer extraction has the key. Within one extraction an exact repeat is a duplicate of the row read
    first; different rows are all quarantined, save where the table is declared as `changes`: there the last counts.
    """
    newest = f"""
        select *, max(ext) over (partition by key) as newest,
               row_number() over (partition by key, ext, content order by rid) as nth,
               lag(content) over (partition by key, ext order by rid) as before
          from (select rid, file_no, key, content, {extraction_sql(load, "rid")} as ext
                  from ingest_repeat join ingest_content using (rid))"""
    if load.source.kind == "changes":
        return f"""
            select rid, file_no, key, case when ext < newest then 'superseded' when content = before then 'duplicate'
                   when rid < last_change then 'superseded' end as why
              from (select *, max(case when content is distinct from before then rid end)
                                  over (partition by key, ext) as last_change from ({newest}))"""
    return f"""
        select rid, file_no, key, case when ext < newest then 'superseded' when nth > 1 then 'duplicate'
               when contents > 1 then 'repeated_key' end as why
          from (select *, count(*) filter (where nth = 1) over (partition by key, ext) as contents from ({newest}))"""
