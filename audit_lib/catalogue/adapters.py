"""Reads the adapters (`audit_lib/adapters/<id>/`): how another tool's export becomes rows of a contract."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from audit_lib.errors import raise_problems
from audit_lib.vocabulary import Contract

ADAPTERS = Path(__file__).parent.parent / "adapters"
READS = ("header", "objects")
CHECKED = ("source", "documentation", "third party", "unchecked")


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of the other tool's export under the name that `rows.sql` gives it."""

    name: str
    found_as: tuple[str, ...]
    """Its names in the generations of the export (of objects: paths with dots); the first that is there counts."""
    meaning: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class WordMap:
    """Words of the other tool → our words."""

    name: str
    meaning: str
    words: Mapping[str, str]
    required: bool = False
    """True: no export says it, `sources.toml` must."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What the other tool's export cannot say."""

    what: str
    columns: tuple[str, ...]
    """Columns of the contract that an override file can fill in."""


@dataclass(frozen=True, slots=True)
class Trap:
    """What would silently corrupt a figure, and the test that shows it does not."""

    what: str
    test: str


@dataclass(frozen=True)
class Adapter:
    """One adapter."""

    id: str
    title: str
    table: str
    reads: str
    """`header` (named columns) or `objects` (JSON)."""
    what: str
    source: str
    checked: str
    """How sure the format is: read in the tool's source, in documentation, in third-party code, or not checked."""
    columns: Mapping[str, SourceColumn]
    maps: Mapping[str, WordMap]
    reasons: Mapping[str, str]
    gaps: tuple[Gap, ...]
    traps: tuple[Trap, ...]
    lists: tuple[str, ...]
    sql: str

    @property
    def required(self) -> tuple[SourceColumn, ...]:
        """The columns without which a file is refused."""
        return tuple(column for column in self.columns.values() if column.required)


@cache
def load_adapters(folder: Path = ADAPTERS) -> Mapping[str, Adapter]:
    """All adapters by id. Raises DefinitionError naming every problem of every file at once."""
    problems: list[str] = []
    adapters = {}
    for file in sorted(folder.glob("*/adapter.toml")):
        try:
            adapters[file.parent.name] = _adapter(file.parent)
        except (tomllib.TOMLDecodeError, OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            problems.append(f"{file.parent.name}/{file.name}: {_said(error)}")
    raise_problems(problems, "Adapters")
    return adapters


def _said(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return f"{Path(str(error.filename)).name} is missing" if isinstance(error, OSError) else str(error)


def against_contracts(adapters: Mapping[str, Adapter], contracts: Mapping[str, Contract]) -> list[str]:
    """What adapters name that the contracts do not hold; empty when all is well."""
    problems = []
    for adapter in adapters.values():
        contract = contracts.get(adapter.table)
        if contract is None:
            problems.append(f"{adapter.id}: {adapter.table} is not an export table")
            continue
        named = {column for gap in adapter.gaps for column in gap.columns}
        problems += [f"{adapter.id}: {adapter.table} has no column {n}" for n in sorted(named - set(contract.columns))]
    return problems


def _adapter(folder: Path) -> Adapter:
    content, sql = _content(folder)
    columns = {name: _column(name, entry) for name, entry in content["columns"].items()}
    maps = {name: _map(name, entry) for name, entry in content.get("maps", {}).items()}
    _known("reads", content["reads"], READS)
    _known("checked", content["checked"], CHECKED)
    if content.get("lists") and content["reads"] != "objects":
        raise ValueError("lists is for objects only")
    return Adapter(
        id=folder.name,
        title=content["title"],
        table=content["table"],
        reads=content["reads"],
        what=content["what"],
        source=content["source"],
        checked=content["checked"],
        columns=columns,
        maps=maps,
        reasons=dict(content.get("reasons", {})),
        gaps=tuple(Gap(gap["what"], tuple(gap.get("columns", ()))) for gap in content.get("cannot_know", ())),
        traps=tuple(Trap(trap["what"], trap["test"]) for trap in content.get("trap", ())),
        lists=tuple(content.get("lists", ())),
        sql=sql,
    )


def _content(folder: Path) -> tuple[dict[str, Any], str]:
    """What an adapter says, and its SQL. `like` names another one of which it says only what differs: the same records in
    another form of file."""
    own = tomllib.loads((folder / "adapter.toml").read_text("utf-8"))
    if "like" not in own:
        return own, (folder / "rows.sql").read_text("utf-8")
    base, sql = _content(folder.parent / own["like"])
    if own.get("reads", base["reads"]) != "objects":
        base.pop("lists", None)
    merged = {**base, **own, "columns": {**base["columns"], **own.get("columns", {})}}
    for listed in ("cannot_know", "trap"):
        merged[listed] = [*base.get(listed, ()), *own.get(listed, ())]
    return merged, sql


def _column(name: str, entry: dict[str, Any]) -> SourceColumn:
    if unknown := set(entry) - {"found_as", "meaning", "required"}:
        raise ValueError(f"column {name} has unknown keys: {', '.join(sorted(unknown))}")
    if name in ("record", "json") or not entry["found_as"]:
        raise ValueError(f"column {name}: another name, and at least one name in the export, are needed")
    return SourceColumn(name, tuple(entry["found_as"]), entry["meaning"], entry.get("required", False))


def _map(name: str, entry: dict[str, Any]) -> WordMap:
    return WordMap(name, entry["meaning"], dict(entry.get("words", {})), entry.get("required", False))


def _known(key: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise ValueError(f"{key} {word!r} is not one of {', '.join(words)}")
