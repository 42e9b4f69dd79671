"""What a resident has let fall about the person it is for: age, and who that is.

Reads words only; nothing here is kept. Who remembers what was told is the dialogue.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

OLDEST = 120
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HUNDRED = r"一百(?:零[一二三四五六七八九])?"
_NUMBER = (
    rf"\d{{1,3}}|{_HUNDRED}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]"
)
_TENS = rf"{_HUNDRED}|[一二三四五六七八九]十[一二三四五六七八九]?|\d{{2,3}}"
_AGE = re.compile(
    rf"(?P<years>{_NUMBER})\s*(?:多|来)?\s*(?:周岁|岁|虚岁)(?!以|的时候|那年)"
    rf"|(?:今年|虚岁|都|已经|快|刚|刚满|满|我|妈|爸|他|她|老伴|奶奶|爷爷)\s*(?P<bare>{_TENS})(?=了|啦|咯|喽|[，。,！!？?\s]|$)"
    rf"|(?<!\d)(?P<alone>{_TENS})(?:了|啦|咯|喽)(?=[，。,！!？?\s]|$)"
)
# Not yet that old: “差两个月满60”, “还没到60”, “下个月满60”.
_SHORT_OF = re.compile(
    r"(?:差|还没|没到|不到|不满|没满|快|还有.{1,2}(?:个月|天|年)|下个?月|明年)[^，。,]{0,6}?"
    rf"(?P<years>{_NUMBER})(?:周岁|岁(?!{_NUMBER})|$|了|，|,)"
)
_LIMIT = re.compile(
    rf"(?P<low>{_NUMBER})\s*(?:周岁|岁)?\s*(?:到|至|—|–|-|~|～)\s*(?P<high>{_NUMBER})\s*(?:周岁|岁|$)"
    rf"|(?:不满|没满|未满|还没到)\s*(?P<under>{_NUMBER})\s*(?:周岁|岁|$)"
    rf"|(?P<until>{_NUMBER})\s*(?:周岁|岁)(?:以前|以下|以内|之前)"
    rf"|(?:年满|满)?\s*(?P<over>{_NUMBER})\s*(?:周岁|岁)"
    rf"|(?<!\d)(?P<from>{_TENS})以上|过了\s*(?P<past>{_NUMBER})(?:周岁|岁|$)"
)
PERSONS = {
    "mother": ("我妈", "母亲", "老妈", "妈妈", "老娘", "我娘", "丈母娘", "婆婆", "岳母"),
    "father": ("我爸", "父亲", "老爸", "爸爸", "老爹", "老头子", "公公", "岳父", "老丈人"),
    "partner": ("老伴", "老婆", "老公", "爱人", "丈夫", "妻子", "媳妇"),
    "grandparent": ("奶奶", "爷爷", "外婆", "外公", "姥姥", "姥爷"),
    "child": ("孩子", "小孩", "儿子", "女儿", "宝宝", "孙子", "孙女", "外孙", "娃"),
    "other": ("邻居", "朋友", "亲戚", "别人", "弟弟", "妹妹", "哥哥", "姐姐", "嫂子"),
}
_SELF = re.compile(
    r"(?:我|本人|自己)(?!妈|爸|爹|娘|老|爱|奶|爷|家|儿|女|孩|孙|外|岳|公|婆|邻|朋|弟|妹|哥|姐|们|想|要|问|能|符)"
)


@dataclass(frozen=True)
class AgeRange:
    """Ages in whole years, both ends included; ``high`` None is open."""

    low: int = 0
    high: int | None = None

    def holds(self, age: int) -> bool:
        """Whether somebody of this age is within."""
        return self.low <= age and (self.high is None or age <= self.high)


def number(text: str) -> int:
    """Read 0 to 999 in digits, or up to 109 in characters."""
    if text.isdigit():
        return int(text)
    if text.startswith("一百"):
        return 100 + (_DIGITS[text[-1]] if len(text) > 2 else 0)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)
    return _DIGITS[text]


def age_in(text: str) -> int | None:
    """Return the age in years that a text tells; None if it tells none. The last one counts."""
    found = None
    for match in _AGE.finditer(text):
        found = number(match["years"] or match["bare"] or match["alone"])
    if short := _SHORT_OF.search(text):
        found = max(0, number(short["years"]) - 1)
    return found if found is None or found <= OLDEST else None


def age_told(told: Sequence[str]) -> int | None:
    """Return the age told last, unless somebody else has been named since."""
    for text in reversed(told):
        if (age := age_in(text)) is not None:
            return age
        if person_in(text) not in (None, "self"):
            return None
    return None


def age_limit(text: str) -> AgeRange | None:
    """Return the ages that a condition or an option's label names.

    None if it names none, or several: “男满22周岁、女满20周岁” says nothing without more.
    """
    limits = {_range(found) for found in _LIMIT.finditer(text)}
    return limits.pop() if len(limits) == 1 else None


def _range(found: re.Match[str]) -> AgeRange:
    if found["low"]:
        return AgeRange(number(found["low"]), number(found["high"]))
    if found["under"]:
        return AgeRange(0, number(found["under"]) - 1)
    if found["until"]:
        return AgeRange(0, number(found["until"]))
    return AgeRange(number(found["over"] or found["from"] or found["past"]))


def person_in(text: str) -> str | None:
    """Return whom a text is about: a key of PERSONS, ``self``, or None; what is denied is not."""
    named = [
        (at, who)
        for who, words in PERSONS.items()
        for word in words
        if (at := text.rfind(word)) >= 0 and not text[:at].endswith(("不是", "别是"))
    ]
    if named:
        return max(named)[1]
    return "self" if _SELF.search(text) else None


def tells_of_person(text: str) -> bool:
    """Whether a text is worth remembering for what it tells of the person."""
    return age_in(text) is not None or person_in(text) is not None
