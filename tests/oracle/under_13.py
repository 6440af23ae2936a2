"""Under 13: birth dates and other signals."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from .dates import age, reference
from .export import Export, Item, Row, item


def own_birth_date(export: Export, account: Row) -> date | None:
    """The earliest accepted declaration (in one second the first written), else the date on file."""
    earliest: Row | None = None
    for stated in export.table("birth_date_declarations"):
        if stated.get("account_id") != account["account_id"] or not _accepted(stated) or not stated.get("birth_date"):
            continue
        if earliest is None or stated["declared_at"] < earliest["declared_at"]:
            earliest = stated
    born: date | None = earliest["birth_date"] if earliest else account.get("birth_date")
    return born


def _accepted(stated: Row) -> bool:
    return stated.get("accepted") is not False


def default_dates(export: Export) -> set[date]:
    """Birth dates borne by too many accounts to be true."""
    accounts = export.table("accounts")
    borne = [own_birth_date(export, account) for account in accounts]
    percent, least = export.scalars["default_date_percent"], export.scalars["default_date_accounts"]
    return {
        born
        for born in borne
        if born and borne.count(born) * 100 > percent * len(accounts) and borne.count(born) >= least
    }


def why_not_credible(export: Export, account: Row, born: date) -> str | None:
    """Why a date cannot be the holder's birth date, None when it can."""
    if born > export.day(account["opened_at"]):
        return "after_opening"
    if born < date(1900, 1, 1):
        return "before_1900"
    return "default_date" if born in default_dates(export) else None


def under_13_accounts(export: Export) -> list[Item]:
    """Accounts, open or with a record still stored, that have a birth date."""
    found = []
    for account in export.table("accounts"):
        born = own_birth_date(export, account)
        is_open = account.get("closed_at") is None
        holds_record = any(
            record.get("account_id") == account["account_id"] and record.get("deleted_at") is None
            for record in export.table("stored_records")
        )
        if born is None or not (is_open or holds_record):
            continue
        groups = {
            "group_holding": "open" if is_open else "record_still_stored",
            "group_country": account.get("country"),
        }
        judged, value, reason = _at_opening(export, account, born)
        found.append(
            item(account["account_id"], account["account_id"], export.last_day, judged, value, reason, **groups)
        )
    return found


def _at_opening(export: Export, account: Row, born: date) -> tuple[bool | None, int | None, str]:
    if why := why_not_credible(export, account, born):
        return None, None, why
    value = age(born, export.day(account["opened_at"]))
    if not export.log_reaches("birth_date_declarations", account):
        return None, value, "before_log"
    if value >= 13:
        return False, value, "of_age"
    return True, value, "under_13_now" if age(born, export.last_day) < 13 else "under_13_at_sign_up"


def under_13_signals(export: Export) -> list[Item]:
    """Open accounts with the signals that their holder is under 13."""
    weights, strength = _weights(export), {row["signal"]: int(row["strength"]) for row in reference("under_13_signal")}
    found = []
    for account in export.table("accounts"):
        if account.get("closed_at"):
            continue
        seen = {signal: seconds for signal, seconds in signals(export, account).items() if weights[signal] > 0}
        score = sum(weights[signal] for signal in seen)
        strongest = min(seen, key=strength.__getitem__) if seen else "none"
        state = review_state(export, account, [second for seconds in seen.values() for second in seconds])
        cleared = bool(seen) and state == "cleared"
        judged: bool | None = score >= 1 and not cleared
        if not seen and not export.log_reaches("birth_date_declarations", account):
            judged, strongest = None, "before_log"
        groups = {
            "group_cleared": "yes" if cleared else "no",
            "group_review": state,
            "group_country": account.get("country"),
        }
        found.append(
            item(account["account_id"], account["account_id"], export.last_day, judged, score, strongest, **groups)
        )
    return found


def under_13_signals_noticed(export: Export) -> list[Item]:
    """Kinds of signals of open accounts, each on the day it was first noticed."""
    places = {row["account_id"]: place for place, row in enumerate(export.example.tables.get("accounts", []), 1)}
    found = []
    for account in export.table("accounts"):
        if account.get("closed_at"):
            continue
        reason = "noticed" if export.log_reaches("birth_date_declarations", account) else "before_log"
        for signal, seconds in signals(export, account).items():
            state = review_state(export, account, seconds)
            groups = {
                "sum_signals": 1,
                "sum_cleared": int(state == "cleared"),
                "sum_confirmed": int(state == "confirmed_under_13"),
                "group_signal": signal,
                "group_country": account.get("country"),
            }
            key, first = f"{places[account['account_id']]}-{signal}", export.day(min(seconds))
            found.append(item(key, account["account_id"], first, False, None, reason, **groups))
    return found


def _weights(export: Export) -> dict[str, int]:
    """Points of each kind of signal: the table's, or those that the criteria set in their place."""
    points = {row["signal"]: int(row["weight"]) for row in reference("under_13_signal")}
    for row in export.lists.get("signal_weight", ()):
        points[row["signal"]] = int(row["weight"])
    return points


def review_state(export: Export, account: Row, noticed: list[datetime]) -> str:
    """What the reviews of an account say of signals noticed at these seconds (none: of no signal at all)."""
    mine = [row for row in export.table("age_reviews") if row.get("account_id") == account["account_id"]]
    decided = [row for row in mine if row.get("decided_at") is not None and row.get("decision") is not None]
    if decided:
        newest = max(row["decided_at"] for row in decided)
        said = {row["decision"] for row in decided if row["decided_at"] == newest}
        if "confirmed_under_13" in said:
            return "confirmed_under_13"
        if all(newest >= second for second in noticed):
            return "cleared"
    return "open" if len(decided) < len(mine) else "none"


def signals(export: Export, account: Row) -> dict[str, list[datetime]]:
    """Kind of signal → the seconds at which it was given."""
    seen: dict[str, list[datetime]] = {}

    def saw(signal: str, second: datetime) -> None:
        seen.setdefault(signal, []).append(second)

    on_file = account.get("birth_date")
    if on_file and _says_under_13(export, account, on_file):
        saw("birth_date_under_13", account["opened_at"])
    mine = [row for row in export.table("birth_date_declarations") if row.get("account_id") == account["account_id"]]
    for place, stated in enumerate(mine):
        born = stated.get("birth_date")
        if born is None:
            continue
        under = _says_under_13(export, account, born)
        if under and _accepted(stated):
            saw("birth_date_under_13", stated["declared_at"])
        # "While the account's does not": by its birth date, the earliest accepted declaration, else the one on file.
        own = own_birth_date(export, account)
        is_older = own is not None and age(own, export.last_day) >= 13
        if under and stated.get("source") == "third_party_sign_in" and is_older:
            saw("third_party_under_13", stated["declared_at"])
        if _accepted(stated) and _was_13(export, stated):
            earlier = [row for at, row in enumerate(mine) if (row["declared_at"], at) < (stated["declared_at"], place)]
            if any(_said_under_13(export, account, row) for row in earlier):
                saw("birth_date_changed", stated["declared_at"])
            if _passed_a_closed_gate(export, stated):
                saw("gate_bypassed", stated["declared_at"])
    for review in export.table("age_reviews"):
        if review.get("account_id") == account["account_id"] and review.get("source") == "guardian_report":
            saw("guardian_report", review["opened_at"])
    for text in export.table("text_signal"):
        if text.get("account_id") == account["account_id"] and text["under_13_until"] >= export.last_day:
            saw("text_states_age", text["written_at"])
    return seen


def _was_13(export: Export, stated: Row) -> bool:
    """Whether a date, one that can be a birth date, makes the person 13 or over on the day it was stated."""
    return stated["birth_date"].year >= 1900 and age(stated["birth_date"], export.day(stated["declared_at"])) >= 13


def _said_under_13(export: Export, account: Row, stated: Row) -> bool:
    born = stated.get("birth_date")
    return _accepted(stated) and born is not None and _says_under_13(export, account, born)


def _says_under_13(export: Export, account: Row, born: date) -> bool:
    """Whether the date is credible and whoever was born on it is under 13 on the last day of the period."""
    return why_not_credible(export, account, born) is None and age(born, export.last_day) < 13


def _passed_a_closed_gate(export: Export, stated: Row) -> bool:
    """Whether the gate had refused the same device in the same second or shortly before."""
    within = timedelta(seconds=int(export.scalars["age_gate_seconds"]))
    for refused in export.table("birth_date_declarations"):
        if _accepted(refused) or not refused.get("device_id") or refused["device_id"] != stated.get("device_id"):
            continue
        if refused.get("birth_date") and age(refused["birth_date"], export.last_day) >= 13:
            continue
        if refused["declared_at"] <= stated["declared_at"] <= refused["declared_at"] + within:
            return True
    return False
