"""The invented world behind the samples: its days, zone, countries and words. Nothing here is drawn by chance.

All days are day numbers (days from 1970-01-01) of the controller's zone, America/Los_Angeles; all seconds count
from 1970-01-01T00:00Z. Missing whole numbers are `NA`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from audit_lib.vocabulary import day_number

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Words = NDArray[Any]

NA = -(10**15)
"""Stands for NULL in columns of whole numbers (ids, seconds, days, counts)."""

ZONE = ZoneInfo("America/Los_Angeles")
DAY = 86400


def day(text: str) -> int:
    """Day number of an ISO date."""
    return day_number(date.fromisoformat(text))


BEGIN = day("2012-01-01")
"""First day on which an account may be opened."""
LOG_START = day("2018-01-01")
"""First day of the processing log."""
GDPR = day("2018-05-25")
Q3 = day("2018-07-01")
AS_OF = day("2018-10-01")
"""First day after the audited quarter: nothing that happened then or later is known to the audit."""
EXTRACTED_AT = "2018-10-05T08:00:00Z"
EXTRACTED = int(datetime(2018, 10, 5, 8, tzinfo=UTC).timestamp())

COUNTRIES: dict[str, float] = {
    "US": 0.27, "CA": 0.05, "GB": 0.07, "FR": 0.08, "DE": 0.06, "ES": 0.05, "IT": 0.03, "NL": 0.02, "PL": 0.02,
    "SE": 0.01, "PT": 0.01, "BE": 0.01, "RO": 0.01, "IE": 0.01, "AT": 0.01, "BR": 0.06, "MX": 0.05, "AR": 0.02,
    "CO": 0.02, "CL": 0.01, "PE": 0.01, "KR": 0.02, "JP": 0.02, "SG": 0.02, "PH": 0.03, "ID": 0.01, "IN": 0.01,
    "AU": 0.01,
}  # fmt: skip
"""Where the accounts are; shares add up to 1."""
EEA = frozenset(["GB", "FR", "DE", "ES", "IT", "NL", "PL", "SE", "PT", "BE", "RO", "IE", "AT"])
"""Countries of `COUNTRIES` that are in the EEA on every day of the samples."""
GRACE_COUNTRIES = frozenset(["US", "CA"])
"""Countries that leave 10 business days between an opt-out and the last message."""

CONSENT_AGES: tuple[tuple[str, str, int], ...] = (
    ("US", "2000-04-21", 13), ("KR", "2011-09-30", 14), ("SG", "2014-07-02", 13), ("GB", "2018-05-25", 13),
    ("DE", "2018-05-25", 16), ("ES", "2018-05-25", 16), ("NL", "2018-05-25", 16), ("PL", "2018-05-25", 16),
    ("PT", "2018-05-25", 16), ("RO", "2018-05-25", 16), ("IE", "2018-05-25", 16), ("SE", "2018-05-25", 13),
    ("AT", "2018-05-25", 14), ("FR", "2018-05-25", 16), ("FR", "2018-06-22", 15), ("BE", "2018-05-25", 16),
    ("BE", "2018-09-05", 13), ("IT", "2018-05-25", 16), ("IT", "2018-09-19", 14),
)  # fmt: skip
"""Country, first day and age from which a person's own consent counts; later rows of a country replace earlier ones."""

COUNTRY_WORDS: Words = np.array(list(COUNTRIES), dtype=object)
IN_EEA: Flags = np.array([c in EEA for c in COUNTRIES])
HAS_GRACE: Flags = np.array([c in GRACE_COUNTRIES for c in COUNTRIES])
LANGUAGES = {
    "FR": "fr", "DE": "de", "ES": "es", "MX": "es", "AR": "es", "CO": "es", "CL": "es", "PE": "es", "IT": "it",
    "NL": "nl", "PL": "pl", "SE": "sv", "PT": "pt", "BR": "pt", "KR": "ko", "JP": "ja", "ID": "id", "RO": "ro",
    "BE": "fr", "AT": "de",
}  # fmt: skip

HOLIDAYS = frozenset(
    day(d)
    for d in ("2018-01-01", "2018-04-02", "2018-05-01", "2018-05-10", "2018-05-21", "2018-08-15", "2018-11-01",
              "2018-12-25", "2018-12-26")
)  # fmt: skip
"""Public holidays of Luxembourg in 2018 that fall on a weekday (Code du travail, art. L. 232-2)."""


def country_index(word: str) -> int:
    """Place of a country in `COUNTRY_WORDS`."""
    return list(COUNTRIES).index(word)


def _changes_of_offset() -> tuple[Ints, Ints, Ints]:
    """Local seconds and UTC seconds of every clock change from 2000 to 2019, and the offset after each."""
    local, utc, offsets = [0], [0], [-8 * 3600]
    now = datetime(2000, 1, 1, 12, tzinfo=ZONE)
    while now.year < 2020:
        following = now + timedelta(days=1)
        if following.utcoffset() != now.utcoffset():
            before, after = now.utcoffset() or timedelta(0), following.utcoffset() or timedelta(0)
            two_oclock = day_number(following.date()) * DAY + 2 * 3600
            local.append(two_oclock)
            utc.append(two_oclock - int(before.total_seconds()))
            offsets.append(int(after.total_seconds()))
        now = following
    return np.array(local), np.array(utc), np.array(offsets)


_LOCAL_CHANGE, _UTC_CHANGE, _OFFSET = _changes_of_offset()


def instant(days: Any, seconds: Any) -> Ints:
    """UTC seconds of a day and a second of that day, both in the controller's zone; NA days stay NA."""
    local = np.asarray(days, dtype=np.int64) * DAY + np.asarray(seconds, dtype=np.int64)
    offset = _OFFSET[np.searchsorted(_LOCAL_CHANGE, local, side="right").clip(1) - 1]
    return np.asarray(np.where(np.asarray(days) == NA, NA, local - offset), dtype=np.int64)


def local_second(seconds: Any) -> Ints:
    """The wall clock of the controller's zone, as seconds from 1970-01-01T00:00 of that clock; NA stays NA."""
    utc = np.asarray(seconds, dtype=np.int64)
    offset = _OFFSET[np.searchsorted(_UTC_CHANGE, utc, side="right").clip(1) - 1]
    return np.where(utc == NA, NA, utc + offset)


def local_day(seconds: Any) -> Ints:
    """The day in the controller's zone on which a second falls; NA stays NA."""
    local = local_second(seconds)
    return np.where(local == NA, NA, local // DAY)


def add_months(days: Any, months: int) -> Ints:
    """The same day number `months` later, else the last day of that month."""
    start = np.asarray(days, dtype=np.int64).astype("datetime64[D]")
    month = start.astype("datetime64[M]")
    first, after = (month + months).astype("datetime64[D]"), (month + months + 1).astype("datetime64[D]")
    moved = first + (start - month.astype("datetime64[D]"))
    return np.asarray(np.minimum(moved, after - np.timedelta64(1, "D")), dtype=np.int64)


def birthday(days: Any, years: int) -> Ints:
    """The day on which a person born on `days` completes so many years; 29 February completes on 1 March."""
    born = np.asarray(days, dtype=np.int64)
    same = add_months(born, 12 * years)
    return np.asarray(same + (_day_of_month(same) < _day_of_month(born)), dtype=np.int64)


def _day_of_month(days: Ints) -> Ints:
    dates = days.astype("datetime64[D]")
    return np.asarray((dates - dates.astype("datetime64[M]")).astype(np.int64))


def next_working_day(days: Any) -> Ints:
    """The day itself, else the next that is neither Saturday, Sunday nor a holiday of Luxembourg."""
    moved = np.array(days, dtype=np.int64)
    holidays = np.array(sorted(HOLIDAYS))
    for _ in range(7):
        closed = (moved + 3) % 7 >= 5  # 1970-01-01 was a Thursday: weekday 3
        moved = moved + (closed | np.isin(moved, holidays))
    return moved


def daily_weights(first: int, last: int) -> NDArray[np.float64]:
    """How busy each day from `first` to `last` (both included) is: growth, school holidays, weekends."""
    days = np.arange(first, last + 1)
    growth = 1.35 ** ((days - BEGIN) / 365.25)
    season = 1 + 0.15 * np.cos(2 * np.pi * ((days - day("2018-01-05")) % 365.25) / 365.25)
    season = season + 0.12 * np.exp(-((((days - day("2018-07-25")) % 365.25) / 40.0) ** 2))
    weekend = np.where((days + 3) % 7 >= 5, 1.3, 1.0)
    weights: NDArray[np.float64] = growth * season * weekend
    return weights


_ACTIVITY_FIRST = BEGIN
_ACTIVITY = np.concatenate([[0.0], np.cumsum(daily_weights(BEGIN, AS_OF - 1))])


def days_between(rng: np.random.Generator, first: Ints, last: Ints) -> Ints:
    """A day drawn between `first` and `last` (both included, `last` not before `first`), busier days oftener."""
    low, high = _ACTIVITY[first - _ACTIVITY_FIRST], _ACTIVITY[last - _ACTIVITY_FIRST + 1]
    drawn = np.searchsorted(_ACTIVITY, low + rng.random(len(first)) * (high - low), side="right") - 1
    return np.asarray(np.clip(drawn + _ACTIVITY_FIRST, first, last), dtype=np.int64)


_HOURS = np.array([3, 2, 2, 1, 1, 1, 2, 3, 4, 4, 4, 5, 6, 5, 5, 5, 6, 7, 9, 11, 12, 11, 8, 5], dtype=float)


def seconds_of_day(rng: np.random.Generator, size: int) -> Ints:
    """Seconds of the day, with the evening busier than the night."""
    hours = rng.choice(24, size=size, p=_HOURS / _HOURS.sum())
    return np.asarray(hours * 3600 + rng.integers(0, 3600, size=size), dtype=np.int64)


def pick(rng: np.random.Generator, weights: dict[str, float], size: int) -> Words:
    """Words drawn with the given weights."""
    share = np.array(list(weights.values()), dtype=float)
    return np.array(list(weights), dtype=object)[rng.choice(len(share), size=size, p=share / share.sum())]
