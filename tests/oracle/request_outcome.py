"""What became of the requests received: the counts of Cal. Code Regs. tit. 11 § 7102."""

from __future__ import annotations

from .dates import reference
from .export import ANCHOR, Export, Item, Row, item
from .requests import clock, place

ENDS = {"fulfilled": "complied", "fulfilled_in_part": "complied in part", "refused": "denied"}


def request_outcome(export: Export) -> list[Item]:
    """Every request that counts, on the day it came in."""
    found = []
    for request in export.table("rights_requests"):
        if request.get("is_test") or _gone_in_time(export, request):
            continue
        came = next(request[column] for column in ANCHOR["rights_requests"] if request.get(column))
        outcome = _outcome(request)
        told = outcome in ("complied", "complied in part", "denied", "open")
        groups = {
            "group_request_type": _type(request.get("right_requested")),
            "group_resident": _resident(*place(export, request)),
            "group_outcome": outcome,
            "group_right_requested": request.get("right_requested"),
        }
        reason = "accounted_for" if told else "not_accounted_for"
        day = export.day(came)
        found.append(
            item(request["request_id"], request.get("account_id"), day, False, _seconds(request), reason, **groups)
        )
    return found


def _gone_in_time(export: Export, request: Row) -> bool:
    """Withdrawn or a duplicate, and closed on or before the due day."""
    due = clock(export, request).due
    if request.get("outcome") not in ("withdrawn", "duplicate") or not request.get("closed_at") or due is None:
        return False
    return export.day(request["closed_at"]) <= due


def _outcome(request: Row) -> str:
    word = request.get("outcome")
    if not request.get("closed_at"):
        return "not recorded" if word else "open"
    if word in ("withdrawn", "duplicate"):
        return str(word)
    return ENDS.get(word, "not recorded") if word else "not recorded"


def _seconds(request: Row) -> int | None:
    received, closed = request.get("received_at"), request.get("closed_at")
    if received is None or closed is None or closed < received:
        return None
    return int((closed - received).total_seconds())


def _type(right: str | None) -> str:
    words = {row["right_requested"]: row["law_word"] for row in reference("right_word") if row["regime"] == "CCPA"}
    return words.get(right or "", "other")


def _resident(country: str | None, region: str | None) -> str:
    if country is None or (country == "US" and region is None):
        return "unknown"
    return "California" if (country, region) == ("US", "CA") else "elsewhere"
