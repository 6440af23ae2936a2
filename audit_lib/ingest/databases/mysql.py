"""A session with MySQL or MariaDB: rows streamed out of one consistent, read-only snapshot."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
from pymysql.converters import conversions
from pymysql.cursors import SSCursor

from audit_lib.ingest.databases.address import PASSWORDS, Address
from audit_lib.ingest.databases.relation import DatabaseColumn, Progress, Relation
from audit_lib.ingest.databases.rows import write_rows
from audit_lib.ingest.streams import UnreadableError

CONNECT_SECONDS = 10
PASSWORD = "PRIVACY_AUDIT_MYSQL_PASSWORD"
"""Environment variable."""
_HERE = ("localhost", "127.0.0.1", "::1")
_TEXTS = (
    *("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "uuid", "inet4", "inet6"),
    *("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year", "date", "datetime"),
)
"""Types whose text is the value; `timestamp` is one that needs its offset."""
_NO_RIGHT = (1142, 1143, 1227, 1044, 1356)
_REFUSED = (1044, 1045, 1049, 1698, 1130, 1251, 2049, 2059)
_SETTINGS = (
    "set time_zone = '+00:00'",
    "set session transaction isolation level repeatable read",
    "start transaction with consistent snapshot, read only",
)
_COLUMNS = """
select column_name, data_type, column_type from information_schema.columns
where table_schema = if(%s = '', database(), %s) and table_name = %s order by ordinal_position
"""


def refuse_old(version: str) -> None:
    """Refuse a server without read-only transactions. `version` as the server says it."""
    numbers = tuple(int(part) for part in version.removeprefix("5.5.5-").split("-")[0].split(".")[:2])
    if numbers < (5, 6):
        raise UnreadableError("the MySQL server is older than version 5.6", "Export its tables to files.")


class MysqlSession:
    """One transaction; what it reads is the state at its start."""

    how = "a streamed select"

    def __init__(self, address: Address) -> None:
        self._connection = _connect(address)
        refuse_old(self._connection.get_server_info())
        with _lost(), self._connection.cursor() as cursor:
            for statement in _SETTINGS:
                cursor.execute(statement)

    def columns(self, relation: Relation) -> list[DatabaseColumn]:
        """Columns of a table or view that the user may read."""
        with _lost():
            found = self._rows(_COLUMNS, (relation.schema, relation.schema, relation.name))
            if not found:
                self._refuse_unknown(relation)
            # The catalogue shows tables on which the user has any right at all.
            self._rows(f"select 1 from {_name(relation)} limit 0")
            return [_column(*map(str, row)) for row in found]

    def copy(self, relation: Relation, columns: Sequence[DatabaseColumn], order: Sequence[str], path: Path, said: Progress) -> int:
        """Stream a select into CSV; every value comes as the server's own text."""
        listed = ", ".join(str(column.plain or column.nested) for column in columns)
        by = ", ".join(f"cast({_quoted(name)} as binary)" for name in order)
        with _lost(), self._connection.cursor(SSCursor) as cursor:
            cursor.execute(f"select {listed} from {_name(relation)} order by {by}")
            return write_rows(path, [column.name for column in columns], cursor, said)

    def count(self, relation: Relation) -> int:
        """`count(*)` in the same transaction."""
        with _lost():
            return int(self._rows(f"select count(*) from {_name(relation)}")[0][0])

    def close(self) -> None:
        """Hang up; the transaction ends with it."""
        if self._connection.open:
            self._connection.close()

    def _refuse_unknown(self, relation: Relation) -> None:
        known = "select 1 from information_schema.schemata where schema_name = %s"
        if relation.schema and not self._rows(known, (relation.schema,)):
            raise UnreadableError(f"the server shows this user no database {relation.schema}", "Correct `relation`, or grant select.")
        raise UnreadableError(
            "the server shows this user no such table or view",
            f"Correct `relation` (upper and lower case may count), or grant select on {relation}.",
        )

    def _rows(self, statement: str, values: tuple[str, ...] | None = None) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())


def _column(name: str, data_type: str, shown: str) -> DatabaseColumn:
    """A column and SQL for its text. TIMESTAMP is an instant, told in the session's zone: UTC; DATETIME has no zone."""
    column = _quoted(name)
    if data_type == "timestamp":
        return DatabaseColumn(name, shown, f"concat({column}, '+00:00')")
    if shown == "bit(1)":
        return DatabaseColumn(name, shown, f"{column} + 0")
    if data_type == "json":
        return DatabaseColumn(name, shown, None, column)
    return DatabaseColumn(name, shown, column if data_type in _TEXTS else None)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _name(relation: Relation) -> str:
    return ".".join(_quoted(part) for part in (relation.schema, relation.name) if part)


def _connect(address: Address) -> Any:
    options = dict(address.options or {})
    # Numbers, dates and times as the server writes them: a driver's idea of a zero date is None.
    as_text = {key: made for key, made in conversions.items() if not isinstance(key, int)}
    try:
        connection = pymysql.connect(
            host=address.host,
            port=address.port or 3306,
            user=address.user or None,
            password=os.environ.get(PASSWORD, ""),
            database=address.database,
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=CONNECT_SECONDS,
            conv=as_text,
            ssl=_encryption(address.host, options),
        )
        # The greeting must come in time; a query may take as long as it takes. The driver has one limit for both.
        connection._read_timeout = None
        return connection
    except pymysql.err.OperationalError as error:
        code = error.args[0]
    except (RuntimeError, pymysql.err.Error):
        code = _REFUSED[0]
    if code in _REFUSED:
        raise UnreadableError(
            "the MySQL server refused the connection",
            f"Check user, the name of the database, and the password. {PASSWORDS['mysql']}.",
        )
    raise UnreadableError(
        f"no connection to the MySQL server within {CONNECT_SECONDS} seconds",
        "Check host and port, that it runs, and its certificate (options ca=… or tls=prefer).",
    )


def _encryption(host: str, options: dict[str, str]) -> ssl.SSLContext | None:
    """Another machine must show a certificate that this one trusts; None: encrypt if the server can."""
    if options.get("tls") == "prefer" or (host in _HERE and not options):
        return None
    try:
        context = ssl.create_default_context(cafile=options.get("ca"))
        if "cert" in options:
            context.load_cert_chain(options["cert"], options.get("key"))
    except OSError:
        raise UnreadableError("a certificate that the address names cannot be read", "Correct ca, cert or key.") from None
    return context


@contextmanager
def _lost() -> Iterator[None]:
    """What goes wrong while reading, as sentences; the server's own words may hold values and are not repeated."""
    try:
        yield
    except pymysql.err.MySQLError as error:
        code = error.args[0] if error.args else 0
    else:
        return
    if code in _NO_RIGHT:
        raise UnreadableError("the user may not read it, or something that it is made of", "Grant select on it.")
    if code in (0, 2006, 2013):
        raise UnreadableError("the connection to MySQL ended while it was read", "Run the audit again.")
    raise UnreadableError(f"MySQL could not read it (error {code})", "Select from it in the database to see why.")
