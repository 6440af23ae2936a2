"""Retention: when a record of a closed account (or one whose relationship has ended otherwise) is due, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from .dates import ONE_DAY, holds, months_later, reference
from .dormancy import End, relationship_end
from .export import Export, Item, Row, item


@dataclass
class Due:
    """The due day of a record (None: never, while a hold is open) and what sets it: plain, duty or hold."""

    day: date | None
    basis: str


def deletion_after_closure(export: Export) -> list[Item]:
    """Records of closed accounts, judged on their due day."""
    found = []
    for record, account, end in _population(export):
        due = due_day(export, record, account, end).day
        if due is None:
            continue
        deleted = export.day(record["deleted_at"]) if record.get("deleted_at") else None
        if deleted is None:
            bad, value, reason = True, (export.as_of_day - due).days, "still_stored"
        elif deleted > due:
            bad, value, reason = True, (deleted - due).days, "late"
        else:
            bad, value, reason = False, 0, "on_time"
        judged: bool | None = bad
        if bad and not export.log_reaches("legal_holds", account):
            judged, reason = None, "before_log"
        found.append(
            item(record["record_id"], account["account_id"], due, judged, value, reason, **_groups(record, account))
        )
    return found


def retention_overrun(export: Export) -> list[Item]:
    """Records of closed accounts still stored at as of."""
    found = []
    for record, account, end in _population(export):
        if record.get("deleted_at"):
            continue
        due = due_day(export, record, account, end)
        overdue = due.day is not None and due.day < export.as_of_day
        value: int | None = None
        judged: bool | None = overdue
        if overdue and due.day is not None and export.log_reaches("legal_holds", account):
            value, reason = (export.as_of_day - due.day).days, "overdue"
        elif overdue:
            judged, reason = None, "before_log"
        else:
            reason = {"hold": "legal_hold", "duty": "legal_duty", "plain": "not_yet_due"}[due.basis]
        groups = _groups(record, account) | {"group_overdue_since": _since(value)}
        found.append(item(record["record_id"], account["account_id"], export.last_day, judged, value, reason, **groups))
    return found


def deletion_delay(export: Export) -> list[Item]:
    """Records stored at the end of the relationship that neither duty nor hold puts off: how long they stayed."""
    found = []
    for record, account, end in _population(export):
        if record["collected_at"] > end.moment or due_day(export, record, account, end).basis != "plain":
            continue
        judged: bool | None = record.get("deleted_at") is not None
        last = export.day(record["deleted_at"]) if judged else export.last_day
        value: int | None = (last - end.day).days
        reason = "deleted" if judged else "still_stored"
        if not export.log_reaches("legal_holds", account):
            judged, value, reason = None, None, "before_log"
        groups = _groups(record, account)
        found.append(item(record["record_id"], account["account_id"], end.day, judged, value, reason, **groups))
    return found


def _since(days: int | None) -> str:
    if days is None:
        return "not overdue"
    if days <= 30:
        return "1 to 30 days"
    if days <= 90:
        return "31 to 90 days"
    return "91 to 365 days" if days <= 365 else "over 365 days"


def _groups(record: Row, account: Row) -> dict[str, str | None]:
    return {
        "group_data_category": record.get("data_category"),
        "group_system": record.get("system"),
        "group_country": account.get("country"),
    }


def _population(export: Export) -> list[tuple[Row, Row, End]]:
    """Records of accounts whose relationship has ended that were not deleted before that end."""
    found = []
    for record in export.table("stored_records"):
        account = export.account(record.get("account_id"))
        end = relationship_end(export, account) if account else None
        if account is None or end is None:
            continue
        if record.get("deleted_at") and record["deleted_at"] < end.moment:
            continue
        found.append((record, account, end))
    return found


def due_day(export: Export, record: Row, account: Row, end: End) -> Due:
    """The three steps: the plain day, a duty that keeps it longer, a hold in force on that day."""
    grace = timedelta(days=_grace(export, record))
    start = export.day(record["collected_at"]) if record["collected_at"] > end.moment else end.day
    due = Due(start + grace, "plain")
    for last in duty_ends(export, record, account):
        kept_to = last + ONE_DAY + grace
        if due.day is not None and kept_to > due.day:
            due = Due(kept_to, "duty")
    assert due.day is not None
    spans = spans_of_holds(export, record)
    if not any(begin <= due.day <= end for begin, end in spans):
        return due
    last = held_until(spans, due.day, grace)
    return Due(None if last == date.max else last + grace, "hold")


def _grace(export: Export, record: Row) -> int:
    for row in export.lists.get("grace", ()):
        if row["data_category"] == record.get("data_category"):
            return int(row["grace_days"])
    return int(export.scalars["grace_days"])


def duty_ends(export: Export, record: Row, account: Row) -> list[date]:
    """The last day of every duty that binds the controller for this record, in force at the end of the last day before as of."""
    ends = []
    for bound in export.lists.get("duty", ()):
        if (bound["country"], bound["data_category"]) != (account.get("country"), record.get("data_category")):
            continue
        for row in reference("retention_duty"):
            if (row["duty_id"], row["country"]) != (bound["duty_id"], bound["country"]):
                continue
            if holds(row, export.last_day):
                start = export.day(record["collected_at"])
                if row["starts"] == "calendar_year_end":
                    start = date(start.year, 12, 31)
                ends.append(months_later(start, int(row["amount_months"])))
    return ends


def spans_of_holds(export: Export, record: Row) -> list[tuple[date, date]]:
    """First and last day of every hold on this record, from the day it was recorded if that is later. date.max is open."""
    spans = []
    for hold in export.table("legal_holds"):
        if hold.get("account_id") is None or hold["account_id"] != record["account_id"]:
            continue
        if hold.get("data_category") and hold["data_category"] != record.get("data_category"):
            continue
        begin = hold["starts_on"]
        if hold.get("recorded_at"):
            begin = max(begin, export.day(hold["recorded_at"]))
        spans.append((begin, hold.get("ends_on") or date.max))
    return spans


def held_until(spans: list[tuple[date, date]], due: date, grace: timedelta) -> date:
    """The last day of the hold in force on the due day, lengthened by holds that had begun by the due day it then made.

    Holds that were over before the due day say nothing about it.
    """
    last = max(end for begin, end in spans if begin <= due <= end)
    while last != date.max:
        following = [end for begin, end in spans if end >= due and begin <= last + grace]
        if max(following) == last:
            break
        last = max(following)
    return last
