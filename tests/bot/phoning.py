"""A caller and the phone's answerer, with scripted replies or a dialogue engine in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.channels.phone.answerer import PhoneAnswerer
from bot.conversations.messages import Button, Reply
from nlu.protocol import DialogueUnavailable
from voice.answerer import CallInfo, Ending, Hypothesis, SpokenReply

MOBILE = "13812345678"


@dataclass
class Script:
    """An engine that says what it is told to, whatever it is asked; it notes what that was."""

    replies: list[Reply] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def send(self, sender: str, text: str, metadata: Any) -> list[dict[str, Any]]:
        """Return the next reply; the last is said for ever."""
        self.asked.append(text)
        if not self.replies:
            raise DialogueUnavailable("nothing is left in the script")
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return [{"custom": reply.as_json()}]

    def is_ready(self) -> bool:
        """It is there."""
        return True


@dataclass
class Caller:
    """刘奶奶 on the telephone."""

    answerer: PhoneAnswerer
    call_id: str = "call-1"
    number: str = ""
    transport: str = "sip"
    heard: list[SpokenReply] = field(default_factory=list)

    def calls(self) -> Caller:
        """Be answered."""
        self.answerer.begin(CallInfo(self.call_id, self.number, self.transport))
        return self

    def says(self, *readings: str) -> SpokenReply:
        """Say something; the readings come surest first."""
        sure = [1 / 2**place for place in range(len(readings))]
        return self.is_heard([Hypothesis(*pair) for pair in zip(readings, sure, strict=True)])

    def is_heard(self, hypotheses: Sequence[Hypothesis]) -> SpokenReply:
        """Be heard with these readings."""
        return self._hears(self.answerer.answer(self.call_id, hypotheses))

    def presses(self, keys: str) -> SpokenReply:
        """Press keys."""
        return self._hears(self.answerer.answer(self.call_id, (), keys))

    def hangs_up(self, how: Ending = "hung_up") -> None:
        """Be gone."""
        self.answerer.end(self.call_id, how)

    def _hears(self, reply: SpokenReply) -> SpokenReply:
        self.heard.append(reply)
        return reply


Calls = Callable[..., Caller]


def asks_phone(**more: Any) -> Reply:
    """The form's question for a phone number."""
    return Reply(kind="ask_slot", text="好，记下了。联系电话是多少？", slot="phone", **more)


def asks_yes(text: str = "我念一遍，您听对不对。") -> Reply:
    """What is read back before a yes."""
    buttons = (Button("对，就这样", "say:对"), Button("哪里不对", "say:不对"))
    return Reply(kind="confirm", text=text, slot="confirm", buttons=buttons)
