"""How well statements of age are found: precision and recall on sentences with labels, per language.

The sentences are `audit_lib/age_patterns/labelled.csv`: invented, each with the day it is taken to be written on, the age its
writer states (empty: a false alarm), and the set it belongs to. The patterns were written with the sets in sight, save those
whose name begins with "held out": their writers had not seen the patterns, and nothing was changed after they were tried.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache

from audit_lib.age_statements import PATTERNS, find

LABELLED = "labelled.csv"
HELD_OUT = "held out"
LANGUAGES = {
    "en": "English",
    "es": "Spanish",
    "pt": "Portuguese",
    "fr": "French",
    "ko": "Korean",
    "ja": "Japanese",
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """An invented sentence with its label."""

    language: str
    sentence: str
    written: date
    age: int | None
    """Completed years that its writer states or implies; None: a false alarm."""
    shows: str
    set: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How the patterns did on some sentences."""

    language: str
    """Its name; `all` for all languages together."""
    set: str
    statements: int
    """Sentences whose writer says to be under 13."""
    false_alarms: int
    """Sentences that look like it and are not."""
    found: int
    """Statements that were found."""
    wrongly_found: int
    """False alarms that were taken for statements."""

    @property
    def precision(self) -> Fraction | None:
        """Of what was found, the share that is right; None when nothing was found."""
        taken = self.found + self.wrongly_found
        return Fraction(self.found, taken) if taken else None

    @property
    def recall(self) -> Fraction | None:
        """Of the statements, the share that was found; None without statements."""
        return Fraction(self.found, self.statements) if self.statements else None


@cache
def labelled() -> tuple[Labelled, ...]:
    """All sentences with labels."""
    with (PATTERNS / LABELLED).open(encoding="utf-8", newline="") as file:
        return tuple(_row(row) for row in csv.DictReader(file))


def _row(row: dict[str, str]) -> Labelled:
    age = int(row["age"]) if row["age"] else None
    return Labelled(row["language"], row["sentence"], date.fromisoformat(row["written_on"]), age, row["shows"], row["set"])


@cache
def quality() -> tuple[Quality, ...]:
    """Precision and recall: first of all sentences together, then per set, then per language over all sets and per set."""
    sentences = labelled()
    hits = {s: bool(find(s.sentence, s.language, s.written)) for s in sentences}
    sets = sorted({s.set for s in sentences})
    parts = [("all", "all", sentences)]
    parts += [("all", name, tuple(s for s in sentences if s.set == name)) for name in sets]
    for code, language in LANGUAGES.items():
        mine = tuple(s for s in sentences if s.language == code)
        parts.append((language, "all", mine))
        parts += [(language, name, tuple(s for s in mine if s.set == name)) for name in sets]
    return tuple(_quality(language, name, part, hits) for language, name, part in parts)


def _quality(language: str, name: str, sentences: Iterable[Labelled], hits: dict[Labelled, bool]) -> Quality:
    counts = {(young, hit): 0 for young in (True, False) for hit in (True, False)}
    for sentence in sentences:
        counts[sentence.age is not None, hits[sentence]] += 1
    return Quality(
        language,
        name,
        counts[True, True] + counts[True, False],
        counts[False, True] + counts[False, False],
        counts[True, True],
        counts[False, True],
    )
