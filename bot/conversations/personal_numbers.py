"""Finds phones, identity numbers and bank cards in what residents type and recognisers write.

Digits count in every script: 1, １, 一, 幺, 洞; “三个八” is 888; O and l among digits are 0 and 1.
A text is cut into groups of digits once; neighbouring groups are then read together, so that
“一三八 1234 5678” is one phone, and a longer number is never bitten into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bot.conversations.found import Found, Kind

_VALUE = {
    character: value
    for value, written in zip(
        "0123456789",
        (
            "0０零〇○洞",
            "1１一幺",
            "2２二两",
            "3３三",
            "4４四",
            "5５五",
            "6６六",
            "7７七拐",
            "8８八",
            "9９九勾",
        ),
        strict=True,
    )
    for character in written
}
_WRITTEN = "".join(_VALUE)
_SPOKEN = "".join(character for character in _VALUE if not character.isdecimal())
_VALUE |= {"O": "0", "o": "0", "l": "1", "I": "1"}
_TIMES = {"二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6}
_PLAIN = "0-9０-９"
# A group keeps to one script: in “李四320111…” the 四 belongs to the name.
_GROUP = re.compile(
    rf"(?:[{_PLAIN}]|(?<![A-Za-z])[OolI](?=[{_PLAIN}OolI])|(?<=[{_PLAIN}OolI])[OolI])+"
    rf"|(?:[二两三四五六]个(?=[{_WRITTEN}])|[{_SPOKEN}]|(?<=个)[{_PLAIN}])+"
)
_DIGITS = re.compile(rf"[{_PLAIN}]+")
_ANY = re.compile(rf"[{_WRITTEN}]")
_REPEATED = re.compile(rf"([二两三四五六])个([{_WRITTEN}])")
_CLOSE = re.compile(r"\s{0,2}(?:[\-－—–‐.·•)）][ 　]?|[呃嗯啊哦唉])?\s?")
_LISTED = re.compile(r"\s?[,，、]\s?(?:[呃嗯啊哦唉]{1,2}[,，、\s]?)?")
_LETTERS = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{1,4}$")
_LAST_X = re.compile(r"\s?[XxＸｘ×叉](?![0-9A-Za-z])")
_PHONE_CUE = re.compile(
    r"(?:电话|手机|座机|固话|号码|联系方式|联系|拨打|打我|打给我|找我|tel|phone)"
    r"[^0-9\0。！？\n]{0,6}$",
    re.I,
)
_CARD_CUE = re.compile(r"(?:卡号|银行卡|账号|帐号|账户|存折|储蓄卡)[^0-9\0。！？\n]{0,6}$")
_ID_CUE = re.compile(r"(?:身份证|证件号|证号|身份号)[^0-9\0。！？\n]{0,6}$")
_CUE_LETTERS = 14

_MOBILE = re.compile(r"1[3-9]\d{9}")
_PREFIXED = re.compile(r"(?:86|0086|0)(1[3-9]\d{9})")
_LANDLINE = re.compile(r"(?:010|02\d)\d{8}|0[3-9]\d{2}\d{7,8}")
_LOCAL = re.compile(r"(?!20\d\d[01]\d[0-3]\d$)[2-8]\d{6,7}")
_MISHEARD = re.compile(r"1[3-9]\d{8}|1[3-9]\d{10}")
_BORN = r"(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_ID = re.compile(rf"\d{{6}}{_BORN}\d{{3}}[\dX]")
_LIKELY_ID = re.compile(rf"{_PROVINCE}\d{{4}}{_BORN}\d{{3}}[\dX]")
_OLD_ID = re.compile(rf"{_PROVINCE}\d{{4}}\d{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{{3}}")
# A quick look before a close one.
_POSSIBLE = re.compile(
    rf"{_MOBILE.pattern}|{_PREFIXED.pattern}|{_LANDLINE.pattern}|{_LOCAL.pattern}"
    rf"|{_MISHEARD.pattern}|{_OLD_ID.pattern}|\d{{16,19}}"
)

# How people break a mobile number when they write it with commas between.
_MOBILE_CUTS = {
    (3, 4, 4), (4, 3, 4), (4, 4, 3), (3, 8), (7, 4), (3, 2, 2, 2, 2), (3, 4, 2, 2), (3, 3, 5),
    (5, 6), (6, 5),
}  # fmt: skip
_LONGEST_DIGITS = 20
_MOST_GROUPS = 20
_MOST_CLOSE_GROUPS = 5
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"


class _Group(NamedTuple):
    """Digits without anything between; ``joins`` says how the next group follows, if it does."""

    start: int
    end: int
    digits: str
    joins: str = ""
    is_alone: bool = False


def find_numbers(text: str, *, is_phone_expected: bool = False) -> list[Found]:
    """Find phones, identity numbers and bank cards, leftmost first, none overlapping."""
    if len(_ANY.findall(text)) < 5:
        return []
    groups = list(_groups(text))
    found, at = [], 0
    while at < len(groups):
        best = _longest_at(text, groups, at, is_phone_expected)
        if best is None:
            at += 1
            continue
        each, used = best
        found.append(each)
        at += used
    return found


def is_identity_number(text: str) -> bool:
    """Whether 18 characters are a valid identity number (weighted sum modulo 11, GB 11643-1999)."""
    if not re.fullmatch(r"[0-9]{17}[0-9Xx]", text):
        return False
    total = sum(int(d) * w for d, w in zip(text[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11] == text[17].upper()


def _groups(text: str) -> Iterator[_Group]:
    raw = list(_raw_groups(text))
    for number, group in enumerate(raw):
        follower = raw[number + 1] if number + 1 < len(raw) else None
        joins = ""
        if follower and not group.is_alone and not follower.is_alone:
            between = text[group.end : follower.start]
            joins = "touching" if not between else _joins(between)
        yield _Group(group.start, group.end, group.digits, joins, group.is_alone)


def _joins(between: str) -> str:
    if _CLOSE.fullmatch(between):
        return "close"
    return "listed" if _LISTED.fullmatch(between) else ""


def _raw_groups(text: str) -> Iterator[_Group]:
    for match in _GROUP.finditer(text):
        if not any(letter in match[0] for letter in "OolI个"):
            yield _group(text, *match.span())
        elif _letters_stand_for_digits(text, match):
            spelled = _REPEATED.sub(lambda m: m[2] * _TIMES[m[1]], match[0])
            yield _Group(*match.span(), "".join(_VALUE[c] for c in spelled if c != "个"))
        else:
            for plain in _DIGITS.finditer(text, *match.span()):
                yield _group(text, *plain.span())


def _group(text: str, start: int, end: int) -> _Group:
    touches = _is_letter(text[start - 1 : start]) or _is_letter(text[end : end + 1])
    digits = "".join(_VALUE[character] for character in text[start:end])
    is_x = len(digits) >= 1 and _LAST_X.match(text, end) is not None
    return _Group(start, end, digits, is_alone=touches and not is_x)


def _letters_stand_for_digits(text: str, match: re.Match[str]) -> bool:
    start, end = match.span()
    if _is_letter(text[start - 1 : start]) or _is_letter(text[end : end + 1]):
        return False
    letters = sum(character in "OolI" for character in match[0])
    return letters * 2 <= end - start or (letters * 3 <= 2 * (end - start) and end - start > 8)


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _longest_at(
    text: str, groups: list[_Group], at: int, is_phone_expected: bool
) -> tuple[Found, int] | None:
    """Read as many groups from ``at`` on as make one number."""
    best: tuple[Found, int] | None = None
    digits, cuts, is_listed, joins = "", [0], False, "touching"
    for used in range(1, min(_MOST_GROUPS, len(groups) - at) + 1):
        group = groups[at + used - 1]
        digits += group.digits
        cuts += [0] if joins != "touching" else []
        cuts[-1] += len(group.digits)
        if len(digits) > _LONGEST_DIGITS:
            break
        if _POSSIBLE.fullmatch(digits):
            said = _Said(text, groups[at], group, digits, tuple(cuts), is_listed, is_phone_expected)
            best = (each, used) if (each := said.read()) else best
        if not group.joins:
            break
        joins = group.joins
        is_listed = is_listed or joins == "listed"
    return best


@dataclass(frozen=True)
class _Said:
    """Groups that were said one after the other."""

    text: str
    first: _Group
    last: _Group
    digits: str
    cuts: tuple[int, ...]
    is_listed: bool
    is_phone_expected: bool

    def read(self) -> Found | None:
        """Say which number it is, if any."""
        if self.first.is_alone and not self._is_after_letters():
            return None
        return self._identity() or self._card() or self._phone()

    def _is_after_letters(self) -> bool:
        """“tel138…” and “ID3201…” count; digits inside a code such as a turn's id do not."""
        before = self.text[max(0, self.first.start - 5) : self.first.start]
        after = self.text[self.last.end : self.last.end + 1]
        return bool(_LETTERS.search(before)) and not _is_letter(after)

    def _identity(self) -> Found | None:
        digits, end = self.digits, self.last.end
        if len(digits) == 17 and (check := _LAST_X.match(self.text, end)):
            digits, end = digits + "X", check.end()
        whole = len(self.cuts) == 1
        if len(digits) == 18:
            likely = _LIKELY_ID.fullmatch(digits) is not None
            likely = likely or (whole and _ID.fullmatch(digits) is not None)
            if is_identity_number(digits) and likely:
                return self._found("id", digits, end)
            if _passes_luhn(digits) and self._is_cut_like_a_card():
                return None
            if likely and self._is_evenly_cut((6, 8, 4)):
                return self._found("id", digits, end)
        if len(digits) == 15 and self._is_evenly_cut((6, 6, 3)) and _OLD_ID.fullmatch(digits):
            return self._found("id", digits, end)
        if 16 <= len(digits) <= 19 and whole and self._follows(_ID_CUE):
            return self._found("id", digits, end)
        return None

    def _card(self) -> Found | None:
        if not 16 <= len(self.digits) <= 19:
            return None
        follows = self._follows(_CARD_CUE)
        if follows or (_passes_luhn(self.digits) and self._is_cut_like_a_card()):
            return self._found("card", self.digits)
        return None

    def _phone(self) -> Found | None:
        digits = self.digits
        if prefixed := _PREFIXED.fullmatch(digits):
            return self._found("phone", prefixed[1]) if self._is_prefix_apart() else None
        if _MOBILE.fullmatch(digits) and self._is_cut_like_a_mobile():
            return self._found("phone", digits)
        if (_LANDLINE.fullmatch(digits) and len(self.cuts) <= 4) or self._is_spelled_landline():
            return self._found("phone", digits)
        wanted = _LOCAL if len(digits) <= 8 else _MISHEARD
        if len(self.cuts) <= 2 and wanted.fullmatch(digits) and self._is_phone_announced():
            return self._found("phone", digits)
        return None

    def _is_spelled_landline(self) -> bool:
        return set(self.cuts) == {1} and _LANDLINE.fullmatch(self.digits) is not None

    def _is_prefix_apart(self) -> bool:
        """“+86 138 1234 5678”: the rest is cut like a mobile number, listed or not."""
        return not self.is_listed or self._is_phone_announced()

    def _is_cut_like_a_mobile(self) -> bool:
        if len(self.cuts) == 1 or set(self.cuts) == {1} or self.cuts in _MOBILE_CUTS:
            return True
        if not self.is_listed and len(self.cuts) <= _MOST_CLOSE_GROUPS and min(self.cuts) > 1:
            return True
        return self._is_phone_announced()

    def _is_cut_like_a_card(self) -> bool:
        *whole, last = self.cuts
        return not self.is_listed and (
            len(self.cuts) == 1 or set(self.cuts) == {1} or (set(whole) == {4} and last <= 4)
        )

    def _is_evenly_cut(self, cuts: tuple[int, ...]) -> bool:
        return len(self.cuts) == 1 or set(self.cuts) == {1} or self.cuts == cuts

    def _is_phone_announced(self) -> bool:
        return self.is_phone_expected or self._follows(_PHONE_CUE)

    def _follows(self, cue: re.Pattern[str]) -> bool:
        start = self.first.start
        return cue.search(self.text[max(0, start - _CUE_LETTERS) : start]) is not None

    def _found(self, kind: Kind, digits: str, end: int | None = None) -> Found:
        start, text = self.first.start, self.text
        opened = text[start - 1 : start] in ("(", "（", "+", "＋")
        return Found(kind, start - opened if start else start, end or self.last.end, digits)


def _passes_luhn(text: str) -> bool:
    digits = [int(character) for character in text if character != "X"]
    doubled = [d * 2 - 9 if d > 4 else d * 2 for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
