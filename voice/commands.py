"""What a caller may ask of the line itself at any time, and the small words between two speakers.

Only what is said by itself counts: 人工 is a command, 人工耳蜗 and 残疾人工作 are enquiries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from voice.answerer import Hypothesis

Command = Literal["person", "repeat", "slower", "louder", "goodbye"]

# Words handed to the answerer for what was pressed.
PERSON = Hypothesis("人工", 1.0)
CALL_BACK = Hypothesis("请给我回电话", 1.0)
YES = Hypothesis("是的", 1.0)
NO = Hypothesis("不是", 1.0)

_NOISE = re.compile(r"\[unk\]|<unk>|[\W_]", re.IGNORECASE)
_BEFORE = r"(?:喂|哎|嗯|啊|那个|那|就|好|好的|行|算了|不行|麻烦|请|你|您|我|我要|我想|我想要)*"
_AFTER = r"(?:吧|啊|呀|呢|嘛|了|好吗|好吧|可以吗|行吗|行不行|好不好|谢谢|谢谢你|谢谢您)*"
_ASK = (
    r"(?:(?:帮|给|替)我)?"
    r"(?:(?:要|找|转|接|换|叫|请|来)(?:到|接|个|一个|一下)?|有没有|有)?"
)
_WHO = r"(?:人工|人工服务|人工客服|客服|真人|活人|工作人员|服务人员|接线员|话务员)"
_TALK = r"(?:来|接电话|听电话|说话|说|讲|说一下|帮我)?"
_BIT = r"(?:一点|一点儿|点|点儿|一些|些)"

_PATTERNS: tuple[tuple[Command, str], ...] = (
    ("person", rf"{_BEFORE}{_ASK}{_WHO}{_TALK}{_AFTER}"),
    (
        "repeat",
        rf"{_BEFORE}(?:再|重新|重)(?:给我)?(?:说|讲|念|报|来|重复)(?:一)?(?:遍|次|下|回){_AFTER}"
        rf"|{_BEFORE}(?:重复)(?:一)?(?:遍|次|下){_AFTER}"
        rf"|{_BEFORE}(?:刚才)?没(?:有)?(?:听清|听清楚|听见|听到|听明白|听懂){_AFTER}"
        rf"|(?:你|您)?(?:刚才|刚刚)?(?:说什么|说啥|说的什么|讲什么|讲啥){_AFTER}|什么|啥|啊什么",
    ),
    (
        "slower",
        rf"{_BEFORE}(?:说|讲|说话)?(?:得)?(?:再)?慢{_BIT}(?:说|讲)?{_AFTER}"
        rf"|{_BEFORE}(?:说得|说的|讲得|讲的|说|讲)?太快{_AFTER}|{_BEFORE}慢慢(?:说|讲|来){_AFTER}",
    ),
    (
        "louder",
        rf"{_BEFORE}(?:说话|说|讲)?(?:声音)?(?:再)?(?:大声|大|响|高){_BIT}(?:声)?(?:说|讲)?{_AFTER}"
        rf"|{_BEFORE}(?:声音)?(?:太小|太轻|太低)(?:声)?{_AFTER}"
        rf"|{_BEFORE}(?:听不见|听不到|听不清|听不清楚){_AFTER}",
    ),
    (
        "goodbye",
        r"(?:好|好的|行|嗯|那|就|没事|没有|没别的|不用|谢谢你|谢谢您|谢谢|知道|明白|先|我|这样|了|啊)*"
        r"(?:再见|拜拜|拜|挂了|挂电话了?)(?:了|啊|吧|再见|拜拜)*",
    ),
)
_COMMANDS = tuple((command, re.compile(pattern)) for command, pattern in _PATTERNS)
_BACKCHANNEL = re.compile(r"(?:嗯|哦|噢|喔|呃|哎|诶|唉|啊|喂|对|是|好|行|的|呀|嘛|哼|你好|您好)+")
_YES = re.compile(
    r"(?:嗯|哦|噢|啊|喂|那|就|对|是|好|行|要|可以|继续|接着|说|讲|听|想|愿意|我|请|的|了|吧|呀|你|您|下去|往下)+"
)
_NO = re.compile(
    r"(?:好|好的|行|嗯|那|我|就|了)*(?:不|没|别|停|够|算了|免)"
    r"(?:用|要|必|了|说|讲|听|继续|接着|想|有|是|行|再|吧|啊|的|谢谢|可以|你|您)*"
)
# How far down the list a person is looked for: asked for in vain is worse than called in vain.
PERSON_READINGS = 3
# What is longer is an enquiry.
MOST_CHARACTERS = 16


def bare(text: str) -> str:
    """Return ``text`` without spaces, punctuation and marks of what was not recognised."""
    return _NOISE.sub("", text)


def command_of(hypotheses: Sequence[Hypothesis]) -> Command | None:
    """Return what is asked of the line, None if it is for the answerer."""
    readings = [_command(bare(hypothesis.text)) for hypothesis in hypotheses[:PERSON_READINGS]]
    if "person" in readings:
        return "person"
    return readings[0] if readings else None


def is_backchannel(text: str) -> bool:
    """Whether this only says “I am listening”; also “hello?”, which many say into a greeting."""
    return bool(_BACKCHANNEL.fullmatch(bare(text)))


def is_yes(text: str) -> bool:
    """Whether “shall I go on?” is answered with yes."""
    return bool(_YES.fullmatch(bare(text)))


def is_no(text: str) -> bool:
    """Whether “shall I go on?” is answered with no."""
    return bool(_NO.fullmatch(bare(text)))


def _command(text: str) -> Command | None:
    if len(text) > MOST_CHARACTERS:
        return None
    return next((command for command, form in _COMMANDS if form.fullmatch(text)), None)
