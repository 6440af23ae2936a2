"""Keys that an earlier report knew and that are gone without a day of deletion."""

from __future__ import annotations

import csv
import gzip
import hashlib
import hmac
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from survivors import declared, keep
from typer.testing import CliRunner

from audit_lib import Run, open_run
from audit_lib.catalogue import load_catalogue
from audit_lib.cli import app
from audit_lib.disclosure import load_pseudonyms
from audit_lib.errors import DefinitionError
from audit_lib.report import ReportRequest, build, build_report, verify_report
from audit_lib.report import notebook as show
from audit_lib.report.page import Made
from audit_lib.report.sections import verdict
from audit_lib.run.vanished import KEYS, OTHER_KEY, Vanished, noted
from audit_lib.vocabulary import Finding, Status

SAMPLES = Path(__file__).parent.parent / "data_samples"
TABLES = ["accounts", "consent_events", "rights_requests", "stored_records"]


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a report for 2018-Q2 keeps of the samples' keys."""
    folder = tmp_path_factory.mktemp("reports") / "2018-Q2"
    folder.mkdir()
    with open_run(SAMPLES, period="2018-Q2") as run:
        run.save_keys(folder / KEYS)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "data"))


def counted(run: Run) -> dict[str, tuple[int, int, int]]:
    """Table → (vanished, of, out of reach)."""
    frame = run.vanished()
    return {row["table"]: (row["vanished"], row["of"], row["out_of_reach"]) for row in frame.to_dict("records")}


def rows_of(table: str) -> list[dict[str, str]]:
    file = next(SAMPLES.glob(f"{table}.csv*"))
    text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def some(table: str, condition: Any, count: int) -> set[str]:
    """Keys of the first rows of a table that fulfil a condition."""
    key = {"accounts": "account_id", "stored_records": "record_id", "rights_requests": "request_id", "consent_events": "event_id"}[table]
    found = [row[key] for row in rows_of(table) if condition(row)]
    assert len(found) >= count
    return set(found[:count])


def lose(data: Path, table: str, keys: set[str]) -> None:
    """Take the rows with these keys out of an export."""
    assert keep(data, table, lambda row: next(iter(row.values())) not in keys) == len(keys)


# the file ------------------------------------------------------------------------------------------------------------


def test_the_file_holds_hashes_of_what_was_not_deleted_and_nothing_else(earlier: Path) -> None:
    file = earlier / KEYS
    assert file.stat().st_mode & 0o777 == 0o600
    with duckdb.connect() as con:
        rows = con.execute("select * from read_parquet(?)", [str(file)]).fetchall()
    alive = {
        "accounts": sum(not row["closed_at"] for row in rows_of("accounts")),
        "stored_records": sum(not row["deleted_at"] for row in rows_of("stored_records")),
        "consent_events": len(rows_of("consent_events")),
        "rights_requests": len(rows_of("rights_requests")),
    }
    # One row of each of the first three is quarantined or a duplicate in the samples.
    missing = {table: alive[table] - sum(row[0] == table for row in rows) for table in TABLES}
    assert missing == {"accounts": 1, "stored_records": 2, "consent_events": 1, "rights_requests": 0}
    account = next(row["account_id"] for row in rows_of("accounts") if not row["closed_at"])
    key = load_pseudonyms().key_for("keys of a report")
    digest = hmac.new(key, b"account\0" + account.encode(), hashlib.sha256).digest()
    assert int.from_bytes(digest[:8], "big") in {row[1] for row in rows}
    assert account.encode() not in file.read_bytes()
    assert load_pseudonyms().of("account", account) not in repr(rows)


def test_the_same_keys_make_the_same_file(earlier: Path, tmp_path: Path) -> None:
    with open_run(SAMPLES, period="2018-Q2", reveal=True) as run:
        assert run.save_keys(tmp_path / KEYS) > 10_000
    assert (tmp_path / KEYS).read_bytes() == (earlier / KEYS).read_bytes()


# what has vanished ---------------------------------------------------------------------------------------------------


def test_nothing_vanishes_from_an_export_that_is_whole(earlier: Path) -> None:
    with open_run(SAMPLES, period="2018-Q3", compare_to="2018-Q2", earlier=earlier) as run:
        found = counted(run)
        assert sorted(found) == TABLES
        assert all(vanished == out_of_reach == 0 and of > 0 for vanished, of, out_of_reach in found.values())
        assert run.vanished_sentences() == []
        assert not any("that the report for" in note for finding in run.finding_list for note in finding.notes)
        assert "No key has vanished since the earlier report." in show.vanished(run).text


def test_without_an_earlier_report_nothing_is_compared(data: Path) -> None:
    with open_run(data, period="2018-Q3") as run:
        assert run.vanished().empty
        assert run.results()["vanished"] is None
        assert "No earlier report with keys to compare with was at hand." in show.vanished(run).text


def test_gone_without_a_day_of_deletion(earlier: Path, data: Path) -> None:
    lose(data, "accounts", some("accounts", lambda row: not row["closed_at"], 7) | some("accounts", lambda row: row["closed_at"], 3))
    lose(data, "stored_records", some("stored_records", lambda row: not row["deleted_at"], 5) | some("stored_records", lambda row: row["deleted_at"], 4))
    lose(data, "rights_requests", some("rights_requests", lambda row: row["closed_at"], 2))
    lose(data, "consent_events", some("consent_events", lambda row: True, 1))
    with open_run(data, period="2018-Q3", compare_to="2018-Q2", earlier=earlier) as run:
        found = counted(run)
        assert {table: vanished for table, (vanished, _, _) in found.items()} == {
            "accounts": 7, "stored_records": 5, "rights_requests": 2, "consent_events": 1,
        }  # fmt: skip
        of = f"{found['accounts'][1]:,}"
        said = f"7 of {of} accounts that the report for 2018-Q2 knew are gone without a day of deletion."
        assert said in run.vanished_sentences()
        assert said in verdict(run).html
        assert said in verdict(run).text
        assert said in show.vanished(run).html
        assert any(f"1 of {found['consent_events'][1]:,} consent decisions that the report for 2018-Q2 knew is gone" in text for text in run.vanished_sentences())
        results = json.loads(json.dumps(run.results(), allow_nan=False))
        assert {row["table"]: row["vanished"] for row in results["vanished"]} == {table: n for table, (n, _, _) in found.items()}
        for finding in run.finding_list:
            reads = run.catalogue.measures[finding.measure].reads if finding.measure else {}
            assert (said in finding.notes) is ("accounts" in reads)


def test_a_deletion_with_its_day_is_none(earlier: Path, data: Path) -> None:
    text = gzip.decompress((data / "stored_records.csv.gz").read_bytes()).decode().splitlines()
    place = text[0].split(",").index("deleted_at")
    changed = []
    for line in text[1:]:
        cells = line.split(",")
        cells[place] = cells[place] or "2018-10-02T00:00:00Z"
        changed.append(",".join(cells))
    (data / "stored_records.csv.gz").write_bytes(gzip.compress("\n".join([text[0], *changed, ""]).encode()))
    with open_run(data, period="2018-Q3", earlier=earlier) as run:
        assert counted(run)["stored_records"][0] == 0


def test_before_the_reach_of_the_export_is_not_vanished(earlier: Path, data: Path) -> None:
    gone = keep(data, "consent_events", lambda row: row["recorded_at"] >= "2018-06-02")
    sources = data / "sources.toml"
    whole = sources.read_text("utf-8")
    sources.write_text(declared(whole, "consent_events", "covers_from", "2018-06-02"), "utf-8")
    with open_run(data, period="2018-Q3", earlier=earlier) as run:
        vanished, _, out_of_reach = counted(run)["consent_events"]
        assert (vanished, out_of_reach) == (0, gone - 1)  # one of the rows was a duplicate
    sources.write_text(whole.replace('covers_from = "beginning"\n', ""), "utf-8")
    with open_run(data, period="2018-Q3", earlier=earlier) as run:
        assert counted(run)["consent_events"][::2] == (gone - 1, 0)


def test_another_key_never_reads_as_everything_vanished(earlier: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVACY_AUDIT_KEY", "another key than that of the tests")
    with open_run(data, period="2018-Q3", earlier=earlier) as run:
        frame = run.vanished()
        assert set(frame["why_not"]) == {OTHER_KEY}
        assert frame["vanished"].sum() == 0
        said = "Whether accounts have vanished since the report for 2018-Q2 is not known: its keys were made with another key, so they cannot be compared."
        assert said in verdict(run).text


def test_an_export_that_is_missing_has_not_vanished_row_by_row(earlier: Path, data: Path) -> None:
    (data / "rights_requests.csv").unlink()
    with open_run(data, period="2018-Q3", earlier=earlier) as run:
        assert "Whether requests have vanished since the report for 2018-Q2 is not known: the export is missing." in run.vanished_sentences()


def test_what_the_earlier_report_did_not_read_is_not_compared(data: Path, tmp_path: Path) -> None:
    (data / "rights_requests.csv").unlink()
    with open_run(data, period="2018-Q2") as run:
        run.save_keys(tmp_path / KEYS)
    with open_run(SAMPLES, period="2018-Q3", earlier=tmp_path) as run:
        said = "Whether requests have vanished since the report for 2018-Q2 is not known: that report had no export of them."
        assert run.vanished_sentences() == [said]


def test_rows_that_could_not_be_read_are_said_to_be_among_them(earlier: Path, data: Path) -> None:
    lines = (data / "accounts.csv").read_text("utf-8").splitlines()
    place = lines[0].split(",").index("opened_at")
    alive = some("accounts", lambda row: not row["closed_at"], 1).pop()
    changed = [",".join("some day" if n == place and line.startswith(alive) else c for n, c in enumerate(line.split(","))) for line in lines]
    (data / "accounts.csv").write_text("\n".join([*changed, ""]), "utf-8")
    with open_run(data, period="2018-Q3", earlier=earlier) as run:
        (said,) = run.vanished_sentences()
        assert said.endswith("knew is gone without a day of deletion; 1 more row than then could not be read and may be among these.")


def test_green_findings_say_what_has_vanished() -> None:
    catalogue = load_catalogue()
    criterion = next(c for c in catalogue.criteria if c.measure == "request_on_time")
    found = [Vanished("rights_requests", vanished=2, of=10, earlier="2018-Q2")]
    said = "2 of 10 requests that the report for 2018-Q2 knew are gone without a day of deletion."
    for status in (Status.SATISFIED, Status.NOT_APPLICABLE):
        (finding,) = noted([Finding(criterion, status, "request_on_time", sentence="All is well.")], catalogue.measures, found)
        assert finding.sentence == f"All is well. {said}"
        assert finding.notes == (said,)
    other = next(c for c in catalogue.criteria if c.measure == "transfer_tool_valid")
    plain = Finding(other, Status.SATISFIED, "transfer_tool_valid", sentence="All is well.")
    assert noted([plain], catalogue.measures, found) == [plain]
    attested = Finding(replace(criterion, measure=None), Status.NOT_ASSESSED)
    assert noted([attested], catalogue.measures, found) == [attested]


def test_a_folder_without_keys_is_refused(tmp_path: Path, samples: Path) -> None:
    with pytest.raises(DefinitionError, match=r"holds no keys\.parquet of a report\. Name the folder of an earlier report"):
        open_run(samples, period="2018-Q3", earlier=tmp_path)
    (tmp_path / KEYS).write_bytes(b"PAR1 and nothing more")
    with pytest.raises(DefinitionError, match=r"keys\.parquet is not a file of keys"):
        open_run(samples, period="2018-Q3", earlier=tmp_path)
    with duckdb.connect() as con:
        con.execute(f"copy (select 1 as one) to '{tmp_path / 'other.parquet'}' (format parquet)")
    (tmp_path / "other.parquet").replace(tmp_path / KEYS)
    with pytest.raises(DefinitionError, match=r"keys\.parquet is not a file of keys"):
        open_run(samples, period="2018-Q3", earlier=tmp_path)


def test_notebooks_of_the_run_read_what_was_found(earlier: Path, data: Path) -> None:
    """A notebook opens the same run without naming the earlier report."""
    lose(data, "accounts", some("accounts", lambda row: not row["closed_at"], 2))
    with open_run(data, period="2018-Q3", compare_to="2018-Q2", earlier=earlier) as run:
        path = run.path
    with open_run(data, period="2018-Q3", compare_to="2018-Q2") as run:
        assert run.path == path
        assert counted(run)["accounts"][0] == 2
        with open_run(data, period="2018-Q3", compare_to="2018-Q2", earlier=earlier) as again:  # nothing to write: no lock needed
            assert counted(again) == counted(run)
    with open_run(data, period="2018-09") as run:
        assert run.vanished().empty


# the report ----------------------------------------------------------------------------------------------------------


def test_reports_keep_keys_and_name_what_has_vanished(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_made", lambda chapter, *given: Made(chapter, "<p>left out</p>"))
    out = tmp_path / "reports"
    first = build_report(ReportRequest(data=data, period="2018-Q2", out=out))
    assert (first.folder / KEYS).stat().st_mode & 0o777 == 0o600
    assert verify_report(first.folder) == []
    lose(data, "accounts", some("accounts", lambda row: not row["closed_at"], 4))
    second = build_report(ReportRequest(data=data, period="2018-Q3", compare_to="2018-Q2", out=out))
    assert verify_report(second.folder) == []
    page = (second.folder / "report.html").read_text("utf-8")
    screen = page[page.index('<section id="verdict"') : page.index('<section id="changes"')]
    assert "accounts that the report for 2018-Q2 knew are gone without a day of deletion." in screen
    found = json.loads((second.folder / "findings.json").read_text("utf-8"))
    assert {row["table"]: row["vanished"] for row in found["vanished"]}["accounts"] == 4
    (second.folder / KEYS).write_bytes(b"")
    assert verify_report(second.folder) == ["keys.parquet has been changed."]


# the command line ----------------------------------------------------------------------------------------------------


def test_check_tells_what_has_vanished(earlier: Path, data: Path) -> None:
    lose(data, "rights_requests", some("rights_requests", lambda row: True, 3))
    asked = ["check", str(data), "--period", "2018-Q3", "--earlier", str(earlier)]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0
    of = len(rows_of("rights_requests"))
    assert f"3 of {of} requests that the report for 2018-Q2 knew are gone without a day of deletion." in told.stdout
    found = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert {row["table"]: row["vanished"] for row in found["vanished"]}["rights_requests"] == 3
