"""Files that cannot be read with certainty are refused whole, by name and place; own count equals the reader's."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_world import CONTRACTS, UTC, Load

from audit_lib.errors import InputRefused
from audit_lib.ingest import ingest, read_sources, scan
from audit_lib.ingest.scan import Dialect

T = "2018-01-01T00:00:00Z"
COMMA = Dialect(",", '"', False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            f'account_id,opened_at\na1,{T}\na2,"{T}\na3,{T}\n',
            r"a quote is opened and never closed at record 2, byte 48\.",
        ),
        (f'account_id,opened_at\na1,{T}\na"2,{T}\n', r"a broken quote at record 2, byte 46\."),
        (f'account_id,opened_at\n"a1"x,{T}\n', r"a broken quote at record 1, byte 24\."),
        (b"account_id,opened_at\na\xff1,x\n", r"not UTF-8 at record 1, byte 22\. Export the file as UTF-8, or declare"),
        (b"account_id,opened_at\na1,x\0\n", r"a NUL byte at record 1, byte 25"),
        (b"account_id,opened_at,account_id\n", r"one name for several columns \(columns 1, 3\)"),
        (b"account_id,country\n", r"the header lacks opened_at \(delimiters tried: , ; tab \|\)\. Export accounts with this column"),
        (b"", r"no header line"),
        (b"\naccount_id,opened_at\n", r"no header line"),
        (
            f"account_id,opened_at\r\na1,{T}\na2,{T}\r\n",
            r"line ends of two kinds \(LF and CRLF\) at record 1, byte 45\.",
        ),
        (f"account_id,opened_at\ra1,{T}\r", r"a carriage return without a line feed"),
    ],
)
def test_refused_by_name_and_place(load: Load, content: str | bytes, message: str) -> None:
    with pytest.raises(InputRefused, match=r"accounts\.csv: .*" + message):
        load({"accounts.csv": content})


def test_no_value_of_a_row_is_told(load: Load) -> None:
    with pytest.raises(InputRefused) as refused:
        load({"accounts.csv": f'account_id,opened_at\nsecret,{T}\n"sec"ret,{T}\n'})
    assert "sec" not in str(refused.value).replace("second", "")


def test_all_refusals_are_told_at_once(load: Load) -> None:
    with pytest.raises(InputRefused, match=r"(?s)2 problems.*accounts\.csv.*age_reviews\.csv"):
        load({"accounts.csv": "a\n", "age_reviews.csv": "b\n"})


def test_damaged_gzip(load: Load) -> None:
    whole = gzip.compress(f"account_id,opened_at\na1,{T}\n".encode())
    with pytest.raises(InputRefused, match="damaged or cut off"):
        load({"accounts.csv.gz": whole[:-12]})


def test_not_parquet(load: Load) -> None:
    with pytest.raises(InputRefused, match=r"accounts\.parquet: not a readable Parquet file"):
        load({"accounts.parquet": b"PAR1 no"})


def test_two_counts_that_differ_refuse_the_file(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan._Scanner, "finish", lambda self: scan.Scan(["account_id", "opened_at"], 7))
    with pytest.raises(InputRefused, match=r"two counts of its records differ \(1 read, 7 by line ends\)"):
        load({"accounts.csv": f"account_id,opened_at\na1,{T}\n"})


@pytest.mark.parametrize("name", ["accounts.csv", "accounts.csv.gz", "accounts.tsv", "accounts.tsv.gz"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiter_follows_the_name(load: Load, name: str, bom: bytes, end: str) -> None:
    rows = [["account_id", "opened_at", "sign_up_method"], ["a1", T, "e,\tmail"], ["", T, "x"], ["a3", T, "ja\né"]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter="\t" if ".tsv" in name else ",", lineterminator=end).writerows(rows)
    content = bom + text.getvalue().encode() + ("short" + end).encode()
    loaded = load({name: gzip.compress(content) if name.endswith(".gz") else content})
    assert loaded.rows("select account_id, sign_up_method, record from accounts") == [
        ("a1", "e,\tmail", 1),
        ("a3", "ja\né", 3),
    ]
    assert [fault[:3] for fault in loaded.faults() if fault[3] == "quarantined"] == [
        (2, "account_id", "missing"),
        (4, None, "too_few_columns"),
    ]


def test_declared_delimiter_and_quote(load: Load) -> None:
    loaded = load(
        {
            "sources.toml": '[accounts]\ndelimiter = ";"\nquote = "\'"\nformat = "csv"\nfiles = ["dump.txt"]\n',
            "dump.txt": f"account_id;opened_at;sign_up_method\na1;{T};'e;\"m'\n",
        }
    )
    assert loaded.rows("select sign_up_method from accounts") == [('e;"m',)]


def test_without_quotes_a_quote_is_a_character(load: Load) -> None:
    loaded = load({"sources.toml": '[accounts]\nquote = ""\n', "accounts.csv": f'account_id,opened_at\na"1,{T}\n'})
    assert loaded.rows("select account_id from accounts") == [('a"1',)]


@given(
    rows=st.lists(st.lists(st.text(alphabet='a,"\n é;', max_size=6), min_size=2, max_size=4), max_size=8),
    crlf=st.booleans(),
    last=st.booleans(),
    chunk=st.sampled_from([1, 7, 64, 1 << 20]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_own_count_of_well_formed_files(
    rows: list[list[str]], crlf: bool, last: bool, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "CHUNK", chunk)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n" if crlf else "\n").writerows([["a", "b"], *rows])
    content = text.getvalue() if last or not rows else text.getvalue().rstrip("\r\n")
    path = tmp_path / "f.csv"
    path.write_bytes(content.encode())
    expected = sum(1 for row in csv.reader(io.StringIO(content, newline="")) if row) - 1
    assert scan.scan(path, COMMA).records == expected


SOUND = f'account_id,opened_at,country\na1,{T},US\n"a2","{T}",""\n\na3,{T},"D\nE"\na4,{T},FR\n'.encode()


@given(
    damage=st.lists(
        st.tuples(
            st.integers(0, len(SOUND)),
            st.integers(0, 2),
            st.sampled_from([b'"', b",", b"\n", b"\r\n", b" ", b"a", b"\xc3", b"\0", b'""']),
        ),
        max_size=4,
    )
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_of_a_damaged_file_is_accounted_for_or_the_file_refused(
    damage: list[tuple[int, int, bytes]], tmp_path: Path
) -> None:
    content = SOUND
    for at, cut, put in damage:
        content = content[:at] + put + content[at + cut :]
    (tmp_path / "accounts.csv").write_bytes(content)
    con = duckdb.connect()
    try:
        ingest(
            con,
            read_sources(tmp_path, CONTRACTS),
            CONTRACTS,
            columns=None,
            zone=UTC,
            with_texts=False,
            progress=lambda step: None,
        )
    except InputRefused as refused:
        assert "accounts.csv: " in str(refused)
        return
    rows, *parts = con.execute(
        "select rows, accepted, quarantined, duplicate, superseded, left_out from input_file"
    ).fetchall()[0]
    records = [row for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) if row]
    assert rows == sum(parts) == len(records) - 1
    numbers = con.execute(
        "select record from accounts union all select distinct record from quarantine where effect = 'quarantined'"
    ).fetchall()
    assert len(numbers) == len(set(numbers)) == parts[0] + parts[1]
    for number, key in con.execute("select record, account_id from accounts").fetchall():
        header, row = records[0], records[number]
        assert row[[name.strip() for name in header].index("account_id")].strip() == key
