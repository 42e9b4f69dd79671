"""What a resident gave for an open form and the dialogue engine must not see.

Kept encrypted, one row a conversation, and only as long as something is open: the engine's slots
hold ``filled`` in the place of the value. ``said_…`` is of this message, ``known_…`` what was said
last; ``asked`` is the slot that the last reply asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property

from bot import clock
from bot.conversations.hearing import Heard
from bot.conversations.models import Conversation, Draft
from bot.encryption import decrypt, encrypt

SAID, KNOWN = "said_", "known_"
WORDS = "said_words"
# As long as the engine remembers a session: a question asked before that is not being answered.
ASKED_LASTS = timedelta(minutes=60)


class DraftOf(Mapping[str, str]):
    """A conversation's draft, read when first asked for."""

    def __init__(self, sender: str) -> None:
        self._sender = sender

    @cached_property
    def _values(self) -> dict[str, str]:
        row = Draft.objects.filter(conversation__sender=self._sender).first()
        values: dict[str, str] = json.loads(decrypt(row.sealed)) if row else {}
        if row and clock.now() - row.changed_at > ASKED_LASTS:
            values.pop("asked", None)
        return values

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def draft_hear(conversation: Conversation, text: str, heard: Heard) -> None:
    """Keep what a message gives away; while a form is open, its words too."""
    draft = DraftOf(conversation.sender)
    is_open = bool(draft.get("form"))
    if not (heard.values or is_open or any(name.startswith(SAID) for name in draft)):
        return
    values = {name: value for name, value in draft.items() if not name.startswith(SAID)}
    for name, value in heard.values.items():
        values[SAID + name] = values[KNOWN + name] = value
    values[WORDS] = text
    _keep(conversation, values)


def draft_update(conversation: Conversation, changes: Mapping[str, str | None]) -> None:
    """Change some values; None takes one away."""
    values = {**DraftOf(conversation.sender), **changes}
    _keep(conversation, {name: value for name, value in values.items() if value is not None})


def draft_end(conversation: Conversation) -> None:
    """Forget what was kept."""
    Draft.objects.filter(conversation=conversation).delete()


def _keep(conversation: Conversation, values: Mapping[str, str]) -> None:
    sealed = encrypt(json.dumps(values, ensure_ascii=False))
    defaults = {"sealed": sealed, "changed_at": clock.now()}
    Draft.objects.update_or_create(conversation=conversation, defaults=defaults)
