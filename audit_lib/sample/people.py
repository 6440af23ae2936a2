"""Accounts, the birth dates their holders stated, and reviews of accounts that may belong to children.

Everyone drawn here is credible and was 14 or older when the account was opened, except the planted children.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from audit_lib.sample.frames import Frame, choose, no_numbers, no_words
from audit_lib.sample.world import (
    AS_OF,
    BEGIN,
    COUNTRIES,
    COUNTRY_WORDS,
    EXTRACTED,
    GDPR,
    IN_EEA,
    LOG_START,
    NA,
    Flags,
    Ints,
    Words,
    country_index,
    day,
    days_between,
    instant,
    pick,
    seconds_of_day,
)

YEAR = 365.25
DEFAULT_BIRTH = day("1970-01-01")
REGIONS = {
    "US": {"CA": 5, "NY": 3, "TX": 3, "FL": 2, "WA": 2, "IL": 2},
    "CA": {"ON": 5, "BC": 3, "AB": 2},
    "GB": {"ENG": 8, "SCT": 1, "WLS": 1},
    "DE": {"BY": 2, "NW": 3, "BE": 2},
}
METHODS = {"email": 55.0, "facebook": 25.0, "google": 14.0, "rakuten_id": 4.0, "apple": 1.0, "other": 1.0}

ERASURE_SHARE = 0.30
"""Share of the accounts closed in 2018 that were closed on request, where a law gives a period for it."""

DORMANT_DAYS = 730
ASLEEP = 0.35
"""Share of the open, idle accounts that their holders gave up years ago."""

PLANTS = {
    "child_now": 0.0030,
    "child_at_sign_up": 0.0050,
    "third_party": 0.0020,
    "guardian": 0.0020,
    "text": 0.0020,
    "bypass": 0.0030,
    "changed": 0.0015,
    "reviewed": 0.0040,
}
"""Share of accounts that get each story about a child (or, `reviewed`, a review that cleared the account)."""


@dataclass
class People:
    """The accounts of one chunk, column by column. Days are NA and seconds NA where nothing happened."""

    number: Ints
    country: Ints
    """Place in COUNTRY_WORDS; -1 where the country is not known."""
    opened_day: Ints
    opened: Ints
    closed_day: Ints
    closed: Ints
    birth_day: Ints
    plant: Words
    """Story of PLANTS, empty for most."""
    asked_erasure: Flags
    """Accounts closed because their holder asked for erasure."""
    rng: np.random.Generator

    def __len__(self) -> int:
        return len(self.number)

    def is_closed(self) -> Flags:
        """Accounts closed before the end of the audited quarter."""
        return np.asarray(self.closed_day != NA, dtype=bool)

    def last_day(self) -> Ints:
        """The last full day on which the account was open and the logs were written."""
        return np.where(self.is_closed(), self.closed_day, AS_OF) - 1

    def country_words(self) -> Words:
        """ISO codes, None where the country is not known."""
        return choose(self.country < 0, None, COUNTRY_WORDS[self.country])


def draw_people(rng: np.random.Generator, first_number: int, size: int) -> People:
    """`size` accounts numbered from `first_number`."""
    every = np.full(size, BEGIN)
    opened_day = days_between(rng, every, np.full(size, AS_OF - 2))
    opened = instant(opened_day, seconds_of_day(rng, size))
    closed_day = _closing_days(rng, opened_day)
    share = np.array(list(COUNTRIES.values()))
    country = rng.choice(len(share), size=size, p=share / share.sum())
    country[rng.random(size) < 0.004] = -1
    number = np.arange(first_number, first_number + size)
    people = People(
        number=number,
        country=country,
        opened_day=opened_day,
        opened=opened,
        closed_day=closed_day,
        closed=instant(closed_day, rng.integers(0, 86400, size=size)),
        birth_day=opened_day - ((14.2 + 45 * rng.beta(1.4, 4.0, size)) * YEAR).astype(np.int64),
        plant=np.full(size, "", dtype=object),
        asked_erasure=_asked_erasure(rng, country, closed_day),
        rng=rng,
    )
    _plant(people)
    plain = people.plant == ""
    people.birth_day[plain & (rng.random(size) < 0.12)] = NA
    people.birth_day[plain & (number % 50 == 0)] = DEFAULT_BIRTH
    return people


def erasure_from(country: Ints) -> Ints:
    """First day on which a law with a period for erasure binds, by country; NA where there is none."""
    known = country >= 0
    eea, korea = known & IN_EEA[country], country == country_index("KR")
    return np.select([eea, korea], [np.full(len(country), GDPR), np.full(len(country), LOG_START)], NA)


def _asked_erasure(rng: np.random.Generator, country: Ints, closed_day: Ints) -> Flags:
    first = erasure_from(country)
    likely = rng.random(len(country)) < ERASURE_SHARE
    return np.asarray((first != NA) & (closed_day > first + 2) & likely, dtype=bool)


def _closing_days(rng: np.random.Generator, opened_day: Ints) -> Ints:
    """Closing days: some before 2018, most in 2018, with a wave after the GDPR began to apply."""
    size = len(opened_day)
    kind = rng.choice(4, size=size, p=[0.70, 0.09, 0.09, 0.12])
    low = np.select([kind == 1, kind == 2], [opened_day + 20, np.maximum(LOG_START, opened_day + 20)], GDPR)
    high = np.select([kind == 1, kind == 2], [LOG_START - 1, AS_OF - 1], AS_OF - 1)
    days = low + (rng.random(size) ** np.where(kind == 3, 1.6, 1.0) * (high - low + 1)).astype(np.int64)
    return np.where((kind > 0) & (low <= high) & (low >= opened_day + 20), days, NA)


def _plant(people: People) -> None:
    """Choose the accounts that belong to children, by openness and age of the account, and set their birth dates."""
    rng, size = people.rng, len(people)
    limits = np.cumsum(list(PLANTS.values()))
    drawn = np.searchsorted(limits, rng.random(size), side="right")
    story = np.append(np.array(list(PLANTS), dtype=object), [""])[drawn]
    is_open = ~people.is_closed()
    lately = people.opened_day >= day("2016-06-01")
    suits = {
        "child_now": is_open & lately & (people.opened_day < AS_OF - 5),
        "child_at_sign_up": is_open & (people.opened_day < day("2016-06-01")),
        "bypass": is_open & (people.opened_day >= day("2018-02-01")) & (people.opened_day < AS_OF - 5),
        "changed": is_open & lately & (people.opened_day < AS_OF - 60),
        "third_party": is_open & (people.opened_day < AS_OF - 60),
        "guardian": is_open & (people.opened_day < AS_OF - 60),
        "text": is_open & (people.opened_day < day("2018-05-01")),
        "reviewed": is_open & (people.opened_day < day("2018-05-01")),
    }
    for name, suitable in suits.items():
        people.plant[(story == name) & suitable] = name
    young = (people.plant == "child_now") | (people.plant == "changed")
    young_birth = AS_OF - ((10.5 + 2.3 * rng.random(size)) * YEAR).astype(np.int64)
    people.birth_day = np.where(young, young_birth, people.birth_day)
    former_birth = people.opened_day - ((11.0 + 1.8 * rng.random(size)) * YEAR).astype(np.int64)
    people.birth_day = np.where(people.plant == "child_at_sign_up", former_birth, people.birth_day)


def accounts(people: People) -> Frame:
    """The accounts table, with the accounts opened by children planted in it."""
    rng, size = people.rng, len(people)
    words = people.country_words()
    method = pick(rng, METHODS, size)
    has_password = method == "email"
    scheme = np.where(people.opened_day < day("2014-06-01"), pick(rng, {"sha1": 4, "bcrypt": 1, "md5": 0.3}, size),
                      pick(rng, {"bcrypt": 12, "sha256": 1}, size))  # fmt: skip
    scheme = np.where(people.opened_day > day("2017-09-01"), pick(rng, {"argon2": 1, "bcrypt": 2}, size), scheme)
    active = np.minimum(people.last_day(), AS_OF + 3 - rng.geometric(0.03, size))
    active_at = np.where(active > people.opened_day, instant(active, seconds_of_day(rng, size)), people.opened)
    birth = people.birth_day.copy()
    adult = people.opened_day - (19 * YEAR + rng.integers(0, 3000, size)).astype(np.int64)
    birth[people.plant == "changed"] = adult[people.plant == "changed"]
    truth = no_words(size)
    truth[(people.plant == "child_now") | (people.plant == "changed")] = "under_13_now"
    truth[people.plant == "child_at_sign_up"] = "under_13_at_sign_up"
    return Frame(
        "accounts",
        {
            "_key": people.number,
            "opened_at": people.opened,
            "closed_at": people.closed,
            "last_active_at": np.minimum(active_at, EXTRACTED - 60),
            "country": words,
            "region": _regions(rng, words),
            "birth_date": birth,
            "sign_up_method": method,
            "password_scheme": np.where(has_password, scheme, "none"),
            "password_salted": np.where(has_password, (scheme != "md5").astype(np.int64), NA),
        },
        {"under_13_accounts": truth, "under_13_signals": _signals(people)},
        notes=_notes(people),
    )


def fall_asleep(rng: np.random.Generator, people: People, accounts: Frame, events: Frame) -> None:
    """Some open accounts without any processing in 2018 have not been used for two years or longer."""
    busy = np.isin(people.number, events.columns["account_id"])
    room = AS_OF - DORMANT_DAYS - people.opened_day
    asleep = ~people.is_closed() & ~busy & (people.plant == "") & (room > 0) & (rng.random(len(people)) < ASLEEP)
    day_active = people.opened_day + (rng.random(len(people)) * (room + 1)).astype(np.int64)
    index = np.flatnonzero(asleep)
    active = np.maximum(instant(day_active[index], seconds_of_day(rng, len(index))), people.opened[index])
    accounts.columns["last_active_at"][index] = active
    truth = no_words(len(people))
    truth[index] = "dormant"
    accounts.truth["dormant_accounts"] = truth
    assert accounts.notes is not None
    accounts.notes[index] = "not used for 730 days or longer"


def _signals(people: People) -> Words:
    """The strongest signal of each open account about a child, in the words of the measure."""
    words = {
        "child_now": "birth_date_under_13",
        "changed": "birth_date_under_13",
        "third_party": "third_party_under_13",
        "guardian": "guardian_report",
        "bypass": "gate_bypassed",
        "text": "text_states_age",
    }
    signals = no_words(len(people))
    for plant, word in words.items():
        signals[people.plant == plant] = word
    return signals


def _notes(people: People) -> Words:
    notes = {
        "child_now": "open account of a child still under 13",
        "changed": "birth date under 13 later changed to an adult's",
        "child_at_sign_up": "holder was 11 or 12 at sign-up and is 13 or older now",
        "third_party": "third-party sign-in gave a birth date under 13, the account an adult's",
        "guardian": "guardian's report not cleared",
        "bypass": "age gate refused the device, then accepted it within the hour",
        "text": "holder writes in English that they are under 13",
    }
    texts = np.full(len(people), "", dtype=object)
    for plant, note in notes.items():
        texts[people.plant == plant] = note
    return texts


def _regions(rng: np.random.Generator, words: Words) -> Words:
    regions = no_words(len(words))
    for country, weights in REGIONS.items():
        there = np.flatnonzero(words == country)
        known = there[rng.random(len(there)) < 0.9]
        regions[known] = pick(rng, {k: float(v) for k, v in weights.items()}, len(known))
    return regions


def device(number: Any, which: Ints | int) -> Any:
    """Device numbers: 0 to 2 belong to an account, 3 is a visitor's without one."""
    return number * 4 + which


def declarations(people: People) -> Frame:
    """Birth dates stated: at sign-up, by third parties, changed in the profile, and refused by the age gate."""
    rng, size = people.rng, len(people)
    parts: list[dict[str, Ints | Words]] = []

    def add(where: Flags, birth: Ints, at: Ints, source: str, accepted: int = 1, which: int = 0) -> None:
        index = np.flatnonzero(where)
        by_gate = not accepted and source == "sign_up"
        parts.append({
            "account_id": no_numbers(len(index)) if by_gate else people.number[index],
            "device_id": device(people.number[index], which),
            "birth_date": birth[index],
            "declared_at": at[index],
            "source": np.full(len(index), source, dtype=object),
            "accepted": np.full(len(index), accepted),
        })  # fmt: skip

    stated = (people.birth_day != NA) & ((people.plant != "") | (rng.random(size) < 0.9))
    by_third = (people.plant == "") & (rng.random(size) < 0.25)
    add(stated & ~by_third, people.birth_day, people.opened, "sign_up")
    add(stated & by_third, people.birth_day, people.opened, "third_party_sign_in")

    room = np.maximum(people.last_day() - people.opened_day - 2, 1)
    later_day = people.opened_day + 1 + (rng.random(size) * room).astype(np.int64)
    later = instant(later_day, seconds_of_day(rng, size))
    tidy = stated & (people.plant == "") & (people.birth_day != DEFAULT_BIRTH)
    corrects = tidy & (rng.random(size) < 0.03) & (people.last_day() > people.opened_day + 5)
    add(corrects, people.birth_day - rng.integers(1, 40, size), later, "profile_edit")
    adult = people.opened_day - (19 * YEAR + rng.integers(0, 3000, size)).astype(np.int64)
    soon = instant(people.opened_day + 7, seconds_of_day(rng, size))
    add(people.plant == "changed", adult, soon, "profile_edit")

    child = AS_OF - ((9.5 + 3.0 * rng.random(size)) * YEAR).astype(np.int64)
    add(people.plant == "third_party", child, instant(people.opened_day + 30, seconds_of_day(rng, size)),
        "third_party_sign_in", accepted=0, which=1)  # fmt: skip
    add(people.plant == "bypass", child, people.opened - rng.integers(20, 3000, size), "sign_up", accepted=0)
    turned_away = rng.random(size) < 0.02
    refused_day = days_between(rng, np.full(size, LOG_START), np.full(size, AS_OF - 1))
    add(turned_away, child, instant(refused_day, seconds_of_day(rng, size)), "sign_up", accepted=0, which=3)
    columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    return Frame("birth_date_declarations", columns)


def reviews(people: People) -> Frame:
    """Cases about possibly under-13 accounts: guardians' reports still waiting, and cases cleared long ago."""
    rng = people.rng
    index = np.flatnonzero((people.plant == "guardian") | (people.plant == "reviewed"))
    size, reported = len(index), people.plant[index] == "guardian"
    first = np.maximum(people.opened_day[index] + 5, LOG_START + 20)
    opened_day = days_between(rng, first, np.full(size, AS_OF - 30))
    opened = instant(opened_day, seconds_of_day(rng, size))
    decided = instant(opened_day + rng.integers(1, 14, size), seconds_of_day(rng, size))
    confirmed = reported & (rng.random(size) < 0.3)
    is_decided = confirmed | ~reported
    source = np.where(reported, "guardian_report", pick(rng, {"staff": 2, "signal": 1, "guardian_report": 2}, size))
    return Frame(
        "age_reviews",
        {
            "account_id": people.number[index],
            "opened_at": opened,
            "source": source,
            "decided_at": np.where(is_decided, decided, NA),
            "decision": choose(is_decided, choose(confirmed, "confirmed_under_13", "cleared"), None),
            "data_deleted_at": no_numbers(size),
        },
    )
