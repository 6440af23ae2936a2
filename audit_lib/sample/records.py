"""Personal-data records and legal holds. Deletion goes by whole systems, so a stalled job leaves many records.

The fate of each closed account in each system is drawn first (in time, late, never); deletion days follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audit_lib.sample.frames import Frame, choose, no_words
from audit_lib.sample.people import People
from audit_lib.sample.world import (
    AS_OF,
    DAY,
    IN_EEA,
    NA,
    Q3,
    Flags,
    Ints,
    Words,
    country_index,
    day,
    instant,
    local_day,
    seconds_of_day,
)

GRACE = 30
EARLY = day("2014-06-01")
"""Korean payment records collected before this day leave their five years near the audited days."""
SYSTEMS = {
    "registration": "user-db", "profile": "user-db", "payment": "billing", "transaction": "billing",
    "user_content": "content-store", "usage": "mixpanel", "device": "s3-logs", "cookies": "s3-logs",
    "third_party_sign_in": "user-db", "social_media": "recommendation", "third_party_other": "braze",
    "support": "zendesk",
}  # fmt: skip
"""The system that holds each category of data."""
CATEGORIES: Words = np.array(list(SYSTEMS), dtype=object)
SYSTEM_WORDS: Words = np.array(sorted(set(SYSTEMS.values())), dtype=object)
SYSTEM_OF: Ints = np.array([int(np.flatnonzero(SYSTEM_WORDS == SYSTEMS[c])[0]) for c in SYSTEMS])
EXTRA = {
    "usage": 0.36, "device": 0.17, "cookies": 0.17, "user_content": 0.16, "social_media": 0.05,
    "third_party_other": 0.03, "support": 0.06,
}  # fmt: skip
"""What the further records of an account are, beside registration, profile, payments and third-party sign-in."""
ERASURE_DAYS = 7
"""Days after an answered erasure request within which the records must be gone."""
DILIGENCE = 0.995
"""Share of systems that delete within these days when they delete at all."""
HOLD_FAULTS = {"no_basis": 0.12, "case_closed": 0.12}
REVIEW_DAYS = 365
TROUBLE = {"mixpanel": 0.055, "s3-logs": 0.035, "braze": 0.03, "recommendation": 0.04}
"""Share of deletions that go wrong per system; the others have 0.012."""
STALLED = (day("2018-06-20"), day("2018-08-05"))
"""Between these closing days the deletion job of mixpanel often failed."""
SOURCES = {"third_party_sign_in": "third_party", "social_media": "third_party", "third_party_other": "third_party"}
AUTOMATIC = frozenset(["usage", "device", "cookies", "transaction"])


def _category(name: str) -> int:
    return int(np.flatnonzero(CATEGORIES == name)[0])


@dataclass
class Held:
    """First and last day of the hold of each account (NA: none; a last day AS_OF * 2: open)."""

    first: Ints
    last: Ints


def stored_records(people: People, held: Held) -> tuple[Frame, Ints]:
    """Records of all accounts, and how many of each account were left a week after its erasure was asked for and granted."""
    rng = people.rng
    who, category = _kinds(people)
    size = len(who)
    collected = _collected(people, who, category)
    early = local_day(collected) < EARLY
    due = _due_days(people, who, category, early, held.last)
    deleted_day, fate = _deletions(people, who, category, early, due)
    deleted = instant(deleted_day, rng.integers(0, DAY, size))
    after_closing = people.closed[who] + rng.integers(60, 3600, size)
    deleted = np.where((deleted != NA) & people.is_closed()[who], np.maximum(deleted, after_closing), deleted)
    deleted = np.where((deleted_day == NA) | (deleted <= collected), NA, deleted)
    source = np.where(np.isin(category, [_category(c) for c in AUTOMATIC]), "automatic", "person").astype(object)
    third = np.isin(category, [_category(c) for c in SOURCES])
    source[third] = "third_party"
    party = choose(category == _category("third_party_other"), "Example Survey Panel", "Facebook")
    still = (deleted_day == NA) | (deleted_day >= AS_OF)
    is_due = (due != NA) & (due < AS_OF)
    flow, stock = no_words(size), no_words(size)
    flow[is_due & (due >= Q3) & (still | (deleted_day > due))] = "late"
    flow[is_due & (due >= Q3) & still] = "still_stored"
    stock[is_due & still] = "overdue"
    frame = Frame(
        "stored_records",
        {
            "account_id": people.number[who],
            "data_category": CATEGORIES[category],
            "system": SYSTEM_WORDS[SYSTEM_OF[category]],
            "collected_at": collected,
            "deleted_at": deleted,
            "source": source,
            "source_party": choose(third, party, None),
        },
        {"deletion_after_closure": flow, "retention_overrun": stock},
        notes=choose(is_due & (still | (deleted_day > due)), "deletion job of the system " + fate, ""),
    )
    kept = _has_duty(people, who, category, early) | _is_spared(people, who, category, early)
    return frame, _left_behind(people, who, deleted_day, kept, held)


def _left_behind(people: People, who: Ints, deleted_day: Ints, kept: Flags, held: Held) -> Ints:
    """Records per account that stood, without a duty or hold, when the week after the granted erasure had ended."""
    last_day = people.closed_day + ERASURE_DAYS
    on_hold = (held.first != NA) & (held.first <= last_day) & (held.last >= last_day)
    stands = (deleted_day == NA) | (deleted_day > last_day[who])
    left = stands & people.asked_erasure[who] & ~kept & ~on_hold[who]
    return np.bincount(who[left], minlength=len(people))


def _kinds(people: People) -> tuple[Ints, Ints]:
    """Whose record and of which category, about 10 per account."""
    rng, size = people.rng, len(people)
    every = np.arange(size)
    parts = [(every, "registration"), (every[rng.random(size) < 0.9], "profile")]
    payers = every[rng.random(size) < 0.16]
    parts += [(payers, "payment"), (np.repeat(payers, rng.integers(1, 6, len(payers))), "transaction")]
    parts.append((every[rng.random(size) < 0.35], "third_party_sign_in"))
    extra = np.repeat(every, rng.poisson(7.35 * rng.gamma(1.5, 1 / 1.5, size)))
    words = np.array([_category(c) for c in EXTRA])
    drawn = words[rng.choice(len(words), size=len(extra), p=np.array(list(EXTRA.values())))]
    who = np.concatenate([p[0] for p in parts] + [extra])
    category = np.concatenate([np.full(len(p[0]), _category(p[1])) for p in parts] + [drawn])
    return who, category


def _collected(people: People, who: Ints, category: Ints) -> Ints:
    """Registration at the opening, everything else while the account was open."""
    rng = people.rng
    first = people.opened_day[who] + 1
    last = np.maximum(people.last_day()[who] - 1, first)
    drawn = first + ((last - first + 1) * rng.random(len(who))).astype(np.int64)
    # Korean payment records old enough for their five years to end near the audited days are told in the cast.
    korean = _korean_trade(people, who, category)
    drawn = np.where(korean, np.maximum(drawn, np.minimum(EARLY, last)), drawn)
    at = instant(drawn, seconds_of_day(rng, len(who)))
    at_opening = np.isin(category, [_category("registration"), _category("third_party_sign_in")])
    too_short = last <= first
    return np.where(at_opening | too_short, people.opened[who] + category, at)


def _due_days(people: People, who: Ints, category: Ints, early: Flags, held: Ints) -> Ints:
    """Due days of the records of closed accounts; NA where a duty or an open hold keeps them beyond the audit."""
    due = np.where(people.is_closed()[who], people.closed_day[who] + GRACE, NA)
    hold = held[who]
    due = np.where((due != NA) & (hold != NA) & (hold >= due), hold + GRACE, due)
    due = np.where((due != NA) & (hold > AS_OF), NA, due)
    return np.where(_has_duty(people, who, category, early), NA, due)


def _has_duty(people: People, who: Ints, category: Ints, early: Flags) -> Flags:
    """Records that a duty keeps: transactions of EEA accounts, payments and transactions of Korean ones."""
    country = people.country[who]
    trades = category == _category("transaction")
    eea = (country >= 0) & IN_EEA[country]
    # The United Kingdom counts as under the duty in no plan: its records are deleted in time under either reading.
    eea &= country != country_index("GB")
    korean = _korean_trade(people, who, category) & ~early
    return np.asarray((eea & trades) | korean, dtype=bool)


def _korean_trade(people: People, who: Ints, category: Ints) -> Flags:
    """Payments and transactions of Korean accounts."""
    trades = np.isin(category, [_category("payment"), _category("transaction")])
    return np.asarray((people.country[who] == country_index("KR")) & trades, dtype=bool)


def _is_spared(people: People, who: Ints, category: Ints, early: Flags) -> Flags:
    """Records deleted soon after the closing, whatever the duty: in time under every reading of it."""
    spared = (people.country[who] == country_index("GB")) & (category == _category("transaction"))
    return np.asarray(spared | (_korean_trade(people, who, category) & early), dtype=bool)


def _deletions(people: People, who: Ints, category: Ints, early: Flags, due: Ints) -> tuple[Ints, Words]:
    """Deletion day (NA: never) and fate of each record, one draw per account and system."""
    rng, size = people.rng, len(people)
    systems = len(SYSTEM_WORDS)
    wrong = np.full((size, systems), 0.012)
    for name, share in TROUBLE.items():
        wrong[:, int(np.flatnonzero(SYSTEM_WORDS == name)[0])] = share
    mixpanel = int(np.flatnonzero(SYSTEM_WORDS == "mixpanel")[0])
    stalled = (people.closed_day >= STALLED[0]) & (people.closed_day <= STALLED[1])
    wrong[stalled, mixpanel] = 0.22
    long_ago = people.closed_day < day("2018-03-01")
    wrong[long_ago] *= 0.25
    draw = rng.random((size, systems))
    never = draw < wrong * 0.55
    late = (draw < wrong) & ~never
    system = SYSTEM_OF[category]
    lateness = rng.integers(1, 60, (size, systems))[who, system]
    wait = np.minimum(rng.gamma(2.0, 4.0, (size, systems)).astype(np.int64) + 1, GRACE)
    wait = np.where(rng.random((size, systems)) < 0.04, GRACE, wait)
    spared = _is_spared(people, who, category, early)
    prompt = people.asked_erasure[who] & (spared | (rng.random((size, systems)) < DILIGENCE)[who, system])
    wait = np.where(prompt, np.minimum(wait[who, system], ERASURE_DAYS - 1), wait[who, system])
    in_time = np.where(due - GRACE == people.closed_day[who], people.closed_day[who] + wait, due - GRACE + wait)
    fate = np.where(
        never[who, system] & ~spared, "never ran", np.where(late[who, system] & ~spared, "ran late", "")
    ).astype(object)
    deleted = np.where(fate == "never ran", NA, np.where(fate == "ran late", due + lateness, in_time))
    deleted = np.where(due == NA, NA, deleted)
    # An open account's holder deletes a record now and then; the export was taken before anything later happened.
    tidy = (~people.is_closed()[who]) & (rng.random(len(who)) < 0.03) & (category != _category("registration"))
    tidied = AS_OF - 1 - rng.integers(0, 20, len(who))
    tidy &= tidied > people.opened_day[who] + 400
    deleted = np.where(tidy, tidied, deleted)
    return np.where(deleted > AS_OF + 2, NA, deleted), fate


def legal_holds(people: People) -> tuple[Frame, Held]:
    """Holds on a few closed accounts, all begun and recorded before their due day, and the days of each."""
    rng, size = people.rng, len(people)
    # Not on Korean accounts: a hold that ends near the end of a duty would need a plan of its own.
    free = people.is_closed() & (people.country != country_index("KR"))
    index = np.flatnonzero(
        free & (rng.random(size) < 0.012) & (people.closed_day >= day("2016-01-01")) & (people.closed_day < AS_OF - 26)
    )
    closed = people.closed_day[index]
    starts = closed + rng.integers(1, 25, len(index))
    is_open = (rng.random(len(index)) < 0.7) | (closed + 60 >= AS_OF)
    length = (rng.random(len(index)) * np.maximum(AS_OF - closed - 61, 1)).astype(np.int64)
    ends = np.where(is_open, NA, closed + GRACE + 5 + length)
    held = Held(np.full(size, NA), np.full(size, NA))
    held.first[index], held.last[index] = starts, np.where(is_open, AS_OF * 2, ends)
    reason = np.array(["local_law", "claim", "complaint"], dtype=object)[rng.integers(0, 3, len(index))]
    case = np.array([f"CASE-{n:06d}" for n in people.number[index]], dtype=object)
    basis = choose(reason == "local_law", "order of a court to preserve data", "defence of legal claims")
    frame = Frame(
        "legal_holds",
        {
            "account_id": people.number[index],
            "data_category": no_words(len(index)),
            "reason": reason,
            "legal_basis": basis,
            "starts_on": starts,
            "ends_on": ends,
            "reviewed_on": np.where(rng.random(len(index)) < 0.5, np.minimum(starts + 60, AS_OF - 1), NA),
            "recorded_at": instant(starts, seconds_of_day(rng, len(index))),
            "case_id": choose(reason == "local_law", None, case),
            "case_closed_on": np.where((reason != "local_law") & ~is_open, ends, NA),
        },
    )
    return frame, held


def plant_undocumented(rng: np.random.Generator, holds: Frame) -> None:
    """Some holds in force lack a legal basis or outlast their case; others have simply not been reviewed for a year."""
    rows = holds.columns
    drawn, since = rng.random(len(rows["starts_on"])), rows["starts_on"]
    in_force, with_case = rows["ends_on"] == NA, rows["reason"] != "local_law"
    bare = drawn < HOLD_FAULTS["no_basis"]
    over = with_case & in_force & (drawn > 1 - HOLD_FAULTS["case_closed"]) & (since < AS_OF - 120)
    rows["legal_basis"][bare] = None
    rows["case_closed_on"] = np.where(over, AS_OF - 40 - rng.integers(0, 60, len(drawn)), rows["case_closed_on"])
    seen = np.where(rows["reviewed_on"] == NA, since, rows["reviewed_on"])
    reasons = choose(in_force & (AS_OF - seen >= REVIEW_DAYS), "review_overdue", None)
    reasons[over] = "case_closed"
    reasons[in_force & bare] = "no_basis"
    holds.truth["legal_hold_documented"] = reasons
    notes = {"review_overdue": "no review for a year", "case_closed": "its case was closed long ago",
             "no_basis": "no legal basis"}  # fmt: skip
    holds.notes = np.array([notes.get(str(reason), "") for reason in reasons], dtype=object)
