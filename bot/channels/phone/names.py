"""A name as it was heard: “他交往秀英” is 叫王秀英, spelled by sound.

A recogniser knows words, not people: the verb and the surname come out as whatever sounds like
them. Both are few, so both are found again by their sound; the given name stays as it was heard.
A clerk asks for its spelling.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

# The hundred commonest, by the yearly report on names of the Ministry of Public Security.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任"
    "卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤"
)
_CALLED = ("jiao", "xing")
_LEAD = re.compile(
    r"^(?:嗯+|呃+|那个)*(?:我[妈爸]?|[他她它]|老人家?|老伴|名字)?(?:的?名字)?(?:是|就)?"
)
_TAIL = re.compile(r"(?:了|啊|呀|吧|哦|这个名字)+$")
# Characters of talk that hardly anybody bears in a name.
_TALK = re.compile(r"[什怎吗呢谁哪几多不没有想要的了问说听等再请办帮给是叫姓一下您你我]")
SHORTEST, LONGEST = 2, 4


def name_heard(text: str) -> str:
    """Return “叫王秀英” if a text sounds like a name alone, else the text as it was."""
    bare = re.sub(r"[^一-鿿]", "", text)
    told = _TAIL.sub("", bare[_LEAD.match(bare).end() :])  # type: ignore[union-attr]
    if told.startswith("人工"):
        return text
    if told and _sound(told[0]) in _CALLED:
        told = told[1:]
    if not SHORTEST <= len(told) <= LONGEST or _TALK.search(told[1:]):
        return text
    surname = _surnames().get(_sound(told[0]))
    return f"叫{surname}{told[1:]}" if surname else text


@lru_cache(maxsize=1)
def _surnames() -> dict[str, str]:
    """The commonest surname of each sound."""
    found: dict[str, str] = {}
    for surname in _SURNAMES:
        found.setdefault(_sound(surname), surname)
    return found


def _sound(character: str) -> str:
    return str(lazy_pinyin(character, style=Style.NORMAL)[0])
