"""Consent: what a subject had decided for a purpose at a second, and what was done then."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from .dates import in_area, months_later, on, working_days_later
from .export import Export, Item, Row, item

STRICTEST_FIRST = ["withdrawn", "refused", "expired", "given"]


def subject(row: Row) -> tuple[str, str] | None:
    """The account, else the device, else nobody."""
    if row.get("account_id"):
        return "account", row["account_id"]
    return ("device", row["device_id"]) if row.get("device_id") else None


def acted(decision: Row) -> datetime:
    """When the person acted, else when it was recorded."""
    moment: datetime = decision.get("acted_at") or decision["recorded_at"]
    return moment


def _decisions(export: Export, event: Row) -> list[Row]:
    """What the subject of an event had decided or been asked for its purpose, up to its second."""
    return [
        row
        for row in export.table("consent_events")
        if subject(row) is not None
        and subject(row) == subject(event)
        and row.get("purpose") == event["purpose"]
        and acted(row) <= event["occurred_at"]
    ]


def _is_weak(decision: Row) -> bool:
    return decision["status"] in ("given", "renewed") and decision.get("method") in ("use", "import")


def answers(export: Export, event: Row) -> list[tuple[datetime, str]]:
    """The answers that count, one per second (the strictest of it), in order of time."""
    by_second: dict[datetime, list[str]] = {}
    for row in _decisions(export, event):
        if row["status"] != "requested" and not _is_weak(row):
            word = "given" if row["status"] == "renewed" else row["status"]
            by_second.setdefault(acted(row), []).append(word)
    return [(second, min(by_second[second], key=STRICTEST_FIRST.index)) for second in sorted(by_second)]


def state(export: Export, event: Row) -> str:
    """The state of the event's subject and purpose at its second."""
    told = answers(export, event)
    if told:
        second, word = told[-1]
        if word != "given":
            return word
        ends = months_later(export.day(second), int(export.scalars["consent_validity_months"]))
        return "given" if export.day(event["occurred_at"]) <= ends else "expired"
    earlier = _decisions(export, event)
    methods = {row["method"] for row in earlier if _is_weak(row)}
    if "use" in methods:
        return "use_only"
    if "import" in methods:
        return "import_only"
    return "no_answer" if any(row["status"] == "requested" for row in earlier) else "never_asked"


def country(export: Export, event: Row) -> str | None:
    """The country of the event, else of its account."""
    account = export.account(event.get("account_id"))
    return event.get("country") or (account.get("country") if account else None)


def consent_coverage(export: Export) -> list[Item]:
    """Acts of processing for a purpose based on consent, in scope."""
    based = {row["purpose"] for row in export.lists["purpose"] if row["is_consent_based"]}
    found = []
    for event in export.table("processing_events"):
        day, where = export.day(event["occurred_at"]), country(export, event)
        if event.get("purpose") not in based:
            continue
        if where is not None and not in_area(export.scalars["consent_scope"], where, day):
            continue
        judged, reason = _covered(export, event, where)
        found.append(
            item(event["event_id"], event.get("account_id"), day, judged, None, reason, **_groups(event, where))
        )
    return found


def _groups(event: Row, where: str | None) -> dict[str, str | None]:
    return {
        "group_purpose": event["purpose"],
        "group_country": where,
        "group_channel": event.get("channel"),
    }


def _covered(export: Export, event: Row, where: str | None) -> tuple[bool | None, str]:
    if subject(event) is None:
        return None, "no_subject"
    account = export.account(event.get("account_id"))
    if event.get("account_id") and account is None:
        return None, "unknown_account"
    if where is None:
        return None, "unknown_country"
    word = state(export, event)
    if word == "given":
        return False, "covered"
    if word in ("withdrawn", "refused", "expired"):
        return True, word
    if not export.log_reaches("consent_events", account):
        return None, "before_log"
    return True, word


def marketing_to_opted_out(export: Export) -> list[Item]:
    """Marketing messages to subjects that had opted out."""
    marketing = {row["purpose"] for row in export.lists["purpose"] if row["is_marketing"]}
    found = []
    for event in export.table("processing_events"):
        if event.get("purpose") not in marketing or event.get("channel") not in ("email", "push"):
            continue
        if subject(event) is None:
            continue
        sent, where = export.day(event["occurred_at"]), country(export, event)
        told = answers(export, event)
        judged: bool | None
        value: int | None
        soon: str | None = None
        if not told:
            if export.log_reaches("consent_events", export.account(event.get("account_id"))):
                continue
            judged, value, reason = None, None, "before_log"
        elif told[-1][1] in ("refused", "withdrawn"):
            out = export.day(_opted_out(told))
            queue = timedelta(seconds=int(export.scalars["queue_seconds"]))
            soon = "no" if event["occurred_at"] > _opted_out(told) + queue else "yes"
            value = (sent - out).days
            judged = not _within_grace(where, out, sent)
            reason = "not_respected" if judged else "within_grace"
        else:
            continue
        groups = {**_groups(event, where), "group_soon_after": soon}
        found.append(item(event["event_id"], event.get("account_id"), sent, judged, value, reason, **groups))
    return found


def _opted_out(told: list[tuple[datetime, str]]) -> datetime:
    """When the unbroken row of refusals and withdrawals at the end began."""
    first = told[-1][0]
    for second, word in reversed(told):
        if word not in ("refused", "withdrawn"):
            break
        first = second
    return first


def _within_grace(where: str | None, out: date, sent: date) -> bool:
    rule = on("opt_out_grace", out, country=where) if where else None
    if rule is None:
        return False
    return sent <= working_days_later(rule["calendar"], out, int(rule["working_days"]))
