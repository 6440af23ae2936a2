"""Reads measures and shared steps: a folder each, found by its name. Nothing is registered anywhere."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from audit_lib.catalogue import schemas
from audit_lib.catalogue.parameters import scalars
from audit_lib.catalogue.schemas import Schema
from audit_lib.errors import raise_problems
from audit_lib.portable_sql import SqlType, lint, reads
from audit_lib.vocabulary import Contract, Kind, Measure

MEASURES = Path(__file__).parent.parent / "measures"
DERIVED = Path(__file__).parent.parent / "derived"
EXTRA_MEASURES = "PRIVACY_AUDIT_MEASURES"
"""Environment variable: further folders of measures, separated as in PATH."""

_REQUIRED = ("title", "area", "kind", "question", "item", "items", "exception", "exception_phrase", "on_day", "reasons")
_OPTIONAL = {
    "groups", "value", "value_unit", "sums", "item_table", "looks_back", "needs_tombstones", "optional_tables", "optional_columns", "why_it_matters",
    "caveats", "author", "checked_by", "next_review", "kept_phrase", "reach_back_days", "readings",
}  # fmt: skip
AREAS = ("retention", "rights", "consent", "under_13", "transfers", "other")


@dataclass(frozen=True)
class Derived:
    """A shared step: portable SQL evaluated once per run and set of parameters, read by several measures."""

    name: str
    meaning: str
    key: str
    columns: Schema
    column_meanings: Mapping[str, str]
    sql: str
    sql_sha256: str
    reads: Mapping[str, frozenset[str]]
    """Table → columns it reads, of whatever kind of table."""
    only_when: Mapping[str, Any] = field(default_factory=dict)
    """Parameter → the value at which the step matters; at any other its rows change nothing, so that its exports are not needed."""
    made_as: str = "table"
    """`table`: evaluated once and kept. `view`: part of each text that reads it; for a step of many rows that costs less to
    evaluate again than to keep."""


@dataclass(frozen=True)
class Tables:
    """All tables a text may read, with their column types."""

    base: Mapping[str, Schema]
    derived: Mapping[str, Derived]
    small: frozenset[str]

    @property
    def all(self) -> dict[str, Schema]:
        """Base tables and shared steps together."""
        return {**self.base, **{name: step.columns for name, step in self.derived.items()}}


def text_hash(sql: str) -> str:
    """SHA-256 of a text: what the evidence of a run names it by."""
    return hashlib.sha256(sql.encode("utf-8")).hexdigest()


def load_derived(base: Mapping[str, Schema], folder: Path = DERIVED) -> dict[str, Derived]:
    """All shared steps by name. Raises DefinitionError naming every problem at once."""
    problems: list[str] = []
    steps = {}
    names = {f.name: _derived_columns(f, problems) for f in sorted(folder.iterdir()) if f.is_dir() and f.name[0] not in "._"}
    everything = {**base, **names}
    for name, columns in names.items():
        try:
            content = tomllib.loads((folder / name / "derived.toml").read_text("utf-8"))
            sql = (folder / name / f"{name}.sql").read_text("utf-8")
            meanings = {column: entry["meaning"] for column, entry in content["columns"].items()}
            steps[name] = Derived(
                name, content["meaning"], content["key"], columns, meanings, sql, text_hash(sql), reads(sql, everything),
                content.get("only_when", {}), content.get("made_as", "table"),
            )  # fmt: skip
        except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
            problems.append(f"derived/{name}: {error}")
    problems += [f"derived/{s.name}: made_as must be table or view" for s in steps.values() if s.made_as not in ("table", "view")]
    raise_problems(problems, "Shared steps")
    return steps


def _derived_columns(folder: Path, problems: list[str]) -> Schema:
    try:
        content = tomllib.loads((folder / "derived.toml").read_text("utf-8"))
        return {
            name: SqlType(kind=entry["type"], nullable=entry.get("nullable", False))
            for name, entry in content["columns"].items()
        }
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        problems.append(f"derived/{folder.name}/derived.toml: {error}")
        return {}


def measure_folders() -> list[Path]:
    """The folders of the measures: ours, then those of PRIVACY_AUDIT_MEASURES."""
    extra = [Path(p) for p in os.environ.get(EXTRA_MEASURES, "").split(os.pathsep) if p]
    return sorted(f for root in (MEASURES, *extra) for f in root.iterdir() if f.is_dir() and f.name[0] not in "._")


def load_measures(folders: Iterable[Path], tables: Tables, contracts: Mapping[str, Contract]) -> dict[str, Measure]:
    """All measures by id. Raises DefinitionError naming every problem of every folder at once."""
    problems: list[str] = []
    measures: dict[str, Measure] = {}
    for folder in folders:
        try:
            definition = (folder / "measure.toml").read_text("utf-8")
            content = tomllib.loads(definition)
            sql = (folder / "items.sql").read_text("utf-8")
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            problems.append(f"measure {folder.name}: {error}")
            continue
        found = _content_problems(content, contracts)
        if folder.name in measures:
            found.append("a measure of this name exists already")
        problems += [f"measure {folder.name}: {problem}" for problem in found]
        if not found:
            entries = {**content, "definition_sha256": text_hash(definition)}
            measures[folder.name] = _measure(folder.name, entries, sql, tables, contracts)
    raise_problems(problems, "Measures")
    return measures


def _content_problems(content: dict[str, Any], contracts: Mapping[str, Contract]) -> list[str]:
    found = [f"{key} is missing" for key in _REQUIRED if not content.get(key)]
    found += [f"{key} is not known" for key in content if key not in _REQUIRED and key not in _OPTIONAL]
    if content.get("kind") not in (None, *Kind):
        found.append(f"kind must be one of {', '.join(Kind)}")
    if content.get("area") not in (None, *AREAS):
        found.append(f"area must be one of {', '.join(AREAS)}")
    named = [content.get("item_table", ""), *content.get("looks_back", []), *content.get("needs_tombstones", [])]
    found += [f"names the table {t}, which has no contract" for t in named if t and t not in contracts]
    return found + list(_optional_column_problems(content.get("optional_columns", {}), contracts))


def _optional_column_problems(optional: Mapping[str, Mapping[str, str]], contracts: Mapping[str, Contract]) -> Iterator[str]:
    known = scalars()
    for table, columns in optional.items():
        for column, parameter in columns.items():
            if table not in contracts or column not in contracts[table].columns:
                yield f"optional_columns names {table}.{column}, which no contract has"
            elif contracts[table].columns[column].required:
                yield f"optional_columns names {table}.{column}, which no export can be without"
            if parameter and (parameter not in known or known[parameter].type != "boolean"):
                yield f"optional_columns of {table}.{column} names {parameter}, which is no yes/no parameter"


def _measure(name: str, content: dict[str, Any], sql: str, tables: Tables, contracts: Mapping[str, Contract]) -> Measure:
    read = reads(sql, tables.all)
    derived = _derived_in_order(read, tables.derived)
    everything = [read, *(tables.derived[step].reads for step in derived)]
    always = _always(read, tables.derived)
    review = content.get("next_review")
    entries = {key: content[key] for key in content if key != "next_review"}
    for key in ("looks_back", "needs_tombstones", "optional_tables", "caveats"):
        entries[key] = tuple(entries.get(key, ()))
    parameters = _parameters(everything)
    entries["readings"] = tuple(entries.get("readings", parameters))
    entries |= {"kind": Kind(content["kind"]), "groups": content.get("groups", {})}
    return Measure(
        id=name,
        sql=sql,
        sql_sha256=text_hash(sql),
        reads=_export_columns([read, *(tables.derived[step].reads for step in always)], contracts),
        may_read=_export_columns(everything, contracts),
        only_when={name: value for step in derived if step not in always for name, value in tables.derived[step].only_when.items()},
        tables=tuple(sorted({table for read in everything for table in read})),
        derived=derived,
        parameters=parameters,
        next_review=review if isinstance(review, date) else None,
        **entries,
    )


def _derived_in_order(read: Mapping[str, frozenset[str]], derived: Mapping[str, Derived]) -> tuple[str, ...]:
    """The shared steps behind a text, those that others build on first."""
    order: list[str] = []

    def visit(names: Iterable[str]) -> None:
        for step in names:
            if step in derived and step not in order:
                visit(derived[step].reads)
                order.append(step)

    visit(sorted(read))
    return tuple(order)


def _always(read: Mapping[str, frozenset[str]], derived: Mapping[str, Derived]) -> set[str]:
    """The shared steps whose exports are needed whatever the parameters are."""
    found: set[str] = set()

    def visit(names: Iterable[str]) -> None:
        for step in names:
            if step in derived and step not in found and not derived[step].only_when:
                found.add(step)
                visit(derived[step].reads)

    visit(read)
    return found


def _export_columns(
    everything: Iterable[Mapping[str, frozenset[str]]], contracts: Mapping[str, Contract]
) -> dict[str, frozenset[str]]:
    """Export table → columns of the export that stand behind the staged columns read."""
    found: dict[str, set[str]] = {}
    for read in everything:
        for table, columns in read.items():
            source = schemas.STAGED_FROM.get(table, table.removeprefix("stg_") if table.startswith("stg_") else "")
            if source:
                renamed = schemas.STAGED_COLUMNS.get(table, {})
                behind = frozenset(renamed.get(column, column) for column in columns)
                found.setdefault(source, set()).update(_behind(contracts[source], behind))
    return {table: frozenset(columns) for table, columns in sorted(found.items())}


def _behind(contract: Contract, staged: frozenset[str]) -> set[str]:
    return {
        column.name
        for column in contract.columns.values()
        if not column.kept or staged & set(contract.stored_names(column))
    }


def _parameters(everything: Iterable[Mapping[str, frozenset[str]]]) -> tuple[str, ...]:
    names: set[str] = set()
    for read in everything:
        names |= read.get("parameter", frozenset())
        names |= {table.removeprefix("param_") for table in read if table.startswith("param_")}
    return tuple(sorted(names))


def lint_problems(measures: Mapping[str, Measure], tables: Tables) -> list[str]:
    """What the portable-SQL linter says of every shared step and measure."""
    found = []
    for step in tables.derived.values():
        found += [f"derived/{step.name}: {p}" for p in lint(step.sql, tables.all, small=tables.small)]
    for measure in measures.values():
        found += [f"measures/{measure.id}: {p}" for p in lint(measure.sql, tables.all, small=tables.small)]
    return found
