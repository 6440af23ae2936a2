"""Random worlds of records with and without accounts, and of legal holds with and without what must stand behind them."""

from __future__ import annotations

from random import Random
from typing import Any

from audit_lib.run.examples import Example

from .random_worlds import CATEGORIES, PERIODS, Frame, Tables, _numbered, _world, near


def owners(random: Random, measure: str) -> Example:
    """Accounts and records that name them, others or none."""
    return _world(random, measure, _owner, PERIODS, 40, _owner_settings)


def _owner_settings(frame: Frame) -> dict[str, Any]:
    needing = frame.random.sample(["profile", "payment", "transaction", "no such word"], k=frame.one_of(0, 1, 2, 3, 4))
    return {"lists": {"account_category": [{"data_category": category} for category in needing]}}


def _owner(frame: Frame, key: str) -> Tables:
    edges = near(frame.period.end, -40, -2, -1, 0, 1)
    account = {
        "account_id": key,
        "opened_at": frame.instant(*edges),
        "closed_at": frame.one_of(None, frame.instant(*edges)),
    }
    records = [
        {
            "account_id": frame.one_of(key, key, key, None, f"{key}x"),
            "data_category": frame.one_of(*CATEGORIES),
            "system": frame.one_of("crm", None),
            "collected_at": frame.instant(*edges),
            "deleted_at": frame.one_of(None, None, frame.instant(*edges)),
        }
        for _ in frame.some(5, 1)
    ]
    return {"accounts": [account], "stored_records": _numbered(key, "record_id", "r", records)}


def holds(random: Random, measure: str) -> Example:
    """Holds that begin, are reviewed and end where answers change."""
    return _world(random, measure, _holds, PERIODS, 40, _hold_settings)


def _hold_settings(frame: Frame) -> dict[str, Any]:
    return {"parameters": {"hold_review_days": frame.one_of(1, 30, 365, 365), "hold_case_days": frame.one_of(0, 5, 30)}}


def _holds(frame: Frame, key: str) -> Tables:
    end = frame.period.end
    edges = near(end, -366, -365, -364, -31, -30, -29, -6, -5, -4, -2, -1, 0, 1)

    def day() -> str:
        return str(frame.one_of(*edges))

    rows = [
        {
            "account_id": frame.one_of(key, key, None),
            "data_category": frame.one_of(None, "payment", "no such word"),
            "reason": frame.one_of("claim", "local_law", None),
            "legal_basis": frame.one_of("ZPO 142", "ZPO 142", "ZPO 142", None),
            "starts_on": day(),
            "ends_on": frame.one_of(None, None, day(), str(frame.one_of(*near(end, -2, -1, 0)))),
            "reviewed_on": frame.one_of(None, day(), day()),
            "recorded_at": frame.one_of(None, None, frame.instant(*near(end, -3, -1, 0))),
            "case_id": frame.one_of(None, "c1"),
            "case_closed_on": frame.one_of(None, None, day()),
        }
        for _ in frame.some(4, 1)
    ]
    return {"legal_holds": _numbered(key, "hold_id", "h", rows)}


MAKERS = {"orphaned_records": owners, "legal_hold_documented": holds}
