"""`open_run`: the door for analysts, notebooks and the command line."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from audit_lib import evidence, ingest
from audit_lib.catalogue import Catalogue, load_catalogue
from audit_lib.conclude import worst_first
from audit_lib.disclosure import load_pseudonyms
from audit_lib.engines.duckdb import PLAIN_PLANS, BrokenEngine, DuckDB, UnreadableDatabase
from audit_lib.errors import AuditError, DefinitionError
from audit_lib.run import cache, late, vanished
from audit_lib.run.audit import Auditor, Compared, Evaluated, Overrides, called, criterion_cells, plan
from audit_lib.run.observe import counted, first_counted_day
from audit_lib.run.run import Run
from audit_lib.run.store import load_findings, load_observations, store
from audit_lib.run.whole import alone, replacing
from audit_lib.run.world import World, staging_texts
from audit_lib.vocabulary import Finding, Measure, Observation, Period

Progress = Callable[[str], None]
_log = logging.getLogger(__name__)


def quiet(step: str) -> None:
    """No progress."""


@dataclass(frozen=True)
class Request:
    """What an audit was asked for: everything that its figures depend on."""

    sources: ingest.Sources
    catalogue: Catalogue
    period: Period
    compare_to: Period | None
    with_texts: bool
    memory: str | None

    def columns(self) -> dict[str, frozenset[str]]:
        """The columns the measures read, by export table: only they are kept."""
        kept: dict[str, frozenset[str]] = {}
        for measure in self.catalogue.measures.values():
            for table, columns in measure.may_read.items():
                if table != "texts" or self.with_texts:
                    kept[table] = kept.get(table, frozenset()) | columns
        return kept

    def origin(self) -> str:
        """Which folder the exports lie in; 12 hexadecimal digits."""
        return evidence.fingerprint(str(self.sources.data.resolve()))[:12]

    def ingest_key(self) -> str:
        """What the loaded tables depend on."""
        kept = {table: sorted(columns) for table, columns in sorted(self.columns().items())}
        content = self.sources.content_hash(with_texts=self.with_texts)
        said = [content, kept, self.catalogue.zone.key, self.with_texts, evidence.code_hash(), evidence.versions()]
        return evidence.fingerprint(said)[:24]

    def audit_key(self) -> str:
        """What the figures depend on beyond the loaded tables."""
        periods = [self.period.start, self.period.end, self.compare_to and [self.compare_to.start, self.compare_to.end]]
        said = [evidence.texts(self.catalogue, staging_texts()), evidence.parameters(self.catalogue), periods]
        return evidence.fingerprint(said)[:24]


def open_run(
    data: str | os.PathLike[str],
    *,
    period: str,
    criteria: Iterable[str | os.PathLike[str]] = (),
    compare_to: str | None = None,
    with_texts: bool = False,
    reveal: bool = False,
    memory: str | None = None,
    progress: Progress = quiet,
    earlier: str | os.PathLike[str] | None = None,
    replaces: str | os.PathLike[str] | None = None,
) -> Run:
    """Open the audit of a folder of exports for a period; loads and measures once, then reads what was kept.

    `period` and `compare_to` are written as in `Period.parse`. `criteria` names files, folders or packaged documents
    (none: the default policy and the laws it is read with). `with_texts` lets texts be searched for age statements.
    `earlier` is the folder of an earlier report, to look for keys that have vanished since (docs/decisions/0008) and for
    rows that came late or were changed. `replaces` is the folder of a report for the same period, to look for late rows in
    its place.
    `reveal` shows identifiers as exported instead of pseudonyms; the manifest records it. `memory` limits the engine.

    Raises DefinitionError for a wrong period or criteria file, InputRefused for exports that cannot be read.

    >>> run = open_run("data_samples", period="2018-Q3")  # doctest: +SKIP
    >>> run.findings()  # doctest: +SKIP
    """
    request = _request(Path(data), period, tuple(map(_named, criteria)), compare_to, with_texts, memory)
    cache.forget_old()
    request.sources.fetch(with_texts=with_texts, progress=progress)
    origin, ingest_key = request.origin(), request.ingest_key()
    path = cache.warehouse(origin, ingest_key, request.audit_key())
    if not path.exists():
        with alone(cache.lock(ingest_key), progress):
            if not path.exists():  # another run may have made it while this one waited
                with replacing(path) as building:
                    loaded = cache.start_from(ingest_key, building)
                    _build(request, building, loaded, cache.same_origin(origin), progress)
    os.utime(path)
    if earlier is not None:
        _look_for_vanished(request, path, Path(earlier), progress)
    if (known := replaces or earlier) is not None:
        _look_for_late(request, path, Path(known), progress)
    return _opened(request, path, reveal)


def _named(criterion: str | os.PathLike[str]) -> str:
    return os.fspath(criterion)


def _request(
    data: Path, period: str, criteria: tuple[str, ...], compare_to: str | None, with_texts: bool, memory: str | None
) -> Request:
    catalogue = load_catalogue(criteria)
    today = datetime.now(catalogue.zone).date()
    asked = Period.parse(period, today)
    other = Period.parse(compare_to, today) if compare_to else None
    if asked.end > today:
        raise DefinitionError(f"The period {asked} has not ended ({catalogue.zone.key} time). Name one that has.")
    if other and other.end > asked.end:
        raise DefinitionError(f"The period to compare with ({other}) ends after {asked}. Name an earlier one.")
    return Request(ingest.read_sources(data, catalogue.contracts), catalogue, asked, other, with_texts, memory)


def _look_for_vanished(request: Request, path: Path, earlier: Path, progress: Progress) -> None:
    """Keep in the warehouse what has vanished since the report in the folder `earlier`, unless it is there already."""
    with closing(_engine(path, request.memory)) as engine:
        if vanished.is_kept(engine, earlier):
            return
        progress("looking for keys that have vanished")
        found = vanished.compare(engine, request.catalogue.contracts, load_pseudonyms(), earlier)
    _keep(request, path, lambda engine: vanished.keep(engine, found, earlier), progress)


def _look_for_late(request: Request, path: Path, earlier: Path, progress: Progress) -> None:
    """Keep in the warehouse what came late since the report in the folder `earlier`, unless it is there already."""
    with closing(_engine(path, request.memory)) as engine:
        if late.is_kept(engine, earlier):
            return
        progress("looking for late data")
        found = late.compare(engine, request.catalogue.contracts, load_pseudonyms(), request.catalogue.zone.key, earlier)
    _keep(request, path, lambda engine: late.keep(engine, found), progress)


def _keep(request: Request, path: Path, write: Callable[[DuckDB], None], progress: Progress) -> None:
    """Write into a warehouse that is made."""
    old_mask = os.umask(0o077)  # what the engine writes beside the database
    try:
        with alone(cache.lock(request.ingest_key()), progress), closing(DuckDB(path, memory=request.memory)) as engine:
            write(engine)
    finally:
        os.umask(old_mask)


def _opened(request: Request, path: Path, reveal: bool) -> Run:
    engine = _engine(path, request.memory)
    return Run(
        engine=engine,
        catalogue=request.catalogue,
        period=request.period,
        compare_to=request.compare_to,
        path=path,
        observations=load_observations(engine, request.period),
        finding_list=vanished.noted(load_findings(engine, request.catalogue), request.catalogue.measures, vanished.kept(engine) or ()),
        pseudonyms=None if reveal else load_pseudonyms(),
        with_texts=request.with_texts,
    )


def _engine(path: Path, memory: str | None) -> DuckDB:
    try:
        return DuckDB(path, read_only=True, memory=memory)
    except UnreadableDatabase:
        path.unlink()
        raise AuditError(f"The database {path.name} in the cache could not be read and has been deleted. Run the audit again.") from None


def _build(request: Request, path: Path, loaded: bool, base: Path | None, progress: Progress) -> None:
    """Make the warehouse: load the exports (unless `loaded`: they are in it), evaluate, conclude, keep.

    What has not changed since `base`, an older warehouse of the same folder, is taken over from it.
    """
    if not loaded:
        with closing(DuckDB(path, memory=request.memory)) as engine:
            ingest.ingest(
                engine.connection,
                request.sources,
                request.catalogue.contracts,
                columns=request.columns(),
                zone=request.catalogue.zone,
                with_texts=request.with_texts,
                progress=progress,
                base=base,
            )
    try:
        _judge(request, path, progress)
    except BrokenEngine as error:
        # An error inside the engine takes the whole database with it, and comes from how it chose to join (decision 0014).
        _log.warning("%s: judging again with plainer plans", error)
        progress("the engine failed: judging again with plainer plans")
        _judge(request, path, progress, PLAIN_PLANS)


def _judge(request: Request, path: Path, progress: Progress, *settings: str) -> None:
    """Evaluate and conclude on loaded tables, and keep what is found; nothing is left of an attempt before."""
    with closing(DuckDB(path, memory=request.memory)) as engine:
        for setting in settings:
            engine.run(setting)
        _drop_results(engine)
        _write_world(engine, request)
        observations, findings = audit(engine, request, progress)
        store(engine, observations, findings)
        engine.run("checkpoint")


def _drop_results(engine: DuckDB) -> None:
    kept = engine.rows("select table_name from duckdb_tables() where starts_with(table_name, 'obs_') or starts_with(table_name, 'items_')")
    for (table,) in kept:
        engine.run(f'drop table "{table}"')


def _write_world(engine: DuckDB, request: Request) -> None:
    world = World(engine, request.catalogue, request.catalogue.zone)
    present: dict[str, set[str]] = {}
    for table, column in engine.rows("select table_name, column_name from duckdb_columns() where schema_name = 'main'"):
        present.setdefault(table, set()).add(column)
    world.complete_tables(present)
    world.put_reference()
    world.put_working_days(world.calendars(request.catalogue.parameters))
    world.put_parameters("main", request.catalogue.parameters)
    world.put_period("main", request.period)


def audit(engine: DuckDB, request: Request, progress: Progress) -> tuple[list[Observation], list[Finding]]:
    """All observations and findings of a run; the items that are exceptions or untestable are kept in `items_<measure>`."""
    compared = _compared(engine, request, progress) if request.compare_to else {}
    auditor = Auditor(engine, request.catalogue, request.period, progress)
    planned = plan(request.catalogue, auditor)
    done: dict[tuple[str, Overrides], Evaluated] = {}
    # Measures under the same parameters one after another: shared steps are then built once for all of them.
    for name, overrides in sorted(planned, key=lambda key: repr(key[1])):
        measure = request.catalogue.measures[name]
        keep = _keeper(engine, request.period) if not overrides else _forget
        done[name, overrides] = auditor.evaluate(measure, overrides, planned[name, overrides], keep)
    evaluated = {key: done[key] for key in planned}
    findings = []
    for criterion in request.catalogue.criteria:
        found = evaluated[criterion.measure, auditor.overrides(criterion)] if criterion.measure else None
        finding = auditor.assumptions(auditor.find(criterion, found, compared.get(criterion.id)))
        findings.append(auditor.read_otherwise(finding, evaluated))
    return [e.observation for e in evaluated.values()], worst_first(findings)


def _forget(measure: Measure) -> None:
    """Items of other parameters than the profile's are not kept."""


def _keeper(engine: DuckDB, period: Period) -> Callable[[Measure], None]:
    def keep(measure: Measure) -> None:
        engine.run(
            f"create or replace table main.items_{measure.id} as select * from temp.items "
            f"where is_exception is not false and on_day >= {first_counted_day(measure, period)}"
        )

    return keep


def _compared(engine: DuckDB, request: Request, progress: Progress) -> dict[str, Compared]:
    """Criterion id → its counts in the compared period, told as they were known at its end."""
    assert request.compare_to is not None
    period = request.compare_to
    world = World(engine, request.catalogue, request.catalogue.zone)
    world.put_period("temp", period)
    auditor = Auditor(engine, request.catalogue, period, lambda step: progress(f"{step} ({period})"))
    found: dict[str, Compared] = {}
    for (name, overrides), criteria in plan(request.catalogue, auditor).items():
        if not criteria:
            continue
        measure = request.catalogue.measures[name]
        evaluated = auditor.evaluate(measure, overrides, criteria)
        for criterion in criteria:
            if (one := _compared_one(criterion, evaluated, measure, auditor)) is not None:
                found[criterion.id] = one
    for name in staging_texts():
        engine.run(f"drop view temp.stg_{name}")
    engine.run("drop table temp.period")
    return found


def _compared_one(criterion: Any, evaluated: Evaluated, measure: Measure, auditor: Auditor) -> Compared | None:
    if not evaluated.observation.measured:
        return None
    counts = counted(criterion_cells(criterion, evaluated.observation, measure))
    return Compared(counts, called(auditor.period, measure.kind), auditor.assessable(measure, evaluated.observation.parameters).is_covered)


__all__ = ["audit", "open_run", "quiet"]
