"""Numbers that name somebody or something: telephones, short codes, identity and ticket numbers.

They are read digit by digit, 1 as 幺, with pauses where people pause.
"""

from __future__ import annotations

import re
from datetime import date

from voice.ear.letters import RULES as LETTERS
from voice.ear.numbers import MEASURE, called, cardinal, grouped, spelled
from voice.ear.rules import Rule, applied, rule

_ALONE = r"(?<![\d.])"
_END = r"(?!\d|\.\d)"
_AMOUNT_NEXT = rf"(?!\d|\.\d|,\d|[%‰]|\s?{MEASURE})"
_FEWER_THAN_A_CODE = 7

# What a number of which one dials or types is called.
_NAMED = (
    r"(尾号|编号|单号|受理号|号码|验证码|密码|工号|卡号|账号|帐号|学号|证号|邮编|邮政编码|车牌号?|代码"
    r"|编码|热线|电话|拨打|拨|致电|打)((?:是|为|[：:，]|\s)*)"
)
_SHORT_CODE = r"(?:11[0249]|12[02]|12[1-4]\d\d|100(?:86|10|11)|9[56](?!\d00)\d{3})"


def _mobile(match: re.Match[str]) -> str:
    return grouped(re.sub(r"\D", "", match["number"]), 3, 4)


def _landline(match: re.Match[str]) -> str:
    local = re.sub(r"\D", "", match["local"])
    said = f"{called(match['area'])}，{grouped(local, len(local) - 4)}"
    return f"{said}，转{called(match['extension'])}" if match["extension"] else said


def _hidden(match: re.Match[str]) -> str:
    return f"{called(match[1])}开头，尾号{_coded(match[2])}"


def _coded(code: str) -> str:
    """Read digits one by one and letters by their names."""
    return applied(LETTERS, re.sub(r"\d", lambda m: called(m[0]), code))


def _credit_code(match: re.Match[str]) -> str:
    code = match[0]
    return "，".join(_coded(code[at : at + 4]) for at in range(0, len(code), 4))


def _long(match: re.Match[str]) -> str:
    """Read a long number; 10 digits are a ticket's."""
    digits = re.sub(r"\D", "", match[0])
    sizes = {7: (3,), 8: (4,), 9: (3, 3), 10: (3, 3), 11: (3, 4), 15: (6, 6)}
    return grouped(digits, *sizes.get(len(digits), (4,) * (len(digits) // 4)))


def _bare(match: re.Match[str]) -> str:
    """Read a number that nothing explains: a year, an amount if it is round, else a code."""
    number = match[0]
    if re.fullmatch(r"(?:19[4-9]|20[0-4])[1-9]|20[1-4]0|19[5-9]0", number):
        return spelled(number)
    is_code = number == "4050" or (len(number) > 4 and not number.endswith("00"))
    return called(number) if is_code else cardinal(number)


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True


def _eight(match: re.Match[str]) -> str:
    digits = match[0]
    if digits[:2] in {"19", "20"} and _is_day(digits):
        return f"{digits[:4]}年{int(digits[4:6])}月{int(digits[6:])}日"
    return _long(match)


RULES: tuple[Rule, ...] = (
    # A code of letters and digits is read sign by sign: G25, YB2026.
    rule(r"(?<![\dA-Za-z])([A-Za-z]+)-?(\d{2,})(?![\d:])", lambda m: f"{m[1]}{called(m[2])}"),
    rule(rf"{_ALONE}(\d{{3,6}})[*＊xX]{{3,}}(\d{{1,4}}[xX]?)(?![\w])", _hidden),
    rule(
        rf"{_ALONE}(\d{{6}})[ -]?(\d{{4}})[ -]?(\d{{4}})[ -]?(\d{{3}}[\dXx])(?![\w])",
        lambda m: "，".join(_coded(group) for group in m.groups()),
    ),
    rule(rf"(?:\+|00)?86[- ]?(?=1[3-9]\d{{9}}{_END})", ""),
    rule(
        rf"{_ALONE}(?P<number>1[3-9]\d[- ]?\d{{4}}[- ]?\d{{4}})(?!\d|\.\d|元|万)",
        _mobile,
    ),
    rule(
        r"(?<!\d)[（(]?(?P<area>0(?:10|2\d|[3-9]\d\d))(?:[)）]|[-—－– ])?"
        r"(?P<local>\d{3,4}[- ]?\d{4})(?:(?:[-—]|，?\s?转)(?P<extension>\d{1,5}))?(?!\d)",
        _landline,
    ),
    rule(
        rf"{_ALONE}([48]00)[- ]?(\d{{3}})[- ]?(\d{{4}}){_AMOUNT_NEXT}",
        lambda m: "，".join(called(group) for group in m.groups()),
    ),
    rule(r"(?<![\w])(?=\d*[A-Z])[0-9A-HJ-NP-RTUW-Y]{18}(?![\w])", _credit_code),
    rule(rf"{_ALONE}\d{{6}} \d{{4}}{_END}", _long),
    rule(rf"{_ALONE}\d{{4}} \d{{4}} \d{{4}} \d{{4}}(?: \d{{3}})?{_END}", _long),
    rule(rf"{_ALONE}(?!(?:19|20)\d\d-(?:19|20)\d\d)\d{{4}}-\d{{4}}{_END}", _long),
    rule(rf"{_ALONE}\d{{8}}{_AMOUNT_NEXT}", _eight),
    rule(rf"{_ALONE}\d{{{_FEWER_THAN_A_CODE},}}{_AMOUNT_NEXT}", _long),
)
# These come after dates, places and amounts have taken theirs.
CODES: tuple[Rule, ...] = (
    rule(r"(?<!\d)84(?=消毒)", "八四"),
    rule(
        rf"{_NAMED}(\d{{3,6}}){_AMOUNT_NEXT}",
        lambda m: f"{m[1]}{m[2]}{called(m[3])}",
    ),
    rule(rf"(?<![\d.第]){_SHORT_CODE}{_AMOUNT_NEXT}(?!号)", lambda m: called(m[0])),
    rule(rf"(?<![\d.,第])\d{{4,6}}{_AMOUNT_NEXT}(?![号条款])", _bare),
)
