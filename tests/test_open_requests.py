"""A log in which every closed request was on time, but a third are open past their due day, must not look good anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from audit_lib import Run, charts, open_run
from audit_lib.catalogue.contracts import load_contracts
from audit_lib.charts.figure import chart_table
from audit_lib.report import notebook as show
from audit_lib.vocabulary import Finding, Status

CLOSED, OPEN = 100, 50
DECLARED = 'extracted_at = 2018-10-05T08:00:00Z\nkind = "log"\ncovers_from = "beginning"\nkeeps_deleted = true\n'


def write_export(folder: Path) -> Path:
    """150 access requests from Germany that fell due in the quarter: a hundred closed after ten days, fifty never."""
    folder.mkdir()
    requests, accounts = [], []
    for number in range(CLOSED + OPEN):
        received = date(2018, 6, 5) + timedelta(days=number % 80)
        closed = f"{received + timedelta(days=10)}T12:00:00Z,fulfilled" if number % 3 else ","
        requests.append(f"q{number},a{number},access,DE,web_form,{received}T12:00:00Z,{closed}")
        accounts.append(f"a{number},2018-01-01T00:00:00Z,,DE")
    write(folder, "rights_requests", "request_id,account_id,right_requested,country,channel,received_at,closed_at,outcome", requests)
    write(folder, "accounts", "account_id,opened_at,closed_at,country", accounts)
    (folder / "sources.toml").write_text("".join(f"[{table}]\n{DECLARED}\n" for table in ("accounts", "rights_requests")), "utf-8")
    return folder


def write(folder: Path, table: str, header: str, rows: list[str]) -> None:
    """A table with all its columns; those that `header` does not name are empty."""
    others = [column for column in load_contracts()[table].columns if column not in header.split(",")]
    lines = [f"{header},{','.join(others)}", *(f"{row}{',' * len(others)}" for row in rows), ""]
    (folder / f"{table}.csv").write_text("\n".join(lines), "utf-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with open_run(write_export(tmp_path_factory.mktemp("open") / "data"), period="2018-Q3") as opened:
        yield opened


def finding(run: Run, criterion: str) -> Finding:
    return next(found for found in run.finding_list if found.criterion.id == criterion)


def test_the_sentence_says_a_third(run: Run) -> None:
    found = finding(run, "gdpr-12-3-access")
    assert found.status is Status.NOT_SATISFIED
    assert found.sentence.startswith("50 of 150 rights requests that fell due, of 50 persons, were not answered by their due day, 33 %")
    assert found.counts.exceptions == OPEN and found.counts.population == CLOSED + OPEN


def test_the_headline_and_the_backlog_say_so(run: Run) -> None:
    text = show.verdict(run).text
    assert "- 50 of 150 rights requests that fell due" in text
    backlog = finding(run, "gdpr-12-3-backlog")
    assert backlog.status is Status.NOT_SATISFIED and backlog.counts.exceptions == OPEN


def test_the_table_says_so(run: Run) -> None:
    figures = show.figures(run.observe("request_on_time")).text
    assert "150" in figures and "50" in figures and "33 %" in figures
    reasons = run.observe("request_on_time").reasons().set_index("reason")["items"]
    assert reasons["on_time"] == CLOSED and reasons["open_late"] == OPEN and reasons["late"] == 0


def test_the_chart_says_so(run: Run) -> None:
    figure = charts.answered_on_time_by_month(run.observe("request_on_time"))
    assert figure.title.startswith("67 % of rights requests that fell due were answered on time in 2018-Q3")
    assert figure.title.endswith("50 of the period are still open past the due day.")
    assert int(figure.data["of them good"].sum()) == CLOSED and int(figure.data["requests that fell due"].sum()) == CLOSED + OPEN
    assert "100.0 %" not in chart_table(figure.data)


def test_the_curve_does_not_come_down_to_nothing(run: Run) -> None:
    curve = run.observe("request_response_time").survival()
    assert curve.events == CLOSED and curve.survival[-1] > 0.3
    assert curve.share_done_by(30) == pytest.approx(2 / 3)


def test_the_backlog_chart_says_so(run: Run) -> None:
    assert charts.backlog_by_age(run.observe("request_backlog")).title == "50 of 50 (100 %) open requests are past their due day."
