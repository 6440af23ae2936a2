"""Sentences that no other test shows: each names the file, the place and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from ingest_world import CONTRACTS, Load

from audit_lib.errors import DefinitionError, InputRefused
from audit_lib.ingest import load as loading
from audit_lib.ingest import readers
from audit_lib.ingest.declarations import Declaration
from audit_lib.ingest.overrides import read_overrides
from audit_lib.ingest.scan import Dialect, scan
from audit_lib.ingest.sources import Extraction, SourceFile
from audit_lib.ingest.streams import UnreadableError
from audit_lib.run import cache

T = "2018-01-01T00:00:00Z"
ACCOUNTS = f"account_id,opened_at\na1,{T}\n"


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ('[accounts]\ndelimiter = ";;"\n', "line 2: accounts: delimiter must be one ASCII character."),
        ('[accounts]\ncovers_to = "soon"\n', "line 2: accounts: covers_to must be a date, such as 2018-01-01."),
        ('[accounts]\ncovers_from = 3\n', 'line 2: accounts: covers_from must be a date, such as 2018-01-01, or "beginning".'),
        ("accounts = 3\n", "line 1: accounts must be a section, such as [accounts]."),
        ("[accounts]\nmood = 3\n", "line 2: accounts: unknown key mood. Known: files,"),
        ("[accounts\n", "sources.toml is not valid TOML: "),
        (
            f'[[accounts]]\nfiles = "accounts.csv"\nkind = "log"\nextracted_at = {T}\n'
            f'[[accounts]]\nfiles = "accounts.csv"\nkind = "snapshot"\nextracted_at = {T}\n',
            "line 7: accounts: entries differ in kind. Declare one kind.",
        ),
    ],
)
def test_declarations(load: Load, declared: str, sentence: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load({"accounts.csv": ACCOUNTS, "sources.toml": declared})
    assert sentence in str(caught.value)


def test_declarations_in_another_encoding(load: Load) -> None:
    with pytest.raises(DefinitionError, match=r"sources\.toml is not UTF-8\. Save it as UTF-8\."):
        load({"accounts.csv": ACCOUNTS, "sources.toml": "# é".encode("cp1252")})


def test_a_file_that_begins_with_an_empty_line(load: Load) -> None:
    with pytest.raises(InputRefused, match=r"accounts\.csv: the file has no header line at the header, byte 0\. Write the names"):
        load({"accounts.csv": "\n" + ACCOUNTS})


def test_what_the_database_cannot_read_refuses_the_file(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = r"accounts\.csv: the reader cannot read it with certainty\. Export the file again\."
    monkeypatch.setattr(loading, "_file_sql", lambda *given: "select error('a value of the file') as file_no")
    with pytest.raises(InputRefused, match=sentence) as caught:
        load({"accounts.csv": ACCOUNTS})
    assert "a value" not in str(caught.value)


def test_objects_whose_names_the_database_cannot_read(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers.OpenFile, "relation", lambda *given: "(select cast(error('a value') as json) as json)")
    with pytest.raises(InputRefused, match=r"accounts\.jsonl: the reader cannot read it with certainty"):
        load({"accounts.jsonl": '{"account_id": "a1"}\n'})


def test_the_scanner_is_not_given_lines_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b"\xef\xbb\xbf{}\n")
    with pytest.raises(UnreadableError, match="a byte order mark before the first line"):
        scan(tmp_path / "x.jsonl", Dialect("\x01", "", False, lines=True))


def test_overrides_of_a_table_without_a_key(tmp_path: Path) -> None:
    contract = replace(CONTRACTS["accounts"], key=())
    extraction = Extraction((), Declaration(), SourceFile(tmp_path / "fill.csv", "fill.csv", "csv"))
    with pytest.raises(UnreadableError, match="rows of accounts have no key to name"):
        read_overrides(duckdb.connect(), contract, extraction, tmp_path, 1)


def test_a_cache_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.CACHE, str(tmp_path / "file" / "cache"))
    with pytest.raises(DefinitionError, match=r"The folder .*cache for databases cannot be made \(.*\)\. Name another in PRIVACY_AUDIT_CACHE\."):
        cache.folder()
