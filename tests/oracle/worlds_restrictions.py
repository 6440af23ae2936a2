"""Random worlds of accounts that restrict or object, and what is done for them around the seconds that matter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from random import Random
from typing import Any

from audit_lib.run.examples import Example

from .random_worlds import PERIODS, Frame, Tables, _numbered, _world, near

PURPOSES = ("marketing", "ads", "both", "security", "undeclared", None)


def restrictions(random: Random, measure: str) -> Example:
    """Accounts with requests to restrict or to object, and acts of processing close to them."""
    right = "restriction" if measure == "restriction_respected" else "objection"

    def clump(frame: Frame, key: str) -> Tables:
        return _account(frame, key, right)

    return _world(random, measure, clump, PERIODS, 40, _settings)


def _settings(frame: Frame) -> dict[str, Any]:
    def marked() -> Any:
        return frame.one_of(True, False, None)

    purposes = [
        {"purpose": "marketing", "is_marketing": True, "is_advertising": marked(), "allowed_when_restricted": None},
        {"purpose": "ads", "is_marketing": False, "is_advertising": marked(), "allowed_when_restricted": marked()},
        {"purpose": "both", "is_marketing": True, "is_advertising": True, "allowed_when_restricted": False},
        {"purpose": "security", "is_marketing": False, "is_advertising": None, "allowed_when_restricted": True},
    ]
    reach = frame.one_of("beginning", "beginning", "beginning", "2018-01-01", "")
    return {
        "lists": {"purpose": purposes if frame.random.random() < 0.9 else purposes[3:]},
        "declared": {"rights_requests": {"covers_from": reach}},
    }


def _account(frame: Frame, key: str, right: str) -> Tables:
    start, end = frame.period.start, frame.period.end
    account = {"account_id": key, "opened_at": frame.instant(date(2017, 12, 31), date(2018, 1, 1))}
    day = frame.one_of(start, *near(end, -20, -10, -1), date(2018, 7, 1))
    seconds = [frame.instant(*near(day, -1, 0, 1)) for _ in frame.some(6, 4)]
    requests = [_request(frame, key, right, seconds, end) for _ in frame.some(4)]
    events = [
        {
            "account_id": frame.one_of(*[key] * 8, None, f"{key}x"),
            "device_id": frame.one_of(None, f"{key}d"),
            "purpose": frame.one_of(*PURPOSES),
            "occurred_at": frame.one_of(*seconds, frame.instant(*near(day, -1, 0, 1))),
            "legal_basis": frame.one_of("legitimate_interest", "legitimate_interest", "consent", None),
            "channel": frame.one_of("email", "server", None),
        }
        for _ in frame.some(6, 1)
    ]
    return {
        "accounts": [account] if frame.one_of(True, True, True, False) else [],
        "rights_requests": _numbered(key, "request_id", "q", requests),
        "processing_events": _numbered(key, "event_id", "e", events),
    }


def _request(frame: Frame, key: str, right: str, seconds: list[str], end: date) -> dict[str, str | None]:
    """A request whose steps come in any order, since logs hold such ones too; it has at least one instant."""
    in_order = sorted((frame.one_of(*seconds) for _ in range(3)), key=datetime.fromisoformat)
    received, closed, lifted = in_order if frame.random.random() < 0.8 else in_order[::-1]
    named = [frame.one_of("marketing", "ads", "security", "undeclared") for _ in frame.some(2)]
    return {
        "account_id": frame.one_of(*[key] * 8, None, f"{key}x"),
        "right_requested": frame.one_of(*[right] * 6, "restriction", "objection", "access", None),
        "purposes": frame.one_of(None, ";".join(named) or None, " ; ".join(named) or ";", f"{';'.join(named)};"),
        "direct_marketing": frame.one_of("true", "true", "false", None),
        "received_at": frame.one_of(*[received] * 5, None),
        "acknowledged_at": frame.one_of(None, frame.one_of(*seconds)),
        "identity_requested_at": frame.one_of(*seconds),
        "closed_at": frame.one_of(*[closed] * 5, None, None, frame.instant(*near(end, -1, 0))),
        "outcome": frame.one_of(
            *["fulfilled"] * 4, "fulfilled_in_part", "refused", "withdrawn", "withdrawn", "duplicate", "no such", None
        ),
        "restriction_lifted_at": frame.one_of(lifted, lifted, None, frame.instant(*near(end, -1, 0))),
        "is_test": frame.one_of(*[None] * 6, "false", "true"),
    }


MAKERS: dict[str, Callable[[Random, str], Example]] = {
    "restriction_respected": restrictions,
    "objection_respected": restrictions,
}
