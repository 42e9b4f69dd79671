"""Is a place open now, and when next? Computed from its hours and the Chinese working calendar.

Working days follow the State Council's holiday notices through ``chinesecalendar``: a Saturday that
is worked for a holiday (调休) counts, a holiday on a Tuesday does not. Beyond the years that
are announced, Monday to Friday are taken as working days and the answer says so; only the days that
the law itself fixes (New Year's Day, Labour Day, National Day) are holidays in every year.
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
_DIGITS = "零一二三四五六七八九"
_HOLIDAY_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
}
# 全国年节及纪念日放假办法 (2024): holidays by the solar calendar, as (month, day).
_FIXED_DAYS = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}
_NO_PLACE = r"(?![路街巷村苑桥]|大道|社区|小区|广场)"
# How residents call the holidays; the characters also stand in 周五一早, 十一点, 超过年龄.
_HOLIDAY_WORDS = {
    "元旦": re.compile(rf"元旦{_NO_PLACE}"),
    "春节": re.compile(r"春节|(?<![超经通])过年(?![龄度限检审费金])"),
    "清明节": re.compile(rf"清明{_NO_PLACE}"),
    "劳动节": re.compile(
        rf"劳动节|(?<![周期拜十百第\d])五一{_NO_PLACE}(?![般个早直起定样共号月点])"
    ),
    "端午节": re.compile(rf"端午{_NO_PLACE}"),
    "国庆节": re.compile(
        rf"国庆{_NO_PLACE}|(?<![一二三四五六七八九十百第\d])十一{_NO_PLACE}"
        r"(?![点月号日个岁年周天时分楼栋幢室层单位人元块张份条项件次中])"
    ),
    "中秋节": re.compile(rf"中秋{_NO_PLACE}"),
}
_NUMBER = r"(\d{1,2}|[一二三四五六七八九十]{1,3})"


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
        return _unannounced(on, weekday)
    name = _HOLIDAY_NAMES.get(str(holiday), "") if holiday else ""
    if is_off and name:
        return Day(on, "holiday", f"{name}放假")
    if is_off:
        return Day(on, "weekend", weekday)
    return Day(on, "workday", f"{weekday}（{name}调休上班）" if on.weekday() >= 5 else weekday)


def _unannounced(on: date, weekday: str) -> Day:
    if fixed := _FIXED_DAYS.get((on.month, on.day)):
        return Day(on, "holiday", f"{fixed}放假", announced=False)
    return Day(on, "weekend" if on.weekday() >= 5 else "workday", weekday, announced=False)


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


def day_in_words(on: date, today: date) -> str:
    """Return a coming day as it is told: 今天, or 11月24日."""
    return "今天" if on == today else f"{on.month}月{on.day}日"


def asked_day(text: str, today: date) -> date | None:
    """Return the day a question names (明天, 周六, 下周一, 12月3号, 国庆), None if it names none.

    Also None for a holiday whose days are not announced; ``unannounced_holiday`` names it.
    """
    for word, ahead in (("大后天", 3), ("后天", 2), ("明天", 1), ("明早", 1), ("今天", 0)):
        if word in text:
            return today + timedelta(days=ahead)
    if m := re.search(rf"{_NUMBER}月{_NUMBER}[号日]", text):
        return _coming(today, _number(m[1]), _number(m[2]))
    if m := re.search(r"(下+)?(?:个)?(?:周|星期|礼拜)([一二三四五六日天末])", text):
        wanted = {"天": 6, "末": 5}.get(m[2], _WEEKDAYS.find(m[2]))
        ahead = (wanted - today.weekday()) % 7
        monday = today - timedelta(days=today.weekday())
        return (
            monday + timedelta(weeks=len(m[1]), days=wanted) if m[1] else today + timedelta(ahead)
        )
    named = _named_holiday(text)
    return _coming_holiday(named, today) if named else None


def unannounced_holiday(text: str, today: date) -> str:
    """Return the holiday that a question names if its next days off are not announced yet.

    Empty whenever ``asked_day`` finds a day.
    """
    return "" if asked_day(text, today) else _named_holiday(text)


def _named_holiday(text: str) -> str:
    return next((name for name, words in _HOLIDAY_WORDS.items() if words.search(text)), "")


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
    coming = (day(today + timedelta(days=ahead)) for ahead in range(366))
    return next((each.on for each in coming if each.name == f"{name}放假"), None)


def _number(text: str) -> int:
    """Read 3, 三, 十二, 二十三; 0 if it is no number."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if len(tens) > 1 or len(ones) > 1:
        return 0
    ten_times = (_DIGITS.find(tens) if tens else 1) if ten else 0
    return ten_times * 10 + (_DIGITS.find(ones) if ones else 0)
