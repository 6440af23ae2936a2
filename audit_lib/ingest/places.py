"""From a row's place in the loading table to its record in its file and its number in the warehouse.

Both differ from the place by a step that changes only where a file begins, a record was rejected or a row is left out.
With few steps this is a short tree of comparisons. With many rows left out, numbers come from counted bits of short
blocks of places; with many records rejected, records come from a table of all places. Order and parallel reading stay.
"""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from audit_lib.ingest.load import TableLoad
from audit_lib.ingest.zones import step_sql

FEW = 500
"""Up to so many steps the tree is used."""
BLOCK = 32
"""Places in a block: their bits fit into a whole number without touching its sign."""


class Places:
    """Record and number of every place of one loading table."""

    def __init__(self, con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
        self._records, self._blocks = load.place_table, load.block_table
        self._record_steps = _record_steps(load)
        excluded = con.execute(f"select distinct rid from {load.out_table} order by rid").fetchnumpy()["rid"]
        self._excluded: npt.NDArray[np.int64] = np.asarray(excluded, dtype=np.int64)
        rows = load.files[-1].end if load.files else 0
        self._many_rejected = len(self._record_steps[0]) > FEW
        self._many_excluded = len(self._excluded) > FEW
        if self._many_rejected:
            _write(con, self._records, _record_frame(self._record_steps, rows))
        if self._many_excluded:
            _write(con, self._blocks, _block_frame(self._excluded, rows))

    def record_sql(self, rid: str) -> str:
        """SQL for the data record number (1-based, rejected records counted) of a place."""
        if self._many_rejected:
            return "record_of.record"
        starts, adds = self._record_steps
        return f"cast({rid} + ({step_sql(rid, starts, adds)}) as integer)"

    def record_join(self, rid: str) -> str:
        """What follows a relation in `from` so that `record_sql` can be used."""
        return f" left join {self._records} record_of on record_of.rid = {rid}" if self._many_rejected else ""

    def number_sql(self, rid: str) -> str:
        """SQL over `loading_sql` for the number of the row at a place: dense from 1, in order of places."""
        if self._many_excluded:
            before = f"block_excluded & ((cast(1 as bigint) << ({rid} % {BLOCK})) - 1)"
            return f"cast({rid} + 1 - block_base - bit_count({before}) as integer)"
        starts = [0, *self._excluded.tolist()]
        return f"cast({rid} + ({step_sql(rid, starts, [1 - n for n in range(len(starts))])}) as integer)"

    def loading_sql(self, load: TableLoad) -> str:
        """SQL for the rows to be loaded, as `place`, with their place `rid`, in order."""
        if self._many_excluded:
            return (
                f"(select l.*, block_base, block_excluded from (select rowid as rid, * from {load.rows_table}) l"
                f" join {self._blocks} b on b.block = l.rid // {BLOCK}"
                f" where (block_excluded >> (l.rid % {BLOCK})) & 1 = 0) place"
            )
        out = f" where rowid not in (select rid from {load.out_table})" if len(self._excluded) else ""
        return f"(select rowid as rid, * from {load.rows_table}{out}) place"


def _record_frame(steps: tuple[list[int], list[int]], rows: int) -> pd.DataFrame:
    """Record of every place."""
    rid = np.arange(rows, dtype=np.int64)
    starts, adds = (np.asarray(part, dtype=np.int64) for part in steps)
    record = rid + adds[np.searchsorted(starts, rid, side="right") - 1]
    return pd.DataFrame({"rid": rid, "record": record.astype(np.int32)})


def _block_frame(excluded: npt.NDArray[np.int64], rows: int) -> pd.DataFrame:
    """Per block of places how many before it are excluded, and a bit for each excluded one in it."""
    block = np.arange(rows // BLOCK + 1, dtype=np.int64)
    bits = np.zeros(len(block), dtype=np.int64)
    np.bitwise_or.at(bits, excluded // BLOCK, np.int64(1) << (excluded % BLOCK))
    base = np.searchsorted(excluded, block * BLOCK)
    return pd.DataFrame({"block": block, "block_base": base, "block_excluded": bits})


def _write(con: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> None:
    con.register("ingest_frame", frame)
    con.execute(f"create or replace temp table {table} as select * from ingest_frame")
    con.unregister("ingest_frame")


def _record_steps(load: TableLoad) -> tuple[list[int], list[int]]:
    """Places from which on another number has to be added to get the record, and these numbers."""
    steps: dict[int, int] = {0: 1}
    for file in load.files:
        steps[file.start] = 1 - file.start
        for nth, reject in enumerate(sorted(file.opened.rejects, key=lambda r: r.record)):
            steps[file.start + reject.record - 1 - nth] = 2 + nth - file.start
    starts = sorted(steps)
    return starts, [steps[start] for start in starts]
