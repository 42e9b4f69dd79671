"""Digits in an uninterrupted stretch of speech: 幺三八, 三个八, 一百三十八, 是 for 四 among digits.

Corrections and repetitions are left to `numbers`.
"""

from __future__ import annotations

import re

_WRITTEN = (
    "零〇○洞0",
    "一幺壹1",
    "二两贰2",
    "三叁3",
    "四肆4",
    "五伍5",
    "六陆6",
    "七柒拐7",
    "八捌8",
    "九玖勾9",
)
DIGIT = {character: str(value) for value, line in enumerate(_WRITTEN) for character in line}
D = f"[{''.join(DIGIT)}]"
_N = "[一二两三四五六七八九1-9]"

# Words that hold a digit's character and tell none. Behind a digit 一起 is a misheard 一七.
_EVERYDAY = re.compile(
    rf"一(?:下|会儿?|遍|次|般|样|定|共|直|点|些|边|切|声|号线)|(?<!{D})一起|[统唯万]一|第{_N}|十分|最[前后]{_N}位"
    rf"|(?:星期|礼拜|周){_N}|(?:{_N}?十{_N}?|{_N})(?:位|次|遍|名)|{_N}个(?!{D})|四川|三亚|九江|六合|八卦洲|二维码"
    r"|就是|也是|还是|然后|以后|起来|是的"
)
_REPEATED = re.compile(rf"([一二两三四五六七八1-8])个({D})")
# 一百三十八, 三百零五, 两千零六, 十二; a bare digit after 百 or 千 counts tens or hundreds: 一百三.
_QUANTITY = re.compile(rf"(?:({_N})千)?(?:({_N})百)?(?:零?({_N})?十)?(?:(零?)({_N}))?")
_QUANTITY_AHEAD = re.compile(rf"{_N}?十|{_N}[百千]")

# What recognisers write for a digit that stands among digits.
_SOUNDS_LIKE = {
    character: digit
    for digit, line in {
        "0": "另林灵令",
        "1": "要腰妖药以医衣",
        "2": "而儿尔",
        "3": "山散伞",
        "4": "是事市式试死思司",
        "5": "无午武舞物",
        "6": "流留刘",
        "7": "起期骑",
        "8": "把吧巴爸",
        "9": "就酒久救",
    }.items()
    for character in line
}
_MISHEARD = f"[{''.join(_SOUNDS_LIKE)}]"
_AMONG_DIGITS = re.compile(rf"(?<={D}){_MISHEARD}{{1,2}}(?={D})")
_AHEAD_OF_MOBILE = re.compile(rf"(?:^|(?<=[是码号]))[要腰妖药](?=[三四五六七八九3-9]{D})")
_LAST_OF_ID = re.compile(rf"((?:{D}){{17}})(?:[xX叉]|艾克斯|埃克斯)")


def digits_of(part: str) -> str:
    """Return the digits in ``part``; an ID number may end in X."""
    plain = _LAST_OF_ID.sub(r"\1X", _EVERYDAY.sub("·", part))
    plain = _AHEAD_OF_MOBILE.sub("1", plain)
    plain = _AMONG_DIGITS.sub(lambda m: "".join(_SOUNDS_LIKE[c] for c in m[0]), plain)
    plain = _REPEATED.sub(lambda m: DIGIT[m[2]] * int(DIGIT[m[1]]), plain)
    digits, at = "", 0
    while at < len(plain):
        piece, at = _piece(plain, at)
        digits += piece
    return digits


def _piece(text: str, at: int) -> tuple[str, int]:
    """Return the digits that begin at ``at``, and where the next may begin."""
    if _QUANTITY_AHEAD.match(text, at):
        match = _QUANTITY.match(text, at)
        assert match is not None
        return _value(text, match)
    character = text[at]
    return ("X" if character == "X" else DIGIT.get(character, "")), at + 1


def _value(text: str, match: re.Match[str]) -> tuple[str, int]:
    thousands, hundreds, tens, zero, ones = match.groups()
    has_tens = "十" in match[0]
    value = 1000 * _of(thousands) + 100 * _of(hundreds)
    value += 10 * (_of(tens) or 1) if has_tens else 0
    if not ones:
        return str(value), match.end()
    if has_tens or zero:
        return str(value + _of(ones)), match.end()
    if re.match(D, text[match.end() :]):
        return str(value), match.start(5)
    # Colloquial: the bare digit counts the next smaller unit.
    return str(value + _of(ones) * (10 if hundreds else 100)), match.end()


def _of(character: str | None) -> int:
    return int(DIGIT[character]) if character else 0
