"""Random worlds of security incidents around the ends of 72 hours and of the days for telling persons."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from audit_lib.run.examples import Example, Row

from .random_worlds import Frame, Tables, _numbered, _world, near

INCIDENT_PERIODS = ("2018-Q3", "2018-11", "2018-02", "2019-03", "2018-08-15..2018-09-30", "2020-Q1")
CLOCK_CHANGES = (date(2018, 3, 11), date(2018, 11, 4), date(2018, 2, 17), date(2018, 2, 18), date(2019, 3, 10))
"""Days of 23 or 25 hours in the zones of the worlds."""


def incidents(random: Random, measure: str) -> Example:
    """Incidents detected, known and told close to the ends of their clocks."""
    return _world(random, measure, _case, INCIDENT_PERIODS, 40, _settings)


def _settings(frame: Frame) -> dict[str, Any]:
    return {"parameters": {"persons_told_days": frame.one_of(0, 1, 7, 7)}}


def _case(frame: Frame, key: str) -> Tables:
    return {"security_incidents": _numbered(key, "incident_id", "i", [_incident(frame) for _ in frame.some(4, 1)])}


def _incident(frame: Frame) -> Row:
    days = [*near(frame.period.end, -40, -9, -8, -7, -5, -4, -3, -2, -1, 0)]
    days += [day for change in CLOCK_CHANGES for day in near(change, -4, -3, -2, -1, 0, 1)]
    detected, aware = (_moment(frame, days) for _ in range(2))
    known = frame.one_of(None, aware, detected + timedelta(hours=frame.one_of(-30, 0, 1, 30)))
    clock = known or detected
    return {
        "detected_at": detected.isoformat(),
        "aware_at": known.isoformat() if known else None,
        "personal_data": frame.one_of("true", "true", None, "false"),
        "risk": frame.one_of("risk", "high_risk", "high_risk", "none", None),
        "authority_notified_at": frame.one_of(None, _after(frame, clock, 72), _after(frame, clock, 72)),
        "persons_notified_at": frame.one_of(None, *(_after(frame, clock, 24 * days) for days in (0, 1, 7, 7))),
    }


def _moment(frame: Frame, days: list[date]) -> datetime:
    """A second of a day, often within an hour of its beginning or end."""
    moment = datetime.fromisoformat(frame.instant(*days))
    return moment + timedelta(minutes=frame.one_of(0, 0, 0, 30, -30, 59, -59, 61))


def _after(frame: Frame, clock: datetime, hours: int) -> str:
    """So many hours after the clock began, give or take a second or some hours."""
    shift = frame.one_of(0, 0, 1, -1, 3600, -3600, 86400, -86400, 43200)
    return str((clock + timedelta(hours=hours, seconds=shift)).isoformat())


MAKERS = {"breach_notified": incidents, "persons_told": incidents}
