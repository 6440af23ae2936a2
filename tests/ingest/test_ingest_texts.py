"""Texts: read only when asked for, searched once, never kept."""

from __future__ import annotations

from datetime import date

import pytest
from ingest_world import Load

from audit_lib.age_statements import Statement
from audit_lib.vocabulary import day_number

BODY = "hello, i am 11 years old and i like dramas"
HEAD = "text_id,account_id,written_at,language,body\n"
TEXTS = HEAD + "\n".join([
    f't1,u1,2018-02-01T00:00:00Z,en,"{BODY}"',
    "too,few",
    't2,u1,2018-02-01T00:00:00Z,en,"I am 34 years old"',
    f't3,u1,never,en,"{BODY} secret"',
    't4,u2,2018-02-03T00:00:00Z,en,"i\'m 12 years old,\nreally"',
    "t5,u2,2018-02-03T00:00:00Z,en,",
])  # fmt: skip


def test_signals_of_accepted_texts(load: Load) -> None:
    loaded = load({"texts.csv": TEXTS}, with_texts=True)
    rows = loaded.rows(
        "select distinct text_no, account_no, written_second, written_day, language, under_13_until_day"
        " from text_signal order by 1"
    )
    first, third = day_number(date(2018, 2, 1)), day_number(date(2018, 2, 3))
    assert rows == [
        (1, 1, first * 86400, first, "en", day_number(date(2020, 1, 31))),
        (4, 2, third * 86400, third, "en", day_number(date(2019, 2, 2))),
    ]
    assert loaded.rows("select count(*) from text_signal where statement is null") == [(0,)]
    assert loaded.rows("select text_id, record from texts order by text_no") == [
        ("t1", 1),
        ("t2", 3),
        ("t4", 5),
        ("t5", 6),
    ]


def test_no_body_is_stored_anywhere(load: Load) -> None:
    loaded = load({"texts.csv": TEXTS}, with_texts=True)
    for (table,) in loaded.rows("select table_name from duckdb_tables()"):
        stored = str(loaded.rows(f'select * from "{table}"'))
        assert "years old" not in stored
        assert "secret" not in stored
        assert "too,few" not in stored
    states = dict(loaded.rows("select column_name, state from input_column where table_name = 'texts'"))
    assert states["body"] == "not_kept"


def test_signals_from_json_lines_and_several_files(load: Load) -> None:
    line = '{"text_id": "%s", "written_at": "2018-02-01T00:00:00Z", "language": "en", "body": "i am 11 years old"}\n'
    loaded = load(
        {"texts/a.jsonl": "broken\n" + line % "t1", "texts/b.jsonl": line % "t2" + line % "t1"}, with_texts=True
    )
    assert loaded.rows("select distinct text_no from text_signal order by 1") == [(2,), (3,)]


def test_without_with_texts_the_files_are_not_opened(load: Load) -> None:
    loaded = load({"texts.csv": b'\xff"\0 not a text export'}, with_texts=False)
    assert loaded.rows("select is_present, rows from coverage where table_name = 'texts'") == [(True, None)]
    assert loaded.rows("select count(*) from text_signal") == [(0,)]
    assert loaded.rows("select count(*) from input_file") == [(0,)]


@pytest.mark.parametrize(("written", "age", "last"), [
    (date(2018, 2, 1), 11, date(2020, 1, 31)),
    (date(2016, 2, 29), 12, date(2017, 2, 28)),
    (date(2016, 2, 29), 9, date(2020, 2, 28)),
    (date(2018, 12, 31), 4, date(2027, 12, 30)),
])  # fmt: skip
def test_last_day_on_which_the_writer_may_be_under_13(written: date, age: int, last: date) -> None:
    assert Statement("said", age).under_13_until(written) == last


@pytest.mark.parametrize(("written", "born", "last"), [
    (date(2018, 2, 1), 2007, date(2020, 12, 30)),
    (date(2020, 12, 30), 2007, date(2020, 12, 30)),
    (date(2020, 12, 31), 2007, None),  # born on the last day of 2007, and 13 today
    (date(2018, 2, 1), 1989, None),
    (date(2018, 2, 1), 2015, None),  # three years old: not the writer's own year
])  # fmt: skip
def test_a_birth_year_speaks_of_a_child_or_not(written: date, born: int, last: date | None) -> None:
    assert Statement("said", None, born).under_13_until(written) == last
