"""Statements of an own age: every pattern's examples, a labelled set, and the time long texts take."""

from __future__ import annotations

import csv
import logging
import re
import time
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_lib.age_statements import LONGEST, PATTERNS, Pattern, Statement, find, languages, load_language

DATA = Path(__file__).parent / "data"
LANGUAGES = sorted(languages())
PATTERNS_OF_ALL = [pattern for language in LANGUAGES for pattern in load_language(language).patterns]
A_DAY = date(2018, 7, 1)
"""When the `not_examples` are taken to be written: by then the birth years of adults say nothing."""


@dataclass(frozen=True)
class Sentence:
    """A labelled sentence; `age` is None where the writer states no own age under 13."""

    text: str
    age: int | None
    written: date | None
    language: str

    def found(self) -> list[Statement]:
        return find(self.text, self.language, self.written)


@cache
def labelled(language: str) -> list[Sentence]:
    """The rows of tests/data/age_sentences_<language>.csv (sentence, age, shows and, where it matters, written_on)."""
    with (DATA / f"age_sentences_{language}.csv").open(encoding="utf-8", newline="") as file:
        return [
            Sentence(
                row["sentence"],
                int(row["age"]) if row["age"] else None,
                date.fromisoformat(row["written_on"]) if row.get("written_on") else None,
                language,
            )
            for row in csv.DictReader(file)
        ]


def is_right(statement: Statement, sentence: Sentence) -> bool:
    """Whether a statement gives the age labelled: school grades and birth years within one year, all others exactly.

    A pattern for grades has `grade` in its id; a sentence with a birth year needs `written_on`.
    """
    assert sentence.age is not None
    if statement.born is not None:
        return sentence.written is not None and abs(sentence.written.year - statement.born - sentence.age) <= 1
    assert statement.age is not None
    return abs(statement.age - sentence.age) <= ("grade" in statement.pattern)


@pytest.mark.parametrize("pattern", PATTERNS_OF_ALL, ids=lambda p: f"{p.language}-{p.id}")
def test_examples_of_every_pattern(pattern: Pattern) -> None:
    assert pattern.examples and pattern.not_examples
    for text in pattern.examples:
        assert [s.pattern for s in find(text, pattern.language)] == [pattern.id], text
    for text in pattern.not_examples:
        assert find(text, pattern.language, A_DAY) == [], text


@pytest.mark.parametrize("language", LANGUAGES)
def test_ids_are_unique_in_a_language(language: str) -> None:
    ids = [pattern.id for pattern in load_language(language).patterns]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_precision_and_recall_on_the_labelled_sentences(language: str) -> None:
    sentences = labelled(language)
    stated = [s for s in sentences if s.age is not None]
    found = [s for s in sentences if s.found()]
    assert len(sentences) >= 80 and len(stated) >= 40 and len(sentences) - len(stated) >= 40
    missed = [s.text for s in stated if s not in found]
    false = [s.text for s in found if s.age is None]
    assert 1 - len(missed) / len(stated) >= 0.9, missed
    assert 1 - len(false) / len(found) >= 0.9, false


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_ages_found_are_those_labelled(language: str) -> None:
    wrong = [
        (sentence.text, sentence.age, statement)
        for sentence in labelled(language)
        if sentence.age is not None
        for statement in sentence.found()
        if not is_right(statement, sentence)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_labelled_sentences_are_told_apart(language: str) -> None:
    texts = [sentence.text for sentence in labelled(language)]
    assert len(set(texts)) == len(texts)
    assert {sentence.age for sentence in labelled(language)} - {None} <= set(range(4, 13))


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
    assert find(text, "en-US") == find(text, "EN_gb") == find(text, "en")
    assert find(text, None) == find(text, "") != []
    assert set(find(text, "en")) <= set(find(text, None))
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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("piece", [*HOSTILE, "all examples"])
def test_time_grows_with_the_text_only(piece: str, language: str) -> None:
    if piece == "all examples":
        piece = " ".join(text for p in load_language(language).patterns for text in (*p.examples, *p.not_examples))

    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        started = time.process_time()  # other work on the machine does not count
        find(text, language)
        return time.process_time() - started

    seconds(1000)
    short, long = max(min(seconds(LONGEST // 8) for _ in range(2)), 0.002), min(seconds(LONGEST) for _ in range(2))
    assert long < 5, "not a measure of speed: only a pattern gone wild takes so long"
    assert long < 8 * short * 4, f"{short:.4f} s, then {long:.4f} s"


def test_no_unbounded_repetition_in_any_pattern() -> None:
    for file in sorted(PATTERNS.glob("*.toml")):
        content = tomllib.loads(file.read_text("utf-8"))
        regexes = [entry["regex"] for entry in content["pattern"]] + [
            e["except"] for e in content["pattern"] if "except" in e
        ]
        regexes += content.get("parts", {}).values()
        regexes += [regex for key in ("before_not", "after_not", "sentence_not") for regex in content.get(key, ())]
        for regex in regexes:
            bare = re.sub(r"\[(?:\\.|[^\]\\])*\]|\\.", "x", regex)
            assert not re.search(r"[*+](?!\])|\{\d+,\}", bare), f"{file.name}: {regex}"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="i'm 0123 an/:.,\"years old\n", max_size=60))
def test_any_text_gives_ages_under_13_or_nothing(text: str) -> None:
    ids = {(pattern.language, pattern.id) for pattern in PATTERNS_OF_ALL}
    found = find(text, None)
    assert all((s.language, s.pattern) in ids for s in found)
    assert all((s.age is None) != (s.born is None) for s in found)
    assert all(s.age is None or 4 <= s.age < 13 for s in found)


def test_a_statement_keeps_no_text_and_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    (statement,) = find("I'm 11 years old, call me Zebedee", "en")
    assert set(Statement.__slots__) == {"pattern", "age", "born", "language"}
    assert "zebedee" not in repr(statement).lower()
    assert caplog.records == []
