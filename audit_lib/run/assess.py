"""Decides from the inputs alone what can be assessed: tables and columns present, reach, deleted rows, faults.

The rules are those of the tables page ("What the exporter says"). Nothing here looks at a measure's result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from audit_lib.engines.duckdb import DuckDB
from audit_lib.vocabulary import FIRST_DAY, Column, Contract, Kind, Measure, Period, day_date, day_number

NOTED_SHARE = Fraction(1, 100)
"""Share of doubtful rows above which a finding says so."""
ENOUGH_ROWS = 100
"""Rows below which it means nothing that none of them ends."""
ENOUGH_OF_A_LOG = 30
"""Rows below which it means nothing that a log begins late."""
UNLIKELY = 1e-4
"""Chance below which a silence at the start of a log is held against its declaration."""
TOMBSTONE = {"accounts": "closed_at", "stored_records": "deleted_at"}
"""Tables whose rows end with an instant of their own: a row that is gone without it has vanished."""
ROWS_CALLED = {"stored_records": "records", "rights_requests": "requests", "consent_events": "consent decisions"}
"""Table → what people call its rows, where that is not its name."""


@dataclass(frozen=True)
class TableInput:
    """What is known of one export table."""

    table: str
    is_present: bool
    rows: int | None
    """Rows accepted; NULL (None) when the table was not loaded."""
    kind: str | None
    """`log`, `snapshot` or `changes`; None when not declared."""
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
    limits: tuple[str, ...] = ()
    """Why the figures may not be those of everything that was: said with every figure."""
    no_green: str = ""
    """The limit that keeps a finding from being satisfied or having nothing to test; empty when none does."""


class Inputs:
    """The inputs of a run, as ingest recorded them."""

    def __init__(self, engine: DuckDB, contracts: Mapping[str, Contract], period: Period, as_of_second: int) -> None:
        self._engine = engine
        self._contracts = contracts
        self._period = period
        self._as_of_second = as_of_second
        self.tables = {t.table: t for t in self._read()}
        self._undeclared: dict[str, int] = {}
        self._days: dict[str, set[int]] = {}
        self._first_opening = self._first_opening_day()

    def _read(self) -> Iterator[TableInput]:
        missing: dict[str, set[str]] = {}
        for table, column in self._engine.rows("select table_name, column_name from input_column where state = 'missing'"):
            missing.setdefault(table, set()).add(column)
        rows = self._engine.rows(
            "select table_name, is_present, rows, kind, covers_from_day, covers_to_day, extracted_second, extracted_day, "
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
        limits = list(self._limits(measure, needed))
        told = tuple(dict.fromkeys(said for said, _ in limits))
        return Assessable(
            is_covered=all(self._reaches(table, measure) for table in needed),
            notes=(*self._notes(measure), *(doubts := tuple(self._doubts(measure))), *told),
            faulty_share=share,
            faulty_table=faulty,
            doubts=doubts,
            limits=told,
            no_green=next((said for said, is_weighty in limits if is_weighty), ""),
        )

    def _limits(self, measure: Measure, needed: list[str]) -> Iterator[tuple[str, bool]]:
        """What is not declared, or what a declaration and the rows contradict; and whether exceptions may hide behind it."""
        losing = [t for t in needed if self._contracts[t].tombstones]
        for kept, said in ((False, "does not keep"), (None, "is not declared to keep")):
            tables = [table for table in losing if self.tables[table].keeps_deleted is kept]
            if tables:
                called = words_and(ROWS_CALLED.get(table, table) for table in tables)
                # A stock of stored records counts what is still stored: what was deleted does not belong to it.
                hides = not (measure.kind is Kind.STOCK and tables == [measure.item_table] == ["stored_records"])
                yield f"measured of the {called} still there, since the export {said} deleted rows", hides
        if unknown := [table for table in needed if self._reach_is_unknown(table, measure)]:
            yield f"how far back {words_and(unknown)} reach{'es' if len(unknown) == 1 else ''} is not declared", True
        for table in needed:
            for contradiction in self._contradictions(table, measure):
                yield contradiction, True

    def _reach_is_unknown(self, table: str, measure: Measure) -> bool:
        """Logs that the measure looks back in are judged item by item (`before_log`); a snapshot is the whole table."""
        found = self.tables[table]
        is_placed = self._anchor(table) is not None
        return is_placed and found.covers_from_day is None and found.kind != "snapshot" and table not in measure.looks_back

    def _contradictions(self, table: str, measure: Measure) -> Iterator[str]:
        """Where the rows of a table belie what is declared of it."""
        found, rows = self.tables[table], self.tables[table].rows or 0
        ends = TOMBSTONE.get(table)
        if rows >= ENOUGH_ROWS and found.keeps_deleted and ends and ends not in found.missing and self._has_none(table, ends):
            yield f"the export of {table} is declared to keep deleted rows, but not one of its {rows:,} rows has {ends}"
        # A state that is not looked back in for every account may rest on a log that is as young as what it records.
        looked_at = measure.kind is not Kind.STOCK or table in measure.looks_back or measure.reach_back_days > 0
        is_log = looked_at and table not in TOMBSTONE and self._anchor(table) is not None
        if rows >= ENOUGH_OF_A_LOG and is_log and found.covers_from_day is not None:
            start = self._first_opening if table in measure.looks_back else self._must_cover_from(measure)
            if start is not None and self._is_silent_before(table, max(start, found.covers_from_day)):
                first = day_date(min(self.days_with_rows(table)))
                said = "the beginning" if found.covers_from_day == FIRST_DAY else str(day_date(found.covers_from_day))
                yield f"the export of {table} is declared to reach back to {said}, but its first row is of {first}"
        if table != "accounts" and self.tables["accounts"].keeps_deleted and self._unknown_accounts(table, measure) > NOTED_SHARE:
            yield f"the export of accounts is declared to keep deleted rows, but {table} names accounts that are not in it"

    def _has_none(self, table: str, column: str) -> bool:
        stem = self._contracts[table].columns[column].stem
        return int(self._engine.rows(f"select count({stem}_second) from {table}")[0][0]) == 0

    def _is_silent_before(self, table: str, start: int) -> bool:
        """Whether a log that should reach back to `start` begins too late to be believed.

        Either it is silent for longer than it then has rows, or it is silent on so many first days of the period that, with
        rows on as many days as it has, this would happen once in ten thousand times.
        """
        days = self.days_with_rows(table)
        if not days:
            return False
        first, span = min(days), max(days) - min(days) + 1
        silent = first - max(start, day_number(self._period.start))
        share = min(len(days) / span, 0.99)
        return first - start > span or (silent > 0 and (1 - share) ** silent < UNLIKELY)

    def _unknown_accounts(self, table: str, measure: Measure) -> Fraction:
        rows = self._rows_in(table)
        if not rows or "account_id" not in measure.reads[table]:
            return Fraction(0)
        query = f"select count(distinct number) from rule_break where table_name = '{table}' and rule = 'unknown_account'"
        return Fraction(int(self._engine.rows(query)[0][0]), rows)

    def _anchor(self, table: str) -> Column | None:
        """The instant that places the rows of a table in time; None for registers and tables placed by a date."""
        contract = self._contracts[table]
        column = contract.columns[contract.placed_by[0]] if contract.placed_by else None
        return column if column is not None and column.type == "instant" else None

    def _problems(self, table: str, measure: Measure) -> Iterator[str]:
        """Why `table` keeps the measure from being assessed, in sentences without a full stop."""
        found = self.tables[table]
        if not found.is_present or found.rows is None:
            yield f"the export of {table} is missing"
            return
        lacking = [column for column in sorted(measure.reads[table] & found.missing) if not measure.is_spared(table, column)]
        if lacking:
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
        if measure.kind is Kind.STOCK and measure.reach_back_days > 0:
            return day_number(self._period.end) - measure.reach_back_days
        if measure.kind is Kind.STOCK or measure.reach_back_days < 0:
            return self._first_opening
        return day_number(self._period.start) - measure.reach_back_days

    @cached_property
    def _newest_day(self) -> int:
        """The newest day on which any log has a row."""
        days = [self._newest_of(table) for table, found in self.tables.items() if found.rows]
        return max((day for day in days if day is not None), default=FIRST_DAY)

    def _newest_of(self, table: str) -> int | None:
        if (anchor := self._anchor(table)) is None:
            return None
        newest: int | None = self._engine.rows(f"select max({anchor.stem}_day) from {table}")[0][0]
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
        """The days on which a table has rows. A request counts by the first of its instants that is present."""
        if table not in self._days:
            contract = self._contracts[table]
            stems = ", ".join(f"{contract.columns[column].stem}_day" for column in contract.placed_by)
            rows = self._engine.rows(f"select distinct coalesce({stems}, null) as day from {table}")
            self._days[table] = {row[0] for row in rows if row[0] is not None}
        return self._days[table]

    def silent_days(self, table: str) -> list[int]:
        """Days of the period without a row, of a table declared to have rows every day. Empty for other tables."""
        found = self.tables[table]
        if not (found.is_daily and found.rows and self._contracts[table].placed_by):
            return []
        days = self.days_with_rows(table)
        begins = min(days) if found.covers_from_day is None else found.covers_from_day
        first = max(day_number(self._period.start), begins)
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
                yield _read_without(table)
            elif found.rows == 0 and not self._rows_in(table):
                yield f"the export of {table} is empty"
            if found.rows and (without := [column for column in sorted(found.missing) if measure.is_spared(table, column)]):
                yield f"the export of {table} has no column {', '.join(without)}: counted as empty in every row"
            if silent := self.silent_days(table) if found.rows else []:
                yield f"{table} has no rows on {len(silent)} days of the period, though it is declared to have them every day"

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


def _read_without(table: str) -> str:
    """Why an optional table was not read, in a sentence without a full stop."""
    if table == "texts":
        return "texts were not read (run with --with-texts where the law allows it)"
    return f"the export of {table} is missing, so this was measured without it"


def words_and(words: Iterable[str]) -> str:
    """Words as a list in a sentence: `accounts, records and decisions`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
