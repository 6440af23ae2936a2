"""Calendar tables against dates counted by hand."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from audit_lib.calendars import ages, days, months, working_days
from audit_lib.catalogue.reference import load_reference
from audit_lib.vocabulary import day_date, day_number, first_second

ONE = ["calendar", "country", "subdivision", "first_year", "last_year"]


def _calendar(
    calendar: str, country: str | None, subdivision: str | None = None, first=2018, last=2024
) -> pd.DataFrame:
    """`ref_working_day` of one calendar, by date."""
    frame = working_days(pd.DataFrame([[calendar, country, subdivision, first, last]], columns=ONE))
    return frame.set_index(frame["day"].map(day_date))


def _day(zone: str, day: date) -> pd.Series:
    frame = days(ZoneInfo(zone))
    return frame.loc[frame["day"] == day_number(day)].iloc[0]


def test_ten_business_days_in_california_pass_martin_luther_king_day():
    # received Tuesday 2 January 2024: 3 4 5 | 8 9 10 11 12 | (15 is a holiday) 16 17
    calendar = _calendar("US-CA", "US", "CA")
    receipt = calendar.loc[date(2024, 1, 2)]
    reached = calendar[(calendar["working_day_no"] == receipt["working_day_no"] + 10) & calendar["is_working"]]
    assert list(reached.index) == [date(2024, 1, 17)]


def test_next_working_day_of_a_working_day_is_the_day_itself():
    calendar = _calendar("DE", "DE")
    assert day_date(calendar.loc[date(2022, 8, 12), "next_working_day"]) == date(2022, 8, 12)


def test_sunday_moves_to_monday():
    # 14 August 2022, the Sunday of a German labour court's case
    assert day_date(_calendar("DE", "DE").loc[date(2022, 8, 14), "next_working_day"]) == date(2022, 8, 15)


def test_good_friday_to_easter_monday_are_off_in_luxembourg_from_saturday():
    calendar = _calendar("LU", "LU")
    # Luxembourg works on Good Friday (30 March 2018) but not on Easter Monday (2 April 2018)
    assert calendar.loc[date(2018, 3, 30), "is_working"]
    assert day_date(calendar.loc[date(2018, 3, 31), "next_working_day"]) == date(2018, 4, 3)


def test_a_calendar_without_country_knows_only_weekends():
    calendar = _calendar("EU-WEEKENDS", None)
    assert calendar.loc[date(2018, 12, 25), "is_working"]
    off = calendar[~calendar["is_working"]]
    assert {day.isoweekday() for day in off.index} == {6, 7}


def test_a_day_off_carries_the_number_of_the_last_working_day():
    calendar = _calendar("EU-WEEKENDS", None)
    friday, saturday, sunday, monday = (calendar.loc[date(2018, 7, n), "working_day_no"] for n in (6, 7, 8, 9))
    assert friday == saturday == sunday == monday - 1


def test_a_calendar_that_ends_on_a_day_off_still_knows_the_next_working_day():
    # 31 December 2022 is a Saturday; Monday 2 January 2023 is a day in lieu in England
    calendar = _calendar("GB", "GB", "ENG", 2022, 2022)
    assert max(calendar.index) == date(2022, 12, 31)
    assert day_date(calendar.loc[date(2022, 12, 31), "next_working_day"]) == date(2023, 1, 3)


def test_days_before_the_first_working_day_have_number_zero():
    calendar = _calendar("US", "US", None, 2024, 2024)
    assert calendar.loc[date(2024, 1, 1), "working_day_no"] == 0
    assert calendar.loc[date(2024, 1, 2), "working_day_no"] == 1


def test_several_calendars_count_apart():
    frame = working_days(pd.DataFrame([["A", "US", None, 2024, 2024], ["B", None, None, 2023, 2023]], columns=ONE))
    assert frame.groupby("calendar")["day"].agg(["min", "max", "count"]).to_dict("index") == {
        "A": {"min": day_number(date(2024, 1, 1)), "max": day_number(date(2024, 12, 31)), "count": 366},
        "B": {"min": day_number(date(2023, 1, 1)), "max": day_number(date(2023, 12, 31)), "count": 365},
    }


def test_a_day_whose_midnight_does_not_exist_begins_at_one():
    # On 4 November 2018 clocks in São Paulo went from 00:00 (-03) to 01:00 (-02): 03:00 UTC.
    begins = _day("America/Sao_Paulo", date(2018, 11, 4))["first_second"]
    assert datetime.fromtimestamp(begins, UTC) == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_the_first_of_two_midnights_counts():
    # On 4 November 2018 clocks in Havana went back from 01:00 (-04) to 00:00 (-05).
    begins = _day("America/Havana", date(2018, 11, 4))["first_second"]
    assert datetime.fromtimestamp(begins, UTC) == datetime(2018, 11, 4, 4, tzinfo=UTC)


def test_a_day_that_a_zone_left_out_holds_no_second():
    left_out, following = (_day("Pacific/Apia", date(2011, 12, day))["first_second"] for day in (30, 31))
    assert left_out == following


@pytest.mark.parametrize(("day", "hours"), [(date(2018, 3, 11), 23), (date(2018, 11, 4), 25), (date(2018, 7, 1), 24)])
def test_length_of_days_in_los_angeles(day, hours):
    begins, ends = (_day("America/Los_Angeles", d)["first_second"] for d in (day, day + timedelta(1)))
    assert ends - begins == hours * 3600


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Apia"])
def test_days_begin_when_the_vocabulary_says(zone):
    frame = days(ZoneInfo(zone))
    sample = frame.iloc[::997]
    expected = [first_second(day_date(day), ZoneInfo(zone)) for day in sample["day"]]
    assert sample["first_second"].tolist() == expected


def test_days_agree_with_the_datetime_module():
    frame = days(ZoneInfo("UTC"))
    dates = [day_date(day) for day in frame["day"]]
    assert (dates[0], dates[-1]) == (date(1900, 1, 1), date(2100, 12, 31))
    assert frame["month_no"].tolist() == [d.year * 12 + d.month - 1 for d in dates]
    assert frame["day_of_month"].tolist() == [d.day for d in dates]
    assert frame["weekday"].tolist() == [d.isoweekday() for d in dates]


def test_months_meet_without_gaps_and_know_leap_years():
    frame = months()
    assert (frame["first_day"].to_numpy()[1:] == frame["last_day"].to_numpy()[:-1] + 1).all()
    february = frame.set_index("month_no").loc[2024 * 12 + 1]
    assert day_date(february["last_day"]) == date(2024, 2, 29)
    assert february["december_month_no"] == 2024 * 12 + 11
    assert day_date(frame["first_day"].iloc[0]) == date(1900, 1, 1)
    assert day_date(frame["last_day"].iloc[-1]) == date(2100, 12, 31)


def test_same_day_three_months_later_is_a_join_on_month_numbers():
    # 31 January 2025, three months in one step: 30 April 2025 (two steps would give 28 April)
    frame = months().set_index("month_no")
    target = frame.loc[2025 * 12 + 0 + 3]
    assert day_date(min(target["first_day"] + 31 - 1, target["last_day"])) == date(2025, 4, 30)


def test_twelve_months_are_a_year_of_age():
    frame = ages().set_index("months")["years"]
    assert (frame.loc[155], frame.loc[156], frame.loc[2400]) == (12, 13, 200)
    assert np.array_equal(frame.index, np.arange(2401))


def test_fast_enough_to_be_built_in_every_run():
    # Processor time, so that a busy machine does not fail the test.
    calendars = load_reference()["working_calendar"].rows
    started = time.process_time()
    days(ZoneInfo("America/Los_Angeles"))
    days_done = time.process_time()
    frame = working_days(calendars)
    assert days_done - started < 0.5
    assert time.process_time() - days_done < 2
    years = sum((date(row.last_year + 1, 1, 1) - date(row.first_year, 1, 1)).days for row in calendars.itertuples())
    assert len(frame) == years
