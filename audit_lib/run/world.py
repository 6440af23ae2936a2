"""A world: the constants of a run written into an engine, so that shared steps and measures can be evaluated in it.

Reference, calendar and parameter tables, the one-row table `period`, the staging views. The same code makes the world
of an audit and of an example.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from audit_lib import calendars
from audit_lib.catalogue import Catalogue
from audit_lib.catalogue.parameters import Parameters, list_parameters, scalars
from audit_lib.catalogue.schemas import CALENDAR, run_tables
from audit_lib.engines import Engine, made_in
from audit_lib.vocabulary import Contract, Measure, Period, day_number

STAGING = Path(__file__).parent.parent / "staging" / "duckdb"
_KIND = {"integer": "integer", "boolean": "boolean", "day": "integer"}


def stored_columns(contract: Contract) -> dict[str, str]:
    """Column → type of a whole export table in the warehouse, `file_no` and `record` apart."""
    types = {contract.number: "integer"}
    for column in contract.columns.values():
        for name in contract.stored_names(column):
            whole = column.type in ("instant", "date", "integer") or name.endswith("_no")
            types[name] = "integer" if whole else "boolean" if column.type == "boolean" else "text"
    return types


TEXT_SIGNAL = {
    "text_no": "integer", "account_no": "integer", "written_second": "integer", "written_day": "integer", "language": "text",
    "statement": "text", "under_13_until_day": "integer",
}  # fmt: skip


class World:
    """One engine with the constants of one run in it."""

    def __init__(self, engine: Engine, catalogue: Catalogue, zone: ZoneInfo) -> None:
        self.engine = engine
        self.catalogue = catalogue
        self.zone = zone

    def complete_tables(self, present: Mapping[str, set[str]]) -> None:
        """Make every export table and column that is missing, empty: staging and measures can then always be read.

        `present`: warehouse table → its columns. Whether a measure may be *assessed* without them is decided apart.
        """
        for table, contract in self.catalogue.contracts.items():
            self._complete(table, stored_columns(contract), present.get(table))
        self._complete("text_signal", TEXT_SIGNAL, present.get("text_signal"))

    def _complete(self, table: str, types: Mapping[str, str], columns: set[str] | None) -> None:
        if columns is None:
            self.engine.put(f"main.{table}", types, pd.DataFrame({name: [] for name in types}))
            return
        for name, kind in types.items():
            if name not in columns:
                sql_type = {"integer": "bigint", "text": "varchar", "boolean": "boolean"}[kind]
                self.engine.run(f"alter table main.{table} add column {name} {sql_type}")

    def put_reference(self) -> None:
        """Write the reference tables and the calendars, working days apart."""
        for name, table in self.catalogue.reference.items():
            types = {column: _KIND.get(kind, "text") for column, kind in table.columns.items()}
            self.engine.put(f"main.ref_{name}", types, table.rows)
        for name, frame in _calendar_frames(self.zone).items():
            self.engine.put(f"main.{name}", dict.fromkeys(CALENDAR[name], "integer"), frame)

    def put_working_days(self, names: frozenset[str]) -> None:
        """Write the working days of the named calendars."""
        types = {"calendar": "text", "day": "integer", "is_working": "boolean"}
        types |= dict.fromkeys(("next_working_day", "working_day_no"), "integer")
        known = self.catalogue.reference["working_calendar"].rows
        self.engine.put("main.ref_working_day", types, calendars.working_days(known[known["calendar"].isin(sorted(names))]))

    def calendars(self, parameters: Parameters) -> frozenset[str]:
        """The holiday calendars that rules and parameters name."""
        named = {str(row["calendar"]) for row in parameters.lists.get("regime_calendar", ())}
        named |= set(self.catalogue.reference["opt_out_grace"].rows["calendar"])
        return frozenset(named)

    def put_parameters(self, schema: str, parameters: Parameters) -> None:
        """Write the row `parameter` and the tables `param_<name>`, their rows numbered, into a schema."""
        types = {name: _KIND.get(scalar.type, "text") for name, scalar in scalars().items()}
        self.engine.put(f"{schema}.parameter", types, pd.DataFrame([dict(parameters.scalars)]))
        for name, parameter in list_parameters().items():
            columns = {f"{name}_no": "integer"}
            columns |= {column: _KIND.get(kind, "text") for column, kind in parameter.columns.items()}
            numbered = enumerate(parameters.lists.get(name, ()), 1)
            rows = [{c: {**row, f"{name}_no": number}.get(c) for c in columns} for number, row in numbered]
            frame = pd.DataFrame(rows, columns=list(columns), dtype=object)
            self.engine.put(f"{schema}.param_{name}", columns, frame)

    def put_period(self, schema: str, period: Period) -> None:
        """Write the table `period` and the staging views for it into a schema."""
        row = {
            "start_day": day_number(period.start),
            "end_day": day_number(period.end),
            "as_of_day": day_number(period.end),
            "as_of_second": period.as_of_second(self.zone),
        }
        self.engine.put(f"{schema}.period", dict.fromkeys(row, "integer"), pd.DataFrame([row]))
        for name in staging_texts():
            text = staged(name, row["as_of_second"], row["as_of_day"])
            self.engine.run(f"drop view if exists {schema}.stg_{name}")
            self.engine.run(f"create {made_in(f'{schema}.stg_{name}', 'view')} as {text}")

    def build(self, name: str) -> None:
        """Make one shared step under its name: a temporary table, or a temporary view where the step says so."""
        step = self.catalogue.derived[name]
        self.engine.run(f"drop {step.made_as} if exists temp.{name}")
        self.engine.run(f"create temporary {step.made_as} {name} as {step.sql}")

    def evaluate(self, measure: Measure, first_day: int, end_day: int) -> None:
        """Evaluate a measure into the temporary table `items`: its items with first_day ≤ on_day < end_day.

        The shared steps it reads must have been built.
        """
        self.engine.run("drop table if exists temp.items")
        self.engine.run(
            f"create temporary table items as select * from ({measure.sql}) as i "
            f"where on_day >= {first_day} and on_day < {end_day}"
        )


@cache
def staging_texts() -> dict[str, str]:
    """The staging texts by the name of what they stage."""
    return {file.stem: file.read_text("utf-8") for file in sorted(STAGING.glob("*.sql"))}


def staged(name: str, as_of_second: int, as_of_day: int) -> str:
    """The query that stages a table as it was known at an as of."""
    return staging_texts()[name].replace("{as_of_second}", str(as_of_second)).replace("{as_of_day}", str(as_of_day))


@cache
def _calendar_frames(zone: ZoneInfo) -> dict[str, pd.DataFrame]:
    return {
        "ref_day": calendars.days(zone),
        "ref_month": calendars.months(),
        "ref_age": calendars.ages(),
        "ref_number": pd.DataFrame({"number": range(1, 101)}),
    }


def coverage_types() -> dict[str, str]:
    """Column → type of the table `coverage`."""
    return {name: kind.kind for name, kind in run_tables()["coverage"].items()}


def first_and_end(measure: Measure, period: Period) -> tuple[int, int]:
    """The days of the items that the runner keeps: the period and what is shown before it (measures page, "kinds").

    Flow and volume: from the first of the month twelve months before the period. Duration: the twelve months before its
    end. Stock: the state, whose day is the last before as of.
    """
    end = day_number(period.end)
    first: dict[str, Any] = {
        "flow": lambda: day_number(period.history_start()),
        "volume": lambda: day_number(period.history_start()),
        "duration": lambda: day_number(period.year_before_end()),
        "stock": lambda: end - 1,
    }
    return first[measure.kind](), end
