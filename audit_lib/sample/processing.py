"""Acts of processing from 2018-01-01: who, for which purpose, by which channel, and where consent was lacking.

Events are drawn freely; one that would be an exception is kept with a small chance (planted) and otherwise turned
into plain delivery of the service.
"""

from __future__ import annotations

import numpy as np

from audit_lib.sample.consents import PURPOSES, REFUSED, WITHDRAWN, Timelines
from audit_lib.sample.frames import Frame, choose, no_words
from audit_lib.sample.people import device
from audit_lib.sample.world import (
    AS_OF,
    COUNTRY_WORDS,
    DAY,
    GDPR,
    HAS_GRACE,
    IN_EEA,
    LOG_START,
    NA,
    Q3,
    Flags,
    Ints,
    Words,
    day,
    days_between,
    instant,
    local_day,
    pick,
    seconds_of_day,
)

PER_ACCOUNT = 20.0
SHARES = {
    "service_delivery": 0.40, "personalisation": 0.14, "cookies": 0.12, "advertising": 0.10, "marketing": 0.09,
    "promotions": 0.04, "service_messages": 0.05, "security": 0.04, "research": 0.017,
    "legal_duty": 0.003,
}  # fmt: skip
WORDS: Words = np.array(list(SHARES), dtype=object)
BASIS = {
    "service_delivery": "contract", "service_messages": "contract", "personalisation": "legitimate_interest",
    "security": "legitimate_interest", "research": "legitimate_interest",
    "legal_duty": "legal_obligation",
}  # fmt: skip
CHANNELS = {
    "cookies": {"cookie": 1.0}, "advertising": {"cookie": 7.0, "device": 3.0}, "marketing": {"email": 8.0, "push": 2.0},
    "promotions": {"email": 6.0, "push": 4.0}, "service_messages": {"email": 9.0, "push": 1.0},
}  # fmt: skip
SYSTEM = {
    "service_delivery": "player-api", "personalisation": "recommendation", "cookies": "tag-manager",
    "advertising": "ad-server", "marketing": "braze", "promotions": "braze", "service_messages": "braze",
    "security": "s3-logs", "research": "mixpanel", "legal_duty": "billing",
}  # fmt: skip
TEMPLATES = {
    "marketing": {"new-episodes-weekly": 3.0, "drama-of-the-month": 2.0, "soompi-awards": 1.0},
    "promotions": {"viki-pass-trial": 2.0, "viki-pass-summer": 1.0, "partner-offer": 1.0},
    "service_messages": {"receipt": 2.0, "password-reset": 1.0, "policy-update": 1.0},
}
UNCOVERED_KEPT = 0.016
"""Chance that an event without a grant is kept in the audited quarter; more were let through before."""
OPTED_OUT_KEPT = 0.030
WITHIN, BEYOND = 11, 19
"""Ten business days end at the earliest 12 calendar days after an opt-out (on a Sunday), and at the latest, holidays
and weekends counted, 19. Messages on the days between are drawn in the cast alone, where each was counted by hand."""


def processing_events(rng: np.random.Generator, lines: Timelines) -> Frame:
    """About 20 events per account, a twentieth of them by visitors without an account."""
    subject = _subjects(rng, lines)
    size = len(subject)
    visitor = lines.is_visitor[subject] == 1
    low = np.maximum(lines.first_day[subject] + 1, LOG_START)
    days = days_between(rng, low, np.maximum(lines.last_day[subject], low))
    second = instant(days, seconds_of_day(rng, size))
    purpose = rng.choice(len(WORDS), size=size, p=np.array(list(SHARES.values())))
    seen = rng.choice(3, size=int(visitor.sum()), p=[0.6, 0.3, 0.1])
    purpose[visitor] = np.array([_place("cookies"), _place("advertising"), _place("security")])[seen]
    country = _countries(rng, lines, subject, purpose, visitor)
    second = _just_after_opting_out(rng, lines, subject, purpose, second)
    days = local_day(second)
    columns = {
        "account_id": np.where(visitor, NA, lines.number[subject]),
        "device_id": _devices(rng, lines, subject, visitor),
        "occurred_at": second,
    }
    coverage, opted_out, dropped = _plant(rng, lines, subject, purpose, second, country)
    purpose[dropped] = np.where(visitor[dropped], _place("security"), _place("service_delivery"))
    words = WORDS[purpose]
    columns |= {
        "purpose": words,
        "legal_basis": np.array([BASIS.get(str(w), "consent") for w in WORDS], dtype=object)[purpose],
        "channel": _channels(rng, words),
        "country": choose(country < 0, None, COUNTRY_WORDS[country]),
        "system": np.array([SYSTEM[str(w)] for w in WORDS], dtype=object)[purpose],
        "property": pick(rng, {"viki.com": 5.0, "viki-android": 3.0, "viki-ios": 3.0, "soompi.com": 2.0}, size),
        "template_id": _templates(rng, words),
    }
    in_quarter = days >= Q3
    for reasons in (coverage, opted_out):
        reasons[~in_quarter] = None
    return Frame(
        "processing_events",
        columns,
        {"consent_coverage": coverage, "marketing_to_opted_out": opted_out},
        notes=_notes(coverage, opted_out),
    )


NOTES = {
    "withdrawn": "consent had been withdrawn",
    "refused": "consent had been refused",
    "expired": "the grant was older than 24 months",
    "use_only": "the only grant was made by use of the site",
    "import_only": "the only grant came with an imported list",
    "no_answer": "asked, never answered",
    "never_asked": "never asked",
}


def _notes(coverage: Words, opted_out: Words) -> Words:
    """What is wrong with each planted event, in words."""
    notes = np.full(len(coverage), "", dtype=object)
    for reason, note in NOTES.items():
        notes[coverage == reason] = note
    notes[(opted_out == "not_respected") & (notes == "")] = "message to a person opted out, after any grace"
    return notes


def _place(word: str) -> int:
    return int(np.flatnonzero(word == WORDS)[0])


def _subjects(rng: np.random.Generator, lines: Timelines) -> Ints:
    """One entry per event: busy and idle people, and more events the longer an account was open in 2018."""
    open_days = np.minimum(lines.last_day, AS_OF - 1) - np.maximum(lines.first_day + 1, LOG_START) + 1
    weight = np.where(open_days > 0, open_days, 0) * rng.gamma(0.8, 1.0, len(open_days))
    visitor = lines.is_visitor == 1
    accounts = int((~visitor).sum())
    target = np.where(visitor, 0.05, 0.95) * PER_ACCOUNT * accounts
    total = np.where(visitor, max(weight[visitor].sum(), 1.0), max(weight[~visitor].sum(), 1.0))
    events = rng.poisson(weight / total * target)
    return np.repeat(np.arange(len(weight)), events)


def _countries(rng: np.random.Generator, lines: Timelines, subject: Ints, purpose: Ints, visitor: Flags) -> Ints:
    """Country index of the person at that time; -1: not recorded. Messages are never sent while travelling."""
    home = lines.country[subject]
    size = len(subject)
    message = np.isin(purpose, [_place(p) for p in ("marketing", "promotions", "service_messages")])
    abroad = (rng.random(size) < 0.02) & ~message
    country = np.where(abroad, rng.integers(0, len(COUNTRY_WORDS), size), home)
    return np.where((rng.random(size) < 0.15) & ~visitor & ~abroad, -1, country)


def _just_after_opting_out(
    rng: np.random.Generator, lines: Timelines, subject: Ints, purpose: Ints, second: Ints
) -> Ints:
    """Moves some messages to persons in the United States and Canada into the days after they opted out.

    Messages already on their way are what the grace of ten business days is for; by chance alone they are rare.
    """
    column = np.array([PURPOSES.index(w) if w in ("marketing", "promotions") else 0 for w in WORDS])[purpose]
    message = np.isin(purpose, [_place("marketing"), _place("promotions")])
    home = lines.country[subject]
    point = np.where(lines.kind[2, subject, column] == WITHDRAWN, 2, 1)
    out = (point == 2) | (lines.kind[1, subject, column] == REFUSED)
    at = lines.at[point, subject, column] + rng.integers(3600, WITHIN * DAY, len(subject))
    there = (local_day(at) >= LOG_START) & (local_day(at) <= lines.last_day[subject])
    moved = message & out & there & (home >= 0) & HAS_GRACE[home] & (rng.random(len(subject)) < 0.25)
    return np.where(moved, at, second)


def _devices(rng: np.random.Generator, lines: Timelines, subject: Ints, visitor: Flags) -> Ints:
    size = len(subject)
    own = device(lines.number[subject], rng.integers(0, 2, size))
    known = rng.random(size) < 0.6
    return np.where(visitor, device(lines.number[subject], 3), np.where(known, own, NA))


def _plant(
    rng: np.random.Generator, lines: Timelines, subject: Ints, purpose: Ints, second: Ints, country: Ints
) -> tuple[Words, Words, Flags]:
    """Reasons of the two measures per event (None: no exception), and events to be turned into plain service."""
    size = len(subject)
    coverage, opted_out = no_words(size), no_words(size)
    dropped = np.zeros(size, dtype=bool)
    index = np.flatnonzero(np.isin(WORDS[purpose], PURPOSES))
    column = np.array([PURPOSES.index(w) if w in PURPOSES else 0 for w in WORDS])[purpose[index]]
    state, since, near = lines.state(subject[index], column, second[index])
    where = np.where(country[index] >= 0, country[index], lines.country[subject[index]])
    unknown = where < 0
    scoped = ~unknown & IN_EEA[where]
    out = (state == "withdrawn") | (state == "refused")
    message = column < 2
    waited = local_day(second[index]) - local_day(np.where(out, since, second[index]))
    grace = ~unknown & HAS_GRACE[where]
    within, undecided = out & grace & (waited <= WITHIN), out & grace & (waited > WITHIN) & (waited <= BEYOND)
    sent_anyway = message & out & ~within
    lacking = scoped & (state != "covered")
    chance = np.where(scoped, _kept(local_day(second[index])), OPTED_OUT_KEPT)
    keep = (rng.random(len(index)) < chance) & ~unknown & (near == 0) & ~(message & undecided)
    bad = lacking | sent_anyway
    doubtful = (near == 1) | (unknown & (out | (rng.random(len(index)) < 0.9))) | (message & undecided)
    # A withdrawal stops everything at once, save what is planted and the messages already on their way.
    stopped = (state == "withdrawn") & ~(bad & keep) & ~(message & within)
    dropped[index] = (bad & ~keep) | doubtful | stopped
    coverage[index] = choose(lacking & keep, state, None)
    opted_out[index] = choose(sent_anyway & keep, "not_respected", None)
    return coverage, opted_out, dropped


def _kept(days: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Chance that an event in scope without a grant is kept: high before the GDPR, then falling."""
    return np.select(
        [days < day("2018-05-10"), days < GDPR, days < Q3, days < day("2018-08-01")],
        [0.06, 0.05, 0.03, UNCOVERED_KEPT * 1.4],
        UNCOVERED_KEPT,
    )


def _channels(rng: np.random.Generator, words: Words) -> Words:
    channels = np.full(len(words), "server", dtype=object)
    for word, weights in CHANNELS.items():
        there = np.flatnonzero(words == word)
        channels[there] = pick(rng, weights, len(there))
    return channels


def _templates(rng: np.random.Generator, words: Words) -> Words:
    templates = no_words(len(words))
    for word, weights in TEMPLATES.items():
        there = np.flatnonzero(words == word)
        templates[there] = pick(rng, weights, len(there))
    return templates
