"""Finds statements in which the writer of a text gives an own age under 13.

What it looks for is data: `audit_lib/age_patterns/<language>.toml`. What it finds is a reason to look, never a decision.
The text goes in and is forgotten: a `Statement` holds the id of a pattern and an age, nothing is logged.

Left out on purpose: quotations, the past ("when I was 9"), negation, other people, ratings ("13+"), numbers of episodes,
minutes, scores. Only the first `LONGEST` characters of a text are read: a comment is shorter, and an age stands early in
a longer text. Every repetition in a pattern is bounded, so the time grows with the length of the text only.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
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
    age: int
    """Completed years. "Turning 12 next week" is 11."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way of stating an age."""

    id: str
    meaning: str
    regex: re.Pattern[str]
    numbers: Mapping[str, int]
    adds: int = 0
    age: int | None = None
    any_condition: bool = False
    """Counts also behind words such as "when" ("when I turn 13 next year")."""
    except_: re.Pattern[str] | None = None
    """What the match may not look like."""
    examples: tuple[str, ...] = ()
    not_examples: tuple[str, ...] = ()

    def stated(self, match: re.Match[str]) -> int:
        """The age a match states."""
        if self.age is not None:
            return self.age
        word = next(w for w in match.groups() if w is not None)
        return self.numbers[word] + self.adds


@dataclass(frozen=True, slots=True)
class Language:
    """The patterns of one language."""

    patterns: tuple[Pattern, ...]
    before_not: tuple[re.Pattern[str], ...]
    after_not: tuple[re.Pattern[str], ...]


def languages() -> frozenset[str]:
    """The languages (primary subtags: `en`) in which statements are looked for."""
    return frozenset(file.stem for file in PATTERNS.glob("*.toml"))


@cache
def load_language(language: str) -> Language:
    """The patterns of a language that is in `languages()`."""
    content = tomllib.loads((PATTERNS / f"{language}.toml").read_text("utf-8"))
    numbers = _numbers(content["numbers"], "")
    ordinals = _numbers(content.get("ordinals", {}), "(?:st|nd|rd|th)")
    parts = dict(content.get("parts", {}))
    for name, words in (("number", numbers), ("ordinal", ordinals)):
        parts[name] = parts[f"{name}_again"] = f"({_words(words, name)})"
    values = {**numbers, **ordinals}
    return Language(
        patterns=tuple(_pattern(entry, parts, values) for entry in content["pattern"]),
        before_not=tuple(re.compile(regex) for regex in content.get("before_not", ())),
        after_not=tuple(re.compile(regex) for regex in content.get("after_not", ())),
    )


def _numbers(words: Mapping[str, int], ending: str) -> dict[str, int]:
    """Word or digits → number. Digits of ordinals are written with any ending: `12th`."""
    endings = re.findall(r"[a-z]+", ending) or [""]
    digits = {f"{n}{e}": n for n in range(YOUNGEST, ADULT_HERE + 1) for e in endings}
    return {**words, **digits}


def _words(words: Mapping[str, int], name: str) -> str:
    """A regex for any of the words; digits may be followed by letters (12yo), words may not."""
    longest_first = sorted(words, key=lambda w: (-len(w), w))
    after = r"(?![\d])" if name == "number" else r"(?!\w)"
    return "(?:" + "|".join(re.escape(w) + (r"\b" if w.isalpha() else "") for w in longest_first) + ")" + after


def _pattern(entry: Mapping[str, Any], parts: Mapping[str, str], numbers: Mapping[str, int]) -> Pattern:
    return Pattern(
        id=entry["id"],
        meaning=entry["meaning"],
        regex=re.compile(_filled(entry["regex"], parts), re.MULTILINE),
        numbers=numbers,
        adds=entry.get("adds", 0),
        age=entry.get("age"),
        any_condition=entry.get("any_condition", False),
        except_=re.compile(entry["except"]) if "except" in entry else None,
        examples=tuple(entry["examples"]),
        not_examples=tuple(entry["not_examples"]),
    )


def _filled(regex: str, parts: Mapping[str, str]) -> str:
    """`regex` with every `{name}` replaced by that part; `{1,3}` is a repetition and stays. Unknown names are errors."""
    return re.sub(r"\{([a-z_]+)\}", lambda m: _filled(parts[m[1]], parts), regex)


def find(text: str, language: str | None) -> list[Statement]:
    """Every statement of an own age from 4 to 12 in `text`, in the order of the text; each (pattern, age) once.

    `language` is a tag such as `en` or `en-US`; None looks in every language there is, a language without patterns finds
    nothing (`languages()` tells which there are).
    """
    known = languages()
    wanted = sorted(known) if not language else [language.replace("_", "-").split("-")[0].lower()]
    found: dict[Statement, int] = {}
    plain = _plain(text[:LONGEST])
    for name in wanted:
        if name in known:
            for position, statement in _in_language(plain, load_language(name)):
                found[statement] = min(position, found.get(statement, position))
    return sorted(found, key=lambda statement: (found[statement], statement.pattern))


def _in_language(text: str, language: Language) -> list[tuple[int, Statement]]:
    """(position, statement) of all patterns; of statements that overlap, that of the earlier pattern."""
    found: list[tuple[int, Statement]] = []
    taken = bytearray(len(text))
    for pattern in language.patterns:
        for match in pattern.regex.finditer(text):
            age, (start, end) = pattern.stated(match), match.span()
            if YOUNGEST <= age < ADULT_HERE and not any(taken[start:end]) and _counts(match, pattern, language):
                found.append((start, Statement(pattern.id, age)))
                taken[start:end] = b"\1" * (end - start)
    return found


def _counts(match: re.Match[str], pattern: Pattern, language: Language) -> bool:
    """Whether what stands around a match leaves it a statement about the writer."""
    text = match.string
    before, after = text[max(0, match.start() - _AROUND) : match.start()], text[match.end() : match.end() + _AROUND]
    if pattern.except_ is not None and pattern.except_.search(match[0]):
        return False
    if not pattern.any_condition and any(regex.search(before) for regex in language.before_not):
        return False
    return not any(regex.search(after) for regex in language.after_not)


_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"',
                              "»": '"', "\u200b": None, "\u200c": None, "\u200d": None, "\ufe0f": None})  # fmt: skip
_QUOTED_LINE = re.compile(r"^[ \t]{0,8}>[^\n]*", re.MULTILINE)
_QUOTED = re.compile(r'"[^"\n]{0,500}"')
_SINGLE_QUOTED = re.compile(r"(?<![^\s(:,])'[^\n]{1,200}?'(?![^\s.,!?;:)])")


def _plain(text: str) -> str:
    """`text` in small letters, with plain signs, and without quotations."""
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_APOSTROPHES).lower()
    text = text[:LONGEST]  # one character can become eighteen
    text = _QUOTED_LINE.sub(" ", text)
    text = _QUOTED.sub(' "" ', text)
    return _SINGLE_QUOTED.sub(' "" ', text)
