"""Random worlds of requests with every outcome, from California and elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

from audit_lib.run.examples import Example

from .random_worlds import Frame, Tables, _request, _request_settings, _world, near

PERIODS = ("2020-Q1", "2020", "2026-Q2", "2018-Q3", "2020-12-01..2021-01-31")
OUTCOMES = ("fulfilled", "fulfilled", "fulfilled_in_part", "refused", "withdrawn", "duplicate", "no such", None, None)
PLACES = (
    ("US", "CA"),
    ("US", "CA"),
    ("US", "TX"),
    ("US", None),
    ("CA", "ON"),
    ("DE", None),
    (None, None),
    (None, "CA"),
)
RIGHTS = (
    "access", "portability", "erasure", "rectification", "opt_out_of_sale", "limit_sensitive",
    "third_party_marketing_list", "restriction", "no such", None,
)  # fmt: skip


def outcomes(random: Random, measure: str) -> Example:
    """Requests with every step of their clock, and every way to end."""
    return _world(random, measure, _ended_request, PERIODS, 60, _request_settings)


def _ended_request(frame: Frame, key: str) -> Tables:
    tables = _request(frame, key)
    request, account = tables["rights_requests"][0], tables["accounts"][0]
    request["country"], request["region"] = frame.one_of(*PLACES)
    account["country"], account["region"] = frame.one_of(*PLACES)
    request["right_requested"] = frame.one_of(*RIGHTS)
    request["outcome"] = frame.one_of(*OUTCOMES)
    if frame.random.random() < 0.3:
        # Closed at once, or about the end of the period, also before it was received.
        request["closed_at"] = frame.one_of(request["received_at"], frame.instant(*near(frame.period.end, -1, 0)))
    if frame.random.random() < 0.2:
        request["received_at"] = frame.instant(*near(frame.period.start, -1, 0), date(2020, 12, 31), date(2021, 1, 1))
    return tables


MAKERS: dict[str, Callable[[Random, str], Example]] = {"request_outcome": outcomes}
