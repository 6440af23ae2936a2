"""Days, months, ages, working days and reference tables, with nothing but the standard library and `holidays`."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import holidays

REFERENCE = Path(__file__).parents[2] / "audit_lib" / "reference"
ONE_DAY = timedelta(days=1)


@cache
def reference(name: str) -> list[dict[str, str]]:
    """The rows of a reference table as they are written."""
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def on(name: str, day: date, **key: str) -> dict[str, str] | None:
    """The one row of a dated reference table with this key on this day, None when there is none."""
    for row in reference(name):
        if all(row[column] == value for column, value in key.items()) and holds(row, day):
            return row
    return None


def holds(row: dict[str, str], day: date) -> bool:
    """Whether the day lies between the row's first and last day, both included."""
    return date.fromisoformat(row["first_day"]) <= day <= date.fromisoformat(row["last_day"])


def in_area(area: str, country: str | None, day: date) -> bool:
    """Whether the country belongs to the area on that day."""
    return country is not None and on("area", day, area=area, country=country) is not None


def months_later(day: date, months: int) -> date:
    """The same day number so many months later, else the last day of that month."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


def age(born: date, day: date) -> int:
    """Whole years completed on that day; a 29 February birthday completes on 1 March in common years."""
    years = 0
    while birthday(born, years + 1) <= day:
        years += 1
    return years


def birthday(born: date, years: int) -> date:
    """The day on which so many years are completed."""
    try:
        return date(born.year + years, born.month, born.day)
    except ValueError:
        return date(born.year + years, 3, 1)


def is_working(calendar: str, day: date) -> bool:
    """Whether the day is neither Saturday, Sunday nor a holiday of the calendar."""
    return day.weekday() < 5 and day not in _holidays(calendar, day.year)


@cache
def _holidays(calendar: str, year: int) -> frozenset[date]:
    row = next(row for row in reference("working_calendar") if row["calendar"] == calendar)
    if not row["country"]:
        return frozenset()
    return frozenset(holidays.country_holidays(row["country"], subdiv=row["subdivision"] or None, years=[year]))


def next_working(calendar: str, day: date) -> date:
    """The day itself if it is a working day, else the first one after it."""
    while not is_working(calendar, day):
        day += ONE_DAY
    return day


def working_days_later(calendar: str, day: date, count: int) -> date:
    """The working day with that number, the day itself left out."""
    while count:
        day += ONE_DAY
        count -= is_working(calendar, day)
    return day
