"""The audit of the sample exports: every planted exception is found and nothing else; figures stay as they are."""

from __future__ import annotations

import copy
import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from audit_lib import Run, open_run

GOLDEN = Path(__file__).parent / "golden" / "samples_2018-Q3.json"
JUDGED = (
    "deletion_after_closure", "retention_overrun", "request_on_time", "consent_coverage", "marketing_to_opted_out", "under_13_accounts",
    "under_13_signals", "transfer_destination_declared", "transfer_tool_valid", "orphaned_records", "erasure_executed",
    "legal_hold_documented", "dormant_accounts", "request_backlog", "extension_notified", "identity_asked_promptly", "refusal_reasoned",
    "request_log_complete", "restriction_respected", "objection_respected", "breach_notified", "persons_told",
    "processing_after_withdrawal", "opt_out_honoured", "consent_demonstrable", "declared_purpose", "under_13_report_decided",
    "under_13_data_deleted", "collection_after_report", "age_gate_bypassed", "young_consent_authorised",
)  # fmt: skip
"""Measures with planted exceptions. In 2018 two can have none: no law asked for an acknowledgement (`request_acknowledged`), and no
country for consent again before 24 months, when the grant runs out anyway (`consent_fresh`)."""


def planted(samples: Path, measure: str, *, with_texts: bool) -> dict[str, str]:
    with (samples / "ground_truth.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["measure"] == measure]
    return {row["item_id"]: row["reason"] for row in rows if with_texts or not row["needs"]}


def found(run: Run, measure: str) -> dict[str, str]:
    exceptions = run.observe(measure).exceptions(limit=1_000_000)
    return dict(zip(exceptions["item"], exceptions["reason"], strict=True))


@pytest.mark.parametrize("measure", JUDGED)
def test_planted_exceptions_are_found_and_nothing_else(sample_run: Run, samples: Path, measure: str) -> None:
    expected = planted(samples, measure, with_texts=True)
    assert expected, "the samples hold no exception of this measure"
    assert found(sample_run, measure) == expected


def test_without_texts_only_what_needs_them_is_missing(samples: Path) -> None:
    with open_run(samples, period="2018-Q3", reveal=True) as run:
        assert found(run, "under_13_signals") == planted(samples, "under_13_signals", with_texts=False)
        assert any("texts were not read" in note for note in run.observe("under_13_signals").observation.notes)


def test_every_measure_plants_every_kind_of_exception(sample_run: Run, samples: Path) -> None:
    for measure in JUDGED:
        exceptional = set(planted(samples, measure, with_texts=True).values())
        words = {reason for reason, items in sample_run.observe(measure).observation.reasons.items() if items}
        assert exceptional <= words


# golden --------------------------------------------------------------------------------------------------------------


def figures(run: Run) -> dict[str, Any]:
    """What must not move without somebody saying so: all observations and findings, without sentences."""
    results = run.results()
    told = ("sentence", "why", "notes", "criterion_sentence", "evidence_sha256")
    findings = [{key: value for key, value in finding.items() if key not in told} for finding in results["findings"]]
    observations = [{key: value for key, value in found.items() if key != "evidence_sha256"} for found in results["observations"]]
    return json.loads(json.dumps({"observations": observations, "findings": findings}, sort_keys=True))


def differences(expected: Any, got: Any, where: str = "") -> list[str]:
    if isinstance(expected, dict) and isinstance(got, dict):
        keys = sorted(expected.keys() | got.keys())
        return [d for k in keys for d in differences(expected.get(k), got.get(k), f"{where}/{k}")]
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return [d for i, (e, g) in enumerate(zip(expected, got, strict=True)) for d in differences(e, g, f"{where}/{i}")]
    if isinstance(expected, float) and isinstance(got, float):
        return [] if abs(expected - got) <= 1e-12 else [f"{where}: {expected} became {got}"]
    return [] if expected == got else [f"{where}: {expected!r} became {got!r}"]


def test_figures_are_those_of_the_golden_file(sample_run: Run) -> None:
    """`make golden` writes the file anew; the changelog then says which way a figure moved and why."""
    got = figures(sample_run)
    if os.environ.get("WRITE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(got, indent=1, sort_keys=True) + "\n", "utf-8")
    assert differences(json.loads(GOLDEN.read_text("utf-8")), got) == []


def test_the_golden_comparison_can_fail(sample_run: Run) -> None:
    expected = json.loads(GOLDEN.read_text("utf-8"))
    for place in ("exceptions", "population", "untestable"):
        changed = copy.deepcopy(expected)
        changed["observations"][0][place] += 1
        assert differences(changed, figures(sample_run)) != []
    missing = copy.deepcopy(expected)
    missing["findings"].pop()
    assert differences(missing, figures(sample_run)) != []


# the object of findings.json -----------------------------------------------------------------------------------------


def test_the_results_have_the_names_of_the_design(sample_run: Run) -> None:
    results = sample_run.results()
    assert results["period"]["start"] == "2018-07-01"
    assert results["period"]["end"] == "2018-10-01"
    assert results["engine"] == "duckdb"
    assert {"period", "engine", "criteria", "inputs", "observations", "findings"} <= results.keys()
    inputs = {"table", "file", "rows", "accepted", "quarantined", "duplicate", "superseded", "left_out", "sha256"}
    assert all(inputs <= row.keys() for row in results["inputs"])
    observation = {
        "measure", "parameters", "population", "exceptions", "untestable", "accounts_with_exception", "reasons", "groups", "by_month",
        "status", "why",
    }  # fmt: skip
    assert all(observation <= row.keys() for row in results["observations"])
    finding = {"criterion", "measure", "status", "exception_rate", "interval", "tolerable_rate", "section", "law"}
    assert all(finding <= row.keys() for row in results["findings"])
    json.dumps(results, allow_nan=False)


def test_rows_in_are_rows_accounted_for(sample_run: Run) -> None:
    inputs = sample_run.inputs()
    parts = ["accepted", "quarantined", "duplicate", "superseded", "left_out"]
    assert (inputs["rows"] == inputs[parts].sum(axis=1)).all()
    assert inputs["rows"].sum() > 10_000


def test_groups_and_months_add_up(sample_run: Run) -> None:
    for found in sample_run.observations:
        if not found.measured:
            continue
        assert sum(found.reasons.values()) == found.counts.population
        for group, words in found.groups.items():
            assert sum(c.population for c in words.values()) == found.counts.population, group
        if found.kind in ("flow", "volume"):
            months = [c for month, c in found.by_month.items() if month >= "2018-07"]
            assert sum(c.exceptions for c in months) == found.counts.exceptions


def test_every_clause_is_answered(sample_run: Run) -> None:
    clauses = sample_run.clauses()
    assert len(clauses) == 82
    assert set(clauses["status"]) <= {"satisfied", "not satisfied", "nothing to test", "could not be assessed"}


def test_findings_are_compared_with_the_period_before(sample_run: Run) -> None:
    compared = [f for f in sample_run.finding_list if f.compared is not None]
    assert compared
    with open_run(sample_run_data(), period="2018-Q2", reveal=True) as before:
        counts = {f.criterion.id: f.counts for f in before.finding_list}
    for finding in compared:
        assert finding.compared == counts[finding.criterion.id]


def sample_run_data() -> Path:
    return Path(__file__).parent.parent / "data_samples"
