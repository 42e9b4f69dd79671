"""From a sentence to the terms that the lexical index knows.

Three views of the same words: characters (single and pairs), jieba words, and toneless pinyin
pairs, which forgive homophones of typing and of speech recognition.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import jieba
from pypinyin import lazy_pinyin

View = Literal["chars", "words", "pinyin"]
VIEWS: tuple[View, ...] = ("chars", "words", "pinyin")
LONGEST_TEXT = 2000

# Words without content, and courtesies, that would otherwise count as agreement.
_EMPTY_WORDS = frozenset(
    [
        "的",
        "了",
        "呢",
        "吗",
        "啊",
        "呀",
        "吧",
        "嘛",
        "哦",
        "呃",
        "嗯",
        "那个",
        "这个",
        "请问",
        "你好",
        "您好",
        "我",
        "你",
        "您",
        "他",
        "她",
        "我们",
        "你们",
        "他们",
        "是",
        "在",
        "就",
        "都",
        "也",
        "要",
        "想",
        "能",
        "可以",
        "怎么",
        "什么",
        "哪里",
        "哪",
        "一个",
        "一下",
        "个",
        "有",
        "没有",
        "给",
        "把",
        "和",
        "跟",
        "与",
        "及",
        "等",
        "还",
        "去",
        "来",
        "到",
        "说",
        "让",
        "被",
    ]
)
_COURTESY = re.compile(
    r"^(?:(?:喂|哎|唉|呃|嗯|那个|你好|您好|请问|请教|麻烦|师傅|小姑娘|小伙子|同志|老师|我想问问?|想问下?|问一下|一下)"
    r"[啊呀哦,，。！!\s]*)+"
)
_WORD = re.compile(r"[a-z0-9]+|[一-鿿]")

jieba.setLogLevel(logging.WARNING)


def normalise(text: str) -> str:
    """Fold width and case, drop control characters, cut at LONGEST_TEXT characters."""
    folded = unicodedata.normalize("NFKC", text[: 2 * LONGEST_TEXT]).lower()
    kept = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in folded)
    return re.sub(r"\s+", " ", kept).strip()[:LONGEST_TEXT]


def content(text: str) -> str:
    """Return what a text says beyond greetings and fillers, normalised; maybe nothing."""
    return _COURTESY.sub("", normalise(text))


def terms(text: str, view: View) -> list[str]:
    """Return the terms of a normalised text in one view; may be empty."""
    if view == "words":
        return [w for w in _words(text) if w not in _EMPTY_WORDS]
    units = _WORD.findall(text)
    if view == "chars":
        pairs = [a + b for a, b in pairwise(units)]
        return [u for u in units if u not in _EMPTY_WORDS] + pairs
    sounds = [_sound(unit) for unit in units]
    return [f"{a} {b}" for a, b in pairwise(sounds)]


def _words(text: str) -> list[str]:
    return [word for word in jieba.lcut(text) if _WORD.match(word)]


@lru_cache(maxsize=20_000)
def _sound(unit: str) -> str:
    """Toneless pinyin with the pairs folded that Nanjing speakers and recognisers mix up."""
    sound = lazy_pinyin(unit)[0] if len(unit) == 1 else unit
    sound = re.sub(r"^(z|c|s)h", r"\1", sound)
    sound = re.sub(r"^l", "n", sound)
    return re.sub(r"ng$", "n", sound)
