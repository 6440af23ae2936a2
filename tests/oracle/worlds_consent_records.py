"""Random worlds of consent records: their fields, their age, prompts and answers; and acts of processing with a basis."""

from __future__ import annotations

from datetime import date, datetime
from random import Random
from typing import Any

from audit_lib.run.examples import Example

from .dates import months_later
from .random_worlds import Frame, Tables, _numbered, _world, near

PERIODS = ("2018-Q3", "2020-09-01..2020-09-17", "2020-08-15..2020-09-16", "2021-02", "2021-08", "2020-Q1", "2018-11")
"""The French refresh period is law from 2020-09-17 on."""
BASES = ("consent", "contract", "legitimate_interest")


def records(random: Random, measure: str) -> Example:
    """Consent records close to where their state, their age or their fields change the answer."""
    return _world(random, measure, _person, PERIODS, 24, _settings)


def _settings(frame: Frame) -> dict[str, Any]:
    needs = ("policy_version", "method", "language", "evidence")
    return {
        "parameters": {
            "consent_refresh_months": frame.one_of(1, 3, 6, 12),
            "consent_validity_months": frame.one_of(1, 6, 12, 24, 24),
            **{f"consent_needs_{field}": frame.one_of(True, True, False) for field in needs},
        },
        "declared": {"consent_events": {"covers_from": frame.one_of("beginning", "beginning", "2018-01-01", "")}},
    }


def _person(frame: Frame, key: str) -> Tables:
    last = frame.period.end
    months = frame.one_of(1, 3, 6, 12)
    # Days that so many months before the end of the period, or so many months later, bear the same number.
    back = next(day for day in near(last, *range(-370, 0)) if months_later(day, months) >= last)
    day = frame.one_of(back, *near(last, -1, -1, -2), date(2020, 2, 29), date(2020, 8, 31), date(2018, 8, 31))
    edges = [*near(day, -1, 0, 0, 0, 1, 2), *near(back, -2, -1, 0, 0, 1), *near(months_later(day, months), -1, 0, 1)]
    account = {
        "account_id": key,
        "opened_at": frame.instant(date(2017, 12, 31), date(2018, 1, 1), date(2018, 1, 2)),
        "country": frame.one_of("FR", "FR", "ES", "IE", "LU", "DE", "US", None),
    }
    ids = [(key, None)] * 10 + [(key, f"{key}d"), (None, f"{key}d"), (None, f"{key}d"), (f"{key}x", None), (None, None)]
    purpose = frame.one_of("advertising", "marketing", "security")
    seconds = [frame.instant(*edges) for _ in frame.some(5, 1)]
    full = {"policy_version": "2018-05-10", "language": "en", "evidence_ref": "e", "recipient_id": f"{key}r"}
    rows = []
    for _ in frame.some(8, 1):
        account_id, device_id = frame.one_of(*ids)
        row = {
            "account_id": account_id,
            "device_id": device_id,
            "purpose": frame.one_of(*[purpose] * 8, "marketing", "no such", "no such", None),
            "status": frame.one_of(
                *["requested"] * 3, *["given"] * 4, "renewed", "renewed", "refused", "withdrawn", "expired"
            ),
            "recorded_at": frame.one_of(*seconds, frame.instant(*edges)),
            "acted_at": frame.one_of(None, None, frame.one_of(*seconds), frame.instant(*edges)),
            "method": frame.one_of("banner", "banner", "banner", "use", "use", "import", "import", None),
            **full,
        }
        for column in full:
            row[column] = row[column] if frame.random.random() < 0.9 else None
        rows.append(row)
    return {"accounts": [account], "consent_events": _numbered(key, "event_id", "c", rows)}


def processing(random: Random, measure: str) -> Example:
    """Acts of processing with declared and other purposes and bases."""
    return _world(random, measure, _acts, ("2018-Q3", "2020-Q1", "2018-11"), 40, _declared)


def _declared(frame: Frame) -> dict[str, Any]:
    pairs = [
        {"purpose": purpose, "legal_basis": basis}
        for purpose in ("advertising", "security", "marketing", "not declared")
        for basis in BASES
    ]
    return {"lists": {"purpose_basis": frame.random.sample(pairs, frame.one_of(0, 3, 5, 8))}}


def _acts(frame: Frame, key: str) -> Tables:
    days = [*near(frame.period.end, -1, 0), *near(frame.period.start, -1, 0), *near(frame.period.end, -30, -400)]
    rows = [
        {
            "account_id": frame.one_of(key, None, "nobody"),
            "purpose": frame.one_of("advertising", "security", "marketing", "not declared", "research", None),
            "legal_basis": frame.one_of(*BASES, "public_task", "no such", None),
            "system": frame.one_of("crm", None),
            "occurred_at": frame.instant(*days),
        }
        for _ in frame.some(5, 1)
    ]
    opened = datetime(2018, 1, 1).isoformat() + "+00:00"
    return {
        "accounts": [{"account_id": key, "opened_at": opened}],
        "processing_events": _numbered(key, "event_id", "e", rows),
    }


MAKERS = {
    "consent_demonstrable": records,
    "consent_record_fields": records,
    "consent_fresh": records,
    "opt_in": records,
    "declared_purpose": processing,
}
