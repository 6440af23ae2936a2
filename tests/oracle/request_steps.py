"""Rights requests, step by step: extension, acknowledgement, identity, and the time per stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .dates import on, working_days_later
from .export import Export, Item, Row, item
from .requests import _came_in, _count, _day, _groups, _population, clock, regime


def extension_notified(export: Export) -> list[Item]:
    """Requests whose extension was told, on the day it was told."""
    found = []
    for request in _population(export):
        told = _day(export, request, "extended_at")
        if told is None:
            continue
        law = clock(export, request)
        judged: bool | None
        value: int | None
        if law.first_due is None:
            judged, value, reason = None, None, law.why
        else:
            value = max(0, (told - law.first_due).days)
            reason = "late" if value else "in_time" if request.get("extension_reason") else "no_reason"
            judged = reason != "in_time"
        found.append(_item(export, request, told, judged, value, reason))
    return found


def request_acknowledged(export: Export) -> list[Item]:
    """Requests for which a law wants receipt confirmed, on the day by which it must be."""
    found = []
    for request in _population(export):
        received = _day(export, request, "received_at")
        law = regime(export, request, received) if received else None
        rule = on("acknowledgement", received, regime=law, right_requested=request.get("right_requested") or "") if received and law else None
        if received is None or law is None or rule is None:
            continue
        answers = [day for day in (_day(export, request, "acknowledged_at"), _day(export, request, "closed_at")) if day]
        value = (min(answers) - received).days if answers else None
        due = _acknowledgement_due(export, received, law, rule)
        judged: bool | None
        if due is None:
            judged, reason = None, "no_calendar"
        elif answers:
            judged, reason = (True, "late") if min(answers) > due else (False, "in_time")
        elif request.get("outcome"):
            judged, reason = None, "closing_unknown"
        else:
            judged, reason = True, "never"
        found.append(_item(export, request, due or _came_in(export, request), judged, value, reason))
    return found


def _acknowledgement_due(export: Export, received: date, law: str, rule: Row) -> date | None:
    calendar = next((row["calendar"] for row in export.lists["regime_calendar"] if row["regime"] == law), None)
    if rule["unit"] != "working_day":
        return _count(export, received, rule["amount"], rule["unit"], calendar)
    return working_days_later(calendar, received, int(rule["amount"])) if calendar else None


def identity_asked_promptly(export: Export) -> list[Item]:
    """Requests for which proof of identity was asked, on the day it was."""
    found = []
    for request in _population(export):
        asked, received = _day(export, request, "identity_requested_at"), _day(export, request, "received_at")
        if asked is None:
            continue
        if received is None:
            found.append(_item(export, request, asked, None, None, "no_receipt"))
            continue
        last_prompt_day = received + timedelta(days=int(export.scalars["identity_prompt_days"]))
        reason = "prompt"
        if request.get("channel") == "in_app":
            reason = "needless"
        if asked > last_prompt_day:
            reason = "late"
        found.append(_item(export, request, asked, reason != "prompt", (asked - received).days, reason))
    return found


def _item(export: Export, request: Row, on_day: date, judged: bool | None, value: int | None, reason: str) -> Item:
    law = clock(export, request).regime
    account = request.get("account_id")
    return item(request["request_id"], account, on_day, judged, value, reason, **_groups(export, request, law))


@dataclass
class Stage:
    """A stretch of a request's life: from when, and until what was awaited came (if it did)."""

    name: str
    start: datetime
    met: datetime | None = None


def request_stage_time(export: Export) -> list[Item]:
    """Stages of requests received: how long each took, or has taken."""
    places = {row["request_id"]: place for place, row in enumerate(export.example.tables["rights_requests"], 1)}
    found = []
    for request in _population(export):
        if request.get("received_at") is None:
            continue
        for stage in _stages(request):
            judged, value, reason = _lasted(export, request, stage)
            groups = _groups(export, request, clock(export, request).regime) | {"group_stage": stage.name}
            del groups["group_country"]
            key, account = f"{places[request['request_id']]}-{stage.name}", request.get("account_id")
            received = export.day(request["received_at"])
            found.append(item(key, account, received, judged, value, reason, **groups))
    return found


def _stages(request: Row) -> Iterator[Stage]:
    """The stages a request has gone into."""
    yield Stage("acknowledge", request["received_at"], request.get("acknowledged_at"))
    if request.get("identity_requested_at"):
        yield Stage("identity", request["identity_requested_at"], request.get("identity_verified_at"))
    if request.get("clarification_requested_at"):
        yield Stage("clarify", request["clarification_requested_at"], request.get("clarification_received_at"))
    came = [request.get("identity_verified_at"), request.get("clarification_received_at")]
    waited_for = [moment for moment in came if moment and not (request.get("closed_at") and moment > request["closed_at"])]
    yield Stage("answer", max([request["received_at"], *waited_for]))


def _lasted(export: Export, request: Row, stage: Stage) -> tuple[bool | None, int | None, str]:
    closed = request.get("closed_at")
    ends = [moment for moment in (stage.met, closed) if moment]
    if not ends:
        if request.get("outcome") is not None:
            return None, None, "closing_unknown"
        return False, (export.last_day - export.day(stage.start)).days, "running"
    end = min(ends)
    if end < stage.start:
        return None, None, "ends_before_start"
    was_unanswered = stage.name in ("identity", "clarify") and end != stage.met
    days = (export.day(end) - export.day(stage.start)).days
    return True, days, "closed_meanwhile" if was_unanswered else "ended"
