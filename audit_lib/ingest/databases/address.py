"""The address of a database as `sources.toml` gives it: what it may say, and that it holds no password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import parse_qsl, unquote, urlsplit

KINDS = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}
"""Scheme of an address → kind of database."""
TITLES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "sqlite": "SQLite"}
OPTIONS = {
    "postgresql": ("host", "sslmode", "sslrootcert", "sslcert", "sslkey"),
    "mysql": ("tls", "ca", "cert", "key"),
    "sqlite": (),
}
"""Options after `?`: nothing that could hold a secret or change what is read."""
PASSWORDS = {
    "postgresql": "Put it into the environment variable PGPASSWORD or into ~/.pgpass",
    "mysql": "Put it into the environment variable PRIVACY_AUDIT_MYSQL_PASSWORD",
}


class BadAddressError(ValueError):
    """An address or the name of a relation that does not say what it must; the text goes on "database …"."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is. Never holds a password."""

    kind: str
    """`postgresql`, `mysql` or `sqlite`."""
    text: str
    """As given."""
    host: str = ""
    port: int | None = None
    user: str = ""
    database: str = ""
    """Name of the database; SQLite: the file, relative to the folder of the exports."""
    options: Mapping[str, str] | None = None

    @property
    def title(self) -> str:
        """The kind as people write it."""
        return TITLES[self.kind]


def parse_address(text: str) -> Address:
    """Read an address. Raises BadAddressError; its text never repeats the address."""
    scheme, colon, rest = text.partition(":")
    kind = KINDS.get(scheme)
    if not colon or kind is None:
        raise BadAddressError(
            "must begin with postgresql://, mysql:// or sqlite:, such as postgresql://user@db.example/shop"
        )
    return _file(text, rest) if kind == "sqlite" else _server(kind, text)


def _file(text: str, name: str) -> Address:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "?" in name:
        raise BadAddressError("must name a file inside the folder of the exports, such as sqlite:shop.sqlite")
    return Address("sqlite", text, database=path.as_posix())


def _server(kind: str, text: str) -> Address:
    try:
        parts = urlsplit(text)
        port, options = parts.port, dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        raise BadAddressError(f"must be written as {kind}://user@host:port/database") from None
    if parts.password is not None or any("password" in option.lower() for option in options):
        raise BadAddressError(f"must not hold a password. {PASSWORDS[kind]}")
    if unknown := sorted(set(options) - set(OPTIONS[kind])):
        raise BadAddressError(f"has options that are not known ({len(unknown)}). Known: {', '.join(OPTIONS[kind])}")
    database = unquote(parts.path.removeprefix("/"))
    host = parts.hostname or ""
    if not database or parts.fragment or "," in parts.netloc or not (host or kind == "postgresql"):
        raise BadAddressError(f"must be written as {kind}://user@host:port/database")
    return Address(kind, text, host, port, unquote(parts.username or ""), database, options)
