"""Statements of an own age: every pattern's examples, a labelled set, and the time long texts take."""

from __future__ import annotations

import csv
import logging
import re
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_lib.age_statements import LONGEST, PATTERNS, Statement, find, languages, load_language

SENTENCES = Path(__file__).parent / "data" / "age_sentences_en.csv"
ENGLISH = load_language("en").patterns


def labelled() -> list[tuple[str, int | None]]:
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        return [(row["sentence"], int(row["age"]) if row["age"] else None) for row in csv.DictReader(file)]


@pytest.mark.parametrize("pattern", ENGLISH, ids=lambda p: p.id)
def test_examples_of_every_pattern(pattern) -> None:  # type: ignore[no-untyped-def]
    assert pattern.examples and pattern.not_examples
    for text in pattern.examples:
        assert [s.pattern for s in find(text, "en")] == [pattern.id], text
    for text in pattern.not_examples:
        assert find(text, "en") == [], text


def test_precision_and_recall_on_the_labelled_sentences() -> None:
    sentences = labelled()
    stated = [age is not None for _, age in sentences]
    found = [bool(find(text, "en")) for text, _ in sentences]
    right = sum(s and f for s, f in zip(stated, found, strict=True))
    assert len(sentences) >= 80 and sum(stated) >= 40 and stated.count(False) >= 40
    missed = [text for (text, _), s, f in zip(sentences, stated, found, strict=True) if s and not f]
    false = [text for (text, _), s, f in zip(sentences, stated, found, strict=True) if f and not s]
    assert right / sum(stated) >= 0.9, missed
    assert right / sum(found) >= 0.9, false


def test_the_ages_found_are_those_labelled() -> None:
    wrong = [
        (text, age, found)
        for text, age in labelled()
        if age is not None and (found := find(text, "en")) and {s.age for s in found} != {age}
    ]
    assert wrong == []


def test_labelled_sentences_are_told_apart() -> None:
    texts = [text for text, _ in labelled()]
    assert len(set(texts)) == len(texts)
    assert {age for _, age in labelled()} - {None} <= set(range(4, 13))


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("I'm 4 years old", 4),
        ("I'm 12 years old", 12),
        ("I'm turning 13 next week", 12),
        ("I\u2019m 11", 11),
        ("\uff29\uff07\uff4d \uff11\uff11", 11),
        ("I'M ELEVEN YEARS OLD", 11),
    ],
)
def test_ends_of_the_range_and_ways_of_writing(text: str, age: int) -> None:
    assert [s.age for s in find(text, "en")] == [age]


@pytest.mark.parametrize(
    "text", ["I'm 3 years old", "I'm 13 years old", "I'm 112 years old", "I'm turning 14 next week"]
)
def test_outside_the_range(text: str) -> None:
    assert find(text, "en") == []


def test_several_statements_in_order_each_once() -> None:
    text = "I'm 11. My name is Ana, 11, and I'm 11. I turn 13 in May."
    expected = [("i_am_number", 11), ("name_and_age", 11), ("turning", 12)]
    assert find(text, "en") == [Statement(pattern, age, language="en") for pattern, age in expected]


def test_languages() -> None:
    assert "en" in languages()
    text = "I'm 11 years old"
    assert find(text, "en-US") == find(text, "EN_gb") == find(text, None) == find(text, "") == find(text, "en")
    assert find(text, "tlh") == []


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    statement = "I'm 11 years old."
    assert find("word " * ((LONGEST - 100) // 5) + statement, "en")
    assert find("word " * (LONGEST // 5) + statement, "en") == []


HOSTILE = [
    "i'm ",
    "i am just only really ",
    "12 ",
    "'",
    '"',
    " ' x",
    ">",
    "me and my a ",
    "my name is aaaa ",
    "i'm aaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaa",
    " ",
    "hi, so, and, ",
    "i'm 12 and a half ",
    "said that ",
    "my 12th birthday ",
    "12/f/",
    "\n",
    "i'm 11. ",
    "as an 11 year old ",
    "\u0130",
    "\ufdfa",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_the_text_only(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        started = time.perf_counter()
        find(text, "en")
        return time.perf_counter() - started

    seconds(1000)
    short, long = max(min(seconds(LONGEST // 8) for _ in range(2)), 0.002), min(seconds(LONGEST) for _ in range(2))
    assert long < 1.5
    assert long < 8 * short * 4, f"{short:.4f} s, then {long:.4f} s"


def test_no_unbounded_repetition_in_any_pattern() -> None:
    for file in sorted(PATTERNS.glob("*.toml")):
        content = tomllib.loads(file.read_text("utf-8"))
        regexes = [entry["regex"] for entry in content["pattern"]] + [
            e["except"] for e in content["pattern"] if "except" in e
        ]
        regexes += [*content["parts"].values(), *content["before_not"], *content["after_not"]]
        for regex in regexes:
            bare = re.sub(r"\[(?:\\.|[^\]\\])*\]|\\.", "x", regex)
            assert not re.search(r"[*+](?!\])|\{\d+,\}", bare), f"{file.name}: {regex}"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="i'm 0123 an/:.,\"years old\n", max_size=60))
def test_any_text_gives_ages_under_13_or_nothing(text: str) -> None:
    ids = {pattern.id for pattern in ENGLISH}
    assert all(4 <= s.age < 13 and s.pattern in ids for s in find(text, "en"))


def test_a_statement_keeps_no_text_and_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    (statement,) = find("I'm 11 years old, call me Zebedee", "en")
    assert set(Statement.__slots__) == {"pattern", "age", "born", "language"}
    assert "zebedee" not in repr(statement).lower()
    assert caplog.records == []
