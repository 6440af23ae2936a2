"""Columns that an export may lack: the measure is assessed without them and says so, unless a parameter needs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_lib import Run, open_run
from audit_lib.catalogue import load_catalogue
from audit_lib.catalogue.measures import MEASURES, load_measures
from audit_lib.errors import DefinitionError

CATALOGUE = load_catalogue()

TABLES = {
    "accounts": "account_id,country,opened_at\na1,DE,2018-01-01T12:00:00Z\n",
    "consent_events": """
event_id,account_id,device_id,purpose,status,recorded_at,acted_at,method,policy_version
c1,a1,,cookies,requested,2018-08-01T12:00:00Z,,banner,2018-05-10
c2,a1,,cookies,given,2018-08-01T12:00:01Z,2018-08-01T12:00:00Z,banner,2018-05-10
c3,a1,,marketing,given,2018-08-02T12:00:00Z,,banner,
""",
    "processing_events": """
event_id,account_id,purpose,occurred_at,legal_basis
e1,a1,cookies,2018-08-02T12:00:00Z,consent
e2,a1,cookies,2018-08-02T12:00:00Z,contract
""",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("optional") / "data"
    folder.mkdir()
    said = 'extracted_at = 2018-10-05T00:00:00Z\nkind = "log"\ncovers_from = "beginning"\nkeeps_deleted = true\n'
    for table, text in TABLES.items():
        (folder / f"{table}.csv").write_text(text.lstrip(), "utf-8")
    (folder / "sources.toml").write_text("".join(f"[{table}]\n{said}\n" for table in TABLES), "utf-8")
    with open_run(folder, period="2018-Q3") as opened:
        yield opened


def notes(run: Run, measure: str, **parameters: object) -> list[str]:
    return [note for note in run.observe(measure, **parameters).observation.notes if "has no column" in note]


def test_a_field_no_export_carries_is_counted_as_empty_and_said(run: Run) -> None:
    found = run.observe("consent_record_fields").observation
    assert found.measured
    counted = {"grants": 2, "with_subject": 2, "with_purpose": 2, "with_acted_at": 1, "with_policy_version": 1, "with_method": 2}
    assert found.sums == {**counted, "with_language": 0, "with_evidence_ref": 0, "with_recipient": 0}
    said = "the export of consent_events has no column evidence_ref, language, recipient_id: counted as empty in every row"
    assert notes(run, "consent_record_fields") == [said]


def test_a_column_that_the_criteria_require_is_missed(run: Run) -> None:
    found = run.observe("consent_demonstrable").observation
    assert not found.measured
    assert found.why == "the export of consent_events has no column evidence_ref, language"


def test_of_two_required_columns_the_one_that_is_missing_is_named(run: Run) -> None:
    found = run.observe("consent_demonstrable", consent_needs_language=False).observation
    assert found.why == "the export of consent_events has no column evidence_ref"


def test_a_column_that_the_criteria_do_not_require_may_be_missing(run: Run) -> None:
    found = run.observe("consent_demonstrable", consent_needs_language=False, consent_needs_evidence=False).observation
    assert found.measured
    assert (found.counts.population, found.counts.exceptions) == (2, 1)
    said = "the export of consent_events has no column evidence_ref, language: counted as empty in every row"
    assert notes(run, "consent_demonstrable", consent_needs_language=False, consent_needs_evidence=False) == [said]


def test_a_column_that_only_groups_may_be_missing(run: Run) -> None:
    found = run.observe("declared_purpose").observation
    assert (found.counts.population, found.counts.exceptions) == (2, 1)
    assert notes(run, "declared_purpose") == ["the export of processing_events has no column country, system: counted as empty in every row"]


def test_where_nothing_is_missing_nothing_is_said(run: Run) -> None:
    assert run.observe("opt_in").observation.measured
    assert notes(run, "opt_in") == []


def test_only_columns_with_a_value_that_may_be_missing_are_spared() -> None:
    measure = CATALOGUE.measures["consent_demonstrable"]
    under = measure.under({"consent_needs_policy_version": True, "consent_needs_language": False, "consent_needs_evidence": True})
    assert under.reads == measure.reads
    spared = {column for column in measure.reads["consent_events"] if under.is_spared("consent_events", column)}
    assert spared == {"language"}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('colour = ""', "optional_columns names processing_events.colour, which no contract has"),
        ('occurred_at = ""', "optional_columns names processing_events.occurred_at, which no export can be without"),
        ('channel = "grace_days"', "optional_columns of processing_events.channel names grace_days, which is no yes/no parameter"),
        ('channel = "colour"', "optional_columns of processing_events.channel names colour, which is no yes/no parameter"),
    ],
)
def test_an_entry_that_means_nothing_is_refused(tmp_path: Path, entry: str, said: str) -> None:
    own, like = tmp_path / "own", MEASURES / "declared_purpose"
    own.mkdir()
    text = (like / "measure.toml").read_text("utf-8")
    (own / "measure.toml").write_text(text.replace('system = ""', entry), "utf-8")
    (own / "items.sql").write_text((like / "items.sql").read_text("utf-8"), "utf-8")
    with pytest.raises(DefinitionError, match=said.replace(".", r"\.")):
        load_measures([own], CATALOGUE.tables, CATALOGUE.contracts)
