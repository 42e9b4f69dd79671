"""The door from the line to whoever knows the answers; declared by the side that needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Expects = Literal["free", "yes_no", "digits", "choice"]
Then = Literal["listen", "hand_over", "hang_up"]
Ending = Literal["completed", "hung_up", "handed_over", "refused", "failed"]


@dataclass(frozen=True)
class Hypothesis:
    """One reading of what a caller said; ``confidence`` 0..1, higher is surer."""

    text: str
    confidence: float


@dataclass(frozen=True)
class SpokenReply:
    """Sentences to speak in order, what kind of answer is awaited, words to listen for.

    ``choices``: keys 1..choices choose, if ``expects`` is "choice". ``is_sure`` False: not
    understood, counts on the no-match ladder. ``is_urgent``: an emergency; the first sentence
    cannot be interrupted and is said twice.
    """

    sentences: tuple[str, ...]
    expects: Expects = "free"
    hot_words: tuple[str, ...] = ()
    choices: int = 0
    then: Then = "listen"
    is_sure: bool = True
    is_urgent: bool = False


@dataclass(frozen=True)
class CallInfo:
    """Who calls, by which way; ``caller`` holds digits, or "" if the number is withheld."""

    call_id: str
    caller: str = ""
    transport: str = ""


class Answerer(Protocol):
    """Answers what was heard in a call.

    Every method may block: the call runs it in a thread, one at a time, in the order of the call.
    """

    def begin(self, call: CallInfo) -> SpokenReply:
        """Return what follows the line's own greeting (an open ticket, a known caller), if any."""

    def answer(self, call_id: str, hypotheses: Sequence[Hypothesis], keys: str = "") -> SpokenReply:
        """Return what to say; the n-best list lets the matcher on the other side choose.

        ``keys`` holds the digits that were pressed for "digits" or "choice", "" if the caller
        spoke; with keys there are no hypotheses. Everything else that can be pressed comes as the
        words it stands for: yes, no, a person, a call-back (``voice.commands``). Asked for a
        person, reply with ``then="hand_over"``, or say why nobody is there and what happens now.
        """

    def end(self, call_id: str, how: Ending) -> None:
        """The call is over; comes exactly once for every call, after the last answer.

        "hung_up" also if the caller was silent until the line said goodbye.
        """
