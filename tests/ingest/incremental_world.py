"""Exports in every form that ingest knows, with something wrong in each, and ways to change them."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from ingest_world import CONTRACTS, UTC

from audit_lib.ingest import Ingested, ingest, read_sources, table_checksums

T = "2018-05-01T10:00:00Z"
DECLARED = """
[rights_requests]
files = ["requests/*.csv"]
adapter = "fides_requests"
extracted_at = 2018-06-01T00:00:00Z

[processing_events]
time_zone = "America/Los_Angeles"

[[recipient_tools]]
files = ["tools_old.csv"]
extracted_at = 2018-05-01T00:00:00Z

[[recipient_tools]]
files = ["tools_new.csv"]
extracted_at = 2018-06-01T00:00:00Z

[policy_versions]
kind = "changes"

[legal_holds]
database = "sqlite:holds.sqlite"
relation = "holds"
"""
REQUESTS = "Request ID,Request Type,Status,Time Received,Completed On,email\n"
FILES = {
    "accounts/1.csv": f"account_id,opened_at,closed_at,country,mood\nb,{T},,DE,x\na,{T},never,US,y\nc,{T},,Germany,z\nd,,,US,\n",
    "accounts/2.csv.gz": f"account_id,opened_at,closed_at,country\na,{T},never,US\ne,{T},,FR\nf,{T},2018-06-02T00:00:00Z,\n",
    "accounts/3.csv": f"opened_at,account_id,country\n{T},g\n{T},h,DE\n{T},i,DE,DE\n{T},c,FR\n",
    "stored_records.csv": "record_id,account_id,data_category,collected_at,deleted_at\n"
    f"r1,a,payment,{T},\nr2,nobody,profile,{T},soon\nr3,c\nr4,b,gossip,{T},\nr5,b,profile,yesterday,\nr4,b,gossip,{T},\n",
    "consent_events.jsonl": "".join(
        f'{{"event_id": "{key}", "account_id": {account}, "status": "{status}", "recorded_at": "{T}", "recipient_id": "p1"}}\n'
        for key, account, status in (("e1", '"a"', "given"), ("e2", "[1]", "given"), ("e3", '"z"', "perhaps"), ("e4", '"b"', "refused"))
    )
    + "not json\n",
    "processing_events.csv": "event_id,occurred_at,account_id,device_id\n"
    f"v1,2018-05-01 10:00:00,a,d2\nv2,2018-05-01 11:00:00,,d1\nv3,{T},q,d9\n",
    "requests/1.csv": REQUESTS
    + f"q1,erasure+update,complete,{T},{T},a\nq2,access+erasure,pending,{T},,b\nq3,erasure+consent,pending,{T},,c\nq9,access,pending,,,c\n",
    "requests/2.csv": REQUESTS
    + f"q0,access\nq1,access+erasure+update,complete,{T},{T},a\nq2,access+erasure+update,pending,{T},,b\nq3,access+erasure+update,pending,{T},,c\n",
    "recipients.csv": "recipient_id,name,country\np1,One,DE\np2,Two,XX\n",
    "tools_old.csv": "recipient_id,transfer_tool,valid_from\np1,scc,2018-01-01\np3,scc,2018-01-01\n",
    "tools_new.csv": "recipient_id,transfer_tool,valid_from\np1,scc,2018-01-01\np2,bcr,2018-13-01\np1,scc,2018-01-01\n",
    "policy_versions.csv": "policy_version,effective_on,substantial\nv1,2018-01-01,true\nv1,2018-02-01,true\nv2,2018-03-01,maybe\n",
    "texts/1.csv": f"text_id,account_id,written_at,language,body\nt1,a,{T},en,i am 11 years old\nt2,b,{T},en,nothing\nt3,b,no,en,i am 9 years old\n",
    "texts/2.csv": f"text_id,account_id,written_at,language,body\nt1,a,{T},en,i am 11 years old\nt4,c,{T},en,i am 10 years old\n",
    "sources.toml": DECLARED,
}


@dataclass
class World:
    """A folder of exports and the warehouses made of it."""

    folder: Path
    warehouses: Path

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = text.encode()
        path.write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)

    def replace(self, name: str, old: str, new: str) -> None:
        text = FILES[name]
        assert old in text
        self.write(name, text.replace(old, new))

    def holds(self, *rows: tuple[str, str, str]) -> None:
        """The database that `legal_holds` come from, with these rows."""
        with closing(sqlite3.connect(self.folder / "holds.sqlite")) as database:
            database.execute("create table if not exists holds (hold_id text, account_id text, starts_on text)")
            database.execute("delete from holds")
            database.executemany("insert into holds values (?, ?, ?)", rows)
            database.commit()

    def reset(self) -> None:
        """The files above, a Parquet file and a database, and nothing else."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, text in FILES.items():
            self.write(name, text)
        self.holds(("h1", "a", "2018-01-01"), ("h2", "nobody", "some day"))
        duckdb.execute(
            f"copy (select 'n' || i as notice_id, 'a' as account_id, timestamp '2018-05-01' + to_days(i::int) as notified_at"
            f" from range(4) t(i)) to '{self.folder}/policy_notices.parquet' (format parquet)"
        )

    def ingest(
        self,
        name: str,
        base: Path | None = None,
        *,
        zone: ZoneInfo = UTC,
        columns: dict[str, frozenset[str]] | None = None,
        with_texts: bool = True,
    ) -> tuple[Path, Ingested]:
        """A warehouse of the folder as it is now."""
        path = self.warehouses / f"{name}.duckdb"
        path.unlink(missing_ok=True)
        with duckdb.connect(path) as con:
            sources = read_sources(self.folder, CONTRACTS)
            done = ingest(
                con, sources, CONTRACTS, columns=columns, zone=zone, with_texts=with_texts, progress=lambda step: None, base=base
            )
        return path, done




def checksums(path: Path) -> dict[str, str]:
    with duckdb.connect(path, read_only=True) as con:
        return table_checksums(con)


Change = Callable[[World], None]
