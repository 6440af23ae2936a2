"""How well statements of age are found, on the labelled sentences; the same figures stand in the report."""

from __future__ import annotations

from fractions import Fraction

import pytest

from audit_lib import age_quality
from audit_lib.age_quality import HELD_OUT, LANGUAGES, labelled, quality
from audit_lib.age_statements import languages
from audit_lib.report import notebook as show

PARTS = {(part.language, part.set): part for part in quality()}
SENTENCES = labelled()


def test_enough_sentences_and_at_least_half_of_them_false_alarms() -> None:
    assert set(LANGUAGES) == languages() == {s.language for s in SENTENCES}
    assert len(SENTENCES) >= 600
    for code in LANGUAGES:
        mine = [s for s in SENTENCES if s.language == code]
        false = [s for s in mine if s.age is None]
        assert len(mine) >= 100 and 2 * len(false) >= len(mine), code


def test_labels_can_be_and_no_sentence_comes_twice() -> None:
    assert {s.age for s in SENTENCES} <= {None, *range(4, 13)}
    assert len({(s.language, s.sentence) for s in SENTENCES}) == len(SENTENCES)
    assert all(s.shows for s in SENTENCES)


def test_precision_and_recall_over_all_sentences() -> None:
    everything = PARTS["all", "all"]
    assert everything.precision is not None and everything.recall is not None
    assert everything.precision >= Fraction(9, 10) and everything.recall >= Fraction(9, 10)


@pytest.mark.parametrize("language", LANGUAGES.values())
def test_precision_and_recall_of_each_language(language: str) -> None:
    part = PARTS[language, "all"]
    assert part.precision is not None and part.recall is not None
    assert part.precision >= Fraction(8, 10) and part.recall >= Fraction(8, 10)


def test_precision_and_recall_on_sentences_that_nobody_worked_on() -> None:
    """What to expect of other texts: the set was tried when the patterns were finished, and nothing was mended by it."""
    part = PARTS["all", HELD_OUT]
    assert part.precision is not None and part.recall is not None
    assert part.precision >= Fraction(9, 10) and part.recall >= Fraction(9, 10)
    for language in LANGUAGES.values():
        mine = PARTS[language, HELD_OUT]
        assert mine.precision is not None and mine.recall is not None
        assert mine.precision >= Fraction(8, 10) and mine.recall >= Fraction(8, 10), language


def test_figures_add_up() -> None:
    sets = {part.set for part in PARTS.values()} - {"all"}
    for name in ("statements", "false_alarms", "found", "wrongly_found"):
        total = getattr(PARTS["all", "all"], name)
        assert total == sum(getattr(PARTS[language, "all"], name) for language in LANGUAGES.values())
        assert total == sum(getattr(PARTS["all", part], name) for part in sets)


def test_nothing_found_and_nothing_to_find_have_no_share() -> None:
    nothing = age_quality.Quality("none", "none", statements=0, false_alarms=3, found=0, wrongly_found=0)
    assert nothing.precision is None and nothing.recall is None


def test_the_report_shows_the_figures_and_no_sentence() -> None:
    shown = show.statement_quality()
    for language in LANGUAGES.values():
        assert language in shown.text
    assert HELD_OUT in shown.text and "a reason to look, never a decision" in shown.html
    assert not [s for s in SENTENCES if s.sentence in shown.html or s.sentence in shown.text]
