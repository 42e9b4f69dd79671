"""Whether what was read back ever reached the resident: a yes to unheard words is none."""

from __future__ import annotations

from bot.actions.context import Context
from bot.conversations.selectors import stored_reply, turns_of

# Questions that may come between a read-back and its yes.
LOOKS_BACK = 12


def was_read_back(context: Context, rows: str) -> bool:
    """Whether one of the last replies held these rows; one that was lost on its way did not."""
    turns = turns_of(context.conversation(), LOOKS_BACK)
    return any(rows in stored_reply(turn).text for turn in turns)
