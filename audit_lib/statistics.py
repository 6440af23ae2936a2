"""Intervals, survival curves and medians, computed once, from the whole numbers that leave SQL.

`scipy.stats` gives the Wilson interval and the normal quantile. The survival curve is computed from the histograms
themselves: `scipy.stats.ecdf` wants one entry per item (10 million items are 10 million entries, twice), while the
curve depends only on how many items have each value. The tests hold it against `ecdf` on the expanded data.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.stats import CensoredData, binomtest, logrank, norm

CONFIDENCE = 0.95
"""Of every interval in the reports."""


def wilson(exceptions: int, tested: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of `exceptions` ÷ `tested`: "if this period were a sample".

    Both ends lie in [0, 1]. Raises ValueError unless 0 ≤ exceptions ≤ tested and tested ≥ 1.
    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209–212; without continuity
    correction.
    """
    if not 0 <= exceptions <= tested or tested < 1:
        raise ValueError("exceptions must lie between 0 and the tested items, of which there must be at least one")
    interval = binomtest(exceptions, tested).proportion_ci(CONFIDENCE, method="wilson")
    low = 0.0 if exceptions == 0 else float(interval.low)
    high = 1.0 if exceptions == tested else float(interval.high)
    return low, high


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """A Kaplan–Meier curve: the share of items still waiting after each day, with 95 % limits.

    The tuples run side by side, one entry per day on which an item ended or was last seen, in ascending order. A curve
    is a step function: `survival[i]` holds from `days[i]` (included) to `days[i + 1]` (excluded), and 1 before the
    first.
    """

    days: tuple[int, ...]
    at_risk: tuple[int, ...]
    """Items still waiting just before that day's ends: those with a value of at least that day."""
    ended: tuple[int, ...]
    running: tuple[int, ...]
    """Items last seen waiting on that day (right-censored). They are at risk for the ends of the same day."""
    survival: tuple[float, ...]
    variance: tuple[float | None, ...]
    """Greenwood's variance of `survival`; None once nothing is left waiting."""
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    """Limits of the log type, exp(ln S ± z·se(ln S)), the upper not above 1 (R's `survfit` default)."""

    @property
    def n(self) -> int:
        """All items."""
        return sum(self.ended) + sum(self.running)

    @property
    def events(self) -> int:
        """Items whose wait has ended."""
        return sum(self.ended)

    def still_waiting_after(self, day: int) -> float | None:
        """The curve at `day`: the share not yet ended on it or earlier.

        None where it is not known: no items, or nobody was followed that long while some were still waiting.
        """
        if not self.days:
            return None
        if day > self.days[-1] and self.survival[-1] > 0:
            return None
        position = bisect_right(self.days, day)
        return self.survival[position - 1] if position else 1.0

    def share_done_by(self, day: int) -> float | None:
        """The share ended on `day` or earlier; None where the curve is not known (see `still_waiting_after`)."""
        waiting = self.still_waiting_after(day)
        return None if waiting is None else 1.0 - waiting

    def limits_of_share_done_by(self, day: int) -> tuple[float, float] | None:
        """The 95 % limits of `share_done_by`; None where the curve or its limits are not known."""
        if self.still_waiting_after(day) is None:
            return None
        position = bisect_right(self.days, day) - 1
        if position < 0:
            return 0.0, 0.0
        low, high = self.low[position], self.high[position]
        return None if low is None or high is None else (1.0 - high, 1.0 - low)

    def median(self) -> float | None:
        """The day by which half have ended; None when the curve does not come down to one half.

        Where the curve is exactly 0.5 over a stretch, the midpoint of that stretch (up to the next end; the day itself
        if no end follows); else the first day on which it is below.
        """
        for i, survival in enumerate(self.survival):
            if not self.ended[i] or survival > 0.5 + 1e-9:
                continue
            if not self._is_half(i):
                if survival < 0.5:
                    return float(self.days[i])
                continue
            following = [d for d, ended in zip(self.days[i + 1 :], self.ended[i + 1 :], strict=True) if ended]
            return (self.days[i] + following[0]) / 2 if following else float(self.days[i])
        return None

    def _is_half(self, i: int) -> bool:
        """Whether the curve is exactly one half from entry `i` on, decided in whole numbers."""
        if abs(self.survival[i] - 0.5) > 1e-9:
            return False
        steps = [(n, d) for n, d in zip(self.at_risk[: i + 1], self.ended[: i + 1], strict=True) if d]
        return 2 * math.prod(n - d for n, d in steps) == math.prod(n for n, _ in steps)


def survival(ended: Mapping[int, int], running: Mapping[int, int]) -> SurvivalCurve:
    """The Kaplan–Meier curve of items whose wait `ended` after so many days, or was still `running` when last seen.

    Both map a whole number of days to a number of items (histograms). The work grows with the number of different
    days, not of items. Raises ValueError for a negative count.
    Sources: E. L. Kaplan and P. Meier, Journal of the American Statistical Association 53 (1958), 457–481;
    variance: M. Greenwood, Reports on Public Health 33 (1926).
    """
    if any(count < 0 for histogram in (ended, running) for count in histogram.values()):
        raise ValueError("a histogram holds numbers of items, which are not negative")
    days = sorted({int(d) for h in (ended, running) for d, count in h.items() if count})
    events = np.array([ended.get(d, 0) for d in days], dtype=np.int64)
    censored = np.array([running.get(d, 0) for d in days], dtype=np.int64)
    leaving = events + censored
    at_risk = leaving[::-1].cumsum()[::-1]
    share = np.cumprod((at_risk - events) / at_risk) if days else np.array([])
    with np.errstate(divide="ignore", invalid="ignore"):
        log_variance = np.cumsum(events / (at_risk.astype(float) * (at_risk - events)))
        reach = float(norm.ppf((1 + CONFIDENCE) / 2)) * np.sqrt(log_variance)
        low, high = share * np.exp(-reach), np.minimum(1.0, share * np.exp(reach))
        variance = share**2 * log_variance
    return SurvivalCurve(
        days=tuple(days),
        at_risk=tuple(int(n) for n in at_risk),
        ended=tuple(int(n) for n in events),
        running=tuple(int(n) for n in censored),
        survival=tuple(float(s) for s in share),
        variance=_where_waiting(variance, share),
        low=_where_waiting(low, share),
        high=_where_waiting(high, share),
    )


def _where_waiting(values: np.ndarray, share: np.ndarray) -> tuple[float | None, ...]:
    return tuple(float(v) if s > 0 else None for v, s in zip(values, share, strict=True))


ENOUGH_EVENTS = 20
"""Ended waits that both groups need before their curves are compared: with fewer the test says next to nothing."""


@dataclass(frozen=True, slots=True)
class LogRank:
    """Whether two groups end their waits equally fast: the log-rank test, two-sided."""

    statistic: float
    """Standard normal if the curves are the same; positive when the first group ends its waits faster than the other."""
    p_value: float


def log_rank(one: SurvivalCurve, other: SurvivalCurve, *, at_least: int = ENOUGH_EVENTS) -> LogRank | None:
    """The log-rank test of two curves; None unless both have `at_least` so many ended waits, or where all end on one day.

    By `scipy.stats.logrank`. Sources: N. Mantel, Cancer Chemotherapy Reports 50 (1966), 163–170; R. Peto and J. Peto,
    Journal of the Royal Statistical Society A 135 (1972), 185–207.
    """
    if min(one.events, other.events) < at_least:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        found = logrank(_items(one), _items(other))
    if not math.isfinite(found.statistic):
        return None
    return LogRank(float(found.statistic), float(found.pvalue))


def _items(curve: SurvivalCurve) -> CensoredData:
    """The items behind a curve, one entry each."""
    days = np.array(curve.days)
    return CensoredData(uncensored=np.repeat(days, curve.ended), right=np.repeat(days, curve.running))


def histogram_median(histogram: Mapping[int, int]) -> float | None:
    """The median of a histogram (value → number of items); the mean of the two middle values of an even number.

    A whole number or a half. None for an empty histogram.
    """
    total = sum(histogram.values())
    if not total:
        return None
    return (_nth(histogram, (total - 1) // 2) + _nth(histogram, total // 2)) / 2


def _nth(histogram: Mapping[int, int], index: int) -> int:
    """The value at `index` (from 0) of all values in ascending order."""
    passed = 0
    for value in sorted(histogram):
        passed += histogram[value]
        if index < passed:
            return value
    raise IndexError("the histogram holds fewer items")


def histogram_mean(histogram: Mapping[int, int]) -> Fraction | None:
    """The exact mean of a histogram (value → number of items); None for an empty one."""
    total = sum(histogram.values())
    return Fraction(sum(value * count for value, count in histogram.items()), total) if total else None
