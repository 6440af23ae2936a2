"""Calendar tables: they turn "same day next month", "ten business days" and an age into joins and additions.

Every table is a pandas frame of whole numbers, ready to be loaded as `ref_day`, `ref_month`, `ref_age` and
`ref_working_day`. A day number counts whole days from 1970-01-01; a month number is year × 12 + month − 1.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import numpy.typing as npt
import pandas as pd

from audit_lib.vocabulary import EPOCH, day_number

FIRST = date(1900, 1, 1)
"""First day of `ref_day` and `ref_month`: exports hold no earlier instant."""
LAST = date(2100, 12, 31)
"""Last day of `ref_day` and `ref_month`, included."""
LONGEST_AGE_MONTHS = 2400
"""Last row of `ref_age`: two hundred years."""
_EPOCH_MONTH = EPOCH.year * 12
_SATURDAY = 6

Days = npt.NDArray[np.int64]


def days(zone: ZoneInfo) -> pd.DataFrame:
    """`ref_day`: one row per day from 1900-01-01 to 2100-12-31.

    `day`; `month_no`; `day_of_month` (1–31); `weekday` (1 = Monday … 7 = Sunday); `first_second`, the second from
    1970-01-01T00:00Z at which the day begins in `zone`. Where the clock jumps over midnight the day begins at the
    jump; a day that a zone left out begins where the next one does and so holds no second.
    """
    day = _day_range(FIRST, LAST)
    month_no = _month_no(day)
    return pd.DataFrame(
        {
            "day": day,
            "month_no": month_no,
            "day_of_month": day - _first_day(month_no) + 1,
            "weekday": _weekday(day),
            "first_second": _first_seconds(zone),
        }
    )


def months() -> pd.DataFrame:
    """`ref_month`: one row per month from January 1900 to December 2100.

    `month_no`; `first_day` and `last_day`, both included; `december_month_no`, December of the same year.
    """
    month_no = np.arange(FIRST.year * 12, LAST.year * 12 + 12, dtype=np.int64)
    return pd.DataFrame(
        {
            "month_no": month_no,
            "first_day": _first_day(month_no),
            "last_day": _first_day(month_no + 1) - 1,
            "december_month_no": month_no // 12 * 12 + 11,
        }
    )


def ages() -> pd.DataFrame:
    """`ref_age`: `months` completed since birth, from 0 to 2400, and the `years` completed in them."""
    completed = np.arange(LONGEST_AGE_MONTHS + 1, dtype=np.int64)
    return pd.DataFrame({"months": completed, "years": completed // 12})


def working_days(calendars: pd.DataFrame) -> pd.DataFrame:
    """`ref_working_day`: one row per calendar and day of its years.

    `calendars` has one row per calendar: `calendar`, `country` and `subdivision` as the library holidays names them
    (no country: only Saturdays and Sundays are off), `first_year` and `last_year`, both included.

    `is_working`: neither Saturday, Sunday nor public holiday. `next_working_day`: the day itself if it is working,
    else the first working day after it. `working_day_no`: working days from the calendar's first day up to and
    including this one, so that a day off carries the number of the last working day before it.
    """
    return pd.concat([_calendar(row) for row in calendars.itertuples(index=False)], ignore_index=True)


def _calendar(row: Any) -> pd.DataFrame:
    country = row.country if pd.notna(row.country) else ""
    subdivision = row.subdivision if pd.notna(row.subdivision) else ""
    first_year, last_year = int(row.first_year), int(row.last_year)
    # One year more than is returned: the working day after the last day off lies in it.
    day = _day_range(date(first_year, 1, 1), date(last_year + 1, 12, 31))
    is_working = _weekday(day) < _SATURDAY
    is_working[_holidays(country, subdivision, first_year, last_year + 1) - day[0]] = False
    working = day[is_working]
    working_day_no = np.cumsum(is_working)
    kept = slice(0, day_number(date(last_year, 12, 31)) - day[0] + 1)
    before: Days = working_day_no[kept] - is_working[kept]
    return pd.DataFrame(
        {
            "calendar": row.calendar,
            "day": day[kept],
            "is_working": is_working[kept],
            "next_working_day": working[before],
            "working_day_no": working_day_no[kept],
        }
    )


def _holidays(country: str, subdivision: str, first_year: int, last_year: int) -> Days:
    """Day numbers of the public holidays (with their days in lieu) of the years, both included."""
    if not country:
        return np.empty(0, dtype=np.int64)
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=range(first_year, last_year + 1))
    numbers = [day_number(day) for day in found if first_year <= day.year <= last_year]
    return np.array(numbers, dtype=np.int64)


def _day_range(first: date, last: date) -> Days:
    return np.arange(day_number(first), day_number(last) + 1, dtype=np.int64)


def _month_no(day: Days) -> Days:
    months_from_epoch = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months_from_epoch + _EPOCH_MONTH


def _first_day(month_no: Days) -> Days:
    return (month_no - _EPOCH_MONTH).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _weekday(day: Days) -> Days:
    # 1970-01-01 was a Thursday, weekday 4.
    return (day + 3) % 7 + 1


def _first_seconds(zone: ZoneInfo) -> Days:
    """For every day of `ref_day` the second at which it begins in `zone` (`vocabulary.first_second`, in bulk)."""
    first, count = FIRST.toordinal(), LAST.toordinal() - FIRST.toordinal() + 1
    midnights = (datetime.fromordinal(first + n).replace(tzinfo=zone) for n in range(count))
    return np.fromiter((midnight.astimezone(UTC).timestamp() for midnight in midnights), dtype=np.int64, count=count)
