"""`sources.toml`: what the exporter declares about each table, checked key by key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from audit_lib.errors import DefinitionError, raise_problems
from audit_lib.ingest.databases import BadAddressError, parse_address, parse_relation
from audit_lib.vocabulary import FIRST_DAY, Contract, day_number

FORMAT_WORDS = {
    "csv": "csv",
    "tsv": "tsv",
    "parquet": "parquet",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "json",
    "xlsx": "xlsx",
}
ENCODING_WORDS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
}
KINDS = ("log", "snapshot", "changes")


@dataclass(frozen=True, slots=True)
class Declaration:
    """One entry of `sources.toml` for one table, `[defaults]` filled in. None: not declared."""

    files: tuple[str, ...] = ()
    format: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    names: tuple[str, ...] = ()
    """Names of the columns where the files have no header line."""
    sheet: str | None = None
    """Sheet of an .xlsx workbook; None: it has one."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column of the contract (or of the adapter) → its name in the files, where they differ."""
    adapter: str | None = None
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Map of the adapter → given word → our word; added to the adapter's own."""
    overrides: str | None = None
    """File that fills in what an adapter cannot know."""
    database: str | None = None
    """Address of a database, without a password."""
    relation: str | None = None
    """Table or view of the database."""
    time_zone: str | None = None
    dates_as: str | None = None
    extracted_second: int | None = None
    kind: str | None = None
    covers_from_day: int | None = None
    covers_to_day: int | None = None
    keeps_deleted: bool | None = None
    daily: bool | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    """Key → its line in `sources.toml`; "" → the line of the entry."""

    def plain(self) -> Declaration:
        """The same zone, and otherwise nothing declared: how a file is read that is ours."""
        return Declaration(time_zone=self.time_zone, dates_as=self.dates_as)

    def where(self, key: str) -> str:
        """Where a key stands, within a sentence."""
        line = self.lines.get(key)
        return f"line {line} of sources.toml" if line else "sources.toml"

    def at(self, key: str) -> str:
        """Where a key stands, for an error's text."""
        line = self.lines.get(key) or self.lines.get("")
        return f"line {line}" if line else "sources.toml"


@dataclass(frozen=True)
class Declarations:
    """The whole of `sources.toml`."""

    tables: Mapping[str, tuple[Declaration, ...]] = field(default_factory=dict)
    defaults: Declaration = Declaration()
    ignore: tuple[str, ...] = ()

    def entries(self, table: str) -> tuple[Declaration, ...]:
        """Entries of a table; the defaults alone where it has none."""
        return self.tables.get(table, (self.defaults,))


class _BadValueError(Exception):
    """A value that does not say what its key must."""


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _BadValueError("must be a text in quotes")
    return value


def _one_of(words: Mapping[str, str] | tuple[str, ...]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise _BadValueError(f"must be one of {', '.join(words)}")
        return words[value] if isinstance(words, Mapping) else value

    return check


def _files(value: Any) -> tuple[str, ...]:
    globs = [value] if isinstance(value, str) else value
    if not isinstance(globs, list) or not globs or not all(isinstance(glob, str) and glob for glob in globs):
        raise _BadValueError('must be a list of file names or globs, such as ["accounts/*.csv"]')
    if any(glob.startswith("/") or ".." in Path(glob).parts for glob in globs):
        raise _BadValueError("must name files inside the folder of the exports")
    return tuple(globs)


def _character(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 1 or not value.isascii() or value in "\r\n\0":
        raise _BadValueError("must be one ASCII character")
    return value


def _quote(value: Any) -> str:
    return "" if value == "" else _character(value)


def _encoding(value: Any) -> str:
    return _one_of(ENCODING_WORDS)(value.lower().replace("_", "-") if isinstance(value, str) else value)


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) and name.strip() for name in value):
        raise _BadValueError('must be a list of names of columns, such as ["account_id", "opened_at"]')
    names = tuple(name.strip() for name in value)
    if len(set(names)) < len(names):
        raise _BadValueError("must give every column its own name")
    return names


def _columns(value: Any) -> dict[str, str]:
    columns = _words(value)
    if len(set(columns.values())) < len(columns):
        raise _BadValueError("must not give one column of the files two names")
    return columns


def _words(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not value or not all(isinstance(word, str) and word for word in value.values()):
        raise _BadValueError('must be a table of texts, such as { account_id = "User ID" }')
    return dict(value)


def _maps(value: Any) -> dict[str, dict[str, str]]:
    if not isinstance(value, dict) or not value:
        raise _BadValueError('must be a table of tables, such as maps.outcome = { done = "fulfilled" }')
    return {name: _words(words) for name, words in value.items()}


def _inside(value: Any) -> str:
    return _files(_text(value))[0]


def _database(value: Any) -> str:
    try:
        return parse_address(_text(value)).text
    except BadAddressError as bad:
        raise _BadValueError(str(bad)) from None


def _relation(value: Any) -> str:
    try:
        parse_relation(_text(value))
    except BadAddressError as bad:
        raise _BadValueError(str(bad)) from None
    return str(value)


def _zone(value: Any) -> str:
    try:
        ZoneInfo(_text(value))
    except (KeyError, ValueError, OSError):
        raise _BadValueError('must be an IANA time zone, such as "America/Los_Angeles"') from None
    return str(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _BadValueError("must be true or false")
    return value


def _day(value: Any) -> int:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _BadValueError("must be a date, such as 2018-01-01")
    return day_number(value)


def _covers_from(value: Any) -> int:
    if value == "beginning":
        return FIRST_DAY
    try:
        return _day(value)
    except _BadValueError:
        raise _BadValueError('must be a date, such as 2018-01-01, or "beginning"') from None


def _instant(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > 10 else None
        except ValueError:
            value = None
    if not isinstance(value, datetime) or not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise _BadValueError("must be an instant of the years 1900 to 2100, such as 2018-10-02T03:00:00Z")
    return value


FIRST_YEAR, LAST_YEAR = 1900, 2100

_KEYS: dict[str, Callable[[Any], Any]] = {
    "files": _files,
    "format": _one_of(FORMAT_WORDS),
    "delimiter": _character,
    "quote": _quote,
    "encoding": _encoding,
    "names": _names,
    "sheet": _text,
    "columns": _columns,
    "adapter": _text,
    "maps": _maps,
    "overrides": _inside,
    "database": _database,
    "relation": _relation,
    "time_zone": _zone,
    "dates_as": _one_of(("start_of_day",)),
    "extracted_at": _instant,
    "kind": _one_of(KINDS),
    "covers_from": _covers_from,
    "covers_to": _day,
    "keeps_deleted": _boolean,
    "daily": _boolean,
}
OF_FILES = ("files", "format", "delimiter", "quote", "encoding", "names", "header", "sheet", "compression")
"""Keys that say how files are written."""
RELATION_COPY: dict[str, Any] = {"files": (), "format": "csv", "delimiter": ",", "quote": '"', "encoding": "utf-8", "names": (), "sheet": None}
"""How a copy of a relation is written, whatever `[defaults]` say of files."""
_FIELDS = {"extracted_at": "extracted_second", "covers_from": "covers_from_day", "covers_to": "covers_to_day"}


def read_declarations(path: Path, contracts: Mapping[str, Contract]) -> Declarations:
    """Read and check `sources.toml`; without the file nothing is declared.

    Raises DefinitionError once for all faults.
    """
    if not path.is_file():
        return Declarations()
    try:
        text = path.read_text("utf-8-sig")
        content = tomllib.loads(text)
    except UnicodeDecodeError:
        raise DefinitionError(f"{path.name} is not UTF-8. Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{path.name} is not valid TOML: {error}.") from None
    reader = _Reader(text, contracts)
    declarations = reader.read(content)
    raise_problems(reader.problems, path.name)
    return declarations


class _Reader:
    """Checks the content of `sources.toml` and collects what is wrong with it."""

    def __init__(self, text: str, contracts: Mapping[str, Contract]) -> None:
        self.lines, self.contracts, self.problems = text.splitlines(), contracts, list[str]()

    def read(self, content: dict[str, Any]) -> Declarations:
        ignore = self._value("", 0, "ignore", content.pop("ignore"), _files, {}) if "ignore" in content else ()
        given_defaults = content.pop("defaults", {})
        defaults = self._entry("defaults", 0, given_defaults, Declaration())
        tables = {}
        for table, entries in content.items():
            if table not in self.contracts:
                self._problem(
                    self._lines(table, 0).get(""),
                    f"{table} is not an export table. Known: {', '.join(self.contracts)}.",
                )
                continue
            listed = entries if isinstance(entries, list) else [entries]
            tables[table] = tuple(self._entry(table, index, entry, defaults) for index, entry in enumerate(listed))
            self._several(table, tables[table])
        return Declarations(tables, defaults, tuple(ignore or ()))

    def _entry(self, table: str, index: int, given: Any, defaults: Declaration) -> Declaration:
        lines = self._lines(table, index)
        if not isinstance(given, dict):
            self._problem(lines.get(""), f"{table} must be a section, such as [{table}].")
            return defaults
        fields: dict[str, Any] = {}
        for key, value in given.items():
            if key not in _KEYS or (table == "defaults" and key == "files"):
                self._problem(lines.get(key), f"{table}: unknown key {key}. Known: {', '.join(_KEYS)}.")
                continue
            checked = self._value(table, index, key, value, _KEYS[key], lines)
            if checked is not None:
                fields[_FIELDS.get(key) or key] = checked
        entry = replace(defaults, lines=lines, **{k: v for k, v in fields.items() if k != "extracted_second"})
        entry = self._of_database(table, entry, given)
        return self._whole(table, entry, fields.get("extracted_second"))

    def _whole(self, table: str, entry: Declaration, extracted: datetime | None) -> Declaration:
        """Check what only several keys together can say."""
        if entry.dates_as and not entry.time_zone and table != "defaults":
            self._problem(entry.lines.get("dates_as"), f"{table}: dates_as needs time_zone: a day starts somewhere.")
        first, last = entry.covers_from_day, entry.covers_to_day
        if first is not None and last is not None and last < first:
            self._problem(
                entry.lines.get("covers_to"), f"{table}: covers_to is before covers_from. Correct one of them."
            )
        if extracted is None:
            return entry
        if extracted.tzinfo is None and not entry.time_zone:
            self._problem(
                entry.lines.get("extracted_at"),
                f"{table}: extracted_at has no offset. Add Z or an offset, or declare time_zone.",
            )
            return entry
        zone = ZoneInfo(entry.time_zone) if entry.time_zone else UTC
        aware = extracted if extracted.tzinfo else extracted.replace(tzinfo=zone)
        return replace(entry, extracted_second=int(aware.timestamp() // 1))

    def _of_database(self, table: str, entry: Declaration, given: Mapping[str, Any]) -> Declaration:
        """`database` and `relation` go together, and without anything that is said of files."""
        lines = entry.lines
        if table == "defaults":
            if "relation" in given:
                self._problem(lines.get("relation"), "defaults: relation belongs to a table. Give it there.")
            return replace(entry, relation=None)
        if "database" in given and not entry.relation:
            self._problem(lines.get("database"), f"{table}: database needs relation: the name of a table or view.")
        if entry.relation and not entry.database:
            self._problem(lines.get("relation"), f"{table}: relation needs database: the address that holds it.")
        if not entry.relation or not entry.database:
            return replace(entry, database=None, relation=None)
        for key in OF_FILES:
            if key in given:
                self._problem(lines.get(key), f"{table}: {key} is for files, not for a relation of a database. Leave one out.")
        return replace(entry, **RELATION_COPY)

    def _several(self, table: str, entries: tuple[Declaration, ...]) -> None:
        """Several entries of one table are several extractions: each must say when, none may contradict another."""
        if len(entries) < 2:
            return
        for entry in entries:
            if entry.extracted_second is None:
                self._problem(entry.lines.get(""), f"{table} has several entries. Give each its extracted_at.")
            if not entry.files and not entry.relation:
                self._problem(entry.lines.get(""), f"{table} has several entries. Give each its files.")
            if entry.kind != entries[0].kind:
                self._problem(
                    entry.lines.get("kind") or entry.lines.get(""),
                    f"{table}: entries differ in kind. Declare one kind.",
                )

    def _value(
        self, table: str, index: int, key: str, value: Any, check: Callable[[Any], Any], lines: Mapping[str, int]
    ) -> Any:
        try:
            return check(value)
        except _BadValueError as bad:
            line = lines.get(key) or self._line_of(rf"\s*{re.escape(key)}\s*=", 0)
            self._problem(line, f"{table}{': ' if table else ''}{key} {bad}.")
            return None

    def _problem(self, line: int | None, sentence: str) -> None:
        self.problems.append(f"line {line}: {sentence}" if line else sentence)

    def _line_of(self, pattern: str, start: int, stop: int | None = None) -> int | None:
        for number, line in enumerate(self.lines[start:stop], start + 1):
            if re.match(pattern, line):
                return number
        return None

    def _lines(self, table: str, index: int) -> dict[str, int]:
        """Lines of a table's entry: its heading (or `table = …`, `table.key = …`) and of each key under it."""
        heading = rf"\s*\[{{1,2}}\s*[\"']?{re.escape(table)}[\"']?\s*\]{{1,2}}"
        starts = [number for number, line in enumerate(self.lines, 1) if re.match(heading, line)]
        if index >= len(starts):
            own = self._line_of(rf"\s*[\"']?{re.escape(table)}[\"']?\s*[.=]", 0)
            dotted = rf"\s*[\"']?{re.escape(table)}[\"']?\s*\.\s*([\w-]+)\s*="
            found = {m[1]: n for n, line in enumerate(self.lines, 1) if (m := re.match(dotted, line))}
            return {**({"": own} if own else {}), **found}
        start = starts[index]
        found = {"": start}
        for number, line in enumerate(self.lines[start:], start + 1):
            if (re.match(r"\s*\[", line) and not re.match(r"\s*\[.*\],?\s*$", line.split("#")[0])) or re.match(
                r"\s*\[{1,2}[\w\"' .-]+\]{1,2}\s*(#.*)?$", line
            ):
                break
            if match := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*[.=]", line):
                found.setdefault(match[1], number)
        return found
