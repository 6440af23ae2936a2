"""The list of planted exceptions: taken from what was planted, never from running a measure."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from audit_lib.sample.files import PREFIX
from audit_lib.sample.frames import NOTE, TRUTH
from audit_lib.vocabulary import Contract

COLUMNS = ("measure", "item_id", "reason", "needs", "note")
WITH_TEXTS = "text_states_age"


def planted(frame: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """One row per exception planted in a table."""
    key = contract.columns[contract.key[0]]
    parts = []
    for name in (n for n in frame.columns if n.startswith(TRUTH)):
        rows = frame[frame[name].notna()]
        reason = rows[name].astype(str)
        parts.append(pd.DataFrame({
            "measure": name.removeprefix(TRUTH),
            "item_id": [f"{PREFIX[key.space]}{number:09d}" for number in rows["_no"]],
            "reason": reason,
            "needs": ["with-texts" if word == WITH_TEXTS else "" for word in reason],
            "note": rows[NOTE].fillna("").astype(str),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def write_truth(parts: list[pd.DataFrame], file: Path) -> pd.DataFrame:
    """`ground_truth.csv`: sorted by measure, item and reason."""
    rows = pd.concat(parts, ignore_index=True)[list(COLUMNS)].fillna("")
    rows = rows.sort_values(["measure", "item_id", "reason", "note"], kind="stable", ignore_index=True)
    rows.to_csv(file, index=False, lineterminator="\n", encoding="utf-8")
    return rows


def counts(folder: Path) -> pd.DataFrame:
    """Planted exceptions per measure and reason of a folder of samples."""
    con = duckdb.connect()
    return con.execute(
        "select measure, reason, count(*) as planted from read_csv(?, all_varchar = true) "
        "group by all order by all",
        [str(folder / "ground_truth.csv")],
    ).df()  # fmt: skip
