"""Late data: the same period on exports made at its end and half a year later gives the same figures, or says what came late."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import later_exports as later
import oracle
import pandas as pd
import pytest
from oracle.random_worlds import make
from survivors import declared
from typer.testing import CliRunner

from audit_lib import Run, cli, open_run
from audit_lib.catalogue import load_catalogue
from audit_lib.disclosure import load_pseudonyms
from audit_lib.engines.duckdb import DuckDB
from audit_lib.errors import DefinitionError
from audit_lib.report import ReportRequest, build, build_report, verify_report
from audit_lib.report import notebook as show
from audit_lib.report.page import Made
from audit_lib.report.sections import verdict
from audit_lib.run import known, late
from audit_lib.run.examples import Bench, Example
from audit_lib.run.known import KNOWN
from audit_lib.run.results import observation_dict
from audit_lib.run.vanished import KEYS, OTHER_KEY, marks
from audit_lib.sample import write_sample
from audit_lib.vocabulary import Contract

PERIOD = "2018-Q3"
CONTRACTS = later.CONTRACTS
CATALOGUE = load_catalogue()


# the exports ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("late")
    write_sample(base / "samples", accounts=300)
    return base


@pytest.fixture(scope="module")
def at_the_end(folder: Path) -> Path:
    """What the exporter knew at the end of the period."""
    return later.export(folder / "samples", folder / "at_the_end", later.known, later.AS_OF)


@pytest.fixture(scope="module")
def half_a_year_on(folder: Path) -> Path:
    """The same half a year later: nothing came late."""
    return later.export(folder / "samples", folder / "half_a_year_on", later.half_a_year_later, later.LATER)


@pytest.fixture(scope="module")
def first(at_the_end: Path) -> Iterator[Run]:
    with open_run(at_the_end, period=PERIOD, with_texts=True) as run:
        yield run


@pytest.fixture(scope="module")
def earlier(folder: Path, first: Run) -> Path:
    """What a report made at the end of the period keeps."""
    kept = folder / "report"
    kept.mkdir()
    first.save_keys(kept / KEYS)
    first.save_known(kept / KNOWN)
    return kept


@pytest.fixture(scope="module")
def on_time(half_a_year_on: Path, earlier: Path) -> Iterator[Run]:
    with open_run(half_a_year_on, period=PERIOD, with_texts=True, earlier=earlier) as run:
        yield run


class Planted:
    """What is entered late into the later exports, by table and key."""

    def __init__(self, at_the_end: Path) -> None:
        self.request, self.changed_request = "late-request", self._some(at_the_end, "rights_requests", lambda row: row["received_at"] and not row["closed_at"] and not row["outcome"])
        self.closed_account, *self.moved_accounts = self._keys(at_the_end, "accounts", lambda row: not row["closed_at"] and row["country"] == "US")[:3]
        self.deleted_record = self._some(at_the_end, "stored_records", lambda row: not row["deleted_at"])
        self.gone_record = self._keys(at_the_end, "stored_records", lambda row: row["deleted_at"])[0]
        self.moved_declaration = self._some(at_the_end, "birth_date_declarations", lambda row: True)
        self.gone_review = self._some(at_the_end, "age_reviews", lambda row: True)
        self.changed_event = self._some(at_the_end, "processing_events", lambda row: row["occurred_at"] < "2018-03")

    def _some(self, data: Path, table: str, wanted: Callable[[later.Row], object]) -> str:
        return self._keys(data, table, wanted)[0]

    def _keys(self, data: Path, table: str, wanted: Callable[[later.Row], object]) -> list[str]:
        key = CONTRACTS[table].key[0]
        rows = later.rows_of(data, table)
        keys = [row[key] for row in rows]
        return [row[key] for row in rows if wanted(row) and keys.count(row[key]) == 1]

    def into(self, contract: Contract, rows: list[later.Row]) -> list[later.Row]:
        """The rows of the later exports with what came late among them."""
        change = getattr(self, f"_{contract.table}", None)
        now = later.half_a_year_later(contract, rows)
        return now if change is None else change(now)

    def _rights_requests(self, rows: list[later.Row]) -> list[later.Row]:
        closed = {"closed_at": "2018-09-20T12:00:00Z", "outcome": "fulfilled"}
        new = {**dict.fromkeys(rows[0], ""), "request_id": self.request, "right_requested": "access", "received_at": "2018-09-10T12:00:00Z"}
        return [*_with(rows, "request_id", {self.changed_request: closed}), new]

    def _accounts(self, rows: list[later.Row]) -> list[later.Row]:
        moved = {account: {"country": "CA"} for account in self.moved_accounts}
        return _with(rows, "account_id", {self.closed_account: {"closed_at": "2018-09-25T12:00:00Z"}, **moved})

    def _stored_records(self, rows: list[later.Row]) -> list[later.Row]:
        """A record that was deleted before as of is not there any more."""
        now = _with(rows, "record_id", {self.deleted_record: {"deleted_at": "2018-09-15T12:00:00Z"}})
        return [row for row in now if row["record_id"] != self.gone_record]

    def _birth_date_declarations(self, rows: list[later.Row]) -> list[later.Row]:
        """A row that was there has been given an instant after as of."""
        return _with(rows, "declaration_id", {self.moved_declaration: {"declared_at": "2018-12-01T00:00:00Z"}})

    def _age_reviews(self, rows: list[later.Row]) -> list[later.Row]:
        return [row for row in rows if row["review_id"] != self.gone_review]

    def _processing_events(self, rows: list[later.Row]) -> list[later.Row]:
        days = ("2018-08-01", "2018-08-02", "2018-08-02")
        new = [{**rows[0], "event_id": f"late-{place}", "occurred_at": f"{day}T12:00:00Z"} for place, day in enumerate(days)]
        return [*_with(rows, "event_id", {self.changed_event: {"purpose": "a purpose corrected later"}}), *new]

    def _recipients(self, rows: list[later.Row]) -> list[later.Row]:
        return [*rows, {**rows[0], "recipient_id": "new-recipient"}]


def _with(rows: list[later.Row], key: str, changes: dict[str, dict[str, str]]) -> list[later.Row]:
    assert sum(row[key] in changes for row in rows) == len(changes)
    return [{**row, **changes.get(row[key], {})} for row in rows]


@pytest.fixture(scope="module")
def planted(at_the_end: Path) -> Planted:
    return Planted(at_the_end)


@pytest.fixture(scope="module")
def came_late(folder: Path, planted: Planted) -> Path:
    """Half a year later, with what came late; the export of transfers is said to end before the period does."""
    data = later.export(folder / "samples", folder / "came_late", planted.into, later.LATER)
    sources = data / "sources.toml"
    sources.write_text(declared(sources.read_text("utf-8"), "transfers", "extracted_at", "2018-09-20T00:00:00Z"), "utf-8")
    return data


@pytest.fixture(scope="module")
def surprised(came_late: Path, earlier: Path) -> Iterator[Run]:
    with open_run(came_late, period=PERIOD, with_texts=True, earlier=earlier, reveal=True) as run:
        yield run


def counts(run: Run) -> dict[str, tuple[int, int, int, int]]:
    """Table → (late, changed, gone, overwritten), where any is not zero."""
    rows = run.late().to_dict("records")
    found = {row["table"]: (row["late"], row["changed"], row["gone"], row["overwritten"]) for row in rows}
    return {table: numbers for table, numbers in found.items() if any(numbers)}


def listed(run: Run, table: str) -> list[tuple[Any, ...]]:
    """What is listed of a table: (key, day, kind, rows)."""
    return list(run.late_rows(table).itertuples(index=False, name=None))


# no late data --------------------------------------------------------------------------------------------------------


def test_the_later_export_does_say_more(at_the_end: Path, half_a_year_on: Path) -> None:
    """Otherwise the next test would show nothing."""
    for table in ("accounts", "stored_records", "rights_requests", "age_reviews", "legal_holds", "security_incidents"):
        key = CONTRACTS[table].key[0]
        before = {row[key]: row for row in later.rows_of(at_the_end, table)}
        now = later.rows_of(half_a_year_on, table)
        assert len(now) > len(before)
        assert any(row[key] in before and row != before[row[key]] for row in now), table
    for table in ("consent_events", "processing_events", "transfers", "texts", "birth_date_declarations", "policy_notices"):
        assert len(later.rows_of(half_a_year_on, table)) > len(later.rows_of(at_the_end, table))


def test_the_same_period_gives_the_same_figures_half_a_year_later(first: Run, on_time: Run) -> None:
    assert len(first.observations) == len(on_time.observations) > 10
    for then, now in zip(first.observations, on_time.observations, strict=True):
        # Notes speak of the whole export, which holds more rows now.
        assert {**observation_dict(now), "notes": []} == {**observation_dict(then), "notes": []}
        assert now.cells.equals(then.cells)
    found, again = ({f.criterion.id: (f.status, f.counts, f.accounts_with_exception) for f in run.finding_list} for run in (first, on_time))
    assert again == found


def test_nothing_is_said_to_be_late_where_nothing_was(on_time: Run) -> None:
    assert counts(on_time) == {}
    assert len(on_time.late()) > 10
    assert (on_time.late()["of"] > 0).all()
    assert on_time.late_sentences() == on_time.overwritten_sentences() == []
    assert "No data came late since the earlier report, and none was changed after the fact." in show.vanished(on_time).text


def _cut(example: Example) -> Example:
    """A world as its exporter knew it at as of."""
    as_of = datetime.combine(example.period.end, time(), example.zone)
    tables = {name: later.known(CONTRACTS[name], rows, as_of) for name, rows in example.tables.items() if name in CONTRACTS}
    if "text_signal" in example.tables:
        tables["text_signal"] = [row for row in example.tables["text_signal"] if (later.moment(row["written_at"]) or as_of) < as_of]
    emptied = {name: [{column: cell or None for column, cell in row.items()} for row in rows] for name, rows in tables.items()}
    return replace(example, tables=emptied)


@cache
def bench(zone: str) -> Bench:
    return Bench(DuckDB(), CATALOGUE)


@pytest.mark.parametrize("measure", oracle.READINGS)
def test_what_comes_after_as_of_changes_no_item(measure: str) -> None:
    """Random worlds, cut where the period ends: the staging hides, of every table and column, what came later."""
    worlds = [make(measure, seed) for seed in range(2)]
    cuts = [_cut(whole) for whole in worlds]
    assert any(cut.tables != whole.tables for cut, whole in zip(cuts, worlds, strict=True))
    for cut, whole in zip(cuts, worlds, strict=True):
        assert _items(cut) == _items(whole)


def _items(example: Example) -> list[dict[str, Any]]:
    """The items of a world; without their ids where these are made of numbers, which rows that are not there do not get."""
    items = bench(str(example.zone)).items(example)
    if CATALOGUE.measures[example.measure].item_table in CONTRACTS:
        return items
    return sorted(({name: value for name, value in item.items() if name != "item_id"} for item in items), key=repr)


# late data -----------------------------------------------------------------------------------------------------------


def test_what_came_late_is_listed_exactly(surprised: Run, planted: Planted) -> None:
    assert counts(surprised) == {
        "rights_requests": (1, 1, 0, 0),
        "accounts": (0, 1, 0, 2),
        "stored_records": (0, 1, 1, 0),
        "birth_date_declarations": (0, 1, 0, 0),
        "age_reviews": (0, 0, 1, 0),
        "processing_events": (3, 1, 0, 0),
        "recipients": (0, 0, 0, 1),
    }
    requests = listed(surprised, "rights_requests")
    assert (planted.request, date(2018, 9, 10), "late", 1) in requests
    assert {(key, kind) for key, _, kind, _ in requests} == {(planted.request, "late"), (planted.changed_request, "changed")}
    accounts = [(key, kind) for key, _, kind, _ in listed(surprised, "accounts")]
    assert accounts == [(planted.closed_account, "changed"), *((key, "overwritten") for key in planted.moved_accounts)]
    assert next((key, kind) for key, _, kind, _ in listed(surprised, "stored_records")) == (planted.deleted_record, "changed")
    assert [(key, kind) for key, _, kind, _ in listed(surprised, "birth_date_declarations")] == [(planted.moved_declaration, "changed")]
    assert [(pd.isna(key), kind) for key, _, kind, _ in listed(surprised, "age_reviews")] == [(True, "gone")]
    events = listed(surprised, "processing_events")
    assert [(key, day, kind) for key, day, kind, _ in events if kind == "late"] == [
        ("late-0", date(2018, 8, 1), "late"), ("late-1", date(2018, 8, 2), "late"), ("late-2", date(2018, 8, 2), "late"),
    ]  # fmt: skip
    assert [key for key, _, kind, _ in events if kind == "changed"] == [planted.changed_event]
    assert len(surprised.late_rows("processing_events", limit=2)) == 2


def test_late_data_change_the_figures_that_they_concern(first: Run, surprised: Run) -> None:
    then, now = (run.observe("request_on_time").observation for run in (first, surprised))
    assert now.counts != then.counts


def test_late_data_are_said_wherever_the_report_is_read(surprised: Run) -> None:
    requests = "Since the report for 2018-Q3, of requests: 1 came late (from before the end of 2018-Q3, but not in the exports of its report) and 1 has been changed after the fact."
    reviews = "Since the report for 2018-Q3, of age_reviews: 1 has gone from the exports."
    ends = "Whether data of transfers came late since the report for 2018-Q3 is not known: the export ends before the period of that report does."
    for said in (requests, reviews, ends):
        assert said in surprised.late_sentences()
        assert said in verdict(surprised).text
        assert said in show.vanished(surprised).text
    moved = "Since the report for 2018-Q3, columns that a system overwrites, or empties with a deletion, read otherwise in 2 of accounts."
    register = "The register recipients reads otherwise than in the exports of the report for 2018-Q3."
    for said in (moved, register):
        assert said in surprised.overwritten_sentences()
        assert said in show.vanished(surprised).text
        assert said not in verdict(surprised).text
    told = {row["table"]: row for row in json.loads(json.dumps(surprised.results(), allow_nan=False))["late"]}
    assert (told["rights_requests"]["late"], told["rights_requests"]["changed"], told["rights_requests"]["sentence"]) == (1, 1, requests)
    assert told["transfers"]["why_not"] == "the export ends before the period of that report does"
    assert told["consent_events"]["sentence"] == ""


def test_keys_are_shown_as_pseudonyms(came_late: Path, surprised: Run, planted: Planted) -> None:
    """A run without the earlier report reads what the warehouse keeps."""
    with open_run(came_late, period=PERIOD, with_texts=True) as run:
        assert run.path == surprised.path
        keys = set(run.late_rows("rights_requests")["key"])
    assert keys == {load_pseudonyms().of("request", key) for key in (planted.request, planted.changed_request)}
    with pytest.raises(DefinitionError, match=r"There is no export table 'requests'\. There are accounts, "):
        surprised.late_rows("requests")


# the file ------------------------------------------------------------------------------------------------------------


def test_the_file_holds_hashes_that_only_the_auditor_can_make(first: Run, earlier: Path, at_the_end: Path, tmp_path: Path) -> None:
    file = earlier / KNOWN
    assert file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    for table in ("accounts", "rights_requests"):
        assert later.rows_of(at_the_end, table)[0][CONTRACTS[table].key[0]].encode() not in content
    first.save_known(tmp_path / KNOWN)
    assert (tmp_path / KNOWN).read_bytes() == content
    with duckdb.connect() as con:
        lines = dict(con.execute("select table_name, sum(rows) from read_parquet(?) group by 1", [str(file)]).fetchall())
    assert lines["rights_requests"] == len(later.rows_of(at_the_end, "rights_requests"))
    assert json.loads(marks(file)["tables"])["rights_requests"]["by"] == "row"


def test_digests_do_not_tell_equal_rows_apart_from_others(earlier: Path) -> None:
    """Two rows with the same content have different digests: the key of the row is part of them."""
    with duckdb.connect() as con:
        query = "select count(*), count(distinct fixed) from read_parquet(?) where table_name = 'accounts'"
        rows, digests = con.execute(query, [str(earlier / KNOWN)]).fetchall()[0]
    assert rows == digests > 100


# large logs ----------------------------------------------------------------------------------------------------------


def compared(run: Run, folder: Path, zone: str = "America/Los_Angeles") -> dict[str, late.Late]:
    """What a comparison with the report in a folder finds, by table."""
    return {one.table: one for one in late.compare(run.engine, CONTRACTS, load_pseudonyms(), zone, folder).tables}


def test_a_large_log_is_kept_by_day(first: Run, on_time: Run, surprised: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "BY_DAY_ABOVE", 1000)
    first.save_known(tmp_path / KNOWN)
    with duckdb.connect() as con:
        lines, hashes = con.execute(
            "select count(*), count(key_hash) from read_parquet(?) where table_name = 'processing_events'", [str(tmp_path / KNOWN)]
        ).fetchall()[0]
    assert 100 < lines < 400
    assert hashes == 0
    assert not any(one.sentence() or one.overwritten_sentence() or one.why_not for one in compared(on_time, tmp_path).values())
    found = compared(surprised, tmp_path)
    events = found["processing_events"]
    assert (events.late, events.changed, events.gone, events.counted) == (2, 1, 0, "days")
    assert events.sentence() == (
        "Since the report for 2018-Q3, of processing_events: rows of 2 days came late (from before the end of 2018-Q3, "
        "but not in the exports of its report) and rows of 1 day have been changed after the fact."
    )
    rows = late.compare(surprised.engine, CONTRACTS, load_pseudonyms(), "America/Los_Angeles", tmp_path).rows
    mine = rows[(rows["table_name"] == "processing_events") & (rows["kind"] == "late")]
    assert sorted(mine["rows"]) == [1, 2]
    assert mine["number"].isna().all()
    assert found["rights_requests"].counted == "rows"


# what cannot be compared ---------------------------------------------------------------------------------------------


def retold(earlier: Path, folder: Path, **said: Any) -> Path:
    """The file of known rows with other texts beside it; of `tables`, what differs in each."""
    told = marks(earlier / KNOWN)
    tables = json.loads(told["tables"])
    for name, change in said.pop("tables", {}).items():
        tables[name] = {**tables.get(name, tables["accounts"]), **change} if change else tables.pop(name) and None
    told |= {"tables": json.dumps({name: table for name, table in tables.items() if table}), **said}
    texts = ", ".join(f"{name}: '{text}'" for name, text in told.items())
    with duckdb.connect() as con:
        con.execute(f"copy (select * from read_parquet('{earlier / KNOWN}')) to '{folder / KNOWN}' (format parquet, kv_metadata {{{texts}}})")
    return folder


def test_what_cannot_be_compared_is_said(on_time: Run, earlier: Path, tmp_path: Path) -> None:
    changed = {
        "texts": None, "policy_texts": {"rows": 1}, "transfers": {"is_whole": False},
        "legal_holds": {"fixed": ["account_id", "colour"]}, "accounts": {"unread": 7},
    }  # fmt: skip
    found = compared(on_time, retold(earlier, tmp_path, tables=changed))
    assert {name: one.why_not for name, one in found.items() if one.why_not} == {
        "texts": "that report had no export of them",
        "policy_texts": "the export is missing",
        "transfers": "the export of that report ends before its period does",
        "legal_holds": "the export has no column colour, or it is not read any more",
    }
    assert late.sentences([found["texts"], found["accounts"]]) == [
        "Whether data of texts came late since the report for 2018-Q3 is not known: that report had no export of them."
    ]
    assert found["accounts"].unread == 0


def test_rows_that_could_not_be_read_then_may_be_among_the_late_ones(surprised: Run, earlier: Path, tmp_path: Path) -> None:
    unread = marks(earlier / KNOWN)
    then = json.loads(unread["tables"])["rights_requests"]["unread"]
    found = compared(surprised, retold(earlier, tmp_path, tables={"rights_requests": {"unread": then + 1}}))
    assert "; 1 that could not be read then may be among these." in found["rights_requests"].sentence()


def test_rows_from_before_the_reach_of_the_earlier_export_are_not_late(surprised: Run, earlier: Path, tmp_path: Path) -> None:
    reach = (date(2018, 8, 2) - date(1970, 1, 1)).days
    found = compared(surprised, retold(earlier, tmp_path, tables={"processing_events": {"covers_from_day": reach}}))
    assert found["processing_events"].late == 2


@pytest.mark.parametrize(
    ("said", "why_not"),
    [
        ({"fingerprint": "of another key"}, OTHER_KEY),
        ({"zone": "UTC"}, "its days are those of the time zone UTC"),
        ({"as_of": '{"second": 1600000000, "day": 18518}'}, "this run's period ends before that of the report"),
    ],
)
def test_a_report_that_cannot_be_compared_at_all(on_time: Run, earlier: Path, tmp_path: Path, said: dict[str, str], why_not: str) -> None:
    found = compared(on_time, retold(earlier, tmp_path, **said))
    assert {one.why_not for one in found.values()} == {why_not}
    assert late.sentences(list(found.values())) == [f"Whether data came late since the report for 2018-Q3 is not known: {why_not}."]


def test_rows_of_an_export_that_loses_deleted_rows_may_go(surprised: Run, earlier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compared(surprised, earlier)["stored_records"].gone == 1
    now = known.tables_now(surprised.engine, CONTRACTS, known.AsOf(*surprised.engine.rows("select as_of_second, as_of_day from main.period")[0]))
    losing = {name: replace(table, keeps_deleted=False) for name, table in now.items()}
    monkeypatch.setattr(late, "tables_now", lambda *given: losing)
    assert compared(surprised, earlier)["stored_records"].gone == 0


def test_a_report_without_known_rows(on_time: Run, earlier: Path, tmp_path: Path) -> None:
    (tmp_path / KEYS).write_bytes((earlier / KEYS).read_bytes())
    found = compared(on_time, tmp_path)
    assert {one.why_not for one in found.values()} == {"that report kept nothing of its rows"}
    (tmp_path / KNOWN).write_bytes(b"PAR1 and nothing more")
    with pytest.raises(DefinitionError, match=r"known\.parquet is not a file of known rows\. Make the earlier report again, or leave it out\."):
        compared(on_time, tmp_path)


def test_without_an_earlier_report_nothing_is_said(first: Run) -> None:
    assert first.late().empty
    assert first.late_rows("accounts").empty
    assert first.results()["late"] is None
    assert "No earlier report was at hand to tell whether data came late." in show.vanished(first).text


# reports and the command line ----------------------------------------------------------------------------------------


def test_a_report_made_again_says_what_came_late_since_the_first(
    at_the_end: Path, came_late: Path, first: Run, surprised: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_made", lambda chapter, *given: Made(chapter, "<p>left out</p>"))
    out = tmp_path / "reports"
    made = build_report(ReportRequest(data=at_the_end, period=PERIOD, out=out, with_texts=True))
    assert (made.folder / KNOWN).stat().st_mode & 0o777 == 0o600
    assert verify_report(made.folder) == []
    again = build_report(ReportRequest(data=came_late, period=PERIOD, out=out, with_texts=True))
    assert again.earlier is not None
    page = (again.folder / "report.html").read_text("utf-8")
    screen = page[page.index('<section id="verdict"') : page.index('<section id="changes"')]
    assert "of requests: 1 came late (from before the end of 2018-Q3, but not in the exports of its report)" in screen
    found = json.loads((again.folder / "findings.json").read_text("utf-8"))
    assert {row["table"]: row["late"] for row in found["late"]}["processing_events"] == 3


def test_check_tells_what_came_late(came_late: Path, surprised: Run, earlier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_own_cache", lambda keep: nullcontext())
    asked = ["check", str(came_late), "--period", PERIOD, "--with-texts", "--earlier", str(earlier)]
    told = CliRunner().invoke(cli.app, asked)
    assert told.exit_code == 0
    assert "of requests: 1 came late" in " ".join(told.stdout.split())
    found = json.loads(CliRunner().invoke(cli.app, [*asked, "--json"]).stdout)
    assert {row["table"]: row["changed"] for row in found["late"]}["accounts"] == 1
