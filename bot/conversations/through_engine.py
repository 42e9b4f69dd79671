"""Replies on their way through the dialogue engine, whose tracker stores whatever passes.

What repeats a resident's own words, or speaks of her ticket or report, goes through sealed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bot.conversations.messages import Kind, Reply
from bot.conversations.selectors import reply_of
from bot.encryption import decrypt, encrypt

SEALED: Final = "sealed"
# Made of the knowledge alone, and so useful to read in the tracker.
_PLAIN_KINDS: Final[frozenset[Kind]] = frozenset(
    {"answer", "clarify", "referral", "emergency", "fallback", "smalltalk"}
)


def given_to_engine(reply: Reply) -> dict[str, Any]:
    """Return the custom message that carries a reply."""
    data = reply.as_json()
    is_plain = reply.kind in _PLAIN_KINDS and not (reply.slots or reply.ticket or reply.report)
    return data if is_plain else {SEALED: encrypt(json.dumps(data, ensure_ascii=False))}


def taken_from_engine(custom: Mapping[str, Any]) -> Reply | None:
    """Return the reply that a custom message carries; None if it carries none."""
    if SEALED in custom:
        return reply_of(json.loads(decrypt(custom[SEALED])))
    return reply_of(dict(custom)) if "kind" in custom else None
