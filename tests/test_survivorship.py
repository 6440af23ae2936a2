"""One reality exported four ways never gives a green finding, or a rate that differs from the truth without saying so."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from survivors import CASES, CUT, DECLARATIONS, declared, export, keep

from audit_lib import Run, open_run
from audit_lib.catalogue import load_catalogue
from audit_lib.conclude import with_limits
from audit_lib.report.sections import verdict
from audit_lib.vocabulary import Counts, Finding, Status, day_number

SAMPLES = Path(__file__).parent.parent / "data_samples"
CRITERIA = [criterion.id for criterion in load_catalogue().criteria if criterion.measure]
GREEN = (Status.SATISFIED, Status.NOT_APPLICABLE)
LOSSES = [(case, how) for case in CASES for how in DECLARATIONS if case != "tombstones" or how == "nothing"]
LIMITS = re.compile(
    r"Measured of the [\w ,]+ still there, since the export (does not|is not declared to) keep deleted rows|How far back [\w ,]+ is not declared"
    r"|could not be tested: between|is declared to (keep deleted rows|reach back to .+), but",
    re.IGNORECASE,
)
"""What a sentence says when its rate is not that of everything that was."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("survivors")


@cache
def found(folder: Path, case: str, how: str) -> dict[str, Finding]:
    """The findings of one case, by criterion; each case is audited once."""
    with open_run(export(SAMPLES, folder, case, how), period="2018-Q3") as run:
        return {finding.criterion.id: finding for finding in run.finding_list}


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize(("case", "how"), LOSSES)
def test_what_is_lost_makes_nothing_green_and_no_rate_wrong(folder: Path, case: str, how: str, criterion: str) -> None:
    truth, got = found(folder, "tombstones", "honest")[criterion], found(folder, case, how)[criterion]
    if got.status is Status.NOT_ASSESSED:
        assert got.why
        assert got.sentence.startswith("Could not be assessed: ")
    elif (got.status, got.counts.rate) != (truth.status, truth.counts.rate):
        assert got.status not in GREEN
        assert LIMITS.search(got.sentence), got.sentence


@pytest.mark.parametrize("case", CASES)
def test_without_a_declaration_nothing_is_green(folder: Path, case: str) -> None:
    assert not [c for c, finding in found(folder, case, "nothing").items() if finding.status in GREEN]


def test_the_whole_export_says_nothing_of_limits(folder: Path) -> None:
    truth = found(folder, "tombstones", "honest")
    assert sum(finding.status is Status.SATISFIED for finding in truth.values()) >= 3
    limited = [f.sentence for f in truth.values() if LIMITS.search(f.sentence) and not f.counts.untestable]
    assert limited == []


@pytest.mark.parametrize("case", ["records_gone", "accounts_gone", "everything_gone"])
@pytest.mark.parametrize("how", ["honest", "nothing"])
def test_deletion_in_time_is_not_assessed_where_deleted_rows_are_gone(folder: Path, case: str, how: str) -> None:
    got = found(folder, case, how)["viki-D1-deleted-in-time"]
    assert got.status is Status.NOT_ASSESSED
    assert "deleted rows, so what was deleted in time cannot be seen" in got.why


def test_overrun_is_measured_of_the_records_still_there(folder: Path) -> None:
    got = found(folder, "records_gone", "honest")["viki-D1-no-overrun"]
    assert got.status is Status.NOT_SATISFIED
    assert "Measured of the records still there, since the export does not keep deleted rows." in got.sentence


@pytest.mark.parametrize("case", ["accounts_gone", "everything_gone"])
@pytest.mark.parametrize("how", DECLARATIONS)
def test_no_closed_account_is_not_nothing_to_test(folder: Path, case: str, how: str) -> None:
    for criterion in ("viki-D1-no-overrun", "viki-D1-deleted-in-time", "viki-K5-no-child-data"):
        assert found(folder, case, how)[criterion].status is Status.NOT_ASSESSED


def test_careless_declarations_are_held_against_the_rows(folder: Path) -> None:
    said = {case: " ".join(f.sentence for f in found(folder, case, "careless").values()) for case in CASES if case != "tombstones"}
    assert re.search(r"stored_records is declared to keep deleted rows, but not one of its [\d,]+ rows has deleted_at", said["records_gone"])
    assert re.search(r"accounts is declared to keep deleted rows, but not one of its [\d,]+ rows has closed_at", said["accounts_gone"])
    assert re.search(r"accounts is declared to keep deleted rows, but not one of its [\d,]+ rows has closed_at", said["everything_gone"])
    assert "accounts is declared to keep deleted rows, but processing_events names accounts that are not in it" in said["accounts_gone"]
    assert f"transfers is declared to reach back to the beginning, but its first row is of {CUT}" in said["logs_cut"]
    assert "rights_requests is declared to reach back to the beginning, but its first row is of 2018-07" in said["logs_cut"]


def test_a_limit_keeps_from_green_and_stands_in_every_sentence() -> None:
    """What was found stands; what was not found is not taken for nothing."""
    criterion = next(c for c in load_catalogue().criteria if c.measure)
    limit = "measured of the records still there"
    for status in GREEN:
        got = with_limits(Finding(criterion, status, criterion.measure, sentence="All is well."), [limit], limit)
        assert got.status is Status.NOT_ASSESSED
        assert got.why == f"no exception was found, but {limit}"
        assert got.sentence == f"Could not be assessed: {got.why}. All is well."
    tolerable = Finding(criterion, Status.SATISFIED, criterion.measure, Counts(100, 1, 0), sentence="1 of 100.")
    assert with_limits(tolerable, [limit], limit).why == f"what was found is tolerable, but {limit}"
    bad = Finding(criterion, Status.NOT_SATISFIED, criterion.measure, sentence="All is bad.")
    assert with_limits(bad, [limit], limit) == replace(bad, sentence="All is bad. Measured of the records still there.")
    assert with_limits(tolerable, [limit]).status is Status.SATISFIED
    assert with_limits(bad, []) == bad


# the rules one by one ------------------------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "data"))


def declare(data: Path, table: str, name: str, value: str) -> None:
    sources = data / "sources.toml"
    sources.write_text(declared(sources.read_text("utf-8"), table, name, value), "utf-8")


def of_measure(run: Run, measure: str) -> list[Finding]:
    return [finding for finding in run.finding_list if finding.measure == measure]


def test_satisfied_becomes_not_assessed_where_exceptions_may_be_gone(data: Path) -> None:
    """The truth has late requests; an exporter that drops closed ones shows none of them."""
    assert keep(data, "rights_requests", lambda row: not row["closed_at"] or row["closed_at"] < "2018-07-20")
    declare(data, "rights_requests", "keeps_deleted", "false")
    with open_run(data, period="2018-Q3") as run:
        found = [f for f in of_measure(run, "request_on_time") if f.counts.tested and not f.counts.exceptions]
        assert found
        for finding in found:
            assert finding.status is Status.NOT_ASSESSED
            assert finding.why == "no exception was found, but measured of the requests still there, since the export does not keep deleted rows"


def test_an_answer_that_hangs_on_uncovered_time_is_before_log(data: Path) -> None:
    declare(data, "consent_events", "covers_from", "2018-06-01")
    with open_run(data, period="2018-Q3") as run:
        reasons = run.observe("consent_coverage").observation.reasons
        assert reasons["before_log"] > 0
        rows = run.sql(
            "select count(*) as items from items_consent_coverage i join processing_events e on e.event_no = i.item_id "
            "left join accounts a on a.account_no = e.account_no "
            f"where i.reason in ('never_asked', 'no_answer') and coalesce(a.opened_day, 0) < {day_number(date(2018, 6, 1))}"
        )
        assert rows["items"].tolist() == [0]
        assert reasons["never_asked"] + reasons["no_answer"] + reasons["before_log"] == _unanswered(SAMPLES)


def _unanswered(data: Path) -> int:
    with open_run(data, period="2018-Q3") as run:
        reasons = run.observe("consent_coverage").observation.reasons
        return sum(reasons[word] for word in ("never_asked", "no_answer", "use_only", "import_only"))


def test_a_late_extraction_stands_on_the_first_screen(data: Path) -> None:
    declare(data, "accounts", "extracted_at", "2018-11-02T08:00:00Z")
    with open_run(data, period="2018-Q3") as run:
        assert run.late_extractions() == ["accounts"]
        said = "accounts was extracted more than 31 days after the end of the period"
        assert said in verdict(run).html
        assert said in verdict(run).text
    declare(data, "accounts", "extracted_at", "2018-11-01T08:00:00Z")
    with open_run(data, period="2018-Q3") as run:
        assert run.late_extractions() == []
        assert "was extracted more than" not in verdict(run).html


def test_only_daily_tables_are_searched_for_silent_days(data: Path) -> None:
    quiet = ("2018-08-11", "2018-08-12")
    for table, instant in (("processing_events", "occurred_at"), ("transfers", "occurred_at")):
        keep(data, table, lambda row, instant=instant: str(row[instant])[:10] not in quiet)
    with open_run(data, period="2018-Q3") as run:
        silent = {(table, str(day)) for table, day in run.silent_days().itertuples(index=False)}
        assert ("processing_events", "2018-08-11") in silent
        assert not [day for table, day in silent if table == "transfers"]


def test_a_daily_log_that_begins_late_is_silent_before(data: Path) -> None:
    keep(data, "processing_events", lambda row: str(row["occurred_at"])[:10] >= CUT)
    with open_run(data, period="2018-Q3") as run:
        days = [str(day) for day in run.silent_days()["day"]]
        assert {"2018-07-01", "2018-07-05"} <= set(days)


def test_a_sparse_log_is_not_taken_for_a_cut_one(data: Path) -> None:
    """A log with rows on one day in a week proves nothing by six silent days."""
    keep(data, "transfers", lambda row: int(str(row["occurred_at"])[8:10]) in (10, 20))
    with open_run(data, period="2018-Q3") as run:
        assert not any("is declared to reach back" in f.sentence for f in of_measure(run, "transfer_tool_valid"))


def test_rows_that_break_a_rule_are_counted_and_listed(data: Path) -> None:
    declare(data, "transfers", "covers_from", "2018-02-01")
    with open_run(data, period="2018-Q3") as run:
        counts = run.rule_breaks()
        rows = run.rule_break_rows()
        assert counts["rows"].sum() == len(rows)
        before = rows[(rows["table"] == "transfers") & (rows["rule"] == "outside_coverage")]
        assert len(before) == run.sql("select count(*) as rows from transfers where occurred_day < 17563")["rows"][0] > 0
        assert set(before["file"]) == {"transfers.csv"}
        assert list(rows.columns) == ["table", "rule", "column", "file", "record"]
