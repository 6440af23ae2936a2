"""Parameters: what a criteria document may set. Scalars are one row, lists are small tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from audit_lib.errors import raise_problems

FOLDER = Path(__file__).parent.parent / "parameters"
_PYTHON_TYPES = {"integer": int, "boolean": bool, "word": str, "country": str, "text": str}


@dataclass(frozen=True)
class Scalar:
    """One parameter of the table `parameter`."""

    name: str
    type: str
    default: int | bool | str
    meaning: str
    assumed: bool = False
    strictest: int | bool | str | None = None

    def problem(self, value: object) -> str | None:
        """Why `value` cannot stand for this parameter, or None when it can."""
        if type(value) is not _PYTHON_TYPES[self.type]:
            return f"parameter {self.name} must be {_article(self.type)}"
        return None


@dataclass(frozen=True)
class ListParameter:
    """One table of rows, `param_<name>`."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    assumed: bool = False


@dataclass(frozen=True)
class Parameters:
    """Values for every parameter, and which of them are assumptions."""

    scalars: Mapping[str, int | bool | str]
    lists: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()

    def replaced(self, scalars: Mapping[str, int | bool | str]) -> Parameters:
        """The same with some scalars replaced."""
        return Parameters({**self.scalars, **scalars}, self.lists, self.assumed)


def _article(type_name: str) -> str:
    return {"integer": "a whole number", "boolean": "true or false"}.get(type_name, f"a {type_name} in quotes")


@cache
def scalars() -> dict[str, Scalar]:
    """All scalar parameters by name."""
    content = tomllib.loads((FOLDER / "scalars.toml").read_text("utf-8"))
    return {name: Scalar(name, **entry) for name, entry in content.items()}


@cache
def list_parameters() -> dict[str, ListParameter]:
    """All list parameters by name."""
    content = tomllib.loads((FOLDER / "lists.toml").read_text("utf-8"))
    return {
        name: ListParameter(name, entry["meaning"], tuple(entry["key"]), entry["columns"], entry.get("assumed", False))
        for name, entry in content.items()
    }


def problems_of(given: Mapping[str, Any]) -> list[str]:
    """What is wrong with a `[parameters]` section: unknown names, wrong types, rows without their key."""
    found = []
    for name, value in given.items():
        if name in scalars():
            found.append(scalars()[name].problem(value))
        elif name in list_parameters():
            found += [f"parameter {name}: {p}" for p in _row_problems(list_parameters()[name], value)]
        else:
            known = ", ".join(sorted([*scalars(), *list_parameters()]))
            found.append(f"parameter {name} is not known; known are {known}")
    return [problem for problem in found if problem]


def _row_problems(parameter: ListParameter, rows: object) -> Iterator[str]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        yield f"write rows as [[parameters.{parameter.name}]]"
        return
    seen = set()
    for place, row in enumerate(rows, 1):
        if unknown := set(row) - set(parameter.columns):
            yield f"row {place} has the unknown columns {', '.join(sorted(unknown))}"
        if missing := set(parameter.key) - set(row):
            yield f"row {place} lacks {', '.join(sorted(missing))}"
            continue
        for single in _multiplied(row):
            key = tuple(single[column] for column in parameter.key)
            if key in seen:
                yield f"row {place} repeats a key ({', '.join(parameter.key)})"
            seen.add(key)
            yield from _type_problems(parameter, single, place)


def _type_problems(parameter: ListParameter, row: Mapping[str, Any], place: int) -> Iterator[str]:
    for column, value in row.items():
        wanted = parameter.columns.get(column)
        if wanted and type(value) is not _PYTHON_TYPES[wanted]:
            yield f"row {place}: {column} must be {_article(wanted)}"


def _multiplied(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A row whose cells may hold lists, as all the rows it stands for."""
    cells = [value if isinstance(value, list) else [value] for value in row.values()]
    for values in product(*cells):
        yield dict(zip(row, values, strict=True))


def merged(sections: list[tuple[str, Mapping[str, Any], frozenset[str]]]) -> Parameters:
    """The parameters of several documents over the defaults.

    `sections` holds (document id, its `[parameters]`, names it marks as assumed). A scalar that two documents set to
    different values, or a list key that two documents give, is refused: which of them holds cannot be guessed.
    """
    values = {name: scalar.default for name, scalar in scalars().items()}
    assumed = {name for name, scalar in scalars().items() if scalar.assumed}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in list_parameters()}
    set_by: dict[str, str] = {}
    problems: list[str] = []
    for document, given, marked in sections:
        for name, value in given.items():
            if name in set_by:
                problems.append(f"{document} sets the parameter {name}, which {set_by[name]} sets as well")
                continue
            set_by[name] = document
            if name in rows:
                rows[name] = [single for row in value for single in _multiplied(row)]
            else:
                values[name] = value
            assumed = (assumed - {name}) | ({name} & marked)
    raise_problems(problems, "Parameters of the criteria documents")
    return Parameters(values, {name: tuple(found) for name, found in rows.items()}, frozenset(assumed))
