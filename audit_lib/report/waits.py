"""What notebooks show of waits and of the registers of requests: figures of curves, comparisons, California's tables."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from audit_lib.charts.cells import label
from audit_lib.report import areas, words
from audit_lib.report.words import Shown
from audit_lib.run import Observed, Run
from audit_lib.run.request_metrics import balance_sentence
from audit_lib.statistics import ENOUGH_EVENTS, SurvivalCurve, log_rank

MEDIAN_RULE = (
    "The median is the first day on which fewer than half still wait; where exactly half wait over several days, the middle of "
    "these days. Those still waiting count as waiting for as long as they were seen."
)
METRICS = ["scope", "request_type", "received", "complied", "denied", "open", "not_accounted_for", "balances", "median_days", "mean_days"]
SURE = 0.05
"""p-value below which a difference is called one."""


def nothing(observed: Observed) -> str:
    """Why there are no figures: a sentence."""
    found = observed.observation
    if not found.measured:
        return f"{observed.measure.title}: could not be assessed: {found.why}."
    return f"There were no {observed.measure.items}."


def waiting(observed: Observed, days: Sequence[int] = (30, 45, 90)) -> Shown:
    """Median wait and the share done by certain days with their 95 % limits, those still waiting taken into account."""
    if not observed.observation.measured or not observed.counts.population:
        return words.paragraphs(nothing(observed))
    curve = observed.survival()
    median = curve.median()
    rows = [{"figure": "median wait in days", "value": "not reached" if median is None else f"{median:g}", "95 % interval": ""}]
    rows += [_share_by(curve, day) for day in days]
    return words.together([words.table(pd.DataFrame(rows)), words.paragraphs(MEDIAN_RULE)])


def _share_by(curve: SurvivalCurve, day: int) -> dict[str, str]:
    share, limits = curve.share_done_by(day), curve.limits_of_share_done_by(day)
    said = "not known" if share is None else _percent(share)
    between = "" if limits is None else f"{_percent(limits[0])} to {_percent(limits[1])}"
    return {"figure": f"done within {day} days", "value": said, "95 % interval": between}


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


def differences(observed: Observed, group: str) -> Shown:
    """Whether the words of a group wait differently long: log-rank tests of every pair with enough ended waits."""
    if not observed.observation.measured:
        return words.paragraphs(nothing(observed))
    counts = observed.observation.groups.get(group, {})
    curves = {word: observed.survival(**{group: word}) for word in counts}
    rows = []
    for one, other in combinations(sorted(curves), 2):
        found = log_rank(curves[one], curves[other])
        if found is not None:
            faster = one if found.statistic > 0 else other
            said = f"{label(faster)} is done sooner" if found.p_value < SURE else "no difference that chance would not make"
            rows.append({"compared": f"{label(one)} and {label(other)}", "p-value": f"{found.p_value:.3g}", "reading": said})
    few = f"Fewer than two kinds of {observed.measure.groups[group]} have {ENOUGH_EVENTS} ended waits: nothing is compared."
    said = f"Log-rank test of every pair with at least {ENOUGH_EVENTS} ended waits each, as if the period were a sample; p below {SURE:g} is called a difference."
    return words.table(pd.DataFrame(rows), few) if not rows else words.together([words.table(pd.DataFrame(rows)), words.paragraphs(said)])


def readings(run: Run, area: str) -> Shown:
    """What the figures of an area are where policy or law can be read in another way, beside the chosen reading."""
    rows = []
    for finding in areas.findings_in(run, area):
        for reading in finding.readings:
            if reading.counts == finding.counts and reading.status is finding.status:
                continue
            rows.append(
                {
                    "criterion": finding.criterion.sentence,
                    "if": reading.meaning,
                    "exceptions as read here": finding.counts.exceptions,
                    "of": finding.counts.population,
                    "exceptions if read so": None if reading.why and not reading.counts.population else reading.counts.exceptions,
                    "of ": reading.counts.population or None,
                    "status then": label(str(reading.status).replace("-", " ")),
                }
            )
    return words.table(pd.DataFrame(rows), "No figure of this chapter changes under another reading that policy or law leave open.")


def request_metrics(run: Run) -> Shown:
    """The yearly figures on requests that California wants published (11 CCR § 7102), and whether they balance."""
    last = run.period.last_day
    years = [last.year] if (last.month, last.day) == (12, 31) else [last.year - 1, last.year]
    return words.together([_metrics_of(run, year) for year in years])


def _metrics_of(run: Run, year: int) -> Shown:
    frame = run.request_metrics(year)
    received = frame[frame["received"] > 0]
    if received.empty:
        return words.paragraphs(f"No request was received in {year}.")
    known = f"as known at the end of {words.day_words(run.period.last_day)}"
    unended = "" if bool(frame["is_complete"].all()) else "; the year had not ended"
    shown = received[METRICS].assign(balances=received["balances"].map({True: "yes", False: "no"}))
    table = words.table(shown.rename(columns={name: label(name) for name in METRICS}))
    return words.together([words.paragraphs(f"Requests received in {year}, {known}{unended}.", balance_sentence(frame)), table])


def shine_the_light(run: Run) -> Shown:
    """The register of requests for the list of third parties (Cal. Civ. Code § 1798.83) of the year in which the period ends."""
    year = run.period.last_day.year
    frame = run.shine_the_light(year)
    for column in ("on_time", "asked_before"):
        frame[column] = frame[column].map({True: "yes", False: "no"})
    return words.table(frame.rename(columns={name: label(name) for name in frame.columns}), f"Nobody asked in {year} for the list of third parties that received data for direct marketing.")
