"""Reads the reference tables (`audit_lib/reference/*.csv`), the law as data, and checks what joins rely on."""

from __future__ import annotations

import csv
import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from audit_lib.errors import raise_problems
from audit_lib.vocabulary import day_number

REFERENCE = Path(__file__).parent.parent / "reference"


@dataclass(frozen=True)
class ReferenceTable:
    """One reference table, typed and checked.

    `rows` holds days as day numbers and integers as `Int64`, booleans as `boolean`, everything else as text. An empty
    cell is NA, but an empty region is the empty string: "the whole country" must join by equality.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    dated: bool
    """Whether rows of one key follow each other in time: `first_day` and `last_day`, both included."""
    columns: Mapping[str, str]
    rows: pd.DataFrame
    sha256: str
    """Of the CSV file."""


@dataclass(frozen=True)
class _Schema:
    """What `schema.toml` says of one table."""

    name: str
    meaning: str
    key: tuple[str, ...]
    dated: bool
    columns: Mapping[str, str]
    optional: frozenset[str]
    words: Mapping[str, Sequence[str]]


def load_reference(folder: Path = REFERENCE) -> dict[str, ReferenceTable]:
    """All reference tables by name. Raises DefinitionError naming every problem of every table at once."""
    problems: list[str] = []
    schemas = _schemas(folder, problems)
    files = {file.stem: file for file in sorted(folder.glob("*.csv"))}
    problems += [
        f"{name}.csv is not described in schema.toml: describe it or remove it." for name in files.keys() - schemas
    ]
    problems += [
        f"schema.toml describes {name}, but there is no {name}.csv: add it." for name in schemas.keys() - files
    ]
    tables = {}
    for name in sorted(files.keys() & schemas.keys()):
        if table := _table(schemas[name], files[name], problems):
            tables[name] = table
    raise_problems(sorted(problems), "Reference tables")
    return tables


def _schemas(folder: Path, problems: list[str]) -> dict[str, _Schema]:
    schemas = {}
    for name, entry in tomllib.loads((folder / "schema.toml").read_text("utf-8")).items():
        found = list(_schema_problems(name, entry))
        problems += found
        if not found:
            schemas[name] = _Schema(
                name=name,
                meaning=entry["meaning"],
                key=tuple(entry["key"]),
                dated=entry["dated"],
                columns=entry["columns"],
                optional=frozenset(entry.get("optional", ())),
                words=entry.get("words", {}),
            )
    return schemas


def _schema_problems(name: str, entry: Mapping[str, Any]) -> list[str]:
    if missing := [field for field in ("meaning", "key", "dated", "columns") if field not in entry]:
        return [f"schema.toml, {name}: say its {', '.join(missing)}."]
    columns = entry["columns"]
    found = [
        f"schema.toml, {name}: column {column} has type {kind!r}; take one of {', '.join(_READERS)}."
        for column, kind in columns.items()
        if kind not in _READERS
    ]
    needed = {"source", "verified", *entry["key"], *entry.get("optional", ()), *entry.get("words", {})}
    needed |= {"first_day", "last_day"} if entry["dated"] else set()
    return found + [f"schema.toml, {name}: describe the column {column}." for column in sorted(needed - set(columns))]


def _table(schema: _Schema, file: Path, problems: list[str]) -> ReferenceTable | None:
    """The table of one CSV, or None after adding its problems."""
    content = file.read_bytes()
    lines = list(csv.reader(content.decode("utf-8").splitlines()))
    found = _header_problems(schema, lines[0] if lines else [])
    if not found:
        found = _width_problems(file.name, lines)
    if found:
        problems += found
        return None
    rows = _typed(schema, file.name, lines, found)
    if not found:
        found += _row_problems(schema, file.name, rows)
    problems += found
    digest = hashlib.sha256(content).hexdigest()
    return ReferenceTable(schema.name, schema.meaning, schema.key, schema.dated, schema.columns, rows, digest)


def _header_problems(schema: _Schema, header: Sequence[str]) -> list[str]:
    file = f"{schema.name}.csv"
    found = [
        f"{file}: unknown column {name!r}: describe it in schema.toml." for name in header if name not in schema.columns
    ]
    found += [f"{file}: column {name!r} is missing." for name in schema.columns if name not in header]
    found += [
        f"{file}: column {name!r} stands there twice." for name in sorted({n for n in header if header.count(n) > 1})
    ]
    return found


def _width_problems(file: str, lines: Sequence[Sequence[str]]) -> list[str]:
    width = len(lines[0])
    return [
        f"{file}, line {number}: {len(line)} cells, {width} expected: check the quotes."
        for number, line in enumerate(lines[1:], 2)
        if len(line) != width
    ]


def _typed(schema: _Schema, file: str, lines: Sequence[Sequence[str]], found: list[str]) -> pd.DataFrame:
    header = lines[0]
    series = {}
    for name, kind in schema.columns.items():
        place = header.index(name)
        values = [_cell(schema, name, line[place], f"{file}, line {n}", found) for n, line in enumerate(lines[1:], 2)]
        series[name] = pd.Series(values, dtype=_DTYPES.get(kind, "str"))
    return pd.DataFrame(series)


def _cell(schema: _Schema, name: str, text: str, where: str, found: list[str]) -> Any:
    """The value of one cell, None where it is empty or unreadable (then the problem is added)."""
    kind = schema.columns[name]
    if text == "":
        if name not in schema.optional:
            found.append(f"{where}: {name} is empty: fill it.")
        return "" if kind == "region" else None
    try:
        value = _READERS[kind](text)
    except ValueError as error:
        found.append(f"{where}: {name} {error}.")
        return None
    if name in schema.words and value not in schema.words[name]:
        found.append(f"{where}: {name} must be one of {', '.join(schema.words[name])}.")
    return value


def _row_problems(schema: _Schema, file: str, rows: pd.DataFrame) -> list[str]:
    if not schema.dated:
        repeated = rows.duplicated(list(schema.key))
        return [f"{file}, line {number + 2}: its key stands there before." for number in rows.index[repeated]]
    backwards = rows["last_day"] < rows["first_day"]
    found = [f"{file}, line {number + 2}: last_day lies before first_day." for number in rows.index[backwards]]
    ordered = rows.sort_values([*schema.key, "first_day", "last_day"], kind="stable")
    # Against the latest end so far, not only the row before: a long row can reach over a short one.
    reached = ordered.groupby(list(schema.key), dropna=False)["last_day"].transform(lambda ends: ends.cummax().shift())
    overlapping = (ordered["first_day"] <= reached).fillna(False).astype(bool)
    return found + [
        f"{file}, line {n + 2}: shares days with another row of its key." for n in ordered.index[overlapping]
    ]


def _word(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.()/-]+", text):
        raise ValueError("must be one word")
    return text


def _country(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", text):
        raise ValueError("must be two capital letters (ISO 3166-1)")
    return text


def _region(text: str) -> str:
    if not re.fullmatch(r"[A-Z0-9]{1,3}", text):
        raise ValueError("must be the part of ISO 3166-2 after the hyphen")
    return text


def _text(text: str) -> str:
    if text != text.strip():
        raise ValueError("begins or ends with a blank")
    return text


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", text):
        raise ValueError("must be a whole number")
    return int(text)


def _boolean(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text == "yes"


def _day(text: str) -> int:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return day_number(date.fromisoformat(text))
    except ValueError:
        pass
    raise ValueError("must be a day such as 2018-05-25")


_READERS: dict[str, Callable[[str], Any]] = {
    "word": _word,
    "country": _country,
    "region": _region,
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
    "day": _day,
}
_DTYPES = {"integer": "Int64", "day": "Int64", "boolean": "boolean"}
