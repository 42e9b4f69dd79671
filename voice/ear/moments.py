"""Dates and times of day as they are said: 上午九点到下午五点, 二零二六年十一月二十三日."""

from __future__ import annotations

import re

from voice.ear.numbers import cardinal, counted, spelled
from voice.ear.rules import Rule, rule

_YEAR = r"(?:1[89]|20|21)\d\d"
_TO = r"\s*(?:[-–—~～]{1,2}|至|到)\s*"
_PART = r"(?:凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|夜里|半夜)"
_TIME = r"(?:[01]?\d|2[0-4])[:：][0-5]\d"
_SECONDS = r"(?::[0-5]\d)?"


def _date(match: re.Match[str]) -> str:
    year, month, day = match["year"], int(match["month"]), int(match["day"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return f"{spelled(year)}年{cardinal(str(month))}月{cardinal(str(day))}日"


def _part(hour: int) -> str:
    parts = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"))
    return next((name for end, name in parts if hour < end), "晚上")


def _clock(time: str, part: str, before: str = "") -> tuple[str, str]:
    """Return a time in words and its part of the day; the part is not said twice running."""
    hours, minutes = re.split("[:：]", time)[:2]
    hour, minute = int(hours), int(minutes)
    part = part or _part(hour)
    shown = counted(str(hour - 12 if hour > 12 else hour))
    said = "" if part == before else part
    return f"{said}{shown}点{_minutes(minute)}", part


def _minutes(minute: int) -> str:
    if minute in (0, 30):
        return "半" if minute else ""
    return f"{'零' if minute < 10 else ''}{cardinal(str(minute))}分"


def _span(match: re.Match[str]) -> str:
    first, part = _clock(match["first"], match["part"] or "")
    second, _ = _clock(match["second"], match["other"] or "", part)
    return f"{first}到{second}"


def _single(match: re.Match[str]) -> str:
    return _clock(match["time"], match["part"] or "")[0]


def _late(match: re.Match[str]) -> str:
    """Say an hour after noon as people do: 14点 → 下午两点."""
    minutes = "30" if match["half"] else (match["minutes"] or "0")
    return _clock(f"{match['hour']}:{minutes}", match["part"] or "")[0]


RULES: tuple[Rule, ...] = (
    rule(
        rf"(?<![\d.])(?P<year>{_YEAR})(?P<sign>[-/.])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}})"
        r"(?!\d)[T日]?",
        _date,
    ),
    rule(
        rf"(?<!\d)({_YEAR})年?{_TO}({_YEAR})(?=年|(?!\d))",
        lambda m: f"{spelled(m[1])}{'年' if '年' in m[0] else ''}到{spelled(m[2])}",
    ),
    rule(
        rf"(?<![\d.])({_YEAR})[-/](0?[1-9]|1[0-2])(?![\d\-/.])",
        lambda m: f"{spelled(m[1])}年{cardinal(str(int(m[2])))}月",
    ),
    rule(rf"(?<![\d.])({_YEAR})(?=年)", lambda m: spelled(m[1])),
    rule(
        r"(?<![\d.满])([0-9]\d)(?=年(?:出生|生人|生的|\d{1,2}月))",
        lambda m: spelled(m[1]),
    ),
    rule(r"(?<![\d.满])([05-9]0|[89]5)(?=后(?!\d))", lambda m: spelled(m[1])),
    rule(
        rf"(?P<part>{_PART})?(?<![\d:.])(?P<first>{_TIME}){_SECONDS}{_TO}"
        rf"(?P<other>{_PART})?(?P<second>{_TIME}){_SECONDS}(?![\d:])",
        _span,
    ),
    rule(rf"(?P<part>{_PART})?(?<![\d:.])(?P<time>{_TIME}){_SECONDS}(?![\d:])", _single),
    rule(
        rf"(?P<part>{_PART})?(?<![\d.])(?P<hour>1[3-9]|2[0-4])[点时](?!间)"
        r"(?:(?P<half>半)|(?P<minutes>[0-5]?\d)分(?!钟)|整)?",
        _late,
    ),
    rule(r"(?<!\d)0([1-9])(?=月|日|号)", lambda m: m[1]),
)
