"""Cases about possibly under-13 accounts, the age gate, and the consent of the young."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from .dates import ONE_DAY, age, holds, reference
from .export import Export, Item, Row, item
from .retention import duty_ends, spans_of_holds
from .under_13 import own_birth_date, why_not_credible


def _fault(case: Row) -> str | None:
    """Why the day of the decision cannot be trusted, None when it can or there is no decision."""
    if case.get("decided_at") is None:
        return "decision_undated" if case.get("decision") else None
    return "ends_before_start" if case["decided_at"] < case["opened_at"] else None


def _groups(export: Export, case: Row) -> dict[str, Any]:
    account = export.account(case.get("account_id")) or {}
    return {"group_source": case.get("source"), "group_country": account.get("country")}


def under_13_report_decided(export: Export) -> list[Item]:
    """Every case, on the day by which it must be decided."""
    found = []
    for case in export.table("age_reviews"):
        opened = export.day(case["opened_at"])
        due = opened + timedelta(days=int(export.scalars["report_days"]))
        judged: bool | None
        value: int | None
        if fault := _fault(case):
            judged, value, reason = None, None, fault
        elif case.get("decided_at"):
            decided = export.day(case["decided_at"])
            judged, value = decided > due, (decided - opened).days
            reason = "late" if judged else "decided"
        else:
            judged, value, reason = True, (export.last_day - opened).days, "open"
        groups = _groups(export, case)
        found.append(item(case["review_id"], case.get("account_id"), due, judged, value, reason, **groups))
    return found


def under_13_decision_time(export: Export) -> list[Item]:
    """Every case, and how long it waited for its decision."""
    found = []
    for case in export.table("age_reviews"):
        opened, end = export.day(case["opened_at"]), case.get("decided_at")
        days: int | None = ((export.day(end) if end else export.last_day) - opened).days
        judged: bool | None = end is not None
        reason = "decided" if end else "open"
        if fault := _fault(case):
            judged, days, reason = None, None, fault
        groups = _groups(export, case)
        found.append(item(case["review_id"], case.get("account_id"), opened, judged, days, reason, **groups))
    return found


def collection_after_report(export: Export) -> list[Item]:
    """Guardians' reports, unless cleared by the end of the days in which they must be decided."""
    found = []
    for case in export.table("age_reviews"):
        if case.get("source") != "guardian_report":
            continue
        opened = export.day(case["opened_at"])
        last = opened + timedelta(days=int(export.scalars["report_days"]))
        was_cleared, fault = case.get("decision") == "cleared", _fault(case)
        if was_cleared and not fault and export.day(case["decided_at"]) <= last:
            continue
        named = case.get("account_id")
        after = [
            record
            for record in export.table("stored_records")
            if named is not None
            and record.get("account_id") == named
            and record["collected_at"] > case["opened_at"]
            and export.day(record["collected_at"]) <= last
        ]
        judged: bool | None = bool(after)
        value: int | None = len(after)
        reason = "collected" if after else "stopped"
        if not after and not _shows_collection(export, opened):
            judged, value, reason = None, None, "before_log"
        if named is None or (was_cleared and fault):
            judged, value = None, None
            reason = "no_account" if named is None else str(fault)
        country = _groups(export, case)["group_country"]
        on_day = opened if named is None else last
        found.append(item(case["review_id"], named, on_day, judged, value, reason, group_country=country))
    return found


def _shows_collection(export: Export, opened: date) -> bool:
    """Whether the export of records can show that nothing was collected from a day on."""
    if not export.example.tables.get("stored_records"):
        return False
    said = export.example.declared.get("stored_records", {}).get("covers_from", "beginning")
    return said in ("beginning", "", None) or date.fromisoformat(str(said)) <= opened


def under_13_data_deleted(export: Export) -> list[Item]:
    """Cases that confirmed a child, and what was still there of its data some days later."""
    found = []
    for case in export.table("age_reviews"):
        if case.get("decision") != "confirmed_under_13":
            continue
        on_day, judged, value = export.day(case["opened_at"]), None, None
        reason = "no_account" if case.get("account_id") is None else _fault(case)
        if reason is None:
            on_day = export.day(case["decided_at"]) + timedelta(days=int(export.scalars["child_deletion_days"]))
            judged, value, reason = _what_became_of_the_data(export, case, on_day)
        groups = {"group_said_deleted": "yes" if case.get("data_deleted_at") else "no", **_groups(export, case)}
        found.append(item(case["review_id"], case.get("account_id"), on_day, judged, value, reason, **groups))
    return found


def _what_became_of_the_data(export: Export, case: Row, day: date) -> tuple[bool | None, int | None, str]:
    account, decided = export.account(case["account_id"]), export.day(case["decided_at"])
    mine = [
        record
        for record in export.table("stored_records")
        if record.get("account_id") == case["account_id"] and export.day(record["collected_at"]) <= day
    ]
    gone = [export.day(record["deleted_at"]) for record in mine if record.get("deleted_at")]
    left = [
        record
        for record in mine
        if not (record.get("deleted_at") and export.day(record["deleted_at"]) <= day)
        and not (account and any(last >= day for last in duty_ends(export, record, account)))
        and not any(begin <= day <= last for begin, last in spans_of_holds(export, record))
    ]
    if left:
        if not export.log_reaches("legal_holds", account):
            return None, None, "before_log"
        if any(record.get("deleted_at") is None for record in left):
            return True, (export.last_day - decided).days, "still_stored"
        return True, (max(export.day(record["deleted_at"]) for record in left) - decided).days, "late"
    lacks_older = bool(export.example.declared.get("stored_records", {}).get("covers_from"))
    if not export.example.tables.get("stored_records"):
        return None, None, "before_log"
    if lacks_older and not export.log_reaches("stored_records", account):
        return None, None, "before_log"
    last = max([decided, *(when for when in gone if when <= day)])
    return False, (last - decided).days, "deleted"


def age_gate_bypassed(export: Export) -> list[Item]:
    """Devices by day of refusal; refusals without a device each by themselves."""
    days: dict[tuple[str, date], list[Row]] = {}
    found = []
    for stated in export.table("birth_date_declarations"):
        if stated.get("accepted") is not False:
            continue
        day, device = export.day(stated["declared_at"]), stated.get("device_id")
        if device is None:
            source = stated.get("source")
            found.append(item(stated["declaration_id"], None, day, None, None, "no_device", group_source=source))
        else:
            days.setdefault((device, day), []).append(stated)
    for (device, day), refusals in days.items():
        found.append(_gate_of_a_day(export, device, day, refusals))
    return found


def _gate_of_a_day(export: Export, device: str, day: date, refusals: list[Row]) -> Item:
    window = timedelta(seconds=int(export.scalars["age_gate_seconds"]))
    entries = [
        stated
        for stated in export.table("birth_date_declarations")
        if stated.get("device_id") == device
        and _says_13(export, stated)
        and any(
            refused["declared_at"] <= stated["declared_at"] <= refused["declared_at"] + window for refused in refusals
        )
    ]
    # `min` keeps the first written of one second.
    first = min(refusals, key=lambda refused: refused["declared_at"])
    # A refusal in the last second of the day would be followed until then.
    midnight = datetime.combine(day + ONE_DAY, time(), export.zone).astimezone(UTC)
    on_day = max(day + ONE_DAY, export.day(midnight - timedelta(seconds=1) + window))
    groups = {"group_source": first.get("source")}
    if not entries:
        return item(first["declaration_id"], None, on_day, False, None, "held", **groups)
    entry = min(entries, key=lambda stated: stated["declared_at"])
    before = max(refused["declared_at"] for refused in refusals if refused["declared_at"] <= entry["declared_at"])
    seconds = int((entry["declared_at"] - before).total_seconds())
    return item(first["declaration_id"], entry.get("account_id"), on_day, True, seconds, "bypassed", **groups)


def _says_13(export: Export, stated: Row) -> bool:
    """Whether a date was accepted that makes the person 13 or over on the day it was given, credible or not."""
    if stated.get("accepted") is False or not stated.get("birth_date"):
        return False
    return age(stated["birth_date"], export.day(stated["declared_at"])) >= 13


def young_consent_authorised(export: Export) -> list[Item]:
    """Grants by holders of accounts who were too young for them, or may have been."""
    found = []
    for grant in export.table("consent_events"):
        account = export.account(grant.get("account_id"))
        if grant.get("status") not in ("given", "renewed") or account is None:
            continue
        born, day = own_birth_date(export, account), export.day(grant["recorded_at"])
        needed = _age_of_consent(account, day)
        if born is None or needed is None:
            continue
        judged, value, reason = _judged_young(export, account, born, day, needed)
        if reason == "of_age":
            continue
        if reason == "young":
            judged = grant.get("method") != "parental"
            reason = "own" if judged else "parental"
        groups = {"group_purpose": grant.get("purpose"), "group_country": account.get("country")}
        found.append(item(grant["event_id"], account["account_id"], day, judged, value, reason, **groups))
    return found


def _judged_young(
    export: Export, account: Row, born: date, day: date, needed: int
) -> tuple[bool | None, int | None, str]:
    if why := why_not_credible(export, account, born):
        return None, None, why
    if born > day:
        return None, None, "after_grant"
    value = age(born, day)
    if not account.get("country") and value < needed:
        return None, value, "unknown_country"
    if not export.log_reaches("birth_date_declarations", account):
        return None, value, "before_log"
    return None, value, "young" if value < needed else "of_age"


def _age_of_consent(account: Row, day: date) -> int | None:
    """The age that holds for the account on that day; the highest of any country where its own is not known."""
    rows = [row for row in reference("age_of_consent") if holds(row, day)]
    if not account.get("country"):
        return max((int(row["age"]) for row in rows), default=None)
    own = [row for row in rows if row["country"] == account["country"]]
    region = [row for row in own if row["region"] and row["region"] == account.get("region")]
    whole = [row for row in own if not row["region"]]
    chosen = region or whole
    return int(chosen[0]["age"]) if chosen else None
