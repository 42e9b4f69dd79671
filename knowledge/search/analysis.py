"""From a sentence to the terms that the lexical index knows.

Three views of the same words: characters (single and pairs), jieba words, and toneless pinyin
pairs, which forgive homophones of typing and of speech recognition and read typed pinyin.
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
    r"^(?:(?:喂|[哎唉](?:[哟呦呀]喂?)?|呃|嗯|那个|你好|您好|请问|请教|麻烦|师傅|小姑娘|小伙子|同志|老师|我想问问?|想问下?|问一下|一下)"
    r"[啊呀哦,，。！!\s]*"
    # What only leaves the matter before: “先不说这个，…”, “换一个问，…”.
    r"|(?:先不|不|别)(?:说|管|问)(?:这|那)个(?:了|吧)?[,，。！!\s]+"
    r"|(?:换[一个]+问题?|(?:另外|再|顺便)问[你一下]*|对了)[,，。！!\s]+"
    r"|[啊哦噢]?我?(?:说|讲|搞)(?:岔|错)了[,，。！!\s]+"
    # What only says how one feels: “急死我了，…”.
    r"|(?:(?:急|愁|气|烦|笑|累|吓)死(?:我们?|个?人)?(?:了|啦|喽)|要了?我的?老?命(?:了|啦)"
    r"|我的(?:妈呀|妈|天[哪呐啊]?|老天爷?))[啊呀哦]*[,，。！!\s]+)+"
)
# One way to ask how: whoever says “如何办理” or “咋个办理” means no other matter than by “怎么办”.
_HOW = re.compile(r"(?:怎么样?|怎样|如何|咋[个样]?)(?:去|来)?(?:申请)?办(?:理(?!赔))?")
# Marks typed initials among the sounds.
_INITIALS = "~"
LONGEST_INITIALS = 6
LONGEST_SYLLABLE = 6
_WORD = re.compile(r"[a-z0-9]+|[一-鿿]")

jieba.setLogLevel(logging.WARNING)


def normalise(text: str) -> str:
    """Fold width and case, drop control characters, cut at LONGEST_TEXT characters."""
    folded = unicodedata.normalize("NFKC", text[: 2 * LONGEST_TEXT]).lower()
    kept = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in folded)
    return re.sub(r"\s+", " ", kept).strip()[:LONGEST_TEXT]


def squeezed(text: str) -> str:
    """Return the letters and figures of a text alone: what punctuation cannot change."""
    return "".join(c for c in normalise(text) if c.isalnum())


def content(text: str) -> str:
    """Return what a text says beyond greetings and fillers, normalised; maybe nothing.

    The ways to ask how a thing is done become one, “怎么办”.
    """
    return _HOW.sub("怎么办", _COURTESY.sub("", normalise(text)))


def terms(text: str, view: View) -> list[str]:
    """Return the terms of a normalised text in one view; may be empty."""
    if view == "words":
        return [w for w in _words(text) if w not in _EMPTY_WORDS]
    units = _WORD.findall(text)
    if view == "chars":
        pairs = [a + b for a, b in pairwise(units)]
        return [u for u in units if u not in _EMPTY_WORDS] + pairs
    typed = [_INITIALS + unit for unit in units if _is_typed_initials(unit)]
    return [f"{a} {b}" for a, b in pairwise(sounds(text))] + typed


def sounds(text: str) -> list[str]:
    """Return the toneless sounds of a normalised text, folded as Nanjing speakers fold them."""
    return [sound for unit in _WORD.findall(text) for sound in _sounds(unit)]


def spoken_units(text: str) -> list[tuple[str, str]]:
    """Return (character, sound) of a normalised text; typed pinyin is sounds without characters."""
    return [
        (unit if len(unit) == 1 else "", sound)
        for unit in _WORD.findall(text)
        for sound in _sounds(unit)
    ]


def initials(text: str) -> list[str]:
    """Return the initials by which the words of a normalised text are typed: 居住证 as jzz.

    They belong to what is searched, not to a question written in characters.
    """
    words = [(w, _initials_of(w)) for w in _words(text) if re.fullmatch(r"[一-鿿]+", w)]
    joined = [(a + b, first + second) for (a, first), (b, second) in pairwise(words)]
    found = dict([*words, *joined])
    return [_INITIALS + typed for w, typed in found.items() if 1 < len(w) <= LONGEST_INITIALS]


@lru_cache(maxsize=50_000)
def _initials_of(word: str) -> str:
    return "".join(sound[0] for sound in lazy_pinyin(word))


def _is_typed_initials(unit: str) -> bool:
    return 1 < len(unit) <= LONGEST_INITIALS and unit.isascii() and unit.isalpha()


def _sounds(unit: str) -> list[str]:
    """The sound of a character, or the syllables of typed pinyin: zhuyuan as zhu yuan."""
    if len(unit) == 1:
        return [_sound(unit)]
    return [_folded(syllable) for syllable in _syllables(unit)] or [unit]


@lru_cache(maxsize=20_000)
def _syllables(typed: str) -> tuple[str, ...]:
    """Cut typed pinyin into syllables, long ones first; empty if it is no pinyin."""
    for length in range(min(len(typed), LONGEST_SYLLABLE), 0, -1):
        if typed[:length] in _known_syllables():
            if length == len(typed):
                return (typed,)
            rest = _syllables(typed[length:])
            if rest:
                return (typed[:length], *rest)
    return ()


@lru_cache(maxsize=1)
def _known_syllables() -> frozenset[str]:
    sounds = {lazy_pinyin(chr(code))[0] for code in range(0x4E00, 0x9FA6)}
    return frozenset(s for s in sounds if s.isascii() and len(s) > 1) | {"a", "e"}


@lru_cache(maxsize=16)
def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in jieba.lcut(text) if _WORD.match(word))


@lru_cache(maxsize=20_000)
def _sound(unit: str) -> str:
    """Toneless pinyin with the pairs folded that Nanjing speakers and recognisers mix up."""
    return _folded(lazy_pinyin(unit)[0])


def _folded(sound: str) -> str:
    sound = re.sub(r"^(z|c|s)h", r"\1", sound)
    sound = re.sub(r"^l", "n", sound)
    return re.sub(r"ng$", "n", sound)
