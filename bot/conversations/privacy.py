"""Masks what identifies a person before it is stored, logged, or seen by the dialogue engine.

Phones, identity-card numbers (GB 11643-1999 check digit), bank cards (Luhn) and street addresses
down to the door. What only looks like one (a ticket number, an amount, a date with its hour) is
left alone, but full-width digits come back as plain ones.
"""

from __future__ import annotations

import logging
import re

_SPACED = r"[\s\-－—.]?"
_ID = re.compile(
    r"(?<!\d)\d{6}(?:18|19|20)\d{2}(?:0\d|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?![\dXx])"
)
_OLD_ID = re.compile(r"(?<!\d)\d{6}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)")
_MOBILE = re.compile(rf"(?<!\d)(?:\+?86{_SPACED})?1[3-9]\d{_SPACED}\d{{4}}{_SPACED}\d{{4}}(?!\d)")
_LANDLINE = re.compile(r"(?:[(（]0\d{2,3}[)）]|(?<!\d)0\d{2,3})[\s\-－—]?\d{7,8}(?!\d)")
_CARD = re.compile(r"(?<!\d)\d{4}(?:[\s\-]?\d{4}){2,3}(?:[\s\-]?\d{1,3})?(?!\d)")
_SPOKEN_MOBILE = re.compile(
    r"(?<!\d)[一幺1][\s,，]?[三四五六七八九3-9](?:[\s,，]?[零〇一幺二两三四五六七八九\d]){9}"
    r"(?![零〇一幺二两三四五六七八九\d])"
)
_DOOR = re.compile(
    r"[一-鿿a-zA-Z0-9]{2,12}?(?:小区|花园|苑|新村|家园|公寓|路|街|巷|村|里|帝景|府|园)?"
    r"\d{1,4}\s*(?:号楼|栋|幢|号)\s*(?:\d{1,3}\s*(?:号楼|栋|幢)\s*)?(?:\d{1,2}\s*单元)?"
    r"\s*\d{2,4}(?!\s*(?:点|时|[:：]\d\d))\s*(?:室|号|房|户)?"
)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９＋Ｘｘ", "0123456789+Xx")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"


def mask(text: str) -> str:
    """Return the text with ``<id>``, ``<card>``, ``<phone>``, ``<address>`` for personal data.

    Masking a masked text changes nothing.
    """
    text = text.translate(_FULL_WIDTH)
    while (masked := _mask_once(text)) != text:
        text = masked
    return text


def _mask_once(text: str) -> str:
    text = _ID.sub(lambda m: "<id>" if is_identity_number(m[0]) else "<number>", text)
    text = _MOBILE.sub("<phone>", text)
    text = _SPOKEN_MOBILE.sub("<phone>", text)
    text = _LANDLINE.sub("<phone>", text)
    text = _CARD.sub(lambda m: "<card>" if _passes_luhn(m[0]) else m[0], text)
    text = _OLD_ID.sub("<id>", text)
    return _DOOR.sub("<address>", text)


def is_identity_number(text: str) -> bool:
    """Whether 18 characters are a valid identity number (weighted sum modulo 11, GB 11643-1999)."""
    if not re.fullmatch(r"\d{17}[\dXx]", text):
        return False
    total = sum(int(d) * w for d, w in zip(text[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11] == text[17].upper()


def _passes_luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if not 12 <= len(digits) <= 19:
        return False
    doubled = [d * 2 - 9 if d > 4 else d * 2 for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


class MaskingFilter(logging.Filter):
    """Masks every log line, whatever wrote it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the message by its masked form; always let it through."""
        record.msg, record.args = mask(record.getMessage()), None
        return True
