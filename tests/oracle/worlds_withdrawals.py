"""Random worlds of withdrawals and opt-outs, with acts of processing around the ends of their days and new grants."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from audit_lib.run.examples import Example

from .random_worlds import PERIODS, Frame, Tables, _numbered, _world, consent, near

NO = ("withdrawn", "withdrawn", "withdrawn", "refused")
LATER = (*["given"] * 3, "renewed", "withdrawn", "withdrawn", "refused", "expired", "requested")
METHODS = ("unsubscribe_link", "unsubscribe_link", "settings", "support", "banner", "use", "import", None)
QUEUE = (0, 1, 3600, 43200, 86399)


def withdrawals(random: Random, measure: str) -> Example:
    """Subjects that withdraw or refuse, decide again, and are processed all the same."""
    return _world(random, measure, _leaver, PERIODS, 40, _settings)


def marketing(random: Random, measure: str) -> Example:
    """The worlds of consent, with another length of the queue each."""
    example = consent(random, measure)
    return replace(example, parameters={**example.parameters, "queue_seconds": random.choice(QUEUE)})


def _settings(frame: Frame) -> dict[str, Any]:
    since = str(frame.period.end - timedelta(days=frame.one_of(8, 16, 31)))
    return {
        "parameters": {
            "follow_up_days": frame.one_of(1, 7, 16, 30, 30),
            "withdrawal_grace_seconds": frame.one_of(0, 0, 1, 43200, 86400),
            "consent_validity_months": frame.one_of(1, 24),
        },
        "declared": {
            "processing_events": {"covers_from": frame.one_of("beginning", "beginning", "beginning", since, "")},
            "consent_events": {"covers_from": frame.one_of("beginning", "beginning", "")},
        },
    }


def _leaver(frame: Frame, key: str) -> Tables:
    start, end = frame.period.start, frame.period.end
    left = frame.instant(
        *near(end, -47, -31, -30, -17, -16, -8, -7, -2, -1, 0), *near(start, -30, -7), date(2018, 7, 3)
    )
    day = datetime.fromisoformat(left).astimezone(frame.zone).date()
    edges = [*near(day, -1, 0, 0, 1, 1, 2), *near(day, 6, 7, 8, 13, 14, 15, 16, 17, 18, 19), *near(day, 29, 30, 31)]
    purpose = frame.one_of("advertising", "marketing", "marketing", "marketing", "promotions")
    purposes = (*[purpose] * 12, "marketing", "security", "service_messages", "no such", None)
    ids = [(key, None)] * 9 + [(key, f"{key}d"), (None, f"{key}d"), (None, f"{key}d"), (f"{key}x", None), (None, None)]
    shared = [left, left, *(frame.instant(*edges) for _ in frame.some(3, 1))]

    def subject() -> dict[str, str | None]:
        account_id, device_id = frame.one_of(*ids)
        return {"account_id": account_id, "device_id": device_id}

    def decision(status: str, recorded: str) -> dict[str, str | None]:
        return {
            **subject(),
            "purpose": frame.one_of(*purposes),
            "status": status,
            "recorded_at": recorded,
            "acted_at": frame.one_of(None, None, None, frame.instant(*edges), left),
            "method": frame.one_of(*METHODS),
        }

    decisions = [decision(frame.one_of(*NO), frame.one_of(*shared, left)) for _ in frame.some(2, 1)]
    decisions += [decision(frame.one_of(*LATER), frame.one_of(*shared)) for _ in frame.some(4)]
    frame.random.shuffle(decisions)
    events = [
        {
            **subject(),
            "purpose": frame.one_of(*purposes),
            "channel": frame.one_of("email", "email", "email", "push", "server", None),
            "country": frame.one_of(None, None, None, "DE", "US", "CA"),
            "occurred_at": frame.one_of(*shared, frame.instant(*edges), frame.instant(*edges), frame.instant(*edges)),
        }
        for _ in frame.some(5)
    ]
    opened = frame.instant(date(2017, 12, 31), date(2018, 1, 31))
    account = {"account_id": key, "opened_at": opened, "country": frame.one_of("DE", "US", "US", "CA", None)}
    return {
        "accounts": [account],
        "consent_events": _numbered(key, "event_id", "c", decisions),
        "processing_events": _numbered(key, "event_id", "e", events),
    }


MAKERS = {
    "processing_after_withdrawal": withdrawals,
    "withdrawal_delay": withdrawals,
    "opt_out_honoured": withdrawals,
    "opt_out_delay": withdrawals,
    "marketing_to_opted_out": marketing,
}
