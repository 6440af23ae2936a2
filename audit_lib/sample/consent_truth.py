"""What is planted in the consent log of the crowd: opt-outs that did not last, and grants that could not be shown.

Told from the timelines and the events as they were finally written, never by a measure.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from audit_lib.sample.consents import GIVEN, NONE, PURPOSES, REFUSED, WITHDRAWN, Timelines
from audit_lib.sample.frames import Frame, choose, no_words
from audit_lib.sample.people import DEFAULT_BIRTH, People
from audit_lib.sample.processing import WITHIN
from audit_lib.sample.world import (
    AS_OF,
    CONSENT_AGES,
    COUNTRY_WORDS,
    GRACE_COUNTRIES,
    NA,
    Q3,
    Flags,
    Ints,
    birthday,
    day,
    local_day,
)

FOLLOWED_DAYS = 30
"""Days for which a withdrawal or opt-out is followed; it is judged on the last of them."""
POINTS = 3
"""Points of a timeline that can be an opt-out: at sign-up, in the prompts of May 2018, later."""


def plant_consents(consents: Frame, lines: Timelines, events: Frame, people: People) -> None:
    """List the planted exceptions of four measures in the consent log."""
    size = len(consents.columns["status"])
    consents.notes = np.full(size, "", dtype=object)
    subject, column = _subject(lines, consents), _column(consents)
    point = _point(lines, consents, subject, column)
    out = np.flatnonzero(point >= 0)
    ignored, mailed = _followed(lines, events)
    acted_day = local_day(_acted(consents)[out]) + FOLLOWED_DAYS
    judged = (acted_day >= Q3) & (acted_day < AS_OF)
    place = (point[out], subject[out], column[out])
    withdrawn = consents.columns["status"][out] == "withdrawn"
    _list(consents, "processing_after_withdrawal", "not_respected", out[judged & withdrawn & ignored[place]],
          "processing for the purpose went on after the withdrawal")  # fmt: skip
    _list(
        consents,
        "opt_out_honoured",
        "not_honoured",
        out[judged & mailed[place]],
        "messages after the opt-out and any grace",
    )
    grant = np.isin(consents.columns["status"].astype(str), ("given", "renewed"))
    recorded_day = local_day(consents.columns["recorded_at"])
    lately = grant & (recorded_day >= Q3) & (recorded_day < AS_OF)
    unproved = np.flatnonzero(lately & pd.isna(consents.columns["evidence_ref"]))
    _list(consents, "consent_demonstrable", "incomplete", unproved, "no evidence on record")
    young = np.flatnonzero(lately & _too_young(people, lines, subject, recorded_day))
    _list(consents, "young_consent_authorised", "own", young, "below the age of digital consent, no parent asked")


def _list(frame: Frame, measure: str, reason: str, rows: Ints, note: str) -> None:
    frame.truth[measure] = no_words(len(frame.columns["status"]))
    frame.truth[measure][rows] = reason
    assert frame.notes is not None
    told = frame.notes[rows]
    frame.notes[rows] = choose(told == "", note, told + "; " + note)


def _subject(lines: Timelines, frame: Frame) -> Ints:
    """Row of the timelines for each row of a table with accounts and devices; visitors stand after the accounts."""
    first, accounts = int(lines.number[0]), int((lines.is_visitor == 0).sum())
    account, device = frame.columns["account_id"], frame.columns["device_id"]
    return np.asarray(np.where(account != NA, account - first, accounts + device // 4 - first), dtype=np.int64)


def _column(frame: Frame) -> Ints:
    """Place of the purpose in PURPOSES; -1 for other purposes."""
    words = frame.columns["purpose"].astype(str)
    return np.select([words == p for p in PURPOSES], list(range(len(PURPOSES))), -1)


def _acted(consents: Frame) -> Ints:
    acted, recorded = consents.columns["acted_at"], consents.columns["recorded_at"]
    return np.asarray(np.where(acted == NA, recorded, acted), dtype=np.int64)


def _point(lines: Timelines, consents: Frame, subject: Ints, column: Ints) -> Ints:
    """Which point of its timeline each refusal or withdrawal is; -1 for everything else in the log."""
    status, acted = consents.columns["status"].astype(str), _acted(consents)
    point = np.full(len(acted), -1)
    for place in range(POINTS):
        same = lines.at[place, subject, column] == acted
        kind = lines.kind[place, subject, column]
        point[
            same & (((status == "refused") & (kind == REFUSED)) | ((status == "withdrawn") & (kind == WITHDRAWN)))
        ] = place
    return point


def _followed(lines: Timelines, events: Frame) -> tuple[Flags, Flags]:
    """Per point, subject and purpose: whether an opt-out at it was followed by an event of its purpose within the days
    followed and before a new grant, and whether by a message after the grace of its country."""
    ignored = np.zeros((POINTS, *lines.kind.shape[1:]), dtype=bool)
    mailed = ignored.copy()
    every = _column(events)
    index = np.flatnonzero(every >= 0)
    subject, column, at = _subject(lines, events)[index], every[index], events.columns["occurred_at"][index]
    has_grace = _has_grace(lines, events, index, subject)
    for place in range(POINTS):
        kind, since = lines.kind[place, subject, column], lines.at[place, subject, column]
        waited = local_day(at) - local_day(np.where(kind == NONE, at, since))
        after = np.isin(kind, (REFUSED, WITHDRAWN)) & (since <= at) & (waited <= FOLLOWED_DAYS)
        for later in range(place + 1, lines.kind.shape[0]):
            after &= ~((lines.kind[later, subject, column] == GIVEN) & (lines.at[later, subject, column] <= at))
        ignored[place, subject[after], column[after]] = True
        late = after & (column < 2) & ~(has_grace & (waited <= WITHIN))
        mailed[place, subject[late], column[late]] = True
    return ignored, mailed


def _has_grace(lines: Timelines, events: Frame, index: Ints, subject: Ints) -> Flags:
    """Whether the country of each event, else of its account, leaves days between an opt-out and the last message."""
    home = lines.country[subject]
    words: Any = choose(home < 0, "", COUNTRY_WORDS[home])
    there = events.columns["country"][index]
    return np.isin(choose(pd.isna(there), words, there).astype(str), sorted(GRACE_COUNTRIES))


def _too_young(people: People, lines: Timelines, subject: Ints, days: Ints) -> Flags:
    """Whether the account of each row belonged, on that day, to a person below the age its country asks for."""
    known = np.flatnonzero((lines.is_visitor[subject] == 0) & (lines.country[subject] >= 0))
    who = subject[known]
    birth = people.birth_day[who]
    stated = (birth != NA) & (birth != DEFAULT_BIRTH)
    country, today = COUNTRY_WORDS[people.country[who]].astype(str), days[known]
    age = np.zeros(len(known), dtype=np.int64)
    for word, from_day, years in CONSENT_AGES:
        age[(country == word) & (today >= day(from_day))] = years
    young = np.zeros(len(subject), dtype=bool)
    for years in np.unique(age[age > 0]):
        at = np.flatnonzero(stated & (age == years))
        young[known[at]] = today[at] < birthday(birth[at], int(years))
    return young
