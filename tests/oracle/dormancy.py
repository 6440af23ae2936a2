"""Activity of accounts: when they were last active, when the relationship with their holder ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from .dates import ONE_DAY, months_later
from .export import Export, Item, Row, item


@dataclass
class End:
    """The end of a relationship: its instant and the day it belongs to."""

    moment: datetime
    day: date


def last_activity(export: Export, account: Row) -> tuple[date, str]:
    """The last day of activity and what it is known by."""
    if account.get("last_active_at"):
        return export.day(account["last_active_at"]), "activity"
    days = [
        export.day(event["occurred_at"])
        for event in export.table("processing_events")
        if event.get("account_id") == account["account_id"]
    ]
    return (max(days), "processing") if days else (export.day(account["opened_at"]), "opening")


def dormant_accounts(export: Export) -> list[Item]:
    """Open accounts with the days since they were last active."""
    found = []
    for account in export.table("accounts"):
        if account.get("closed_at"):
            continue
        last, known_by = last_activity(export, account)
        idle = (export.as_of_day - last).days
        judged: bool | None = idle >= int(export.scalars["dormant_days"])
        value: int | None = idle
        reason = "dormant" if judged else "active"
        if judged and known_by != "activity" and not _would_have_seen(export):
            judged, value, reason = None, None, "before_log"
        groups = {"group_country": account.get("country"), "group_known_by": known_by}
        found.append(
            item(account["account_id"], account["account_id"], export.last_day, judged, value, reason, **groups)
        )
    return found


def _would_have_seen(export: Export) -> bool:
    """Whether the log of processing holds every day on which an event would make an account active."""
    dormant = timedelta(days=int(export.scalars["dormant_days"]))
    newest_that_does_not_help = export.as_of_day - dormant
    return export.covers("processing_events", newest_that_does_not_help + ONE_DAY)


def relationship_end(export: Export, account: Row) -> End | None:
    """The closing or, if the criteria read it so and it is earlier, the end of the day on which the months ran out."""
    closed: datetime | None = account.get("closed_at")
    ends = [End(closed, export.day(closed))] if closed else []
    if export.scalars["relationship"] == "recent_activity":
        last = months_later(last_activity(export, account)[0], int(export.scalars["relationship_months"]))
        if last < export.as_of_day:
            after = datetime.combine(last + ONE_DAY, time(), export.zone).astimezone(UTC)
            ends.append(End(after, last))
    return min(ends, key=lambda end: (end.moment, end.day)) if ends else None
