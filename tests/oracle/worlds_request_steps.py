"""Random requests whose steps fall on the edges of what the law or the criteria allow for each of them."""

from __future__ import annotations

from datetime import date, datetime
from random import Random
from typing import Any

from audit_lib.run.examples import Example

from .dates import months_later
from .random_worlds import Frame, Tables, _world, near

PERIODS = ("2018-Q3", "2020-Q4", "2023-Q1", "2024-Q1", "2026-Q3", "2026-07", "2023-01-15..2023-02-14")
PLACES = (
    *[("US", "CA")] * 9,
    *[("GB", None)] * 8,
    *[("DE", None)] * 5,
    ("KR", None),
    ("US", "TX"),
    (None, "CA"),
    (None, None),
)
# Not those whose own clock counts working days: some worlds name no calendar for California.
RIGHTS = (*["access"] * 5, *["erasure"] * 2, *["complaint"] * 3, "rectification", "objection", "no such", None)
LAW_CHANGES = (date(2020, 8, 13), date(2020, 8, 14), date(2022, 12, 31), date(2023, 1, 1), date(2026, 6, 18), date(2026, 6, 19))
CALENDARS = (
    {"regime": "GDPR", "calendar": "DE"},
    {"regime": "UK", "calendar": "GB"},
    {"regime": "CCPA", "calendar": "US-CA"},
)


def request_steps(random: Random, measure: str) -> Example:
    """Requests with acknowledgements, questions and extensions near the last day for each."""
    return _world(random, measure, _request, PERIODS, 60, _settings)


def _settings(frame: Frame) -> dict[str, Any]:
    return {
        "parameters": {
            "roll_over": frame.one_of(True, False),
            "inclusive_days": frame.one_of(True, False),
            "identity_wait_days": frame.one_of(0, 5, 30),
            "identity_prompt_days": frame.one_of(0, 1, 7),
        },
        "lists": {"regime_calendar": frame.one_of(CALENDARS, CALENDARS, CALENDARS, CALENDARS[:2])},
    }


def _request(frame: Frame, key: str) -> Tables:
    start, end = frame.period.start, frame.period.end
    receipts = [*near(end, -92, -46, -32, -31, -30, -18, -16, -14, -8, -7, -1, 0), *near(start, -31, -16, -1, 0, 1)]
    receipts += [day for day in LAW_CHANGES if day <= end]
    received = frame.instant(*receipts)
    day = datetime.fromisoformat(received).astimezone(frame.zone).date()
    soon = near(day, -1, 0, 0, 1, 2, 6, 7, 8, 9)
    acknowledgement = near(day, *range(13, 20), 28, 29, 30, 31)
    due = [*near(months_later(day, 1), -1, 0, 1, 2, 3, 5, 30, 31), *near(day, 44, 45, 46)]

    def sometime(*days: date) -> Any:
        return frame.one_of(None, received, frame.instant(*days), frame.instant(*days), frame.instant(*days))

    identity, clarification = sometime(*soon), sometime(*soon, *due)
    country, region = frame.one_of(*PLACES)
    own_country, own_region = frame.one_of(*PLACES)
    proof, closing = frame.instant(*soon, *due), frame.instant(*soon, *acknowledgement, *due)
    request = {
        "request_id": f"{key}q",
        "account_id": frame.one_of(key, key, None, "nobody"),
        "country": country,
        "region": region,
        "right_requested": frame.one_of(*RIGHTS),
        "channel": frame.one_of("email", "in_app", "no such", None),
        "received_at": frame.one_of(*[received] * 14, None),
        "acknowledged_at": sometime(*soon, *acknowledgement, *acknowledgement),
        "identity_requested_at": identity,
        "identity_verified_at": frame.one_of(None, proof, closing),
        "clarification_requested_at": clarification,
        "clarification_received_at": frame.one_of(None, sometime(*soon, *due), proof, closing),
        "extended_at": sometime(*due),
        "extension_reason": frame.one_of("complex", "complex", None),
        "closed_at": frame.one_of(None, None, closing, closing, frame.instant(*near(day, -2, 0))),
        "outcome": frame.one_of("fulfilled", "fulfilled", "withdrawn", "duplicate", None, None),
        "is_test": frame.one_of(*[None] * 6, "false", "true"),
    }
    if not any(request[column] for column in request if column.endswith("_at")):
        request["received_at"] = received
    account = {
        "account_id": key,
        "opened_at": frame.instant(*[date(2018, 1, 1)] * 6, end),
        "country": own_country,
        "region": own_region,
    }
    return {"accounts": [account], "rights_requests": [request]}


MAKERS = dict.fromkeys(
    ("extension_notified", "request_acknowledged", "identity_asked_promptly", "request_stage_time"), request_steps
)
