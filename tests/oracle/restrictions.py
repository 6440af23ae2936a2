"""Restrictions and objections: which of an account's requests bore on an act of processing, and since when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from .export import ANCHOR, Export, Item, Row, item

GRANTED = ("fulfilled", "fulfilled_in_part")
Verdict = tuple[bool | None, str]


def restriction_respected(export: Export) -> list[Item]:
    """Acts of accounts that ever had a restriction granted, for purposes that may not go on under one."""
    may_go_on = {row["purpose"] for row in export.lists["purpose"] if row.get("allowed_when_restricted")}
    found = []
    for event in export.table("processing_events"):
        if not event.get("account_id") or event.get("purpose") in may_go_on:
            continue
        mine = [request for request in _requests(export, event, "restriction") if request.get("outcome") in GRANTED]
        if mine or _may_hide_one(export, event):
            bearing = [request for request in mine if _names(request, event) is not False]
            found.append(_item(export, event, _judge(export, event, bearing, _restricts)))
    return found


def objection_respected(export: Export) -> list[Item]:
    """Acts for purposes that their account ever objected to."""
    direct = {row["purpose"] for row in export.lists["purpose"] if row.get("is_marketing") or row.get("is_advertising")}
    found = []
    for event in export.table("processing_events"):
        if not event.get("account_id"):
            continue
        rests_on_interest = event.get("legal_basis") == "legitimate_interest"
        mine = [
            request
            for request in _requests(export, event, "objection")
            if _is_to(request, event, direct, rests_on_interest)
        ]
        could_be_met = event.get("purpose") in direct or rests_on_interest
        if mine or (could_be_met and _may_hide_one(export, event)):
            kind = "direct marketing" if any(map(_is_direct, mine)) else "other" if mine else None
            verdict = _judge(export, event, mine, _objects)
            found.append(_item(export, event, verdict) | {"group_objection": kind})
    return found


def _requests(export: Export, event: Row, right: str) -> list[Row]:
    return [
        request
        for request in export.table("rights_requests")
        if request.get("right_requested") == right
        and request.get("account_id") == event["account_id"]
        and not request.get("is_test")
    ]


def _named(request: Row) -> set[str]:
    return {word.strip() for word in (request.get("purposes") or "").split(";")} - {""}


def _names(request: Row, event: Row) -> bool | None:
    """Whether a request names the purpose of an event; None when it names none at all."""
    named = _named(request)
    return event.get("purpose") in named if named else None


def _is_direct(request: Row) -> bool:
    return request.get("direct_marketing") in (True, "true")


def _is_to(request: Row, event: Row, direct: set[str], rests_on_interest: bool) -> bool:
    names = _names(request, event)
    if names is not None:
        return names
    return event.get("purpose") in direct if _is_direct(request) else rests_on_interest


def _judge(
    export: Export, event: Row, requests: list[Row], in_force: Callable[[Row, datetime], bool | None]
) -> Verdict:
    """One in force decides; then one of which nobody knows; then what the log may not show."""
    told = [in_force(request, event["occurred_at"]) for request in requests]
    if True in told:
        return True, "not_respected"
    if None in told:
        return None, "closing_unknown"
    return (None, "before_log") if _may_hide_one(export, event) else (False, "respected")


def _may_hide_one(export: Export, event: Row) -> bool:
    return not export.log_reaches("rights_requests", export.account(event["account_id"]))


def _restricts(request: Row, second: datetime) -> bool | None:
    """Whether a granted restriction was in force at a second; None when nobody knows since when."""
    lifted = request.get("restriction_lifted_at")
    if lifted and second >= lifted:
        return False
    return _granted_by(request, second)


def _granted_by(request: Row, second: datetime) -> bool | None:
    if request.get("closed_at"):
        return bool(second >= request["closed_at"])
    received = request.get("received_at")
    return False if received and second < received else None


def _objects(request: Row, second: datetime) -> bool | None:
    """Whether an objection was in force at a second; None when nobody knows since when, or until when."""
    if not _is_direct(request):
        return _granted_by(request, second) if request.get("outcome") in GRANTED else False
    came = next(request[column] for column in ANCHOR["rights_requests"] if request.get(column))
    if second < came:
        return False
    if request.get("outcome") != "withdrawn":
        return True
    return bool(second < request["closed_at"]) if request.get("closed_at") else None


def _item(export: Export, event: Row, verdict: Verdict) -> Item:
    judged, reason = verdict
    groups = {"group_purpose": event.get("purpose"), "group_channel": event.get("channel")}
    return item(
        event["event_id"], event["account_id"], export.day(event["occurred_at"]), judged, None, reason, **groups
    )
