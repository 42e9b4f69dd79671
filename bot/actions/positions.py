"""Which of some choices a text names by its place: “第二个”, “选3号”, “最后一个”.

Words only; what stands at the place, and whether anything does, is for the caller. Every pattern
is bounded, so that time grows with the length of the text and no faster.
"""

from __future__ import annotations

import re
import unicodedata

_NUMBER = r"(?P<number>10|[1-9一二两三四五六七八九十])"
_UNIT = r"[个号条项样种件点]"
_ORDINAL = re.compile(rf"(?P<back>倒数)?第{_NUMBER}{_UNIT}")
_BEFORE = r"[嗯对那就先我要选择是看办问说按项这个,。(#]{0,8}"
_AFTER = r"[吧呢呀啊的那这个就行好了咯喽嘛键,.。、!)]{0,6}"
# “一样”, “两个” and “一点” count or liken; they name no place.
_BARE = re.compile(rf"{_BEFORE}第?(?!两|一[个样种件点]){_NUMBER}{_UNIT}?{_AFTER}")
_DENIED_BEFORE = re.compile(r"(?:不是|不要|不选|不办|别|除了)$")
_DENIED_AFTER = re.compile(r"(?:不是|不对|不要|不行|不办)")
_PLACES = (
    (re.compile(rf"头一{_UNIT}|最[前上]|[上前]面那|前头那|首先那"), 0),
    (
        re.compile(
            rf"最[后末](?:面|头)?[那的]?一?{_UNIT}|最后[的面]?吧?$|末(?:了|尾)?[那的]?一?{_UNIT}"
            r"|最下|[下后]面那|后头那"
        ),
        -1,
    ),
    (re.compile(rf"[中当][间中](?:[那的]?一?{_UNIT}|的?吧?$)"), 1),
)
_VALUES = {c: n for n, c in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}


def position_in(text: str, of: int) -> int | None:
    """Return the place (0 is first) that a text names among ``of``; None if it names none.

    A number may be beyond them: who asks for the fifth of three is told so.
    """
    text = unicodedata.normalize("NFKC", re.sub(r"\s+", "", text))
    for found in _ORDINAL.finditer(text):
        if not _is_denied(text, found):
            return _from_the_end(found, of) if found["back"] else _value(found) - 1
    if bare := _BARE.fullmatch(text):
        return _value(bare) - 1
    for pattern, place in _PLACES:
        if (named := pattern.search(text)) and not _is_denied(text, named):
            return of - 1 if place < 0 else min(place, of - 1)
    return None


def is_ordinal(text: str) -> bool:
    """Whether a text names a place outright: “第三个要带什么”."""
    return bool(_ORDINAL.search(unicodedata.normalize("NFKC", text)))


def _value(found: re.Match[str]) -> int:
    return _VALUES.get(found["number"]) or int(found["number"])


def _from_the_end(found: re.Match[str], of: int) -> int | None:
    place = of - _value(found)
    return place if place >= 0 else None


def _is_denied(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()], text[found.end() :]
    return bool(_DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after))
