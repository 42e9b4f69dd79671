"""Addresses: 3栋2单元502室 → 三栋二单元五零二室.

Rooms, long house numbers and bus lines are read digit by digit.
"""

from __future__ import annotations

import re

from voice.ear.numbers import called, cardinal
from voice.ear.rules import Rule, rule


def _house(match: re.Match[str]) -> str:
    return called(match[1]) if len(match[1]) > 2 else cardinal(match[1])


RULES: tuple[Rule, ...] = (
    rule(
        r"(?<![\d\-])(\d{1,3})-(\d{1,2})-(\d{3,4})(?![\d\-])[室房]?",
        lambda m: f"{m[1]}栋{m[2]}单元{called(m[3])}室",
    ),
    rule(
        r"(?<=[栋幢座楼])(\d{1,2})-(\d{3,4})(?![\d\-])[室房]?",
        lambda m: f"{cardinal(m[1])}单元{called(m[2])}室",
    ),
    rule(r"(?<![\d.])(\d{1,4})[#＃](?=楼|栋|幢|$|\d)", lambda m: f"{m[1]}号"),
    rule(
        r"(?<![\d.\-第])(\d{1,4})(?=(?:号?[栋幢座]|号楼|单元))",
        _house,
    ),
    rule(r"(?<=[栋幢座楼元])(?<![^单]元)(\d{3,4})(?![\d.])", lambda m: called(m[1])),
    rule(r"(?<![\d.,])(\d{3,4})(?=号?(?:室|房|窗口))", lambda m: called(m[1])),
    rule(r"(?<=[路街巷道弄村里园苑])(\d{3,4})(?=号)", lambda m: called(m[1])),
    rule(r"(?<![\d.,])(\d{3,4})(?=路)", lambda m: called(m[1])),
)
