"""Parameters: what a criteria document may set. Scalars are one row, lists are small tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from audit_lib.catalogue.countries import COUNTRIES
from audit_lib.errors import raise_problems

FOLDER = Path(__file__).parent.parent / "parameters"
_PYTHON_TYPES = {"integer": int, "boolean": bool, "word": str, "country": str, "text": str}


@dataclass(frozen=True)
class Known:
    """The words of the reference tables and contracts that a criteria document may name."""

    words: Mapping[str, frozenset[str]]
    """`area`, `regime`, `calendar`, `right_requested`, `country` → the words there are."""
    duties: frozenset[tuple[str, str]]
    """(duty_id, country) of every row of `ref_retention_duty`."""


@dataclass(frozen=True)
class Scalar:
    """One parameter of the table `parameter`."""

    name: str
    type: str
    default: int | bool | str
    meaning: str
    assumed: bool = False
    strictest: int | bool | str | None = None
    minimum: int | None = None
    """Of a whole number; itself allowed, and so is `maximum`."""
    maximum: int | None = None
    one_of: str = ""
    """Group of `Known.words` that a word must be taken from; empty for any word."""
    readings: Mapping[str, str] = field(default_factory=dict)
    """The values there are, as text → what each means. Of the others than the chosen one a finding tells the figure too."""

    def others(self, value: object) -> list[tuple[Any, str]]:
        """The other readings with what they mean."""
        return [(_read(text, self.type), meaning) for text, meaning in self.readings.items() if _read(text, self.type) != value]

    def problem(self, value: object, known: Known) -> str | None:
        """Why `value` cannot stand for this parameter, or None when it can."""
        if found := _misfit(self.type, value) or self.out_of_range(value):
            return f"parameter {self.name} {found}"
        if self.type == "word" and self.readings and value not in self.readings:
            return f"parameter {self.name}: {value!r} is no reading of it; take one of {', '.join(self.readings)}"
        if self.one_of and value not in known.words[self.one_of]:
            return f"parameter {self.name}: {unknown_word(self.one_of, value, known)}"
        return None

    def out_of_range(self, value: object) -> str | None:
        """Continues the name of a whole number that lies outside the range, None when it lies inside."""
        if not isinstance(value, int) or self.minimum is None or self.maximum is None:
            return None
        if self.minimum <= value <= self.maximum:
            return None
        return f"must lie between {self.minimum} and {self.maximum}, both allowed"


@dataclass(frozen=True)
class ListParameter:
    """One table of rows, `param_<name>`."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    assumed: bool = False
    optional: frozenset[str] = frozenset()
    """Columns that a row may leave out."""
    one_of: Mapping[str, str] = field(default_factory=dict)
    """Column → group of `Known.words` that its words must be taken from."""


@dataclass(frozen=True)
class Parameters:
    """Values for every parameter, and which of them are assumptions."""

    scalars: Mapping[str, int | bool | str]
    lists: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()

    def replaced(self, scalars: Mapping[str, int | bool | str]) -> Parameters:
        """The same with some scalars replaced."""
        return Parameters({**self.scalars, **scalars}, self.lists, self.assumed)


def _read(text: str, type_name: str) -> object:
    """A value of `readings`, whose keys TOML keeps as text."""
    return text == "true" if type_name == "boolean" else text


def _article(type_name: str) -> str:
    return {
        "integer": "a whole number",
        "boolean": "true or false, without quotes",
        "country": "a country code of ISO 3166-1 such as DE, in quotes",
    }.get(type_name, f"a {type_name} in quotes")


def _misfit(type_name: str, value: object) -> str | None:
    """Continues the name of a value of the wrong type, None when the type fits. Empty texts fit nowhere."""
    fits = type(value) is _PYTHON_TYPES[type_name] and value != ""
    if type_name == "country":
        fits = fits and value in COUNTRIES
    return None if fits else f"must be {_article(type_name)}"


def unknown_word(group: str, word: object, known: Known) -> str:
    """The sentence about a word that the reference tables do not have: long lists are not printed whole."""
    words = sorted(known.words[group])
    if group == "country":
        return f"{word!r} is not an assigned country code; write two capital letters of ISO 3166-1, such as DE"
    return f"{word!r} is no {group} the audit knows; take one of {', '.join(words)}"


@cache
def scalars() -> dict[str, Scalar]:
    """All scalar parameters by name."""
    content = tomllib.loads((FOLDER / "scalars.toml").read_text("utf-8"))
    return {name: Scalar(name, **entry) for name, entry in content.items()}


@cache
def list_parameters() -> dict[str, ListParameter]:
    """All list parameters by name."""
    content = tomllib.loads((FOLDER / "lists.toml").read_text("utf-8"))
    return {name: _list_parameter(name, entry) for name, entry in content.items()}


def _list_parameter(name: str, entry: Mapping[str, Any]) -> ListParameter:
    return ListParameter(
        name=name,
        meaning=entry["meaning"],
        key=tuple(entry["key"]),
        columns=entry["columns"],
        assumed=entry.get("assumed", False),
        optional=frozenset(entry.get("optional", ())),
        one_of=entry.get("one_of", {}),
    )


def problems_of(given: Mapping[str, Any], known: Known) -> list[str]:
    """What is wrong with a `[parameters]` section: unknown names, wrong types or words, numbers out of range, rows
    that lack a column or stand there twice.
    """
    found = []
    for name, value in given.items():
        if name in scalars():
            found.append(scalars()[name].problem(value, known))
        elif name in list_parameters():
            in_rows = list(_row_problems(list_parameters()[name], value, known))
            if name == "duty":
                in_rows = in_rows or duty_problems(value, known)
            found += [f"parameter {name}: {p}" for p in in_rows]
        else:
            names = ", ".join(sorted([*scalars(), *list_parameters()]))
            found.append(f"parameter {name} is not known; known are {names}")
    return [problem for problem in found if problem]


def _row_problems(parameter: ListParameter, rows: object, known: Known) -> Iterator[str]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        yield f"write rows as [[parameters.{parameter.name}]]"
        return
    seen: set[tuple[Any, ...]] = set()
    for place, row in enumerate(rows, 1):
        found = list(_column_problems(parameter, row)) or list(_cell_problems(parameter, row, known))
        # Only cells of the right type can be compared with one another.
        found = found or list(_repeats(parameter, row, seen))
        yield from (f"row {place} {problem}" for problem in dict.fromkeys(found))


def _column_problems(parameter: ListParameter, row: Mapping[str, Any]) -> Iterator[str]:
    if unknown := set(row) - set(parameter.columns):
        yield f"has the unknown columns {', '.join(sorted(unknown))}; known are {', '.join(parameter.columns)}"
    if missing := set(parameter.columns) - parameter.optional - set(row):
        yield f"lacks {', '.join(sorted(missing))}: every row must say it"
    for column in (column for column, value in row.items() if value == []):
        yield f"has an empty list as its {column}: give at least one word or leave the row out"


def _cell_problems(parameter: ListParameter, row: Mapping[str, Any], known: Known) -> Iterator[str]:
    for column, cell in row.items():
        for value in cell if isinstance(cell, list) else [cell]:
            if found := _cell_problem(parameter, column, value, known):
                yield f"{column} {found}"


def _cell_problem(parameter: ListParameter, column: str, value: object, known: Known) -> str | None:
    if found := _misfit(parameter.columns[column], value):
        return found
    group = parameter.one_of.get(column)
    if group and value not in known.words[group]:
        return f"is wrong: {unknown_word(group, value, known)}"
    return scalars()[column].out_of_range(value) if column in scalars() else None


def _repeats(parameter: ListParameter, row: Mapping[str, Any], seen: set[tuple[Any, ...]]) -> Iterator[str]:
    """Keys that stand there twice; adds those of the row to `seen`."""
    for single in multiplied(row):
        key = tuple(single[column] for column in parameter.key)
        if key in seen:
            yield f"repeats a key ({', '.join(parameter.key)}): leave it out"
        seen.add(key)


def duty_problems(rows: object, known: Known) -> list[str]:
    """Rows of the list `duty` whose duty the reference table does not have for their country."""
    found = []
    for duty, country in sorted({(str(r.get("duty_id")), str(r.get("country"))) for r in readable_rows(rows)}):
        if (duty, country) not in known.duties:
            found.append(
                f"ref_retention_duty has no duty {duty!r} for {country!r}; take a duty_id and country of one of its rows"
            )
    return found


def readable_rows(rows: object) -> list[dict[str, Any]]:
    """The rows that a list parameter stands for, multiplied out; whatever is no row is left aside."""
    tables = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [single for row in tables for single in multiplied(row)]


def multiplied(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A row whose cells may hold lists, as all the rows it stands for."""
    cells = [value if isinstance(value, list) else [value] for value in row.values()]
    for values in product(*cells):
        yield dict(zip(row, values, strict=True))


def conflicts(sections: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Parameters that two documents set. `sections` holds (document id, its `[parameters]`)."""
    set_by: dict[str, str] = {}
    problems = []
    for document, given in sections:
        for name in given:
            if name in set_by:
                problems.append(
                    f"{document}: sets the parameter {name}, which {set_by[name]} sets as well: leave it out of one"
                )
            set_by.setdefault(name, document)
    return problems


def merged(sections: list[tuple[str, Mapping[str, Any], frozenset[str]]]) -> Parameters:
    """The parameters of several documents over the defaults.

    `sections` holds (document id, its `[parameters]`, names it marks as assumed). A scalar that two documents set to
    different values, or a list key that two documents give, is refused: which of them holds cannot be guessed.
    """
    values = {name: scalar.default for name, scalar in scalars().items()}
    assumed = {name for name, scalar in scalars().items() if scalar.assumed}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in list_parameters()}
    raise_problems(
        conflicts([(document, given) for document, given, _ in sections]), "Parameters of the criteria documents"
    )
    for _, given, marked in sections:
        for name, value in given.items():
            if name in rows:
                rows[name] = [single for row in value for single in multiplied(row)]
            else:
                values[name] = value
            assumed = (assumed - {name}) | ({name} & marked)
    return Parameters(values, {name: tuple(found) for name, found in rows.items()}, frozenset(assumed))
