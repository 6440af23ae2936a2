"""A session with PostgreSQL: COPY out of one repeatable-read, read-only transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors, pq
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Composable, Identifier

from audit_lib.ingest.databases.address import PASSWORDS, Address
from audit_lib.ingest.databases.relation import SAY_EVERY, DatabaseColumn, Progress, Relation
from audit_lib.ingest.streams import UnreadableError

CONNECT_SECONDS = 10
OLDEST = 100000
"""Oldest server that the driver speaks with (10.0), as PostgreSQL numbers versions."""
_TEXTS = ("S", "N", "D", "B", "E")
"""Categories of types that have one text: strings, numbers, dates and times, booleans, enumerations."""
_UNFIT = ("money", "interval", "time", "timetz", "oid", "regproc", "xml", "char")
"""Types of these categories that no column of a contract can hold, or whose text depends on settings."""
_SETTINGS = """
set local TimeZone = 'UTC'; set local DateStyle = 'ISO, YMD'; set local extra_float_digits = 3;
set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; set local row_security = off
"""
_FOUND = """
select c.oid, pg_catalog.has_schema_privilege(n.oid, 'usage')
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relname = %s and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and case when %s = '' then pg_catalog.pg_table_is_visible(c.oid) else n.nspname = %s end
"""
_COLUMNS = """
with recursive typed as (
    select a.attnum, a.attname, a.atttypid as shown, a.atttypmod, a.atttypid as base
    from pg_catalog.pg_attribute a where a.attrelid = %(oid)s and a.attnum > 0 and not a.attisdropped
    union all
    select d.attnum, d.attname, d.shown, d.atttypmod, t.typbasetype
    from typed d join pg_catalog.pg_type t on t.oid = d.base where t.typtype = 'd'
)
select d.attname, pg_catalog.format_type(d.shown, d.atttypmod), t.typname, t.typcategory, t.typelem <> 0 and t.typlen = -1,
    pg_catalog.has_column_privilege(%(oid)s::oid, d.attnum, 'select')
from typed d join pg_catalog.pg_type t on t.oid = d.base where t.typtype <> 'd' order by d.attnum
"""


def refuse_old(version: int) -> None:
    """Refuse a server that is too old for the driver. `version` as PostgreSQL numbers it: 90624 is 9.6.24."""
    if version < OLDEST:
        raise UnreadableError("the PostgreSQL server is older than version 10", "Export its tables to files.")


class PostgresSession:
    """One transaction; what it reads is the state of its first statement."""

    how = "COPY"

    def __init__(self, address: Address) -> None:
        self._connection = _connect(address)
        refuse_old(self._connection.info.server_version)
        self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self._connection.read_only = True
        with _lost():
            self._connection.execute(_SETTINGS)

    def columns(self, relation: Relation) -> list[DatabaseColumn]:
        """Columns of a table or view. Asks the catalogue first, so that no error ends the transaction."""
        with _lost():
            return self._columns(relation)

    def copy(self, relation: Relation, columns: Sequence[DatabaseColumn], order: Sequence[str], path: Path, said: Progress) -> int:
        """COPY … TO STDOUT: the server writes the CSV, row by row."""
        # A single column's missing value would be an empty line, which is no record.
        single = "coalesce({}, '')" if len(columns) == 1 else "{}"
        listed = SQL(", ").join(SQL(single + " as {}").format(SQL(str(c.plain or c.nested)), Identifier(c.name)) for c in columns)
        by = SQL(", ").join(SQL('r.{}::text collate "C"').format(Identifier(name)) for name in order)
        query = SQL("select {} from {} as r order by {}").format(listed, _name(relation), by)
        force = SQL(", force_quote *" if len(columns) == 1 else "")
        statement = SQL("copy ({}) to stdout (format csv, header true, encoding 'UTF8'{})").format(query, force)
        with _lost(), path.open("wb") as out, self._connection.cursor() as cursor:
            with cursor.copy(statement) as copied:
                for number, block in enumerate(copied):
                    out.write(block)
                    if number and number % SAY_EVERY == 0:
                        said(f"{number:,} rows")
            return cursor.rowcount

    def count(self, relation: Relation) -> int:
        """`count(*)` in the same transaction."""
        with _lost():
            return int(self._rows(SQL("select count(*) from {}").format(_name(relation)))[0][0])

    def close(self) -> None:
        """Roll back and hang up."""
        self._connection.close()

    def _columns(self, relation: Relation) -> list[DatabaseColumn]:
        found = self._rows(_FOUND, (relation.name, relation.schema, relation.schema))
        if not found:
            self._refuse_unknown(relation)
        if not found[0][1]:
            raise UnreadableError(
                f"the user may not use schema {relation.schema}", f"Grant it: grant usage on schema {relation.schema} to …"
            )
        described = self._rows(_COLUMNS, {"oid": found[0][0]})
        readable = [_column(*row[:5]) for row in described if row[5]]
        if not readable:
            raise UnreadableError("the user may not read it", f"Grant it: grant select on {relation} to …")
        return readable

    def _refuse_unknown(self, relation: Relation) -> None:
        if relation.schema and not self._rows("select 1 from pg_catalog.pg_namespace where nspname = %s", (relation.schema,)):
            raise UnreadableError(f"the database has no schema {relation.schema}", "Correct `relation`.")
        raise UnreadableError(
            "the database has no such table or view",
            "Correct `relation`: upper and lower case count, and a schema stands before a dot.",
        )

    def _rows(self, statement: Any, values: Any = None) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()


def _column(name: str, shown: str, base: str, category: str, is_array: bool) -> DatabaseColumn:
    """A column and SQL for its text; lists and objects have JSON text, the rest of the types none."""
    column = Identifier(name).as_string()
    if base in ("json", "jsonb"):
        return DatabaseColumn(name, shown, None, f"r.{column}::text")
    if category == "A" and is_array:
        return DatabaseColumn(name, shown, None, f"pg_catalog.array_to_json(r.{column})::text")
    fits = (category in _TEXTS and base not in _UNFIT) or base in ("uuid", "citext", "inet")
    return DatabaseColumn(name, shown, f"r.{column}::text" if fits else None)


def _name(relation: Relation) -> Composable:
    return Identifier(relation.schema, relation.name) if relation.schema else Identifier(relation.name)


def _connect(address: Address) -> psycopg.Connection:
    given = make_conninfo(address.text, connect_timeout=CONNECT_SECONDS, application_name="privacy-audit", client_encoding="UTF8")
    try:
        return psycopg.connect(given)
    except psycopg.OperationalError as error:
        answered = pq.PGconn.ping(given.encode())
        asked = bool(error.pgconn and error.pgconn.needs_password)
    if answered in (pq.Ping.NO_RESPONSE, pq.Ping.NO_ATTEMPT):
        raise UnreadableError(
            f"the PostgreSQL server did not answer within {CONNECT_SECONDS} seconds", "Check host and port, and that it runs."
        )
    if asked:
        raise UnreadableError("the PostgreSQL server asks for a password", f"{PASSWORDS['postgresql']}.")
    raise UnreadableError(
        "the PostgreSQL server refused the connection",
        "Check user, password (PGPASSWORD or ~/.pgpass), the name of the database, and whether it asks for encryption (sslmode).",
    )


@contextmanager
def _lost() -> Iterator[None]:
    """What goes wrong while reading, as sentences; the server's own words may hold values and are not repeated."""
    try:
        yield
    except errors.InsufficientPrivilege as error:
        if "row-level security" in str(error) or "row_security" in str(error):
            raise UnreadableError(
                "row-level security hides rows of it from the user", "Read it as a user who sees all rows (bypassrls)."
            ) from None
        raise UnreadableError("the user may not read it, or something that it is made of", "Grant select on it.") from None
    except psycopg.OperationalError:
        raise UnreadableError("the connection to PostgreSQL ended while it was read", "Run the audit again.") from None
    except psycopg.Error as error:
        state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
        raise UnreadableError(f"PostgreSQL could not read it{state}", "Select from it in the database to see why.") from None
