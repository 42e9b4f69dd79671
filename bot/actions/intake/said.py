"""What a resident's words say of an errand: why, how, for whom. Words only, nothing kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.actions.facts import age_in, person_in

ELDERLY_FROM = 60

MODES = ("代办", "帮办", "陪办", "导办")
_MODE = (
    (
        "陪办",
        re.compile(r"陪办|陪(?:我|他|她|着|老人|同)|带我去|领我去|跟我(?:一起|一块)去|一起去"),
    ),
    (
        "导办",
        re.compile(r"导办|指导|教我|教教|指点|引导|告诉我怎么(?:走|填|弄)|我自己(?:去|办|跑)"),
    ),
    ("帮办", re.compile(r"帮办|帮(?:我|忙|着|他|她)?(?:填|准备|弄材料|整理|写|交材料)|搭把手")),
    (
        "代办",
        re.compile(
            r"代办|代[我他她]|[代替]跑|跑个?腿|(?:请|麻烦|让)你们.{0,4}跑|替(?:我|他|她|老人|我[妈爸])|代[交领取拿]|代为|全程|全部?交给你们"
            r"|帮(?:我|他|她|老人|我[妈爸]|忙)?(?:跑|办|去办|代|申请|领|交|取)|你们(?:去|来|帮忙)?办|上门|来家里|到家里|来人办"
        ),
    ),
)
# What is not wanted, and what it is changed from: “不是代办，陪办”, “代办改成陪办”.
_NOT_WANTED = re.compile(
    r"(?:不是|不要|不用|别|不想|不)(?:你们|给我|帮我)?(?:代办|帮办|陪办|导办)|(?:代办|帮办|陪办|导办)(?=[^，。,]{0,3}[改换]成?)"
)
_EXPLAINS = re.compile(
    r"(?:什么|啥|哪).{0,6}(?:代办|帮办|陪办|导办|意思|区别|不同|一样)|(?:代办|帮办|陪办|导办).{0,8}(?:什么|啥|区别|不同|意思|怎么回事|哪个好)"
    r"|有[啥什].{0,3}(?:区别|不同)|不懂|没听懂|听不懂|不明白|选哪个|哪一?种好"
)
_DISABLED = re.compile(
    r"残疾|残障|[一二三四1234]级(?:肢|视|听|智|残)|轮椅|瘫|截肢|失明|瞎|看不见|盲|聋|听不见|哑|失能|智力|精神(?:病|障碍)|偏瘫"
)
_ELDERLY = re.compile(
    r"老人|年纪(?:大|高)|岁数大|上了?年纪|高龄|老了|年老|老太|老头|老年|七老八十|[七八九]十(?:多|几|来)?[岁了的]?|年龄大|独居"
)
_UNABLE = re.compile(
    r"走不[动了]|腿脚|腿(?:不|疼|坏|断|摔)|脚(?:不|疼|崴)|下不了?[床楼]|卧床|躺在?床|住院|生病|病了|开刀|手术|中风|骨折|摔(?:了|断|伤)"
    r"|眼睛(?:不|花|看)|看不清|不识字|不会(?:用|弄|填|上网|手机)|弄不(?:来|懂|了|动)|搞不(?:来|懂)|怀孕|孕妇|坐月子|大肚子|走不开|离不开人"
    r"|不方便|行动|没人(?:带|陪|照)|一个人(?:在家|住|带)|爬不|在外地|外地|军属|当兵|记性|带(?:着)?(?:孩子|娃|小孩)"
)
# Reasons that are no need: whoever can go is shown the shortest way.
_CONVENIENCE = re.compile(
    r"没时间|没空|上班|太忙|忙得|懒得|不想(?:跑|去|动|排队)|怕(?:麻烦|排队)|嫌(?:麻烦|远)|省事|图方便|没什么原因|没啥原因|没有原因"
    r"|就是不想|身体(?:挺|很|蛮)?好|健康|没毛病|能走|请不了?假|请不到假"
)
_REFUSES = re.compile(
    r"(?:一定|必须|非)(?:得|要)[^，。,]{0,3}(?:吗|么|不可)|(?:能不能|可不可以|可以)不|不(?:想|愿意?|肯|能|方便|便)?(?:说|讲|给|告诉|透露|留|提供|报)|保密|隐私|凭什么|没(?:有)?(?:电话|手机|号码|座机)|忘(?:了|记)|不记得|记不(?:得|住|清)|不知道|为(?:什么|啥)要|干(?:嘛|什么)要|要这个(?:做|干)"
)
_WHOLE = re.compile(r"1[3-9]\d{9}|0\d{9,11}|[2-8]\d{6,7}")
# An explicit yes and nothing else; the same words for a ticket and for a report.
_YES = re.compile(
    r"^(?:嗯+|对+|是|好|可以|行|没错|没问题|确认|正确|就这样|就这么|交办|报吧|中|得|OK|ok)"
    r"(?:的|了|呀|啊|吧|嗯|对|是|好|没错|没问题|确认|就这样|办吧|就这么办|提交|登记|交办|报吧|[，,。！!])*$"
)
_THANKS = re.compile(r"[，,。！!\s]*(?:谢谢|多谢|谢了|麻烦|辛苦)(?:你们?|您|了|啦)*[。！!]*$")
_URGES = re.compile(
    r"(?<=[对是好行嗯的])[，,。！!\s]+(?:请|麻烦)?(?:你们?|您)?(?:快点?|赶紧|赶快|尽快|早点|抓紧)[^不别没错改换，,。]{0,10}[。！!]?$"
)
_NEIGHBOUR = re.compile(r"邻居|隔壁|对门|楼上的?老|楼下的?老")
_CHILDREN = frozenset({"mother", "father", "grandparent"})
_GROUPS = (
    ("独居", re.compile(r"独居|一个人住|孤老|身边没人")),
    ("孕产", re.compile(r"怀孕|孕妇|坐月子|大肚子|刚生")),
    ("军属", re.compile(r"军属|当兵|军人家|烈属")),
)


@dataclass(frozen=True)
class Need:
    """Why somebody does not do it alone: ``reason`` elderly, disabled, other, or convenience."""

    reason: str
    words: str


def need_in(text: str, *, age: int | None = None) -> Need | None:
    """Return the need that a text tells of; ``age`` in years if it was told before."""
    told = age_in(text)
    age = age if told is None else told
    words = text.strip()
    if _DISABLED.search(text):
        return Need("disabled", words)
    if (age is not None and age >= ELDERLY_FROM) or (_ELDERLY.search(text) and age is None):
        return Need("elderly", words)
    if _UNABLE.search(text):
        return Need("other", words)
    if _CONVENIENCE.search(text):
        return Need("convenience", words)
    return None


def mode_in(text: str) -> str | None:
    """Return the mode that a text asks for: one of MODES; None if it names none."""
    text = _NOT_WANTED.sub("", text)
    named = [mode for mode in MODES if mode in text]
    if len(named) == 1:
        return named[0]
    if named:
        return None
    return next((mode for mode, words in _MODE if words.search(text)), None)


def names_mode(text: str) -> bool:
    """Whether a text calls one of the modes by its name."""
    mode = mode_in(text)
    return mode is not None and mode in text


def without_thanks(text: str) -> str:
    """“是的，谢谢” is a yes, and so is “对，快点叫他们停”."""
    said = _THANKS.sub("", text.strip()) or text.strip()
    return _URGES.sub("", said)


def is_yes(text: str) -> bool:
    """Whether a text is an explicit yes and nothing else."""
    return bool(_YES.match(without_thanks(text)))


def is_whole(phone: str) -> bool:
    """Whether a number has neither too few digits nor too many."""
    return bool(_WHOLE.fullmatch(phone))


def asks_about_modes(text: str) -> bool:
    """Whether somebody wants to know what the modes are."""
    return bool(_EXPLAINS.search(text))


def refuses(text: str) -> bool:
    """Whether somebody would rather not say, or does not have, what was asked for."""
    return bool(_REFUSES.search(text))


def asker_in(text: str) -> str:
    """Return who asks, as ``Ticket.Asker``: a child for a parent, somebody for a neighbour."""
    if _NEIGHBOUR.search(text):
        return "neighbour"
    person = person_in(text)
    if person in _CHILDREN:
        return "child"
    return "other" if person in ("other", "partner", "child") else "self"


def groups_in(text: str, *, age: int | None, reason: str) -> list[str]:
    """Return the special groups (高龄·独居·残疾·孕产·军属) that were told of."""
    found = [group for group, words in _GROUPS if words.search(text)]
    if reason == "disabled":
        found.append("残疾")
    if age is not None and age >= 80:
        found.append("高龄")
    return found
