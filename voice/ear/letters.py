"""Latin letters by characters that sound like them, so that one voice says the whole sentence.

An engine that meets ``APP`` inside Chinese changes to its English voice. What people have a Chinese
word for is said by that word.
"""

from __future__ import annotations

import re

from voice.ear.rules import Rule, rule

_LETTERS = {
    "A": "诶",
    "B": "必",
    "C": "西",
    "D": "弟",
    "E": "伊",
    "F": "艾弗",
    "G": "吉",
    "H": "艾尺",
    "I": "艾",
    "J": "杰",
    "K": "开",
    "L": "艾勒",
    "M": "艾姆",
    "N": "恩",
    "O": "欧",
    "P": "批",
    "Q": "丘",
    "R": "阿尔",
    "S": "艾丝",
    "T": "提",
    "U": "优",
    "V": "维",
    "W": "达不溜",
    "X": "艾克斯",
    "Y": "歪",
    "Z": "贼",
}
_WORDS = {
    "APP": "手机软件",
    "WIFI": "无线网",
    "EMS": "邮政快递",
    "LED": "发光",
    "ATM": "取款机",
    "POS": "刷卡",
    "VIP": "贵宾",
    "QQ": "扣扣",
    "RMB": "人民币",
    "CNY": "人民币",
    "OK": "好",
    "PDF": "文档",
    "AED": "除颤仪",
    "EMAIL": "电子邮箱",
    "TEL": "电话",
    "ID": "号码",
    "AI": "人工智能",
    "PM": "下午",
    "AM": "上午",
    "NO": "第",
    "VS": "对",
}


def _said(match: re.Match[str]) -> str:
    word = match[0].upper().replace("-", "")
    return _WORDS.get(word) or "".join(_LETTERS[letter] for letter in word)


RULES: tuple[Rule, ...] = (
    rule(r"邮政EMS", "邮政快递"),
    rule(r"[Ww][Ii]-?[Ff][Ii]|[A-Za-z]+", _said),
)
