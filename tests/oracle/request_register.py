"""Rights requests as a register: what is still open, what was refused and how, what the entries lack."""

from __future__ import annotations

from .export import Export, Item, Row, item
from .requests import Clock, _came_in, _day, _groups, _population, clock


def request_backlog(export: Export) -> list[Item]:
    """Requests without an instant of closing, on the last day of the period."""
    found = []
    for request in _population(export):
        if request.get("closed_at"):
            continue
        law = clock(export, request)
        days, reason = _waiting(export, request, law)
        judged = {"overdue": True, "within_time": False}.get(reason)
        groups = _groups(export, request, law.regime) | {"group_overdue_since": _since(days)}
        found.append(
            item(request["request_id"], request.get("account_id"), export.last_day, judged, days, reason, **groups)
        )
    return found


def _waiting(export: Export, request: Row, law: Clock) -> tuple[int | None, str]:
    """Days past due where it is so, and the reason."""
    if law.due is None:
        return None, law.why
    if request.get("outcome"):
        return None, "closing_unknown"
    past = (export.as_of_day - law.due).days
    if past > 0 and law.is_open_ended:
        return None, "extended_openly"
    return (past, "overdue") if past > 0 else (None, "within_time")


def _since(days: int | None) -> str:
    if days is None:
        return "not overdue"
    for most, word in ((7, "1 to 7 days"), (30, "8 to 30 days"), (90, "31 to 90 days")):
        if days <= most:
            return word
    return "over 90 days"


def refusal_reasoned(export: Export) -> list[Item]:
    """Requests refused or fulfilled in part, on the day they were closed."""
    found = []
    for request in _population(export):
        if request.get("outcome") not in ("refused", "fulfilled_in_part"):
            continue
        closed = _day(export, request, "closed_at")
        reason = "reasoned" if request.get("remedies_told") else "no_remedies"
        if not request.get("refusal_reason"):
            reason = "bare"
        judged: bool | None = reason != "reasoned"
        if closed is None:
            judged, reason = None, "closing_unknown"
        groups = _groups(export, request, clock(export, request).regime) | {"group_outcome": request["outcome"]}
        on_day = closed or _came_in(export, request)
        found.append(item(request["request_id"], request.get("account_id"), on_day, judged, None, reason, **groups))
    return found


def request_log_complete(export: Export) -> list[Item]:
    """Every request that counts, with the fields it lacks."""
    found = []
    for request in _population(export):
        lacking = _lacking(request)
        groups = _groups(export, request, clock(export, request).regime)
        groups["group_missing"] = lacking[0] if lacking else "nothing"
        judged, reason = (True, "incomplete") if lacking else (False, "complete")
        on_day, account_id = _came_in(export, request), request.get("account_id")
        found.append(item(request["request_id"], account_id, on_day, judged, len(lacking), reason, **groups))
    return found


def _lacking(request: Row) -> list[str]:
    """The fields an entry lacks, in the order of the process."""
    fields = {
        "received": "received_at",
        "right": "right_requested",
        "channel": "channel",
        "account": "account_id",
    }
    if request.get("closed_at") or request.get("outcome"):
        fields["outcome"] = "outcome"
    if request.get("outcome") == "refused":
        fields["refusal_reason"] = "refusal_reason"
    return [name for name, column in fields.items() if not request.get(column)]
