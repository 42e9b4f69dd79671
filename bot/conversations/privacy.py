"""Masks what identifies a person before it is stored, logged, or seen by the dialogue engine.

Phones, identity numbers, bank cards, home addresses, names said as such, e-mail and WeChat
addresses, plates. What only looks like one (a ticket number, an amount, a date, “3栋楼顶漏水”) is
left alone, to the letter. ``find`` says what stands where; ``mask`` is built on it.

Time grows with the length of the text: every pattern has a bound, none is nested.
"""

from __future__ import annotations

import logging
import re

from bot.conversations.found import COVER, KINDS, Found, Kind, covered
from bot.conversations.personal_addresses import find_addresses
from bot.conversations.personal_names import find_names
from bot.conversations.personal_numbers import find_numbers, is_identity_number

__all__ = ["Found", "Kind", "MaskingFilter", "find", "is_identity_number", "mask"]

_PLACEHOLDER = re.compile(f"<(?:{'|'.join(KINDS)})>")
_EMAIL = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}"
)
_ACCOUNT = re.compile(
    r"(?:微信号?码?|weixin|wechat|[Vv]信|加[Vv]|QQ号?码?|qq号?码?)(?:就?是|为|叫|：|:|\s){0,3}"
    r"(?P<value>[A-Za-z][A-Za-z0-9_\-]{5,19}|(?<=[Qq号码是：:\s])[1-9][0-9]{4,10}(?![0-9A-Za-z]))"
)
_DOCUMENT = re.compile(
    r"(?:护照|通行证|回乡证|台胞证)[^0-9A-Za-z\0]{0,4}(?P<value>[A-Za-z]{1,2}[0-9]{7,8})(?![0-9A-Za-z])"
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Za-hj-np-z]"
    r"[·.\s]?(?=[A-Za-z]{0,3}[0-9])(?P<rest>[A-HJ-NP-Za-hj-np-z0-9]{5,6})(?![A-Za-z0-9])"
)
_PLATE_DIGITS = 3
_BLANK = re.compile(r"\s+")
_PLAIN, _NUMERAL = "0-9A-Za-z", "0-9A-Za-z零〇一二三四五六七八九十百两幺"
_BESIDE = re.compile(f"[{_NUMERAL}]")
_MOST_ROUNDS = 4
_IDLE_BLANK = re.compile(
    rf"(?:(?<=[{_NUMERAL}])\s|\s(?=[{_NUMERAL}])|(?<![一-鿿]{{3}})\s(?![一-鿿]{{3}}))"
    rf"(?:(?<![{_PLAIN}]\s)|(?![{_PLAIN}]))"
)


def mask(text: str, expected: Kind | None = None) -> str:
    """Return the text with ``<phone>``, ``<name>`` and so on for personal data.

    Masking a masked text changes nothing. ``expected`` as for ``find``.
    """
    found = find(text, expected)
    if not found:
        return text
    ends = [0, *(each.end for each in found)]
    parts = [
        f"{text[end : each.start]}<{each.kind}>" for end, each in zip(ends, found, strict=False)
    ]
    return "".join([*parts, text[ends[-1] :]])


def find(text: str, expected: Kind | None = None) -> list[Found]:
    """Find personal data, leftmost first, none overlapping.

    ``expected`` is the kind that was just asked for: then “王小明” by itself is a name,
    “58880123” a phone and “3栋” an address.
    """
    hidden = _PLACEHOLDER.sub(lambda m: COVER * len(m[0]), text)
    found: list[Found] = []
    for _ in range(_MOST_ROUNDS):
        more = _find_once(hidden, expected)
        hidden = covered(hidden, more)
        found += more
        if not any(_touches(hidden, each) for each in more):
            break
    return sorted(found, key=lambda each: each.start)


def _touches(text: str, found: Found) -> bool:
    """Whether a letter or digit stood right beside: without its neighbour it may be a find."""
    sides = text[found.start - 1 : found.start], text[found.end : found.end + 1]
    return any(_BESIDE.fullmatch(side) for side in sides)


def _find_once(hidden: str, expected: Kind | None) -> list[Found]:
    found: list[Found] = []
    for search in (_find_written, _find_plates):
        found += search(hidden)
        hidden = covered(hidden, found)
    found += find_numbers(hidden, is_phone_expected=expected == "phone")
    hidden = covered(hidden, found)
    compact, places = _compact(hidden)
    addresses = find_addresses(compact, is_expected=expected == "address")
    names = find_names(covered(compact, addresses), is_expected=expected == "name")
    return found + [_placed(each, places) for each in (*addresses, *names)]


def _find_written(text: str) -> list[Found]:
    """E-mail addresses; WeChat and QQ accounts and passports where they are called so."""
    found = []
    if "@" in text:
        found = [Found("email", *m.span(), m[0]) for m in _EMAIL.finditer(text)]
        text = covered(text, found)
    accounts = [*_ACCOUNT.finditer(text), *_DOCUMENT.finditer(text)]
    return found + [Found("id", *m.span("value"), m["value"]) for m in accounts]


def _find_plates(text: str) -> list[Found]:
    return [
        Found("plate", *match.span(), _BLANK.sub("", match[0]).upper())
        for match in _PLATE.finditer(text)
        if sum(character.isdigit() for character in match["rest"]) >= _PLATE_DIGITS
    ]


def _compact(text: str) -> tuple[str, list[int]]:
    """Drop the blanks that recognisers and typists put between words; say where the rest stood.

    One between short Chinese words goes, as recognisers write, and one beside a numeral; one
    between two plain digits or letters stays, it keeps two numbers apart.
    """
    dropped = {match.start() for match in _IDLE_BLANK.finditer(text)}
    if not dropped:
        return text, list(range(len(text) + 1))
    places = [at for at in range(len(text)) if at not in dropped]
    return "".join([text[at] for at in places]), [*places, len(text)]


def _placed(found: Found, places: list[int]) -> Found:
    return Found(found.kind, places[found.start], places[found.end - 1] + 1, found.value)


class MaskingFilter(logging.Filter):
    """Masks every log line, whatever wrote it, and the traceback that comes with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace message and traceback by their masked forms; always let them through."""
        record.msg, record.args = mask(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        return True


_FORMATTER = logging.Formatter()
