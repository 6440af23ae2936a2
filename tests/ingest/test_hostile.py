"""Hostile exports: refused with a sentence, or read as what they are; no crash, no partial load, bounded memory."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from backports import zstd
from ingest_world import CONTRACTS, UTC, Load

from audit_lib.errors import InputRefused
from audit_lib.ingest import exports_folder, ingest, limits, read_sources, scan

T = "2018-01-01T00:00:00Z"
HEAD = "account_id,opened_at\n"
CSV = HEAD + f"a1,{T}\n"
NAMES = "account_id,opened_at," + ",".join(f"c{n}" for n in range(10_000))
OBJECT = json.dumps({"account_id": "a1", "opened_at": T})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "accounts.csv",
            NAMES + "\n",
            r"more than 10000 columns at the header, byte 0\. Check delimiter and line ends, or export",
        ),
        ("accounts.csv", "," * 1_000_000 + "\n", r"more than 10000 columns"),
        (
            "accounts.csv",
            "x" * 200_000 + "\n",
            r"a name of a column longer than 131072 characters at the header, byte 0\. Write the names",
        ),
        ("accounts.jsonl", "\n".join(json.dumps({f"k{n}": n}) for n in range(10_001)), r"more than 10000 columns"),
        ("accounts.jsonl", '{"a":' * 1_000_000, r"more than 200 brackets inside one another at record 1, byte 1000\."),
        ("accounts.json", "[" * 5_000_000, r"more than 200 brackets inside one another at byte 200\."),
        ("accounts.csv", HEAD + "a1,\0\n", r"a NUL byte at record 1, byte 24\. Export the file again as plain UTF-8"),
        ("accounts.tsv.gz", b"\x1f\x8b", r"the compressed data are damaged or cut off"),
        (
            "accounts.xlsx",
            b"PK\x03\x04 nonsense",
            r"not a readable \.xlsx workbook\. Save it again as \.xlsx without a password",
        ),
        ("accounts.parquet", b"", r"not a readable Parquet file"),
        ("accounts.jsonl.gz", b"", r"the compressed data are damaged or cut off at byte 0\."),
    ],
)
def test_refused(load: Load, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(InputRefused, match=rf"{name}: .*" + message):
        load({name: content})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("accounts.csv", HEAD + f"{'a' * 3000},{T}\n"),
        ("accounts.csv", HEAD + '"' + "a\n" * 1500 + f'",{T}\n'),
        ("accounts.csv.zst", zstd.compress((HEAD + "x" * 3000).encode())),
        ("accounts.json", "[" + OBJECT + ', {"x": "' + "a" * 3000 + '"}]'),
        ("accounts.jsonl", f"{OBJECT}\n" + " " * 3000),
    ],
)
def test_a_record_beyond_the_limit(
    load: Load, name: str, content: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RECORD", 2000)
    with pytest.raises(InputRefused, match=rf"{name}: a record longer than 2000 bytes.*Check line ends and quotes"):
        load({name: content})


@pytest.mark.parametrize("size", [1_500_000, 2_097_152, 30_000_000, limits.RECORD - 23])
def test_a_long_but_legal_record_loads(load: Load, size: int) -> None:
    value = "b" * size
    loaded = load(
        {
            "accounts.csv": HEAD + f"a1,{T}\n{value},{T}\na3,{T}\n",
            "age_reviews.jsonl": f'{{"review_id":"{value[:-20]}","opened_at":"x"}}',
        }
    )
    assert loaded.rows("select length(account_id), record from accounts") == [(2, 1), (size, 2), (2, 3)]
    assert loaded.rows("select rows, quarantined from input_file where table_name = 'age_reviews'") == [(1, 1)]


@pytest.mark.parametrize("name", ["accounts.csv.gz", "accounts.csv.zst", "accounts.json.gz", "accounts.jsonl.zst"])
def test_compressed_data_that_grow_beyond_reason(load: Load, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPANDED", 1 << 20)
    monkeypatch.setattr(scan, "CHUNK", 1 << 23)  # else the first thing seen is that there is no header
    bomb = (b"[" if ".json." in name else b"") + b"\n" * (6 << 20)
    with pytest.raises(
        InputRefused,
        match=rf"{name}: its compressed data grow to more than 200 times their size at byte \d+\. Unpack the file",
    ):
        load({name: gzip.compress(bomb) if name.endswith("gz") else zstd.compress(bomb)})


def test_a_workbook_that_grows_beyond_reason(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "exports").mkdir()
    with xlsxwriter.Workbook(tmp_path / "exports" / "accounts.xlsx") as book:
        book.add_worksheet().write(0, 0, "x")
    monkeypatch.setattr(limits, "WORKBOOK", 100)
    with pytest.raises(
        InputRefused, match=r"accounts\.xlsx: the workbook unpacks to \d+ bytes, more than is read\. Export the sheet"
    ):
        load({})


@pytest.mark.parametrize("what", ["document type", "rows", "cells", "no part", "checksum"])
def test_a_workbook_with_strange_xml(load: Load, tmp_path: Path, what: str) -> None:
    source, path = tmp_path / "sound.xlsx", tmp_path / "exports" / "accounts.xlsx"
    path.parent.mkdir()
    with xlsxwriter.Workbook(source) as book:
        book.add_worksheet().write_column(0, 0, ["account_id", "x"])
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                if what == "no part":
                    continue
                text = (
                    text.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY y "z">]><worksheet', 1)
                    if what == "document type"
                    else text
                )
                text = text.replace(b'<row r="2"', b'<row r="1"') if what == "rows" else text
                text = text.replace(b'r="A2"', b'r="XFZZ2"') if what == "cells" else text
            new.writestr(part.filename, text)
    if what == "checksum":
        whole = path.read_bytes()
        at = whole.index(b"<sheetData>")
        path.write_bytes(whole[:at] + b"<sheetdata>" + whole[at + 11 :])
    with pytest.raises(InputRefused, match=r"accounts\.xlsx: not a readable \.xlsx workbook"):
        load({})


def test_values_that_look_like_something_else_stay_text(load: Load) -> None:
    values = [
        "=cmd|'/c calc'!A1",
        "'; drop table accounts; --",
        "<script>alert(1)</script>",
        "\u202eevil\u202c",
        "مرحبا",
        "NULL",
        "\\N",
        "@SUM(1)",
    ]
    rows = "".join(f"{value},{T}\n" for value in values)
    loaded = load({"accounts.csv": HEAD + rows})
    assert [row[0] for row in loaded.rows("select account_id from accounts order by record")] == values


def test_names_that_look_like_something_else(load: Load) -> None:
    header = 'account_id,opened_at,"x""); drop table accounts; --",<b>é</b>,\''
    loaded = load({"accounts.csv": f"{header}\na1,{T},1,2,3\n"})
    assert loaded.rows("select column_name from input_column where state = 'extra' order by 1") == [
        ("'",), ("<b>é</b>",), ('x"); drop table accounts; --',),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ['o\'brien "q".csv', "a\nb.csv", "[1]*?.csv", "a\\[b].csv", "{x,y}.csv", "%41 #;--.csv", "k=v/ü.csv", "<b>.CSV"],
)
def test_paths_with_strange_characters(load: Load, name: str) -> None:
    files = {f"accounts/{name}": CSV, f"age_reviews/{name}l.parquet": b""}
    loaded_from = name.replace(".csv", ".jsonl").replace(".CSV", ".jsonl")
    loaded = load(
        {f"accounts/{name}": CSV, f"age_reviews/{loaded_from}": json.dumps({"review_id": "r1", "opened_at": T})}
    )
    assert loaded.counts() == [(1, 1, 0, 0, 0, 0)] * 2
    assert loaded.rows("select file from input_file order by 1") == [
        (next(iter(files)),),
        (f"age_reviews/{loaded_from}",),
    ]


def test_a_name_with_glob_characters_can_be_declared(load: Load) -> None:
    loaded = load({"sources.toml": '[accounts]\nfiles = "a[1].csv"\n', "a[1].csv": CSV})
    assert loaded.counts() == [(1, 1, 0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (os.mkfifo, r"accounts\.csv is no ordinary file \(a pipe, a socket or a device\)\. Write the export into a file"),
        (lambda path: path.mkdir(), r"accounts\.csv is a folder, not a file\. Name its files in sources\.toml, or rename it"),
        (lambda path: path.symlink_to("/etc/hostname"), r"accounts\.csv is a link to a file outside the folder of the exports\. Copy the file here"),
        (lambda path: path.symlink_to("nowhere"), r"accounts\.csv is a link to nothing\. Copy the file here"),
        (lambda path: path.with_name("accounts").symlink_to("/usr/bin"), r"accounts is a link to a folder outside the folder of the exports\. Copy it here"),
        (lambda path: path.with_name("x\udcff").mkdir() or Path(os.fsdecode(os.fsencode(path.parent) + b"/accounts.\xff.csv")).write_text(CSV), r"accounts\.\\udcff\.csv has a name that is not UTF-8\. Rename it"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_file(tmp_path: Path, make: object, message: str) -> None:
    make(tmp_path / "accounts.csv")  # type: ignore[operator]
    with pytest.raises(InputRefused, match=message):
        read_sources(tmp_path, CONTRACTS)


def test_strange_things_that_no_table_claims_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text('ignore = ["linked"]\n')
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "linked").symlink_to("/usr/bin")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text("")
    (tmp_path / "accounts.csv").write_text(CSV)
    (tmp_path / "accounts_copy.csv").symlink_to("accounts.csv")
    assert read_sources(tmp_path, CONTRACTS).stray == ("accounts_copy.csv", "pipe", "\\udcff.txt")


def test_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "accounts.csv").write_text(CSV)
    monkeypatch.setattr(exports_folder.os, "access", lambda path, mode: False)
    with pytest.raises(InputRefused, match=r"accounts\.csv may not be read by this user\. Make it readable"):
        read_sources(tmp_path, CONTRACTS)


def test_a_folder_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(top: Path, onerror: object) -> list[object]:
        onerror(PermissionError(13, "no", str(top / "accounts")))  # type: ignore[operator]
        return []

    monkeypatch.setattr(exports_folder.os, "walk", walk)
    with pytest.raises(InputRefused, match=r"accounts cannot be opened\. Make it readable for this user"):
        read_sources(tmp_path, CONTRACTS)


def test_a_file_that_goes_away(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(CSV)
    sources = read_sources(tmp_path, CONTRACTS)
    (tmp_path / "accounts.csv").unlink()
    con = duckdb.connect()
    with pytest.raises(InputRefused, match=r"accounts\.csv: it cannot be opened\. Check that it is there"):
        ingest(con, sources, CONTRACTS, columns=None, zone=UTC, with_texts=False, progress=lambda step: None)
    assert con.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]


OPEN = """
import resource, sys, duckdb
from pathlib import Path
from audit_lib.catalogue.contracts import load_contracts
from audit_lib.ingest import read_sources
from audit_lib.ingest.readers import UnreadableError, open_file
folder, work = map(Path, sys.argv[1:])
source = read_sources(folder, load_contracts()).tables["accounts"]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    open_file(duckdb.connect(), source.files[0], source.extractions[0], work)
except UnreadableError as refused:
    print(refused.sentence(source.files[0].name))
print("grown by", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, "MiB")
"""


@pytest.mark.parametrize(
    ("name", "head", "message"),
    [
        ("accounts.csv", b"x", "a record longer than 33554432 bytes at byte 0"),
        ("accounts.csv", b"account_id,opened_at\n", "a record longer than 33554432 bytes at byte 21"),
        ("accounts.jsonl", b"{", "a record longer than 33554432 bytes at byte 0"),
        ("accounts.json", b"{", "text between the objects at byte"),
    ],
)
def test_gigabytes_on_one_line_need_little_memory(tmp_path: Path, name: str, head: bytes, message: str) -> None:
    folder, work = tmp_path / "exports", tmp_path / "work"
    folder.mkdir(), work.mkdir()
    with (folder / name).open("wb") as file:
        file.write(head + b"}" * (name == "accounts.json") + b"x" * (60 << 20))
        file.truncate(3 << 30)
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(folder), str(work)], capture_output=True, text=True, check=True
    )
    assert f"{name}: {message}" in done.stdout
    assert int(done.stdout.split()[-2]) < 400, done.stdout
