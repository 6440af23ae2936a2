"""Finds statements in which the writer of a text gives an own age under 13.

What it looks for is data: `audit_lib/age_patterns/<language>.toml` (ages, birth years, school grades). What it finds is a reason to look, never a decision.
The text goes in and is forgotten: a `Statement` holds the id of a pattern and an age, nothing is logged.

Left out on purpose: quotations, the past ("when I was 9"), negation, other people, ratings ("13+"), numbers of episodes,
minutes, scores. Only the first `LONGEST` characters of a text are read: a comment is shorter, and an age stands early in
a longer text. Every repetition in a pattern is bounded, so the time grows with the length of the text only.
"""

from __future__ import annotations

import itertools
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

PATTERNS = Path(__file__).parent / "age_patterns"
LONGEST = 20_000
"""Characters of a text that are read."""
YOUNGEST, ADULT_HERE = 4, 13
"""Ages found: from 4 (nobody younger writes) to under 13."""
_AROUND = 80
"""Characters before and after a statement that decide whether it counts."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An age under 13 that a writer states as the own age on the day of writing."""

    pattern: str
    """Id of the pattern that found it, unique within its language."""
    age: int | None
    """Completed years. "Turning 12 next week" is 11; of a school grade the least usual age. None: a birth year is stated."""
    born: int | None = None
    """The birth year stated; None: an age is."""
    language: str = ""
    """The language whose pattern found it."""

    def under_13_until(self, written: date) -> date | None:
        """The last day on which the writer can still be under 13; None when already 13 or over on the day of writing.

        Whoever states an age may have had the birthday on that very day, and turns 13 so many years later (born on a 29 February: on
        1 March in common years). Whoever states a birth year may be born on its last day.
        """
        if self.born is not None:
            last = date(self.born + ADULT_HERE, 12, 30)
            is_writer = YOUNGEST <= written.year - self.born
            return last if is_writer and written <= last else None
        assert self.age is not None
        return _years_later(written, ADULT_HERE - self.age) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way of stating an age."""

    id: str
    language: str
    meaning: str
    regex: re.Pattern[str]
    values: Mapping[str, Mapping[str, int]]
    """Name of a part that captures → word → its value."""
    adds: int = 0
    age: int | None = None
    any_condition: bool = False
    """Counts also behind words such as "when" ("when I turn 13 next year")."""
    except_: re.Pattern[str] | None = None
    """What the match may not look like."""
    examples: tuple[str, ...] = ()
    not_examples: tuple[str, ...] = ()

    def stated(self, match: re.Match[str]) -> Statement | None:
        """What a match states; None where it captured no number (an alternative of the pattern without one)."""
        if self.age is not None:
            return Statement(self.id, self.age, language=self.language)
        group, word = next(((g, w) for g, w in match.groupdict().items() if w is not None), ("", ""))
        if not group:
            return None
        name = group.rsplit("_", 1)[0]
        value = self.values[name][word]
        age, born = (None, value) if name.split("_")[0] == "year" else (value + self.adds, None)
        return Statement(self.id, age, born, self.language)


@dataclass(frozen=True, slots=True)
class Language:
    """The patterns of one language."""

    patterns: tuple[Pattern, ...]
    before_not: tuple[re.Pattern[str], ...]
    after_not: tuple[re.Pattern[str], ...]
    sentence_not: tuple[re.Pattern[str], ...]
    without_accents: bool
    """Whether texts are compared without accents, as many people write."""


def languages() -> frozenset[str]:
    """The languages (primary subtags: `en`) in which statements are looked for."""
    return frozenset(file.stem for file in PATTERNS.glob("*.toml"))


@cache
def load_language(language: str) -> Language:
    """The patterns of a language that is in `languages()`."""
    content = tomllib.loads((PATTERNS / f"{language}.toml").read_text("utf-8"))
    values = _values(content)
    parts = dict(content.get("parts", {}))
    together = content.get("words_run_together", False)
    capturing = {name: _words(words, together) for name, words in values.items()}
    return Language(
        patterns=tuple(_pattern(language, entry, parts, capturing, values) for entry in content["pattern"]),
        before_not=_compiled(content, parts, "before_not"),
        after_not=_compiled(content, parts, "after_not"),
        sentence_not=_compiled(content, parts, "sentence_not"),
        without_accents=content.get("without_accents", False),
    )


def _compiled(content: Mapping[str, Any], parts: Mapping[str, str], key: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_filled(regex, parts, {})) for regex in content.get(key, ()))


def _values(content: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Name of a capturing part → word → value: `number` (4 to 13), `year`, and every table under [values] as it stands.

    `year` and tables whose name begins with `year_` (years of an era) give birth years, all others ages.
    """
    digits = {str(n): n for n in range(YOUNGEST, ADULT_HERE + 1)}
    short = {f"{year % 100:02d}": year for year in range(1941, 2041)}
    years = short | {str(year): year for year in range(1900, 2041)}
    named: dict[str, dict[str, int]] = content.get("values", {})
    return {"number": {**content.get("numbers", {}), **digits}, "year": years, **named}


def _words(words: Mapping[str, int], together: bool) -> str:
    """A regex for any of the words; digits may be followed by letters (12yo), words of languages that part words may not.

    Words with a digit and a letter (12th) end where the word ends.
    """
    longest_first = sorted(words, key=lambda w: (-len(w), w))
    ends = {w: "" if w.isdigit() or together else r"(?!\w)" for w in longest_first}
    before = "" if together else r"(?<!\d)"
    return before + "(?:" + "|".join(re.escape(w) + ends[w] for w in longest_first) + ")" + r"(?!\d)"


def _pattern(
    language: str,
    entry: Mapping[str, Any],
    parts: Mapping[str, str],
    capturing: Mapping[str, str],
    values: Mapping[str, Mapping[str, int]],
) -> Pattern:
    return Pattern(
        id=entry["id"],
        language=language,
        meaning=entry["meaning"],
        regex=re.compile(_filled(entry["regex"], parts, capturing), re.MULTILINE),
        values=values,
        adds=entry.get("adds", 0),
        age=entry.get("age"),
        any_condition=entry.get("any_condition", False),
        except_=re.compile(entry["except"]) if "except" in entry else None,
        examples=tuple(entry["examples"]),
        not_examples=tuple(entry["not_examples"]),
    )


def _filled(regex: str, parts: Mapping[str, str], capturing: Mapping[str, str]) -> str:
    """`regex` with every `{name}` replaced by that part; `{1,3}` is a repetition and stays. Unknown names are errors.

    A capturing part may stand several times: its groups are numbered.
    """
    count = itertools.count(1)
    while re.search(r"\{[a-z][a-z0-9_]*\}", regex):
        regex = re.sub(
            r"\{([a-z][a-z0-9_]*)\}",
            lambda m: f"(?P<{m[1]}_{next(count)}>{capturing[m[1]]})" if m[1] in capturing else parts[m[1]],
            regex,
        )
    return regex


def find(text: str, language: str | None, written: date | None = None) -> list[Statement]:
    """Every statement of an own age from 4 to 12, or of a birth year, in `text`, in the order of the text; each once.

    `language` is a tag such as `en` or `en-US`; None looks in every language there is, a language without patterns finds
    nothing (`languages()` tells which there are). A birth year says nothing without a date: given `written`, only those come back
    by which the writer can be under 13 on that day; else all of them.
    """
    known = languages()
    wanted = sorted(known) if not language else [language.replace("_", "-").split("-")[0].lower()]
    found: dict[Statement, int] = {}
    plain = _plain(text[:LONGEST])
    for name in wanted:
        if name in known:
            for position, statement in _in_language(plain, load_language(name)):
                if written is None or statement.under_13_until(written) is not None:
                    found[statement] = min(position, found.get(statement, position))
    return sorted(found, key=lambda statement: (found[statement], statement.pattern))


def _in_language(text: str, language: Language) -> list[tuple[int, Statement]]:
    """(position, statement) of all patterns; of statements that overlap, that of the earlier pattern."""
    found: list[tuple[int, Statement]] = []
    text = _without_accents(text) if language.without_accents else text
    taken = bytearray(len(text))
    for pattern in language.patterns:
        for match in pattern.regex.finditer(text):
            statement, (start, end) = pattern.stated(match), match.span()
            if statement is None:
                continue
            is_young = statement.age is None or YOUNGEST <= statement.age < ADULT_HERE
            if is_young and not any(taken[start:end]) and _counts(match, pattern, language):
                found.append((start, statement))
                taken[start:end] = b"\1" * (end - start)
    return found


def _without_accents(text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def _counts(match: re.Match[str], pattern: Pattern, language: Language) -> bool:
    """Whether what stands around a match leaves it a statement about the writer."""
    text = match.string
    before, after = text[max(0, match.start() - _AROUND) : match.start()], text[match.end() : match.end() + _AROUND]
    if pattern.except_ is not None and pattern.except_.search(match[0]):
        return False
    if not pattern.any_condition and any(regex.search(before) for regex in language.before_not):
        return False
    if any(regex.search(after) for regex in language.after_not):
        return False
    sentence = _SENTENCE_END.split(before)[-1] + match[0] + _SENTENCE_END.split(after)[0]
    return not any(regex.search(sentence) for regex in language.sentence_not)


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


_SENTENCE_END = re.compile(r"[.!?\n。！？]+")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"',
                              "»": '"', "「": '"', "」": '"', "『": '"', "』": '"', "\u200b": None, "\u200c": None, "\u200d": None, "\ufe0f": None, "\u20e3": None})  # fmt: skip
_QUOTED_LINE = re.compile(r"^[ \t]{0,8}>[^\n]*", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")
_QUOTED = re.compile(r'"[^"\n]{0,500}"')
_SINGLE_QUOTED = re.compile(r"(?<![^\s(:,])'[^\n]{1,200}?'(?![^\s.,!?;:)])")


def _plain(text: str) -> str:
    """`text` in small letters, with plain signs, and without quotations."""
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_APOSTROPHES).lower()
    text = text[:LONGEST]  # one character can become eighteen
    text = _QUOTED_LINE.sub(" ", text)
    text = _QUOTED.sub(' "" ', text)
    return _EMPTY_LINES.sub("\n\n", _SINGLE_QUOTED.sub(' "" ', text))[:LONGEST]  # texts can grow as quotations are cut out
