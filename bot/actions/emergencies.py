"""Danger now comes before anything else: looked for in every message, before the engine.

Two witnesses: words that a clerk can add in the file, and a classifier that knows how people talk
in danger. Words are believed unless the classifier hears nothing at all in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.conversations import phrases
from bot.conversations.messages import Reply
from knowledge.record import Emergency
from knowledge.search.analysis import normalise, squeezed
from knowledge.search.danger import CALM, danger
from knowledge.search.facets import asks_anything
from knowledge.search.matcher import Match
from knowledge.search.passages import NOT_OURS

MOST_BETWEEN = 6
# What is asked in the middle of danger is answered only if it is surely a question.
SURELY_ASKED = 0.7
# From BELIEVED on the classifier alone is believed, unless it is likelier that the message asks for
# something of the office; from CERTAIN on in any case; below DOUBTED not even words are.
BELIEVED, CERTAIN, DOUBTED = 0.25, 0.97, 0.06
# What an enquiry weighs against danger; a statement, which asks for nothing, is hardly one.
ENQUIRY_COUNTS, STATEMENT_COUNTS = 0.85, 0.6
_CLAUSE = re.compile(r"[,，、。;；?？!！…\s]+")
# What is told of another day, or only feared, is no danger now, unless it goes on.
_NOT_NOW = re.compile(
    r"前年|去年|上个?月|上周|上礼拜|以前|从前|那年|前几天|当年|昨[天晚]|前天|小时候|年前"
    r"|差点|万一|预防|怎么防|怕哪天"
)
# A stove that does not light, “鸭血” over a shop, who “喝农药走了” and is long dead.
_HARMLESS = re.compile(r"[打点]不着火|[鸭鸡猪]血|血水|血清|喝农药[走死没]了")
_PRESENT = re.compile(r"现在|正在|还在|刚才|刚刚|马上|快来|救命|又")

# Text to the likeliest kind of danger and the probability (0..1) that there is any.
Hear = Callable[[str], tuple[str, float]]


class DangerSense:
    """Hears danger in words and in the way of talking."""

    def __init__(self, emergencies: Sequence[Emergency], hear: Hear = danger) -> None:
        self._known = [(_any_of(e.words), e) for e in emergencies]
        self._hear = hear
        self._by_kind = {e.kind: e for e in emergencies}
        self._said = {squeezed(text): e for e in emergencies for text in e.phrasings}

    def of_kind(self, kind: str) -> Emergency | None:
        """Return the danger of a kind, None if the records know it no more."""
        return self._by_kind.get(kind)

    def recognise(self, text: str, enquiry: Callable[[], float] = lambda: 0.0) -> Emergency | None:
        """Return the danger that a text tells of, or None.

        ``enquiry`` gives the probability (0..1) that the text asks for something of the office; it
        is called only where the classifier alone hears danger and is not certain.
        """
        exactly = self._said.get(squeezed(text))
        if exactly is not None:
            return exactly
        said = normalise(text).replace(" ", "")
        kind, probability = self._hear(text)
        is_past = _NOT_NOW.search(said) and not _PRESENT.search(said)
        if is_past and probability < CERTAIN:
            return None
        worded = self._worded(said)
        if worded is not None and (kind == CALM or self._is_heard(text, probability)):
            return worded
        if probability < BELIEVED or (probability < CERTAIN and probability <= enquiry()):
            return None
        return self._by_kind.get(kind)

    def _is_heard(self, text: str, probability: float) -> bool:
        """Whether words are believed: an errand told before them may drown what they tell."""
        alone = [clause for clause in _CLAUSE.split(text) if self._worded(normalise(clause))]
        return max(probability, *(self._hear(clause)[1] for clause in alone), 0.0) >= DOUBTED

    def _worded(self, said: str) -> Emergency | None:
        """The emergency whose words stand in the text; the longest words decide."""
        said = _HARMLESS.sub("", said)
        found = [
            (m.end() - m.start(), -order, emergency)
            for order, (pattern, emergency) in enumerate(self._known)
            for m in pattern.finditer(said)
        ]
        return max(found, key=lambda f: f[:2])[2] if found else None


def enquiry_in(text: str, match: Match) -> float:
    """Return the probability (0..1) that a matched text asks for something of the office.

    It counts a little less than what is heard of danger: a needless question is soon put right.
    """
    if match.best is None or match.best.kind in NOT_OURS:
        return 0.0
    asks = match.decision == "answer" or asks_anything(text)
    return (ENQUIRY_COUNTS if asks else STATEMENT_COUNTS) * match.probability


# What says that a danger has passed, and what says that it has not.
_OVER = re.compile(
    r"没事[了儿啦]|没有?大碍|不要紧了|安全了|脱险|解决了|虚惊|误会|误报|搞错了|看错了|按错了|说错了|弄错了|开玩笑|骗你的|逗你"
    r"|(救护车|消防车?|警察|医生)[^，。没还不]{0,3}(来了|到了|接走)|送(到|去|进)?医院|(火|气|煤气)[^，。没还不]{0,4}灭|扑灭"
    r"|(人|他|她|妈|爸|孩子|娃)[^，。没还不]{0,4}(救|醒|缓|找)(过来|回来|到)|没着火|不是着火|味道散|好多了|站起来了"
)
_GOES_ON = re.compile(r"还在|还没|没来|不行了|又(烧|着|冒|晕|流|喘)|越来越|救命|快来|没用")
# The call has been made; that alone ends nothing.
_CALLED = re.compile(
    r"打(过|了|完)?.{0,4}(1[12][0-9](?!\d)|电话)|((?<!\d)1[12][0-9](?!\d)|电话).{0,3}打(过|了)"
)


_ASKS_ELSE = re.compile(
    r"(?:[问说][个件]?(?:一下|下)?(?:别的|另外的?|其他的?)事?|(?:另外|顺便|再|还)(?:想|要)?问(?:一下|下|问|您|你|个)*|换个事|对了)"
    r"[，,。：:\s]*(?P<rest>.{4,})$"
)


def is_over(text: str) -> bool:
    """Whether a message says that the danger has passed; that help was called is not enough."""
    said = re.sub(r"\s", "", text)
    return bool(_OVER.search(said)) and not _GOES_ON.search(said)


def asked_after(text: str) -> str:
    """“警察来了。我问个别的，养狗要带什么”: what is asked beside the good news, maybe nothing."""
    found = _ASKS_ELSE.search(text)
    return found["rest"].strip() if found else ""


def only_called(text: str) -> bool:
    """Whether a message says no more than that help was called."""
    return bool(_CALLED.search(text)) and not _OVER.search(text)


def danger_stays(found: Emergency, reply: Reply) -> Reply:
    """A reply while danger lasts: the number first, then what was said to the message."""
    lead = phrases.DANGER_STAYS.format(number=found.number)
    is_sure = reply.kind in ("answer", "referral") and reply.confidence >= SURELY_ASKED
    answered = is_sure or reply.intent == "human"
    said = f"\n\n{reply.text}" if answered else ""
    kind = "handover" if reply.intent == "human" else "emergency"
    return replace(
        reply,
        kind=kind,  # type: ignore[arg-type]
        intent="human" if kind == "handover" else "emergency",
        text=f"{lead}{''.join(found.safety)}{phrases.DANGER_LATER}{said}",
        speech=(lead, *found.safety, phrases.DANGER_LATER),
    )


def emergency_reply(found: Emergency, told: str = "") -> Reply:
    """The number in the first sentence, then what keeps people safe; ``told`` is who knows."""
    reported = [told] if told else []
    sentences = [f"请马上打{found.number}！", *found.safety, *reported, phrases.DANGER_LATER]
    return Reply(
        kind="emergency",
        intent="emergency",
        text="".join(sentences),
        speech=tuple(sentences),
        confidence=1.0,
    )


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    """One pattern for all words, the longest first."""
    kept = sorted({word for word in words if word}, key=len, reverse=True)
    return re.compile("|".join(map(_pattern, kept)) or r"(?!)")


def _pattern(word: str) -> str:
    """A word as it stands; “…” within it stands for at most MOST_BETWEEN characters."""
    parts = [re.escape(part) for part in normalise(word).replace("...", "…").split("…")]
    return f".{{0,{MOST_BETWEEN}}}".join(parts)
