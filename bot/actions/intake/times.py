"""When a resident is at home: “下周四下午三点” as tidied words and a moment.

Days are those that ``knowledge.opening`` reads; a part of the day stands for its beginning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.actions.facts import number
from knowledge import opening


@dataclass(frozen=True)
class _Part:
    """A part of the day: what it is called, the hours it begins and is over at."""

    words: str
    begins: int
    over: int


_PARTS = (
    (re.compile(r"早上|早晨|一早|清早|明早|上午|早点|上半天"), _Part("上午", 9, 12)),
    (re.compile(r"中午"), _Part("中午", 12, 14)),
    (re.compile(r"下午|午后|下半天"), _Part("下午", 14, 18)),
    (re.compile(r"傍晚|晚上|下班后|晚点"), _Part("晚上", 18, 21)),
)
_WEEKEND = re.compile(r"双休日?|休息日")
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)[一二三四五六日天]")
_MOVED = re.compile(r"[改换挪推移](?:成|到|在|为)")
# “明天我要去医院，后天上午吧”: the day on which she cannot, told before the one on which she can.
_BUSY = re.compile(
    r"^.*(?:要去|有事|没空|没得空|不得闲|不在家?|不行|不方便|没人|来不及)[^，,。；;]*[，,。；;](?=.*(?:天|周|号|点|[上下中]午|晚上))"
)
_BOUND = re.compile(r"(?:点|半|一刻|三刻)(?:钟)?(?P<bound>以?前|之前|以?后|之后)")
_NUMBER = r"\d{1,2}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]"
_CLOCK = re.compile(
    rf"(?<![\d楼栋幢])(?P<hour>{_NUMBER})(?:点|[:：])(?P<rest>半|一刻|三刻|(?:{_NUMBER}|0\d)?)"
)
_DAY = re.compile(
    r"大后天|后天|明[天早]|今[天晚]|(?:下+个?)?(?:这个?)?(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|\d{1,2}月\d{1,2}[号日]|[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}[号日]"
)
_DAY_OF_MONTH = re.compile(
    r"(?<!月)(?<!\d)(\d{1,2}|[一二三]?十[一二三四五六七八九]?)[号日](?!楼|栋|院|门|线)"
)
_ANY = re.compile(
    r"随便|随时|都行|都可以|哪天都|什么时候都|啥时候都|看你们|你们定|你们方便|无所谓|天天在家|都在家"
)
_SOON = re.compile(r"尽快|越快越好|越早越好|马上|赶快|最近|这几天|早点来")
# Hours that mean the afternoon when nothing says which half of the day: 一点 to 六点.
_LAST_AFTERNOON_HOUR = 6
_QUARTERS = {"半": 30, "一刻": 15, "三刻": 45}


@dataclass(frozen=True)
class Appointment:
    """A wish: ``words`` tidied, ``at`` the moment it begins, None where any will do."""

    words: str
    at: datetime | None = None


def time_in(text: str, now: datetime) -> Appointment | None:
    """Return when a resident would like somebody to come; None if the words name no time.

    A moment that has passed comes back as it is; whether that will do is the caller's matter.
    """
    said = re.sub(r"\s", "", text)
    # “明天有事，改到后天”: what it is moved to, not what it is moved from.
    said = _BUSY.sub("", _MOVED.split(said)[-1]) or said
    on, day_words = _day(said, now.date())
    part = next((part for found, part in _PARTS if found.search(said)), None)
    moment = _clock(said, part)
    of_day = _of_day(said, part, moment)
    if on is None and (_ANY.search(said) or not of_day):
        return _without_day(said, of_day)
    if on is None:
        on, day_words = now.date(), "今天"
        if _over(on, part, moment, now) <= now:
            on, day_words = on + timedelta(days=1), "明天"
    if on == now.date() and not moment and now < _over(on, part, moment, now):
        begins = _soon(_begins(on, part, moment, now), now)
    else:
        begins = _begins(on, part, moment, now)
    return Appointment(f"{day_words}{of_day}", begins)


def _of_day(said: str, part: _Part | None, moment: time | None) -> str:
    """“上午”, “下午3点”, “上午9点以前”: the words without the day."""
    if moment is None:
        return part.words if part else ""
    bound = _BOUND.search(said)
    words = {"前": "以前", "后": "以后"}[bound["bound"][-1]] if bound else ""
    return f"{opening.clock(moment)}{words}"


def _begins(on: date, part: _Part | None, moment: time | None, now: datetime) -> datetime:
    return datetime.combine(on, moment or time(part.begins if part else 9), now.tzinfo)


def _over(on: date, part: _Part | None, moment: time | None, now: datetime) -> datetime:
    """When it is too late for what was said: a day and its parts last a while."""
    return datetime.combine(on, moment or time(part.over if part else 18), now.tzinfo)


def _soon(begins: datetime, now: datetime) -> datetime:
    """Within a part of the day that has begun, the next full hour."""
    next_hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return max(begins, next_hour)


def _without_day(said: str, of_day: str) -> Appointment | None:
    if _ANY.search(said):
        return Appointment(f"哪天都行，{of_day}" if of_day else "哪天都行")
    return Appointment("尽快") if _SOON.search(said) else None


def _day(said: str, today: date) -> tuple[date | None, str]:
    """The day that is named, and the words that name it."""
    if named := _DAY.search(said):
        on = opening.asked_day(named[0], today)
        if on == today and _WEEKDAY.fullmatch(named[0]):
            # Whoever means today says so.
            return on + timedelta(weeks=1), f"下{_tidied(named[0])}"
        return on, _tidied(named[0])
    if _WEEKEND.search(said):
        return opening.asked_day("周末", today), "周末"
    if of_month := _DAY_OF_MONTH.search(said):
        wanted = number(of_month[1])
        for ahead in range(62):
            on = today + timedelta(days=ahead)
            if on.day == wanted:
                return on, f"{on.month}月{on.day}号"
    return None, ""


def _tidied(words: str) -> str:
    return (
        re.sub(r"星期|礼拜", "周", words)
        .replace("这个", "")
        .replace("下个", "下")
        .replace("明早", "明天")
        .replace("今晚", "今天")
        .replace("周天", "周日")
    )


def _clock(said: str, part: _Part | None) -> time | None:
    found = _CLOCK.search(said)
    if found is None:
        return None
    hour = number(found["hour"])
    rest = found["rest"]
    minute = _QUARTERS.get(rest) or (number(rest.lstrip("0") or "0") if rest.isdigit() else 0)
    is_late = part is not None and part.begins >= 12 and hour < 12
    if is_late or (part is None and hour <= _LAST_AFTERNOON_HOUR):
        hour += 12 if hour < 12 else 0
    return time(hour, minute) if hour < 24 and minute < 60 else None
