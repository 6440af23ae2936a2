"""The words of the audit as frozen dataclasses: period, counts, measure, criterion, observation, finding.

Floor 0: imports nothing of the house but `errors`. GLOSSARY.md explains every word in plain language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audit_lib.errors import DefinitionError

if TYPE_CHECKING:
    import pandas as pd

EPOCH = date(1970, 1, 1)
FIRST_DAY = (date(1, 1, 1) - EPOCH).days
"""Day number of 0001-01-01: "since ever" in reference tables and coverage."""
LAST_DAY = (date(9999, 12, 31) - EPOCH).days
"""Day number of 9999-12-31: "until further notice" in reference tables."""


def day_number(day: date) -> int:
    """Whole days from 1970-01-01 to `day`; negative before it. The `*_day` columns hold this."""
    return (day - EPOCH).days


def day_date(number: int) -> date:
    """The date of a day number (inverse of `day_number`)."""
    return EPOCH + timedelta(days=int(number))


def first_second(day: date, zone: ZoneInfo) -> int:
    """The second (from 1970-01-01T00:00Z) at which `day` begins in `zone`."""
    local_midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return int(local_midnight.astimezone(UTC).timestamp())


class Kind(StrEnum):
    """How a measure relates its items to time (measures page of the docs)."""

    FLOW = "flow"
    STOCK = "stock"
    DURATION = "duration"
    VOLUME = "volume"


class Status(StrEnum):
    """What a finding says. `NOT_APPLICABLE` is printed "nothing to test", `NOT_ASSESSED` "could not be assessed"."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not-satisfied"
    NOT_APPLICABLE = "not-applicable"
    NOT_ASSESSED = "not-assessed"


def _months_later(day: date, months: int) -> date:
    """The first of the month `months` after the month of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the controller's time zone, half-open: `start` belongs to it, `end` does not.

    >>> Period.parse("2018-Q3").end
    datetime.date(2018, 10, 1)
    """

    start: date
    end: date
    name: str = field(compare=False, default="")

    def __post_init__(self) -> None:
        """Refuse years that the calendar tables do not reach, with room for deadlines on both sides."""
        if not 1910 <= self.start.year <= self.end.year <= 2090:
            raise DefinitionError("A period lies in the years 1910 to 2090.")

    @classmethod
    def parse(cls, text: str, today: date | None = None) -> Period:
        """Read `2018`, `2018-Q3`, `2018-07`, `2018-07-01..2018-09-30` (last day included), `last-month`,
        `last-quarter` or `last-year`.

        `today` is the current day in the controller's time zone; only the `last-…` forms use it.
        Raises DefinitionError with the accepted forms when `text` is none of them.
        """
        text = text.strip()
        if re.match(r"0000|9999", text):
            raise DefinitionError("A period lies in the years 1910 to 2090.")
        if match := re.fullmatch(r"(\d{4})", text):
            start, months = date(int(match[1]), 1, 1), 12
        elif match := re.fullmatch(r"(\d{4})-[Qq]([1-4])", text):
            start, months = date(int(match[1]), 3 * int(match[2]) - 2, 1), 3
        elif match := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text):
            start, months = date(int(match[1]), int(match[2]), 1), 1
        elif text in ("last-month", "last-quarter", "last-year"):
            return cls._last(text, today or datetime.now(UTC).date())
        else:
            return cls._from_days(text)
        return cls(start, _months_later(start, months), text.upper())

    @classmethod
    def _last(cls, text: str, today: date) -> Period:
        if text == "last-month":
            start = _months_later(today, -1)
            return cls.parse(f"{start:%Y-%m}")
        if text == "last-year":
            return cls.parse(str(today.year - 1))
        start = _months_later(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), -3)
        return cls.parse(f"{start.year}-Q{(start.month + 2) // 3}")

    @classmethod
    def _from_days(cls, text: str) -> Period:
        try:
            first, last = (date.fromisoformat(part) for part in text.split(".."))
        except ValueError:
            raise DefinitionError(
                f"Period {text!r} is not understood. Write 2018, 2018-Q3, 2018-07, 2018-07-01..2018-09-30, "
                "last-month, last-quarter or last-year."
            ) from None
        if last < first:
            raise DefinitionError(f"Period {text!r} ends before it begins. Write the earlier day first.")
        if last.year == date.max.year:
            raise DefinitionError("A period lies in the years 1910 to 2090.")
        return cls(first, last + timedelta(days=1), text)

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return self.end - timedelta(days=1)

    def as_of_second(self, zone: ZoneInfo) -> int:
        """The instant at which the first day after the period begins: what happened then or later is unknown."""
        return first_second(self.end, zone)

    def history_start(self) -> date:
        """First day of the month twelve months before the month in which the period begins."""
        return _months_later(self.start, -12)

    def year_before_end(self) -> date:
        """The day twelve months before `end` (same day number, else the last day of that month)."""
        first = _months_later(self.end, -12)
        last = _months_later(first, 1) - timedelta(days=1)
        return min(first + timedelta(days=self.end.day - 1), last)

    def __str__(self) -> str:
        return self.name or f"{self.start}..{self.last_day}"


@dataclass(frozen=True, slots=True)
class Counts:
    """Items in scope, exceptions among them, and items whose attribute is NULL. Whole numbers."""

    population: int = 0
    exceptions: int = 0
    untestable: int = 0

    @property
    def tested(self) -> int:
        """Items whose attribute is known."""
        return self.population - self.untestable

    @property
    def rate(self) -> Fraction | None:
        """Exceptions ÷ tested items; None when nothing was tested."""
        return Fraction(self.exceptions, self.tested) if self.tested else None

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.population + other.population, self.exceptions + other.exceptions, self.untestable + other.untestable
        )

    def as_dict(self) -> dict[str, int]:
        """The three counts under the names of `findings.json`."""
        return {"population": self.population, "exceptions": self.exceptions, "untestable": self.untestable}


@dataclass(frozen=True)
class Measure:
    """A number computed from logs: one folder under `measures/`. The text of its SQL never changes between runs."""

    id: str
    title: str
    area: str
    kind: Kind
    question: str
    item: str
    items: str
    """Plural of `item`, as it stands in the sentence of a finding."""
    exception: str
    exception_phrase: str
    """Continues "12 of 40 records of closed accounts …" in the sentence of a finding."""
    on_day: str
    reasons: Mapping[str, str]
    """Reason word → meaning, in the order in which the first that fits is taken."""
    groups: Mapping[str, str]
    """Group word (without `group_`) → meaning."""
    sql: str
    sql_sha256: str
    definition_sha256: str = ""
    """Of `measure.toml`."""
    value: str = ""
    value_unit: str = ""
    sums: Mapping[str, str] = field(default_factory=dict)
    """Volume measures only: the `sum_*` columns → meaning."""
    kept_phrase: str = ""
    """Says the opposite of `exception_phrase`, for "all 40 records …"; for phrases that hold a "not" themselves."""
    item_table: str = ""
    """The export table whose key number is `item_id`; empty for composed ids."""
    looks_back: tuple[str, ...] = ()
    """Tables in which the answer may depend on rows before the first opening of an account."""
    needs_tombstones: tuple[str, ...] = ()
    """Tables that must keep deleted rows for the measure to be assessed."""
    reach_back_days: int = 0
    """Flows judged later than their rows came in: days before the period from which the tables must be covered; −1: from
    the first opening of an account on. Stocks: days before as of, where not all the time since that opening is needed."""
    optional_tables: tuple[str, ...] = ()
    """Tables without which the measure is still assessed, with a note."""
    optional_columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Export table → column without which the measure is still assessed, with a note → the yes/no parameter under which
    it is needed all the same; empty: under none."""
    reads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Export table → columns of the export that the measure and its shared steps need."""
    may_read: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The same with what they read under some parameters only."""
    only_when: Mapping[str, Any] = field(default_factory=dict)
    """Parameter → the value under which all of `may_read` is needed."""
    tables: tuple[str, ...] = ()
    """Every table that its text and its shared steps read, of whatever kind, sorted."""
    derived: tuple[str, ...] = ()
    """Shared steps it reads, in the order in which they must be built."""
    parameters: tuple[str, ...] = ()
    """Names of the parameters it reads, its shared steps included."""
    readings: tuple[str, ...] = ()
    """Those of them whose other readings a finding tells: all, unless the measure says that its answer hangs on fewer."""
    why_it_matters: str = ""
    caveats: tuple[str, ...] = ()
    author: str = ""
    checked_by: str = ""
    next_review: date | None = None

    def under(self, parameters: Mapping[str, Any]) -> Measure:
        """The measure as it is under these parameters: with all that it then reads in `reads`, and what it then does without."""
        applies = any(parameters.get(name) == value for name, value in self.only_when.items())
        spared = {
            table: {column: "" for column, parameter in columns.items() if not parameters.get(parameter)}
            for table, columns in self.optional_columns.items()
        }
        return replace(self, reads=self.may_read if applies else self.reads, optional_columns=spared)

    def is_spared(self, table: str, column: str) -> bool:
        """Whether an export may lack the column: it then counts as empty in every row. Ask the measure as it is `under` parameters."""
        return self.optional_columns.get(table, {}).get(column) == ""


@dataclass(frozen=True)
class Clause:
    """One clause of a policy, in our own words, with its section."""

    id: str
    section: str
    text: str
    evidence: str
    """`logs`, `logs and attestation` or `attestation`."""
    remains: str = ""
    """What no log can prove and a person must attest."""
    law: str = ""
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Criterion:
    """A testable sentence with a source and dates; points at a measure or, where no log can prove it, at none."""

    id: str
    document: str
    kind: str
    """`commitment`, `law` or `internal`."""
    sentence: str
    section: str = ""
    law: str = ""
    clauses: tuple[str, ...] = ()
    first_day: date = date(1, 1, 1)
    last_day: date = date(9999, 12, 31)
    """Both included. Only items whose `on_day` lies in these days count."""
    measure: str | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Group → the words that belong to it."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tolerable_rate: Fraction = Fraction(0)
    tolerable_assumed: bool = False
    max_untestable: Fraction = Fraction(1, 20)
    max_faults: Fraction = Fraction(1, 100)
    attestation: str = ""
    """What a person has to attest where no measure (or not the measure alone) can answer."""
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Document:
    """A policy, law or internal standard: the file under `criteria/` it was read from."""

    id: str
    title: str
    kind: str
    version: str
    publisher: str
    controller: str
    time_zone: str
    sha256: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()
    clauses: tuple[Clause, ...] = ()
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True)
class Observation:
    """The measured fact: one measure, one period, one set of parameters, with its counts. Integers only.

    `cells` has one row per (on_day, is_exception, reason, all groups) with the column `items` (and `sum_*` for a
    volume); `values` the histogram of `value` over the items that count in the period. Every other figure is a sum
    of cells. For a duration `exceptions` counts the waits that have ended and `population` all waits.
    """

    measure: str
    kind: Kind
    period: Period
    parameters: Mapping[str, Any]
    status: str
    """`measured` or `not-assessed`."""
    why: str = ""
    counts: Counts = Counts()
    accounts_with_exception: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Counts]] = field(default_factory=dict)
    by_month: Mapping[str, Counts] = field(default_factory=dict)
    cut_months: tuple[str, ...] = ()
    """Months of `by_month` that the period covers only in part."""
    sums: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """Limits a reader must know: texts not read, deleted rows missing from the export …"""
    crashed: bool = False
    """Not assessed because the measure itself failed: our fault, and the exit code of the run says so."""
    cells: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    values: pd.DataFrame | None = field(default=None, compare=False, repr=False)

    @property
    def measured(self) -> bool:
        """Whether there are figures at all."""
        return self.status == "measured"


@dataclass(frozen=True, slots=True)
class Reading:
    """The figure of a criterion under the other value of a parameter that policy or law leave open."""

    parameter: str
    value: Any
    meaning: str
    """What the value means, as a clause."""
    counts: Counts = Counts()
    status: Status = Status.NOT_ASSESSED
    why: str = ""
    """Why it could not be assessed."""


@dataclass(frozen=True)
class Finding:
    """An observation held against a criterion."""

    criterion: Criterion
    status: Status
    measure: str | None = None
    counts: Counts = Counts()
    accounts_with_exception: int = 0
    interval: tuple[float, float] | None = None
    """95 % Wilson interval of the exception rate, None below 1 tested item. "If this period were a sample"."""
    why: str = ""
    sentence: str = ""
    """The finding in one plain sentence with its figure."""
    notes: tuple[str, ...] = ()
    """Assumptions, unverified sources, limits."""
    readings: tuple[Reading, ...] = ()
    """What the figure would be if a parameter were read in another way that is open."""
    compared: Counts | None = None
    """The same counts for the compared period; None when there is none or it could not be measured."""
    compared_status: Status | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export, as its contract states it (the tables page of the docs)."""

    name: str
    type: str
    """`id`, `instant`, `date`, `country`, `region`, `integer`, `boolean`, `word` or `text`."""
    meaning: str
    required: bool = False
    """Needed to place a row at all: a row without it is quarantined."""
    space: str = ""
    """For ids: what they number (`account`, `device`, `recipient` …)."""
    known: tuple[str, ...] = ()
    """Open list: other words are loaded and counted as unknown words. Empty: every word is known."""
    closed: tuple[str, ...] = ()
    """Closed list: any other word makes the value (or the row, if required) unreadable."""
    when_missing: bool | None = None
    """Booleans: what staging puts where the value is missing."""
    kept: bool = True
    """False: used while loading, never stored (bodies of texts)."""

    @property
    def stem(self) -> str:
        """The name without its type suffix: `closed_at` → `closed`, `starts_on` → `starts`, `birth_date` → `birth`."""
        return re.sub(r"_(at|on|date)$", "", self.name)


@dataclass(frozen=True)
class Contract:
    """What one export table must look like: one file under `tables/`."""

    table: str
    one_row_per: str
    number: str
    key: tuple[str, ...]
    placed_by: tuple[str, ...]
    """The columns that place a row in time; the first that is present is its anchor. Empty for registers."""
    columns: Mapping[str, Column]
    tombstones: bool = False
    one_of: tuple[str, ...] = ()
    """At least one of these must be present in a row."""

    def own_key(self) -> Column | None:
        """The table's own key column, None for a table without one."""
        return self.columns[self.key[0]] if self.key else None

    def stored_names(self, column: Column) -> tuple[str, ...]:
        """The warehouse columns that hold `column`, in order."""
        if not column.kept:
            return ()
        if column.type == "id":
            return (column.name,) if column.name in self.key else (f"{column.name.removesuffix('_id')}_no",)
        if column.type == "instant":
            return (f"{column.stem}_second", f"{column.stem}_day")
        if column.type == "date":
            return (f"{column.stem}_day",)
        return (column.name,)
