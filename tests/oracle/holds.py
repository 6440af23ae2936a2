"""Stored records without an account, and legal holds without what must stand behind them."""

from __future__ import annotations

from datetime import date, timedelta

from .export import Export, Item, Row, item


def orphaned_records(export: Export) -> list[Item]:
    """Records still stored, of the categories that need an account."""
    needing = [row["data_category"] for row in export.lists.get("account_category", ())]
    found = []
    for record in export.table("stored_records"):
        if record.get("deleted_at") or record.get("data_category") not in needing:
            continue
        named = record.get("account_id")
        owner = "account" if named else "no account named"
        if named and export.account(named) is None:
            owner = "account not in the export"
        groups = {
            "group_data_category": record["data_category"],
            "group_system": record.get("system"),
            "group_owner": owner,
        }
        is_orphan = owner != "account"
        reason = "orphan" if is_orphan else "owned"
        found.append(item(record["record_id"], named, export.last_day, is_orphan, None, reason, **groups))
    return found


def legal_hold_documented(export: Export) -> list[Item]:
    """Holds that the last day of the period lies in."""
    found = []
    for hold in export.table("legal_holds"):
        ends = hold.get("ends_on")
        if not hold["starts_on"] <= export.last_day or (ends and ends < export.last_day):
            continue
        looked_at = _known(export, hold.get("reviewed_on")) or hold["starts_on"]
        reason = _lacking(export, hold, looked_at) or "documented"
        judged, days = reason != "documented", (export.as_of_day - looked_at).days
        groups = {
            "group_data_category": hold.get("data_category") or "all",
            "group_hold_reason": hold.get("reason"),
        }
        found.append(item(hold["hold_id"], hold.get("account_id"), export.last_day, judged, days, reason, **groups))
    return found


def _lacking(export: Export, hold: Row, looked_at: date) -> str | None:
    """What a hold lacks, the first that fits."""
    if not hold.get("legal_basis"):
        return "no_basis"
    closed = _known(export, hold.get("case_closed_on"))
    if closed and closed + timedelta(days=int(export.scalars["hold_case_days"])) < export.as_of_day:
        return "case_closed"
    if looked_at + timedelta(days=int(export.scalars["hold_review_days"])) <= export.as_of_day:
        return "review_overdue"
    return None


def _known(export: Export, day: date | None) -> date | None:
    """The day if it was over at as of."""
    return day if day and day < export.as_of_day else None
