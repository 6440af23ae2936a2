"""Damaged exports and careless declarations that once made the audit say less than it should. None may turn anything green."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_lib import Run, open_run
from audit_lib.errors import AuditError, DefinitionError, InputRefused
from audit_lib.vocabulary import Status


@pytest.fixture
def data(tmp_path: Path, samples: Path) -> Path:
    return Path(shutil.copytree(samples, tmp_path / "data"))


def edit(file: Path, change: Callable[[str], str]) -> None:
    file.write_text(change(file.read_text("utf-8")), "utf-8")


def of_measure(run: Run, measure: str) -> list[tuple[str, Status, str]]:
    return [(f.criterion.id, f.status, f.why) for f in run.finding_list if f.measure == measure]


def no_offsets(text: str) -> str:
    return re.sub(r"(\d\d:\d\d:\d\d)(Z|[+-]\d\d:\d\d)", r"\1", text)


def test_a_table_that_is_wholly_quarantined_is_not_an_empty_one(data: Path) -> None:
    edit(data / "transfers.csv", no_offsets)
    with open_run(data, period="2018-Q3") as run:
        assert all(status is Status.NOT_ASSESSED for _, status, _ in of_measure(run, "transfer_tool_valid"))
        assert "100.0% of the rows of transfers" in of_measure(run, "transfer_tool_valid")[0][2]


def test_capitalised_words_do_not_empty_a_criterion_in_silence(data: Path) -> None:
    edit(data / "rights_requests.csv", lambda text: text.replace(",access,", ",Access,"))
    with open_run(data, period="2018-Q3") as run:
        access = [(c, status, why) for c, status, why in of_measure(run, "request_on_time") if "access" in c]
        assert access
        assert all(status is Status.NOT_ASSESSED for _, status, _ in access)
        assert "words in right_requested that are not known" in access[0][2]


def test_undeclared_purposes_are_said(data: Path) -> None:
    policy = (Path(__file__).parent.parent / "audit_lib/criteria/viki_privacy_policy_2018-05-10.toml").read_text("utf-8")
    own = data / "own_policy.toml"
    text = policy.replace('id = "viki_privacy_policy_2018-05-10"', 'id = "own_policy"', 1)
    own.write_text(text.replace('purpose = "research"', 'purpose = "studies"'), "utf-8")
    with open_run(data, period="2018-Q3", criteria=[str(own)]) as run:
        notes = run.observe("consent_coverage").observation.notes
        assert any("for purposes that the criteria do not declare" in note for note in notes)


def test_a_request_log_that_begins_with_the_period_is_too_short(data: Path) -> None:
    edit(data / "sources.toml", lambda text: re.sub(r'(\[rights_requests\][^\[]*covers_from = )"beginning"', r"\g<1>2018-07-01", text))
    with open_run(data, period="2018-Q3") as run:
        found = of_measure(run, "request_on_time")
        assert all(status is Status.NOT_ASSESSED for _, status, _ in found)
        assert "rights_requests covers only the days from 2018-07-01" in found[0][2]


def test_closed_accounts_that_are_missing_are_not_nothing_to_test(data: Path) -> None:
    lines = (data / "accounts.csv").read_text("utf-8").splitlines()
    place = lines[0].split(",").index("closed_at")
    kept = [line for line in lines[1:] if not line.split(",")[place]]
    (data / "accounts.csv").write_text("\n".join([lines[0], *kept]) + "\n", "utf-8")
    edit(data / "sources.toml", lambda text: text.replace("keeps_deleted = true", "keeps_deleted = false", 1))
    with open_run(data, period="2018-Q3") as run:
        assert all(status is Status.NOT_ASSESSED for _, status, _ in of_measure(run, "retention_overrun"))
        assert any("name accounts that are not in the export" in n for n in run.observe("retention_overrun").observation.notes)


def test_instants_of_the_future_do_not_empty_a_criterion_in_silence(data: Path) -> None:
    edit(data / "transfers.csv", lambda text: text.replace("2018-", "2081-"))
    with open_run(data, period="2018-Q3") as run:
        found = of_measure(run, "transfer_destination_declared")
        assert all(status is Status.NOT_ASSESSED for _, status, _ in found)


def test_uk_is_no_country_code(data: Path) -> None:
    edit(data / "transfers.csv", lambda text: text.replace(",GB,", ",UK,"))
    with open_run(data, period="2018-Q3") as run:
        faults = run.faults()
        assert "not_a_country" in set(faults[faults["table"] == "transfers"]["kind"])
        assert all(status is Status.NOT_ASSESSED for _, status, _ in of_measure(run, "transfer_tool_valid"))


def test_a_gap_between_two_extractions_of_a_log_is_seen(data: Path) -> None:
    lines = (data / "transfers.csv").read_text("utf-8").splitlines()
    (data / "transfers.csv").unlink()
    (data / "early.csv").write_text("\n".join(lines[:200]) + "\n")
    (data / "late.csv").write_text("\n".join([lines[0], *lines[300:]]) + "\n")
    two = (
        '[[transfers]]\nfiles = "early.csv"\nkind = "log"\nextracted_at = 2018-07-05T08:00:00Z\ncovers_from = "beginning"\ncovers_to = 2018-07-04\n'
        '[[transfers]]\nfiles = "late.csv"\nkind = "log"\nextracted_at = 2018-10-05T08:00:00Z\ncovers_from = 2018-09-20\ncovers_to = 2018-10-04\n'
    )
    edit(data / "sources.toml", lambda text: re.sub(r"\[transfers\][^\[]*", two, text))
    with open_run(data, period="2018-Q3") as run:
        assert "transfers covers only the days to 2018-07-04" in run.observe("transfer_tool_valid").observation.why


def test_a_header_that_is_a_row_is_not_repeated_in_the_error(data: Path) -> None:
    (data / "birth_date_declarations.csv").write_text("id1,a.b@example.com,a.b@example.com,2007-01-01\n")
    with pytest.raises(InputRefused) as refused:
        open_run(data, period="2018-Q3")
    assert "birth_date_declarations.csv" in str(refused.value)
    assert "example.com" not in str(refused.value)


def test_a_period_beyond_the_exports_is_not_assessed_even_where_nothing_is_declared(data: Path) -> None:
    edit(data / "sources.toml", lambda text: re.sub(r"extracted_at = .*\n", "", text))
    with open_run(data, period="2018-Q4") as run:
        assert not any(finding.status in (Status.SATISFIED, Status.NOT_SATISFIED) for finding in run.finding_list)


@pytest.mark.parametrize("period", ["2190", "2089", "0000", "9999", "0001", "9999-12-31..9999-12-31"])
def test_periods_that_have_not_ended_or_cannot_be(samples: Path, period: str) -> None:
    with pytest.raises(DefinitionError, match="period"):
        open_run(samples, period=period)


def test_the_cache_forgets_only_its_own_files(tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o755)
    foreign, own = folder / "sales.duckdb", folder / f"{'0' * 24}-{'1' * 24}.duckdb"
    for file in (foreign, own):
        file.write_text("x")
        os.utime(file, (time.time() - 40 * 86400,) * 2)
    monkeypatch.setenv("PRIVACY_AUDIT_CACHE", str(folder))
    with open_run(samples, period="2018-09") as run:
        assert run.path.parent == folder
        path = run.path
    assert foreign.exists()
    assert not own.exists()
    assert folder.stat().st_mode & 0o777 == 0o755
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(AuditError, match="Run the audit again"):
        open_run(samples, period="2018-09")
    open_run(samples, period="2018-09").close()


def test_a_cache_that_cannot_be_a_folder_gets_a_sentence(tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    monkeypatch.setenv("PRIVACY_AUDIT_CACHE", str(file / "below"))
    with pytest.raises(DefinitionError, match="PRIVACY_AUDIT_CACHE"):
        open_run(samples, period="2018-09")


def test_a_changed_definition_is_measured_anew(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "measures" / "own_overrun"
    shutil.copytree(Path(__file__).parent.parent / "audit_lib/measures/retention_overrun", own)
    edit(data / "sources.toml", lambda text: text.replace("keeps_deleted = true", "keeps_deleted = false"))
    monkeypatch.setenv("PRIVACY_AUDIT_MEASURES", str(tmp_path / "measures"))
    with open_run(data, period="2018-Q3") as run:
        assert run.observe("own_overrun").observation.measured
    edit(own / "measure.toml", lambda text: text.replace('looks_back', 'needs_tombstones = ["stored_records"]\nlooks_back', 1))
    with open_run(data, period="2018-Q3") as run:
        assert not run.observe("own_overrun").observation.measured


def test_months_add_up_to_a_period_that_cuts_them(samples: Path) -> None:
    with open_run(samples, period="2018-07-15..2018-08-10") as run:
        found = run.observe("deletion_after_closure").observation
        months = [counts for month, counts in found.by_month.items() if month in ("2018-07", "2018-08")]
        assert sum(counts.population for counts in months) == found.counts.population
        assert found.cut_months == ("2018-07", "2018-08")


def test_a_wrong_memory_limit_gets_a_sentence(samples: Path) -> None:
    with pytest.raises(DefinitionError, match="memory limit"):
        open_run(samples, period="2018-09", memory="foo")
