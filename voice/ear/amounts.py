"""Amounts: money, percent, fractions, ranges, units, ordinals, and numbers that are no more."""

from __future__ import annotations

import re

from voice.ear.numbers import MEASURE, NUMBER, cardinal, counted
from voice.ear.rules import Rule, rule

_TO = r"\s*(?:[-–—~～]{1,2}|至|到)\s*"
_BEFORE = r"(?<![\d.])"
_UNITS = {
    "km2": "平方公里", "m2": "平方米", "m3": "立方米", "km/h": "公里每小时", "km": "公里",
    "cm": "厘米", "mm": "毫米", "m": "米", "kg": "公斤", "mg": "毫克", "g": "克", "ml": "毫升",
    "l": "升", "t": "吨", "kwh": "度", "kw·h": "度", "kw": "千瓦", "w": "瓦", "v": "伏",
    "min": "分钟", "h": "小时", "s": "秒", "°c": "摄氏度", "°": "度", "gb": "个吉",
}  # fmt: skip
_UNIT_SIGN = "|".join(re.escape(sign) for sign in sorted(_UNITS, key=len, reverse=True))
_PER = (
    r"人[·/]年|人[·/]月|人[·/]次|人[·/]天|平方米|立方米|小时|分钟|公里|公斤|千瓦时|人|月|年|户|天|日|周"
    r"|次|件|度|吨|个|张|份|斤|米|孩|床|台|辆|本|页|斤|亩|学期|季度"
)
_SCALE = r"(?:万|亿|千|百)?"


def _per(match: re.Match[str]) -> str:
    return f"每{re.sub('[·/]', '每', match['per'])}{match['amount']}"


def _money(match: re.Match[str]) -> str:
    """Say 1.50元 as 一元五角."""
    yuan, jiao, fen = match[1].replace(",", ""), match[2], match[3] or "0"
    said = f"{counted(yuan)}元" if int(yuan) else ""
    said += f"{counted(jiao)}角" if jiao != "0" else "零" if said and fen != "0" else ""
    said += f"{counted(fen)}分" if fen != "0" else ""
    return said or "零元"


def _percent(match: re.Match[str]) -> str:
    base = "百" if match["sign"] == "%" else "千"
    number = match["number"]
    return f"{base}分之{'百' if number == '100' and base == '百' else cardinal(number)}"


def _percents(match: re.Match[str]) -> str:
    return f"{match['number']}%到{match['other']}%"


def _fraction(match: re.Match[str]) -> str:
    """Say 1/3 as a fraction, 11/23 as a day, anything else as one or the other."""
    above, below = int(match[1]), int(match[2])
    if above < below and below in {2, 3, 4, 5, 6, 7, 8, 9, 10, 100}:
        return f"{cardinal(match[2])}分之{cardinal(match[1])}"
    if 1 <= above <= 12 and 1 <= below <= 31:
        return f"{cardinal(str(above))}月{cardinal(str(below))}日"
    return f"{cardinal(match[1])}或{cardinal(match[2])}"


def _range(match: re.Match[str]) -> str:
    first = counted(match[1]) if match["measure"] is not None else cardinal(match[1])
    return f"{first}{match['scale'] or ''}到"


RULES: tuple[Rule, ...] = (
    rule(rf"(?i)(?<=\d)\s*({_UNIT_SIGN})(?![A-Za-z0-9])", lambda m: _UNITS[m[1].lower()]),
    rule(
        rf"(?<!\d)(?:零下\s?)?[-－—]\s?({NUMBER})(?=摄氏度)",
        lambda m: f"零下{cardinal(m[1])}",
    ),
    rule(rf"[¥￥]\s*({NUMBER}(?:{_TO}{NUMBER})?{_SCALE})元?", lambda m: f"{m[1]}元"),
    rule(rf"\$\s*({NUMBER}{_SCALE})", lambda m: f"{m[1]}美元"),
    rule(
        rf"{_BEFORE}(?P<amount>(?:{NUMBER}{_SCALE}{_TO})?{NUMBER}{_SCALE}"
        rf"[\u4e00-\u9fff]{{1,3}})/(?P<per>{_PER})",
        _per,
    ),
    rule(rf"元/(?P<per>{_PER})", lambda m: f"元每{re.sub('[·/]', '每', m['per'])}"),
    rule(rf"{_BEFORE}(?<!到)(?<!-)(\d{{1,3}}(?:,\d{{3}})+|\d+)\.(\d)(\d)?(?=元)元", _money),
    rule(rf"{_BEFORE}(?P<number>{NUMBER})%?{_TO}(?P<other>{NUMBER})%", _percents),
    rule(rf"{_BEFORE}(?P<number>{NUMBER})\s?(?P<sign>[%‰])", _percent),
    rule(r"(?<![\d./])(\d{1,3})/(\d{1,3})(?![\d/])", _fraction),
    rule(r"(?:≥|>=|≧)\s*(?=\d)", "至少"),
    rule(r"(?:≤|<=|≦)\s*(?=\d)", "最多"),
    rule(r"[>＞]\s*(?=\d)", "超过"),
    rule(r"[<＜]\s*(?=\d)", "不到"),
    rule(r"(?<=\d)\s*\+\s*(?=\d)", "加"),
    rule(r"(?<=\d)([个岁周岁年天元人]*)\+", lambda m: f"{m[1]}以上"),
    rule(r"(?<=\d)\s*[×xX*]\s*(?=\d)", "乘"),
    rule(r"(?<=\d)\s*±\s*(?=\d)", "上下"),
    rule(r"(?<=\d)\s*=\s*(?=\d)", "等于"),
    rule(rf"{_BEFORE}(\d+)[:：](\d+)(?!\d)", lambda m: f"{cardinal(m[1])}比{cardinal(m[2])}"),
    rule(
        rf"{_BEFORE}({NUMBER})(?P<scale>万|亿|千|百)?{_TO}(?={NUMBER}(?P<measure>\s?{MEASURE})?)",
        _range,
    ),
    rule(r"(?<=[日号月年时点半分天个元岁度级楼层条名人])[-–—~～]{1,2}(?=第?\d)", "到"),
)
# These come after the codes have taken theirs.
PLAIN: tuple[Rule, ...] = (
    rule(r"(?<=第)(\d+)(?!\.\d)", lambda m: cardinal(m[1])),
    rule(rf"(?:(?<=^)|(?<=[\s，。、：；]))-({NUMBER})", lambda m: f"负{cardinal(m[1])}"),
    rule(r"(?<!\d)\d+(?:\.\d+){2,}", lambda m: "点".join(cardinal(n) for n in m[0].split("."))),
    rule(rf"{_BEFORE}({NUMBER})\s?(?={MEASURE})", lambda m: counted(m[1])),
    rule(NUMBER, lambda m: cardinal(m[0])),
)
