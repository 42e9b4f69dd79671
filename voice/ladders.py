"""What is said when nobody speaks, or nobody understands: each rung helps more than the last.

A ladder only counts; the ids of what is said on a rung stand in ``voice/prompts.yml``.
"""

from __future__ import annotations

from voice.answerer import Expects

SLOWER_RUNG = 2
PERSON_RUNG = 3
GOODBYE_RUNG = 4

_EXAMPLE: dict[Expects, tuple[str, ...]] = {
    "free": ("no_input_free",),
    "yes_no": ("no_input_yes_no",),
    "digits": ("no_input_digits",),
    "choice": ("no_input_choice",),
}
_BY_KEYS: dict[Expects, tuple[str, ...]] = {
    "free": ("no_input_slower", "no_input_repeat_key", "keys_person"),
    "yes_no": ("no_input_yes_no_keys", "keys_person"),
    "digits": ("no_input_digits_keys", "digits_person"),
    "choice": ("no_input_choice", "no_input_repeat_key", "keys_person"),
}
_NOBODY: dict[Expects, tuple[str, ...]] = {
    "free": ("no_input_nobody", "keys_call_back", "keys_person"),
    "yes_no": ("no_input_nobody", "keys_person"),
    "digits": ("no_input_nobody", "digits_person"),
    "choice": ("no_input_nobody", "keys_person"),
}
_GOODBYE = ("no_input_goodbye", "call_again")
_KEYS_ONLY = ("keys_only", "keys_call_back", "keys_person")


class Ladder:
    """Counts how often in a row something went wrong."""

    def __init__(self) -> None:
        self.rung = 0

    def climb(self) -> int:
        """One rung more; return it, from 1."""
        self.rung += 1
        return self.rung

    def reset(self) -> None:
        """Something went right."""
        self.rung = 0


def no_input_prompts(rung: int, expects: Expects, is_by_keys: bool) -> tuple[str, ...]:
    """Return the ids of what to say to silence.

    1 again with an example · 2 keys, slower · 3 a person or a call-back · 4 goodbye. A line that
    hears nothing (``is_by_keys``) names its keys each time.
    """
    if rung >= GOODBYE_RUNG:
        return _GOODBYE
    if is_by_keys and expects == "free":
        return ("no_input_nobody", *_KEYS_ONLY[1:]) if rung == PERSON_RUNG else _KEYS_ONLY
    table = {1: _BY_KEYS if is_by_keys else _EXAMPLE, 2: _BY_KEYS}.get(rung, _NOBODY)
    return table[expects]


def no_match_prompts(rung: int) -> tuple[str, ...]:
    """Return the ids of what to say if not a word was recognised: 1 and 2 again, 3 a person."""
    if rung >= PERSON_RUNG:
        return ("person_instead",)
    return ("not_heard",) if rung == 1 else ("not_heard_again", "keys_person")
