"""What a message gives away that the dialogue engine must not see, and what is left for it.

Names, phones and addresses are taken out before anything is stored or sent on; a form that is open
gets them from the draft. Words only; nothing is kept here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.conversations.found import Found, Kind, covered
from bot.conversations.privacy import find, mask
from nlu.settling import talks_to_person

# What a form that asks for this slot expects.
_EXPECTED: Mapping[str, Kind] = {
    "name": "name",
    "phone": "phone",
    "address": "address",
    "location": "address",
}
_OF_PERSONS: tuple[Kind, ...] = ("name", "address")
KEPT = ("name", "phone", "address", "id")
LONGEST_PLACE = 40
_CLAUSE = re.compile(r"[^，,。；;、！!？?\s]+")
# “叫张三” in a clause of its own says a name as plainly as “我叫张三”.
_CALLED = re.compile(r"(?:名字|姓名)?就?叫做?(?P<name>[一-鿿]{2,4})")
# Slots of a form in which a name may be said before it is asked for, beside a number.
_BEFORE_ASKED = ("item", "reason", "mode", "phone", "address", "time")
# What is no place although a place was asked for: a question, a wish, a courtesy.
_NO_PLACE = re.compile(
    r"[吗么呢？?]|怎么|什么|啥|哪|材料|证件|手续|准备|(?<!一)带|多少|多久|几[点天号个]|算了|不[办要用想说给告知方对是]|人工|真人|取消|等[等一下]|再说|先说|随便"
    r"|谢谢|上一|重来|[改换]成|^(对|是的?|好的?|嗯+|行|可以|没有|喂|你好|您好)[的了啊呀吧，,。]*$|代办|帮办|陪办|导办|听不"
)
_THEN_WHEN = re.compile(
    r"[，,。；;、\s]+(?:那|就|我)*(?:[今明后]天|大后天|这?下?个?(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|早上|[上下中]午|晚上|\d+点|[一二两三四五六七八九十]+点|哪天|随时|尽快|都行)"
)
_LEADS = re.compile(
    r"^(?:我|他|她|咱|老人)?(?:家|们)?(?:就)?(?:住址|地址|家|位置|地点)?(?:就)?(?:住|是|在)*[:：]?"
)


@dataclass(frozen=True)
class Heard:
    """A message without what is personal, and that by kind: ``name``, ``phone``, ``address``."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)


def hear(text: str, asked: str = "") -> Heard:
    """Take what is personal out of a message; ``asked`` is the slot that an open form asks for."""
    expected = _EXPECTED.get(asked)
    found = find(text, expected)
    has_number = any(each.kind == "phone" for each in found)
    if asked == "name" or (asked in _BEFORE_ASKED and has_number):
        found = sorted([*found, *_by_clause(text, found)], key=lambda each: each.start)
    elif all(each.kind != "name" for each in found):
        found = sorted([*found, *_called(text, found)], key=lambda each: each.start)
    is_said_so = asked == "location" or not found
    if expected == "address" and is_said_so:
        said, then = _before_time(text.strip())
        if _is_place(said):
            return Heard(f"<address>{mask(then)}", {"address": _LEADS.sub("", said) or said})
    values = {str(each.kind): each.value for each in found if each.kind in KEPT}
    return Heard(_masked(text, found), values)


def _before_time(text: str) -> tuple[str, str]:
    """“临江社区，明天上午”: what stands before the clause that tells when, and that clause on."""
    found = _THEN_WHEN.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _is_place(text: str) -> bool:
    is_none = _NO_PLACE.search(text) or talks_to_person(text)
    return 2 <= len(text.strip()) <= LONGEST_PLACE and not is_none


def _by_clause(text: str, found: list[Found]) -> list[Found]:
    """Read “王小明，138…，3栋201”: whoever was asked for a name may say the rest with it."""
    rest, more = covered(text, found), []
    kinds: set[Kind] = {each.kind for each in found}
    for clause in _CLAUSE.finditer(rest):
        for kind in _OF_PERSONS:
            if kind in kinds:
                continue
            here = [each for each in find(clause[0], kind) if each.kind == kind]
            more += [
                Found(e.kind, clause.start() + e.start, clause.start() + e.end, e.value)
                for e in here[:1]
            ]
            if here:
                kinds.add(kind)
                break
    return more


def _called(text: str, found: list[Found]) -> list[Found]:
    """The name in “代办尊老金，叫张三”."""
    for clause in _CLAUSE.finditer(covered(text, found)):
        said = _CALLED.fullmatch(clause[0])
        named = find(said["name"], "name") if said else []
        if said and named and named[0].value == said["name"]:
            start = clause.start() + said.start("name")
            return [Found("name", start, clause.end(), said["name"])]
    return []


def _masked(text: str, found: list[Found]) -> str:
    """The text with placeholders; what masking finds by itself goes too."""
    ends = [0, *(each.end for each in found)]
    parts = [f"{text[e : f.start]}<{f.kind}>" for e, f in zip(ends, found, strict=False)]
    return mask("".join([*parts, text[ends[-1] :]]))
