"""The staff desk as the dialogue sees it: call a person, ask how long, leave a number.

Takes a conversation's ``sender``; everything else about hand-overs stays behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, F

from bot import clock
from bot.accounts.selectors import staff_online
from bot.conversations.models import Conversation
from bot.handovers import services
from bot.handovers.models import Handover
from bot.handovers.selectors import open_handover, open_of_sender


@dataclass(frozen=True)
class Queue:
    """How it stands: ``state`` waiting or taken; ``position`` 1 is next, 0 when taken."""

    state: str
    position: int
    staff_online: bool


class Desk:
    """The one way from the dialogue to a person."""

    def call(self, sender: str, reason: str, note: str = "", urgent: bool = False) -> Queue:
        """Call a person; calling again only makes it graver. ``reason`` is of Handover.Reason."""
        services.handover_open(_conversation(sender), reason, note, urgent)
        queue = self.state(sender)
        if queue is None:
            raise RuntimeError("a hand-over was closed while it was being opened")
        return queue

    def state(self, sender: str) -> Queue | None:
        """Return how it stands, None without an open hand-over; one indexed query."""
        row = (
            open_of_sender(sender)
            .annotate(online=Exists(staff_online(clock.now())))
            .values_list("state", "ahead", "online")
            .first()
        )
        if row is None:
            return None
        state, ahead, online = row
        is_waiting = state == Handover.State.WAITING
        return Queue(state, (ahead or 0) + 1 if is_waiting else 0, online)

    def standing(self, sender: str) -> str:
        """Return the state of an open hand-over, empty without one; asked at every message."""
        rows = Handover.objects.filter(conversation__sender=sender, state__in=Handover.OPEN)
        return str(rows.values_list("state", flat=True).first() or "")

    def contact(self, sender: str, phone: str) -> None:
        """Keep a number for a call back; raises ValueError if it is no phone number."""
        conversation = _conversation(sender)
        handover = open_handover(conversation) or services.handover_open(
            conversation, Handover.Reason.CONTACT
        )
        services.handover_contact(handover, phone)

    def resident_said(self, sender: str) -> None:
        """Mark the conversation as unread for the clerk."""
        Handover.objects.filter(conversation__sender=sender, state__in=Handover.OPEN).update(
            unread=F("unread") + 1, changed_at=clock.now()
        )


@dataclass(frozen=True)
class ConversationDesk:
    """The desk for one conversation, as an action is handed it."""

    sender: str

    def call(self, reason: str, note: str = "", urgent: bool = False) -> Queue:
        """Call a person."""
        return Desk().call(self.sender, reason, note, urgent)

    def is_waiting(self) -> bool:
        """Whether she waits for a person already."""
        return Desk().state(self.sender) is not None

    def contact(self, phone: str) -> None:
        """Keep a number for a call back; raises ValueError if it is no phone number."""
        Desk().contact(self.sender, phone)


def _conversation(sender: str) -> Conversation:
    return Conversation.objects.get(sender=sender)
