"""Evaluates measures and concludes: each observation once, then every criterion from its cells."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from audit_lib.catalogue import Catalogue
from audit_lib.catalogue.parameters import Parameters, scalars
from audit_lib.conclude import conclude, with_assumption, with_limits, with_readings
from audit_lib.engines.duckdb import BrokenEngine, DuckDB
from audit_lib.run import observe
from audit_lib.run.assess import Assessable, Inputs
from audit_lib.run.world import World, first_and_end
from audit_lib.vocabulary import Counts, Criterion, Finding, Kind, Measure, Observation, Period, Reading, Status

_log = logging.getLogger(__name__)
Overrides = tuple[tuple[str, Any], ...]


@dataclass
class Evaluated:
    """One measure under one set of parameters: the observation, and what each criterion needs of it."""

    observation: Observation
    accounts: dict[str, int] = field(default_factory=dict)
    """Criterion id → accounts with an exception among its items."""


class Auditor:
    """Evaluates the measures of a catalogue in one world, at one as of."""

    def __init__(self, engine: DuckDB, catalogue: Catalogue, period: Period, progress: Callable[[str], None]) -> None:
        self.engine = engine
        self.catalogue = catalogue
        self.period = period
        self.world = World(engine, catalogue, catalogue.zone)
        self.inputs = Inputs(engine, catalogue.contracts, period, period.as_of_second(catalogue.zone))
        self._assessable: dict[tuple[str, bool, str], Assessable] = {}
        self._progress = progress
        self._built: dict[str, Overrides] = {}
        self._in_place: Parameters | None = None

    def assessable(self, measure: Measure, overrides: Mapping[str, Any]) -> Assessable:
        """Whether a measure can be assessed under the profile with some scalars replaced."""
        needed = measure.under({**self.catalogue.parameters.scalars, **overrides})
        key = (measure.id, needed.reads is measure.reads, str(needed.optional_columns))
        if key not in self._assessable:
            self._assessable[key] = self.inputs.assess(needed)
        return self._assessable[key]

    def overrides(self, criterion: Criterion) -> Overrides:
        """The parameters a criterion really replaces: those its measure reads and that differ from the profile."""
        if criterion.measure is None:
            return ()
        return self.relevant(criterion.measure, criterion.parameters)

    def relevant(self, measure: str, given: Mapping[str, Any]) -> Overrides:
        """Of given scalars those that the measure reads and that differ from the profile, sorted."""
        profile = self.catalogue.parameters.scalars
        read = self.catalogue.measures[measure].parameters
        return tuple(sorted((name, value) for name, value in given.items() if name in read and profile[name] != value))

    def evaluate(
        self,
        measure: Measure,
        overrides: Overrides,
        criteria: Iterable[Criterion] = (),
        then: Callable[[Measure], None] = lambda measure: None,
    ) -> Evaluated:
        """Evaluate a measure. `then` is called while its items stand in the table `items`.

        A measure that cannot be assessed, or whose SQL fails, gives an observation that says so.
        """
        assessable = self.assessable(measure, dict(overrides))
        if assessable.why_not:
            return Evaluated(observe.not_assessed(measure, self.period, dict(overrides), assessable.why_not))
        self._progress(f"measuring {measure.title.lower()}")
        try:
            return self._evaluate(measure, overrides, criteria, assessable, then)
        except BrokenEngine:
            raise
        except Exception as error:  # a measure that crashes must not take the others with it; the finding says so
            _log.exception("measure %s failed", measure.id)
            why = f"the measure failed ({type(error).__name__}); the log has the details"
            return Evaluated(observe.not_assessed(measure, self.period, dict(overrides), why, crashed=True))

    def _evaluate(
        self,
        measure: Measure,
        overrides: Overrides,
        criteria: Iterable[Criterion],
        assessable: Assessable,
        then: Callable[[Measure], None],
    ) -> Evaluated:
        self.put_items(measure, overrides, *first_and_end(measure, self.period))
        then(measure)
        cells = observe.read_cells(self.engine, measure)
        values = observe.read_values(self.engine, measure, observe.first_counted_day(measure, self.period))
        accounts = observe.accounts_with_exception(self.engine, measure, self.period)
        found = observe.observation(measure, self.period, dict(overrides), cells, values, accounts, assessable.notes)
        own = {c.id: self._accounts(measure, c, found) for c in criteria}
        self.engine.run("drop table temp.items")
        return Evaluated(found, own)

    def put_items(self, measure: Measure, overrides: Overrides, first_day: int, end_day: int) -> None:
        """Put the items of a measure with first_day ≤ on_day < end_day into the temporary table `items`, and check them."""
        self._put(self.catalogue.parameters.replaced(dict(overrides)))
        self._build(measure, overrides)
        self.world.evaluate(measure, first_day, end_day)
        self._check(measure)

    def _accounts(self, measure: Measure, criterion: Criterion, found: Observation) -> int:
        covers_all = not criterion.where and criterion.first_day <= self.period.start
        if covers_all and criterion.last_day >= self.period.last_day:
            return found.accounts_with_exception
        return observe.accounts_with_exception(self.engine, measure, self.period, criterion)

    def _put(self, parameters: Parameters) -> None:
        if self._in_place != parameters:
            self.world.put_parameters("temp", parameters)
            self._in_place = parameters

    def _build(self, measure: Measure, overrides: Overrides) -> None:
        for step in measure.derived:
            read = self._read_by(step)
            wanted = tuple(pair for pair in overrides if pair[0] in read)
            if self._built.get(step) != wanted:
                self.world.build(step)
                self._built[step] = wanted

    def _read_by(self, step: str) -> set[str]:
        """The scalar parameters that a shared step reads, those it builds on included."""
        derived = self.catalogue.derived
        read = set(derived[step].reads.get("parameter", ()))
        for below in derived[step].reads:
            if below in derived:
                read |= self._read_by(below)
        return read

    def _check(self, measure: Measure) -> None:
        """What every measure owes: each item once, placed in time, with a reason it has declared."""
        words = ", ".join(f"'{word}'" for word in measure.reasons)
        items, placed, reasoned = self.engine.rows(
            f"select count(*), count(on_day), count(case when reason in ({words}) then 1 end) from items"
        )[0]
        if not items == placed == reasoned == self.engine.distinct("items", "item_id"):
            raise ValueError(f"{measure.id}: an item comes twice, without a day or without a declared reason")

    # findings --------------------------------------------------------------------------------------------------------

    def find(self, criterion: Criterion, evaluated: Evaluated | None, compared: Compared | None = None) -> Finding:
        """The finding of a criterion from its evaluated measure (None: it has no measure)."""
        if criterion.measure is None or evaluated is None:
            return conclude(criterion, None)
        measure = self.catalogue.measures[criterion.measure]
        found = evaluated.observation
        if not found.measured:
            return conclude(criterion, found, measure=measure)
        assessable = self.assessable(measure, found.parameters)
        if assessable.faulty_share > criterion.max_faults:
            why = (
                f"{float(assessable.faulty_share):.1%} of the rows of {assessable.faulty_table} could not be read or lost a "
                f"value that is needed, more than the {float(criterion.max_faults):.0%} that the criterion bears"
            )
            return conclude(criterion, replace(found, status="not-assessed", why=why), measure=measure)
        cells = criterion_cells(criterion, found, measure)
        counts = observe.counted(cells)
        if not counts.population and assessable.doubts:
            why = f"nothing was found to test, but {assessable.doubts[0]}"
            return conclude(criterion, replace(found, status="not-assessed", why=why), measure=measure)
        finding = conclude(
            criterion,
            found,
            measure=measure,
            counts=counts,
            accounts_with_exception=evaluated.accounts.get(criterion.id, 0),
            is_covered=assessable.is_covered,
            compared=compared.counts if compared else None,
            compared_as=compared.called if compared else "",
            compared_is_covered=compared.is_covered if compared else False,
            notes=unverified_note(cells),
        )
        return with_limits(finding, assessable.limits, assessable.no_green)

    def other_readings(self, criterion: Criterion) -> Iterator[tuple[str, Any, str, Overrides]]:
        """The readings a criterion leaves open: parameter, value, what it means, and the overrides that make it."""
        if criterion.measure is None:
            return
        chosen = {**self.catalogue.parameters.scalars, **criterion.parameters}
        for name, scalar in scalars().items():
            if name in self.catalogue.measures[criterion.measure].readings and name not in criterion.parameters:
                for value, meaning in scalar.others(chosen[name]):
                    yield name, value, meaning, self.relevant(criterion.measure, {**criterion.parameters, name: value})

    def read_otherwise(self, finding: Finding, evaluated: Mapping[tuple[str, Overrides], Evaluated]) -> Finding:
        """The finding with what its figure is under every reading that is open; where it tests nothing, those that do."""
        criterion = finding.criterion
        if criterion.measure is None:
            return finding
        found = [
            self._reading(criterion, name, value, meaning, evaluated[criterion.measure, overrides])
            for name, value, meaning, overrides in self.other_readings(criterion)
        ]
        return with_readings(finding, [reading for reading in found if finding.counts.population or reading.counts.population])

    def _reading(self, criterion: Criterion, name: str, value: Any, meaning: str, evaluated: Evaluated) -> Reading:
        other = self.find(criterion, evaluated)
        return Reading(name, value, meaning, other.counts, other.status, other.why)

    def assumptions(self, finding: Finding) -> Finding:
        """The finding, told what it would be with each assumption at its strictest, if that is something else."""
        criterion = finding.criterion
        if finding.status is not Status.SATISFIED or criterion.measure is None:
            return finding
        measure = self.catalogue.measures[criterion.measure]
        for name in measure.parameters:
            scalar = scalars().get(name)
            if scalar is None or name not in self.catalogue.parameters.assumed or name in criterion.parameters:
                continue
            value = self.catalogue.parameters.scalars[name]
            if scalar.strictest is None or scalar.strictest == value:
                continue
            strict = self.relevant(measure.id, {**criterion.parameters, name: scalar.strictest})
            observed = self.evaluate(measure, strict).observation
            if observed.measured:
                counts = observe.counted(criterion_cells(criterion, observed, measure))
                finding = with_assumption(finding, counts, name, value, scalar.strictest)
        return finding


@dataclass(frozen=True)
class Compared:
    """The counts of a criterion in the compared period."""

    counts: Counts
    called: str
    is_covered: bool


def criterion_cells(criterion: Criterion, found: Observation, measure: Measure) -> pd.DataFrame:
    """The cells of a criterion in the period of an observation."""
    assert found.cells is not None
    return observe.cells_of(criterion, observe.in_period(found.cells, measure, found.period))


def unverified_note(cells: pd.DataFrame) -> tuple[str, ...]:
    """A note where items rest on reference rows whose source is not verified (group `source_verified`)."""
    if "group_source_verified" not in cells:
        return ()
    count = int(cells.loc[cells["group_source_verified"] == "no", "items"].sum())
    return (f"{count:,} items rest on a rule whose source is not verified",) if count else ()


def plan(catalogue: Catalogue, auditor: Auditor) -> dict[tuple[str, Overrides], list[Criterion]]:
    """What to evaluate: every measure with the profile's parameters, once more per set that a criterion replaces, and per reading."""
    plan: dict[tuple[str, Overrides], list[Criterion]] = {(name, ()): [] for name in catalogue.measures}
    for criterion in catalogue.criteria:
        if criterion.measure is not None:
            plan.setdefault((criterion.measure, auditor.overrides(criterion)), []).append(criterion)
            for *_, overrides in auditor.other_readings(criterion):
                plan.setdefault((criterion.measure, overrides), [])
    return plan


def called(period: Period, kind: Kind) -> str:
    """How a sentence names the compared period: state at its end, or what fell in it."""
    return f"at the end of {period}" if kind is Kind.STOCK else f"in {period}"
