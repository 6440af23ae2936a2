"""Faults of quality for the mixed samples: rows added to text files that no planted item depends on."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from audit_lib.vocabulary import Contract

FAULTS: dict[str, tuple[tuple[dict[str, str], str], ...]] = {
    "accounts": (
        ({"account_id": "u900000001", "opened_at": "2018-13-40T25:61:00Z", "country": "US"},
         "quarantined: opened_at is not an instant"),
        ({"account_id": "u900000002", "opened_at": "2018-02-03T04:05:06Z", "country": "GBR",
          "sign_up_method": "email", "password_scheme": "bcrypt", "password_salted": "true"},
         "value dropped: country is not two letters"),
        ({"account_id": "u900000003", "opened_at": "2018-02-05T04:05:06Z", "country": "TH",
          "sign_up_method": "line", "password_scheme": "none"}, "unknown word: sign_up_method"),
    ),
    "stored_records": (
        ({"record_id": "r900000001", "account_id": "u900000003", "data_category": "profile", "system": "user-db",
          "collected_at": "yesterday", "source": "person"}, "quarantined: collected_at is not an instant"),
        ({"record_id": "r900000002", "account_id": "u900000003", "data_category": "registration",
          "system": "user-db", "collected_at": "2018-02-05T04:05:06Z", "source": "person"}, ""),
        ({"record_id": "r900000002", "account_id": "u900000003", "data_category": "registration",
          "system": "user-db", "collected_at": "2018-02-05T04:05:06Z", "source": "person"},
         "duplicate: the row before is repeated exactly"),
    ),
    "consent_events": (
        ({"event_id": "c900000001", "account_id": "u900000003", "purpose": "marketing", "status": "maybe",
          "recorded_at": "2018-02-05T04:06:00Z", "method": "banner"}, "quarantined: status is not in the closed list"),
        ({"event_id": "c900000002", "account_id": "u900000003", "purpose": "cookies", "status": "refused",
          "recorded_at": "2018-02-05T04:06:00Z", "method": "pop_up", "policy_version": "2016-11-15",
          "language": "en", "evidence_ref": "consent-store"}, "unknown word: method"),
    ),
    "transfers": (),
}  # fmt: skip
EXTRA_COLUMN = ("transfers", "unknown extra column: batch_ref")


def add_faults(contract: Contract, file: Path) -> list[dict[str, str]]:
    """Append the faulty rows of a table to its CSV file; returns the rows of `ground_truth.csv` about them."""
    listed = [{"measure": "ingest", "item_id": contract.table, "note": note}
              for _, note in FAULTS.get(contract.table, ()) if note]  # fmt: skip
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(contract.columns), lineterminator="\n")
    writer.writerows(values for values, _ in FAULTS.get(contract.table, ()))
    with file.open("a", encoding="utf-8", newline="") as out:
        out.write(buffer.getvalue())
    if contract.table == EXTRA_COLUMN[0]:
        listed.append({"measure": "ingest", "item_id": contract.table, "note": EXTRA_COLUMN[1]})
    return listed


def as_truth(listed: list[dict[str, str]]) -> pd.DataFrame:
    """The listed faults with all columns of the ground truth."""
    empty = {"reason": "", "needs": ""}
    return pd.DataFrame([{**row, **empty} for row in listed], columns=["measure", "item_id", "reason", "needs", "note"])
