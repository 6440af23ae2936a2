"""Decides from the inputs alone what can be assessed: tables and columns present, reach, deleted rows, faults.

The rules are those of the tables page ("What the exporter says"). Nothing here looks at a measure's result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from audit_lib.engines.duckdb import DuckDB
from audit_lib.vocabulary import FIRST_DAY, Contract, Kind, Measure, Period, day_date, day_number

NOTED_SHARE = Fraction(1, 100)
"""Share of doubtful rows above which a finding says so."""


@dataclass(frozen=True)
class TableInput:
    """What is known of one export table."""

    table: str
    is_present: bool
    rows: int | None
    """Rows accepted; NULL (None) when the table was not loaded."""
    covers_from_day: int | None
    covers_to_day: int | None
    extracted_second: int | None
    extracted_day: int | None
    keeps_deleted: bool | None
    is_daily: bool | None
    missing: frozenset[str]
    """Columns of the contract that the export lacks."""


@dataclass(frozen=True)
class Assessable:
    """Whether a measure can be assessed, and with which limits."""

    why_not: str = ""
    """Empty when it can be assessed."""
    is_covered: bool = False
    """Whether every table it reads declares that it reaches as far as it must."""
    notes: tuple[str, ...] = ()
    faulty_share: Fraction = Fraction(0)
    """Of the table it reads with the most faults: rows quarantined or without a value it uses ÷ rows."""
    faulty_table: str = ""
    doubts: tuple[str, ...] = ()
    """What more than one row in a hundred of a table has, and what may keep items out of the population unseen."""


class Inputs:
    """The inputs of a run, as ingest recorded them."""

    def __init__(self, engine: DuckDB, contracts: Mapping[str, Contract], period: Period, as_of_second: int) -> None:
        self._engine = engine
        self._contracts = contracts
        self._period = period
        self._as_of_second = as_of_second
        self.tables = {t.table: t for t in self._read()}
        self._undeclared: dict[str, int] = {}
        self._first_opening = self._first_opening_day()

    def _read(self) -> Iterator[TableInput]:
        missing: dict[str, set[str]] = {}
        for table, column in self._engine.rows("select table_name, column_name from input_column where state = 'missing'"):
            missing.setdefault(table, set()).add(column)
        rows = self._engine.rows(
            "select table_name, is_present, rows, covers_from_day, covers_to_day, extracted_second, extracted_day, "
            "keeps_deleted, is_daily from coverage"
        )
        for row in rows:
            yield TableInput(*(*row, frozenset(missing.get(row[0], ()))))

    def _first_opening_day(self) -> int | None:
        if not self.tables["accounts"].rows:
            return None
        first: int | None = self._engine.rows("select min(opened_day) from accounts")[0][0]
        return first

    def assess(self, measure: Measure) -> Assessable:
        """Whether `measure` can be assessed in this run."""
        needed = [table for table in measure.reads if table not in measure.optional_tables]
        problems = [problem for table in needed for problem in self._problems(table, measure)]
        if problems:
            return Assessable(why_not="; ".join(problems))
        share, faulty = max(((self._faulty_share(table, measure), table) for table in measure.reads), default=(Fraction(0), ""))
        return Assessable(
            is_covered=all(self._reaches(table, measure) for table in needed),
            notes=(*self._notes(measure), *(doubts := tuple(self._doubts(measure)))),
            faulty_share=share,
            faulty_table=faulty,
            doubts=doubts,
        )

    def _problems(self, table: str, measure: Measure) -> Iterator[str]:
        """Why `table` keeps the measure from being assessed, in sentences without a full stop."""
        found = self.tables[table]
        if not found.is_present or found.rows is None:
            yield f"the export of {table} is missing"
            return
        if lacking := sorted(measure.reads[table] & found.missing):
            yield f"the export of {table} has no column {', '.join(lacking)}"
        if found.rows == 0:
            yield from self._empty_without_a_word(found)
        yield from self._out_of_reach(found, measure)
        if table in measure.needs_tombstones and found.keeps_deleted is not True:
            said = "does not keep deleted rows" if found.keeps_deleted is False else "is not declared to keep deleted rows"
            yield f"the export of {table} {said}, so what was deleted in time cannot be seen"
        if found.is_daily and found.rows and self._silent_throughout(table):
            yield f"{table} is declared to have rows every day, but has none in the period"

    def _empty_without_a_word(self, found: TableInput) -> Iterator[str]:
        if self._rows_in(found.table):
            return  # its rows were all quarantined: that is told by the share of faults
        if found.covers_from_day is None:
            yield f"the export of {found.table} is empty and not declared complete"
        if found.is_daily:
            yield f"the export of {found.table} is empty, but declared to have rows every day"
        if named := self._named_elsewhere(found.table):
            yield f"the export of {found.table} is empty, but {named} names its rows"

    def _rows_in(self, table: str) -> int:
        """Rows in the files of a table, whatever became of them."""
        return int(self._engine.rows(f"select coalesce(sum(rows), 0) from input_file where table_name = '{table}'")[0][0])

    def _out_of_reach(self, found: TableInput, measure: Measure) -> Iterator[str]:
        last = day_number(self._period.last_day)
        if found.extracted_second is not None and found.extracted_second < self._as_of_second:
            yield f"{found.table} was extracted before the end of the period"
        elif found.covers_to_day is not None and found.covers_to_day < last:
            yield f"{found.table} covers only the days to {day_date(found.covers_to_day)}"
        elif found.extracted_second is None and found.covers_to_day is None and self._newest_day < last:
            yield f"how far {found.table} reaches is not declared, and nothing in the exports is from the end of the period or later"
        start = None if found.table in measure.looks_back else self._must_cover_from(measure)
        if start is not None and found.covers_from_day is not None and found.covers_from_day > start:
            yield f"{found.table} covers only the days from {day_date(found.covers_from_day)}"

    def _must_cover_from(self, measure: Measure) -> int | None:
        if measure.kind is Kind.DURATION:
            return day_number(self._period.year_before_end())
        if measure.kind is Kind.STOCK or measure.reach_back_days < 0:
            return self._first_opening
        return day_number(self._period.start) - measure.reach_back_days

    @cached_property
    def _newest_day(self) -> int:
        """The newest day on which any log has a row."""
        days = [self._newest_of(table) for table, found in self.tables.items() if found.rows]
        return max((day for day in days if day is not None), default=FIRST_DAY)

    def _newest_of(self, table: str) -> int | None:
        placed_by = self._contracts[table].placed_by
        if not placed_by or self._contracts[table].columns[placed_by[0]].type != "instant":
            return None
        newest: int | None = self._engine.rows(f"select max({self._contracts[table].columns[placed_by[0]].stem}_day) from {table}")[0][0]
        return newest

    def _named_elsewhere(self, table: str) -> str:
        """A loaded table whose rows name rows of the empty `table`; empty when there is none."""
        own = self._contracts[table].own_key()
        for other, contract in self._contracts.items():
            if own is None or other == table or not self.tables[other].rows:
                continue
            for column in contract.columns.values():
                if column.type == "id" and column.space == own.space and own.space in ("account", "recipient"):
                    name = contract.stored_names(column)[0]
                    if self._engine.rows(f"select 1 from {other} where {name} is not null limit 1"):
                        return other
        return ""

    def _silent_throughout(self, table: str) -> bool:
        days = self.days_with_rows(table)
        return not any(day_number(self._period.start) <= day < day_number(self._period.end) for day in days)

    def days_with_rows(self, table: str) -> set[int]:
        """The days on which a table that is placed by an instant has rows."""
        anchor = self._contracts[table].columns[self._contracts[table].placed_by[0]]
        return {row[0] for row in self._engine.rows(f"select distinct {anchor.stem}_day from {table}")}

    def silent_days(self, table: str) -> list[int]:
        """Days of the period without a row, of a table declared to have rows every day. Empty for other tables."""
        found = self.tables[table]
        if not (found.is_daily and found.rows and self._contracts[table].placed_by):
            return []
        days = self.days_with_rows(table)
        first = max(day_number(self._period.start), min(days))
        return [day for day in range(first, day_number(self._period.end)) if day not in days]

    def _reaches(self, table: str, measure: Measure) -> bool:
        """Whether the exporter declares that `table` reaches as far back and forward as the measure must see."""
        found = self.tables[table]
        start = self._first_opening if table in measure.looks_back else self._must_cover_from(measure)
        if self._contracts[table].tombstones and found.keeps_deleted is not True:
            return False  # what was deleted may be missing, so that nothing to test does not mean that there was nothing
        back = found.covers_from_day is not None and (start is None or found.covers_from_day <= start)
        to_the_end = found.covers_to_day is not None and found.covers_to_day >= day_number(self._period.last_day)
        return back and (to_the_end or (found.extracted_second or 0) >= self._as_of_second)

    def _notes(self, measure: Measure) -> Iterator[str]:
        for table in measure.reads:
            found = self.tables[table]
            if table in measure.optional_tables and found.rows is None:
                yield f"{table} were not read (run with --with-{table} where the law allows it)"
            elif found.rows == 0 and not self._rows_in(table):
                yield f"the export of {table} is empty"
            if silent := self.silent_days(table) if found.rows else []:
                yield f"{table} has no rows on {len(silent)} days of the period, though it is declared to have them every day"
        for table in ("accounts", "stored_records"):
            if measure.id == "retention_overrun" and self.tables[table].keeps_deleted is not True:
                yield f"measured of the records still there: the export of {table} is not declared to keep deleted rows"

    def _doubts(self, measure: Measure) -> Iterator[str]:
        for table in measure.reads:
            rows = self._rows_in(table) if self.tables[table].rows else 0
            for what, count in self._doubtful(table, measure).items():
                if rows and Fraction(count, rows) > NOTED_SHARE:
                    yield f"{count:,} of {rows:,} rows of {table} {what}"

    def _doubtful(self, table: str, measure: Measure) -> dict[str, int]:
        """What is doubtful about rows of a table in columns that the measure reads → how many rows."""
        used = measure.reads[table]
        unknown = self._engine.rows(
            f"select column_name, sum(rows) from fault where table_name = '{table}' and effect = 'unknown_word' group by 1 order by 1"
        )
        found = {f"hold words in {column} that are not known": int(rows) for column, rows in unknown if column in used}
        breaks = self._engine.rows(
            f"select rule, count(distinct number) from rule_break where table_name = '{table}' "
            "and rule in ('unknown_account', 'after_extraction') group by 1 order by 1"
        )
        said = {"unknown_account": "name accounts that are not in the export", "after_extraction": "have instants after the extraction"}
        found |= {said[rule]: int(rows) for rule, rows in breaks if rule != "unknown_account" or "account_id" in used}
        if "purpose" in used and "purpose" in measure.parameters:
            found["are for purposes that the criteria do not declare"] = self._of_undeclared_purpose(table)
        return found

    def _of_undeclared_purpose(self, table: str) -> int:
        if table not in self._undeclared:
            query = f"select count(*) from {table} where purpose is not null and purpose not in (select purpose from param_purpose)"
            self._undeclared[table] = int(self._engine.rows(query)[0][0])
        return self._undeclared[table]

    def _faulty_share(self, table: str, measure: Measure) -> Fraction:
        """Rows of `table` that were quarantined or lost a value the measure uses, as a share of its rows."""
        rows = self._rows_in(table)
        if not rows:
            return Fraction(0)
        used = ", ".join(f"'{column}'" for column in sorted(measure.reads[table])) or "''"
        faulty = self._engine.rows(
            f"select count(*) from (select distinct file_no, record from quarantine where table_name = '{table}' "
            f"and (effect = 'quarantined' or (effect = 'dropped' and column_name in ({used}))))"
        )[0][0]
        return Fraction(int(faulty), rows)
