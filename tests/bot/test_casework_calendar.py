"""Working time: holidays, days worked for them, years that nobody has announced yet."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.casework.calendar import WorkingCalendar, office_calendar, parse_hours
from tests.people import OFFICE

HOURS = ((time(9), time(12)), (time(13, 30), time(17, 30)))
CALENDAR = WorkingCalendar(HOURS)
A_DAY = 7 * 60


def at(text: str) -> datetime:
    """A moment of the office: “2026-11-23 10:00”."""
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE)


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-11-23 09:00", True),
        ("2026-11-23 08:59:59", False),
        ("2026-11-23 11:59:59", True),
        ("2026-11-23 12:00", False),
        ("2026-11-23 13:30", True),
        ("2026-11-23 17:30", False),
        ("2026-11-22 10:00", False),  # Sunday
        ("2026-10-01 10:00", False),  # National Day, a Thursday
        ("2026-10-10 10:00", True),  # a Saturday that is worked for it
        ("2026-09-20 10:00", True),  # a Sunday that is
        ("2026-02-23 10:00", False),  # the last of the Spring Festival, a Monday
        ("2027-01-01 10:00", False),  # fixed by law in every year
        ("2029-03-05 10:00", True),  # a Monday that nobody has announced
        ("2029-03-04 10:00", False),
    ],
)
def test_the_office_works_by_the_chinese_working_calendar(moment: str, wanted: bool) -> None:
    assert CALENDAR.is_working(at(moment)) is wanted


def test_a_moment_of_another_zone_is_read_by_the_offices_clock() -> None:
    evening_in_london = datetime(2026, 11, 23, 1, 30, tzinfo=timezone.utc)
    assert CALENDAR.is_working(evening_in_london)
    assert CALENDAR.add_minutes(evening_in_london, 30) == at("2026-11-23 10:00")
    assert CALENDAR.add_minutes(evening_in_london, 30).tzinfo == OFFICE
    # Still Monday in London, already Tuesday here.
    assert CALENDAR.add_days(datetime(2026, 11, 23, 20, tzinfo=timezone.utc), 1) == at(
        "2026-11-25 17:30"
    )


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-11-23 10:15", "2026-11-23 10:15"),
        ("2026-11-23 12:00", "2026-11-23 13:30"),
        ("2026-11-23 17:30", "2026-11-24 09:00"),
        ("2026-11-27 18:00", "2026-11-30 09:00"),
        ("2026-09-30 17:30", "2026-10-08 09:00"),
        ("2026-10-09 20:00", "2026-10-10 09:00"),
        ("2026-12-31 18:00", "2027-01-04 09:00"),
    ],
)
def test_work_begins_again_when_the_office_opens(moment: str, wanted: str) -> None:
    assert CALENDAR.next_working(at(moment)) == at(wanted)


@pytest.mark.parametrize(
    ("start", "minutes", "wanted"),
    [
        ("2026-11-23 09:00", 240, "2026-11-23 14:30"),
        ("2026-11-23 09:00", 180, "2026-11-23 12:00"),
        ("2026-11-23 16:30", 240, "2026-11-24 12:00"),
        ("2026-11-23 22:00", 240, "2026-11-24 14:30"),
        ("2026-11-27 17:00", 60, "2026-11-30 09:30"),
        ("2026-09-30 17:00", 60, "2026-10-08 09:30"),
        ("2026-10-09 17:00", 60, "2026-10-10 09:30"),
        ("2026-12-31 17:00", 60, "2027-01-04 09:30"),
        ("2026-11-22 08:00", 0, "2026-11-22 08:00"),
    ],
)
def test_working_hours_pass_only_while_the_office_works(
    start: str, minutes: int, wanted: str
) -> None:
    assert CALENDAR.add_minutes(at(start), minutes) == at(wanted)


@pytest.mark.parametrize(
    ("start", "days", "wanted"),
    [
        ("2026-11-23 10:00", 1, "2026-11-24 17:30"),
        ("2026-11-23 10:00", 5, "2026-11-30 17:30"),
        ("2026-11-21 10:00", 1, "2026-11-23 17:30"),
        # Seven days of holidays, then a Saturday that is worked.
        ("2026-09-30 10:00", 3, "2026-10-10 17:30"),
        ("2026-09-18 10:00", 1, "2026-09-20 17:30"),
        # Over the year's end: 1 January is off, 2 and 3 are a weekend.
        ("2026-12-30 10:00", 2, "2027-01-04 17:30"),
        ("2026-11-23 10:00", 0, "2026-11-23 17:30"),
        ("2026-11-23 18:00", 0, "2026-11-24 17:30"),
        ("2026-11-21 10:00", 0, "2026-11-23 17:30"),
    ],
)
def test_promised_days_end_with_the_work_of_a_working_day(
    start: str, days: int, wanted: str
) -> None:
    assert CALENDAR.add_days(at(start), days) == at(wanted)


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        ("2026-11-23 09:00", "2026-11-23 17:30", A_DAY),
        ("2026-11-23 11:00", "2026-11-23 14:00", 90),
        ("2026-11-27 17:00", "2026-11-30 09:30", 60),
        ("2026-09-30 09:00", "2026-10-11 00:00", 4 * A_DAY),
        ("2026-11-23 10:00", "2026-11-23 10:00:59", 0),
        ("2026-11-23 10:00", "2026-11-23 09:00", 0),
    ],
)
def test_the_time_that_was_left_is_measured_in_working_minutes(
    start: str, end: str, wanted: int
) -> None:
    assert CALENDAR.minutes_between(at(start), at(end)) == wanted


# From before the last announced holidays until well after them.
moments = st.datetimes(
    min_value=datetime(2025, 9, 1), max_value=datetime(2028, 3, 1), timezones=st.just(OFFICE)
).map(lambda moment: moment.replace(microsecond=0))


@given(moments, st.integers(0, 3 * A_DAY))
def test_what_is_added_is_what_lies_between(start: datetime, minutes: int) -> None:
    end = CALENDAR.add_minutes(start, minutes)
    assert CALENDAR.minutes_between(start, end) == minutes
    if minutes:
        just_before = end - timedelta(seconds=1)
        assert CALENDAR.is_working(just_before)
        assert CALENDAR.minutes_between(start, just_before) == minutes - 1


@hypothesis_settings(max_examples=25, deadline=None)
@given(moments, st.integers(1, 300))
def test_minutes_are_those_that_a_watch_would_count(start: datetime, minutes: int) -> None:
    start = start.replace(second=0)
    end = CALENDAR.add_minutes(start, minutes)
    steps = int((end - start).total_seconds()) // 60
    assert minutes == sum(CALENDAR.is_working(start + timedelta(minutes=n)) for n in range(steps))


@given(moments, st.timedeltas(timedelta(), timedelta(days=20)), st.integers(0, 40))
def test_due_times_never_run_backwards(start: datetime, later: timedelta, number: int) -> None:
    assert CALENDAR.add_days(start, number) > start
    assert CALENDAR.add_days(start, number) <= CALENDAR.add_days(start + later, number)
    assert CALENDAR.add_days(start, number) <= CALENDAR.add_days(start, number + 1)
    assert CALENDAR.add_minutes(start, number) <= CALENDAR.add_minutes(start + later, number)
    assert CALENDAR.next_working(start) <= CALENDAR.next_working(start + later)


@given(moments, st.integers(1, 40))
def test_so_many_working_days_lie_between_the_start_and_what_is_due(
    start: datetime, days: int
) -> None:
    due = CALENDAR.add_days(start, days)
    midnight = datetime.combine(start.date() + timedelta(days=1), time(), OFFICE)
    assert CALENDAR.minutes_between(midnight, due) == days * A_DAY


@pytest.mark.parametrize(
    "text",
    ["", "9-12", "09:00-09:00", "12:00-09:00", "09:00-12:00,11:00-17:00", "09:00", "25:00-26:00"],
)
def test_hours_that_make_no_day_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected periods like 09:00-12:00"):
        parse_hours(text)


def test_the_offices_hours_come_from_the_settings(settings: Any) -> None:
    assert not office_calendar().is_working(at("2026-11-23 12:30"))
    settings.BOT_WORKING_HOURS = "10:00-14:00"
    assert office_calendar().is_working(at("2026-11-23 12:30"))
    assert not office_calendar().is_working(at("2026-11-23 09:30"))


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="with a zone"):
        CALENDAR.is_working(datetime(2026, 11, 23, 10))
    with pytest.raises(ValueError, match="0 or more"):
        CALENDAR.add_minutes(at("2026-11-23 10:00"), -1)
    with pytest.raises(ValueError, match="0 or more"):
        CALENDAR.add_days(at("2026-11-23 10:00"), -1)
