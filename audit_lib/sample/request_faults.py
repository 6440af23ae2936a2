"""What is wrong with some requests beside their date: extensions, proof of identity, refusals, gaps in the log.

None of it moves a due day over an answer, so that what is planted about deadlines stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit_lib.sample.frames import Frame, choose
from audit_lib.sample.world import AS_OF, DAY, NA, Q3, Flags, Ints, Words, instant, local_day

EXTENDED_BADLY = 0.15
"""Share of late answers in the Union (without the United Kingdom) that were extended too late or without a reason."""
ASKED_LATE = 0.50
NEEDLESS = 0.30
"""Share of the requests made in the app for which proof of identity was asked; the others came by web form."""
BARE = 0.06
NO_CHANNEL, NO_ACCOUNT, NO_OUTCOME = 0.015, 0.010, 0.015
LATER = 9 * DAY
PLAIN_RIGHTS = ("access", "rectification", "portability")
"""Rights whose requests no other measure needs an account or outcome of."""


@dataclass
class Asked:
    """Requests of the crowd with the plan behind them."""

    frame: Frame
    received_day: Ints
    due: Ints
    closed_day: Ints
    in_union: Flags
    """The GDPR applies, as in the Union without the United Kingdom."""

    def say(self, measure: str, days: Ints, reasons: Words, note: str | dict[str, str]) -> None:
        """Lists the exceptions of a measure whose day is in the audited quarter, with their notes."""
        told = choose((days >= Q3) & (days < AS_OF), reasons, None)
        self.frame.truth[measure] = told
        assert self.frame.notes is not None
        for reason in {word for word in told if word is not None}:
            index = np.flatnonzero(told == reason)
            text = note if isinstance(note, str) else note[reason]
            self.frame.notes[index] = [f"{before}; {text}" if before else text for before in self.frame.notes[index]]


def plant_faults(rng: np.random.Generator, asked: Asked) -> None:
    """All of them, in the order in which a request goes its way."""
    for plant in (_extensions, _identity, _refusals, _gaps):
        plant(rng, asked)
    _backlog(asked)


def _extensions(rng: np.random.Generator, asked: Asked) -> None:
    """Some late answers had been extended, but only after the due day, or without giving a reason."""
    rows, size = asked.frame.columns, len(asked.due)
    late = (asked.closed_day != NA) & (asked.closed_day > asked.due) & asked.in_union
    badly, too_late = late & (rng.random(size) < EXTENDED_BADLY), rng.random(size) < 0.5
    told_day = np.where(too_late, asked.due + 1 + rng.integers(0, 3, size), asked.due - 5)
    rows["extended_at"] = np.where(badly, instant(told_day, 40000), rows["extended_at"])
    rows["extension_reason"][badly & too_late] = "complex request over several systems"
    reasons = choose(badly, np.where(too_late, "late", "no_reason").astype(object), None)
    notes = {"late": "told of the extension after the due day", "no_reason": "extended without a reason"}
    asked.say("extension_notified", local_day(rows["extended_at"]), reasons, notes)


def _identity(rng: np.random.Generator, asked: Asked) -> None:
    """Proof of identity asked for after more than a week, or of a person who was signed in."""
    rows, size = asked.frame.columns, len(asked.due)
    checked = rows["identity_requested_at"] != NA
    room = asked.in_union & (asked.closed_day - asked.received_day > 15)
    late = checked & room & (rng.random(size) < ASKED_LATE)
    for name in ("identity_requested_at", "identity_verified_at"):
        rows[name] = np.where(late, rows[name] + LATER, rows[name])
    in_app = checked & (rows["channel"] == "in_app")
    needless = in_app & (rng.random(size) < NEEDLESS)
    rows["channel"][in_app & ~needless] = "web_form"
    reasons = choose(late, "late", choose(needless, "needless", None))
    notes = {"late": "identity asked for after more than a week",
             "needless": "proof of identity of a person who was signed in"}  # fmt: skip
    asked.say("identity_asked_promptly", local_day(rows["identity_requested_at"]), reasons, notes)


def _refusals(rng: np.random.Generator, asked: Asked) -> None:
    """Refusals without a reason; those without remedies were drawn with the requests."""
    rows, size = asked.frame.columns, len(asked.due)
    refused = np.isin(rows["outcome"].astype(str), ["refused", "fulfilled_in_part"])
    bare = refused & (rng.random(size) < BARE)
    rows["refusal_reason"][bare] = None
    untold = refused & (rows["remedies_told"] != 1)
    reasons = choose(bare, "bare", choose(untold, "no_remedies", None))
    notes = {"bare": "refused without a reason", "no_remedies": "not told of the remedies"}
    asked.say("refusal_reasoned", asked.closed_day, reasons, notes)


def _gaps(rng: np.random.Generator, asked: Asked) -> None:
    """Requests without channel, account or outcome. The outcome and its reason are missing only once a request is closed."""
    rows, size = asked.frame.columns, len(asked.due)
    plain = np.isin(rows["right_requested"].astype(str), PLAIN_RIGHTS)
    closed = (asked.closed_day != NA) & (asked.closed_day < AS_OF)
    no_channel = rng.random(size) < NO_CHANNEL
    no_account = plain & (rng.random(size) < NO_ACCOUNT)
    no_outcome = plain & closed & (rows["outcome"] == "fulfilled") & (rng.random(size) < NO_OUTCOME)
    no_channel &= rows["identity_requested_at"] == NA
    rows["channel"][no_channel] = None
    rows["account_id"] = np.where(no_account, NA, rows["account_id"])
    rows["outcome"][no_outcome] = None
    no_reason = closed & (rows["outcome"] == "refused") & pd.isna(rows["refusal_reason"])
    gap = no_channel | no_account | no_outcome | no_reason
    asked.say(
        "request_log_complete", asked.received_day, choose(gap, "incomplete", None), "a field of the log is empty"
    )


def _backlog(asked: Asked) -> None:
    """Requests still open at the end of the quarter and past their due day, whenever that was."""
    is_open = (asked.closed_day == NA) | (asked.closed_day >= AS_OF)
    overdue = is_open & (asked.due < AS_OF)
    today = np.full(len(asked.due), AS_OF - 1)
    asked.say("request_backlog", today, choose(overdue, "overdue", None), "open and past its due day")
