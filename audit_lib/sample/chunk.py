"""One chunk of accounts: every large table for them, sorted and numbered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit_lib.sample import (
    child_truth,
    consent_truth,
    consents,
    objections,
    people,
    processing,
    records,
    registers,
    request_faults,
    requests,
    sharing,
)
from audit_lib.sample.cast import Cast
from audit_lib.sample.frames import Frame, join, number_rows
from audit_lib.sample.world import NA
from audit_lib.vocabulary import Contract

CHUNK = 50_000
"""Accounts drawn at a time; bounds the memory."""
NUMBERS = 10_000_000
"""Row numbers kept for one chunk of a table."""


@dataclass
class Chunk:
    """The tables of one chunk by name, ready to be written."""

    tables: dict[str, pd.DataFrame]


def draw_chunk(
    seed: int, place: int, first_number: int, size: int, cast: Cast | None, contracts: dict[str, Contract]
) -> Chunk:
    """`size` accounts from `first_number`; the cast joins the first chunk."""

    def rng(topic: int) -> np.random.Generator:
        return np.random.default_rng([seed, place, topic])

    crowd = people.draw_people(rng(1), first_number, size)
    accounts = people.accounts(crowd)
    holds, held = records.legal_holds(crowd)
    records.plant_undocumented(rng(8), holds)
    lines = consents.timelines(crowd)
    asked = requests.rights_requests(crowd)
    request_faults.plant_faults(rng(7), asked)
    objections.lift_restrictions(rng(9), asked.frame)
    events = processing.processing_events(rng(3), lines)
    objections.plant_disregard(rng(6), events, asked.frame)
    people.fall_asleep(rng(10), crowd, accounts, events)
    answered = consents.consent_events(rng(2), lines)
    consent_truth.plant_consents(answered, lines, events, crowd)
    declared, reviewed = people.declarations(crowd), people.reviews(crowd)
    child_truth.plant_bypasses(declared, crowd)
    stored, left = records.stored_records(crowd, held)
    requests.plant_erasures(asked, crowd, left)
    child_truth.plant_cases(reviewed, stored)
    frames: list[Frame] = [
        accounts,
        declared,
        reviewed,
        holds,
        stored,
        asked.frame,
        answered,
        events,
        registers.policy_notices(crowd),
        registers.texts(crowd),
        sharing.transfers(rng(4), size),
    ]
    tables = {f.table: _finish(f, cast, contracts[f.table], place) for f in frames}
    _link_transfers(rng(5), tables)
    return Chunk(tables)


def _finish(frame: Frame, cast: Cast | None, contract: Contract, place: int) -> pd.DataFrame:
    """Bulk and cast in one frame, sorted by the anchor instant and numbered."""
    parts = [frame.frame()]
    told = cast.frame(frame.table) if cast else None
    numbers = {c.name for c in contract.columns.values() if c.type in ("instant", "date", "integer", "boolean")}
    numbers |= {c.name for c in contract.columns.values() if c.type == "id" and c.space not in ("recipient",)}
    numbers -= set(contract.key)
    if told is not None:
        parts.append(told)
    if frame.table == "accounts":
        joined = join(parts, numbers | {"_key"}).sort_values("_key", kind="stable", ignore_index=True)
        return joined.assign(_no=joined["_key"])
    present = {n for p in parts for n in p.columns}
    return number_rows(join(parts, numbers & present), _order(frame.table, contract), place * NUMBERS)


def _order(table: str, contract: Contract) -> list[str]:
    return ["received_at"] if table == "rights_requests" else [contract.placed_by[0]]


def _link_transfers(rng: np.random.Generator, tables: dict[str, pd.DataFrame]) -> None:
    """A transfer that rests on consent names a grant given before it."""
    transfers, events = tables["transfers"], tables["consent_events"]
    grants = events[(events["status"] == "given") & (events["account_id"] != NA)]
    linked = np.full(len(transfers), NA)
    by_consent = np.flatnonzero((transfers["transfer_tool"] == "consent").to_numpy())
    upto = np.searchsorted(grants["recorded_at"].to_numpy(), transfers["occurred_at"].to_numpy()[by_consent])
    chosen = (rng.random(len(by_consent)) * upto).astype(np.int64)
    linked[by_consent] = np.where(upto > 0, grants["_no"].to_numpy()[chosen], NA) if len(grants) else NA
    tables["transfers"] = transfers.assign(consent_event_id=linked)
