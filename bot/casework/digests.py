"""Keyed digests: the same phone or place is found again without its being kept in clear.

The key is not that of the encrypted fields: when those are given a new one, digests stay.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

from django.conf import settings

_PREFIX = re.compile(r"^(?:\+|00)?86(?=1[3-9]\d{9}$)")
_DIGIT = {c: v for v, written in enumerate(("零〇○洞", "一幺", "二两", *"三四五六七八九"))
          for c in written}  # fmt: skip
_NUMERAL = "".join(_DIGIT) + "十百"
_COUNTED = r"栋|幢|座|号|单元|层|楼|室|户|组|队|弄|期|区|门|米"
_WRITTEN_NUMBER = re.compile(rf"第?([{_NUMERAL}]+)(?={_COUNTED})")
_ORDINAL = re.compile(r"第(?=\d)")
_BUILDING = re.compile(r"(?<=[0-9a-z])(?:号楼|幢楼|栋楼|幢|号栋)")
_NO_LETTER = re.compile(r"[\W_]+")
_WHOSE = re.compile(r"^(?:我们|咱们|俺们|我家|我|咱|俺)?(?:就)?(?:住在|家住|位于|在|住)?(?=..)")
_DISTRICT = re.compile(r"^(?:江苏省?)?(?:南京市?)?(?:江北新区|浦口区)?(?:顶山街道)?(?=..)")
_SORT = re.compile(r"(?<=..)(?:小区|社区)(?:的|里面|里头|里)?")
_VAGUE = re.compile(r"(?<=..)(?:那边|这边|那里|这里|那儿|这儿|附近|旁边)$")


def phone_digest(phone: str) -> str:
    """Return the digest of a phone number, however it is spaced; of none, the empty text."""
    digits = re.sub(r"[^\d+]", "", unicodedata.normalize("NFKC", phone))
    return _digest("phone", _PREFIX.sub("", digits))


def place_digest(place: str) -> str:
    """Return the digest of a place as ``normal_place`` writes it; of none, the empty text."""
    return _digest("place", normal_place(place))


def normal_place(place: str) -> str:
    """Write a place one way: 阳光花园小区 三幢 and 阳光花园3栋 are the same.

    Blanks, punctuation, the district and 小区 or 社区 behind a name go; numerals become digits.
    """
    text = _NO_LETTER.sub("", unicodedata.normalize("NFKC", place).lower())
    text = _DISTRICT.sub("", _WHOSE.sub("", text))
    text = _ORDINAL.sub("", _WRITTEN_NUMBER.sub(lambda match: _arabic(match[1]), text))
    text = _SORT.sub("", _BUILDING.sub("栋", text))
    return _VAGUE.sub("", text)


def _arabic(written: str) -> str:
    """Return 十二 as 12, 一百零二 as 102, and what is spelled digit by digit, 五零二, as 502."""
    if "十" not in written and "百" not in written:
        return "".join(str(_DIGIT[character]) for character in written)
    hundreds, is_hundred, rest = written.rpartition("百")
    tens, is_ten, ones = rest.rpartition("十")
    number = 100 * _ones(hundreds, 1) if is_hundred else 0
    number += 10 * _ones(tens, 1) if is_ten else 0
    return str(number + _ones(ones, 0))


def _ones(written: str, otherwise: int) -> int:
    digits = written.strip("零〇○")
    return _DIGIT.get(digits[-1:], otherwise)


def _digest(sort: str, text: str) -> str:
    if not text:
        return ""
    key = settings.DIGEST_KEY.encode()
    return hmac.new(key, f"{sort}:{text}".encode(), hashlib.sha256).hexdigest()
