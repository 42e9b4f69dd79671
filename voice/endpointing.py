"""When the caller has finished speaking.

Counts audio time only: no clock, no sockets, no model. Whoever steps it decides what is speech,
and asks again with every partial how much silence is wanted, for it depends on what was said.
"""

from __future__ import annotations

import re
from collections import deque

from voice.answerer import Expects, Hypothesis
from voice.audio import FRAME_MS
from voice.commands import bare, command_of, is_backchannel, is_no, is_yes

COMPLETE_SECONDS = 0.7
FREE_SECONDS = 1.5
DICTATION_SECONDS = 2.2

# Speech goes on if three of the newest five frames hold some; less is a click or a breath.
_GOES_ON_FRAMES, _GOES_ON_OF = 3, 5
_SHORTEST_QUESTION = 4  # characters; 怎么办 alone may be the beginning of anything

_DIGIT = "零〇一二两三四五六七八九幺0-9"
_MOBILE_NUMBER = re.compile(r"(?:幺|一|1)[三四五六七八九3-9](?:[" + _DIGIT + r"]){9}$")
_DICTATION = re.compile(
    rf"[{_DIGIT}]{{3,}}$"
    rf"|[{_DIGIT}十百](?:号|号楼|幢|栋|座|弄|单元|楼|层|室|门)$"
    r"|(?:电话|手机|手机号|号码|地址)(?:就?是|在)$|(?:我|家)住在?$"
)
_CHOICE = re.compile(
    r"(?:我?(?:要|选|问的?是?|按)?)?第?[一二两三四五1-5](?:个|号|项|条)?(?:吧|啊|呀|的)?"
    r"|(?:都不是|都是|前面|后面|前一|后一|上面|下面|最后)(?:那|这|一)?个?(?:吧|啊|呀|的)?"
)
_YES_OR_NO = re.compile(
    r"(?:嗯|对|是|好|的|了)*(?:不对|不是|不行|错了?|不正确|没错|没问题|正确|确认|可以|取消|有|没有)"
    r"(?:的|了|啊|呀|吧|呢|不对|不是|谢谢)*"
)
_PARTICLES = re.compile(r"(?:啊|呀|哪|呐|呢|嘛|哦|了|的|来着|谢谢|谢谢你|谢谢您)+$")
_QUESTION_WORD = re.compile(r"怎么|咋|什么|啥|哪|多少|多久|多长|几|谁|为何|如何|吗|能不能|可不可以")
# Words after which nothing needs to come.
_QUESTION_END = re.compile(
    r"(?:怎么|咋|如何|怎样)(?:办|办理|弄|申请|开|走|领|交|查|报|补|改|算|回事|处理|解决|申报|登记)$"
    r"|咋整$|怎么样$|怎么(?:个)?(?:办|弄)法$"
    r"|(?:在|去|到|找|往)?(?:哪|哪儿|哪里|哪个地方|什么地方|啥地方)"
    r"(?:办|办理|申请|交|领|开|查|补|去|找|登记)?$"
    r"|(?:哪个|什么|哪些|啥)(?:材料|手续|证件|证明|东西|条件|部门|时候|时间|要求|单位|窗口)$"
    r"|(?:什么|啥)$|谁$"
    r"|多少(?:钱|天|岁|年|次)?$|多久$|多长时间$|几(?:点|天|号|岁|次|个月|楼)(?:上班|下班|开门|关门)?$"
    r"|(?:行不行|好不好|对不对|可以不可以|可不可以|能不能办|可以不|行不|能办不)$"
)
# Words after which something is still to come, however long the caller looks for it.
_UNFINISHED = re.compile(
    r"(?:那个|这个|就是|就是说|然后|还有|因为|所以|但是|不过|如果|关于|比如|请问|问一下|问问|咨询一下)$"
)


class Endpointer:
    """Counts the silence after speech; one per utterance, made when its speech has begun."""

    def __init__(self, silence_seconds: float = FREE_SECONDS) -> None:
        self._wanted_seconds = silence_seconds
        self._recent: deque[bool] = deque(maxlen=_GOES_ON_OF)
        self._silent_frames = 0
        self._is_finished = False

    @property
    def silence_seconds(self) -> float:
        """How long nothing has been said."""
        return self._silent_frames * FRAME_MS / 1000

    def step(self, is_speech: bool, silence_seconds: float | None = None) -> bool:
        """Take one frame's decision; return True once, when the utterance is finished.

        ``silence_seconds`` is what is wanted from now on; it may shrink during the silence.
        """
        if silence_seconds is not None:
            self._wanted_seconds = silence_seconds
        self._recent.append(is_speech)
        goes_on = is_speech and sum(self._recent) >= _GOES_ON_FRAMES
        self._silent_frames = 0 if goes_on else self._silent_frames + 1
        if self._is_finished or is_speech:
            return False
        self._is_finished = self.silence_seconds >= self._wanted_seconds
        return self._is_finished


def silence_wanted(expects: Expects, partial: str, is_dictating: bool) -> float:
    """Return how many seconds of silence end an utterance that reads ``partial`` so far.

    ``is_dictating``: a number or an address was asked for.
    """
    text = bare(partial)
    if command_of((Hypothesis(text, 1.0),)) is not None:
        return COMPLETE_SECONDS
    if is_dictating or expects == "digits":
        return FREE_SECONDS if _MOBILE_NUMBER.search(text) else DICTATION_SECONDS
    if _is_complete(expects, text):
        return COMPLETE_SECONDS
    return DICTATION_SECONDS if _is_unfinished(text) else FREE_SECONDS


def _is_complete(expects: Expects, text: str) -> bool:
    if expects == "choice" and _CHOICE.fullmatch(text):
        return True
    if is_yes_or_no(text):
        # 嗯 and 对 also begin a sentence, when nobody asked for a yes.
        return expects in ("yes_no", "choice") or not is_backchannel(text)
    return is_complete_question(text)


def _is_unfinished(text: str) -> bool:
    return bool(_DICTATION.search(text) or _UNFINISHED.search(text))


def is_yes_or_no(text: str) -> bool:
    """Whether ``text`` is nothing but a yes or a no."""
    plain = bare(text)
    return bool(plain) and (is_yes(plain) or is_no(plain) or bool(_YES_OR_NO.fullmatch(plain)))


def is_complete_question(text: str) -> bool:
    """Whether ``text`` ends as a question does, and is long enough to be one.

    呢 alone is no such end: many begin with 我家老头子呢 and take a breath.
    """
    plain = bare(text)
    if len(plain) < _SHORTEST_QUESTION:
        return False
    if plain.endswith("吗"):
        return True
    core = _PARTICLES.sub("", plain)
    if core != plain and core.endswith("吗"):
        return True
    asks_with_ne = plain.endswith("呢") and bool(_QUESTION_WORD.search(core))
    return asks_with_ne or bool(_QUESTION_END.search(core))
