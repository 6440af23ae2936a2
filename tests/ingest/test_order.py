"""Rows are loaded in the order of the file: a row's place is how it is traced back to its record."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from ingest_world import CONTRACTS, UTC, Load

from audit_lib.ingest import load as loading
from audit_lib.ingest import readers, table_checksums
from audit_lib.ingest.load import LoadedFile, TableLoad, columns_to_read
from audit_lib.ingest.readers import OpenFile, open_file
from audit_lib.ingest.sources import read_sources

T = "2018-01-01T00:00:00Z"


@pytest.mark.parametrize("table", CONTRACTS)
@pytest.mark.parametrize("zone", ["", 'time_zone = "America/Los_Angeles"'])
def test_rows_pass_only_through_joins_of_one_core_that_give_every_row_once(table: str, zone: str, tmp_path: Path) -> None:
    contract = CONTRACTS[table]
    (tmp_path / f"{table}.csv").write_text(",".join(contract.columns) + "\n")
    (tmp_path / "sources.toml").write_text(f"[defaults]\n{zone}\n")
    source = read_sources(tmp_path, CONTRACTS).tables[table]
    con = duckdb.connect()
    opened = open_file(con, source.files[0], source.extractions[0], tmp_path)
    load = TableLoad(contract, source, columns_to_read(contract, None), UTC, listed=frozenset(loading.SPACES))
    for space in loading.SPACES:
        con.execute(f"create table key_{space} ({space}_no integer, {space}_id varchar)")
        con.execute(f"insert into key_{space} select i, 'x' || i from range(10000) t(i)")
    plan = con.execute(f"explain {loading._file_sql(load, LoadedFile(1, opened, 0))}").fetchall()[0][1]
    assert "Read Csv" in plan
    numbered = sum(loading.is_numbered(column, contract) for column in load.kept)
    assert plan.count("Join Type: SINGLE") == plan.count("Join Type") == numbered
    assert plan.index("Streaming Window") > plan.rfind("Join Type")


ACCOUNTS = f"account_id,opened_at\na1,{T}\na2,{T}\n"


def test_rows_in_another_order_are_never_taken(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = loading._file_sql
    monkeypatch.setattr(loading, "_file_sql", lambda *given: f"{plain(*given)} order by place desc")
    with pytest.raises(loading.OrderLostError, match=r"accounts\.csv: its rows are not in the order of its records"):
        load({"accounts.csv": ACCOUNTS})


def test_where_looking_up_ids_loses_the_order_they_are_numbered_afterwards(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = loading._file_sql

    def disordered(table: TableLoad, file: LoadedFile) -> str:
        return plain(table, file) + (" order by place desc" if table.listed else "")

    events = f"event_id,occurred_at,account_id,device_id\ne1,{T},a2,d2\ne2,{T},a1,d1\ne3,{T},a3,d2,too many\ne4,{T},a4,\n"
    files = {"accounts.csv": ACCOUNTS, "processing_events.csv": events}
    expected = table_checksums(load(files).con)
    monkeypatch.setattr(loading, "_file_sql", disordered)
    assert table_checksums(load(files).con) == expected


def test_many_buffers_keep_their_order(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = OpenFile.relation

    def in_small_pieces(opened: OpenFile, rejects_to: str | None = None) -> str:
        sql = plain(opened, rejects_to).replace("auto_detect", "max_line_size = 60000, auto_detect")
        return sql.replace(f"maximum_object_size = {1 << 25}", "maximum_object_size = 100000")

    monkeypatch.setattr(OpenFile, "relation", in_small_pieces)
    monkeypatch.setattr(readers, "BUFFER", 200_000)
    rows = 40_000
    csv = "account_id,opened_at,country\n" + "".join(f"a{n},{T},DE\n" for n in range(1, rows + 1))
    objects = "\n".join(
        json.dumps({"review_id": f"r{n}", "opened_at": T, "decision": "cleared"}) for n in range(1, rows + 1)
    )
    events = "event_id,occurred_at,account_id,device_id\n" + "".join(f"e{n},{T},a{rows + 1 - n},d{n}\n" for n in range(1, rows + 1))
    loaded = load({"accounts.csv": csv, "age_reviews.jsonl": objects, "processing_events.csv": events})
    wrong = f"event_id <> 'e' || record or account_no <> {rows} + 1 - record"
    assert loaded.rows(f"select count(*) from processing_events where {wrong}") == [(0,)]
    assert loaded.rows("select count(*) from accounts where account_id <> 'a' || record") == [(0,)]
    assert loaded.rows("select count(*) from age_reviews where review_id <> 'r' || record") == [(0,)]
    assert loaded.counts() == [(rows, rows, 0, 0, 0, 0)] * 3
