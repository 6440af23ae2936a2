"""The cast: a few dozen accounts whose stories are written by hand, the rare exceptions and their look-alikes.

A look-alike is something that a careless reading takes for an exception and that is none: deleted on the due day,
answered on the Monday after a weekend, mailed within the grace. Times are wall clock of the controller's zone.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from audit_lib.sample.frames import NOTE, TRUTH
from audit_lib.sample.people import device
from audit_lib.sample.records import SYSTEMS
from audit_lib.sample.world import NA, day, instant
from audit_lib.vocabulary import day_date

UNKNOWN_ACCOUNT = 999_999_999
"""An account number that no account has, for records that have lost their owner."""


def at(text: str | None) -> int:
    """UTC second of `YYYY-MM-DD` (noon) or `YYYY-MM-DD HH:MM:SS` in the controller's zone; None gives NA."""
    if text is None:
        return NA
    clock = text[11:] or "12:00:00"
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return int(instant(day(text[:10]), hours * 3600 + minutes * 60 + seconds))


class Cast:
    """Collects hand-written rows per table."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.accounts = 0
        self.named: dict[str, int] = {}
        """Accounts that later stories come back to, by the name the first one gave them."""

    def add(self, table: str, note: str = "", truth: dict[str, str] | None = None, **values: Any) -> None:
        """One row; `truth` names the measures whose exception it is, with the reason."""
        planted = {TRUTH + measure: reason for measure, reason in (truth or {}).items()}
        self.rows.setdefault(table, []).append({**values, **planted, NOTE: note})

    def account(
        self, country: str | None, opened: str, closed: str | None = None, birth: str | None = "",
        note: str = "", region: str | None = None, method: str = "email", truth: dict[str, str] | None = None,
        declared: bool = True, active: str | None = "", name: str = "",
    ) -> int:  # fmt: skip
        """An account and, unless told otherwise, the declaration of its birth date at sign-up.

        `active` is the last activity: empty for the closing, else shortly before the end of the quarter; None: unknown.

        `birth` is a date, None, or empty: an adult's, each another, lest one date be borne by more than 1 % of all.
        """
        self.accounts += 1
        number = self.accounts
        if name:
            self.named[name] = number
        if birth == "":
            birth = str(day_date(day("1970-02-03") + 97 * number))
        born = NA if birth is None else day(birth)
        self.add(
            "accounts", note, truth, _key=number, opened_at=at(opened), closed_at=at(closed), country=country,
            last_active_at=at((closed or "2018-09-20") if active == "" else active), region=region, birth_date=born, sign_up_method=method,
            password_scheme="bcrypt" if method == "email" else "none",
            password_salted=1 if method == "email" else NA,
        )  # fmt: skip
        if declared and birth is not None:
            self.declare(number, birth, opened)
        return number

    def plant(self, number: int, note: str, **truth: str) -> None:
        """Make an account that was told of before the exception of further measures."""
        row = next(row for row in self.rows["accounts"] if row["_key"] == number)
        row.update({TRUTH + measure: reason for measure, reason in truth.items()})
        row[NOTE] = "; ".join(part for part in (row[NOTE], note) if part)

    def declare(
        self, number: int | None, birth: str, when: str, source: str = "sign_up", accepted: int = 1,
        device_id: int | None = None, note: str = "", **truth: str,
    ) -> None:  # fmt: skip
        """A stated birth date; keyword arguments name the measures it is an exception of."""
        own = NA if number is None else int(device(number, 0))
        self.add(
            "birth_date_declarations", note, truth, account_id=NA if number is None else number, birth_date=day(birth),
            device_id=own if device_id is None else device_id, declared_at=at(when), source=source, accepted=accepted,
        )  # fmt: skip

    def record(
        self, number: int, category: str, collected: str, deleted: str | None = None, note: str = "", **truth: str
    ) -> None:
        """A stored record; keyword arguments name the measures it is an exception of."""
        source = {"usage": "automatic", "device": "automatic", "cookies": "automatic", "transaction": "automatic"}
        self.add(
            "stored_records", note, truth, account_id=number, data_category=category, system=SYSTEMS[category],
            collected_at=at(collected), deleted_at=at(deleted), source=source.get(category, "person"),
        )  # fmt: skip

    def hold(
        self, number: int, starts: str, ends: str | None, recorded: str, category: str | None = None,
        basis: str | None = "defence of legal claims", reviewed: str | None = None, case_closed: str | None = None,
        note: str = "", undocumented: str | None = None,
    ) -> None:  # fmt: skip
        """A legal hold; `undocumented` is the reason it is an exception of legal_hold_documented, if it is."""
        over = case_closed or ends
        self.add(
            "legal_holds", note, {"legal_hold_documented": undocumented} if undocumented else None,
            account_id=number, data_category=category, reason="claim", starts_on=day(starts), legal_basis=basis,
            ends_on=NA if ends is None else day(ends), reviewed_on=NA if reviewed is None else day(reviewed),
            recorded_at=at(recorded), case_id=f"CASE-{number:06d}", case_closed_on=NA if over is None else day(over),
        )  # fmt: skip

    def request(
        self, number: int, right: str | None, country: str, received: str | None, closed: str | None, note: str = "",
        late: str | None = None, outcome: str | None = "fulfilled", truth: dict[str, str] | None = None, **values: Any,
    ) -> None:  # fmt: skip
        """A rights request; `late` is the reason it is an exception of request_on_time, if it is."""
        row: dict[str, Any] = {
            "account_id": number, "right_requested": right, "country": country, "channel": "web_form",
            "received_at": at(received), "acknowledged_at": at(received) + 600 if received else NA, "closed_at": at(closed),
            "outcome": outcome if closed else None, "direct_marketing": 0, "is_test": 0,
            "remedies_told": NA if closed is None else int(outcome == "refused"),
        }  # fmt: skip
        times = {name: at(value) for name, value in values.items() if name.endswith("_at")}
        others = {name: value for name, value in values.items() if not name.endswith("_at")}
        missed = {"request_on_time": late} if late else {}
        self.add("rights_requests", note, {**missed, **(truth or {})}, **{**row, **times, **others})

    def decide(
        self, number: int, purpose: str, status: str, when: str, method: str | None = "settings", note: str = "",
        truth: dict[str, str] | None = None, **values: Any,
    ) -> None:  # fmt: skip
        """A consent decision or prompt."""
        row = {"account_id": number, "policy_version": "2018-05-10", "language": "en", "acted_at": NA}
        row["evidence_ref"] = None if method in ("use", "import") or status == "requested" else "consent-store"
        self.add(
            "consent_events", note, truth, **{**row, "purpose": purpose, "status": status, "recorded_at": at(when),
                                 "method": method, **values},
        )  # fmt: skip

    def event(
        self, number: int, purpose: str | None, when: str, channel: str = "cookie", country: str | None = None,
        note: str = "", legal_basis: str | None = "consent", device_id: int = NA, **truth: str,
    ) -> None:  # fmt: skip
        """An act of processing; keyword arguments name the measures it is an exception of."""
        systems = {"email": "braze", "push": "braze", "cookie": "tag-manager"}
        self.add(
            "processing_events", note, truth, account_id=number, device_id=device_id, purpose=purpose,
            occurred_at=at(when), legal_basis=legal_basis, channel=channel, country=country,
            system=systems.get(channel, "player-api"), property="viki.com",
            template_id="new-episodes-weekly" if channel in ("email", "push") else None,
        )  # fmt: skip

    def review(self, number: int, opened: str, source: str, decided: str | None = None, decision: str | None = None,
               note: str = "", data_deleted: str | None = None, **truth: str) -> None:  # fmt: skip
        """A case about a possibly under-13 account; keyword arguments name the measures it is an exception of."""
        self.add("age_reviews", note, truth, account_id=number, opened_at=at(opened), source=source, decided_at=at(decided),
                 decision=decision, data_deleted_at=at(data_deleted))  # fmt: skip

    def text(self, number: int, when: str, body: str, source: str = "comment", language: str = "en") -> None:
        """A text a person wrote."""
        self.add("texts", account_id=number, source=source, written_at=at(when), language=language, body=body)

    def transfer(self, recipient: str, destination: str, when: str, tool: str | None, category: str = "registration",
                 origin: str = "DE", note: str = "", **values: Any) -> None:  # fmt: skip
        """A transfer; values may hold `truth`."""
        row = {"purpose": "service_delivery", "persons": 120, "records": 240, "bytes": 96_000}
        self.add("transfers", note, occurred_at=at(when), origin_country=origin, destination_country=destination,
                 recipient_id=recipient, data_category=category, transfer_tool=tool, **{**row, **values})  # fmt: skip

    def frame(self, table: str) -> pd.DataFrame | None:
        """The rows of one table, None if there are none."""
        rows = self.rows.get(table)
        return pd.DataFrame(rows) if rows else None
