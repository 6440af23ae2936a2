"""Random worlds of rights requests as a register: open and closed, refused with and without reasons, with gaps."""

from __future__ import annotations

from datetime import date, datetime
from random import Random
from typing import Any

from audit_lib.run.examples import Example, Row

from .dates import months_later
from .random_worlds import PLACES, REQUEST_PERIODS, RIGHTS, Frame, Tables, _numbered, _world, near

OUTCOMES = (*["refused"] * 4, *["fulfilled_in_part"] * 2, "fulfilled", "withdrawn", "duplicate", "no such", None)


def register(random: Random, measure: str) -> Example:
    """Persons with a few requests each, their due days around the end of the period."""
    return _world(random, measure, _person, REQUEST_PERIODS, 30, _settings)


def _settings(frame: Frame) -> dict[str, Any]:
    return {"parameters": {"roll_over": frame.one_of(True, False), "identity_wait_days": frame.one_of(0, 30)}}


def _person(frame: Frame, key: str) -> Tables:
    end = frame.period.end
    country, region = frame.one_of(*PLACES)
    account = {
        "account_id": key,
        "opened_at": frame.instant(*[date(2018, 1, 1)] * 5, end),
        "country": country,
        "region": region,
    }
    # Due a month on: so that 7, 8, 30, 31, 90 and 91 days have passed since, or none yet.
    dues = near(end, -120, -92, -91, -90, -89, -32, -31, -30, -29, -9, -8, -7, -6, -2, -1, 0, 1, 10)
    receipts = [day for day in [*(months_later(_month_before(due), 0) for due in dues), end] if day <= end]
    requests = [_request(frame, key, receipts) for _ in frame.some(4, 1)]
    return {"accounts": [account], "rights_requests": _numbered(key, "request_id", "q", requests)}


def _month_before(day: date) -> date:
    return months_later(date(day.year - 1, day.month, day.day if (day.month, day.day) != (2, 29) else 28), 11)


def _request(frame: Frame, key: str, receipts: list[date]) -> Row:
    end = frame.period.end
    received = frame.instant(*receipts)
    day = datetime.fromisoformat(received).astimezone(frame.zone).date()
    closings = [*near(end, -60, -2, -1, 0), *near(day, 0, 5, 28, 30, 31, 32)]
    country, region = frame.one_of(*PLACES, *[(None, None)] * 6)
    request = {
        "account_id": frame.one_of(*[key] * 5, None, "nobody"),
        "country": country,
        "region": region,
        "right_requested": frame.one_of(*RIGHTS),
        "channel": frame.one_of("email", "email", "post", None),
        "received_at": frame.one_of(*[received] * 7, None),
        "acknowledged_at": frame.instant(*near(day, 0, 1)),
        "identity_requested_at": frame.one_of(None, None, None, frame.instant(*near(day, 0, 3))),
        "identity_verified_at": frame.one_of(None, frame.instant(*near(day, 3, 9))),
        "extended_at": frame.one_of(None, None, None, frame.instant(*near(day, 9, 31))),
        "extension_reason": frame.one_of("complex", None),
        "closed_at": frame.one_of(None, None, frame.instant(*closings), frame.instant(*closings)),
        "outcome": frame.one_of(*OUTCOMES),
        "refusal_reason": frame.one_of("excessive", "excessive", None),
        "remedies_told": frame.one_of("true", "true", "false", None),
        "is_test": frame.one_of(*[None] * 6, "false", "true"),
    }
    if frame.random.random() < 0.1:
        request |= _extended_without_an_end(frame, day)
    return request


def _extended_without_an_end(frame: Frame, day: date) -> Row:
    """Where the law lets the controller take longer and does not say how long."""
    told = {"extended_at": frame.instant(*near(day, 9, 30)), "extension_reason": "complex"}
    still_open: Row = {"closed_at": None, "outcome": None, "right_requested": "access"}
    return {"country": frame.one_of("SG", "NZ", "KR"), "region": None, **told, **still_open}


MAKERS = {"request_backlog": register, "refusal_reasoned": register, "request_log_complete": register}
