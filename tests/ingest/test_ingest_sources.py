"""Which files belong to which table, what `sources.toml` may say, and how it is told what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from ingest_world import CONTRACTS, Load

from audit_lib.errors import DefinitionError, InputRefused
from audit_lib.ingest import Sources, read_sources
from audit_lib.vocabulary import FIRST_DAY, day_number

T = "2018-01-01T00:00:00Z"
ACCOUNTS = f"account_id,opened_at\na1,{T}\n"


def sources(folder: Path, files: Mapping[str, str]) -> Sources:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return read_sources(folder, CONTRACTS)


def names(found: Sources, table: str) -> list[str]:
    return [file.name for file in found.tables[table].files]


def test_file_or_folder_of_the_tables_name(tmp_path: Path) -> None:
    found = sources(
        tmp_path,
        {
            "accounts.csv": "",
            "texts/b.jsonl": "",
            "texts/a.csv.gz": "",
            "notes.txt": "",
            ".hidden": "",
            "x/accounts.csv": "",
        },
    )
    assert names(found, "accounts") == ["accounts.csv"]
    assert [(f.name, f.format, f.gzipped) for f in found.tables["texts"].files] == [
        ("texts/a.csv.gz", "csv", True),
        ("texts/b.jsonl", "jsonl", False),
    ]
    assert found.stray == ("notes.txt", "x/accounts.csv")
    assert set(found.tables) == {"accounts", "texts"}


def test_globs_and_ignored_files(tmp_path: Path) -> None:
    found = sources(
        tmp_path,
        {
            "sources.toml": 'ignore = ["**/*.md", "dump/old_*"]\n[accounts]\nfiles = ["dump/*.csv"]\n',
            "dump/users.csv": "",
            "dump/old_users.csv": "",
            "README.md": "",
            "dump/deep/x.md": "",
            "accounts.csv": "",
        },
    )
    assert names(found, "accounts") == ["dump/users.csv"]
    assert found.stray == ("accounts.csv",)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["accounts.csv", "accounts.parquet"], r"accounts: accounts\.csv, accounts\.parquet all look like this table"),
        (["accounts.csv", "accounts/a.csv"], r"accounts\.csv, accounts/ all look"),
        (["accounts.xls"], r"accounts\.xls is a workbook of the old kind\. Save it as \.xlsx or \.csv"),
        (["accounts.zip"], r"accounts\.zip is an archive\. Unpack it here"),
        (["accounts.sqlite"], r"accounts\.sqlite is a database\. Declare `database` and `relation`"),
        (["accounts.dat"], r"accounts\.dat is of no known format\. Export accounts as \.csv, .*\.xlsx, or declare"),
        (["accounts.parquet.gz"], r"accounts\.parquet\.gz is a compressed \.parquet file\. Unpack it"),
        (["accounts.xlsx.zst"], r"accounts\.xlsx\.zst is a compressed \.xlsx file\. Unpack it"),
    ],
)
def test_files_that_cannot_be_attributed_or_read(tmp_path: Path, files: list[str], message: str) -> None:
    with pytest.raises(InputRefused, match=message):
        sources(tmp_path, dict.fromkeys(files, ""))


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="is not a folder"):
        read_sources(tmp_path / "nowhere", CONTRACTS)


WRONG = """ignore = 3
[defaults]
time_zone = "Mars/Olympus"
files = ["x"]

[accounts]
colour = "red"
kind = "heap"
delimiter = ";;"
encoding = "latin-1"
adapter = 7
extracted_at = 2018-01-01
covers_from = "start"
covers_to = true
keeps_deleted = "no"
daily = 1
quote = 7
dates_as = "noon"
format = "xml"
files = "../accounts.csv"

[acounts]
kind = "log"
"""


def test_everything_wrong_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        sources(tmp_path, {"sources.toml": WRONG})
    told = str(caught.value)
    for line, key in [
        (1, "ignore"),
        (3, "time_zone"),
        (4, "unknown key files"),
        (7, "unknown key colour"),
        (8, "kind"),
        (9, "delimiter"),
        (10, "encoding"),
        (11, "adapter must be a text in quotes"),
        (12, "extracted_at"),
        (13, "covers_from"),
        (14, "covers_to"),
        (15, "keeps_deleted"),
        (16, "daily"),
        (17, "quote"),
        (18, "dates_as"),
        (19, "format"),
        (20, "files"),
        (22, "acounts is not an export table"),
    ]:
        assert any(f"line {line}: " in sentence and key in sentence for sentence in told.splitlines()), (
            line,
            key,
            told,
        )
    assert "sources.toml: 18 problems" in told


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[accounts]\nextracted_at = 2018-01-01T00:00:00\n", "line 2: accounts: extracted_at has no offset"),
        ('[accounts]\ndates_as = "start_of_day"\n', "line 2: accounts: dates_as needs time_zone"),
        ("[accounts]\ncovers_from = 2018-02-01\ncovers_to = 2018-01-01\n", "line 3: accounts: covers_to is before"),
        ('[accounts]\nfiles = ["no.csv"]\n', "line 2: accounts: no file matches 'no.csv'"),
        ('[[accounts]]\nfiles = ["a.csv"]\n[[accounts]]\nfiles = ["a.csv"]\n', "line 3: accounts has several entries"),
        ('[accounts]\nfiles = ["a.csv"]\n[texts]\nfiles = ["*.csv"]\n', "line 4: texts: a.csv is named more than once"),
        ("accounts = 3\n", "line 1: accounts must be a section"),
        ("[accounts\n", "not valid TOML.*line 1"),
        ('texts.kind = "heap"\n', "line 1: texts: kind must be one of log, snapshot, changes"),
    ],
)
def test_declarations_that_contradict(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        sources(tmp_path, {"sources.toml": text, "a.csv": ""})


def test_coverage_says_what_is_declared(load: Load) -> None:
    loaded = load(
        {
            "sources.toml": '[defaults]\ncovers_from = "beginning"\nkind = "log"\ntime_zone = "America/Los_Angeles"\n'
            'extracted_at = 2018-10-02T00:30:00\n[accounts]\nkind = "snapshot"\nkeeps_deleted = true\n'
            "covers_to = 2018-10-01\n"
            "daily = false\n",
            "accounts.csv": ACCOUNTS,
            "age_reviews.csv": "review_id,opened_at\n",
        }
    )
    second = 1538465400  # 2018-10-02T07:30Z
    rows = loaded.rows("select * from coverage where is_present order by table_name")
    assert rows == [
        (
            "accounts",
            True,
            1,
            "snapshot",
            FIRST_DAY,
            day_number(date(2018, 10, 1)),
            second,
            second // 86400,
            True,
            False,
        ),
        ("age_reviews", True, 0, "log", FIRST_DAY, None, second, second // 86400, None, None),
    ]
    assert loaded.rows("select count(*) from coverage") == [(len(CONTRACTS),)]


def test_several_extractions_say_together_what_is_covered(load: Load) -> None:
    loaded = load(
        {
            "sources.toml": """
[[accounts]]
files = ["b.csv"]
extracted_at = 2018-07-01T00:00:00Z
covers_from = 2018-04-01
covers_to = 2018-06-30
keeps_deleted = true
[[accounts]]
files = ["a.csv"]
extracted_at = 2018-04-01T00:00:00Z
covers_from = 2018-01-01
covers_to = 2018-03-31
keeps_deleted = false
""",
            "a.csv": ACCOUNTS,
            "b.csv": ACCOUNTS.replace("a1", "a2"),
        }
    )
    assert loaded.rows(
        "select covers_from_day, covers_to_day, extracted_second, keeps_deleted from coverage where is_present"
    ) == [(day_number(date(2018, 1, 1)), day_number(date(2018, 6, 30)), 1530403200, False)]


def test_content_hash_follows_content_names_and_declarations(tmp_path: Path) -> None:
    files = {"accounts.csv": ACCOUNTS, "texts.csv": "text_id,written_at\n", "notes.txt": "1"}
    first = sources(tmp_path, files)
    seen = {first.content_hash()}
    assert sources(tmp_path, {"notes.txt": "2"}).content_hash() in seen
    for change in (
        {"accounts.csv": ACCOUNTS + " "},
        {"texts.csv": "x"},
        {"sources.toml": "ignore = []"[:0]},
        {"age_reviews.csv": ""},
    ):
        digest = sources(tmp_path, change).content_hash()
        assert digest not in seen
        seen.add(digest)


def test_content_hash_without_texts_does_not_open_them(tmp_path: Path) -> None:
    found = sources(tmp_path, {"accounts.csv": ACCOUNTS, "texts.csv": "one"})
    (tmp_path / "texts.csv").unlink()
    assert len(found.content_hash(with_texts=False)) == 64
    with pytest.raises(InputRefused, match=r"texts\.csv: it cannot be opened\. Check that it is there"):
        found.content_hash()
