"""What a channel must be able to do with a message that nobody has just asked for.

A clerk's answer or news of a ticket goes out by the outbox, through the resident's own channel.
The outbox keeps the message until its channel has taken it or refused it for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.conversations.messages import Button


@dataclass(frozen=True)
class Outgoing:
    """A message on its way; ``key`` is the same at every attempt, so that a channel can tell."""

    key: str
    text: str
    buttons: tuple[Button, ...] = ()


class Sender(Protocol):
    """One outside channel's way to reach a resident."""

    def send(self, external_id: str, message: Outgoing) -> None:
        """Deliver, or raise Undeliverable (for good) or TryLater."""


class Undeliverable(Exception):
    """The channel refuses for good: blocked, unknown, out of its time window. Do not try again."""


class TryLater(Exception):
    """The channel cannot take it now; ``seconds`` says how long to wait at least."""

    def __init__(self, reason: str, seconds: float = 5.0) -> None:
        super().__init__(reason)
        self.seconds = seconds
