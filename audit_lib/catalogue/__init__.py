"""The catalogue: everything a run knows before it sees an export. Definitions are data; this reads and checks them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from audit_lib.catalogue import criteria, schemas
from audit_lib.catalogue.contracts import load_contracts
from audit_lib.catalogue.countries import COUNTRIES
from audit_lib.catalogue.measures import (
    Derived,
    Tables,
    lint_problems,
    load_derived,
    load_measures,
    measure_folders,
)
from audit_lib.catalogue.parameters import Known, Parameters
from audit_lib.catalogue.reference import ReferenceTable, load_reference
from audit_lib.vocabulary import Clause, Contract, Criterion, Document, Measure


@dataclass(frozen=True)
class Catalogue:
    """Contracts, reference tables, shared steps, measures, and the criteria documents chosen for a run."""

    contracts: Mapping[str, Contract]
    reference: Mapping[str, ReferenceTable]
    tables: Tables
    measures: Mapping[str, Measure]
    documents: tuple[Document, ...]
    parameters: Parameters
    zone: ZoneInfo

    @property
    def derived(self) -> Mapping[str, Derived]:
        """The shared steps by name."""
        return self.tables.derived

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """The criteria of all documents, in their order."""
        return tuple(criterion for document in self.documents for criterion in document.criteria)

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses of all documents, in their order."""
        return tuple(clause for document in self.documents for clause in document.clauses)


@cache
def _definitions() -> tuple[dict[str, Contract], dict[str, ReferenceTable], Tables]:
    contracts = load_contracts()
    reference = load_reference()
    base = schemas.all_tables(contracts, reference)
    return contracts, reference, Tables(base, load_derived(base), schemas.small_tables(reference))


def known_words(contracts: Mapping[str, Contract], reference: Mapping[str, ReferenceTable]) -> Known:
    """The words that criteria documents may name: those of contracts and reference tables, and the country codes."""
    duty = reference["retention_duty"].rows
    words: dict[str, Iterable[str]] = {
        "area": reference["area"].rows["area"],
        "regime": reference["regime"].rows["regime"],
        "calendar": reference["working_calendar"].rows["calendar"],
        "right_requested": contracts["rights_requests"].columns["right_requested"].known,
        "country": COUNTRIES,
        "legal_basis": contracts["processing_events"].columns["legal_basis"].known,
        "under_13_signal": reference["under_13_signal"].rows["signal"],
    }
    return Known(
        words={name: frozenset(values) for name, values in words.items()},
        duties=frozenset(zip(duty["duty_id"], duty["country"], strict=True)),
    )


def load_catalogue(chosen: Iterable[Path | str] = (), folders: Iterable[Path] | None = None) -> Catalogue:
    """The catalogue with the chosen criteria documents (none chosen: the default policy and the laws it is read with).

    `folders` are the measure folders, by default those of the package and of PRIVACY_AUDIT_MEASURES.
    Raises DefinitionError with every problem found.
    """
    contracts, reference, tables = _definitions()
    measures = load_measures(measure_folders() if folders is None else folders, tables, contracts)
    documents = criteria.load_documents(
        tuple(chosen) or (criteria.DEFAULT,), measures, known_words(contracts, reference)
    )
    return Catalogue(
        contracts=contracts,
        reference=reference,
        tables=tables,
        measures=measures,
        documents=documents,
        parameters=criteria.profile(documents),
        zone=criteria.controller_zone(documents),
    )


def lint_all() -> list[str]:
    """What the portable-SQL linter says of every measure and shared step; empty when all is well."""
    contracts, _, tables = _definitions()
    return lint_problems(load_measures(measure_folders(), tables, contracts), tables)
