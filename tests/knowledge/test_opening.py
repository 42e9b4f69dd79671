"""When the office is open: weekends, holidays, make-up days, lunch."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import opening
from knowledge.record import Hours, Period
from tests.people import OFFICE

MORNING = Period(opens="09:00", closes="12:00")
AFTERNOON = Period(opens="13:30", closes="17:30")
HALL = Hours(workday=[MORNING, AFTERNOON], weekend=[MORNING], holiday=[])
NEVER = Hours(workday=[], weekend=[], holiday=[])
MONDAY = date(2026, 11, 23)


def at(text: str) -> datetime:
    """A moment of the office's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE)


@pytest.mark.parametrize(
    ("on", "kind", "name"),
    [
        ("2026-11-23", "workday", "周一"),
        ("2026-11-28", "weekend", "周六"),
        ("2026-11-29", "weekend", "周日"),
        ("2026-01-01", "holiday", "元旦放假"),
        ("2026-01-04", "workday", "周日（元旦调休上班）"),
        ("2026-02-14", "workday", "周六（春节调休上班）"),
        ("2026-02-15", "holiday", "春节放假"),
        ("2026-02-16", "holiday", "春节放假"),
        ("2026-02-28", "workday", "周六（春节调休上班）"),
        ("2026-04-05", "holiday", "清明节放假"),
        ("2026-05-09", "workday", "周六（劳动节调休上班）"),
        ("2026-06-19", "holiday", "端午节放假"),
        ("2026-09-20", "workday", "周日（国庆节调休上班）"),
        ("2026-09-25", "holiday", "中秋节放假"),
        ("2026-10-01", "holiday", "国庆节放假"),
        ("2026-10-07", "holiday", "国庆节放假"),
        ("2026-10-08", "workday", "周四"),
        ("2026-10-10", "workday", "周六（国庆节调休上班）"),
        ("2026-10-11", "weekend", "周日"),
    ],
)
def test_days_follow_the_working_calendar(on: str, kind: str, name: str) -> None:
    assert opening.day(date.fromisoformat(on)) == opening.Day(date.fromisoformat(on), kind, name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("on", "kind"),
    [("2031-06-02", "workday"), ("2031-06-07", "weekend"), ("1999-05-08", "weekend")],
)
def test_years_not_announced_follow_the_week_and_say_so(on: str, kind: str) -> None:
    day = opening.day(date.fromisoformat(on))
    assert (day.kind, day.announced) == (kind, False)


@pytest.mark.parametrize(
    ("moment", "is_open", "closes"),
    [
        ("2026-11-23T08:59", False, None),
        ("2026-11-23T09:00", True, time(12, 0)),
        ("2026-11-23T11:59", True, time(12, 0)),
        ("2026-11-23T12:00", False, None),
        ("2026-11-23T12:45", False, None),
        ("2026-11-23T13:30", True, time(17, 30)),
        ("2026-11-23T17:30", False, None),
        ("2026-11-28T10:00", True, time(12, 0)),
        ("2026-11-28T14:00", False, None),
        ("2026-10-10T14:00", True, time(17, 30)),
        ("2026-10-01T10:00", False, None),
    ],
)
def test_open_is_what_the_hours_of_that_day_say(
    moment: str, is_open: bool, closes: time | None
) -> None:
    assert opening.is_open(HALL, at(moment)) is is_open
    assert opening.closes_at(HALL, at(moment)) == closes


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23T08:00", "2026-11-23T09:00"),
        ("2026-11-23T12:10", "2026-11-23T13:30"),
        ("2026-11-23T18:00", "2026-11-24T09:00"),
        ("2026-11-28T13:00", "2026-11-29T09:00"),
        ("2026-11-29T13:00", "2026-11-30T09:00"),
        # National Day takes a week, its Saturday is worked.
        ("2026-09-30T18:00", "2026-10-08T09:00"),
        ("2026-10-09T18:00", "2026-10-10T09:00"),
        ("2026-10-10T12:30", "2026-10-10T13:30"),
        # Spring Festival 2026 takes nine days.
        ("2026-02-14T18:00", "2026-02-24T09:00"),
        # An opening that is just happening is not the next one.
        ("2026-11-23T09:00", "2026-11-23T13:30"),
    ],
)
def test_the_next_opening_skips_nights_lunch_and_holidays(moment: str, opens: str) -> None:
    assert opening.next_opening(HALL, at(moment)) == at(opens)


def test_a_place_that_never_opens_has_no_next_opening() -> None:
    assert opening.next_opening(NEVER, at("2026-11-23T09:00")) is None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 10)))
def test_the_next_opening_is_later_and_open(moment: datetime) -> None:
    moment = moment.replace(tzinfo=OFFICE)
    opens = opening.next_opening(HALL, moment)
    assert opens is not None
    assert opens > moment
    assert opening.is_open(HALL, opens)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("今天开门吗", "2026-11-23"),
        ("明天上班吗", "2026-11-24"),
        ("明早几点开门", "2026-11-24"),
        ("后天有人吗", "2026-11-25"),
        ("大后天有人吗", "2026-11-26"),
        ("周六开门吗", "2026-11-28"),
        ("星期天上班吗", "2026-11-29"),
        ("礼拜日上班吗", "2026-11-29"),
        ("周末开门吗", "2026-11-28"),
        ("周一开门吗", "2026-11-23"),
        ("周五下午几点下班", "2026-11-27"),
        ("下周一开门吗", "2026-11-30"),
        ("下个星期三上班吗", "2026-12-02"),
        ("下下周五呢", "2026-12-11"),
        ("下周末开吗", "2026-12-05"),
        ("12月3号上班吗", "2026-12-03"),
        ("12月12日开门不", "2026-12-12"),
        ("11月22号开门吗", "2027-11-22"),
        ("2月30号开门吗", None),
        ("几点开门", None),
        ("社保卡在哪办", None),
    ],
)
def test_the_day_a_question_names(text: str, wanted: str | None) -> None:
    expected = date.fromisoformat(wanted) if wanted else None
    assert opening.asked_day(text, MONDAY) == expected


@pytest.mark.parametrize(
    ("text", "today", "wanted"),
    [
        ("国庆节开门吗", "2026-09-01", "2026-10-01"),
        ("国庆上班吗", "2026-10-03", "2026-10-03"),
        ("清明放假吗", "2026-03-01", "2026-04-04"),
        ("端午有人吗", "2026-06-01", "2026-06-19"),
        ("中秋节窗口开吗", "2026-09-01", "2026-09-25"),
        ("劳动节开门吗", "2026-04-01", "2026-05-01"),
        ("元旦开门吗", "2025-12-01", "2026-01-01"),
        ("春节开门吗", "2026-01-10", "2026-02-15"),
    ],
)
def test_a_holiday_that_a_question_names_is_the_coming_one(
    text: str, today: str, wanted: str
) -> None:
    assert opening.asked_day(text, date.fromisoformat(today)) == date.fromisoformat(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "长春路的窗口几点开门",
        "迎春苑社区现在有人吗",
        "五一路的窗口几点开门",
        "国庆社区几点开门",
        "十一点有人吗",
        "二十一号楼的窗口开吗",
        "超过年龄还能办吗",
        "劳动合同丢了怎么办",
    ],
)
def test_words_that_hold_a_festival_by_chance_name_none(text: str) -> None:
    for today in (date(2026, 1, 10), MONDAY):
        assert opening.asked_day(text, today) is None
        assert opening.unannounced_holiday(text, today) == ""


@pytest.mark.parametrize(
    ("text", "today", "wanted"),
    [
        ("五一开门吗", "2026-04-01", "2026-05-01"),
        ("十一上班吗", "2026-09-01", "2026-10-01"),
        ("过年有人吗", "2026-01-10", "2026-02-15"),
        # The date of New Year's Day needs no announcement.
        ("元旦开门吗", "2026-11-23", "2027-01-01"),
        # A recogniser writes numbers in characters.
        ("十二月三号上班吗", "2026-11-23", "2026-12-03"),
        ("十二月二十五日上班吗", "2026-11-23", "2026-12-25"),
        ("十月十号上班吗", "2026-09-01", "2026-10-10"),
        # Labour Day and National Day stand in the law, whatever is announced around them.
        ("五一开门吗", "2026-11-23", "2027-05-01"),
        ("五一放假吗", "2027-05-02", "2027-05-02"),
        ("十一上班吗", "2026-11-23", "2027-10-01"),
        ("周五一早开门吗", "2026-11-23", "2026-11-27"),
        ("元旦前的周五开门吗", "2026-11-23", "2026-11-27"),
    ],
)
def test_holidays_and_dates_as_people_say_them(text: str, today: str, wanted: str) -> None:
    assert opening.asked_day(text, date.fromisoformat(today)) == date.fromisoformat(wanted)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("春节开门吗", "春节"),
        ("过年有人吗", "春节"),
        ("清明放假吗", "清明节"),
        ("端午有人吗", "端午节"),
        ("中秋窗口开吗", "中秋节"),
        ("元旦开门吗", ""),
        ("五一开门吗", ""),
        ("国庆开门吗", ""),
        ("明天开门吗", ""),
        ("春节前的周五开门吗", ""),
    ],
)
def test_a_holiday_by_the_moon_waits_for_its_announcement(text: str, name: str) -> None:
    assert opening.unannounced_holiday(text, MONDAY) == name


@pytest.mark.parametrize(
    ("on", "name"),
    [
        ("2027-01-01", "元旦放假"),
        ("2027-05-02", "劳动节放假"),
        ("2027-10-03", "国庆节放假"),
    ],
)
def test_days_fixed_by_law_are_holidays_in_every_year(on: str, name: str) -> None:
    wanted = opening.Day(date.fromisoformat(on), "holiday", name, announced=False)
    assert opening.day(date.fromisoformat(on)) == wanted


@given(
    st.text(
        alphabet="下个周星期礼拜一二三四五六日天末0123456789月号明后大今国庆春元旦", max_size=12
    )
)
def test_any_words_name_a_day_or_none(text: str) -> None:
    found = opening.asked_day(text, MONDAY)
    assert found is None or found >= MONDAY
    assert not (found and opening.unannounced_holiday(text, MONDAY))


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (time(9, 0), "上午9点"),
        (time(9, 5), "上午9点5分"),
        (time(12, 0), "中午12点"),
        (time(12, 30), "中午12点半"),
        (time(13, 30), "下午1点半"),
        (time(17, 45), "下午5点45分"),
        (time(18, 0), "晚上6点"),
    ],
)
def test_times_are_said_as_people_say_them(moment: time, words: str) -> None:
    assert opening.clock(moment) == words


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("2026-11-23", "上午9点到中午12点，下午1点半到下午5点半"),
        ("2026-11-28", "上午9点到中午12点"),
        ("2026-10-01", ""),
    ],
)
def test_the_hours_of_a_day_in_words(on: str, words: str) -> None:
    assert opening.hours_in_words(HALL, date.fromisoformat(on)) == words
