"""Intervals and survival curves against published answers, scipy on expanded data, and simple definitions."""

from __future__ import annotations

import statistics as standard
import time
import warnings
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf, norm

from audit_lib.statistics import histogram_mean, histogram_median, log_rank, survival, wilson

# E. J. Freireich et al., Blood 21 (1963): weeks in remission, 6-MP arm and placebo arm.
SIX_MP_ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
SIX_MP_RUNNING = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_freireich_six_mp() -> None:
    curve = survival(Counter(SIX_MP_ENDED), Counter(SIX_MP_RUNNING))
    assert (curve.n, curve.events) == (21, 9)
    printed = {6: ".857", 7: ".807", 10: ".753", 13: ".690", 16: ".627", 22: ".538", 23: ".448"}
    assert {week: f"{curve.still_waiting_after(week):.3f}".lstrip("0") for week in printed} == printed
    assert curve.median() == 23


def test_freireich_limits_as_survfit_prints_them() -> None:
    curve = survival(Counter(SIX_MP_ENDED), Counter(SIX_MP_RUNNING))
    printed = {6: (0.720, 1.000), 7: (0.653, 0.996), 10: (0.586, 0.968), 13: (0.510, 0.935), 16: (0.439, 0.896)}
    printed |= {22: (0.337, 0.858), 23: (0.249, 0.807)}
    by_day = dict(zip(curve.days, zip(curve.low, curve.high, strict=True), strict=True))
    for week, limits in printed.items():
        assert by_day[week] == pytest.approx(limits, abs=0.0005)


def test_freireich_standard_errors() -> None:
    curve = survival(Counter(SIX_MP_ENDED), Counter(SIX_MP_RUNNING))
    by_day = dict(zip(curve.days, curve.variance, strict=True))
    errors = {6: 0.0764, 7: 0.0869, 10: 0.0963, 13: 0.1068, 16: 0.1141, 22: 0.1282, 23: 0.1346}
    for week, error in errors.items():
        variance = by_day[week]
        assert variance is not None and variance**0.5 == pytest.approx(error, abs=0.00005)


def test_freireich_placebo() -> None:
    curve = survival(Counter(PLACEBO), {})
    assert curve.median() == 8
    assert curve.survival[-1] == 0
    assert curve.low[-1] is None and curve.high[-1] is None and curve.variance[-1] is None
    assert curve.share_done_by(1000) == 1.0


def test_freireich_log_rank() -> None:
    """The chi-square of the textbooks for these two arms is 16.79."""
    placebo, six_mp = survival(Counter(PLACEBO), {}), survival(Counter(SIX_MP_ENDED), Counter(SIX_MP_RUNNING))
    found = log_rank(placebo, six_mp, at_least=9)
    assert found is not None and f"{found.statistic**2:.2f}" == "16.79"
    assert found.statistic > 0, "the placebo arm ends its remissions faster"
    assert found.p_value == pytest.approx(2 * norm.sf(found.statistic))
    turned = log_rank(six_mp, placebo, at_least=9)
    assert turned is not None and turned.statistic == pytest.approx(-found.statistic)


def test_log_rank_needs_enough_ended_waits_on_both_sides() -> None:
    many, few = survival({1: 10, 2: 10}, {}), survival({1: 19}, {2: 100})
    assert log_rank(many, few) is None and log_rank(few, many) is None
    assert log_rank(many, many) is not None
    assert log_rank(survival({1: 20}, {}), survival({1: 20}, {})) is None, "nothing can be told when all end on one day"


histograms = st.dictionaries(st.integers(0, 40), st.integers(0, 6), max_size=12)


@settings(max_examples=60, deadline=None)
@given(histograms, histograms)
def test_curve_is_that_of_scipy(ended: dict[int, int], running: dict[int, int]) -> None:
    curve = survival(ended, running)
    if not curve.events:
        assert all(s == 1.0 for s in curve.survival)
        return
    expanded = CensoredData(uncensored=list(Counter(ended).elements()), right=list(Counter(running).elements()))
    expected = ecdf(expanded).sf
    assert curve.days == tuple(int(q) for q in expected.quantiles)
    assert curve.survival == pytest.approx(list(expected.probabilities))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # scipy says so where the interval is not defined
        linear = expected.confidence_interval(0.5, method="linear")
    for variance, low, probability in zip(
        curve.variance, linear.low.probabilities, expected.probabilities, strict=True
    ):
        if variance is not None and low > 0:
            assert probability - norm.ppf(0.75) * variance**0.5 == pytest.approx(low)


def test_median_is_the_midpoint_where_the_curve_is_one_half() -> None:
    assert survival({1: 1, 5: 1}, {}).median() == 3
    assert survival({1: 1, 2: 1, 6: 1, 9: 1}, {}).median() == 4
    assert survival({2: 1}, {2: 1}).median() == 2
    assert survival({1: 1, 3: 1, 8: 1}, {4: 1}).median() == 5.5
    assert survival({1: 1}, {4: 2}).median() is None
    assert survival({1: 10, 7: 1}, {}).median() == 1


def test_one_half_is_decided_in_whole_numbers() -> None:
    # 49 steps down from 98 come to exactly one half, which a product of floats may miss.
    curve = survival(dict.fromkeys(range(1, 99), 1), {})
    assert curve.median() == 49.5


def test_censored_at_the_same_day_is_still_at_risk() -> None:
    curve = survival({5: 1}, {5: 1})
    assert curve.at_risk == (2,) and curve.survival == (0.5,)


def test_share_done() -> None:
    curve = survival({0: 1, 30: 1, 31: 1}, {45: 1})
    assert curve.share_done_by(-1) == 0
    assert curve.share_done_by(0) == 0.25
    assert curve.share_done_by(30) == 0.5
    assert curve.share_done_by(45) == 0.75
    assert curve.share_done_by(46) is None
    assert survival({}, {}).share_done_by(30) is None and survival({}, {}).median() is None


def test_limits_of_the_share_done() -> None:
    curve = survival(Counter(SIX_MP_ENDED), Counter(SIX_MP_RUNNING))
    limits = curve.limits_of_share_done_by(12)
    assert limits is not None and limits == pytest.approx((1 - 0.968, 1 - 0.586), abs=0.0005)
    assert curve.limits_of_share_done_by(5) == (0.0, 0.0)
    assert curve.limits_of_share_done_by(36) is None
    assert survival({1: 2}, {}).limits_of_share_done_by(1) is None, "nobody is left waiting, so the variance is not defined"


def test_ten_million_items_are_not_expanded() -> None:
    ended = dict.fromkeys(range(500), 20000)
    started = time.perf_counter()
    curve = survival(ended, {500: 1})
    assert curve.median() == 250
    assert curve.n == 10_000_001
    assert time.perf_counter() - started < 1


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        survival({1: -1}, {})


def test_wilson_against_the_formula() -> None:
    z = norm.ppf(0.975)
    for exceptions, tested in [(3, 40), (1, 1), (0, 30), (312, 14_208), (9_999_999, 10_000_000)]:
        share = exceptions / tested
        centre = (share + z * z / (2 * tested)) / (1 + z * z / tested)
        half = z / (1 + z * z / tested) * (share * (1 - share) / tested + z * z / (4 * tested * tested)) ** 0.5
        assert wilson(exceptions, tested) == pytest.approx((centre - half, centre + half), abs=1e-12)


def test_wilson_ends_and_refusals() -> None:
    assert wilson(0, 30)[0] == 0 and wilson(30, 30)[1] == 1
    for exceptions, tested in [(0, 0), (-1, 3), (4, 3)]:
        with pytest.raises(ValueError, match="exceptions"):
            wilson(exceptions, tested)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.integers(-5, 20), st.integers(0, 5), max_size=8))
def test_histogram_median_and_mean(histogram: dict[int, int]) -> None:
    values = list(Counter(histogram).elements())
    assert histogram_median(histogram) == (standard.median(values) if values else None)
    assert histogram_mean(histogram) == (Fraction(sum(values), len(values)) if values else None)
