"""The policy does not say how long a relationship lasts: each reading is measured with what it needs, and the other stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from audit_lib import Run, open_run
from audit_lib.catalogue import load_catalogue
from audit_lib.conclude import conclude, with_readings
from audit_lib.vocabulary import Counts, Criterion, Finding, Observation, Period, Reading, Status

CATALOGUE = load_catalogue()
OVERRUN = CATALOGUE.measures["retention_overrun"]
IDLE = "the relationship lasts until the account is closed or has shown no activity for the months set"

TABLES = {
    "accounts": """
account_id,country,birth_date,opened_at,closed_at,last_active_at
closed,DE,,2015-01-01T12:00:00Z,2018-07-01T12:00:00Z,2018-07-01T12:00:00Z
idle,DE,,2015-01-01T12:00:00Z,,2016-01-01T12:00:00Z
silent,DE,,2015-01-01T12:00:00Z,,
heard,DE,,2015-01-01T12:00:00Z,,
active,DE,,2015-01-01T12:00:00Z,,2018-09-01T12:00:00Z
""",
    "stored_records": """
record_id,account_id,data_category,system,collected_at,deleted_at
r1,closed,profile,crm,2015-02-01T12:00:00Z,
r2,idle,profile,crm,2015-02-01T12:00:00Z,
r3,silent,profile,crm,2015-02-01T12:00:00Z,
r4,heard,profile,crm,2015-02-01T12:00:00Z,
r5,active,profile,crm,2015-02-01T12:00:00Z,
r6,active,usage,crm,2015-02-01T12:00:00Z,2018-08-01T12:00:00Z
""",
    "legal_holds": "hold_id,account_id,data_category,starts_on,ends_on,recorded_at\n",
    "processing_events": """
event_id,account_id,purpose,occurred_at
e1,heard,service,2018-08-01T12:00:00Z
""",
    "birth_date_declarations": "declaration_id,account_id,device_id,birth_date,declared_at,source,accepted\n",
    "age_reviews": "review_id,account_id,opened_at,source,decided_at,decision\n",
}


def write(folder: Path, tables: dict[str, str]) -> Path:
    folder.mkdir()
    declared = 'extracted_at = 2018-10-05T00:00:00Z\nkind = "log"\ncovers_from = "beginning"\nkeeps_deleted = true\n'
    for table, text in tables.items():
        (folder / f"{table}.csv").write_text(text.lstrip(), "utf-8")
    (folder / "sources.toml").write_text("".join(f"[{table}]\n{declared}\n" for table in tables), "utf-8")
    return folder


def without_last_activity(text: str) -> str:
    return re.sub(r",[^,\n]*$", "", text, flags=re.MULTILINE)


def overrun(run: Run) -> Finding:
    return next(finding for finding in run.finding_list if finding.criterion.id == "viki-D1-no-overrun")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with open_run(write(tmp_path_factory.mktemp("full") / "data", TABLES), period="2018-Q3") as run:
        yield run


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The same without last_active_at, and without any log of processing."""
    tables = {table: text for table, text in TABLES.items() if table != "processing_events"}
    tables["accounts"] = without_last_activity(tables["accounts"])
    with open_run(write(tmp_path_factory.mktemp("bare") / "data", tables), period="2018-Q3") as run:
        yield run


def test_each_reading_is_measured(full: Run) -> None:
    assert full.observe("retention_overrun").counts == Counts(1, 1, 0)
    # Idle since January 2016 and silent since the opening: due 24 months and 30 days later.
    assert full.observe("retention_overrun", relationship="recent_activity").counts == Counts(3, 3, 0)
    longer = full.observe("retention_overrun", relationship="recent_activity", relationship_months=40)
    assert longer.counts == Counts(2, 2, 0)


def test_the_finding_carries_the_other_reading(full: Run) -> None:
    found = overrun(full)
    assert found.counts == Counts(1, 1, 0)
    assert found.readings == (
        Reading("relationship", "recent_activity", IDLE, Counts(3, 3, 0), Status.NOT_SATISFIED, ""),
    )
    assert f"If {IDLE}: 3 exceptions among 3 (100 % of those tested)." in found.notes


def test_without_activity_the_closing_still_counts(bare: Run) -> None:
    observed = bare.observe("retention_overrun")
    assert observed.observation.measured
    assert observed.counts == Counts(1, 1, 0)
    assert overrun(bare).status is Status.NOT_SATISFIED


def test_without_activity_the_other_reading_is_not_assessed(bare: Run) -> None:
    found = bare.observe("retention_overrun", relationship="recent_activity").observation
    assert not found.measured
    why = "the export of accounts has no column last_active_at; the export of processing_events is missing"
    assert found.why == why
    (reading,) = overrun(bare).readings
    assert (reading.status, reading.counts, reading.why) == (Status.NOT_ASSESSED, Counts(), why)
    assert f"If {IDLE}: could not be assessed: {why}." in overrun(bare).notes


def test_only_the_second_reading_needs_activity() -> None:
    under = {reading: OVERRUN.under({"relationship": reading}).reads for reading in ("account_open", "recent_activity")}
    assert "processing_events" not in under["account_open"]
    assert "last_active_at" not in under["account_open"]["accounts"]
    assert under["recent_activity"]["processing_events"] == {"account_id", "occurred_at"}
    assert "last_active_at" in under["recent_activity"]["accounts"]


def test_where_nothing_was_closed_the_other_reading_is_still_told(tmp_path: Path) -> None:
    """Who never closes an account has nothing to test under one reading, and a great deal under the other."""
    tables = {**TABLES, "accounts": TABLES["accounts"].replace("2018-07-01T12:00:00Z,2018-07-01T12:00:00Z", ",2018-09-01T12:00:00Z")}
    with open_run(write(tmp_path / "data", tables), period="2018-Q3") as run:
        found = overrun(run)
        assert found.counts == Counts()
        (reading,) = found.readings
        assert (reading.counts, reading.status) == (Counts(2, 2, 0), Status.NOT_SATISFIED)
        assert f"If {IDLE}: 2 exceptions among 2 (100 % of those tested), not satisfied." in found.notes


def test_dormant_accounts_do_without_a_log_of_processing(tmp_path: Path) -> None:
    tables = {table: text for table, text in TABLES.items() if table != "processing_events"}
    with open_run(write(tmp_path / "data", tables), period="2018-Q3") as run:
        observed = run.observe("dormant_accounts").observation
    assert observed.counts == Counts(4, 1, 2)
    assert observed.reasons == {"dormant": 1, "active": 1, "before_log": 2}
    assert "the export of processing_events is missing, so this was measured without it" in observed.notes


def test_dormant_accounts_with_a_log_of_processing(full: Run) -> None:
    observed = full.observe("dormant_accounts").observation
    assert observed.reasons == {"dormant": 2, "active": 2, "before_log": 0}
    assert not any("missing" in note for note in observed.notes)


def test_a_log_of_processing_that_ends_too_soon_proves_no_silence(tmp_path: Path) -> None:
    data = write(tmp_path / "data", TABLES)
    before, after = (data / "sources.toml").read_text("utf-8").split("[processing_events]")
    early = after.replace("2018-10-05", "2018-09-20", 1)
    (data / "sources.toml").write_text(f"{before}[processing_events]{early}", "utf-8")
    with open_run(data, period="2018-Q3") as run:
        assert run.observe("dormant_accounts").observation.reasons == {"dormant": 1, "active": 2, "before_log": 1}


def test_texts_that_were_not_read_are_named(full: Run) -> None:
    notes = full.observe("under_13_signals").observation.notes
    assert "texts were not read (run with --with-texts where the law allows it)" in notes


# the sentences, by hand ----------------------------------------------------------------------------------------------


def finding(counts: Counts) -> Finding:
    quarter = Period(date(2018, 7, 1), date(2018, 10, 1))
    observation = Observation("retention_overrun", OVERRUN.kind, quarter, {}, "measured", "")
    criterion = Criterion(id="c", document="policy", kind="commitment", sentence="All go.", measure="retention_overrun")
    return conclude(criterion, observation, measure=OVERRUN, counts=counts, accounts_with_exception=1, is_covered=True)


READING = Reading("relationship", "recent_activity", IDLE, Counts(1200, 300, 0), Status.NOT_SATISFIED)


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (READING, "300 exceptions among 1,200 (25 % of those tested)."),
        (replace(READING, counts=Counts(8, 1, 0)), "1 exception among 8 (13 % of those tested)."),
        (replace(READING, counts=Counts(10, 2, 2)), "2 exceptions among 10 (25 % of those tested); 2 could not be tested."),
        (replace(READING, counts=Counts(2, 0, 2)), "0 exceptions among 2; 2 could not be tested."),
        (replace(READING, counts=Counts(4, 0, 0), status=Status.SATISFIED), "0 exceptions among 4 (0 % of those tested), satisfied."),
        (replace(READING, counts=Counts(), status=Status.NOT_ASSESSED, why="no log"), "could not be assessed: no log."),
    ],
)
def test_what_a_note_says(reading: Reading, said: str) -> None:
    before = finding(Counts(60, 3, 0))
    assert before.status is Status.NOT_SATISFIED
    after = with_readings(before, [reading])
    assert after.readings == (reading,)
    assert after.notes == (*before.notes, f"If {IDLE}: {said}")
    assert replace(after, readings=(), notes=before.notes) == before


def test_a_reading_that_changes_nothing_makes_no_note() -> None:
    before = finding(Counts(60, 3, 0))
    reading = replace(READING, counts=Counts(60, 3, 0))
    after = with_readings(before, [reading])
    assert after.notes == before.notes and after.readings == (reading,)
