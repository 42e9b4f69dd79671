"""Written lines as they are said: figures become Chinese numerals, the rest becomes pauses.

Only what residents' questions hold: telephone and other long numbers digit by digit, small ones as
numbers, per cent. The telephone line's own reading aloud is ``voice.ear``; this serves training.
"""

from __future__ import annotations

import re
import unicodedata

DIGITS = "零一二三四五六七八九"
PAUSE = "，"
_HAN = "\u4e00-\u9fff"
_NUMBER = re.compile(r"\d+(?:\.\d+)?%?")
_NO_HAN = re.compile(rf"[^{_HAN}]+")
_SHORT_CODE = re.compile(r"1[12][0-9]|12(?!000)[0-9]{3}")
_UNITS = ((1000, "千"), (100, "百"), (10, "十"))


def spelled(text: str) -> str:
    """Return the line in Chinese characters only, a pause wherever something else stood."""
    plain = unicodedata.normalize("NFKC", text)
    said = _NO_HAN.sub(PAUSE, _NUMBER.sub(_spelled_match, plain))
    return said.strip(PAUSE)


def digit_by_digit(figures: str, one: str = "一") -> str:
    """Return ``12345`` as 一二三四五; ``one`` is 幺 on the telephone."""
    return "".join(DIGITS[int(figure)] for figure in figures).replace("一", one)


def as_number(value: int) -> str:
    """Return 0..99,999 as it is counted: 一百零五, 两千, 十二."""
    if value >= 10000:
        rest = value % 10000
        return as_number(value // 10000) + "万" + (_following(rest, 1000) if rest else "")
    return _below_ten_thousand(value)


def has_foreign_letters(text: str) -> bool:
    """Whether something in the line is spelled in Latin letters."""
    return re.search(r"[A-Za-z]", unicodedata.normalize("NFKC", text)) is not None


def _below_ten_thousand(value: int) -> str:
    if value < 10:
        return DIGITS[value]
    if value < 20:
        return "十" + (DIGITS[value - 10] if value > 10 else "")
    size, unit = next((size, unit) for size, unit in _UNITS if value >= size)
    head, rest = divmod(value, size)
    lead = "两" if head == 2 and size == 1000 else DIGITS[head]
    return lead + unit + (_following(rest, size // 10) if rest else "")


def _following(rest: int, expected: int) -> str:
    """Return what follows a higher unit: 零 stands for skipped ones, 十 becomes 一十."""
    text = _below_ten_thousand(rest)
    if 10 <= rest < 20:
        text = "一" + text
    return ("零" if rest < expected else "") + text


def _spelled_match(match: re.Match[str]) -> str:
    figures, per_cent = match.group().rstrip("%"), match.group().endswith("%")
    whole, _, decimals = figures.partition(".")
    said = _spelled_whole(whole)
    if decimals:
        said += "点" + digit_by_digit(decimals)
    return "百分之" + said if per_cent else said


def _spelled_whole(whole: str) -> str:
    if _SHORT_CODE.fullmatch(whole):
        return digit_by_digit(whole, "幺" if len(whole) == 3 else "一")
    is_code = len(whole) > 5 or (len(whole) > 1 and whole.startswith("0"))
    if is_code or (len(whole) == 4 and not whole.endswith("00")):
        return digit_by_digit(whole)
    return as_number(int(whole))
