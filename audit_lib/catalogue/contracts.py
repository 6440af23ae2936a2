"""Reads the contracts of the export tables (`audit_lib/tables/*.toml`)."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from audit_lib.errors import raise_problems
from audit_lib.vocabulary import Column, Contract

TABLES = Path(__file__).parent.parent / "tables"
TYPES = {"id", "instant", "date", "country", "region", "integer", "boolean", "word", "text"}


def load_contracts(folder: Path = TABLES) -> dict[str, Contract]:
    """All contracts by table name. Raises DefinitionError naming every problem of every file at once."""
    problems: list[str] = []
    contracts = {}
    for file in sorted(folder.glob("*.toml")):
        try:
            contracts[file.stem] = _contract(file.stem, tomllib.loads(file.read_text("utf-8")))
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            problems.append(f"{file.name}: {error}")
    raise_problems(problems, "Contracts of export tables")
    return contracts


def _contract(table: str, content: dict[str, Any]) -> Contract:
    columns = {name: _column(name, entry) for name, entry in content["columns"].items()}
    named = [*content["key"], *content["placed_by"], *content.get("one_of", [])]
    if unknown := [name for name in named if name not in columns]:
        raise ValueError(f"names columns it does not describe: {', '.join(unknown)}")
    return Contract(
        table=table,
        one_row_per=content["one_row_per"],
        number=content["number"],
        key=tuple(content["key"]),
        placed_by=tuple(content["placed_by"]),
        columns=columns,
        tombstones=content.get("tombstones", False),
        one_of=tuple(content.get("one_of", ())),
    )


def _column(name: str, entry: dict[str, Any]) -> Column:
    if entry["type"] not in TYPES:
        raise ValueError(f"column {name}: type {entry['type']!r} is not one of {', '.join(sorted(TYPES))}")
    fields = dict(entry)
    for key in ("known", "closed"):
        fields[key] = tuple(entry.get(key, ()))
    return Column(name=name, **fields)
