"""From a row's place to its record in its file: a step that changes only where a file begins or a record was rejected.

With few steps this is a short tree of comparisons. Where many records were rejected, and where an adapter made the rows,
the record stands in the row itself.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd

from audit_lib.ingest.adapt import AdaptedFile
from audit_lib.ingest.load import LoadedFile, TableLoad
from audit_lib.ingest.zones import step_sql

FEW = 500
"""Up to so many steps the tree is used."""


class Places:
    """Record of every place of one table."""

    def __init__(self, con: duckdb.DuckDBPyConnection, load: TableLoad) -> None:
        self._rows = load.rows_table
        self._starts, self._adds = _record_steps(load)
        self._in_rows = any(isinstance(file.opened, AdaptedFile) for file in load.files)
        if len(self._starts) > FEW:
            _write_records(con, load, self._starts, self._adds)
            self._starts, self._adds, self._in_rows = [0], [0], True

    def record_sql(self, rid: str, row: str) -> str:
        """SQL for the data record number (1-based, rejected records counted) of a place; `row` is the alias of its row."""
        counted = f"cast({rid} + ({step_sql(rid, self._starts, self._adds)}) as integer)"
        return f"coalesce({row}.record, {counted})" if self._in_rows else counted

    def record_join(self, rid: str) -> str:
        """What follows a relation in `from` so that `record_sql(…, "placed_row")` can be used."""
        return f" join {self._rows} placed_row on placed_row.rowid = {rid}" if self._in_rows else ""


def _record_steps(load: TableLoad) -> tuple[list[int], list[int]]:
    """Places from which on another number has to be added to get the record, and these numbers."""
    steps: dict[int, int] = {0: 1}
    for file in load.files:
        steps |= _file_steps(file)
    starts = sorted(steps)
    return starts, [steps[start] for start in starts]


def _file_steps(file: LoadedFile) -> dict[int, int]:
    steps = {file.start: 1 - file.start}
    if isinstance(file.opened, AdaptedFile):
        return steps
    for nth, reject in enumerate(sorted(file.opened.rejects, key=lambda r: r.record)):
        steps[file.start + reject.record - 1 - nth] = 2 + nth - file.start
    return steps


def _write_records(con: duckdb.DuckDBPyConnection, load: TableLoad, starts: list[int], adds: list[int]) -> None:
    """Put the record into every row that no adapter made."""
    rid = np.arange(load.files[-1].end, dtype=np.int64)
    at = np.searchsorted(np.asarray(starts, dtype=np.int64), rid, side="right") - 1
    frame = pd.DataFrame({"rid": rid, "record": (rid + np.asarray(adds, dtype=np.int64)[at]).astype(np.int32)})
    con.register("ingest_frame", frame)
    con.execute(
        f"update {load.rows_table} set record = p.record from ingest_frame p"
        f" where p.rid = {load.rows_table}.rowid and {load.rows_table}.record is null"
    )
    con.unregister("ingest_frame")
