"""Every format, encoding and layout gives the same rows, and says how it was read."""

from __future__ import annotations

import gzip
import io
import json
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_world import CONTRACTS, UTC, Load

from audit_lib.errors import DefinitionError, InputRefused
from audit_lib.ingest import ingest, json_split, limits, read_sources
from audit_lib.ingest.sheets import cell_text

T = "2018-01-01T00:00:00Z"
CSV = f"account_id,opened_at,country\na1,{T},DE\nä2,{T},\n\n"
ROWS = [("a1", "DE", 1), ("ä2", None, 2)]
OBJECTS = [{"account_id": "a1", "opened_at": T, "country": "DE"}, {"account_id": "ä2", "opened_at": T, "x": ["]", {}]}]
SHOWN = "select account_id, country, record from accounts"


def declared(text: str) -> dict[str, str]:
    return {"sources.toml": f"[accounts]\n{text}\n"}


@pytest.mark.parametrize(
    ("name", "content", "says", "read_as"),
    [
        ("accounts.csv", CSV.encode(), "", "CSV; UTF-8 (found); delimiter , (found); header (found)"),
        (
            "accounts.csv",
            CSV.encode("utf-8-sig"),
            "",
            "CSV; UTF-8 (found: byte order mark); delimiter , (found); header (found)",
        ),
        (
            "accounts.csv",
            CSV.encode("utf-16"),
            "",
            "CSV; UTF-16 little endian (found: byte order mark); delimiter , (found); header (found)",
        ),
        (
            "accounts.csv.ZST",
            zstd.compress(b"\xfe\xff") + zstd.compress(CSV.encode("utf-16-be")),
            'encoding = "UTF-16"',
            "CSV; UTF-16 big endian (declared); zstd; delimiter , (found); header (found)",
        ),
        (
            "accounts.csv.gz",
            gzip.compress(CSV.encode("utf-16-le")[:20], mtime=0) + gzip.compress(CSV.encode("utf-16-le")[20:], mtime=0),
            'encoding = "utf-16-le"',
            "CSV; UTF-16 little endian (declared); gzip; delimiter , (found); header (found)",
        ),
        (
            "accounts.csv.gz",
            gzip.compress(CSV[:20].encode(), mtime=0) + gzip.compress(CSV[20:].encode(), mtime=0),
            'encoding = "utf-8"',
            "CSV; UTF-8 (declared); gzip; delimiter , (found); header (found)",
        ),
        (
            "accounts.csv",
            CSV.encode("cp1252"),
            'encoding = "windows-1252"',
            "CSV; CP1252 (declared); delimiter , (found); header (found)",
        ),
        ("accounts.csv", CSV.replace(",", ";").encode(), "", "CSV; UTF-8 (found); delimiter ; (found); header (found)"),
        (
            "accounts.csv",
            CSV.replace(",", "\t").encode(),
            "",
            "CSV; UTF-8 (found); delimiter tab (found); header (found)",
        ),
        ("accounts.csv", CSV.replace(",", "|").encode(), "", "CSV; UTF-8 (found); delimiter | (found); header (found)"),
        (
            "accounts.csv",
            CSV.replace(",", "#").encode(),
            'delimiter = "#"',
            "CSV; UTF-8 (found); delimiter # (declared); header (found)",
        ),
        (
            "accounts.tsv.zst",
            zstd.compress(CSV.replace(",", "\t").encode("utf-8-sig")),
            'quote = "\'"',
            "TSV; UTF-8 (found: byte order mark); zstd; delimiter tab (by the format); quote ' (declared); header (found)",
        ),
        (
            "accounts.csv",
            CSV.split("\n", 1)[1].replace(",", ";").encode(),
            'names = ["account_id", " opened_at", "country"]\nquote = ""',
            "CSV; UTF-8 (found); delimiter ; (found); no quotes (declared); no header, names declared",
        ),
        (
            "accounts.dat",
            CSV.replace("account_id", "User ID").replace("country", "Land").replace(",", ";").encode(),
            'format = "csv"\nfiles = "accounts.dat"\ncolumns = { account_id = "User ID", country = "Land" }',
            "CSV (declared); UTF-8 (found); delimiter ; (found); header (found); columns renamed (declared): account_id, country",
        ),
        ("accounts.json", json.dumps(OBJECTS).encode(), "", "JSON; array (found); UTF-8 (found)"),
        (
            "accounts.json.gz",
            gzip.compress(json.dumps(OBJECTS, indent=2).encode("utf-8-sig"), mtime=0),
            "",
            "JSON; array (found); UTF-8 (found: byte order mark); gzip",
        ),
        (
            "accounts.json",
            "".join(json.dumps(o, indent=1, ensure_ascii=False) for o in OBJECTS).encode("utf-16"),
            "",
            "JSON; objects (found); UTF-16 little endian (found: byte order mark)",
        ),
        (
            "accounts.jsonl",
            "\r\n".join(map(json.dumps, OBJECTS)).encode("utf-8-sig"),
            "",
            "JSON lines; UTF-8 (found: byte order mark)",
        ),
        (
            "accounts.ndjson.zst",
            zstd.compress("\n".join(map(json.dumps, OBJECTS)).encode()),
            "",
            "JSON lines; UTF-8 (found); zstd",
        ),
        (
            "accounts.jsonl",
            "\n".join(map(json.dumps, OBJECTS)).replace("country", 'a\\"/~*').encode(),
            "columns = { country = 'a\"/~*' }",
            "JSON lines; UTF-8 (found); columns renamed (declared): country",
        ),
    ],
)
def test_same_rows_from_every_form(load: Load, name: str, content: bytes, says: str, read_as: str) -> None:
    loaded = load({name: content, **(declared(says) if says else {})})
    assert loaded.rows(SHOWN) == ROWS
    assert loaded.rows("select read_as from input_file") == [(read_as,)]


@pytest.mark.parametrize(
    ("name", "content", "says", "message"),
    [
        (
            "accounts.csv",
            CSV.encode("cp1252"),
            "",
            r'not UTF-8 at record 2, byte 56\. Export the file as UTF-8, or declare its encoding \("cp1252" or',
        ),
        ("accounts.csv", b"\x81\n", 'encoding = "cp1252"', r"bytes that are not CP1252 at byte 0\. Correct `encoding`"),
        ("accounts.csv.zst", zstd.compress(b"a,\xff\n"), "", r"bytes that are not UTF-8 at byte 2\."),
        ("accounts.csv", CSV.encode("utf-16")[:-1], "", r"bytes that are not UTF-16 little endian at byte 164\."),
        ("accounts.csv", b"\xff\xfea\x00\x00\xd8b\x00", "", r"not UTF-16 little endian at byte 4\."),
        (
            "accounts.csv",
            CSV.encode("utf-16-le"),
            "",
            r'a NUL byte at the header, byte 1\. .* declare encoding = "utf-16-le"',
        ),
        (
            "accounts.csv",
            CSV.encode("utf-16-le"),
            'encoding = "utf-16"',
            r'no byte order mark, without which UTF-16 is not clear at byte 0\. Declare encoding = "utf-16-le" or',
        ),
        (
            "accounts.csv",
            CSV.encode("utf-16"),
            'encoding = "cp1252"',
            r"the byte order mark of UTF-16 little endian, where CP1252 is declared at byte 0\. Correct `encoding`",
        ),
        ("accounts.csv", CSV.encode("utf-16"), 'encoding = "utf-16-be"', r"where UTF-16 big endian is declared"),
        (
            "accounts.csv",
            (CSV[:-1] + 'ä3,"x').encode("utf-16"),
            "",
            r"a quote is opened and never closed at record 3, byte 170\.",
        ),
        (
            "accounts.csv",
            (CSV[:-1] + 'ä3,"x').encode("cp1252"),
            'encoding = "cp1252"',
            r"never closed at record 3, byte 84\.",
        ),
        (
            "accounts.csv",
            gzip.compress(CSV.encode(), mtime=0),
            "",
            r"its content is that of a \.gz file\. Give the file the name of what it is",
        ),
        ("accounts.csv.gz", zstd.compress(CSV.encode()), "", r"compressed data are damaged"),
        ("accounts.csv.zst", zstd.compress(CSV.encode())[:-3], "", r"the compressed data are damaged or cut off"),
        ("accounts.csv.zst", zstd.compress(CSV.encode()) + b"tail", "", r"the compressed data are damaged or cut off"),
        (
            "accounts.csv",
            CSV.replace(",", "#").encode(),
            "",
            r"the header lacks account_id, opened_at \(delimiters tried: , ; tab \|\)\.",
        ),
        (
            "accounts.csv",
            CSV.encode(),
            'names = ["account_id", "opened_at", "country"]',
            r"the first line holds the declared names, so the file has a header line\. Leave `names` out",
        ),
        (
            "accounts.csv",
            CSV.encode(),
            '\ncolumns = { country = "Land" }',
            r"the header lacks Land, which line 3 of sources\.toml names for country\. Correct `columns`",
        ),
        (
            "accounts.csv",
            CSV.replace("country", "country,Land").encode(),
            'columns.country = "Land"',
            r"country would be there twice: in the file, and as line 2 of sources\.toml renames\. Correct",
        ),
        ("accounts.json", b" ", "", r"neither an array nor an object at byte 1\. Export the file again as valid JSON"),
        ("accounts.json", b' "x"', "", r"neither an array nor an object at byte 1\."),
        ("accounts.json", b"[{},]", "", r"an empty element at byte 4\."),
        ("accounts.json", b"[{},,{}]", "", r"an empty element at byte 4\."),
        ("accounts.json", b"[{}]\n{}", "", r"no valid JSON at byte 5\."),
        ("accounts.json", b'[{"a": 1]', "", r"a bracket is closed by one of another kind at byte 8\."),
        ("accounts.json", b"{}}", "", r"a bracket is closed that was never opened at byte 2\."),
        ("accounts.json", b'[{"a": [1}', "", r"another kind at byte 9\."),
        ("accounts.json", b'[{"a": 1}', "", r"a bracket is opened and never closed at byte 0\."),
        (
            "accounts.json",
            '\ufeff[{"é": "x]'.encode("utf-16-le"),
            "",
            r"a string is opened and never closed at byte 16\.",
        ),
        ("accounts.json", b'["a\nb"]', "", r"a line break inside a string at byte 3\."),
        ("accounts.json", b'[\\"{}]', "", r"a backslash outside a string at byte 1\."),
        ("accounts.json", b'{"a": 1} 3', "", r"text between the objects at byte 9\."),
        ("accounts.json", b'[{"a": "\xff"}]', "", r"bytes that are not UTF-8 at byte 8\."),
        ("accounts.json", b"[\n\0]", "", r"a NUL byte at record 1\."),
        (
            "accounts.json",
            b"[" * 201 + b"]" * 201,
            "",
            r"more than 200 brackets inside one another at byte 200\. Export flatter records",
        ),
        (
            "accounts.jsonl",
            b"{}\n" + b"[" * 201 + b"]" * 201,
            "",
            r"more than 200 brackets inside one another at record 2, byte 203\.",
        ),
    ],
)
def test_refused_by_name_and_place(load: Load, name: str, content: bytes, says: str, message: str) -> None:
    with pytest.raises(InputRefused, match=r"accounts\.[a-z.]+: .*" + message):
        load({name: content, **(declared(says) if says else {})})


@pytest.mark.parametrize("text", ["[]", " [\n] ", "{}"[:0] + "[ ]"])
def test_an_empty_array_is_a_table_without_rows(load: Load, text: str) -> None:
    assert load({"accounts.json": text}).counts() == [(0, 0, 0, 0, 0, 0)]


def test_an_element_that_is_no_object_is_quarantined(load: Load) -> None:
    loaded = load({"accounts.json": json.dumps([OBJECTS[0], 3, {"a": 1, "b": 2}])[:-1] + ", tru, {} {}]"})
    assert loaded.counts() == [(5, 1, 4, 0, 0, 0)]
    assert {(f[0], f[2]) for f in loaded.faults() if f[2] == "not_json"} == {
        (2, "not_json"),
        (4, "not_json"),
        (5, "not_json"),
    }


def split(text: bytes, lists: tuple[str, ...] = (), piece: int = 1 << 20) -> tuple[list[bytes], str]:
    out = io.BytesIO()
    records, said = json_split.split(iter([text[at : at + piece] for at in range(0, len(text), piece)]), out, lists)
    lines = [line for line in out.getvalue().split(b"\n") if line.strip()]
    assert len(lines) == records
    return lines, said


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\,[]{}:é\n', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='k"\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    elements=st.lists(VALUES, max_size=6),
    piece=st.integers(1, 9),
    indent=st.sampled_from([None, 1]),
    wrapped=st.booleans(),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_elements_come_out_as_they_went_in(
    elements: list[object], piece: int, indent: int | None, wrapped: bool
) -> None:
    value = {"n": [{"content": 1}], "x": {"content": []}, "content": elements, "last": True} if wrapped else elements
    text = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    lines, said = split(text, ("items", "content"), piece)
    assert [json.loads(line) for line in lines] == elements
    assert said == ("array under content (found)" if wrapped else "array (found)")


@given(
    objects=st.lists(st.dictionaries(st.text(max_size=2), VALUES, max_size=2), min_size=1, max_size=4),
    piece=st.integers(1, 9),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_objects_one_after_another(objects: list[object], piece: int) -> None:
    text = "".join(json.dumps(value, indent=2) for value in objects).encode()
    assert [json.loads(line) for line in split(text, ("nowhere",), piece)[0]] == objects


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a": [1], "b": [2]}', "more than one list of elements in the object"),
        (b'{"a": [1], "a": [2]}', "more than one list of elements in the object"),
        (b'{"a": [1]} {"a": [2]}', "no valid JSON"),
        (b'{"a": [1] "b": 2}', "no valid JSON"),
    ],
)
def test_a_wrapping_object_has_one_list(text: bytes, message: str) -> None:
    with pytest.raises(json_split.UnreadableError, match=message):
        split(text, ("a", "b"))


def test_a_list_beyond_the_limit_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RECORD", 20)
    with pytest.raises(json_split.UnreadableError, match="no list within the first 20 bytes of the object"):
        split(b'{"long": "' + b"x" * 30 + b'", "a": []}', ("a",), piece=4)
    with pytest.raises(json_split.UnreadableError, match="too much beside the list of the elements"):
        split(b'{"a": [], "long": "' + b"x" * 30 + b'"}', ("a",), piece=4)
    with pytest.raises(json_split.UnreadableError, match="nothing but white space"):
        split(b" " * 50, (), piece=4)


def test_folders_give_columns(load: Load, tmp_path: Path) -> None:
    part = tmp_path / "exports" / "accounts" / "sign_up_method=%65mail" / "country=FR" / "p.parquet"
    part.parent.mkdir(parents=True)
    duckdb.execute(f"copy (select 'a5' as account_id, '{T}' as opened_at) to '{part}' (format parquet)")
    loaded = load(
        {
            "accounts/country=DE/x=1/a.csv": f"account_id,opened_at\na1,{T}\nshort\na1b,{T}\n",
            "accounts/country=__HIVE_DEFAULT_PARTITION__/a.csv": f"account_id,opened_at\na2,{T}\n",
            "accounts/country=US/b.csv": f"account_id,opened_at,country\na3,{T},FR\n",
            "accounts/country=JP/c.jsonl": json.dumps({"account_id": "a4", "opened_at": T}),
            "accounts/other/x.csv": "stray",
        }
    )
    assert sorted(loaded.rows("select account_id, country, sign_up_method from accounts")) == [
        ("a1", "DE", None), ("a1b", "DE", None), ("a2", None, None), ("a3", "FR", None), ("a4", "JP", None), ("a5", "FR", "email"),
    ]  # fmt: skip
    assert loaded.sources.stray == ("accounts/other/x.csv",)
    said = dict(loaded.rows("select file, read_as from input_file"))
    assert said["accounts/country=DE/x=1/a.csv"].endswith("; columns of the folders (found): country, x")
    assert said["accounts/country=US/b.csv"].endswith(
        "; country of the folders not used, for the file has that column itself"
    )
    assert said["accounts/sign_up_method=%65mail/country=FR/p.parquet"] == (
        "Parquet; columns of the folders (found): sign_up_method, country"
    )


def test_declared_globs_see_folders_too_and_rename_them(load: Load) -> None:
    loaded = load(
        {
            **declared('files = "dump/**/*.csv"\ncolumns = { country = "Land" }'),
            "dump/Land=DE/a.csv": f"account_id,opened_at\na1,{T}\n",
        }
    )
    assert loaded.rows(SHOWN) == [("a1", "DE", 1)]


@pytest.mark.parametrize("folder", ["x=1/x=2", "x=%FF"])
def test_folders_that_are_not_clear(load: Load, folder: str) -> None:
    with pytest.raises(
        InputRefused, match=r"a\.csv stands in folders key=value that are not clear\. Name each key once"
    ):
        load({f"accounts/{folder}/a.csv": CSV})


def workbook(path: Path, *sheets: str) -> xlsxwriter.Workbook:
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(path)
    for sheet in sheets:
        book.add_worksheet(sheet).write_row(0, 0, ["account_id", "opened_at", "country", "persons"])
    return book


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "exports" / "accounts.xlsx"


def test_a_sheet(load: Load, file: Path) -> None:
    book = workbook(file, "Other", "Requests é")
    sheet = book.get_worksheet_by_name("Requests é")
    clock, day = book.add_format({"num_format": 'yyyy-mm-dd "at" hh:mm:ss'}), book.add_format({"num_format": 14})
    sheet.write(1, 0, 7)
    sheet.write_datetime(1, 1, datetime(2018, 1, 1, 13, 4, 5), clock)
    sheet.write_string(3, 0, "=cmd|'/c'!A1")
    sheet.write_boolean(3, 2, True)
    sheet.write_datetime(3, 1, datetime(2018, 1, 2), clock)
    sheet.write_string(4, 0, 'x,\n"y')
    sheet.write_datetime(4, 1, datetime(2018, 1, 3), day)
    sheet.write_formula(1, 2, "=NA()", None, "#N/A")
    sheet.write_blank(9, 1, None, day)
    book.close()
    loaded = load(declared('sheet = "Requests é"\ntime_zone = "UTC"'))
    assert loaded.rows("select account_id, opened_second, record from accounts") == [
        ("7", 1514811845, 1),
        ("=cmd|'/c'!A1", 1514851200, 2),
    ]
    assert loaded.faults() == [
        (1, "country", "not_a_country", "dropped", "#N/A"),
        (2, "country", "not_a_country", "dropped", "true"),
        (3, "opened_at", "date_only", "quarantined", "2018-01-03"),
    ]
    assert loaded.rows("select format, rows, read_as from input_file") == [
        ("xlsx", 3, "xlsx; sheet Requests é (declared)")
    ]


def test_cells_as_text() -> None:
    assert [cell_text(v) for v in (3.0, -2.5, 2.0**53, 1e16, False, date(2018, 1, 2), datetime(2018, 1, 2, 3), time(3, 4), timedelta(days=1, seconds=61), "=x")] == [
        "3", "-2.5", "9007199254740992", "1e+16", "false", "2018-01-02", "2018-01-02T03:00:00", "03:04:00", "24:01:01", "=x",
    ]  # fmt: skip


def spoil(book: xlsxwriter.Workbook, what: str) -> None:
    sheet = book.worksheets()[0]
    if what == "formula":
        sheet.write_formula(4, 1, "=A1", None, "")
    elif what == "merged":
        sheet.merge_range(2, 0, 3, 0, "x")
    elif what == "gap":
        sheet.write_string(0, 1, " ")
    elif what == "twice":
        sheet.write(0, 3, "country")
    elif what == "far":
        sheet.write(1 << 19, 1 << 13, "x")
    elif what == "two":
        book.add_worksheet("Second")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("formula", r"a formula without a calculated value in row 5 of the sheet\. Open the workbook"),
        ("merged", r"merged cells in row 3 of the sheet\. Undo the merging"),
        ("gap", r"no name in columns 2 of the first row\. Write a name above every column"),
        ("twice", r"one name for several columns \(columns 3, 4\) at the header"),
        ("far", r"the sheet has more than 20000000 cells\. Export it as \.csv"),
        ("two", r'the workbook has 2 sheets \(One, Second\)\. Declare which one is meant: sheet = "…"'),
    ],
)
def test_sheets_that_are_refused(load: Load, file: Path, what: str, message: str) -> None:
    book = workbook(file, "One")
    spoil(book, what)
    book.close()
    with pytest.raises(InputRefused, match=r"accounts\.xlsx: .*" + message):
        load({})


def test_a_sheet_without_names(load: Load, file: Path) -> None:
    file.parent.mkdir(parents=True)
    xlsxwriter.Workbook(file).close()
    with pytest.raises(InputRefused, match=r"accounts\.xlsx: the sheet is empty\. Write the names"):
        load({})
    book = xlsxwriter.Workbook(file)
    book.add_worksheet().write(2, 0, "account_id")
    book.close()
    with pytest.raises(InputRefused, match=r"accounts\.xlsx: no name in the first row of the sheet\. Write a name"):
        load({})


def test_a_sheet_that_is_not_there(load: Load, file: Path) -> None:
    workbook(file, "One").close()
    with pytest.raises(
        InputRefused, match=r"the workbook has no sheet Two\. Correct `sheet` in sources\.toml\. Sheets: One\."
    ):
        load(declared('sheet = "Two"'))


def test_two_counts_of_a_sheet(load: Load, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit_lib.ingest import sheets

    workbook(file, "One").close()
    monkeypatch.setattr(sheets, "_write", lambda rows, facts, out: 5)
    with pytest.raises(
        InputRefused, match=r"two counts of its rows differ \(5 read, 1 in the sheet\)\. Export it as \.csv"
    ):
        load({})


def test_two_counts_of_rewritten_records(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_split._Splitter, "finish", lambda self, lists: 5)
    with pytest.raises(
        InputRefused, match=r"two counts of its records differ \(5 in the file, 2 rewritten\)\. Export the file again"
    ):
        load({"accounts.json": json.dumps(OBJECTS)})


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ('sheet = "x"', r"line 2: accounts: sheet is for xlsx, and no file of the entry is that\. Leave it out"),
        ('encoding = "latin-1"', r"line 2: accounts: encoding must be one of utf-8, .*cp1252"),
        ("names = []", r"line 2: accounts: names must be a list of names of columns"),
        ('names = ["a", "a "]', r"line 2: accounts: names must give every column its own name"),
        (
            'columns = { country = "x", account_id = "x" }',
            r"line 2: accounts: columns must not give one column of the files two names",
        ),
        ("columns = 3", r"line 2: accounts: columns must be a table of texts"),
        ("sheet = 3", r"line 2: accounts: sheet must be a text in quotes"),
    ],
)
def test_declarations_that_are_wrong(load: Load, says: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        load({**declared(says), "accounts.csv": CSV})


def test_what_is_declared_for_all_need_not_fit_all(load: Load) -> None:
    loaded = load({"sources.toml": '[defaults]\ndelimiter = ";"\n', "accounts.jsonl": json.dumps(OBJECTS[0])})
    assert loaded.counts() == [(1, 1, 0, 0, 0, 0)]


def test_rewritten_files_do_not_outlive_the_ingest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, temporary = tmp_path / "exports", tmp_path / "tmp"
    folder.mkdir(), temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    (folder / "accounts.json").write_text(json.dumps(OBJECTS))
    con = duckdb.connect()
    ingest(
        con,
        read_sources(folder, CONTRACTS),
        CONTRACTS,
        columns=None,
        zone=UTC,
        with_texts=False,
        progress=lambda step: None,
    )
    assert con.execute("select count(*) from accounts").fetchall() == [(2,)]
    assert list(temporary.iterdir()) == []
