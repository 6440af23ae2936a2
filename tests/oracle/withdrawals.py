"""What follows a withdrawal or an opt-out: read decision by decision, second by second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .consent import _is_weak, _within_grace, acted, country, subject
from .export import Export, Item, Row, item

Who = tuple[str, str] | None
NO = ("refused", "withdrawn")
YES = ("given", "renewed")


@dataclass(frozen=True)
class Followed:
    """A withdrawal or opt-out with the instants of what was done after it, while it was followed."""

    decision: Row
    day: date
    last_day: date
    after: list[Row]
    """Events at or after it, on or before the last day, before a new grant; in order of time."""


def _purposes(export: Export, mark: str) -> set[str]:
    return {row["purpose"] for row in export.lists["purpose"] if row[mark]}


def _said(export: Export, who: Who, purpose: str) -> dict[datetime, list[Row]]:
    """Every second in which the subject answered for the purpose, in order of time, with the answers of that second."""
    heard: dict[datetime, list[Row]] = {}
    for row in export.table("consent_events"):
        is_answer = row["status"] != "requested" and not _is_weak(row)
        if is_answer and subject(row) == who and row.get("purpose") == purpose:
            heard.setdefault(acted(row), []).append(row)
    return dict(sorted(heard.items()))


def _new_grant(export: Export, who: Who, purpose: str, after: datetime) -> datetime | None:
    """The first later second in which a grant was given and nothing else was said."""
    for second, answers in _said(export, who, purpose).items():
        if second > after and all(row["status"] in YES for row in answers):
            return second
    return None


def _follow(export: Export, decision: Row, events: list[Row]) -> Followed:
    start, who = acted(decision), subject(decision)
    day = export.day(start)
    last_day = day + timedelta(days=int(export.scalars["follow_up_days"]))
    grant = _new_grant(export, who, decision["purpose"], start)
    after = [
        event
        for event in events
        if who is not None and subject(event) == who and event.get("purpose") == decision["purpose"]
        if event["occurred_at"] >= start and export.day(event["occurred_at"]) <= last_day
        if grant is None or event["occurred_at"] < grant
    ]
    return Followed(decision, day, last_day, sorted(after, key=lambda event: event["occurred_at"]))


def _withdrawals(export: Export) -> list[Followed]:
    based, events = _purposes(export, "is_consent_based"), export.table("processing_events")
    return [
        _follow(export, row, events)
        for row in export.table("consent_events")
        if row["status"] == "withdrawn" and row.get("purpose") in based
    ]


def _opt_outs(export: Export) -> list[Followed]:
    """The decisions that turned a state into refused or withdrawn; and every refusal that names nobody."""
    marketing = _purposes(export, "is_marketing")
    decisions = [row for row in export.table("consent_events") if row.get("purpose") in marketing]
    messages = [row for row in export.table("processing_events") if row.get("channel") in ("email", "push")]
    openers = [row for row in decisions if subject(row) is None and row["status"] in NO]
    for who, purpose in {(subject(row), row["purpose"]) for row in decisions if subject(row) is not None}:
        is_out = False
        for answers in _said(export, who, purpose).values():
            refusals = [row for row in answers if row["status"] in NO]
            if refusals and not is_out:
                withdrawals = [row for row in refusals if row["status"] == "withdrawn"]
                openers.append((withdrawals or refusals)[0])
            is_out = bool(refusals)
    return [_follow(export, row, messages) for row in openers]


def _home(export: Export, decision: Row) -> str | None:
    account = export.account(decision.get("account_id"))
    return account.get("country") if account else None


def _flow(export: Export, followed: Followed, held: int, bad: str, good: str) -> Item:
    """The item of a flow: `held` events are held against the controller."""
    decision = followed.decision
    on_day, judged, value, reason = followed.last_day, None, None, ""
    if subject(decision) is None:
        on_day, reason = followed.day, "no_subject"
    elif held:
        judged, value, reason = True, held, bad
    elif not export.covers("processing_events", followed.day):
        reason = "before_log"
    else:
        judged, value, reason = False, 0, good
    groups = {
        "group_purpose": decision["purpose"],
        "group_country": _home(export, decision),
        "group_method": decision.get("method"),
    }
    return item(decision["event_id"], decision.get("account_id"), on_day, judged, value, reason, **groups)


def _delay(export: Export, followed: Followed, **groups: str | None) -> Item:
    """The item of a duration: the days to the last event, or so far."""
    decision = followed.decision
    judged, value = None, None
    if subject(decision) is None:
        reason = "no_subject"
    elif followed.last_day > export.last_day:
        judged, value, reason = False, (export.last_day - followed.day).days, "still_followed"
    elif followed.after:
        last = export.day(followed.after[-1]["occurred_at"])
        judged, value, reason = True, (last - followed.day).days, "went_on"
    elif not export.covers("processing_events", followed.day):
        reason = "before_log"
    else:
        judged, value, reason = True, 0, "stopped_at_once"
    groups |= {"group_method": decision.get("method"), "group_purpose": decision["purpose"]}
    return item(decision["event_id"], decision.get("account_id"), followed.day, judged, value, reason, **groups)


def processing_after_withdrawal(export: Export) -> list[Item]:
    """Withdrawals, and whether processing for their purpose went on."""
    grace = timedelta(seconds=int(export.scalars["withdrawal_grace_seconds"]))
    found = []
    for followed in _withdrawals(export):
        held = [event for event in followed.after if event["occurred_at"] - acted(followed.decision) >= grace]
        found.append(_flow(export, followed, len(held), "not_respected", "respected"))
    return found


def withdrawal_delay(export: Export) -> list[Item]:
    """Withdrawals, and how long processing for their purpose went on."""
    return [_delay(export, followed) for followed in _withdrawals(export)]


def opt_out_honoured(export: Export) -> list[Item]:
    """Unbroken opt-outs of marketing, and the messages that came too late."""
    found = []
    for followed in _opt_outs(export):
        late = [
            message
            for message in followed.after
            if not _within_grace(country(export, message), followed.day, export.day(message["occurred_at"]))
        ]
        found.append(_flow(export, followed, len(late), "not_honoured", "honoured"))
    return found


def opt_out_delay(export: Export) -> list[Item]:
    """Unbroken opt-outs of marketing, and how long messages went on."""
    return [_delay(export, out, group_country=_home(export, out.decision)) for out in _opt_outs(export)]
