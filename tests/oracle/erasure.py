"""Erasure requests closed as fulfilled, and what was still there some days later."""

from __future__ import annotations

from datetime import date, timedelta

from .export import ANCHOR, Export, Item, Row, item
from .retention import duty_ends, spans_of_holds


def erasure_executed(export: Export) -> list[Item]:
    """Erasure requests closed as fulfilled."""
    found = []
    for request in export.table("rights_requests"):
        if (
            request.get("is_test")
            or request.get("right_requested") != "erasure"
            or request.get("outcome") != "fulfilled"
        ):
            continue
        account = export.account(request.get("account_id"))
        came_in = next(export.day(request[column]) for column in ANCHOR["rights_requests"] if request.get(column))
        on_day, judged, value, reason = came_in, None, None, "no_account"
        if request.get("account_id") and not request.get("closed_at"):
            reason = "closing_unknown"
        elif request.get("account_id"):
            on_day = export.day(request["closed_at"]) + timedelta(days=int(export.scalars["erasure_days"]))
            judged, value, reason = _judged(export, request, account, on_day)
        groups = {
            "group_country": request.get("country") or (account or {}).get("country"),
            "group_channel": request.get("channel"),
        }
        found.append(item(request["request_id"], request.get("account_id"), on_day, judged, value, reason, **groups))
    return found


def _judged(export: Export, request: Row, account: Row | None, day: date) -> tuple[bool | None, int | None, str]:
    left = [
        record
        for record in export.table("stored_records")
        if record.get("account_id") == request["account_id"]
        and record["collected_at"] < request["closed_at"]
        and not (record.get("deleted_at") and export.day(record["deleted_at"]) <= day)
        and not _may_stay(export, record, account, day)
    ]
    if left and not export.log_reaches("legal_holds", account):
        return None, None, "before_log"
    if left:
        return True, len(left), "left_behind"
    if not export.example.tables.get("stored_records"):
        return None, None, "before_log"
    if _says_it_lacks_older_rows(export) and not export.log_reaches("stored_records", account):
        return None, None, "before_log"
    return False, 0, "complete"


def _may_stay(export: Export, record: Row, account: Row | None, day: date) -> bool:
    """Whether a duty or a hold keeps the record on that day."""
    if account and any(last >= day for last in duty_ends(export, record, account)):
        return True
    return any(begin <= day <= last for begin, last in spans_of_holds(export, record))


def _says_it_lacks_older_rows(export: Export) -> bool:
    """Whether the export of records declares a first day. What declares nothing is the matter of the whole finding."""
    return bool(export.example.declared.get("stored_records", {}).get("covers_from"))
