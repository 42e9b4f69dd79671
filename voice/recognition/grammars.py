"""The words that the line listens for while it waits for a certain kind of answer.

A grammar makes short answers from bad lines far surer than free decoding. It never locks a caller
in: commands work everywhere, and "[unk]" stands for whatever else is said, which is then decoded
freely. Phrases are cut into words that the model knows; what it cannot say is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from voice.answerer import Expects
from voice.recognition.readings import UNKNOWN

Knows = Callable[[str], bool]


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


YES = _listed(
    "是 是的 是啊 对 对的 对呀 对对 对对对 好 好的 好啊 好吧 可以 可以的 可以啊 "
    "行 行的 行吧 行啊 要 要的 需要 需要的 没错 正确 同意 没问题 就是这样 就这样"
)
NO = _listed(
    "不 不是 不是的 不对 不要 不要了 不用 不用了 不行 不好 不可以 不需要 不同意 没有 错 错了 "
    "算了 算了吧 取消 别 我不要"
)
# A thoughtful sound before an answer must not be taken for a 不.
_HUMS = _listed("嗯 啊 哎 哦 那")
CHOICES = _listed(
    "一 二 三 第一个 第二个 第三个 第一 第二 第三 头一个 前一个 后一个 前面那个 后面那个 "
    "中间那个 最后一个 都不是 都是"
)
COMMANDS = _listed(
    "人工 转人工 人工服务 找人 我要找人工 再说一遍 重复 重复一遍 没听清 听不清 慢一点 慢点 大声点 "
    "大点声 声音大点 等一下 再见 挂了 没有了 谢谢 救命 着火了 煤气漏了 救护车"
)

_DIGITS = "零一幺二两三四五六七八九"
_SPOKEN = "零一二三四五六七八九"
CORRECTIONS = _listed("不对 不是 错了 说错了 重来")
_ABOUT_DIGITS = (
    *CORRECTIONS,
    *_listed("好了 完了 没了 嗯 叉 我的电话是 电话号码是 电话是 手机号是 号码是"),
)
_LONGEST_WORD = 8


def grammar_phrases(expects: Expects, hot_words: Sequence[str] = ()) -> tuple[str, ...]:
    """Return what is listened for, () when anything may be said."""
    if expects == "yes_no":
        return (*_with_hums((*YES, *NO)), *hot_words, *COMMANDS)
    if expects == "digits":
        return (*_digit_phrases(), *_ABOUT_DIGITS, *COMMANDS)
    if expects == "choice":
        return (*CHOICES, *_with_hums((*YES, *NO)), *hot_words, *COMMANDS)
    return ()


def grammar_of(expects: Expects, hot_words: Sequence[str], knows: Knows) -> list[str]:
    """Return the grammar in the model's own words, [] when anything may be said."""
    phrases = [in_words(phrase, knows) for phrase in grammar_phrases(expects, hot_words)]
    if expects == "digits":
        phrases = [words for words in phrases if _is_apart_from_digits(words)]
    spoken = [" ".join(words) for words in phrases if words]
    return [*dict.fromkeys(spoken), UNKNOWN] if spoken else []


def digits_only(knows: Knows) -> list[str]:
    """Return a grammar that turns whatever it hears into digits."""
    return [digit for digit in _DIGITS if knows(digit)]


def _with_hums(answers: Sequence[str]) -> Iterable[str]:
    yield from answers
    yield "嗯"
    yield from (hum + answer for hum in _HUMS for answer in answers)


def _digit_phrases() -> Iterable[str]:
    """Every digit, every pair of digits, and the ways to say one several times.

    Vosk makes a two-word language model of the phrases: pairs that no phrase holds would be
    dearer than others, and a telephone number may hold any.
    """
    yield from _DIGITS
    yield from (first + second for first in _DIGITS for second in _DIGITS)
    yield from (f"{times}个{digit}" for times in "两三四" for digit in _SPOKEN)


def _is_apart_from_digits(words: tuple[str, ...]) -> bool:
    """Whether no word of one syllable could be taken for a digit, as 的 and 声 are for 四.

    Commands that hold one are heard all the same: as unknown words, and then freely.
    """
    return all(len(word) > 1 or word in _DIGITS for word in words)


def in_words(phrase: str, knows: Knows) -> tuple[str, ...]:
    """Return ``phrase`` cut into as few known words as can be, () if it cannot be said."""
    best: list[tuple[str, ...] | None] = [(), *([None] * len(phrase))]
    for end in range(1, len(phrase) + 1):
        for start in range(max(0, end - _LONGEST_WORD), end):
            before = best[start]
            if before is None or not knows(phrase[start:end]):
                continue
            cut = (*before, phrase[start:end])
            known = best[end]
            if known is None or len(cut) < len(known):
                best[end] = cut
    return best[-1] or ()
