"""Consent decisions: what each account or visitor was asked and answered for each consent-based purpose.

Every (subject, purpose) has one short timeline: an answer at sign-up, one to the prompts of May 2018, perhaps a
withdrawal, perhaps a new grant. `Timelines.state` tells where it stands at any second; the events are its record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_lib.sample.frames import Frame, choose, no_words
from audit_lib.sample.people import People, device
from audit_lib.sample.world import (
    AS_OF,
    COUNTRIES,
    COUNTRY_WORDS,
    GDPR,
    LANGUAGES,
    LOG_START,
    NA,
    Ints,
    Words,
    add_months,
    day,
    days_between,
    instant,
    local_day,
    pick,
    seconds_of_day,
)

PURPOSES = ("marketing", "promotions", "cookies", "advertising")
VALIDITY_MONTHS = 24
EVIDENCE = (0.93, 0.985)
"""Shares of decisions with evidence on record before and from the day on which the GDPR began to apply."""
NONE, ASKED, GIVEN, REFUSED, USE, IMPORT, WITHDRAWN = range(7)
"""Kinds of answer at one point of a timeline; ASKED is a prompt without an answer."""
FIRST = {
    "marketing": [0.42, 0.06, 0.34, 0.13, 0.00, 0.05],
    "promotions": [0.55, 0.05, 0.27, 0.10, 0.00, 0.03],
    "cookies": [0.27, 0.08, 0.40, 0.09, 0.16, 0.00],
    "advertising": [0.50, 0.06, 0.28, 0.16, 0.00, 0.00],
}
"""Shares of NONE, ASKED, GIVEN, REFUSED, USE, IMPORT at sign-up."""
WAVE = [0.12, 0.24, 0.46, 0.18]
"""Shares of NONE, ASKED, GIVEN, REFUSED in the prompts of May 2018."""


@dataclass
class Timelines:
    """Per subject (rows: accounts, then visitors) and purpose (columns): kinds and seconds of up to four points."""

    number: Ints
    is_visitor: Ints
    country: Ints
    first_day: Ints
    last_day: Ints
    kind: Ints
    """Shape (4 points, subjects, purposes)."""
    at: Ints
    """Seconds of the points, same shape; NA where the kind is NONE."""

    def state(self, subject: Ints, purpose: Ints, second: Ints) -> tuple[Words, Ints, Ints]:
        """Reason word (`covered`, `withdrawn`, …), second of the standing decision, and whether it is too close
        to a turning point to be told apart by a reader (1) or not (0)."""
        size = len(subject)
        kind, since = np.full(size, NONE), np.full(size, NA)
        near = np.zeros(size, dtype=bool)
        for point in range(4):
            k, at = self.kind[point, subject, purpose], self.at[point, subject, purpose]
            happened = (k != NONE) & (at <= second)
            counts = happened & ((k != ASKED) | (kind == NONE))
            kind, since = np.where(counts, k, kind), np.where(counts, at, since)
            near |= (k != NONE) & (np.abs(at - second) < 600)
        given = kind == GIVEN
        since_day = local_day(np.where(given, since, 0))
        ends = add_months(since_day, VALIDITY_MONTHS)
        today = local_day(second)
        near |= given & (np.abs(today - ends) <= 1)
        words: Words = np.array(
            ["never_asked", "no_answer", "covered", "refused", "use_only", "import_only", "withdrawn"], dtype=object
        )[kind]
        words[given & (today > ends)] = "expired"
        return words, since, near.astype(np.int64)


def timelines(people: People) -> Timelines:
    """Draw the timelines of all accounts and of a quarter as many visitors without an account."""
    rng, size = people.rng, len(people)
    visitors = size // 4
    share = np.array(list(COUNTRIES.values()))
    visit_day = days_between(rng, np.full(visitors, LOG_START), np.full(visitors, AS_OF - 2))
    first_day = np.concatenate([people.opened_day, visit_day])
    last_day = np.concatenate([people.last_day(), np.full(visitors, AS_OF - 1)])
    opened = np.concatenate([people.opened, instant(visit_day, seconds_of_day(rng, visitors))])
    subjects, shape = size + visitors, (4, size + visitors, len(PURPOSES))
    kind, at = np.full(shape, NONE), np.full(shape, NA)
    for column, purpose in enumerate(PURPOSES):
        kind[0, :, column] = rng.choice(6, size=subjects, p=FIRST[purpose])
    imported = kind[0] == IMPORT
    kind[0][imported & (first_day >= day("2016-01-01"))[:, None]] = ASKED
    kind[0][(kind[0] == USE) & (first_day >= day("2018-05-20"))[:, None]] = GIVEN
    kind[0, size:, :2] = NONE
    at[0] = opened[:, None] + rng.integers(20, 900, (subjects, len(PURPOSES)))
    _wave(rng, kind, at, first_day, last_day, size)
    _withdrawals(rng, kind, at, first_day, last_day)
    at[kind == NONE] = NA
    return Timelines(
        number=np.concatenate([people.number, people.number[:visitors]]),
        is_visitor=np.concatenate([np.zeros(size, dtype=np.int64), np.ones(visitors, dtype=np.int64)]),
        country=np.concatenate([people.country, rng.choice(len(share), size=visitors, p=share / share.sum())]),
        first_day=first_day,
        last_day=last_day,
        kind=kind,
        at=at,
    )


def _wave(rng: np.random.Generator, kind: Ints, at: Ints, first_day: Ints, last_day: Ints, accounts: int) -> None:
    """The prompts of May and June 2018 to accounts that were open by then."""
    subjects, purposes = kind.shape[1:]
    asked_day = day("2018-05-10") + np.minimum(rng.gamma(2.2, 5.0, size=(subjects,)).astype(np.int64), 45)
    reached = (first_day < day("2018-05-05")) & (asked_day < last_day) & (rng.random(subjects) < 0.66)
    reached[accounts:] = False
    answer = rng.choice(4, size=(subjects, purposes), p=WAVE)
    answer[(answer == REFUSED) & (kind[0] == REFUSED)] = ASKED
    kind[1] = np.where(reached[:, None], answer, NONE)
    second = instant(asked_day, seconds_of_day(rng, subjects))
    at[1] = second[:, None] + rng.integers(5, 120, (subjects, purposes))


def _withdrawals(rng: np.random.Generator, kind: Ints, at: Ints, first_day: Ints, last_day: Ints) -> None:
    """Some standing grants are withdrawn, a few of those given again weeks later."""
    stands = np.where(kind[1] == NONE, kind[0], np.where(kind[1] == ASKED, kind[0], kind[1])) == GIVEN
    since = np.where((kind[1] != NONE) & (kind[1] != ASKED), at[1], at[0])
    low = np.maximum(local_day(np.where(stands, since, 0)) + 1, LOG_START - 400)
    room = last_day[:, None] - low
    withdrawn = stands & (rng.random(stands.shape) < 0.10) & (room > 3)
    gone_day = low + (rng.random(stands.shape) * np.maximum(room, 1)).astype(np.int64)
    kind[2] = np.where(withdrawn, WITHDRAWN, NONE)
    at[2] = instant(gone_day.ravel(), seconds_of_day(rng, gone_day.size)).reshape(gone_day.shape)
    back_day = gone_day + rng.integers(5, 60, gone_day.shape)
    back = withdrawn & (rng.random(stands.shape) < 0.15) & (back_day < last_day[:, None])
    kind[3] = np.where(back, GIVEN, NONE)
    at[3] = instant(back_day.ravel(), seconds_of_day(rng, back_day.size)).reshape(back_day.shape)


def consent_events(rng: np.random.Generator, lines: Timelines) -> Frame:
    """The log of the timelines: prompts, decisions, and the expiries that the system noticed itself."""
    parts = [_decisions(rng, lines, point) for point in range(4)]
    parts += [_prompts(rng, lines, point) for point in range(2)]
    parts.append(_expiries(rng, lines))
    columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    columns["evidence_ref"] = choose(columns.pop("has_evidence") == 1, "consent-store", None)
    return Frame("consent_events", columns)


def _rows(lines: Timelines, subject: Ints, purpose: Ints, status: Words, recorded: Ints) -> dict[str, Ints | Words]:
    visitor = lines.is_visitor[subject] == 1
    country = lines.country[subject]
    words = np.where(country < 0, "US", COUNTRY_WORDS[country])
    languages: Words = np.array([LANGUAGES.get(str(c), "en") for c in COUNTRIES], dtype=object)
    size = len(subject)
    version_day = local_day(recorded)
    versions = np.select(
        [version_day >= day("2018-05-10"), version_day >= day("2016-11-15")], ["2018-05-10", "2016-11-15"], "2012-03-01"
    )
    return {
        "account_id": np.where(visitor, NA, lines.number[subject]),
        "device_id": np.where(visitor, device(lines.number[subject], 3), NA),
        "purpose": np.array(PURPOSES, dtype=object)[purpose],
        "status": status,
        "recorded_at": recorded,
        "acted_at": np.full(size, NA),
        "policy_version": versions.astype(object),
        "method": no_words(size),
        "language": np.where(words == "US", "en", languages[np.maximum(country, 0)]),
        "has_evidence": np.ones(size, dtype=np.int64),
    }


def _decisions(rng: np.random.Generator, lines: Timelines, point: int) -> dict[str, Ints | Words]:
    kind = lines.kind[point]
    subject, purpose = np.nonzero((kind != NONE) & (kind != ASKED))
    k, at, size = kind[subject, purpose], lines.at[point, subject, purpose], len(subject)
    had = lines.kind[0, subject, purpose] == GIVEN
    given = np.where((point == 1) & had, "renewed", "given")
    status = np.select([k == REFUSED, k == WITHDRAWN], ["refused", "withdrawn"], given).astype(object)
    rows = _rows(lines, subject, purpose, status, at)
    drawn = pick(rng, {"sign_up": 5, "banner": 3, "settings": 2}, size)
    if point == 1:
        drawn = pick(rng, {"banner": 6, "email_link": 3, "settings": 1}, size)
    cookies = (rows["purpose"] == "cookies") | (rows["purpose"] == "advertising")
    drawn[cookies & (drawn == "sign_up")] = "banner"
    left = pick(rng, {"unsubscribe_link": 6, "settings": 3, "support": 1}, size)
    left[cookies & (left == "unsubscribe_link")] = "settings"
    method = np.where(k == WITHDRAWN, left, drawn)
    rows["method"] = np.select([k == USE, k == IMPORT], ["use", "import"], method).astype(object)
    # The click comes first, the record of it up to two minutes later; the decision counts from the click.
    delayed = (rng.random(size) < 0.3) & ((rows["method"] == "email_link") | (rows["method"] == "unsubscribe_link"))
    rows["acted_at"] = np.where(delayed, at, NA)
    rows["recorded_at"] = at + np.where(delayed, rng.integers(1, 120, size), 0)
    share = np.where(local_day(at) < GDPR, *EVIDENCE)
    rows["has_evidence"] = (rng.random(size) < np.where((k == USE) | (k == IMPORT), 0.0, share)).astype(np.int64)
    return rows


def _prompts(rng: np.random.Generator, lines: Timelines, point: int) -> dict[str, Ints | Words]:
    """A prompt stands before most answers, and alone where nobody answered."""
    kind = lines.kind[point]
    logged = (kind == ASKED) | (((kind == GIVEN) | (kind == REFUSED)) & (rng.random(kind.shape) < 0.15))
    subject, purpose = np.nonzero(logged)
    at = lines.at[point, subject, purpose]
    answered = kind[subject, purpose] != ASKED
    status = np.full(len(subject), "requested", dtype=object)
    rows = _rows(lines, subject, purpose, status, at - np.where(answered, rng.integers(2, 20, len(subject)), 0))
    rows["method"] = np.full(len(subject), "sign_up" if point == 0 else "banner", dtype=object)
    rows["has_evidence"] = np.zeros(len(subject), dtype=np.int64)
    return rows


def _expiries(rng: np.random.Generator, lines: Timelines) -> dict[str, Ints | Words]:
    """The morning after a sign-up grant ran out, half of the expiries are logged."""
    kind, at = lines.kind, lines.at
    subject, purpose = np.nonzero((kind[0] == GIVEN) & (kind[2] == NONE))
    granted = local_day(at[0, subject, purpose])
    ends = add_months(granted, VALIDITY_MONTHS)
    wave = (kind[1, subject, purpose] != NONE) & (kind[1, subject, purpose] != ASKED)
    keep = ~wave & (ends < np.minimum(lines.last_day[subject], AS_OF - 2)) & (rng.random(len(subject)) < 0.5)
    subject, purpose, ends = subject[keep], purpose[keep], ends[keep]
    rows = _rows(lines, subject, purpose, np.full(len(subject), "expired", dtype=object), instant(ends + 1, 7200 * 2))
    rows["method"] = np.full(len(subject), "api", dtype=object)
    rows["has_evidence"] = np.zeros(len(subject), dtype=np.int64)
    return rows
