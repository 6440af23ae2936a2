"""DuckDB: the engine of audits. Every statement goes through one door, with a tracer."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from audit_lib.engines import made_in
from audit_lib.errors import AuditError, DefinitionError

_TYPES = {"integer": "BIGINT", "text": "VARCHAR", "boolean": "BOOLEAN"}
_MOST_BITS = 200_000_000
"""Range of whole numbers up to which they are counted by bits: 25 MB for each thread. DuckDB itself refuses above a thousand million."""
_log = logging.getLogger(__name__)


PLAIN_PLANS = "set disabled_optimizers = 'join_order, join_filter_pushdown, statistics_propagation'"
"""What keeps DuckDB 2.0.0 from joins that fail inside it ("dict-surviving join", duckdb issue 24807)."""


class BrokenEngine(Exception):
    """An error inside the engine: the open database can no longer be used; closed and opened again, it is as it was."""


class UnreadableDatabase(Exception):
    """A database file that cannot be opened: cut off, or of another version."""


class DuckDB:
    """A DuckDB database, in memory or in a file. Fetches whole results: an open one blocks the connection."""

    name = "duckdb"

    def __init__(
        self,
        path: Path | None = None,
        *,
        read_only: bool = False,
        memory: str | None = None,
        tracer: Callable[[str], None] | None = None,
    ) -> None:
        """Open `path` (None: in memory). `memory` is a limit such as `4GB`; `tracer` is called with every statement."""
        try:
            self.connection = duckdb.connect(str(path) if path else ":memory:", read_only=read_only)
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise AuditError(f"{path} is in use by another run. Wait for it to end, or name another file.") from None
            raise UnreadableDatabase(str(path)) from error
        self._tracer = tracer
        self.run("set timezone = 'UTC'")
        # Only where it is on: in a kernel without widgets DuckDB 2.0 has it off and refuses the setting itself.
        if self.rows("select current_setting('enable_progress_bar')") != [(False,)]:
            self.run("set enable_progress_bar = false")
        # Nothing here is fetched from anywhere: an extension that is not built in is an error, not a download.
        self.run("set autoinstall_known_extensions = false")
        if memory:
            self._limit(memory)

    def _limit(self, memory: str) -> None:
        if not re.fullmatch(r"\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", memory, re.IGNORECASE):
            raise DefinitionError(f"The memory limit {memory!r} is not understood. Write it as 4GB or 800MB.")
        self.run(f"set memory_limit = '{memory}'")

    def run(self, sql: str) -> None:
        """Run one statement without a result."""
        if self._tracer:
            self._tracer(sql)
        _log.debug("statement of %d characters", len(sql))
        try:
            self.connection.execute(sql)
        except (duckdb.InternalException, duckdb.FatalException) as error:
            raise BrokenEngine(str(error).splitlines()[0]) from error

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        self.run(sql)
        return self.connection.fetchall()

    def frame(self, sql: str) -> pd.DataFrame:
        """The result of a query as a pandas frame."""
        self.run(sql)
        return self.connection.df()

    def distinct(self, table: str, column: str) -> int:
        """How many different values a column has, NULL apart; whole numbers that lie close are ticked off in a bit each."""
        first, last, is_whole = self.rows(
            f"select min({column}), max({column}), any_value(typeof({column})) in ('INTEGER', 'BIGINT') from {table}"
        )[0]
        if not is_whole or first is None or last - first >= _MOST_BITS:
            return int(self.rows(f"select count(distinct {column}) from {table}")[0][0])
        return int(self.rows(f"select bit_count(bitstring_agg({column}, {first}, {last})) from {table}")[0][0])

    def put(self, table: str, types: Mapping[str, str], frame: pd.DataFrame) -> None:
        """Make the table anew from a frame with the columns of `types`; NA becomes NULL."""
        columns = ", ".join(f"cast({name} as {_TYPES[kind]}) as {name}" for name, kind in types.items())
        self.connection.register("frame_to_put", frame)
        self.run(f"drop table if exists {table}")
        self.run(f"create {made_in(table)} as select {columns} from frame_to_put")
        self.connection.unregister("frame_to_put")

    def version(self) -> str:
        """Name and version of the engine."""
        return f"duckdb {duckdb.__version__}"

    def close(self) -> None:
        """Close the database; the file stays."""
        self.connection.close()
