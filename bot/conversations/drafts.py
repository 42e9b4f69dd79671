"""What a resident gave for an open form and the dialogue engine must not see.

Kept encrypted, one row a conversation, and only as long as something is open: the engine's slots
hold ``filled`` in the place of the value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property

from bot import clock
from bot.conversations.models import Conversation, Draft
from bot.conversations.privacy import find
from bot.encryption import decrypt, encrypt


class DraftOf(Mapping[str, str]):
    """A conversation's draft, read when first asked for."""

    def __init__(self, sender: str) -> None:
        self._sender = sender

    @cached_property
    def _values(self) -> dict[str, str]:
        row = Draft.objects.filter(conversation__sender=self._sender).first()
        values: dict[str, str] = json.loads(decrypt(row.sealed)) if row else {}
        return values

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def draft_note(conversation: Conversation, text: str) -> None:
    """Keep a phone number that a message gives; the last one counts."""
    phones = [found.value for found in find(text) if found.kind == "phone"]
    if phones:
        _keep(conversation, {**DraftOf(conversation.sender), "phone": phones[-1]})


def draft_end(conversation: Conversation) -> None:
    """Forget what was kept."""
    Draft.objects.filter(conversation=conversation).delete()


def _keep(conversation: Conversation, values: Mapping[str, str]) -> None:
    sealed = encrypt(json.dumps(values, ensure_ascii=False))
    defaults = {"sealed": sealed, "changed_at": clock.now()}
    Draft.objects.update_or_create(conversation=conversation, defaults=defaults)
