"""Pseudonyms, small numbers and cells."""

from __future__ import annotations

import base64
import csv
import doctest
import hashlib
import hmac
import io
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_lib import disclosure
from audit_lib.disclosure import (
    KEY_FILE_VARIABLE,
    KEY_VARIABLE,
    Pseudonyms,
    csv_cell,
    html_text,
    is_small,
    key_file,
    load_pseudonyms,
    shown,
    suppress_count,
    suppress_parts,
)
from audit_lib.errors import DefinitionError

KEY = b"0123456789abcdef"


def test_examples_in_the_documentation() -> None:
    assert doctest.testmod(disclosure).failed == 0


def test_pseudonym_is_an_hmac() -> None:
    digest = hmac.new(KEY, b"account\0a1", hashlib.sha256).digest()
    assert Pseudonyms(KEY).of("account", "a1") == f"acc-{base64.b32encode(digest).decode().lower()[:12]}"


def test_pseudonyms_differ_by_key_space_and_identifier() -> None:
    made = Pseudonyms(KEY)
    assert made.of("account", "x") == Pseudonyms(KEY).of("account", "x")
    names = {made.of("account", "x"), made.of("device", "x"), made.of("account", "y")}
    names.add(Pseudonyms(b"another key, as long").of("account", "x"))
    assert len({name.split("-")[1] for name in names}) == 4
    assert made.of("unheard_of", "x").startswith("unh-")


def test_key_is_never_shown() -> None:
    assert "0123456789abcdef" not in repr(Pseudonyms(KEY))
    with pytest.raises(DefinitionError) as error:
        Pseudonyms(b"short secret")
    assert "short secret" not in str(error.value)


def test_key_from_the_environment() -> None:
    as_text = load_pseudonyms(environment={KEY_VARIABLE: " a key given as text \n"})
    assert as_text.of("account", "a") == Pseudonyms(b"a key given as text").of("account", "a")
    as_hex = load_pseudonyms(environment={KEY_VARIABLE: KEY.hex()})
    assert as_hex.of("account", "a") == Pseudonyms(KEY).of("account", "a")
    with pytest.raises(DefinitionError, match="too short"):
        load_pseudonyms(environment={KEY_VARIABLE: "fifteen letters"})


def test_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "key"
    environment = {KEY_FILE_VARIABLE: str(path)}
    first = load_pseudonyms(tmp_path / "reports", environment)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text("utf-8")
    assert len(bytes.fromhex(text.strip())) == 32
    assert load_pseudonyms(tmp_path / "reports", environment).of("account", "a") == first.of("account", "a")
    assert path.read_text("utf-8") == text


def test_key_file_is_refused_where_others_get_it(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "key"
    with pytest.raises(DefinitionError, match="reports folder"):
        load_pseudonyms(tmp_path / "reports", {KEY_FILE_VARIABLE: str(path)})
    assert not path.exists()
    open_to_all = tmp_path / "key"
    open_to_all.write_text(KEY.hex(), "utf-8")
    os.chmod(open_to_all, 0o644)
    with pytest.raises(DefinitionError, match="chmod 600"):
        load_pseudonyms(environment={KEY_FILE_VARIABLE: str(open_to_all)})


def test_key_file_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(DefinitionError, match=KEY_VARIABLE):
        load_pseudonyms(environment={KEY_FILE_VARIABLE: str(tmp_path / "file" / "key")})


def test_empty_key_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.touch(mode=0o600)
    with pytest.raises(DefinitionError, match="too short"):
        load_pseudonyms(environment={KEY_FILE_VARIABLE: str(path)})


def test_default_place_of_the_key_file() -> None:
    assert key_file({"XDG_DATA_HOME": "/data"}) == Path("/data/privacy-audit/key")
    assert key_file({}).is_absolute() and key_file({}).parts[-2:] == ("privacy-audit", "key")


def test_small_counts() -> None:
    assert [is_small(n) for n in (0, 1, 4, 5)] == [False, True, True, False]
    assert suppress_count(3, 100) is None
    assert suppress_count(97, 100) is None
    assert suppress_count(0, 100) == 0
    assert suppress_count(100, 100) == 100
    assert suppress_count(5, 10) == 5
    assert shown(None) == "withheld" and shown(1234) == "1,234"


def test_small_parts_and_what_would_give_them_away() -> None:
    assert suppress_parts({"a": 3, "b": 50, "c": 20}) == {"a": None, "b": 50, "c": None}
    assert suppress_parts({"a": 1, "b": 2, "c": 20, "d": 30}) == {"a": None, "b": None, "c": None, "d": 30}
    assert suppress_parts({"a": 3, "b": 4, "c": 20}) == {"a": None, "b": None, "c": 20}
    assert suppress_parts({"a": 5, "b": 0}) == {"a": 5, "b": 0}
    assert suppress_parts({"a": 2, "b": 0}) == {"a": None, "b": 0}


@given(st.dictionaries(st.text(min_size=1, max_size=2), st.integers(0, 12), min_size=1, max_size=6))
def test_withheld_parts_cannot_be_worked_out(parts: dict[str, int]) -> None:
    printed = suppress_parts(parts)
    assert all(count is None or count == parts[name] for name, count in printed.items())
    assert not any(count is not None and is_small(count) for count in printed.values())
    withheld = [name for name, count in printed.items() if count is None]
    if withheld and any(count for count in printed.values()):
        assert len(withheld) > 1 and sum(parts[name] for name in withheld) >= 5


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "  =1", "\ufeff=1"])
def test_formulas_are_neutralised(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["payment", "a=b", "", -5, 1.5, None, True])
def test_other_cells_stay(value: object) -> None:
    assert csv_cell(value) is value


def test_neutralised_cell_survives_csv() -> None:
    written = io.StringIO()
    csv.writer(written).writerow([csv_cell("=cmd|' /C calc'!A0"), csv_cell(-3)])
    assert next(csv.reader(io.StringIO(written.getvalue()))) == ["'=cmd|' /C calc'!A0", "-3"]


def test_html_text() -> None:
    assert html_text('<b onclick="x">\'&</b>') == "&lt;b onclick=&quot;x&quot;&gt;&#x27;&amp;&lt;/b&gt;"
    assert html_text(None) == "" and html_text(3) == "3"
