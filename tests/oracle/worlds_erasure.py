"""Random worlds of erasure requests with records, holds and duties around the day on which everything must be gone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from audit_lib.run.examples import Example

from .random_worlds import CATEGORIES, PERIODS, Frame, Tables, _numbered, _world, near
from .worlds_retention import months_before

DUTIES = (("RET-KR-LOGIN", "KR", 3), ("RET-KR-EC-COMPLAINT", "KR", 36), ("RET-DE-LETTERS", "DE", 72))
"""Duty, country, months that it lasts."""


def erasures(random: Random, measure: str) -> Example:
    """Erasure requests and what is left."""
    days = random.choice((0, 1, 7, 7))

    def settings(frame: Frame) -> dict[str, Any]:
        duties = [
            {"duty_id": duty, "country": country, "data_category": category}
            for duty, country, _ in DUTIES
            for category in ("payment", "profile")
        ]
        lists = {"duty": duties} if frame.random.random() < 0.6 else {}
        covers = ("beginning", "beginning", "2018-01-01", "")
        declared = {table: {"covers_from": frame.one_of(*covers)} for table in ("legal_holds", "stored_records")}
        return {"parameters": {"erasure_days": days}, "lists": lists, "declared": declared}

    return _world(random, measure, partial(_erasure, days), (*PERIODS, "2024-Q4"), 40, settings)


def _erasure(days: int, frame: Frame, key: str) -> Tables:
    end = frame.period.end
    closed = frame.instant(*near(end, -days - 31, -days - 2, -days - 1, -days, -days + 1, -1, 0))
    closed_day = datetime.fromisoformat(closed).astimezone(frame.zone).date()
    judged = closed_day + timedelta(days=days)
    owner = frame.one_of(key, key, key, key, "nobody" + key, None)
    account = {
        "account_id": key,
        "opened_at": frame.instant(date(2012, 2, 29), date(2017, 12, 31), date(2018, 1, 1)),
        "country": frame.one_of("KR", "KR", "DE", "US", None),
    }
    requests = [
        {
            "account_id": owner,
            "right_requested": frame.one_of(*["erasure"] * 6, "access", None),
            "country": frame.one_of(None, "FR", "KR"),
            "channel": frame.one_of("email", None),
            "received_at": frame.one_of(frame.instant(*near(closed_day, -30, -1, 0)), None),
            "acknowledged_at": frame.instant(*near(closed_day, -3)),
            "closed_at": frame.one_of(*[closed] * 5, frame.instant(*near(closed_day, -1, 0, 1)), None),
            "outcome": frame.one_of(*["fulfilled"] * 6, "refused", "fulfilled_in_part", None),
            "is_test": frame.one_of(None, None, None, None, "false", "true"),
        }
        for _ in frame.some(2, 1)
    ]
    started = [months_before(judged, months) for _, _, months in DUTIES]
    collected = [date(2018, 1, 2), *(day for start in started for day in near(start, -1, 0, 1)), date(2011, 12, 31)]
    records = [
        {
            "account_id": frame.one_of(owner, owner, owner, key, None),
            "data_category": frame.one_of(*CATEGORIES, "payment", "payment"),
            "system": frame.one_of("crm", None),
            "collected_at": frame.one_of(frame.instant(*collected), frame.instant(*near(closed_day, -1, 0)), closed),
            "deleted_at": frame.one_of(None, frame.instant(*near(judged, -1, 0, 1)), closed),
        }
        for _ in frame.some(3)
    ]
    holds = [
        {
            "account_id": frame.one_of(owner, owner, owner, key, None),
            "data_category": frame.one_of(None, None, "payment", "profile"),
            "starts_on": str(frame.one_of(*near(judged, -40, -40, -1, 0, 1))),
            "ends_on": frame.one_of(None, None, None, *map(str, near(judged, -1, 0, 1, 30))),
            "recorded_at": frame.one_of(
                None, frame.instant(*near(judged, -1, 0, 1)), frame.instant(*near(judged, 0, 1))
            ),
        }
        for _ in frame.some(1, frame.one_of(0, 1))
    ]
    return {
        "accounts": [account],
        "rights_requests": _numbered(key, "request_id", "q", requests),
        "stored_records": _numbered(key, "record_id", "r", records),
        "legal_holds": _numbered(key, "hold_id", "h", holds),
    }


MAKERS = {"erasure_executed": erasures}
"""Measure → what makes its worlds."""
