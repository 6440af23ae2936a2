"""The records of consent themselves: what they show, how old they are, what was asked and answered, what is declared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .consent import STRICTEST_FIRST, acted, answers, country, subject
from .dates import months_later, on
from .export import Export, Item, Row, item

NEEDED = {
    "policy_version": "consent_needs_policy_version",
    "method": "consent_needs_method",
    "language": "consent_needs_language",
    "evidence_ref": "consent_needs_evidence",
}
"""Field of a record of consent → the yes/no that requires it."""


def _grants(export: Export) -> list[Row]:
    return [row for row in export.table("consent_events") if row["status"] in ("given", "renewed")]


def _declared(export: Export) -> set[str]:
    return {row["purpose"] for row in export.lists["purpose"]}


def _country(export: Export, row: Row) -> str | None:
    account = export.account(row.get("account_id"))
    return account.get("country") if account else None


def _of_the_person(row: Row) -> bool:
    """An act of the person: neither inferred from use nor imported."""
    return row.get("method") not in ("use", "import")


def _standing(export: Export, row: Row) -> str | None:
    """The last answer of the row's subject for its purpose up to the row's second; a grant that ran out is `expired`."""
    moment = {**row, "occurred_at": acted(row)}
    told = answers(export, moment)
    if not told:
        return None
    second, word = told[-1]
    if word == "given" and export.day(acted(row)) > months_later(export.day(second), export.scalars["consent_validity_months"]):
        return "expired"
    return word


def _beside(export: Export, row: Row) -> str:
    """For a record by use or import: whether a grant of the person `stands` beside it, `none` does, or why nobody knows."""
    if subject(row) is None or row.get("purpose") is None:
        return "none"
    if row["purpose"] not in _declared(export):
        return "undeclared_purpose"
    word = _standing(export, row)
    if word is None and not export.log_reaches("consent_events", export.account(row.get("account_id"))):
        return "before_log"
    return "stands" if word == "given" else "none"


def consent_demonstrable(export: Export) -> list[Item]:
    """Grants on record: whether they can be shown."""
    found = []
    for row in _grants(export):
        lacking = sum(1 for column, needs in NEEDED.items() if export.scalars[needs] and row.get(column) is None)
        beside = "stands" if _of_the_person(row) else _beside(export, row)
        judged: bool | None = True
        if beside == "none":
            reason = f"{row['method']}_only"
        elif lacking:
            reason = "incomplete"
        elif beside == "stands":
            judged, reason = False, "complete"
        else:
            judged, reason = None, beside
        day = export.day(row["recorded_at"])
        groups = {**_words(row, "purpose", "method"), "group_country": _country(export, row)}
        found.append(item(row["event_id"], row.get("account_id"), day, judged, lacking, reason, **groups))
    return found


def _words(row: Row, *columns: str) -> dict[str, Any]:
    return {f"group_{column}": row.get(column) for column in columns}


def consent_record_fields(export: Export) -> list[Item]:
    """Grants on record, with the fields they fill."""
    found = []
    for row in _grants(export):
        filled = {
            "sum_with_subject": subject(row) is not None,
            "sum_with_recipient": row.get("recipient_id") is not None,
        }
        for column in ("purpose", "acted_at", "policy_version", "method", "language", "evidence_ref"):
            filled[f"sum_with_{column}"] = row.get(column) is not None
        reason = "all_filled" if all(filled.values()) else "some_empty"
        sums = {"sum_grants": 1, **{name: int(is_filled) for name, is_filled in filled.items()}}
        day = export.day(row["recorded_at"])
        groups = _words(row, "purpose", "method")
        found.append(item(row["event_id"], row.get("account_id"), day, False, None, reason, **sums, **groups))
    return found


def consent_fresh(export: Export) -> list[Item]:
    """Grants that stand at the last second of the period, and how old they are."""
    end = export.as_of - timedelta(seconds=1)
    standing: dict[tuple[Any, str], Row] = {}
    for row in export.table("consent_events"):
        who, purpose = subject(row), row.get("purpose")
        if who is None or purpose not in _declared(export):
            continue
        now = {**row, "acted_at": end}
        if _standing(export, now) != "given":
            continue
        last = answers(export, {**row, "occurred_at": end})[-1][0]
        if row["status"] in ("given", "renewed") and _of_the_person(row) and acted(row) == last:
            standing[who, str(purpose)] = row  # of several in that second the last written
    return [_aged(export, row) for row in standing.values()]


def _aged(export: Export, row: Row) -> Item:
    granted, where = export.day(acted(row)), _country(export, row)
    rule = on("consent_refresh", export.last_day, country=where) if where else None
    months = int(rule["months"]) if rule else export.scalars["consent_refresh_months"]
    stale = export.last_day > months_later(granted, months)
    groups = {"group_purpose": row["purpose"], "group_country": where}
    days = (export.last_day - granted).days
    reason = "stale" if stale else "fresh"
    return item(row["event_id"], row.get("account_id"), export.last_day, stale, days, reason, **groups)


def declared_purpose(export: Export) -> list[Item]:
    """Acts of processing: whether their purpose, and their basis for it, are declared."""
    bases: dict[str, set[str]] = {purpose: set() for purpose in _declared(export)}
    for row in export.lists["purpose_basis"]:
        bases.setdefault(row["purpose"], set()).add(row["legal_basis"])
    found = []
    for event in export.table("processing_events"):
        purpose, basis = event.get("purpose"), event.get("legal_basis")
        if purpose not in _declared(export):
            reason = "undeclared_purpose"
        elif not basis:
            reason = "no_basis"
        else:
            reason = "declared" if basis in bases[purpose] else "other_basis"
        day = export.day(event["occurred_at"])
        groups = {**_words(event, "purpose", "legal_basis", "system"), "group_country": country(export, event)}
        found.append(item(event["event_id"], event.get("account_id"), day, reason != "declared", None, reason, **groups))
    return found


def opt_in(export: Export) -> list[Item]:
    """Prompts, each with what came of it, and answers."""
    found = []
    for place, row in enumerate(export.table("consent_events")):
        if row.get("purpose") not in _declared(export):
            continue
        if row["status"] == "requested":
            word = _came_of(export, place, row)
            reason = "no_subject" if word == "no_subject" else f"prompt_{word}"
        elif row["status"] in ("given", "refused") and (row["status"] == "refused" or _of_the_person(row)):
            reason = f"answer_{row['status']}"
        else:
            continue
        groups = {**_words(row, "purpose", "policy_version", "method"), "group_country": _country(export, row)}
        judged = None if reason == "no_subject" else False
        day = export.day(acted(row))
        found.append(item(row["event_id"], row.get("account_id"), day, judged, None, reason, **_sums(reason), **groups))
    return found


def _sums(reason: str) -> dict[str, int]:
    kind, _, word = reason.partition("_")
    sums = {f"sum_prompts_{w}": int(reason == f"prompt_{w}") for w in ("given", "refused", "renewed", "unanswered")}
    return sums | {
        "sum_prompts": int(kind == "prompt"),
        "sum_answers": int(kind == "answer"),
        "sum_answers_given": int(kind == "answer" and word == "given"),
    }


def _came_of(export: Export, place: int, prompt: Row) -> str:
    """What answered the prompt that stands at this place of the table: the first answer before the next prompt."""
    who = subject(prompt)
    if who is None:
        return "no_subject"
    asked, closes = acted(prompt), None
    mine = [
        (number, row)
        for number, row in enumerate(export.table("consent_events"))
        if subject(row) == who and row.get("purpose") == prompt["purpose"]
    ]
    for number, row in mine:
        if row["status"] == "requested" and (acted(row), number) > (asked, place):
            closes = acted(row) if closes is None else min(closes, acted(row))
    heard = [
        (acted(row), row["status"])
        for _, row in mine
        if (row["status"] == "refused" or (row["status"] in ("given", "renewed") and _of_the_person(row)))
        and acted(row) >= asked
        and (closes is None or acted(row) < closes)
    ]
    if not heard:
        return "unanswered"
    first = min(second for second, _ in heard)
    return min((word for second, word in heard if second == first), key=[*STRICTEST_FIRST, "renewed"].index)
