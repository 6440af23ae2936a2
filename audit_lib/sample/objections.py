"""Restrictions and objections, and the processing that goes on in spite of them.

Every account of the crowd has at most one request of either kind. It names its purposes, save some to direct marketing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit_lib.sample.frames import Frame, choose, no_words
from audit_lib.sample.world import AS_OF, DAY, NA, Q3, Flags, Ints, Words, instant, local_day

MEASURES = {"restriction": "restriction_respected", "objection": "objection_respected"}
NOTES = {"restriction": "processed although that was restricted", "objection": "processed after an objection"}
KEPT = 0.35
"""Chance that an event in spite of a restriction or objection is kept and planted."""
LIFTED = 0.30
"""Share of restrictions that are lifted weeks after they were granted."""
GRANTED = ("fulfilled", "fulfilled_in_part")
SERVICE = {"purpose": "service_delivery", "legal_basis": "contract", "channel": "server",
           "system": "player-api", "template_id": None}  # fmt: skip
"""What an event becomes that a restriction or objection rules out."""
DIRECT_MARKETING = "marketing;promotions;advertising"
"""The purposes of an objection to direct marketing that names none."""
NEVER = -NA


@dataclass
class Barred:
    """When accounts may not be used for which purposes; sorted by account, one row per account."""

    account: Ints
    first: Ints
    """First second, NEVER where the request was not granted."""
    last: Ints
    """First second after it."""
    purposes: Words

    def stops(self, events: Frame) -> Flags:
        """Whether each event falls into the barred time of its account and has a barred purpose."""
        account, at = events.columns["account_id"], events.columns["occurred_at"]
        stopped = np.zeros(len(account), dtype=bool)
        if not len(self.account):
            return stopped
        place = np.searchsorted(self.account, account).clip(0, len(self.account) - 1)
        within = (self.account[place] == account) & (at >= self.first[place]) & (at < self.last[place])
        index = np.flatnonzero(within)
        named, purpose = self.purposes[place[index]].astype(str), events.columns["purpose"][index].astype(str)
        for words in np.unique(named):
            stopped[index] |= (named == words) & np.isin(purpose, words.split(";"))
        return stopped


def lift_restrictions(rng: np.random.Generator, requests: Frame) -> None:
    """Some granted restrictions are lifted again before the exports were taken."""
    asked = requests.columns
    lifted_day = local_day(asked["closed_at"]) + rng.integers(20, 60, len(asked["closed_at"]))
    lifted = _granted(requests) & (asked["right_requested"] == "restriction") & (lifted_day < AS_OF)
    lifted &= rng.random(len(lifted)) < LIFTED
    asked["restriction_lifted_at"] = np.where(lifted, instant(lifted_day, DAY // 2), NA)


def plant_disregard(rng: np.random.Generator, events: Frame, requests: Frame) -> None:
    """Turn most events that a restriction or objection rules out into plain service, and list the others.

    Events that are exceptions of another measure stay as they are.
    """
    for right, measure in MEASURES.items():
        stopped = np.flatnonzero(_barred(requests, right).stops(events))
        planted = np.zeros(len(stopped), dtype=bool)
        for reasons in events.truth.values():
            planted |= pd.notna(reasons[stopped])
        kept = planted | (rng.random(len(stopped)) < KEPT)
        for name, word in SERVICE.items():
            events.columns[name][stopped[~kept]] = word
        ignored = stopped[kept]
        ignored = ignored[local_day(events.columns["occurred_at"][ignored]) >= Q3]
        events.truth[measure] = no_words(len(events.columns["purpose"]))
        events.truth[measure][ignored] = "not_respected"
        assert events.notes is not None
        fresh = ignored[events.notes[ignored] == ""]
        events.notes[fresh] = NOTES[right]


def _granted(requests: Frame) -> Flags:
    return np.asarray((requests.columns["closed_at"] != NA) & np.isin(requests.columns["outcome"].astype(str), GRANTED))


def _barred(requests: Frame, right: str) -> Barred:
    """Restrictions from the granting to the lifting; objections to direct marketing from receipt, others from the granting."""
    asked = requests.columns
    index = np.flatnonzero(asked["right_requested"] == right)
    index = index[np.argsort(asked["account_id"][index], kind="stable")]
    first = np.where(_granted(requests), asked["closed_at"], NEVER)
    if right == "objection":
        first = np.where(asked["direct_marketing"] == 1, asked["received_at"], first)
    lifted = asked["restriction_lifted_at"]
    last = np.where(lifted == NA, NEVER, lifted)
    purposes = choose(pd.isna(asked["purposes"]), DIRECT_MARKETING, asked["purposes"])
    return Barred(asked["account_id"][index], first[index], last[index], purposes[index])
