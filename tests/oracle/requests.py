"""Rights requests: the clock of each request, and whether it was met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from .dates import months_later, next_working, on, working_days_later
from .export import ANCHOR, Export, Item, Row, item


@dataclass
class Clock:
    """What the law says about one request. `due` None: why it cannot be told stands in `why`. `first_due`: not extended."""

    regime: str | None = None
    due: date | None = None
    why: str = ""
    identity_step: str | None = None
    source_verified: str | None = None
    first_due: date | None = None
    is_open_ended: bool = False
    """Extended in time under a law that sets no end to an extension."""


def request_on_time(export: Export) -> list[Item]:
    """Requests, judged on their due day; those without one on the day they came in."""
    found = []
    for request in _population(export):
        received, closed = _day(export, request, "received_at"), _day(export, request, "closed_at")
        law = clock(export, request)
        value = ((closed or export.last_day) - received).days if received else None
        ended_some_day = closed is None and request.get("outcome") is not None
        if ended_some_day:
            value = None
        if law.due is None:
            on_day, judged, reason = _came_in(export, request), None, law.why
        elif ended_some_day:
            on_day, judged, reason = law.due, None, "closing_unknown"
        elif law.is_open_ended and (closed is None or closed > law.due):
            on_day, judged, reason = law.due, None, "extended_openly"
        elif closed is None:
            on_day, judged, reason = law.due, True, "open_late"
        elif closed > law.due:
            on_day, judged, reason = law.due, True, "late"
        else:
            on_day, judged, reason = law.due, False, "on_time"
        groups = _groups(export, request, law.regime) | {
            "group_identity_step": law.identity_step,
            "group_source_verified": law.source_verified,
        }
        found.append(item(request["request_id"], request.get("account_id"), on_day, judged, value, reason, **groups))
    return found


def request_response_time(export: Export) -> list[Item]:
    """Requests with a day of receipt: how long they have waited."""
    found = []
    for request in _population(export):
        received, closed = _day(export, request, "received_at"), _day(export, request, "closed_at")
        if received is None:
            continue
        judged: bool | None
        value: int | None
        if closed is None and request.get("outcome") is not None:
            judged, value, reason = None, None, "closing_unknown"
        elif closed is None:
            judged, value, reason = False, (export.last_day - received).days, "open"
        elif request["closed_at"] < request["received_at"]:
            judged, value, reason = None, None, "ends_before_start"
        else:
            judged, value, reason = True, (closed - received).days, "closed"
        groups = _groups(export, request, clock(export, request).regime)
        found.append(item(request["request_id"], request.get("account_id"), received, judged, value, reason, **groups))
    return found


def _groups(export: Export, request: Row, regime: str | None) -> dict[str, str | None]:
    return {
        "group_right_requested": request.get("right_requested"),
        "group_regime": regime,
        "group_country": place(export, request)[0],
        "group_channel": request.get("channel"),
    }


def _population(export: Export) -> list[Row]:
    """All but test requests, and withdrawn or duplicate ones closed on or before their due day."""
    found = []
    for request in export.table("rights_requests"):
        if request.get("is_test"):
            continue
        closed, due = _day(export, request, "closed_at"), clock(export, request).due
        if request.get("outcome") in ("withdrawn", "duplicate") and closed and due and closed <= due:
            continue
        found.append(request)
    return found


def _day(export: Export, request: Row, column: str) -> date | None:
    return export.day(request[column]) if request.get(column) else None


def _came_in(export: Export, request: Row) -> date:
    return next(export.day(request[column]) for column in ANCHOR["rights_requests"] if request.get(column))


def place(export: Export, request: Row) -> tuple[str | None, str | None]:
    """Country and region of the request, else of its account."""
    if request.get("country"):
        return request["country"], request.get("region")
    account = export.account(request.get("account_id"))
    return (account.get("country"), account.get("region")) if account else (None, None)


def regime(export: Export, request: Row, received: date) -> str | None:
    """The law that applies on the day of receipt: that of the region, else that of the whole country."""
    country, region = place(export, request)
    if country is None:
        return None
    row = on("regime", received, country=country, region=region) if region else None
    row = row or on("regime", received, country=country, region="")
    return row["regime"] if row else None


def clock(export: Export, request: Row) -> Clock:
    """The due day of a request, step by step as the definition has it."""
    received = _day(export, request, "received_at")
    if received is None:
        return Clock(why="no_receipt")
    law = regime(export, request, received)
    if law is None:
        return Clock(why="no_regime")
    rule = on("deadline", received, regime=law, right_requested=request.get("right_requested") or "")
    if rule is None:
        return Clock(law, why="no_deadline")
    calendar = next((row["calendar"] for row in export.lists["regime_calendar"] if row["regime"] == law), None)
    start = received + timedelta(days=1) if rule["starts_day_after"] == "yes" else received
    plain = _count(export, start, rule["amount"], rule["unit"], calendar)

    start, identity_pause, step = _identity(export, request, rule, start, plain)
    restarted = _count(export, start, rule["amount"], rule["unit"], calendar)
    runs_to = restarted + timedelta(days=identity_pause)
    pause = identity_pause + _clarification(export, request, rule, start, runs_to)

    def end(amount: str, unit: str) -> date:
        day = _count(export, start, amount, unit, calendar) + timedelta(days=pause)
        moves = rule["rolls_over"] == "yes" and export.scalars["roll_over"]
        return next_working(calendar, day) if moves and calendar else day

    due = first_due = end(rule["amount"], rule["unit"])
    told = _day(export, request, "extended_at")
    is_valid = bool(told and told <= due and request.get("extension_reason"))
    if is_valid and rule["extended_amount"]:
        due = end(rule["extended_amount"], rule["extended_unit"])
    return Clock(law, due, "", step, rule["verified"], first_due, is_valid and rule["extended_unit"] == "open")


def _count(export: Export, start: date, amount: str, unit: str, calendar: str | None) -> date:
    if unit == "month":
        return months_later(start, int(amount))
    if unit == "working_day":
        assert calendar is not None
        return working_days_later(calendar, start, int(amount))
    return start + timedelta(days=int(amount) - (1 if export.scalars["inclusive_days"] else 0))


def _identity(export: Export, request: Row, rule: Row, start: date, plain: date) -> tuple[date, int, str]:
    """The start, the days the clock stood, and the word for what the question for identity did."""
    asked, proved = _day(export, request, "identity_requested_at"), _day(export, request, "identity_verified_at")
    wait = int(export.scalars["identity_wait_days"])
    if rule["identity"] == "none" or asked is None or asked > plain:
        return start, 0, "none"
    if proved is None or proved > plain + timedelta(days=wait):
        return start, wait, "waited"
    if rule["identity"] == "restart":
        return (proved, 0, "restarted") if proved >= asked else (start, 0, "none")
    return start, max((proved - asked).days, 0), "suspended"


def _clarification(export: Export, request: Row, rule: Row, start: date, runs_to: date) -> int:
    """The days the clock, which would run to a day, stood for an answer that makes the request clearer.

    "Likewise": asked on or before the day the clock then ran to. A clock that has not started cannot stand.
    """
    asked = _day(export, request, "clarification_requested_at")
    answered = _day(export, request, "clarification_received_at")
    wait = int(export.scalars["identity_wait_days"])
    if rule["clarification"] != "suspend" or asked is None or asked > runs_to:
        return 0
    if answered is None or answered > runs_to + timedelta(days=wait):
        return wait
    return max((answered - max(asked, start)).days, 0)
