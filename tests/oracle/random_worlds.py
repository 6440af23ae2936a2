"""Random small exports, one strategy per group of measures.

A world holds several clumps (an account or device with its own rows) that do not touch one another, so that one
evaluation tests many cases. Instants are drawn from few seconds, clustered where answers change: the first and last
second of days in the controller's zone, month ends, 29 February, days of a clock change, the edge of the period.

Hypothesis draws the seed of a world, not every cell: its own search favours small and repeated values and then seldom
lets a decision meet an event. A difference is told with the rows of its clump alone instead of shrunk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from audit_lib.run.examples import Example, Row
from audit_lib.vocabulary import Period

from .dates import months_later

ZONES = ("UTC", "America/Los_Angeles", "America/Sao_Paulo")
"""The last moved its clocks at midnight (2018-11-04), so that a day began at one o'clock."""

AFTER_OPENING = "2018-02-01"
"""A birth date that lies after the opening of most accounts of the worlds."""

Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Frame:
    """What all rows of a world share: how to draw, its period and its zone."""

    random: Random
    period: Period
    zone: ZoneInfo

    def one_of(self, *values: Any) -> Any:
        """One of the values; name a value twice to make it likelier."""
        return self.random.choice(values)

    def some(self, most: int, least: int = 0) -> range:
        """So many times, at random."""
        return range(self.random.randint(least, most))

    def instant(self, *days: date) -> str:
        """A second on the edge of, or within, one of the days, in the controller's zone, written with an offset."""
        day = self.one_of(*days)
        first = datetime.combine(day, time(), self.zone).astimezone(UTC)
        after = datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)
        second = timedelta(seconds=1)
        moment = self.one_of(first, first, after - second, first + timedelta(hours=12), first + second)
        if self.random.random() < 0.5:
            moment = moment.astimezone(ZoneInfo("Asia/Seoul"))
        return str(moment.isoformat())

    def maybe(self, value: str | None, *, often: bool = False) -> str | None:
        """The value or nothing."""
        return value if self.one_of(True, True, True, False) or (often and self.random.random() < 0.5) else None


PERIODS = ("2018-Q3", "2018-11", "2018-08-15..2018-09-30", "2020-Q1", "2019-03")


def near(day: date, *shifts: int) -> list[date]:
    """The day moved by each of the shifts."""
    return [day + timedelta(days=shift) for shift in shifts]


def _world(
    random: Random,
    measure: str,
    clump: Callable[[Frame, str], Tables],
    periods: tuple[str, ...],
    most: int,
    settings: Callable[[Frame], dict[str, Any]],
) -> Example:
    period = Period.parse(random.choice(periods))
    frame = Frame(random, period, ZoneInfo(random.choice(ZONES)))
    tables: Tables = {}
    for number in range(random.randint(most // 2, most)):
        for table, rows in clump(frame, f"k{number}").items():
            tables.setdefault(table, []).extend(rows)
    return Example(measure, "random", "random", period, tables, [], frame.zone, **settings(frame))


def _numbered(key: str, name: str, prefix: str, rows: list[Row]) -> list[Row]:
    return [{name: f"{key}{prefix}{place}", **row} for place, row in enumerate(rows, 1)]


# Retention

CATEGORIES = ("profile", "payment", "transaction", "no such word", None)


def _retention_settings(frame: Frame) -> dict[str, Any]:
    lists: dict[str, Any] = {}
    if frame.random.random() < 0.5:
        lists["grace"] = [{"data_category": "payment", "grace_days": frame.one_of(0, 10)}]
    if frame.random.random() < 0.5:
        lists["duty"] = [
            {"duty_id": duty, "country": country, "data_category": category}
            for duty, country in (
                ("RET-KR-LOGIN", "KR"),
                ("RET-DE-VOUCHER-8", "DE"),
                ("RET-DE-VOUCHER-10", "DE"),
                ("RET-KR-EC-COMPLAINT", "KR"),
                ("RET-DE-LETTERS", "DE"),
            )
            for category in ("payment", "profile")
        ]
    grace = frame.one_of(0, 1, 10, 30)
    return {
        "parameters": {"grace_days": grace},
        "lists": lists,
        "declared": {"legal_holds": {"covers_from": frame.one_of("beginning", "beginning", "2018-01-01", "")}},
    }


def _closed_account(frame: Frame, key: str) -> Tables:
    end = frame.period.end
    opened = frame.one_of(date(2012, 2, 29), date(2017, 12, 31), date(2018, 1, 1))
    closing = [*near(end, -61, -45, -32, -31, -30, -15, -10, -2, -1, 0), date(2018, 6, 30)]
    closed = frame.instant(*closing)
    closed_day = datetime.fromisoformat(closed).astimezone(frame.zone).date()
    account = {
        "account_id": key,
        "opened_at": frame.instant(opened),
        "closed_at": frame.maybe(closed, often=True),
        "country": frame.one_of("KR", "DE", "US", None),
    }
    edges = [*near(closed_day, -1, 0, 1, 5, 10, 11, 29, 30, 31, 40, 41, 60), end]
    old = [date(2014, 9, 10), date(2012, 2, 29), date(2008, 12, 31), *near(months_later(end, 0), -92, -31, -90)]
    records = [
        {
            "account_id": frame.one_of(key, key, key, key, key, None, "nobody"),
            "data_category": frame.one_of(*CATEGORIES),
            "system": frame.one_of("crm", None),
            "collected_at": frame.one_of(frame.instant(*old), frame.instant(*edges), closed),
            "deleted_at": frame.one_of(None, frame.instant(*edges), frame.instant(*edges), closed),
        }
        for _ in frame.some(4, 1)
    ]
    holds = [
        {
            "account_id": frame.one_of(key, key, key, None),
            "data_category": frame.one_of(None, None, "payment", "profile"),
            "starts_on": str(frame.one_of(*edges, date(2018, 1, 1))),
            "ends_on": frame.one_of(None, str(frame.one_of(*edges)), str(frame.one_of(*edges))),
            "recorded_at": frame.one_of(None, frame.instant(*edges)),
        }
        for _ in frame.some(3)
    ]
    return {
        "accounts": [account],
        "stored_records": _numbered(key, "record_id", "r", records),
        "legal_holds": _numbered(key, "hold_id", "h", holds),
    }


# Rights requests

REQUEST_PERIODS = ("2018-Q3", "2019-Q3", "2020-Q1", "2024-Q1", "2026-Q2", "2026-04", "2018-09-15..2018-10-14")
PLACES = (
    ("DE", None), ("DE", None), ("GB", None), ("GB", None), ("US", "CA"), ("FR", None), ("IT", None),
    ("DE", None), ("DE", None), ("DE", None), ("FR", "IDF"), ("GB", None), ("GB", None), ("GB", None), ("US", "CA"), ("US", "TX"), ("CA", "QC"),
    ("CA", None), ("NZ", None), ("NO", None), ("KR", None), ("SG", None), ("NZ", None), (None, None), (None, "CA"),
)  # fmt: skip
RIGHTS = (
    *["access"] * 9,
    *["erasure"] * 4,
    "opt_out_of_sale",
    "opt_out_of_sale",
    "third_party_marketing_list",
    "policy_copy",
    "no such",
    None,
)


def requests(random: Random, measure: str) -> Example:
    """Rights requests with every step of their clock."""
    return _world(random, measure, _request, REQUEST_PERIODS, 60, _request_settings)


def _request_settings(frame: Frame) -> dict[str, Any]:
    return {
        "parameters": {
            "roll_over": frame.one_of(True, False),
            "inclusive_days": frame.one_of(False, True),
            "identity_wait_days": frame.one_of(0, 5, 30, 30),
        }
    }


def _request(frame: Frame, key: str) -> Tables:
    start, end = frame.period.start, frame.period.end
    receipts = [*near(end, -92, -62, -47, -46, -45, -32, -31, -30, -15, -1, 0), *near(start, -31, -1, 0, 1)]
    receipts += [date(2018, 8, 31), date(2019, 8, 14), date(2020, 1, 31), date(2026, 2, 4), date(2026, 2, 5)]
    receipts = [day for day in receipts if day <= end]
    received = frame.instant(*receipts)
    day = datetime.fromisoformat(received).astimezone(frame.zone).date()
    soon = near(day, 0, 1, 2, 5, 9)
    edges = [
        *near(months_later(day, 1), -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 30, 31, 32),
        *near(months_later(day, 3), -1, 0, 1, 2, 3),
    ]
    edges += near(day, 10, 15, 21, 30, 45, 46)
    country, region = frame.one_of(*PLACES)
    own_country, own_region = frame.one_of(*PLACES)

    def asked() -> Any:
        return frame.one_of(None, None, frame.instant(*near(day, -1, 0), *soon), frame.instant(*edges))

    def answered() -> Any:
        return frame.one_of(None, frame.instant(*soon), frame.instant(*edges), frame.instant(*edges))

    identity, clarification = asked(), asked()
    request = {
        "request_id": f"{key}q",
        "account_id": frame.one_of(key, key, None, "nobody"),
        "country": country,
        "region": region,
        "right_requested": frame.one_of(*RIGHTS),
        "channel": frame.one_of("email", None),
        "received_at": frame.one_of(*[received] * 12, None),
        "acknowledged_at": frame.instant(*soon),
        "identity_requested_at": identity,
        "identity_verified_at": answered() if identity or frame.one_of(False, False, True) else None,
        "clarification_requested_at": clarification,
        "clarification_received_at": answered() if clarification else None,
        "extended_at": frame.one_of(None, None, frame.instant(*edges), frame.instant(*soon)),
        "extension_reason": frame.one_of("complex", "complex", None),
        "closed_at": frame.one_of(
            None, frame.instant(*edges), frame.instant(*edges), frame.instant(*near(day, -2), *soon)
        ),
        "outcome": frame.one_of("fulfilled", "fulfilled", "withdrawn", "duplicate", "no such", None),
        "is_test": frame.one_of(None, None, None, None, "false", "true"),
    }
    account = {
        "account_id": key,
        "opened_at": frame.instant(*[date(2018, 1, 1)] * 6, end),
        "country": own_country,
        "region": own_region,
    }
    return {"accounts": [account], "rights_requests": [request]}


# Consent

PURPOSES = ("advertising", "marketing", "marketing", "security", "no such", None)


def consent(random: Random, measure: str) -> Example:
    """Subjects with decisions and acts of processing close to one another."""
    return _world(random, measure, _subject, (*PERIODS, "2020-12-01..2021-01-31"), 40, _consent_settings)


def _consent_settings(frame: Frame) -> dict[str, Any]:
    return {
        "parameters": {
            "consent_validity_months": frame.one_of(1, 1, 12, 24),
            "consent_scope": frame.one_of("EEA", "EEA", "GDPR"),
        },
        "declared": {
            "consent_events": {"covers_from": frame.one_of(*["beginning"] * 5, "2018-01-01", "2018-02-01", "")}
        },
    }


def _subject(frame: Frame, key: str) -> Tables:
    start, end = frame.period.start, frame.period.end
    account = {
        "account_id": key,
        "opened_at": frame.instant(*[date(2017, 12, 31), date(2018, 1, 1), date(2018, 1, 31)] * 4, end),
        "country": frame.one_of("DE", "DE", "DE", "GB", "US", "US", "CA", None, "NO"),
    }
    # One day, and those on which something that began on it ends: a month, ten working days.
    day = frame.one_of(start, *near(end, -1, -30, -16, -15), date(2018, 6, 30), date(2018, 8, 31), date(2020, 1, 31))
    edges = [
        *near(day, 0, 0, 0, 1, 2),
        *near(day, 13, 14, 15, 16, 17, 18, 19),
        *near(months_later(day, 1), -1, 0, 1, 1),
    ]
    ids = [(key, None)] * 8 + [(key, f"{key}d"), (None, f"{key}d"), (f"{key}x", None), (None, None)]

    def subject() -> dict[str, str | None]:
        account_id, device_id = frame.one_of(*ids)
        return {"account_id": account_id, "device_id": device_id}

    purpose = frame.one_of("advertising", "marketing", "marketing")
    purposes = (*[purpose] * 12, *PURPOSES)
    seconds = [frame.instant(*edges) for _ in frame.some(6, 2)]
    decisions = [
        {
            **subject(),
            "purpose": frame.one_of(*purposes),
            "status": frame.one_of(
                "requested", "given", "given", "refused", "withdrawn", "withdrawn", "expired", "renewed"
            ),
            "recorded_at": frame.one_of(*seconds),
            "acted_at": frame.one_of(None, None, frame.instant(*edges)),
            "method": frame.one_of("banner", "banner", "use", "import", "no such", None),
        }
        for _ in frame.some(7)
    ]
    events = [
        {
            **subject(),
            "purpose": frame.one_of(*purposes),
            "channel": frame.one_of("email", "email", "push", "server", None),
            "country": frame.one_of(None, None, None, "DE", "DE", "US", "CA", "GB"),
            "occurred_at": frame.one_of(*seconds, frame.instant(*edges), frame.instant(*edges)),
        }
        for _ in frame.some(6, 1)
    ]
    return {
        "accounts": [account],
        "consent_events": _numbered(key, "event_id", "c", decisions),
        "processing_events": _numbered(key, "event_id", "e", events),
    }


# Under 13


def under_13(random: Random, measure: str) -> Example:
    """Accounts with birth dates, declarations, reviews and texts around the thirteenth birthday."""
    return _world(random, measure, _holder, ("2018-Q3", "2020-02", "2019-02", "2018-11"), 40, _under_13_settings)


def _under_13_settings(frame: Frame) -> dict[str, Any]:
    return {
        "parameters": {
            "default_date_percent": frame.one_of(0, 1, 25, 40, 100),
            "default_date_accounts": frame.one_of(5, 5, 2, 3),
            "age_gate_seconds": frame.one_of(86400, 86400, 0, 1),
        },
        "declared": {
            "birth_date_declarations": {"covers_from": frame.one_of("beginning", "beginning", "2018-01-01", "")}
        },
    }


def _holder(frame: Frame, key: str) -> Tables:
    end = frame.period.end
    turned = [
        date(day.year - 13, day.month, day.day) for day in near(end, -2, -1, 0, 1) if (day.month, day.day) != (2, 29)
    ]
    born = [
        *turned,
        date(2004, 2, 29),
        date(2007, 2, 28),
        date(1990, 6, 15),
        date(1899, 12, 31),
        date(1900, 1, 1),
        date.fromisoformat(AFTER_OPENING),
    ]
    opened = [
        date(2017, 2, 28),
        date(2017, 3, 1),
        date(2017, 12, 31),
        date(2018, 1, 1),
        *near(end, -1, 0),
        date(2013, 5, 1),
    ]
    account = {
        "account_id": key,
        "opened_at": frame.instant(*opened),
        "closed_at": frame.one_of(None, None, None, frame.instant(*near(end, -1, 0))),
        "birth_date": frame.one_of(None, *map(str, born)),
        "country": frame.one_of("US", None),
    }
    times = [*near(end, -3, -2, -2, -1, 0), date(2018, 1, 1), date(2018, 1, 2)]
    declarations = [
        {
            "account_id": frame.one_of(key, key, key, None, "nobody"),
            "device_id": frame.one_of(f"{key}d", f"{key}d", None),
            "birth_date": frame.one_of(None, *map(str, born)),
            "declared_at": frame.instant(*times),
            "source": frame.one_of("sign_up", "profile_edit", "third_party_sign_in", "no such", None),
            "accepted": frame.one_of("true", "true", "false", None),
        }
        for _ in frame.some(4)
    ]
    if frame.random.random() < 0.4:
        declarations += _gate(frame, key, born, frame.one_of(*times))
    reviews = [
        {
            "account_id": frame.one_of(key, key, None),
            "opened_at": frame.instant(*times),
            "source": frame.one_of("signal", "guardian_report", "staff", None),
            "decided_at": frame.one_of(None, frame.instant(*times), frame.instant(*times)),
            "decision": frame.one_of("cleared", "cleared", "confirmed_under_13", None),
        }
        for _ in frame.some(2)
    ]
    texts = [
        {
            "account_id": frame.one_of(key, key, None),
            "written_at": frame.instant(*times),
            "under_13_until": str(frame.one_of(*near(end, -2, -1, 0))),
        }
        for _ in frame.some(1)
    ]
    records = [
        {
            "account_id": frame.one_of(key, None),
            "collected_at": frame.instant(*times),
            "deleted_at": frame.one_of(None, frame.instant(*near(end, -1, 0))),
        }
        for _ in frame.some(1)
    ]
    return {
        "accounts": [account],
        "birth_date_declarations": _numbered(key, "declaration_id", "d", declarations),
        "age_reviews": _numbered(key, "review_id", "v", reviews),
        "text_signal": _numbered(key, "text_id", "t", texts),
        "stored_records": _numbered(key, "record_id", "r", records),
    }


def _gate(frame: Frame, key: str, born: list[date], day: date) -> list[Row]:
    """A refusal by the age gate and an accepted date from the same device soon after (or just before)."""
    refused_at = datetime.fromisoformat(frame.instant(day))
    pause = timedelta(seconds=frame.one_of(-1, 0, 1, 2, 86399, 86400, 86401))
    device = f"{key}g"
    refused = {"account_id": None, "device_id": device, "birth_date": frame.one_of(None, *map(str, born))}
    accepted = {"account_id": key, "device_id": device, "birth_date": frame.one_of("1990-06-15", *map(str, born))}
    return [
        {**refused, "declared_at": refused_at.isoformat(), "source": "sign_up", "accepted": "false"},
        {**accepted, "declared_at": (refused_at + pause).isoformat(), "source": "sign_up", "accepted": "true"},
    ]


# Transfers

TRANSFER_PERIODS = (
    "2018-Q3",
    "2019-01",
    "2020-07",
    "2020-12-01..2021-01-31",
    "2021-09",
    "2022-12",
    "2025-06",
    "2025-12",
)
EDGES = (
    date(2019, 1, 22), date(2019, 1, 23), date(2020, 7, 15), date(2020, 7, 16), date(2020, 12, 31), date(2021, 1, 1),
    date(2021, 9, 26), date(2021, 9, 27), date(2022, 5, 18), date(2022, 5, 19), date(2022, 12, 27), date(2022, 12, 28),
    date(2025, 6, 27), date(2025, 12, 18), date(2018, 7, 19), date(2018, 7, 20),
)  # fmt: skip
ORIGINS = (*["DE"] * 6, "NO", "RE", "GB", "GB", "US", None)
COUNTRIES = ("DE", "NO", "GB", "GB", "US", "US", "US", "US", "JP", "JP", "SG", "SG", "CH", "BR", "KR", "RE", None)


def transfers(random: Random, measure: str) -> Example:
    """Recipients with their tools and transfers around the days on which law and tools change."""
    return _world(random, measure, _recipient, TRANSFER_PERIODS, 40, _transfer_settings)


def _transfer_settings(frame: Frame) -> dict[str, Any]:
    lists: dict[str, Any] = {}
    if frame.random.random() < 0.5:
        lists["destination"] = [{"country": "JP"}, {"country": "GB"}]
    return {"parameters": {"destination_scope": frame.one_of("EEA", "EEA", "EEA", "GB")}, "lists": lists}


def _recipient(frame: Frame, key: str) -> Tables:
    days = [*near(frame.period.end, -10, -2, -1, 0), *(day for day in EDGES if day < frame.period.end)]
    recipient = {
        "recipient_id": key,
        "recipient_type": frame.one_of("group_company", "group_company", "service_provider", "no such", None),
    }
    references = {
        "bcr": (*["BCR-RAK-EU"] * 4, "BCR-RAK-UK", "no such", None),
        "scc": (*["SCC-2010-C2P"] * 3, "SCC-2021-M2", "SCC-2021-M2", "SCC-2002-C2P", "ART28-2021", None),
        "adequacy": (*["PRIVACY-SHIELD"] * 3, "DPF", "DPF", "SAFE-HARBOR", "no such", None),
        "contract": (None, "SCC-2010-C2P"),
    }
    tools = []
    for _ in frame.some(3):
        kind = frame.one_of("bcr", "scc", "adequacy", "scc", "bcr", "adequacy", "contract")
        tools.append(
            {
                "recipient_id": key,
                "transfer_tool": kind,
                "tool_reference": frame.one_of(*references[kind]),
                "valid_from": str(frame.one_of(*[date(2017, 1, 1)] * 9, date(2010, 5, 14), date(2010, 5, 15), *days)),
                "valid_to": frame.one_of(None, None, str(frame.one_of(*days))),
            }
        )
    rows = [
        {
            "occurred_at": frame.instant(*days),
            "origin_country": frame.one_of(*ORIGINS),
            "destination_country": frame.one_of(*COUNTRIES),
            "recipient_id": frame.one_of(key, key, key, key, None, "nobody"),
            "data_category": frame.one_of("usage", None),
            "transfer_tool": frame.one_of(
                None,
                None,
                "adequacy",
                "adequacy",
                "bcr",
                "bcr",
                "scc",
                "scc",
                "consent",
                "derogation",
                "none",
                "no such",
            ),
            "persons": frame.one_of("5", "0", None),
            "records": frame.one_of("7", "7", None),
            "bytes": frame.one_of("9", "9", None),
        }
        for _ in frame.some(5, 1)
    ]
    return {
        "recipients": [recipient] if frame.one_of(True, True, True, False) else [],
        "recipient_tools": tools,
        "transfers": _numbered(key, "transfer_id", "t", rows),
    }


_MAKERS: dict[str, Callable[[Random, str], Example]] = {
    "request_on_time": requests,
    "request_response_time": requests,
    "consent_coverage": consent,
    "marketing_to_opted_out": consent,
    "under_13_accounts": under_13,
    "under_13_signals": under_13,
    "transfer_destination_declared": transfers,
    "transfer_tool_valid": transfers,
    "transfer_volume": transfers,
}


@cache
def _makers() -> dict[str, Callable[[Random, str], Example]]:
    """Measure → what makes its worlds: those above, and `MAKERS` of every module `worlds_*.py` beside this one."""
    modules = [import_module(f"{__package__}.{file.stem}") for file in sorted(Path(__file__).parent.glob("worlds_*.py"))]
    return _MAKERS | {measure: maker for module in modules for measure, maker in getattr(module, "MAKERS", {}).items()}


def make(measure: str, seed: int) -> Example:
    """The random world of a measure with this seed."""
    return _makers()[measure](Random(seed), measure)
