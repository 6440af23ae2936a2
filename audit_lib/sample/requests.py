"""Rights requests. The fate of each (in time, late, still open) is drawn first; closing days follow from it.

Answers in time come by the strict due day and late ones at least four days after the rolled-over one, so that no
reading of weekends changes what is planted; the readings are told apart by the stories of the cast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_lib.sample.frames import Frame, choose, no_numbers, no_words
from audit_lib.sample.people import People, erasure_from
from audit_lib.sample.request_faults import Asked
from audit_lib.sample.world import (
    AS_OF,
    COUNTRY_WORDS,
    DAY,
    GDPR,
    IN_EEA,
    LOG_START,
    NA,
    Q3,
    Flags,
    Ints,
    Words,
    add_months,
    country_index,
    day,
    instant,
    local_day,
    next_working_day,
    pick,
)

RIGHTS = {"access": 5.0, "rectification": 1.5, "portability": 1.0, "objection": 1.5, "restriction": 0.5}
SHARE = 0.20
"""Requests of open accounts per account in a country with deadlines."""
OBJECTED = {"personalisation": 2.0, "research": 1.0, "marketing;promotions": 2.0}
DIRECT_PURPOSES = "marketing;promotions"
"""What an objection to direct marketing names; the others are to processing that rests on legitimate interests."""
UNNAMED = 0.40
"""Share of those that name no purpose: all of marketing and advertising."""
ERASURE_DAYS = 7
CHANNELS = {"web_form": 5.0, "in_app": 3.0, "email": 4.0, "post": 0.4, "agent": 0.2}


@dataclass
class Clock:
    """Day counts of the law that applies, by country index: GDPR and UK months, or days."""

    days: Ints
    """NA where the period is one month."""
    starts_after: Ints
    rolls: Flags

    @classmethod
    def of(cls, country: Ints) -> Clock:
        """EEA one month; GB one month from the day after receipt; KR 10 days; others 30 days."""
        gb, eea = country == country_index("GB"), IN_EEA[country]
        days = np.where(country == country_index("KR"), 10, 30)
        return cls(np.where(eea, NA, days), gb.astype(np.int64), eea)

    def due(self, received: Ints, months: int = 1) -> Ints:
        """Due day, moved to the next working day where the regime says so."""
        start = received + self.starts_after
        plain = np.where(self.days == NA, add_months(start, months), received + self.days)
        return np.where(self.rolls, next_working_day(plain), plain)

    def strict(self, received: Ints) -> Ints:
        """The earliest last day under any reading: one month from receipt without moving it."""
        return np.where(self.days == NA, add_months(received, 1), received + self.days)


def rights_requests(people: People) -> Asked:
    """Requests of open accounts, and erasure requests that led to a closing."""
    parts = [_forward(people), _erasures(people)]
    columns = {name: np.concatenate([p.frame.columns[name] for p in parts]) for name in parts[0].frame.columns}
    received_day, due, closed_day, in_union = (
        np.concatenate([getattr(p, name) for p in parts]) for name in ("received_day", "due", "closed_day", "in_union")
    )
    truth = _missed(due, closed_day)
    notes = np.where(truth == "late", "answered after the due day", "")
    notes = np.where(truth == "open_late", "still waiting at the end of the quarter, past the due day", notes)
    frame = Frame("rights_requests", columns, {"request_on_time": truth}, notes=notes.astype(object))
    return Asked(frame, received_day, due, closed_day, in_union)


def plant_erasures(asked: Asked, people: People, left: Ints) -> None:
    """Lists the erasure requests after which records were left; `left` counts them per account."""
    erasure = np.flatnonzero(asked.frame.columns["right_requested"] == "erasure")
    reasons = no_words(len(asked.due))
    reasons[erasure] = choose(
        left[asked.frame.columns["account_id"][erasure] - people.number[0]] > 0, "left_behind", None
    )
    asked.say("erasure_executed", asked.closed_day + ERASURE_DAYS, reasons, "records of the account were left behind")


def _has_clock(people: People) -> Flags:
    """Accounts in countries whose law of 2018 sets a period."""
    known = people.country >= 0
    others = np.array([country_index(c) for c in ("KR", "SG", "CA")])
    california = people.country == country_index("US")
    return np.asarray(known & (IN_EEA[people.country] | np.isin(people.country, others) | california), dtype=bool)


def _rights(rng: np.random.Generator, country: Ints) -> Words:
    """What is asked for, among the rights that the law of the country gives a period for."""
    size = len(country)
    rights = pick(rng, RIGHTS, size)
    rights[country == country_index("CA")] = "access"
    rights[country == country_index("US")] = "third_party_marketing_list"
    asian = np.isin(country, [country_index("KR"), country_index("SG")])
    rights[asian] = pick(rng, {"access": 2.0, "rectification": 1.0}, int(asian.sum()))
    return rights


def _forward(people: People) -> Asked:
    rng = people.rng
    applies = np.where((people.country >= 0) & IN_EEA[people.country], GDPR, LOG_START + 10)
    low = np.maximum(applies, people.opened_day + 30)
    share = np.where(people.country == country_index("US"), SHARE * 0.25, SHARE)
    chosen = _has_clock(people) & (low < AS_OF - 3) & (rng.random(len(people)) < share) & ~people.is_closed()
    index = np.flatnonzero(chosen)
    country, size = people.country[index], len(index)
    received = low[index] + (rng.random(size) ** 1.25 * (AS_OF - 2 - low[index])).astype(np.int64)
    clock = Clock.of(country)
    due, strict = clock.due(received), clock.strict(received)
    fate = _fates(rng, received)
    extended = (fate == "in time") & IN_EEA[country] & (rng.random(size) < 0.05) & (strict < AS_OF)
    due = np.where(extended, clock.due(received, 3), due)
    wait = np.minimum(1 + rng.gamma(2.2, 5.5, size).astype(np.int64), strict - received)
    wait = np.where(rng.random(size) < 0.05, strict - received, wait)
    wait = np.where(extended, strict - received + rng.integers(5, 50, size), wait)
    closed_day = np.where(fate == "late", due + 4 + rng.integers(0, 30, size), received + wait)
    closed_day = np.where((fate == "open") | (closed_day > AS_OF + 2), NA, closed_day)
    return _frame(people, index, _rights(rng, country), received, due, closed_day, extended, strict)


def _fates(rng: np.random.Generator, received: Ints) -> Words:
    """`in time`, `late` or `open`: a backlog after the GDPR began to apply, slowly worked off."""
    late = np.select([received < GDPR, received < day("2018-07-05")], [0.05, 0.11], 0.07)
    never = np.select([received < GDPR, received < day("2018-07-05")], [0.00, 0.02], 0.03)
    drawn = rng.random(len(received))
    return np.where(drawn < never, "open", np.where(drawn < never + late, "late", "in time")).astype(object)


def _erasures(people: People) -> Asked:
    """The account was closed when the request was answered: the day of receipt follows from the closing day."""
    rng = people.rng
    first, index = erasure_from(people.country), np.flatnonzero(people.asked_erasure)
    country, closed_day, size = people.country[index], people.closed_day[index], len(index)
    quick = np.where(country == country_index("KR"), rng.integers(0, 9, size), rng.integers(0, 28, size))
    slow = rng.integers(42, 70, size)
    is_late = rng.random(size) < 0.10
    received = closed_day - np.where(is_late, slow, quick)
    earliest = np.maximum(first[index], people.opened_day[index] + 1)
    received = np.where(received < earliest, np.maximum(closed_day - np.minimum(quick, 3), earliest), received)
    clock = Clock.of(country)
    rights = np.full(size, "erasure", dtype=object)
    return _frame(people, index, rights, received, clock.due(received), closed_day, np.zeros(size, dtype=bool),
                  clock.strict(received), closed=people.closed[index] + 600)  # fmt: skip


def _frame(
    people: People, index: Ints, rights: Words, received_day: Ints, due: Ints, closed_day: Ints, extended: Flags,
    strict: Ints, closed: Ints | None = None,
) -> Asked:  # fmt: skip
    rng, size = people.rng, len(index)
    country = people.country[index]
    received = instant(received_day, rng.integers(3 * 3600, 15 * 3600, size))
    if closed is None:
        closed = instant(closed_day, rng.integers(16 * 3600, DAY, size))
    else:
        closed = np.where(local_day(closed) > closed_day, closed - 1200, closed)
        received = np.minimum(received, people.closed[index] - 3600)
    asked, proved = _identity(rng, IN_EEA[country] & (closed_day <= strict), received_day, received, closed_day, due)
    outcome = pick(rng, {"fulfilled": 10.0, "fulfilled_in_part": 1.0, "refused": 1.0}, size)
    outcome[rights == "erasure"] = "fulfilled"
    is_closed = closed_day != NA
    reasoned = (outcome != "fulfilled") & is_closed
    objects = rights == "objection"
    purposes = choose(objects | (rights == "restriction"), pick(rng, OBJECTED, size), None)
    direct = objects & (purposes == DIRECT_PURPOSES)
    purposes[direct & (rng.random(size) < UNNAMED)] = None
    frame = Frame(
        "rights_requests",
        {
            "account_id": people.number[index],
            "right_requested": rights,
            "purposes": purposes,
            "direct_marketing": direct.astype(np.int64),
            "country": COUNTRY_WORDS[country],
            "region": choose(country == country_index("US"), "CA", None),
            "channel": pick(rng, CHANNELS, size),
            "received_at": received,
            "acknowledged_at": np.where(rng.random(size) < 0.9, received + rng.integers(30, 4000, size), NA),
            "identity_requested_at": asked,
            "identity_verified_at": proved,
            "clarification_requested_at": no_numbers(size),
            "clarification_received_at": no_numbers(size),
            "extended_at": np.where(extended, instant(strict - 3, 40000), NA),
            "extension_reason": choose(extended, "complex request over several systems", None),
            "closed_at": closed,
            "outcome": choose(is_closed, outcome, None),
            "refusal_reason": choose(reasoned, "data of another person would be disclosed", None),
            "remedies_told": np.where(is_closed, (reasoned & (rng.random(size) < 0.9)).astype(np.int64), NA),
            "restriction_lifted_at": no_numbers(size),
            "is_test": np.zeros(size, dtype=np.int64),
        },
    )
    return Asked(frame, received_day, due, closed_day, IN_EEA[country] & (country != country_index("GB")))


def _missed(due: Ints, closed_day: Ints) -> Words:
    """Reason per request whose due day fell in the audited quarter and was missed, as known at its end."""
    answered = (closed_day != NA) & (closed_day < AS_OF)
    missed = (due >= Q3) & (due < AS_OF) & ~(answered & (closed_day <= due))
    return choose(missed, choose(answered, "late", "open_late"), None)


def _identity(
    rng: np.random.Generator, may_ask: Flags, received_day: Ints, received: Ints, closed_day: Ints, due: Ints
) -> tuple[Ints, Ints]:
    """Instants of asking for proof of identity and of getting it; NA for most.

    The pause moves the due day by at most four days: it is drawn only where that carries nothing over the end of a
    quarter.
    """
    size = len(received)
    far = ((due < Q3 - 9) | (due >= Q3)) & ((due < AS_OF - 9) | (due >= AS_OF))
    checked = may_ask & far & (closed_day != NA) & (closed_day - received_day > 8) & (rng.random(size) < 0.15)
    asked = received + rng.integers(7200, 2 * DAY, size)
    proved = asked + rng.integers(7200, 3 * DAY, size)
    return np.where(checked, asked, NA), np.where(checked, proved, NA)
