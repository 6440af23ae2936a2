"""Examples: small worlds a person can read, in the exports' own terms, and the items a measure must find in them.

`audit_lib/measures/<id>/examples.toml`; the format is described in docs/architecture.md. The same staging, shared steps
and `items.sql` run over them as in an audit, on any engine.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from audit_lib.catalogue import Catalogue
from audit_lib.catalogue.measures import measure_folders
from audit_lib.engines import Engine
from audit_lib.errors import DefinitionError
from audit_lib.run.world import TEXT_SIGNAL, World, coverage_types, first_and_end, stored_columns
from audit_lib.vocabulary import FIRST_DAY, Column, Contract, Measure, Period, day_date, day_number

Row = dict[str, str | None]


@dataclass(frozen=True)
class Example:
    """One small world of a measure: tables as text, and the items expected."""

    measure: str
    name: str
    shows: str
    period: Period
    tables: Mapping[str, list[Row]]
    items: list[Row]
    zone: ZoneInfo
    parameters: Mapping[str, Any] = field(default_factory=dict)
    lists: Mapping[str, Any] = field(default_factory=dict)
    declared: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def load_examples(measure: str) -> list[Example]:
    """The examples of a measure, in the order of the file. Raises DefinitionError when a table does not line up."""
    folder = next(folder for folder in measure_folders() if folder.name == measure)
    file = folder / "examples.toml"
    if not file.is_file():
        return []
    content = tomllib.loads(file.read_text("utf-8"))
    return [_example(measure, entry, file) for entry in content["example"]]


def _example(measure: str, entry: Mapping[str, Any], file: Path) -> Example:
    where = f"{file.parent.name}/examples.toml, {entry['name']!r}"
    return Example(
        measure=measure,
        name=entry["name"],
        shows=entry["shows"],
        period=Period.parse(entry["period"]),
        tables={name: list(_rows(text, f"{where}, {name}")) for name, text in entry.get("tables", {}).items()},
        items=list(_rows(entry["items"], f"{where}, items")),
        zone=ZoneInfo(entry.get("time_zone", "UTC")),
        parameters=entry.get("parameters", {}),
        lists=entry.get("lists", {}),
        declared=entry.get("declared", {}),
    )


def _rows(text: str, where: str) -> Iterator[Row]:
    lines = [line for line in text.splitlines() if line.strip()]
    header = [cell.strip() for cell in lines[0].split("|")]
    for line in lines[1:]:
        cells = [cell.strip() or None for cell in line.split("|")]
        if len(cells) != len(header):
            raise DefinitionError(f"{where}: a row has {len(cells)} cells, the header {len(header)}. Line them up.")
        yield dict(zip(header, cells, strict=True))


class Numbers:
    """Numbers for keys, by what they number: 1, 2 … in the order of first sight; devices −1, −2 …"""

    def __init__(self) -> None:
        self._given: dict[str, dict[str, int]] = {}

    def of(self, space: str, key: str) -> int:
        """The number of a key, given to it at first sight."""
        given = self._given.setdefault(space, {})
        step = -1 if space == "device" else 1
        return given.setdefault(key, step * (len(given) + 1))

    def keys(self, space: str) -> dict[int, str]:
        """Number → key."""
        return {number: key for key, number in self._given.get(space, {}).items()}


def stored_row(contract: Contract, row: Row, place: int, numbers: Numbers, zone: ZoneInfo) -> dict[str, Any]:
    """An export row as the warehouse stores it. `place` counts the rows of a table without an id of its own."""
    if unknown := set(row) - set(contract.columns):
        raise DefinitionError(f"{contract.table} has no column {', '.join(sorted(unknown))}")
    stored: dict[str, Any] = {contract.number: place}
    for column in contract.columns.values():
        value = row.get(column.name)
        if value is not None and column.kept:
            stored |= _stored(contract, column, value, numbers, zone)
    return stored


def _stored(contract: Contract, column: Column, value: str, numbers: Numbers, zone: ZoneInfo) -> dict[str, Any]:
    names = contract.stored_names(column)
    if column.type == "id" and column.name in contract.key:
        return {column.name: value, contract.number: numbers.of(column.space, value)}
    if column.type == "id":
        return {names[0]: numbers.of(column.space, value)}
    if column.type == "instant":
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        second = int(moment.timestamp() // 1)
        return {names[0]: second, names[1]: day_number(datetime.fromtimestamp(second, zone).date())}
    if column.type == "date":
        return {names[0]: day_number(date.fromisoformat(value))}
    if column.type == "boolean":
        return {names[0]: value == "true"}
    return {names[0]: int(value) if column.type == "integer" else value}


class Bench:
    """An engine with the reference tables in it, on which examples are run one after another."""

    def __init__(self, engine: Engine, catalogue: Catalogue) -> None:
        self.engine = engine
        self.catalogue = catalogue
        self._zone: ZoneInfo | None = None
        self._calendars: frozenset[str] = frozenset()
        self._laid: dict[str, list[dict[str, Any]]] = {}
        self._said: list[Any] = [None, None]

    def items(self, example: Example) -> list[dict[str, Any]]:
        """The items the measure finds in the example, with `item_id` as exported and `on_day` as a date."""
        measure = self.catalogue.measures[example.measure]
        numbers = self._lay_out(example)
        world = self._world(example)
        for step in measure.derived:
            world.build(step)
        first, end = first_and_end(measure, example.period)
        world.evaluate(measure, first, end)
        return [self._readable(item, measure, numbers) for item in self._item_rows(measure)]

    def _world(self, example: Example) -> World:
        world = World(self.engine, self.catalogue, example.zone)
        base = self.catalogue.parameters
        lists = {**base.lists, **{name: tuple(rows) for name, rows in example.lists.items()}}
        parameters = type(base)({**base.scalars, **example.parameters}, lists, base.assumed)
        if self._zone != example.zone:
            world.put_reference()
            self._zone = example.zone
        if not (named := world.calendars(parameters)) <= self._calendars:
            self._calendars |= named
            world.put_working_days(self._calendars)
        if self._said[0] != parameters:
            world.put_parameters("main", parameters)
        if self._said[1] != (example.period, example.zone):
            world.put_period("main", example.period)
        self._said = [parameters, (example.period, example.zone)]
        return world

    def _lay_out(self, example: Example) -> Numbers:
        numbers = Numbers()
        contracts = self.catalogue.contracts
        # Rows of a table are numbered by their own key before others name it, as in an ingest.
        for table, contract in contracts.items():
            own = contract.own_key()
            if own and own.type == "id":
                for row in example.tables.get(table, []):
                    numbers.of(own.space, row[own.name] or "")
        for table, contract in contracts.items():
            rows = example.tables.get(table, [])
            stored = [stored_row(contract, row, place, numbers, example.zone) for place, row in enumerate(rows, 1)]
            self._put(table, stored_columns(contract), stored)
        self._put("text_signal", TEXT_SIGNAL, list(_signals(example, numbers)))
        self._put("coverage", coverage_types(), [_coverage(table, example) for table in contracts])
        return numbers

    def _put(self, table: str, types: Mapping[str, str], rows: list[dict[str, Any]]) -> None:
        """Write a table, unless it stands there already: most tables are empty in most examples, and writing takes longest."""
        if self._laid.get(table) == rows:
            return
        self._laid[table] = rows
        self.engine.run(f"drop table if exists main.{table}")
        frame = pd.DataFrame({name: pd.Series([row.get(name) for row in rows], dtype=object) for name in types})
        self.engine.put(f"main.{table}", types, frame)

    def _item_rows(self, measure: Measure) -> list[dict[str, Any]]:
        columns = ["item_id", "account_no", "on_day", "is_exception", "value", "reason"]
        columns += [f"group_{group}" for group in measure.groups] + [f"sum_{name}" for name in measure.sums]
        rows = self.engine.rows(f"select {', '.join(columns)} from items order by item_id")
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def _readable(self, item: dict[str, Any], measure: Measure, numbers: Numbers) -> dict[str, Any]:
        contract = self.catalogue.contracts.get(measure.item_table)
        own = contract.own_key() if contract else None
        if own and own.type == "id":
            item["item_id"] = numbers.keys(own.space)[item["item_id"]]
        item["account_id"] = numbers.keys("account").get(item.pop("account_no"))
        item["on_day"] = day_date(item["on_day"])
        item["is_exception"] = None if item["is_exception"] is None else bool(item["is_exception"])
        return item


def _signals(example: Example, numbers: Numbers) -> Iterator[dict[str, Any]]:
    """Examples give signals found in texts as a table of their own, `text_signal`."""
    for row in example.tables.get("text_signal", []):
        moment = datetime.fromisoformat(row["written_at"] or "")
        yield {
            "text_no": numbers.of("text", row["text_id"] or ""),
            "account_no": numbers.of("account", account) if (account := row.get("account_id")) else None,
            "written_second": int(moment.timestamp()),
            "written_day": day_number(moment.astimezone(example.zone).date()),
            "language": row.get("language"),
            "statement": row.get("statement") or "example",
            "under_13_until_day": day_number(date.fromisoformat(row["under_13_until"] or "")),
        }


def _coverage(table: str, example: Example) -> dict[str, Any]:
    said = {"covers_from": "beginning", "keeps_deleted": True, **example.declared.get(table, {})}
    start = said["covers_from"]
    day = FIRST_DAY if start == "beginning" else day_number(date.fromisoformat(str(start))) if start else None
    return {
        "table_name": table,
        "is_present": True,
        "rows": len(example.tables.get(table, [])),
        "kind": "log",
        "covers_from_day": day,
        "keeps_deleted": said["keeps_deleted"],
        "is_daily": False,
    }


def differences(example: Example, found: list[dict[str, Any]]) -> list[str]:
    """Where the items found differ from those expected, in sentences; empty when they agree.

    Only the columns that the example names are compared; every item must be named.
    """
    expected = {row["item_id"]: row for row in example.items}
    got = {str(item["item_id"]): item for item in found}
    told = [f"{item} is missing" for item in expected if item not in got]
    told += [f"{item} was not expected" for item in got if item not in expected]
    if len(found) != len(got):
        told.append("an item_id comes more than once")
    for item, row in expected.items():
        for column, value in row.items():
            if item in got and _text(got[item][column]) != (value or ""):
                told.append(f"{item}: {column} is {_text(got[item][column]) or 'empty'}, expected {value or 'empty'}")
    return told


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value))
    return str(value)
