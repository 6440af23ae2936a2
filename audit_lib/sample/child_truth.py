"""What is planted about children in the crowd: cases left open, collection that went on, age gates that forgot.

Told from the rows as they were finally written, never by a measure.
"""

from __future__ import annotations

import numpy as np

from audit_lib.sample.frames import Frame, choose, no_words
from audit_lib.sample.people import People, device
from audit_lib.sample.world import AS_OF, NA, Q3, Flags, Ints, Words, local_day

REPORT_DAYS = 10
"""Days for deciding a case, and for which collection after a guardian's report is followed."""
DELETION_DAYS = 10
"""Days after a confirmation in which the data must be gone."""


def plant_cases(cases: Frame, stored: Frame) -> None:
    """List the cases that were decided too late or never, that changed nothing, or that left the data where they were.

    The accounts of the crowd with a case are open, so nobody deletes their registration: what is confirmed stays stored.
    """
    rows = cases.columns
    opened, decided, decision = rows["opened_at"], rows["decided_at"], rows["decision"].astype(str)
    due = local_day(opened) + REPORT_DAYS
    late = (decided != NA) & (local_day(decided) > due)
    _list(cases, "under_13_report_decided", choose(decided == NA, "open", choose(late, "late", None)), due,
          "case not decided within ten days")  # fmt: skip
    cleared = (decision == "cleared") & ~late
    reported = (rows["source"].astype(str) == "guardian_report") & ~cleared
    collected = reported & (_collected(stored, rows["account_id"], opened, due) > 0)
    _list(cases, "collection_after_report", choose(collected, "collected", None), due, "collected after the report")
    judged = np.where(decided == NA, NA, local_day(decided) + DELETION_DAYS)
    confirmed = decision == "confirmed_under_13"
    _list(
        cases,
        "under_13_data_deleted",
        choose(confirmed, "still_stored", None),
        judged,
        "confirmed, and nothing deleted",
    )


def _list(frame: Frame, measure: str, reasons: Words, on_day: Ints, note: str) -> None:
    """Plant the reasons of the rows judged in the quarter."""
    listed = np.asarray((reasons != None) & (on_day >= Q3) & (on_day < AS_OF), dtype=bool)  # noqa: E711
    frame.truth[measure] = choose(listed, reasons, None)
    if frame.notes is None:
        frame.notes = np.full(len(reasons), "", dtype=object)
    told = frame.notes[listed]
    frame.notes[listed] = choose(told == "", note, told + "; " + note)


def _collected(stored: Frame, accounts: Ints, after: Ints, last_day: Ints) -> Ints:
    """Records of each account collected after a second and on or before a day."""
    account, at = stored.columns["account_id"], stored.columns["collected_at"]
    of_case = np.flatnonzero(np.isin(account, accounts))
    account, at, days = account[of_case], at[of_case], local_day(at[of_case])
    found = [
        int(((account == a) & (at > s) & (days <= d)).sum()) for a, s, d in zip(accounts, after, last_day, strict=True)
    ]
    return np.array(found, dtype=np.int64)


def plant_bypasses(declared: Frame, people: People) -> None:
    """List the refusals of the age gate after which the same device got in, within the hour, as an account's."""
    rows = declared.columns
    ours: Flags = np.asarray((people.plant == "bypass").astype(bool))
    devices = device(people.number[ours], 0)
    refused = (rows["accepted"] == 0) & np.isin(rows["device_id"], devices)
    on_day = local_day(rows["declared_at"]) + 1
    judged = refused & (on_day >= Q3) & (on_day < AS_OF)
    declared.truth["age_gate_bypassed"] = no_words(len(judged))
    declared.truth["age_gate_bypassed"][judged] = "bypassed"
    declared.notes = choose(judged, "the device got in within the hour", "")
