"""The Python face: what an analyst holds, asks and is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit_lib import Run, open_run
from audit_lib.errors import AuditError, DefinitionError


@pytest.fixture(scope="module")
def run(private_cache: None, samples: Path) -> Run:
    return open_run(samples, period="2018-Q3", compare_to="2018-Q2", with_texts=True)


def test_items_are_pseudonyms(run: Run, sample_run: Run) -> None:
    hidden = run.observe("retention_overrun").exceptions(limit=10)
    plain = sample_run.observe("retention_overrun").exceptions(limit=10)
    assert hidden["item"].str.match(r"rec-[a-z2-7]{12}$").all()
    assert hidden["account"].str.match(r"acc-[a-z2-7]{12}$").all()
    assert not set(hidden["item"]) & set(plain["item"])
    assert list(hidden["day"]) == list(plain["day"])


def test_from_a_finding_to_the_raw_row_in_two_calls(run: Run) -> None:
    observed = run.observe("request_on_time")
    item = observed.exceptions(limit=1)["item"][0]
    row = dict(observed.rows(item).itertuples(index=False, name=None))
    assert row["file"] == "rights_requests.csv"
    assert row["record"] >= 1
    assert row["request_id"] == item
    assert row["received_day"].startswith("2018-")


def test_an_unknown_item_is_said_so(run: Run) -> None:
    with pytest.raises(AuditError, match="No exception or untestable item"):
        run.observe("request_on_time").rows("req-nothing")


def test_other_parameters_are_measured_on_the_spot(run: Run) -> None:
    usual = run.observe("retention_overrun").counts
    strict = run.observe("retention_overrun", grace_days=0)
    assert strict.counts.exceptions > usual.exceptions
    assert strict.observation.parameters == {"grace_days": 0}
    assert run.observe("retention_overrun").counts == usual


def test_the_strict_reading_is_kept_with_the_run(run: Run) -> None:
    assert run.observe("request_on_time", roll_over=False).observation in run.observations


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda run: run.observe("nothing"), "There is no measure 'nothing'. There are "),
        (lambda run: run.observe("consent_coverage", roll_over=False), "has no parameter 'roll_over'"),
        (lambda run: run.observe("retention_overrun", grace_days="30"), "must be a int"),
        (lambda run: run.observe("consent_coverage").by("colour"), "has no group 'colour'"),
        (lambda run: run.observe("consent_coverage").survival(), "has no survival curve"),
        (lambda run: run.sql("select nothing from accounts"), "nothing"),
    ],
)
def test_wrong_questions_get_a_sentence(run: Run, ask: object, sentence: str) -> None:
    with pytest.raises(AuditError, match=sentence):
        ask(run)  # type: ignore[operator]


def test_sql_reads_and_cannot_write(run: Run) -> None:
    assert run.sql("select count(*) as n from stg_accounts")["n"][0] > 1_000
    assert len(run.sql("select * from ref_adequacy")) > 10
    with pytest.raises(AuditError):
        run.sql("drop table accounts")


def test_a_survival_curve_counts_those_still_waiting(run: Run) -> None:
    curve = run.observe("request_response_time").survival()
    counts = run.observe("request_response_time").counts
    assert curve.n == counts.tested
    assert curve.events == counts.exceptions
    assert 0 < curve.events < curve.n


def test_frames_read_well(run: Run) -> None:
    findings = run.findings()
    assert list(findings.columns)[:3] == ["criterion", "status", "finding"]
    assert findings["status"].iloc[0] == "not satisfied"
    by = run.observe("consent_coverage").by("purpose")
    assert by["exceptions"].is_monotonic_decreasing
    html = run.observe("consent_coverage")._repr_html_()
    assert "had no consent in force" in html


def test_a_second_opening_reads_what_was_kept(samples: Path, run: Run) -> None:
    again = open_run(samples, period="2018-Q3", compare_to="2018-Q2", with_texts=True)
    assert again.path == run.path
    assert again.results() == run.results()
    assert again.path.stat().st_mode & 0o077 == 0


def test_another_period_starts_from_the_same_ingest(samples: Path, run: Run) -> None:
    told: list[str] = []
    with open_run(samples, period="2018-08", with_texts=True, progress=told.append) as august:
        assert august.observe("request_on_time").counts.population > 0
    assert not any(step.startswith("loading") for step in told)


@pytest.mark.parametrize("period", ["2018-Q5", "yesterday", "2018-09-30..2018-07-01", ""])
def test_wrong_periods_get_a_sentence(samples: Path, period: str) -> None:
    with pytest.raises(DefinitionError, match="Period"):
        open_run(samples, period=period)
