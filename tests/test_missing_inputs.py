"""An export that is missing or empty never turns anything green."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import duckdb
import pytest

from audit_lib import Run, open_run
from audit_lib.catalogue import load_catalogue
from audit_lib.vocabulary import Status

MEASURES = load_catalogue().measures
READ = sorted({table for measure in MEASURES.values() for table in measure.reads if table != "texts"})


@pytest.fixture
def data(tmp_path: Path, samples: Path) -> Path:
    return Path(shutil.copytree(samples, tmp_path / "data"))


def file_of(data: Path, table: str) -> Path:
    return next(data.glob(f"{table}.*"))


def empty(file: Path) -> None:
    """Keep the header, drop the rows."""
    if file.suffix == ".parquet":
        con = duckdb.connect()
        con.execute(f"create table t as select * from '{file}' limit 0")
        con.execute(f"copy t to '{file}' (format parquet)")
    elif file.suffix == ".jsonl":
        file.write_text("")
    elif file.suffix == ".gz":
        header = gzip.decompress(file.read_bytes()).split(b"\n")[0]
        file.write_bytes(gzip.compress(header + b"\n"))
    else:
        file.write_bytes(file.read_bytes().split(b"\n")[0] + b"\n")


def statuses(run: Run) -> dict[str, Status]:
    return {finding.criterion.id: finding.status for finding in run.finding_list}


@pytest.mark.parametrize("table", READ)
def test_without_a_file_its_findings_are_not_assessed(data: Path, table: str) -> None:
    file_of(data, table).unlink()
    with open_run(data, period="2018-Q3") as run:
        for finding in run.finding_list:
            if finding.measure and table in MEASURES[finding.measure].reads.keys() - set(MEASURES[finding.measure].optional_tables):
                assert finding.status is Status.NOT_ASSESSED
                assert f"the export of {table} is missing" in finding.why
        assert run.observe("request_on_time").observation.measured is (table not in MEASURES["request_on_time"].reads)


@pytest.mark.parametrize("table", READ)
def test_an_empty_file_turns_nothing_green(data: Path, table: str, sample_run: Run) -> None:
    empty(file_of(data, table))
    before = statuses(sample_run)
    with open_run(data, period="2018-Q3", with_texts=True) as run:
        turned = [c for c, status in statuses(run).items() if status is Status.SATISFIED and before[c] is not Status.SATISFIED]
        assert turned == []


def test_an_empty_file_that_is_not_declared_complete_is_not_assessed(data: Path) -> None:
    empty(file_of(data, "transfers"))
    declared = (data / "sources.toml").read_text("utf-8")
    (data / "sources.toml").write_text("\n".join(line for line in declared.splitlines() if "covers_from" not in line))
    with open_run(data, period="2018-Q3") as run:
        found = run.observe("transfer_tool_valid").observation
        assert not found.measured
        assert "not declared complete" in found.why


def test_a_missing_column_is_named(data: Path) -> None:
    file = file_of(data, "rights_requests")
    text = file.read_text("utf-8")
    file.write_text(text.replace("closed_at", "was_closed_at", 1), "utf-8")
    with open_run(data, period="2018-Q3") as run:
        assert "the export of rights_requests has no column closed_at" in run.observe("request_on_time").observation.why


def test_exports_from_before_the_end_of_the_period_are_not_assessed(data: Path) -> None:
    declared = (data / "sources.toml").read_text("utf-8")
    (data / "sources.toml").write_text(declared.replace("2018-10-05T08:00:00Z", "2018-09-20T08:00:00Z"), "utf-8")
    with open_run(data, period="2018-Q3") as run:
        assert "extracted before the end of the period" in run.observe("consent_coverage").observation.why
        assert not any(finding.status is Status.SATISFIED for finding in run.finding_list)


def test_deleted_rows_that_are_not_kept(data: Path) -> None:
    declared = (data / "sources.toml").read_text("utf-8")
    (data / "sources.toml").write_text(declared.replace("keeps_deleted = true", "keeps_deleted = false"), "utf-8")
    with open_run(data, period="2018-Q3") as run:
        assert "does not keep deleted rows" in run.observe("deletion_after_closure").observation.why
        overrun = run.observe("retention_overrun").observation
        assert overrun.measured
        assert any("records still there" in note for note in overrun.notes)
