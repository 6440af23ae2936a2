"""Random worlds of opt-outs of sale and prompts for consent around the ends of their twelve months."""

from __future__ import annotations

from datetime import date, datetime
from random import Random

from audit_lib.run.examples import Example

from .dates import months_later
from .random_worlds import Frame, Tables, _numbered, _world, near

PERIODS = ("2022-Q1", "2021-03", "2021-Q2")


def opt_outs(random: Random, measure: str) -> Example:
    """Opt-outs of sale with prompts close to where answers change."""
    return _world(random, measure, _person, PERIODS, 40, lambda frame: {})


def _person(frame: Frame, key: str) -> Tables:
    end = frame.period.end
    days = [*near(months_later(date(end.year - 1, end.month, 1), 0), -31, -2, -1, 0, 1), date(2020, 2, 29), date(2019, 12, 31), date(2020, 1, 1)]
    received = frame.instant(*days)
    day = datetime.fromisoformat(received).astimezone(frame.zone).date()
    edges = near(months_later(day, 12), -1, 0, 0, 1) + near(day, -1, 0, 0, 1, 40)
    country, region = frame.one_of(("US", "CA"), ("US", "CA"), ("US", "CA"), ("US", "NY"), ("DE", None), (None, None))
    own = frame.one_of(("US", "CA"), ("US", None))
    requests = [
        {
            "account_id": frame.one_of(key, key, key, None, "nobody"),
            "country": country,
            "region": region,
            "right_requested": frame.one_of(*["opt_out_of_sale"] * 4, "erasure"),
            "channel": frame.one_of("web_form", None),
            "received_at": frame.one_of(received, received, received, None),
            "closed_at": frame.one_of(None, frame.instant(*near(day, 1, 21, 40))),
            "outcome": frame.one_of("fulfilled", "withdrawn", None),
            "is_test": frame.one_of(None, None, None, "true"),
        }
        for _ in frame.some(2, 1)
    ]
    prompts = [
        {
            "account_id": frame.one_of(key, key, key, None, "nobody"),
            "device_id": frame.one_of(None, f"{key}d"),
            "purpose": frame.one_of("advertising", "advertising", "marketing", None),
            "status": frame.one_of("requested", "requested", "requested", "given"),
            "acted_at": frame.one_of(None, None, received, frame.instant(*edges)),
            "recorded_at": frame.one_of(received, frame.instant(*edges), frame.instant(*edges)),
        }
        for _ in frame.some(4)
    ]
    account = {"account_id": key, "opened_at": "2018-01-01T00:00:00+00:00", "country": own[0], "region": own[1]}
    return {
        "accounts": [account],
        "rights_requests": _numbered(key, "request_id", "q", requests),
        "consent_events": _numbered(key, "event_id", "c", prompts),
    }


MAKERS = {"opt_in_asked_again": opt_outs}
