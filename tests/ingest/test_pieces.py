"""A file that is read in pieces gives the warehouse that it gives when it is read as a whole."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import duckdb
import pytest
from ingest_world import CONTRACTS, UTC

from audit_lib.errors import InputRefused
from audit_lib.ingest import ingest, pieces, read_sources, scan, table_checksums
from audit_lib.ingest import load as loading
from audit_lib.ingest.append import append
from audit_lib.ingest.readers import OpenFile, open_file

T = "2018-01-01T00:00:00Z"
HEADER = "event_id,occurred_at,account_id,device_id,system\n"
ROWS = [
    f"e1,{T},a1,d2,crm", f"e2,{T},a2,d1,crm", f"e3,{T},nobody,d9,crm", "e4,yesterday,a1,d1,crm", f"e5,{T},a1,d1,crm,too many",
    f"e6,{T},,,", f"e2,{T},a2,d1,other", f'e8,{T},a3,d4,"a quoted, word"', f'e9,{T},a1,d3,"of two\nlines"', "", f"e10,{T},a2,d4,é",
    f"e1,{T},a1,d2,crm", f"e12,{T},a1", f" e13 ,{T},a1,d0,crm",
]  # fmt: skip
ACCOUNTS = f"account_id,opened_at\na1,{T}\na2,{T}\na3,{T}\n"
EVENTS = HEADER + "\n".join(ROWS) + "\n"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may be cut after every record, and is cut into as many pieces as there are streams."""
    monkeypatch.setattr(scan, "CHUNK", 1)
    monkeypatch.setattr(pieces, "SMALLEST", 1)


def _ingested(folder: Path, streams: int) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": streams})
    ingest(con, read_sources(folder, CONTRACTS), CONTRACTS, columns=None, zone=UTC, with_texts=False, progress=lambda step: None)
    return con


def _opened(path: Path) -> OpenFile:
    source = read_sources(path.parent, CONTRACTS).tables["processing_events"]
    return open_file(duckdb.connect(), source.files[0], source.extractions[0], path.parent)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "events",
    [
        EVENTS,
        EVENTS.replace("\n", "\r\n"),
        EVENTS.removesuffix("\n"),
        "\ufeff" + EVENTS,
        EVENTS.replace('"', "").replace("of two\n", "of two "),
        EVENTS + "\n\n\n",
        HEADER,
        HEADER.removesuffix("\n"),
        HEADER + ROWS[0],
    ],
    ids=["plain", "crlf", "open end", "bom", "no quotes", "blank lines", "header", "header without end", "one record"],
)
@pytest.mark.parametrize("streams", [2, 7])
def test_the_same_warehouse_as_read_whole(events: str, streams: int, tmp_path: Path) -> None:
    (tmp_path / "processing_events.csv").write_bytes(events.encode())
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    whole, cut = _ingested(tmp_path, 1), _ingested(tmp_path, streams)
    assert table_checksums(cut) == table_checksums(whole)
    in_order = "select * from rows_processing_events order by rowid"
    assert cut.execute(in_order).fetchall() == whole.execute(in_order).fetchall()
    quarantine = "select * from quarantine"
    assert cut.execute(quarantine).fetchall() == whole.execute(quarantine).fetchall()


@pytest.mark.usefixtures("small")
def test_json_lines_in_pieces(tmp_path: Path) -> None:
    lines = [f'{{"event_id": "e{n}", "occurred_at": "{T}", "account_id": "a{n % 4}", "device_id": "d{9 - n}"}}' for n in range(9)]
    (tmp_path / "processing_events.jsonl").write_text("\n".join([*lines[:5], "", "no json", *lines[5:]]))
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    whole, cut = _ingested(tmp_path, 1), _ingested(tmp_path, 4)
    assert table_checksums(cut) == table_checksums(whole)


@pytest.mark.usefixtures("small")
def test_pieces_are_the_whole_file_and_end_where_records_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "processing_events.csv"
    path.write_text(EVENTS)
    opened, content = _opened(path), EVENTS.encode()
    starts = [len("\n".join([HEADER.strip(), *ROWS[:n]]).encode()) + 1 for n in range(len(ROWS))]
    assert not [at for at in opened.cuts if at not in [*starts, len(content)]]
    for size in range(1, len(content) + 2):
        monkeypatch.setattr(pieces, "SMALLEST", size)
        for streams in (1, 2, 5, 100):
            found = pieces.cut(opened, streams)
            assert len(found) <= streams
            assert b"".join(content[piece.start : piece.end] for piece in found) == content
            assert all(piece.start == 0 or piece.start in starts for piece in found)
            assert all(piece.start < piece.end for piece in found)


@pytest.mark.parametrize("name", ["processing_events.csv", "processing_events.csv.gz"])
def test_a_small_or_compressed_file_is_not_cut(name: str, tmp_path: Path) -> None:
    content = EVENTS.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    opened = _opened(tmp_path / name)
    assert len(pieces.cut(opened, 8)) == 1
    assert bool(opened.cuts) == (not name.endswith("gz"))


@pytest.mark.usefixtures("small")
def test_a_piece_that_fails_refuses_the_file_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "processing_events.csv").write_text(HEADER + "".join(f"e{n},{T},a1,d1,crm\n" for n in range(40)))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    plain = loading._file_sql

    def fails(*given: object) -> str:
        return plain(*given).replace("as file_no", "+ case when v0 = 'e33' then error('x') else 0 end as file_no", 1)

    monkeypatch.setattr(loading, "_file_sql", fails)
    con = duckdb.connect(config={"threads": 4})
    sources = read_sources(tmp_path, CONTRACTS)
    with pytest.raises(InputRefused, match="the reader cannot read it with certainty"):
        ingest(con, sources, CONTRACTS, columns=None, zone=UTC, with_texts=False, progress=lambda step: None)
    assert con.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
    assert [path.name for path in tmp_path.iterdir()] == ["processing_events.csv"]


@pytest.mark.usefixtures("small")
def test_the_first_piece_that_fails_is_told_and_the_others_are_stopped(tmp_path: Path) -> None:
    (tmp_path / "processing_events.csv").write_text(HEADER + "".join(f"e{n},{T},a1,d1,crm\n" for n in range(40)))
    con = duckdb.connect(config={"threads": 4})
    con.execute("create table t (n varchar)")

    def insert_sql(opened: object) -> str:
        assert isinstance(opened, OpenFile)
        first = "e0," in opened.path.read_text()
        return f"insert into t select error('{'first' if first else 'later'}') from {opened.relation('ingest_rejected')}"

    with pytest.raises(duckdb.InvalidInputException, match="first"):
        append(con, _opened(tmp_path / "processing_events.csv"), tmp_path, insert_sql)
    assert con.execute("select count(*) from t").fetchall() == [(0,)]
