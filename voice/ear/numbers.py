"""Numbers in characters: counted, as a year, or digit by digit.

Knows nothing of what a number means; the rules beside it decide which reading is due.
"""

from __future__ import annotations

import re

import cn2an

# A number as it is written: 1,200.50 or 3.5 or 42.
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
# Words that count things: before them 2 is 两. Longer ones first, 个 last.
MEASURE = (
    r"(?:周岁|分钟|刻钟|小时|公里|千米|厘米|毫米|平方公里|平方米|平米|平方|立方米|公斤|千克|毫克"
    r"|毫升|公顷|年(?!级)|天|周(?![一二三四五六日])|岁|元|块|角|毛|分|秒|点|度|米|克|斤|吨|升|亩"
    r"|倍|成|折|万|亿|千|百|位|名|人|口|家|户|次|遍|趟|回|张|份|件|种|样|条|项|套|页|本|册|处"
    r"|部|台|辆|只|间|段|批|笔|道|句|字|把|盏|片|粒|瓶|包|袋|箱|根|颗|场|顿|餐|封|对|双|床|站"
    r"|晚|夜|老|个)"
)

_PLAIN = str.maketrans("0123456789", "零一二三四五六七八九")
_CALLED = str.maketrans("0123456789", "零幺二三四五六七八九")
# Beyond a trillion nobody follows a counted number.
_MOST_DIGITS = 12


def called(digits: str) -> str:
    """Read digit by digit, as one does with telephone numbers: 110 → 幺幺零."""
    return digits.translate(_CALLED)


def spelled(digits: str) -> str:
    """Read digit by digit without 幺, as one does with years: 2011 → 二零一一."""
    return digits.translate(_PLAIN)


def grouped(digits: str, *sizes: int) -> str:
    """Read digit by digit with a pause after each group; what is left over is the last group."""
    groups, start = [], 0
    for size in sizes:
        groups.append(digits[start : start + size])
        start += size
    groups.append(digits[start:])
    return "，".join(called(group) for group in groups if group)


def cardinal(number: str) -> str:
    """Read a NUMBER as an amount: 1,200 → 一千二百, 3.5 → 三点五, 007 → 零零七."""
    whole, _, fraction = number.replace(",", "").partition(".")
    read = _whole(whole)
    return f"{read}点{spelled(fraction)}" if fraction else read


def counted(number: str) -> str:
    """Read a NUMBER that stands before a measure word: 2 → 两, 12 → 十二."""
    return "两" if number == "2" else cardinal(number)


def _whole(digits: str) -> str:
    if len(digits) > _MOST_DIGITS or (digits[0] == "0" and len(digits) > 1):
        return spelled(digits)
    read: str = cn2an.an2cn(digits)
    read = re.sub(r"(?<![十零])二(?=[千万亿])", "两", read)
    return re.sub(r"^二(?=百)", "两", read)
