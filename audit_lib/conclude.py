"""Holds an observation against a criterion: the status, and the finding in one plain sentence.

The count decides, in whole numbers and exact fractions; no interval and no rounding takes part. The rules stand in
`docs/architecture.md` and the glossary under *status*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from audit_lib.statistics import wilson
from audit_lib.vocabulary import Counts, Criterion, Finding, Kind, Measure, Observation, Reading, Status

NOT_DECLARED_COMPLETE = "the logs hold nothing to test, and the export does not declare that they are complete"
NO_ITEMS = Counts()
NOTHING_TESTED = "nothing could be tested"


def conclude(
    criterion: Criterion,
    observation: Observation | None,
    *,
    measure: Measure | None = None,
    counts: Counts = NO_ITEMS,
    accounts_with_exception: int = 0,
    is_covered: bool = False,
    compared: Counts | None = None,
    compared_as: str = "",
    compared_is_covered: bool = False,
    notes: Sequence[str] = (),
) -> Finding:
    """The finding of one criterion.

    `observation` is None where the criterion has no measure. `counts` and `accounts_with_exception` are those of the
    criterion's own items (its groups, its dates in force), not of the whole observation. `is_covered`: every table the
    measure reads declares that it reaches far enough, so that an empty population means that there was nothing.
    `compared` are the counts of another period, `compared_as` how the sentence calls it ("at the end of 30 June 2018").
    `notes` are added to those of the observation.
    """
    if criterion.measure is None or observation is None:
        return _not_assessed(criterion, f"needs attestation: {criterion.attestation or criterion.sentence}", notes)
    notes = (*observation.notes, *notes)
    if not observation.measured:
        return _not_assessed(criterion, observation.why, notes)
    if observation.kind in (Kind.DURATION, Kind.VOLUME):
        return _not_assessed(criterion, f"a {observation.kind} tells how much, not whether a promise was kept", notes)
    if measure is None or measure.id != criterion.measure:
        raise ValueError(f"criterion {criterion.id} is concluded with its own measure, {criterion.measure}")
    status, why = judge(criterion, counts, is_covered=is_covered)
    was = None if compared is None else judge(criterion, compared, is_covered=compared_is_covered)[0]
    return Finding(
        criterion=criterion,
        status=status,
        measure=criterion.measure,
        counts=counts,
        accounts_with_exception=accounts_with_exception,
        interval=wilson(counts.exceptions, counts.tested) if counts.tested else None,
        why=why,
        sentence=_sentence(criterion, measure, counts, accounts_with_exception, status, why, compared, compared_as),
        notes=_all_notes(criterion, notes),
        compared=compared,
        compared_status=was,
    )


def judge(criterion: Criterion, counts: Counts, *, is_covered: bool) -> tuple[Status, str]:
    """The status of `counts` under a criterion, and why where it is not a plain yes or no.

    In this order: an empty population is not-applicable if the logs are declared complete, else not-assessed; exceptions
    above the tolerable rate of the whole population are not-satisfied whatever else is wrong; nothing tested, or a
    larger share untestable than the criterion bears, is not-assessed; then the rate of the tested items decides.
    """
    if not counts.population:
        return (Status.NOT_APPLICABLE, "") if is_covered else (Status.NOT_ASSESSED, NOT_DECLARED_COMPLETE)
    if Fraction(counts.exceptions, counts.population) > criterion.tolerable_rate:
        return Status.NOT_SATISFIED, ""
    rate = counts.rate
    if rate is None:
        return Status.NOT_ASSESSED, NOTHING_TESTED
    untestable = Fraction(counts.untestable, counts.population)
    if untestable > criterion.max_untestable:
        return Status.NOT_ASSESSED, (
            f"{percent(untestable)} of the items could not be tested, more than the {exact_percent(criterion.max_untestable)} "
            "that the criterion bears"
        )
    return (Status.NOT_SATISFIED if rate > criterion.tolerable_rate else Status.SATISFIED), ""


def _not_assessed(criterion: Criterion, why: str, notes: Sequence[str]) -> Finding:
    return Finding(
        criterion=criterion,
        status=Status.NOT_ASSESSED,
        measure=criterion.measure,
        why=why,
        sentence=f"Could not be assessed: {why}.",
        notes=_all_notes(criterion, notes),
    )


def _all_notes(criterion: Criterion, notes: Sequence[str]) -> tuple[str, ...]:
    own = [] if criterion.verified else ["The source of this criterion has not been verified."]
    return tuple(dict.fromkeys([*notes, *own]))


# sentences -----------------------------------------------------------------------------------------------------------


def _sentence(
    criterion: Criterion,
    measure: Measure,
    counts: Counts,
    accounts: int,
    status: Status,
    why: str,
    compared: Counts | None,
    compared_as: str,
) -> str:
    if not counts.population:
        found = f"There were no {measure.items}"
        return f"{found}: nothing to test." if status is Status.NOT_APPLICABLE else f"Could not be assessed: {why}."
    parts = [f"{_figure(measure, counts, accounts)}, {_rate(criterion, counts)}"]
    if compared is not None and compared_as:
        parts.append(f"{compared.exceptions:,} {compared_as}")
    if counts.untestable:
        parts.append(_untestable(counts))
    text = "; ".join(parts)
    text = text[0].upper() + text[1:]
    return f"Could not be assessed: {why}. {text}." if status is Status.NOT_ASSESSED else f"{text}."


def _figure(measure: Measure, counts: Counts, accounts: int) -> str:
    """`312 of 14,208 records of closed accounts, of 12 persons, were still stored past their due day`."""
    items = measure.item if counts.population == 1 else measure.items
    if not counts.tested:
        return f"none of {counts.population:,} {items} could be tested"
    if not counts.exceptions and not counts.untestable and measure.kept_phrase:
        # "None of 31 transfers did not rest on …" would have to be read twice.
        one = counts.population == 1
        return f"the one {items} {singular(measure.kept_phrase)}" if one else f"all {counts.population:,} {items} {measure.kept_phrase}"
    exceptions = f"{counts.exceptions:,}" if counts.exceptions else "none"
    persons = f", of {accounts:,} {'person' if accounts == 1 else 'persons'}," if accounts and counts.exceptions else ""
    phrase = singular(measure.exception_phrase) if counts.exceptions == 1 else measure.exception_phrase
    return f"{exceptions} of {counts.population:,} {items}{persons} {phrase}"


_SINGULAR = {"were": "was", "are": "is", "have": "has", "do": "does", "lack": "lacks", "rest": "rests"}


def singular(phrase: str) -> str:
    """An exception phrase as it continues after "1 of 40 records": `were` becomes `was`, `their` becomes `its`."""
    first, _, rest = phrase.partition(" ")
    rest = re.sub(r"\band (were|are|have|do)\b", lambda m: f"and {_SINGULAR[m[1]]}", rest)
    rest = re.sub(r"\btheir\b", "its", rest)
    return f"{_SINGULAR.get(first, first)} {rest}".rstrip()


def _rate(criterion: Criterion, counts: Counts) -> str:
    assumed = " (assumed)" if criterion.tolerable_assumed else ""
    tolerable = f"tolerable {exact_percent(criterion.tolerable_rate)}{assumed}"
    if counts.rate is None or not counts.exceptions:
        return tolerable
    return f"{percent(counts.rate)}{' of those tested' if counts.untestable else ''}, {tolerable}"


def _untestable(counts: Counts) -> str:
    """The items that could not be tested, and between which rates the truth lies because of them."""
    if not counts.tested:
        return "so the rate is not known"
    low = Fraction(counts.exceptions, counts.population)
    high = Fraction(counts.exceptions + counts.untestable, counts.population)
    return (
        f"{counts.untestable:,} could not be tested: between {percent(low)} and {percent(high)} "
        "if the untestable were all good, or all bad"
    )


def percent(share: Fraction) -> str:
    """A share in per cent with two significant digits: `2.2 %`, `0.052 %`, `11 %`.

    `0 %` is exactly nothing and `100 %` exactly all: closer to all, as many digits are printed as it takes.
    """
    if share in (0, 1):
        return f"{int(share) * 100} %"
    for digits in range(2, 40):
        text = _significant(share * 100, digits)
        if share > 1 or Decimal(text) < 100:
            return f"{text} %"
    return f"{_significant(share * 100, 40)} %"


def _significant(number: Fraction, digits: int) -> str:
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - digits + 1), rounding=ROUND_HALF_UP)
        if rounded.adjusted() > exact.adjusted():  # 9.96 became 10.0: one digit too many
            rounded = rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - digits + 1), rounding=ROUND_HALF_UP)
    return f"{rounded:f}"


def exact_percent(share: Fraction) -> str:
    """A share that a criterion states, without rounding where it ends: `5 %`, `0.5 %`, `0 %`."""
    hundredfold = share * 100
    rest = hundredfold.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return percent(share)
    number = (Decimal(hundredfold.numerator) / Decimal(hundredfold.denominator)).normalize()
    return f"{number:f} %"


# several findings ----------------------------------------------------------------------------------------------------


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings by accounts concerned, then by exception rate, highest first; equal ones by criterion id.

    A finding without a rate stands behind one with the rate 0.
    """

    def order(finding: Finding) -> tuple[int, Fraction, str]:
        rate = finding.counts.rate
        return -finding.accounts_with_exception, Fraction(1) if rate is None else -rate, finding.criterion.id

    return sorted(findings, key=order)


def headline(findings: Iterable[Finding]) -> dict[Status, int]:
    """How many findings have each status; every status is there, in the order of `Status`."""
    counted = dict.fromkeys(Status, 0)
    for finding in findings:
        counted[finding.status] += 1
    return counted


def with_limits(finding: Finding, limits: Sequence[str], no_green: str = "") -> Finding:
    """The finding with what limits its figures in its sentence; never green where exceptions may hide behind a limit.

    `limits` are clauses without a full stop. `no_green` is the limit because of which no exception found does not mean that
    there was none; empty when there is no such limit. Exceptions that were found stand in any case.
    """
    if no_green and finding.status in (Status.SATISFIED, Status.NOT_APPLICABLE):
        found = "what was found is tolerable" if finding.counts.exceptions else "no exception was found"
        why = f"{found}, but {no_green}"
        sentence = f"Could not be assessed: {why}. {finding.sentence}"
        return replace(finding, status=Status.NOT_ASSESSED, why=why, sentence=sentence)
    if limits and finding.status in (Status.SATISFIED, Status.NOT_SATISFIED):
        told = "; ".join(limits)
        return replace(finding, sentence=f"{finding.sentence} {told[0].upper()}{told[1:]}.")
    return finding


_PLAIN = {
    Status.SATISFIED: "satisfied",
    Status.NOT_SATISFIED: "not satisfied",
    Status.NOT_APPLICABLE: "nothing to test",
    Status.NOT_ASSESSED: "could not be assessed",
}


def with_assumption(
    finding: Finding, strict_counts: Counts, parameter: str, default: object, strictest: object
) -> Finding:
    """The finding with a note on an assumed parameter, if its status would be another one at the strictest value.

    `strict_counts` are the criterion's counts with `parameter` at `strictest`. The note reads "satisfied with 30 days of
    grace (assumed); 41 exceptions with none"; a finding that would not change comes back as it is.
    """
    strict, _ = judge(finding.criterion, strict_counts, is_covered=True)
    if strict is finding.status:
        return finding
    count = strict_counts.exceptions
    found = f"{count:,} exception{'' if count == 1 else 's'}"
    here, there = _with_value(parameter, default, strictest)
    note = f"{_PLAIN[finding.status]} with {here} (assumed); {found} with {there}"
    if strict is Status.NOT_ASSESSED:
        note += ", could not be assessed"
    return replace(finding, notes=(*finding.notes, note))


def with_readings(finding: Finding, readings: Sequence[Reading]) -> Finding:
    """The finding with what its figure is under readings of parameters that policy or law leave open; another figure in a note."""
    notes = [_reading_note(reading, finding) for reading in readings if reading.counts != finding.counts]
    return replace(finding, readings=tuple(readings), notes=(*finding.notes, *notes))


def _reading_note(reading: Reading, finding: Finding) -> str:
    """`If no due day moves: 14 exceptions among 60 (23 % of those tested).`"""
    counts = reading.counts
    if not counts.population and reading.status is Status.NOT_ASSESSED:
        return f"If {reading.meaning}: could not be assessed: {reading.why}."
    share = "" if counts.rate is None else f" ({percent(counts.rate)} of those tested)"
    untestable = f"; {counts.untestable:,} could not be tested" if counts.untestable else ""
    status = f", {_PLAIN[reading.status]}" if reading.status is not finding.status else ""
    found = f"{counts.exceptions:,} exception{'' if counts.exceptions == 1 else 's'}"
    return f"If {reading.meaning}: {found} among {counts.population:,}{share}{untestable}{status}."


def _with_value(parameter: str, default: object, strictest: object) -> tuple[str, str]:
    """`grace_days`, 30, 0 → `30 days of grace`, `none`."""
    unit = re.fullmatch(r"(.+)_(days|months|seconds)", parameter)
    if unit is None or not isinstance(default, int) or isinstance(default, bool):
        name = parameter.replace("_", " ")
        return f"{name} {_plain(default)}", _plain(strictest)
    noun = unit[2][:-1] if default == 1 else unit[2]
    return f"{default:,} {noun} of {unit[1].replace('_', ' ')}", "none" if strictest == 0 else _plain(strictest)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
