"""Random worlds of accounts that were closed or have fallen idle, around the days on which months of silence run out."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from audit_lib.run.examples import Example

from .dates import months_later
from .random_worlds import PERIODS, Frame, Tables, _closed_account, _numbered, _retention_settings, _world, near


def months_before(day: date, months: int) -> date:
    """The same day number so many months earlier, else the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def lapsing(random: Random, measure: str) -> Example:
    """Accounts closed, idle or both, with records, holds and duties, under either reading of the relationship."""
    months = random.choice((1, 6, 24))

    def settings(frame: Frame) -> dict[str, Any]:
        made = _retention_settings(frame)
        reading = frame.one_of("account_open", "recent_activity")
        made["parameters"] |= {"relationship": reading, "relationship_months": months}
        return made

    return _world(random, measure, partial(_lapsing, months), (*PERIODS, "2024-Q4", "2025-Q1"), 40, settings)


def _lapsing(months: int, frame: Frame, key: str) -> Tables:
    tables = _closed_account(frame, key)
    account = tables["accounts"][0]
    end = frame.period.end
    year_ago = months_later(date(end.year - 1, end.month, end.day), 0)
    if frame.random.random() < 0.2:
        account["closed_at"] = frame.instant(*near(year_ago, -1, 0, 1))
    if frame.random.random() < 0.3:
        account["opened_at"] = frame.instant(*_silent_until(months, near(end, -31, -2, -1, 0)))
    run_out = [*near(end, -62, -61, -31, -30, -11, -2, -1, 0, 1), date(2018, 2, 28)]
    if account["closed_at"]:
        closed = datetime.fromisoformat(account["closed_at"]).astimezone(frame.zone).date()
        run_out += near(closed, -30, -2, -1, -1, 0, 0, 1)
    days = [*_silent_until(months, run_out), end]
    account["last_active_at"] = frame.one_of(None, None, frame.instant(*days), frame.instant(*days))
    for record in tables["stored_records"]:
        if frame.random.random() < 0.4:
            # In the seconds around the end of a day on which the months may run out.
            record["collected_at"] = frame.instant(*run_out, *near(run_out[-1], 0, 1))
        if frame.random.random() < 0.3:
            record["deleted_at"] = frame.instant(*run_out, *near(run_out[-1], 0, 1))
    return {**tables, "processing_events": _events(frame, key, days)}


def _silent_until(months: int, run_out: list[date]) -> list[date]:
    """Days of last activity from which so many months run out on about these days."""
    return [months_before(day, months) + timedelta(days=shift) for day in run_out for shift in (0, 0, 0, -1, 1)]


def _events(frame: Frame, key: str, days: list[date]) -> list[dict[str, Any]]:
    events = [
        {"account_id": frame.one_of(key, key, key, None, "nobody"), "occurred_at": frame.instant(*days)}
        for _ in frame.some(2)
    ]
    return _numbered(key, "event_id", "e", events)


def idle(random: Random, measure: str) -> Example:
    """Accounts whose last activity lies about as many days back as make them dormant."""
    days = random.choice((1, 30, 730))
    return _world(random, measure, partial(_idle, days), PERIODS, 40, _idle_settings(days))


def _idle_settings(days: int) -> Callable[[Frame], dict[str, Any]]:
    def settings(frame: Frame) -> dict[str, Any]:
        first = near(frame.period.end, -days, 1 - days, 2 - days)
        covers = frame.one_of("beginning", "beginning", "", *map(str, first))
        return {"parameters": {"dormant_days": days}, "declared": {"processing_events": {"covers_from": covers}}}

    return settings


def _idle(days: int, frame: Frame, key: str) -> Tables:
    end = frame.period.end
    edges = [*near(end, -days - 1, -days, 1 - days, 2 - days), *near(end, -2, -1, 0), date(2012, 2, 29)]
    account = {
        "account_id": key,
        "opened_at": frame.instant(*edges, date(2012, 1, 1), date(2012, 1, 1)),
        "closed_at": frame.one_of(None, None, None, frame.instant(*near(end, -1, 0))),
        "last_active_at": frame.one_of(None, None, frame.instant(*edges)),
        "country": frame.one_of("DE", None),
    }
    return {"accounts": [account], "processing_events": _events(frame, key, edges)}


MAKERS = {
    "deletion_after_closure": lapsing,
    "retention_overrun": lapsing,
    "deletion_delay": lapsing,
    "dormant_accounts": idle,
}
"""Measure → what makes its worlds."""
