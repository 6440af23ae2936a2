"""One reality, the samples, exported four ways: what is left of it where exporters lose rows, and what they declare."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

Row = Mapping[str, Any]
CUT = "2018-07-07"
"""First day of logs that are kept for 90 days, on the day of the extraction, 5 October 2018."""
LOGS = {
    "consent_events": "recorded_at", "processing_events": "occurred_at", "birth_date_declarations": "declared_at", "policy_notices": "notified_at",
    "transfers": "occurred_at", "texts": "written_at", "rights_requests": "received_at",
}  # fmt: skip
KEEPERS = ("accounts", "stored_records", "consent_events", "rights_requests")
"""The tables whose exporter says whether deleted rows are kept."""


def keep(data: Path, table: str, wanted: Callable[[Row], bool]) -> int:
    """Leave in the export of a table only the rows that are wanted; returns how many are gone."""
    file = next(data.glob(f"{table}.*"))
    if file.suffix == ".parquet":
        return _keep_parquet(file, wanted)
    text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text("utf-8")
    if file.suffix == ".jsonl":
        lines = text.splitlines()
        left = [line for line in lines if wanted(json.loads(line))]
        file.write_text("".join(f"{line}\n" for line in left), "utf-8")
        return len(lines) - len(left)
    rows = list(csv.DictReader(io.StringIO(text)))
    left_rows = [row for row in rows if wanted(row)]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(left_rows)
    content = out.getvalue().encode()
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    return len(rows) - len(left_rows)


def _keep_parquet(file: Path, wanted: Callable[[Row], bool]) -> int:
    with duckdb.connect() as con:
        con.execute("create table t as select * from read_parquet(?)", [str(file)])
        names = [column[0] for column in con.execute("select rowid, * from t").description]
        rows = con.fetchall()
        gone = [row[0] for row in rows if not wanted(dict(zip(names, row, strict=True)))]
        con.execute("delete from t where rowid in (select unnest(?::bigint[]))", [gone])
        con.execute(f"copy t to '{file}' (format parquet)")
    return len(gone)


def closed_accounts(data: Path) -> set[str]:
    """The ids of closed accounts."""
    with (data / "accounts.csv").open(encoding="utf-8", newline="") as file:
        return {row["account_id"] for row in csv.DictReader(file) if row["closed_at"]}


# the four exports ----------------------------------------------------------------------------------------------------


def tombstones(data: Path) -> None:
    """(a) Everything is there; deleted rows with the day of their deletion."""


def records_gone(data: Path) -> None:
    """(b) Records that were deleted are gone."""
    assert keep(data, "stored_records", lambda row: not row["deleted_at"])


def accounts_gone(data: Path) -> None:
    """(c) Closed accounts are gone, and their records with them."""
    closed = closed_accounts(data)
    assert keep(data, "accounts", lambda row: row["account_id"] not in closed)
    assert keep(data, "stored_records", lambda row: row["account_id"] not in closed)


def everything_gone(data: Path) -> None:
    """(c, cascading) Closed accounts are gone, and every row of every table that names them."""
    accounts_gone_ids = closed_accounts(data)
    accounts_gone(data)
    for table in ("consent_events", "processing_events", "birth_date_declarations", "rights_requests", "policy_notices"):
        assert keep(data, table, lambda row: row["account_id"] not in accounts_gone_ids)


def logs_cut(data: Path) -> None:
    """(d) Logs, the one of requests included, are kept for 90 days."""
    for table, instant in LOGS.items():
        assert keep(data, table, lambda row, instant=instant: str(row[instant])[:10] >= CUT)


# what is declared of them --------------------------------------------------------------------------------------------


def honest(sources: str, case: str) -> str:
    """What the exporter of a case has to say."""
    lost = {
        "records_gone": ("stored_records",),
        "accounts_gone": ("accounts", "stored_records"),
        "everything_gone": KEEPERS,
    }.get(case, ())
    for table in lost:
        sources = declared(sources, table, "keeps_deleted", "false")
    for table in LOGS if case == "logs_cut" else ():
        sources = declared(sources, table, "covers_from", CUT)
    return sources


def nothing(sources: str, case: str) -> str:
    """No declaration at all; the time zone is part of the format."""
    return re.sub(r"(?m)^(extracted_at|kind|covers_from|keeps_deleted|daily) = .*\n", "", sources)


def careless(sources: str, case: str) -> str:
    """What was true of the whole export, said of one that has lost rows."""
    return sources


def declared(sources: str, table: str, name: str, value: str) -> str:
    """`sources.toml` with one declaration of a table changed."""
    changed, count = re.subn(rf"(?m)(^\[{table}\]\n(?:[^\[]*\n)?){name} = .*$", rf"\g<1>{name} = {value}", sources)
    assert count == 1, (table, name)
    return changed


CASES = {case.__name__: case for case in (tombstones, records_gone, accounts_gone, everything_gone, logs_cut)}
DECLARATIONS = {how.__name__: how for how in (honest, nothing, careless)}


def export(samples: Path, folder: Path, case: str, declarations: str) -> Path:
    """The samples as the exporter of a case would have left and declared them."""
    data = Path(shutil.copytree(samples, folder / f"{case}_{declarations}"))
    CASES[case](data)
    sources = data / "sources.toml"
    sources.write_text(DECLARATIONS[declarations](sources.read_text("utf-8"), case), "utf-8")
    return data
