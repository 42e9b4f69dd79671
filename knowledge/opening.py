"""Is a place open now, and when next? Computed from its hours and the Chinese working calendar.

Working days follow the State Council's holiday notices through ``chinesecalendar``: a Saturday that
is worked for a holiday (调休) counts, a holiday on a Tuesday does not. Beyond the years that
are announced, Monday to Friday are taken as working days and the answer says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

import chinese_calendar

from knowledge.record import Hours, Period

DayKind = Literal["workday", "weekend", "holiday"]
LONGEST_LOOK_AHEAD_DAYS = 14
_WEEKDAYS = "一二三四五六日"
_HOLIDAY_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
}


@dataclass(frozen=True)
class Day:
    """What kind of day it is; ``name`` says why, ``announced`` is False beyond the known years."""

    on: date
    kind: DayKind
    name: str
    announced: bool = True


def day(on: date) -> Day:
    """Return the kind of a day under the Chinese working calendar."""
    weekday = f"周{_WEEKDAYS[on.weekday()]}"
    try:
        is_off, holiday = chinese_calendar.get_holiday_detail(on)
    except NotImplementedError:
        return Day(on, "weekend" if on.weekday() >= 5 else "workday", weekday, announced=False)
    name = _HOLIDAY_NAMES.get(str(holiday), "") if holiday else ""
    if is_off and name:
        return Day(on, "holiday", f"{name}放假")
    if is_off:
        return Day(on, "weekend", weekday)
    return Day(on, "workday", f"{weekday}（{name}调休上班）" if on.weekday() >= 5 else weekday)


def periods(hours: Hours, on: date) -> list[Period]:
    """Return the opening periods of a day; empty means closed."""
    found: list[Period] = getattr(hours, day(on).kind)
    return found


def is_open(hours: Hours, now: datetime) -> bool:
    """Whether the place is open at this moment of the office's clock."""
    return any(_at(p.opens) <= now.time() < _at(p.closes) for p in periods(hours, now.date()))


def closes_at(hours: Hours, now: datetime) -> time | None:
    """Return when today's current period ends, None when closed."""
    for period in periods(hours, now.date()):
        if _at(period.opens) <= now.time() < _at(period.closes):
            return _at(period.closes)
    return None


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """Return the next moment the place opens, within two weeks; None if it never does."""
    for ahead in range(LONGEST_LOOK_AHEAD_DAYS + 1):
        on = now.date() + timedelta(days=ahead)
        for period in periods(hours, on):
            opens = datetime.combine(on, _at(period.opens), now.tzinfo)
            if opens > now:
                return opens
    return None


def asked_day(text: str, today: date) -> date | None:
    """Return the day a question names (明天, 周六, 下周一, 12月3号), None if it names none."""
    for word, ahead in (("大后天", 3), ("后天", 2), ("明天", 1), ("明早", 1), ("今天", 0)):
        if word in text:
            return today + timedelta(days=ahead)
    if m := re.search(r"(\d{1,2})月(\d{1,2})[号日]", text):
        return _coming(today, int(m[1]), int(m[2]))
    if m := re.search(r"(下+)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天末])", text):
        wanted = {"天": 6, "末": 5}.get(m[2], _WEEKDAYS.find(m[2]))
        ahead = (wanted - today.weekday()) % 7
        monday = today - timedelta(days=today.weekday())
        return (
            monday + timedelta(weeks=len(m[1]), days=wanted) if m[1] else today + timedelta(ahead)
        )
    for english, name in _HOLIDAY_NAMES.items():
        if name.removesuffix("节") in text:
            return _coming_holiday(english, today)
    return None


def unannounced_holiday(text: str, today: date) -> str:
    """Return the holiday that a question names if its next days off are not announced yet."""
    for english, name in _HOLIDAY_NAMES.items():
        if name.removesuffix("节") in text and _coming_holiday(english, today) is None:
            return name
    return ""


def hours_in_words(hours: Hours, on: date) -> str:
    """Return a day's hours as residents say them: 上午9点到12点，下午1点半到5点半."""
    return "，".join(f"{clock(_at(p.opens))}到{clock(_at(p.closes))}" for p in periods(hours, on))


def clock(moment: time) -> str:
    """Return a time of day in words: 下午1点半."""
    part = "上午" if moment.hour < 12 else "中午" if moment.hour == 12 else "下午"
    part = "晚上" if moment.hour >= 18 else part
    hour = moment.hour if moment.hour <= 12 else moment.hour - 12
    minute = {0: "", 30: "半"}.get(moment.minute, f"{moment.minute}分")
    return f"{part}{hour}点{minute}"


def _at(text: str) -> time:
    return time.fromisoformat(text)


def _coming(today: date, month: int, dom: int) -> date | None:
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, dom)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _coming_holiday(name: str, today: date) -> date | None:
    for ahead in range(366):
        on = today + timedelta(days=ahead)
        try:
            is_off, holiday = chinese_calendar.get_holiday_detail(on)
        except NotImplementedError:
            return None
        if is_off and holiday == name:
            return on
    return None
