"""Some thousand damaged files: each is refused by name, or every record of it is accounted for."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import xlsxwriter
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_world import CONTRACTS, UTC

from audit_lib.errors import InputRefused
from audit_lib.ingest import ingest, read_sources
from audit_lib.ingest.sheets import write_sheet
from audit_lib.ingest.streams import UnreadableError

T = "2018-01-01T00:00:00Z"
FILES, EXAMPLES = 40, 75
CSV = f'account_id,opened_at,country\na1,{T},US\r\n"a2","{T}",""\r\n\r\na3,{T},"D\nE"\r\na€4,{T},FR\r\n'.replace(
    "country\n", "country\r\n"
)
OBJECTS = [{"account_id": "a1", "opened_at": T}, {"account_id": 'q"\\', "opened_at": T, "x": [{"y": "[{"}]}, 3]
LINES = "\n".join(map(json.dumps, OBJECTS)) + "\n"
SOUND: dict[str, tuple[bytes, int]] = {
    "plain.csv": (CSV.encode(), 4),
    "semicolon.csv": (CSV.replace(",", ";").encode("utf-8-sig"), 4),
    "little.csv": (CSV.encode("utf-16"), 4),
    "big.csv.zst": (b"\xfe\xff" + CSV.encode("utf-16-be"), 4),
    "tab.tsv": (CSV.replace(",", "\t").encode(), 4),
    "tab.tsv.gz": (CSV.replace(",", "\t").encode(), 4),
    "lines.jsonl": (LINES.encode(), 3),
    "lines.jsonl.gz": (LINES.encode(), 3),
    "lines.ndjson.zst": (LINES.encode("utf-16"), 3),
    "array.json": (json.dumps(OBJECTS, indent=1).encode(), 3),
    "array.json.zst": (json.dumps(OBJECTS).encode("utf-16"), 3),
    "objects.json": (json.dumps(OBJECTS[0], indent=2).encode() + json.dumps(OBJECTS[1]).encode(), 2),
    "table.parquet": (b"", 0),
    "book.xlsx": (b"PK\x03\x04", 0),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {"gz": lambda b: gzip.compress(b, mtime=0), "zst": zstd.compress}
PIECES = [
    b'"',
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r\n",
    b"\r",
    b" ",
    b"\xc3",
    b"\0",
    b'""',
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b":",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
]
DAMAGE = st.tuples(st.integers(0, 300), st.integers(0, 3), st.sampled_from(PIECES) | st.binary(max_size=4))
FILE = st.tuples(
    st.sampled_from(sorted(SOUND)),
    st.lists(DAMAGE, max_size=3),
    st.lists(DAMAGE, max_size=1),
    st.none() | st.binary(max_size=40),
)


def workbook() -> dict[str, bytes]:
    """The parts of a sound workbook of five rows."""
    whole = io.BytesIO()
    with xlsxwriter.Workbook(whole) as book:
        sheet = book.add_worksheet()
        for row in range(6):
            sheet.write_row(row, 0, [f"k{row}", row, True])
    with zipfile.ZipFile(whole) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


PARTS = workbook()
READ = sorted(name for name in PARTS if re.search("workbook|sheet1|shared|styles", name))
XML = st.sampled_from([b"<", b">", b'"', b"-", b"9", b"999999999", b' r="A1"', b"<f/>", b""]) | st.binary(max_size=2)


@given(
    part=st.sampled_from(READ),
    damage=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 3), XML), max_size=3),
    outer=st.lists(st.tuples(st.integers(0, 9000), st.just(1), st.binary(min_size=1, max_size=1)), max_size=2),
)
@settings(max_examples=400, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_every_workbook_is_refused_or_read_whole(
    part: str, damage: list[tuple[int, int, bytes]], outer: list[tuple[int, int, bytes]], tmp_path: Path
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PARTS.items():
            archive.writestr(name, damaged(content, damage) if name == part else content)
    path, out = tmp_path / "book.xlsx", io.BytesIO()
    path.write_bytes(damaged(packed.getvalue(), outer))
    try:
        records, _ = write_sheet(path, None, out)
    except UnreadableError as refused:
        assert re.match(r"book\.xlsx: \S.*\.$", refused.sentence("book.xlsx"), re.DOTALL)
        return
    assert len(list(csv.reader(io.StringIO(out.getvalue().decode(), newline="")))) == records + 1
    assert damage or outer or records == 5


def damaged(content: bytes, damage: list[tuple[int, int, bytes]]) -> bytes:
    for at, cut, put in damage:
        place = at % (len(content) + 1)
        content = content[:place] + put + content[place + cut :]
    return content


def write(
    folder: Path, files: list[tuple[str, list[tuple[int, int, bytes]], list[tuple[int, int, bytes]], bytes | None]]
) -> dict[str, int]:
    """Write the files; returns for each that is sound how many records it has."""
    sound = {}
    for number, (kind, inner, outer, noise) in enumerate(files):
        content, records = SOUND[kind]
        content = damaged(content if noise is None or len(noise) % 3 else noise, inner)
        packed = PACKED.get(kind.rpartition(".")[2], lambda b: b)(content)
        name = f"{number:02}_{kind}"
        (folder / name).write_bytes(damaged(packed, outer))
        if content == SOUND[kind][0] and not outer and records:
            sound[f"accounts/{name}"] = records
    return sound


def ingested(data: Path) -> tuple[duckdb.DuckDBPyConnection, set[str]]:
    """Ingest, taking away what is refused until all is read; returns the names that were refused."""
    refused: set[str] = set()
    while True:
        con = duckdb.connect()
        try:
            ingest(
                con,
                read_sources(data, CONTRACTS),
                CONTRACTS,
                columns=None,
                zone=UTC,
                with_texts=False,
                progress=lambda step: None,
            )
        except InputRefused as told:
            assert con.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
            names = re.findall(r"^  - (accounts/\S+?): \S.*\.$", str(told), re.MULTILINE)
            assert len(names) == len(set(names)) == len(str(told).splitlines()) - 1
            for name in names:
                (data / name).unlink()
            refused |= set(names)
        else:
            return con, refused


@given(files=st.lists(FILE, min_size=FILES, max_size=FILES))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
def test_every_file_is_refused_or_accounted_for(files: list, tmp_path_factory) -> None:  # type: ignore[no-untyped-def,type-arg]
    data = tmp_path_factory.mktemp("fuzz")
    (data / "accounts").mkdir()
    sound = write(data / "accounts", files)
    con, refused = ingested(data)
    assert not refused & set(sound)
    read = con.execute(
        "select file, file_no, rows, accepted, quarantined, duplicate + superseded + left_out from input_file"
    ).fetchall()
    assert {row[0] for row in read} | refused == {f"accounts/{n:02}_{f[0]}" for n, f in enumerate(files)}
    for file, number, rows, accepted, quarantined, rest in read:
        assert rows == accepted + quarantined + rest
        assert rows == sound.get(file, rows)
        kept = con.execute(f"select record from accounts where file_no = {number}").fetchall()
        out = con.execute(
            f"select distinct record from quarantine where file_no = {number} and effect = 'quarantined'"
        ).fetchall()
        assert (len(kept), len(out)) == (accepted, quarantined)
        assert len({*kept, *out}) == accepted + quarantined
        assert all(1 <= record <= rows for (record,) in [*kept, *out])
