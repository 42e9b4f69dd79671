"""A resident and the forms of the intake, without the engine that owns their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from bot.actions.context import Context, Outcome
from bot.actions.intake import report, ticket
from bot.conversations.hearing import hear
from bot.conversations.messages import Reply
from bot.conversations.models import Conversation, TurnRecord
from tests.bot.conftest import MONDAY_MORNING, Says
from tests.bot.ticketing import make_talk
from tests.fakes import FakeDesk

Act = Callable[[Context], Outcome]
FORMS: dict[str, Any] = {"ticket": ticket, "report": report}


@dataclass
class Talk:
    """What the draft and the slots hold from turn to turn; ``form`` is ticket or report."""

    says: Says
    form: str = "ticket"
    now: datetime = MONDAY_MORNING
    photos: Sequence[str] = ()
    draft: dict[str, str] = field(default_factory=dict)
    slots: dict[str, Any] = field(default_factory=dict)
    desk: FakeDesk = field(default_factory=FakeDesk)
    conversation: Conversation = field(default_factory=make_talk)
    last: Reply | None = None

    def says_to(self, act: Act, text: str, intent: str = "ask_item") -> Reply:
        """Say something to one action; its changes are kept, its reply too."""
        heard = hear(text, self.draft.get("asked", ""))
        self.draft = {n: v for n, v in self.draft.items() if not n.startswith("said_")}
        for name, value in heard.values.items():
            self.draft["said_" + name] = self.draft["known_" + name] = value
        self.draft["said_words"] = text
        return self.kept(act(self.context(heard.text, intent)), text)

    def context(self, text: str, intent: str) -> Context:
        """One turn as an action sees it."""
        previous = self.last
        made = self.says(
            text,
            intent,
            slots=self.slots,
            now=self.now,
            desk=self.desk,
            draft=self.draft,
            previous=previous,
        )
        photos = tuple(self.photos)
        return replace(made, sender=self.conversation.sender, attachments=lambda: photos)

    def kept(self, outcome: Outcome, text: str = "") -> Reply:
        """Keep what an action changed, and the turn as the record has it."""
        changed = {**self.draft, **outcome.draft}
        self.draft = {name: value for name, value in changed.items() if value is not None}
        self.slots.update(outcome.slots)
        self.last = outcome.reply
        TurnRecord.objects.create(
            conversation=self.conversation,
            turn_id=uuid4().hex,
            message_id=uuid4().hex,
            text=text,
            reply=outcome.reply.as_json(),
            asked_at=self.now,
        )
        return outcome.reply

    def opens(self, text: str) -> Reply:
        """Begin, and be asked for the first that is missing."""
        begun = self.says_to(FORMS[self.form].begin, text, "request_proxy")
        return begun if begun.text else self.next()

    def answers(self, text: str, intent: str = "ask_item") -> Reply:
        """Answer what was asked, and be asked for the next, or hear it all read back."""
        said = self.says_to(FORMS[self.form].validate, text, intent)
        return said if said.text else self.next()

    def next(self) -> Reply:
        """What the engine would do next."""
        module = FORMS[self.form]
        missing = [s for s in module.SLOTS if not self.slots.get(f"{self.form}_{s}")]
        context = self.context("", "ask_item")
        return self.kept(module.ask(missing[0], context) if missing else module.read_back(context))

    def confirms(self, text: str, intent: str = "ask_item") -> Reply:
        """Say something to what was read back."""
        return self.says_to(FORMS[self.form].confirm, text, intent)
