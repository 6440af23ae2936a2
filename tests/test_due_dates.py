"""Published due dates (`data/due_dates.csv`), each by the code that judges: an export of one row, the shared step, the measure.

Every row passes in the reading its `test_use` names; the row that must fail fails in every reading.
"""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audit_lib.catalogue import load_catalogue
from audit_lib.engines.duckdb import DuckDB
from audit_lib.run.examples import Bench, Example, Row
from audit_lib.vocabulary import Period, day_date

with (Path(__file__).parent / "data" / "due_dates.csv").open(encoding="utf-8") as _file:
    PUBLISHED = {row["example_id"]: row for row in csv.DictReader(_file)}

DEFAULT: dict[str, Any] = {"roll_over": True, "inclusive_days": False}
READINGS = [{"roll_over": moves, "inclusive_days": is_inclusive} for moves, is_inclusive in product((True, False), repeat=2)]
STRICT = {
    "strict mode only": {**DEFAULT, "roll_over": False},
    "strict mode": {**DEFAULT, "inclusive_days": True},
}
"""`test_use` → the reading it names, where that is not the default: no roll-over; the day of receipt as day 1."""

PLACES = {
    # jurisdiction → country, region, law, and the calendar of the country
    "GB": ("GB", None, "UK", "GB"),
    "DE": ("DE", None, "GDPR", "DE"),
    "AT": ("AT", None, "GDPR", "AT"),
    "DK": ("DK", None, "GDPR", "DK"),
    "EEA": ("LU", None, "GDPR", "LU"),
    "US-CA": ("US", "CA", "CCPA", "US-CA"),
}
EVENTS: dict[str, dict[str, str]] = {
    # what the text of the event says beside the receipt; the extensions are told on the tenth day, their texts name none
    "KAT-UK-PAUSE-1": {
        "clarification_requested_at": "2027-02-20T12:00:00Z",
        "clarification_received_at": "2027-02-27T12:00:00Z",
    },
    "KAT-UK-EXT-1": {"extended_at": "2025-02-10T12:00:00Z", "extension_reason": "complex"},
    "KAT-EU-CONFLICT-3": {"extended_at": "2021-02-26T12:00:00Z", "extension_reason": "complex"},
    "KAT-NEG-1": {"extended_at": "2025-02-10T12:00:00Z", "extension_reason": "complex"},
}
REQUESTS = [key for key, row in PUBLISHED.items() if not row["rule_id"].startswith(("RET-", "EU-ART33", "US-CA-ACK"))]
CATALOGUE = load_catalogue()


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(DuckDB(), CATALOGUE)


def _example(measure: str, period: str, tables: dict[str, list[Row]], **settings: Any) -> Example:
    return Example(measure, "published", "published", Period.parse(period), tables, [], ZoneInfo("UTC"), **settings)


def _request(key: str, measure: str, reading: dict[str, Any], **changed: str | None) -> Example:
    """The export of one request as the row describes it."""
    return _requests(key, measure, reading, [changed])


def _requests(key: str, measure: str, reading: dict[str, Any], changes: list[dict[str, str | None]]) -> Example:
    """The same with a request for each of the changes; the period is the year of receipt and the one after."""
    published = PUBLISHED[key]
    country, region, law, calendar = PLACES[published["jurisdiction"]]
    received = published["received_or_start"]
    row = {"country": country, "region": region, "right_requested": "access"}
    row |= {"received_at": f"{received}T12:00:00Z", **EVENTS.get(key, {})}
    rows: list[Row] = [{"request_id": f"q{place}", **row, **changed} for place, changed in enumerate(changes)]
    lists = {"regime_calendar": [{"regime": law, "calendar": calendar}]}
    year = int(received[:4])
    period = f"{year}-01-01..{year + 1}-12-31"
    return _example(measure, period, {"rights_requests": rows}, parameters=reading, lists=lists)


def _due(bench: Bench, key: str, reading: dict[str, Any]) -> date:
    """The due day of a row by the shared step; the measure built on it judges the request, still open, on that day."""
    (judged,) = bench.items(_request(key, "request_on_time", reading))
    ((due,),) = bench.engine.rows("select due_day from request_clock")
    assert (judged["on_day"], judged["reason"]) == (day_date(due), "open_late")
    return day_date(due)


def _published(key: str) -> date:
    return date.fromisoformat(PUBLISHED[key]["due"])


def _used(test_use: str) -> list[str]:
    return [key for key in REQUESTS if PUBLISHED[key]["test_use"] == test_use]


@pytest.mark.parametrize("key", [*_used("pass"), *_used("lenient mode")])
def test_passes_as_the_default_criteria_read_it(bench: Bench, key: str) -> None:
    assert _due(bench, key, DEFAULT) == _published(key)


@pytest.mark.parametrize("key", [*_used("strict mode only"), *_used("strict mode")])
def test_passes_in_its_strict_reading_and_not_in_the_default(bench: Bench, key: str) -> None:
    assert _due(bench, key, STRICT[PUBLISHED[key]["test_use"]]) == _published(key)
    assert _due(bench, key, DEFAULT) > _published(key)


@pytest.mark.parametrize("key", _used("lenient mode"))
def test_a_lenient_row_does_not_pass_in_the_strict_reading(bench: Bench, key: str) -> None:
    assert _due(bench, key, STRICT["strict mode"]) == _published(key) - timedelta(days=1)


@pytest.mark.parametrize("key", _used("must fail"))
def test_the_wrong_row_fails_in_every_reading(bench: Bench, key: str) -> None:
    assert {_due(bench, key, reading) for reading in READINGS} == {date(2025, 4, 30)}
    assert _published(key) == date(2025, 5, 1)


@pytest.mark.parametrize("key", [key for key in REQUESTS if key not in _used("must fail")])
def test_closed_on_the_published_day_is_in_time_and_on_the_next_is_late(bench: Bench, key: str) -> None:
    reading = STRICT.get(PUBLISHED[key]["test_use"], DEFAULT)
    closings = [f"{_published(key) + timedelta(days=after)}T23:59:59Z" for after in (0, 1)]
    judged = bench.items(_requests(key, "request_on_time", reading, [{"closed_at": closed} for closed in closings]))
    assert [(item["item_id"], item["reason"]) for item in judged] == [("q0", "on_time"), ("q1", "late")]


@pytest.mark.parametrize("key", _used("must fail"))
def test_closed_on_the_wrong_day_is_late(bench: Bench, key: str) -> None:
    (judged,) = bench.items(_request(key, "request_on_time", DEFAULT, closed_at=f"{_published(key)}T00:00:00Z"))
    assert judged["reason"] == "late"


def test_three_months_in_two_steps_would_end_on_the_28th(bench: Bench) -> None:
    """KAT-UK-EXT-1 says so itself: counted on from the first due day the extension would end two days earlier."""
    key = "KAT-UK-EXT-1"
    assert _due(bench, key, DEFAULT) == date(2025, 4, 30)
    ((first,),) = bench.engine.rows("select first_due_day from request_clock")
    assert day_date(first) == date(2025, 2, 28)
    (judged,) = bench.items(_request(key, "request_on_time", DEFAULT, extension_reason=None))
    assert judged["on_day"] == date(2025, 2, 28)


def test_rolled_over_the_danish_extension_would_end_on_the_monday(bench: Bench) -> None:
    """What KAT-EU-CONFLICT-3 and KAT-EU-CONFLICT-1 say of the other reading."""
    assert _due(bench, "KAT-EU-CONFLICT-3", DEFAULT) == date(2021, 5, 17)
    assert _due(bench, "KAT-EU-CONFLICT-1", DEFAULT) == date(2018, 7, 9)


def test_the_pause_of_the_clarification_is_what_moves_the_day(bench: Bench) -> None:
    answered = {"clarification_requested_at": None, "clarification_received_at": None}
    (judged,) = bench.items(_request("KAT-UK-PAUSE-1", "request_on_time", DEFAULT, **answered))
    assert judged["on_day"] == _published("KAT-UK-PAUSE-1") - timedelta(days=7)


def test_ten_business_days_to_acknowledge(bench: Bench) -> None:
    key = "KAT-CA-ACK-1"
    told = [f"{_published(key) + timedelta(days=after)}T12:00:00Z" for after in (0, 1)]
    for reading in READINGS:
        judged = bench.items(_requests(key, "request_acknowledged", reading, [{"acknowledged_at": day} for day in told]))
        assert [item["reason"] for item in judged] == ["in_time", "late"]
        due = bench.engine.rows("select acknowledgement_due_day from request_clock")
        assert {day_date(day) for (day,) in due} == {item["on_day"] for item in judged} == {_published(key)}


STANDS_IN = {
    # Exports lack the start that the duty names: the day of collection stands in for it.
    "KAT-RET-SG-1": "the end of the financial year 2018: a record collected on its last day",
    "KAT-RET-GB-1": "the end of the accounting period: a record collected on its last day",
    "KAT-RET-DE-1": "the issue of the invoice: a record collected on that day",
}


def _kept(key: str, last_day: date) -> Example:
    """A payment record of a closed account, collected on the day that stands in for the start, as it is after `last_day`."""
    published = PUBLISHED[key]
    start, country = published["received_or_start"], published["jurisdiction"]
    account = {"account_id": "a", "opened_at": "2016-01-01T00:00:00Z", "closed_at": f"{start}T23:00:00Z", "country": country}
    record = {"record_id": "r", "account_id": "a", "data_category": "payment", "collected_at": f"{start}T12:00:00Z"}
    duty = {"duty_id": published["rule_id"], "country": country, "data_category": "payment"}
    tables: dict[str, list[Row]] = {"accounts": [dict(account)], "stored_records": [dict(record)]}
    lists = {"duty": [duty], "grace": []}
    return _example("retention_overrun", f"{last_day}..{last_day}", tables, parameters={"grace_days": 0}, lists=lists)


@pytest.mark.parametrize("key", STANDS_IN)
def test_a_duty_keeps_a_record_to_the_published_day(bench: Bench, key: str) -> None:
    """The published day is the last of the duty; without grace the record must go on the day after it."""
    last = _published(key)
    for days, reason in ((0, "legal_duty"), (1, "overdue")):
        (judged,) = bench.items(_kept(key, last + timedelta(days=days)))
        ((due, basis),) = bench.engine.rows("select due_day, basis from record_due")
        assert (day_date(due), basis) == (last + timedelta(days=1), "duty")
        assert judged["reason"] == reason


def _breach(told: str | None) -> Example:
    incident = {"incident_id": "i", "personal_data": "true", "risk": "risk", "authority_notified_at": told}
    incident |= {"detected_at": "2026-06-14T04:00:00Z", "aware_at": "2026-06-14T04:52:00Z"}
    return _example("breach_notified", "2026-Q2", {"security_incidents": [incident]})


@pytest.mark.parametrize(
    ("told", "is_exception", "reason"),
    [
        ("2026-06-17T04:52:00Z", False, "in_time"),
        ("2026-06-17T04:52:01Z", True, "late"),
        (None, True, "never"),
    ],
)
def test_seventy_two_hours_to_the_second(bench: Bench, told: str | None, is_exception: bool, reason: str) -> None:
    published = datetime.fromisoformat(PUBLISHED["KAT-BREACH-1"]["due"])
    assert (published.isoformat(), PUBLISHED["KAT-BREACH-1"]["test_use"]) == ("2026-06-17T04:52:00+00:00", "pass strict")
    (judged,) = bench.items(_breach(told))
    assert (judged["on_day"], judged["is_exception"], judged["reason"]) == (published.date(), is_exception, reason)


def test_every_published_row_is_used_in_its_mode() -> None:
    apart = {"KAT-CA-ACK-1", "KAT-BREACH-1", *STANDS_IN}
    assert {*REQUESTS, *apart} == set(PUBLISHED) and len(PUBLISHED) == 21
    assert {PUBLISHED[key]["test_use"] for key in apart} == {"pass", "pass strict"}
    uses = ("pass", "lenient mode", "strict mode only", "strict mode", "must fail")
    assert sorted(REQUESTS) == sorted(key for use in uses for key in _used(use))
