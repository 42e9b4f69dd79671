"""What the forms of tickets and reports have in common: values in the draft, slots ``filled``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot.actions import answer
from bot.actions.context import Context, Outcome
from bot.actions.intake import phrases
from bot.conversations.messages import Reply

FILLED: Final = "filled"
# No words: what is said follows from the form.
SILENT: Final = Reply(kind="ask_slot", text="")


def accepted(
    prefix: str,
    names: Sequence[str],
    values: Mapping[str, str],
    draft: Mapping[str, str],
    slots: Mapping[str, object],
) -> Outcome:
    """Keep the values of a form; the engine learns only which of its slots are filled.

    ``draft`` and ``slots`` are what is kept and set beside them.
    """
    filled: dict[str, object] = {prefix + n: FILLED if values.get(n) else None for n in names}
    kept: dict[str, str | None] = {prefix + name: value or None for name, value in values.items()}
    return Outcome(SILENT, {**filled, **slots}, leaves=True, draft={**kept, "asked": None, **draft})


def aside(context: Context, awaiting: str) -> Outcome:
    """Another question while a yes is waited for: answered, and reminded of it."""
    found = answer.otherwise(context)
    reply = replace(found.reply, text=f"{found.reply.text}\n{phrases.STILL_OPEN}")
    return replace(found, reply=reply, slots={**found.settled(), "awaiting": awaiting}, leaves=True)
