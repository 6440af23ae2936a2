"""Random worlds of cases about possibly under-13 accounts, of refusals by the age gate, and of consent of the young."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from audit_lib.run.examples import Example

from .dates import birthday, reference
from .random_worlds import PERIODS, Frame, Tables, _numbered, _world, near
from .worlds_erasure import DUTIES
from .worlds_retention import months_before


def cases(random: Random, measure: str) -> Example:
    """Cases with decisions and records around the ends of the days for deciding them."""
    days = random.choice((0, 1, 10, 10))

    def settings(frame: Frame) -> dict[str, Any]:
        covers = frame.one_of("beginning", "beginning", "beginning", str(frame.one_of(*near(frame.period.start, -30, -10, 0, 10))), "")
        return {"parameters": {"report_days": days}, "declared": {"stored_records": {"covers_from": covers}}}

    return _world(random, measure, partial(_case, days), PERIODS, 40, settings)


def _case(days: int, frame: Frame, key: str) -> Tables:
    end = frame.period.end
    opened = frame.instant(
        *near(end, -400, -days - 31, -days - 2, -days - 1, -days, -1, 0), end.replace(year=end.year - 1)
    )
    day = datetime.fromisoformat(opened).astimezone(frame.zone).date()
    owner = frame.one_of(key, key, key, key, "nobody" + key, None)
    reviews = [
        {
            "account_id": owner,
            "opened_at": frame.one_of(opened, opened, _shifted(opened, 1)),
            "source": frame.one_of("guardian_report", "guardian_report", "guardian_report", "signal", "no such", None),
            "decided_at": frame.one_of(
                None,
                opened,
                _shifted(opened, frame.one_of(-1, 1)),
                *[frame.instant(*near(day, 1, days - 1, days, days, days + 1, days + 30))] * 4,
            ),
            "decision": frame.one_of("cleared", "cleared", "confirmed_under_13", None),
        }
        for _ in frame.some(2, 1)
    ]
    records = [
        {
            "account_id": frame.one_of(owner, owner, owner, key, None),
            "data_category": "usage",
            "collected_at": frame.one_of(
                opened,
                _shifted(opened, 1),
                _shifted(opened, -1),
                frame.instant(*near(day, -1, 0, days, days, days + 1)),
            ),
            "deleted_at": frame.one_of(None, frame.instant(*near(day, days))),
        }
        for _ in frame.some(2)
    ]
    return {
        "accounts": [_account(frame, key)],
        "age_reviews": _numbered(key, "review_id", "v", reviews),
        "stored_records": _numbered(key, "record_id", "r", records),
    }


def _shifted(moment: str, seconds: int) -> str:
    return str((datetime.fromisoformat(moment) + timedelta(seconds=seconds)).isoformat())


def _account(frame: Frame, key: str) -> dict[str, Any]:
    return {
        "account_id": key,
        "opened_at": frame.instant(date(2012, 2, 29), date(2017, 12, 31), date(2018, 1, 1)),
        "country": frame.one_of("KR", "KR", "DE", "US", None),
    }


def deletions(random: Random, measure: str) -> Example:
    """Confirmed cases and what is left of the child's data."""
    days = random.choice((0, 1, 10, 10))

    def settings(frame: Frame) -> dict[str, Any]:
        duties = [
            {"duty_id": duty, "country": country, "data_category": category}
            for duty, country, _ in DUTIES
            for category in ("payment", "profile")
        ]
        covers = ("beginning", "beginning", "2018-01-01", "")
        return {
            "parameters": {"child_deletion_days": days},
            "lists": {"duty": duties} if frame.random.random() < 0.6 else {},
            "declared": {table: {"covers_from": frame.one_of(*covers)} for table in ("legal_holds", "stored_records")},
        }

    return _world(random, measure, partial(_confirmed, days), (*PERIODS, "2024-Q4"), 40, settings)


def _confirmed(days: int, frame: Frame, key: str) -> Tables:
    decided = frame.instant(*near(frame.period.end, -days - 31, -days - 2, -days - 1, -days, -days + 1, -1, 0))
    day = datetime.fromisoformat(decided).astimezone(frame.zone).date()
    judged = day + timedelta(days=days)
    owner = frame.one_of(*[key] * 7, "nobody" + key, None)
    reviews = [
        {
            "account_id": owner,
            "opened_at": frame.one_of(*[frame.instant(*near(day, -30, -2, -1))] * 4, decided, _shifted(decided, 1)),
            "source": frame.one_of("guardian_report", "staff", None),
            "decided_at": frame.one_of(*[decided] * 7, None),
            "decision": frame.one_of(*["confirmed_under_13"] * 7, "cleared", None),
            "data_deleted_at": frame.one_of(None, decided, frame.instant(*near(judged, -1, 0, 1, 31))),
        }
        for _ in frame.some(2, 1)
    ]
    started = [day for _, _, months in DUTIES for day in near(months_before(judged, months), -1, 0, 1)]
    records = [
        {
            "account_id": frame.one_of(owner, owner, owner, owner, key, None),
            "data_category": frame.one_of("profile", "payment", "payment", "usage", None),
            "collected_at": frame.one_of(
                frame.instant(*started), frame.instant(*near(day, -1, 0), *near(judged, 0, 0, 1))
            ),
            "deleted_at": frame.one_of(
                None,
                None,
                None,
                frame.instant(*near(judged, -1, 0, 1)),
                frame.instant(*near(judged, 1, 5)),
                frame.instant(*near(day, -1, 0, 1)),
            ),
        }
        for _ in frame.some(3)
    ]
    holds = [
        {
            "account_id": frame.one_of(owner, owner, owner, key, None),
            "data_category": frame.one_of(None, None, "payment", "profile"),
            "starts_on": str(frame.one_of(*near(judged, -40, -1, 0, 0, 1))),
            "ends_on": frame.one_of(None, *map(str, near(judged, -1, 0, 0, 1, 30))),
            "recorded_at": frame.one_of(None, frame.instant(*near(judged, -1, 0, 1))),
        }
        for _ in frame.some(1, frame.one_of(0, 1))
    ]
    return {
        "accounts": [_account(frame, key)],
        "age_reviews": _numbered(key, "review_id", "v", reviews),
        "stored_records": _numbered(key, "record_id", "r", records),
        "legal_holds": _numbered(key, "hold_id", "h", holds),
    }


GATE_PERIODS = (*PERIODS, "2018-02", "2019-03-01..2019-03-10", "2019-03-01..2019-03-11", "2018-11-01..2018-11-04")
"""Some end in the night of a clock change, or one night before or after it."""


def gates(random: Random, measure: str) -> Example:
    """Devices with refusals and entries, days or seconds apart."""
    window = random.choice((86400, 86400, 86400, 0, 1, 172800))
    settings = {"parameters": {"age_gate_seconds": window}}
    return _world(random, measure, partial(_device, window), GATE_PERIODS, 40, lambda frame: settings)


def _device(window: int, frame: Frame, key: str) -> Tables:
    days = near(frame.period.end, -9, -4, -3, -3, -2, -2, -1, -1)
    moments = [datetime.fromisoformat(frame.instant(*days)) for _ in range(2)]
    shifts = (0, 0, 1, 2, -1, window, window, window - 1, window + 1, 3600, 86400)
    entered = frame.period.end
    born = [date(1990, 6, 15), date(1899, 12, 31), date(2008, 6, 15)]
    born += near(birthday(entered, 0).replace(year=entered.year - 13, day=1), -1, 0, 1, -2, 13, 26, 27, 28)

    def stated(accepted: str | None) -> dict[str, Any]:
        return {
            "account_id": frame.one_of(None, key, key + "x")
            if accepted != "false"
            else frame.one_of(None, None, None, key),
            "device_id": frame.one_of(*[f"{key}d"] * 6, f"{key}e", None),
            "birth_date": frame.one_of(None, *map(str, born), "1990-06-15", "1990-06-15", "1990-06-15"),
            "declared_at": (frame.one_of(*moments) + timedelta(seconds=frame.one_of(*shifts))).isoformat(),
            "source": frame.one_of("sign_up", "profile_edit", "no such", None),
            "accepted": accepted,
        }

    rows = [stated("false") for _ in frame.some(4)] + [
        stated(frame.one_of("true", "true", None)) for _ in frame.some(3)
    ]
    frame.random.shuffle(rows)
    return {
        "accounts": [_account(frame, key)],
        "birth_date_declarations": _numbered(key, "declaration_id", "d", rows),
    }


CONSENT_PERIODS = ("2018-Q3", "2018-06", "2018-05-01..2018-06-30", "2023-09", "2019-02", "2020-02")
CHANGES = tuple(sorted({date.fromisoformat(row["first_day"]) for row in reference("age_of_consent")}))
"""Days on which an age of digital consent begins to hold."""


def young(random: Random, measure: str) -> Example:
    """Holders who come of age, somewhere, around the day of their grants."""

    def settings(frame: Frame) -> dict[str, Any]:
        covers = {"covers_from": frame.one_of("beginning", "beginning", "2018-01-01", "")}
        parameters = {"default_date_percent": frame.one_of(1, 40, 100), "default_date_accounts": frame.one_of(5, 2)}
        return {"parameters": parameters, "declared": {"birth_date_declarations": covers}}

    return _world(random, measure, _grants, CONSENT_PERIODS, 40, settings)


def _grants(frame: Frame, key: str) -> Tables:
    start, end = frame.period.start, frame.period.end
    edges = [moved for change in CHANGES if start <= change <= end for moved in near(change, -1, 0)]
    days = [*near(end, -30, -2, -1, 0), start, *edges, *edges]
    day = frame.one_of(*days)
    born = [
        birthday(shifted, 0).replace(year=shifted.year - years, day=min(shifted.day, 28))
        for years in (11, 13, 13, 14, 15, 16, 16, 18)
        for shifted in near(day, -1, 0, 1)
    ]
    later = [day + timedelta(days=1)] * 4
    born += [date(2004, 2, 29), date(1990, 6, 15), date(1899, 12, 31), date(2018, 2, 1), *later]
    opened = frame.instant(date(2017, 12, 31), date(2018, 1, 1), date(2018, 1, 1), day, day + timedelta(days=1))
    country, region = frame.one_of(*PLACES)
    declarations = [
        {
            "account_id": frame.one_of(key, key, None),
            "birth_date": frame.one_of(None, *map(str, born)),
            "declared_at": frame.one_of(opened, frame.instant(day), frame.instant(*near(end, -1, 0))),
            "accepted": frame.one_of("true", "true", None, "false"),
        }
        for _ in frame.some(2)
    ]
    grants = [
        {
            "account_id": frame.one_of(key, key, key, key, None, "nobody"),
            "device_id": f"{key}d",
            "purpose": frame.one_of("advertising", "marketing", "no such", None),
            "status": frame.one_of("given", "given", "given", "renewed", "requested", "withdrawn"),
            "recorded_at": frame.instant(day, day, *days),
            "acted_at": frame.one_of(None, frame.instant(*near(day, -1))),
            "method": frame.one_of("parental", "parental", "banner", "use", "import", "no such", None),
        }
        for _ in frame.some(3, 1)
    ]
    account = {
        "account_id": key,
        "opened_at": opened,
        "birth_date": frame.one_of(None, *map(str, born)),
        "country": country,
        "region": region,
    }
    return {
        "accounts": [account],
        "birth_date_declarations": _numbered(key, "declaration_id", "d", declarations),
        "consent_events": _numbered(key, "event_id", "c", grants),
    }


PLACES = (
    ("DE", None), ("DE", "BY"), ("FR", None), ("SE", None), ("ES", None), ("GB", None), ("US", "CA"), ("KR", None),
    ("CA", "QC"), ("CA", "QC"), ("CA", None), ("JP", None), (None, None), (None, None), (None, "QC"),
)  # fmt: skip


MAKERS = {
    "under_13_report_decided": cases,
    "under_13_decision_time": cases,
    "collection_after_report": cases,
    "under_13_data_deleted": deletions,
    "age_gate_bypassed": gates,
    "young_consent_authorised": young,
}
"""Measure → what makes its worlds."""
