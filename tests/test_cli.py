"""The command line, from outside: what it prints and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audit_lib.catalogue import load_catalogue

ROOT = Path(__file__).parent.parent


def audit(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "audit_lib.cli", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=300,
    )


def test_check_prints_one_json_object() -> None:
    done = audit("check", "data_samples", "--period", "2018-Q3", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["period"] == {"start": "2018-07-01", "end": "2018-10-01", "name": "2018-Q3"}
    assert {o["measure"] for o in found["observations"]} == set(load_catalogue().measures)


def test_fail_on_ends_with_3_and_findings_are_still_printed() -> None:
    done = audit("check", "data_samples", "--period", "2018-Q3", "--fail-on", "not-satisfied")
    assert done.returncode == 3
    assert "were still stored past their due day" in done.stdout
    assert "not satisfied" in done.stdout


def test_a_missing_export_is_in_the_report_and_in_the_exit_code(tmp_path: Path) -> None:
    words = ("--period", "2018-Q3", "--fail-on", "not-assessed")
    assert audit("check", "data_samples", *words).returncode == 0
    data = tmp_path / "data"
    shutil.copytree(ROOT / "data_samples", data)
    (data / "legal_holds.csv").unlink()
    done = audit("run", str(data), *words, "--out", str(tmp_path / "reports"))
    assert done.returncode == 3, done.stderr
    assert "the export of legal_holds is missing" in done.stdout
    report = tmp_path / "reports" / "2018-Q3" / "report.html"
    assert done.stdout.rstrip().endswith(f"Report: {report}")
    assert "the export of legal_holds is missing" in report.read_text("utf-8")
    assert audit("verify", str(report.parent)).returncode == 0
    with (report.parent / "findings.csv").open("a") as file:
        file.write("x")
    changed = audit("verify", str(report.parent))
    assert changed.returncode == 3
    assert "findings.csv has been changed" in changed.stdout


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("check", "data_samples", "--period", "2018-Q9"), 2, "is not understood"),
        (("check", "no_such_folder", "--period", "2018-Q3"), 4, "is not a folder"),
        (("check", "data_samples", "--period", "2018-Q3", "--criteria", "no_such_file"), 2, "neither a file nor a packaged document"),
        (("check", "data_samples", "--period", "2018-Q3", "--compare-to", "2018-Q4"), 2, "ends after"),
        (("check", "data_samples"), 2, "--period"),
        (("measures", "no_such_measure"), 2, "There are age_gate_bypassed, breach_notified"),
        (("adapters", "no_such_adapter"), 2, "no adapter"),
        (("verify", "no_such_folder"), 2, "manifest"),
    ],
)
def test_what_the_user_did_wrong_is_a_sentence(words: tuple[str, ...], code: int, sentence: str) -> None:
    done = audit(*words)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_ingest_prints_where_every_row_went(tmp_path: Path) -> None:
    into = tmp_path / "audit.duckdb"
    done = audit("ingest", "data_samples", "--into", str(into))
    assert done.returncode == 0, done.stderr
    assert "rights_requests.csv" in done.stdout
    assert into.stat().st_mode & 0o077 == 0
    again = audit("ingest", "data_samples", "--into", str(into))
    assert again.returncode == 0, again.stderr
    assert "Not read again, for they have not changed" in again.stdout
    into.write_text("something else")
    refused = audit("ingest", "data_samples", "--into", str(into))
    assert refused.returncode == 2
    assert "exists and is no database" in refused.stderr


def test_a_measure_is_printed_with_definition_sql_criteria_and_examples() -> None:
    done = audit("measures", "consent_coverage")
    assert done.returncode == 0
    for part in ("Processing covered by consent", "Criteria that point at it", "```sql", "consent_answer", "## Example:", "never_asked"):
        assert part in done.stdout


def test_the_same_exports_print_the_same_in_every_process(tmp_path: Path) -> None:
    """Python orders sets by a seed of the process: nothing that is printed may hang on it, sentences on limits least of all."""
    data = tmp_path / "data"
    shutil.copytree(ROOT / "data_samples", data)
    declared = (data / "sources.toml").read_text("utf-8")
    (data / "sources.toml").write_text(declared.replace("keeps_deleted = true", "keeps_deleted = false"), "utf-8")
    told = {audit("check", str(data), "--period", "2018-Q3", "--json", PYTHONHASHSEED=seed).stdout for seed in ("1", "3", "5")}
    assert len(told) == 1 and '"findings"' in told.pop()


def test_criteria_and_lists() -> None:
    assert "82 clauses" in audit("criteria").stdout
    assert "consent_coverage" in audit("measures").stdout
    assert "fides_requests" in audit("adapters").stdout
    told = audit("adapters", "transcend_requests").stdout
    assert "## What the export cannot say" in told and "overrides = " in told and "Is Test Request" in told
    unknown = audit("adapters", "nobody")
    assert unknown.returncode == 2 and "There is no adapter 'nobody'. There are auth0_accounts," in unknown.stderr


def test_every_command_has_help() -> None:
    for command in ("run", "check", "ingest", "measures", "criteria", "adapters", "sample", "verify"):
        done = audit(command, "--help")
        assert done.returncode == 0
        assert "Usage" in done.stdout


def test_a_toy_measure_appears_everywhere_with_no_other_edit(tmp_path: Path) -> None:
    toy = tmp_path / "toy_open_accounts"
    shutil.copytree(ROOT / "audit_lib" / "measures" / "under_13_accounts", toy)
    (toy / "items.sql").write_text(
        "select a.account_no as item_id, a.account_no, w.as_of_day - 1 as on_day, false as is_exception,\n"
        "  cast(null as integer) as value, 'open' as reason, a.country as group_country\n"
        "from stg_accounts a\njoin period w on 1 = 1\nwhere a.closed_second is null\n"
    )
    (toy / "measure.toml").write_text(
        'title = "Open accounts"\narea = "other"\nkind = "stock"\nquestion = "How many accounts are open?"\n'
        'item = "open account"\nitems = "open accounts"\nitem_table = "accounts"\nexception = "never"\n'
        'exception_phrase = "were exceptions"\non_day = "the last day of the period"\n'
        '[reasons]\nopen = "open"\n[groups]\ncountry = "country of the account"\n'
    )
    (toy / "examples.toml").unlink()
    named = {"PRIVACY_AUDIT_MEASURES": str(tmp_path)}
    assert "toy_open_accounts" in audit("measures", **named).stdout
    assert "How many accounts are open?" in audit("measures", "toy_open_accounts", **named).stdout
    found = json.loads(audit("check", "data_samples", "--period", "2018-Q3", "--json", **named).stdout)
    observation = next(o for o in found["observations"] if o["measure"] == "toy_open_accounts")
    assert observation["population"] > 1_000
    assert observation["groups"]["country"]["US"]["population"] > 100
    lint = subprocess.run(
        [sys.executable, "-m", "audit_lib.portable_sql"], capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **named}
    )
    assert lint.returncode == 0, lint.stdout


def test_a_measure_that_fails_is_not_assessed_and_the_exit_code_says_so(tmp_path: Path) -> None:
    toy = tmp_path / "toy_twice"
    shutil.copytree(ROOT / "audit_lib" / "measures" / "transfer_volume", toy)
    rows = (toy / "items.sql").read_text("utf-8")
    (toy / "items.sql").write_text(rows.replace("t.transfer_no as item_id", "1 as item_id"))
    done = audit("check", "data_samples", "--period", "2018-Q3", "--json", PRIVACY_AUDIT_MEASURES=str(tmp_path))
    assert done.returncode == 1
    assert "Failed, so not assessed: toy_twice." in done.stderr
    found = {observation["measure"]: observation for observation in json.loads(done.stdout)["observations"]}
    assert found["toy_twice"]["status"] == "not-assessed"
    assert found["transfer_volume"]["status"] == "measured"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("date_diff('day', a.opened_day, a.closed_day)", "date_diff"),
        ("a.opened_day / 7", "/"),
        ("percentile_cont(0.9) within group (order by a.opened_day)", "percentile"),
    ],
)
def test_a_measure_outside_the_portable_subset_fails_lint(tmp_path: Path, bad: str, says: str) -> None:
    toy = tmp_path / "toy_bad"
    shutil.copytree(ROOT / "audit_lib" / "measures" / "transfer_volume", toy)
    (toy / "items.sql").write_text(f"select {bad} as value from stg_accounts a\n")
    done = subprocess.run(
        [sys.executable, "-m", "audit_lib.portable_sql"],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "PRIVACY_AUDIT_MEASURES": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "measures/toy_bad" in done.stdout
    assert says in done.stdout.lower()
