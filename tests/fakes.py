"""Stand-ins that pass the contracts of what they stand for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.actions.context import Context, Desk, Guide
from bot.actions.registry import ACTIONS
from bot.conversations.drafts import DraftOf
from bot.conversations.messages import Reply
from bot.handovers.desk import ConversationDesk, Queue
from knowledge.search.matcher import Matcher
from nlu.protocol import DialogueUnavailable, Understanding, read_message

_COMMAND = re.compile(r"/ask_item(\{.*\})")
# What the fake hears as something else than a question: words, intent, action.
_HEARD = (
    (r"^(你好|您好|喂|早上好|下午好)$", "greet", "action_small_talk"),
    (r"^谢谢", "thanks", "action_small_talk"),
    (r"再说一遍", "repeat", "action_small_talk"),
    (r"人工|真人", "human", "action_human"),
    (r"进度|批了没", "ask_progress", "action_progress"),
)


@dataclass
class FakeDesk:
    """A desk that notes who is called for what."""

    calls: list[str] = field(default_factory=list)
    contacts: list[str] = field(default_factory=list)
    position: int = 1
    staff_online: bool = False

    def call(self, reason: str, note: str = "", urgent: bool = False) -> Queue:
        """Note the call."""
        self.calls.append(reason)
        return Queue("waiting", self.position, self.staff_online)

    def is_waiting(self) -> bool:
        """Whether somebody was called."""
        return bool(self.calls)

    def contact(self, phone: str) -> None:
        """Note the number; raises ValueError, as the desk does, if it is none."""
        if not phone.isdigit():
            raise ValueError(f"expected a phone number, got {len(phone)} characters")
        self.contacts.append(phone)


@dataclass
class FakeDialogue:
    """A dialogue engine without Rasa: the real actions, an item remembered for each sender."""

    matcher: Matcher
    guide: Guide
    now: Callable[[], datetime]
    is_away: bool = False
    desk_of: Callable[[str], Desk] = ConversationDesk
    asked: list[tuple[str, str]] = field(default_factory=list)
    _slots: dict[str, dict[str, Any]] = field(default_factory=dict)
    _last: dict[str, Reply] = field(default_factory=dict)

    def send(self, sender: str, text: str, metadata: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the action's reply; raises DialogueUnavailable while away."""
        if self.is_away:
            raise DialogueUnavailable("ConnectError")
        self.asked.append((sender, text))
        slots = self._slots.setdefault(sender, {})
        said, action = self._heard(text, slots)
        previous = self._last.get(sender)
        desk = self.desk_of(sender)
        context = Context(
            said,
            self.guide,
            self.now(),
            self.matcher.match,
            desk,
            lambda: previous,
            draft=DraftOf(sender),
        )
        outcome = ACTIONS[action](context)
        slots.update(outcome.settled())
        self._last[sender] = outcome.reply
        custom = json.loads(json.dumps(outcome.reply.as_json()))
        return [{"recipient_id": sender, "custom": custom}]

    def is_ready(self) -> bool:
        """Whether it is there."""
        return not self.is_away

    def _heard(self, text: str, slots: dict[str, Any]) -> tuple[Understanding, str]:
        command = _COMMAND.fullmatch(text)
        entities = json.loads(command[1]) if command else {}
        words = "" if command else text
        reading = read_message(self.matcher, words)
        intent, action = "ask_item", "action_answer"
        if not command:
            heard = ((i, a) for pattern, i, a in _HEARD if re.search(pattern, words))
            intent, action = next(heard, (intent, action))
        said = Understanding(words, intent, 1.0, reading, entities, dict(slots))
        return said, action
