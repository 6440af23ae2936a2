"""The status table of the design, sentence by sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_lib.conclude import (
    conclude,
    exact_percent,
    headline,
    judge,
    percent,
    singular,
    with_assumption,
    with_readings,
    worst_first,
)
from audit_lib.vocabulary import Counts, Criterion, Finding, Kind, Measure, Observation, Period, Reading, Status

MEASURE = Measure(
    id="retention_overrun",
    title="Records past their due day",
    area="retention",
    kind=Kind.STOCK,
    question="Is anything kept too long?",
    item="record of a closed account",
    items="records of closed accounts",
    exception="due day before the as-of day",
    exception_phrase="were still stored past their due day",
    on_day="as-of day",
    reasons={"overdue": "past its due day"},
    groups={},
    sql="",
    sql_sha256="",
)
QUARTER = Period(date(2018, 7, 1), date(2018, 10, 1))


def criterion(
    tolerable: str = "0", *, measure: str | None = "retention_overrun", id: str = "c", **more: object
) -> Criterion:
    return Criterion(
        id=id,
        document="policy",
        kind="commitment",
        sentence="No record is kept past its due day.",
        measure=measure,
        tolerable_rate=Fraction(tolerable),
        verified=True,
        **more,  # type: ignore[arg-type]
    )


def observation(
    status: str = "measured", why: str = "", kind: Kind = Kind.STOCK, notes: tuple[str, ...] = ()
) -> Observation:
    return Observation("retention_overrun", kind, QUARTER, {}, status, why, notes=notes)


def finding(
    counts: Counts, tolerable: str = "0", *, accounts: int = 0, covered: bool = False, id: str = "c"
) -> Finding:
    return conclude(
        criterion(tolerable, id=id),
        observation(),
        measure=MEASURE,
        counts=counts,
        accounts_with_exception=accounts,
        is_covered=covered,
    )


def test_no_measure_needs_attestation() -> None:
    found = conclude(criterion(measure=None, attestation="that staff are trained"), None)
    assert found.status is Status.NOT_ASSESSED
    assert found.why == "needs attestation: that staff are trained"
    assert found.sentence == "Could not be assessed: needs attestation: that staff are trained."
    assert found.interval is None


def test_observation_that_could_not_be_made() -> None:
    found = conclude(criterion(), observation("not-assessed", "stored_records is missing"), measure=MEASURE)
    assert (found.status, found.why) == (Status.NOT_ASSESSED, "stored_records is missing")
    assert found.counts == Counts()


@pytest.mark.parametrize("kind", [Kind.DURATION, Kind.VOLUME])
def test_durations_and_volumes_are_no_tests(kind: Kind) -> None:
    found = conclude(criterion(), observation(kind=kind), measure=MEASURE, counts=Counts(10, 0, 0))
    assert found.status is Status.NOT_ASSESSED


def test_empty_is_never_green() -> None:
    assert finding(Counts(), covered=True).status is Status.NOT_APPLICABLE
    empty = finding(Counts())
    assert empty.status is Status.NOT_ASSESSED
    assert "does not declare" in empty.why
    assert finding(Counts(), covered=True).sentence == "There were no records of closed accounts: nothing to test."


STATUS_TABLE = [
    # population, exceptions, untestable, tolerable, status
    (100, 0, 0, "0", Status.SATISFIED),
    (100, 1, 0, "0", Status.NOT_SATISFIED),
    (100, 5, 0, "0.05", Status.SATISFIED),
    (100, 6, 0, "0.05", Status.NOT_SATISFIED),
    (100, 5, 5, "0.05", Status.NOT_SATISFIED),  # 5 of 95 tested is above 5 %, 5 of 100 is not
    (100, 0, 5, "0", Status.SATISFIED),
    (100, 0, 6, "0", Status.NOT_ASSESSED),
    (100, 5, 6, "0.05", Status.NOT_ASSESSED),
    (100, 6, 90, "0.05", Status.NOT_SATISFIED),  # above 5 % of the whole population whatever the rest may be
    (100, 0, 100, "0", Status.NOT_ASSESSED),
    (100, 0, 100, "1", Status.NOT_ASSESSED),
    (100, 100, 0, "1", Status.SATISFIED),
    (3, 1, 0, "0.3333333333333333333333333333", Status.NOT_SATISFIED),
]


@pytest.mark.parametrize(("population", "exceptions", "untestable", "tolerable", "status"), STATUS_TABLE)
def test_status_table(population: int, exceptions: int, untestable: int, tolerable: str, status: Status) -> None:
    assert finding(Counts(population, exceptions, untestable), tolerable).status is status


def test_everything_untestable_is_never_assessed_however_much_is_borne() -> None:
    patient = criterion("1", max_untestable=Fraction(1))
    assert judge(patient, Counts(4, 0, 4), is_covered=True)[0] is Status.NOT_ASSESSED


counts = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50)).map(
    lambda t: Counts(t[0] + t[1] + t[2], t[1], t[2])
)


@given(counts, st.integers(0, 20))
def test_more_exceptions_never_help(found: Counts, per_cent: int) -> None:
    rule = criterion(str(Fraction(per_cent, 100)))
    before, _ = judge(rule, found, is_covered=True)
    if found.tested > found.exceptions:
        after, _ = judge(rule, Counts(found.population, found.exceptions + 1, found.untestable), is_covered=True)
        assert not (before is Status.NOT_SATISFIED and after is not Status.NOT_SATISFIED)
    if not found.tested:
        assert before in (Status.NOT_ASSESSED, Status.NOT_APPLICABLE)


def test_sentence_with_exceptions() -> None:
    assert finding(Counts(14_208, 312, 0), accounts=12).sentence == (
        "312 of 14,208 records of closed accounts, of 12 persons, were still stored past their due day, "
        "2.2 %, tolerable 0 %."
    )


def test_sentence_of_one_exception_of_one_person() -> None:
    assert finding(Counts(40, 1, 0), "0.05", accounts=1).sentence == (
        "1 of 40 records of closed accounts, of 1 person, was still stored past its due day, 2.5 %, tolerable 5 %."
    )
    assert finding(Counts(1, 1, 0)).sentence == (
        "1 of 1 record of a closed account was still stored past its due day, 100 %, tolerable 0 %."
    )


def test_sentence_without_exceptions() -> None:
    assert finding(Counts(40, 0, 0)).sentence == (
        "None of 40 records of closed accounts were still stored past their due day, tolerable 0 %."
    )


def test_sentence_with_untestable_items() -> None:
    assert finding(Counts(1000, 20, 90)).sentence == (
        "20 of 1,000 records of closed accounts were still stored past their due day, 2.2 % of those tested, "
        "tolerable 0 %; 90 could not be tested: between 2.0 % and 11 % if the untestable were all good, or all bad."
    )


def test_sentence_when_too_much_or_everything_is_untestable() -> None:
    found = finding(Counts(100, 0, 10))
    assert found.why == "10 % of the items could not be tested, more than the 5 % that the criterion bears"
    assert found.sentence.startswith(f"Could not be assessed: {found.why}. None of 100 records")
    assert "between 0 % and 10 %" in found.sentence
    everything = finding(Counts(100, 0, 100))
    assert "None of 100 records of closed accounts could be tested" in everything.sentence


def test_sentence_with_a_compared_period() -> None:
    found = conclude(
        criterion(),
        observation(),
        measure=MEASURE,
        counts=Counts(14_208, 312, 0),
        accounts_with_exception=12,
        compared=Counts(13_000, 289, 0),
        compared_as="at the end of last quarter",
    )
    assert found.sentence.endswith("past their due day, 2.2 %, tolerable 0 %; 289 at the end of last quarter.")
    assert found.compared == Counts(13_000, 289, 0)
    assert found.compared_status is Status.NOT_SATISFIED


def test_a_kept_promise_is_not_said_with_two_negations() -> None:
    asked = replace(MEASURE, exception_phrase="were not deleted in time", kept_phrase="were deleted in time")
    all_kept = conclude(criterion(), observation(), measure=asked, counts=Counts(40, 0, 0))
    assert all_kept.sentence == "All 40 records of closed accounts were deleted in time, tolerable 0 %."
    one = conclude(criterion(), observation(), measure=asked, counts=Counts(1, 0, 0))
    assert one.sentence == "The one record of a closed account was deleted in time, tolerable 0 %."
    unsure = conclude(criterion(), observation(), measure=asked, counts=Counts(40, 0, 1))
    assert unsure.sentence.startswith("None of 40 records of closed accounts were not deleted in time")


def test_assumed_tolerable_rate_is_said() -> None:
    found = conclude(criterion("0.05", tolerable_assumed=True), observation(), measure=MEASURE, counts=Counts(40, 1, 0))
    assert "tolerable 5 % (assumed)" in found.sentence


def test_interval_and_notes() -> None:
    found = conclude(
        Criterion("c", "d", "law", "s", measure="retention_overrun"),
        observation(notes=("texts were not read",)),
        measure=MEASURE,
        counts=Counts(40, 1, 0),
        notes=("limit", "limit"),
    )
    assert found.interval is not None and 0 < found.interval[0] < 0.025 < found.interval[1]
    assert found.notes == ("texts were not read", "limit", "The source of this criterion has not been verified.")


def test_a_criterion_is_not_concluded_with_another_measure() -> None:
    with pytest.raises(ValueError, match="retention_overrun"):
        conclude(criterion(), observation(), counts=Counts(1, 0, 0))


PERCENT = {
    (0, 1): "0 %",
    (1, 1): "100 %",
    (312, 14_208): "2.2 %",
    (2, 100): "2.0 %",
    (11, 100): "11 %",
    (115, 1000): "12 %",
    (996, 1000): "99.6 %",
    (9_999_999, 10_000_000): "99.99999 %",
    (1, 10_000_000): "0.000010 %",
    (996, 100_000): "1.0 %",
    (1, 3): "33 %",
    (52, 100_000): "0.052 %",
}


@pytest.mark.parametrize(("parts", "text"), PERCENT.items())
def test_percent(parts: tuple[int, int], text: str) -> None:
    assert percent(Fraction(*parts)) == text


@given(st.integers(0, 10**8), st.integers(1, 10**8))
def test_percent_is_nothing_or_all_only_when_it_is(part: int, rest: int) -> None:
    whole = part + rest
    number = Fraction(percent(Fraction(part, whole)).removesuffix(" %"))
    assert (number == 0) == (part == 0)
    assert number < 100
    assert abs(number - Fraction(part, whole) * 100) <= Fraction(part, whole) * 100 / 20


def test_exact_percent() -> None:
    assert [exact_percent(Fraction(f)) for f in ("0", "0.05", "0.005", "1", "0.1", "1/3")] == [
        "0 %",
        "5 %",
        "0.5 %",
        "100 %",
        "10 %",
        "33 %",
    ]


def test_singular() -> None:
    assert singular("were opened before the holder turned 13") == "was opened before the holder turned 13"
    assert singular("showed a signal and were not cleared") == "showed a signal and was not cleared"
    assert singular("had no consent in force") == "had no consent in force"


def test_assumption_that_decides_is_noted() -> None:
    kept = finding(Counts(100, 0, 0))
    noted = with_assumption(kept, Counts(100, 41, 0), "grace_days", 30, 0)
    assert noted.notes[-1] == "satisfied with 30 days of grace (assumed); 41 exceptions with none"
    one = with_assumption(kept, Counts(100, 1, 0), "consent_validity_months", 24, 6)
    assert one.notes[-1] == "satisfied with 24 months of consent validity (assumed); 1 exception with 6"
    words = with_assumption(kept, Counts(100, 2, 0), "roll_over", True, False)
    assert words.notes[-1] == "satisfied with roll over yes (assumed); 2 exceptions with no"


def test_assumption_that_decides_nothing_is_not_noted() -> None:
    kept = finding(Counts(100, 0, 0))
    assert with_assumption(kept, Counts(100, 0, 0), "grace_days", 30, 0) is kept
    broken = finding(Counts(100, 3, 0))
    assert with_assumption(broken, Counts(100, 41, 0), "grace_days", 30, 0) is broken


def test_other_readings_stand_in_notes() -> None:
    found = Finding(criterion(), Status.SATISFIED, counts=Counts(60, 0, 0))
    readings = [
        Reading("roll_over", False, "no due day moves", Counts(60, 14, 0), Status.NOT_SATISFIED),
        Reading("inclusive_days", True, "the first day counts", Counts(60, 0, 0), Status.SATISFIED),
        Reading("relationship", "recent_activity", "an idle account counts", Counts(), Status.NOT_ASSESSED, "no column"),
        Reading("a", True, "one is bad", Counts(50, 1, 3), Status.SATISFIED),
    ]
    noted = with_readings(found, readings)
    assert noted.readings == tuple(readings)
    assert noted.notes == (
        "If no due day moves: 14 exceptions among 60 (23 % of those tested), not satisfied.",
        "If an idle account counts: could not be assessed: no column.",
        "If one is bad: 1 exception among 50 (2.1 % of those tested); 3 could not be tested.",
    )


def test_worst_first_by_accounts_then_rate() -> None:
    found = [
        finding(Counts(10, 1, 0), accounts=1, id="few"),
        finding(Counts(100, 5, 0), accounts=5, id="many, low rate"),
        finding(Counts(10, 5, 0), accounts=5, id="many, high rate"),
        finding(Counts(10, 0, 0), id="b none"),
        finding(Counts(10, 0, 0), id="a none"),
        finding(Counts(), id="not assessed"),
    ]
    assert [f.criterion.id for f in worst_first(found)] == [
        "many, high rate",
        "many, low rate",
        "few",
        "a none",
        "b none",
        "not assessed",
    ]


def test_headline_counts_every_status() -> None:
    found = [finding(Counts(10, 1, 0)), finding(Counts(10, 0, 0)), finding(Counts(10, 0, 0)), finding(Counts())]
    assert headline(found) == {
        Status.SATISFIED: 2,
        Status.NOT_SATISFIED: 1,
        Status.NOT_APPLICABLE: 0,
        Status.NOT_ASSESSED: 1,
    }
