"""Calls that an exchange announces before it connects them, and what it shall do afterwards.

AudioSocket carries neither a caller's number nor proof of who connects: the exchange announces
each call by its UUID over HTTP (``voice.http``), the socket claims the announcement once, and
after the socket is closed the dialplan asks for its next step. Numbers are kept in memory only,
until the call is claimed or the announcement expires, and stand in no log.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from voice.errors import RegistrationRefused

Next = Literal["hangup", "handover"]

# An exchange connects at once; a caller's leg that comes later is somebody else.
ANNOUNCED_SECONDS = 60.0
# A dialplan asks for its next step at once; the longest call lasts less than this.
CLAIMED_SECONDS = 7200.0
MOST_ENTRIES = 10_000
_SEPARATORS = re.compile(r"[ ()-]")
_NUMBER = re.compile(r"\+?[0-9]{2,20}")


@dataclass(frozen=True)
class NextStep:
    """What the dialplan does after the line has closed its side; ``target`` of a hand-over."""

    next: Next
    target: str = ""


@dataclass(frozen=True)
class _Entry:
    caller: str = field(repr=False)
    until: float
    is_claimed: bool = False
    outcome: str = ""


class CallRegister:
    """Announcements by UUID. ``target`` is where callers go who want a person, "" for nowhere."""

    def __init__(self, target: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._target = target
        self._clock = clock
        self._entries: dict[UUID, _Entry] = {}

    def __len__(self) -> int:
        self._expire()
        return len(self._entries)

    def announce(self, call_id: UUID, caller: str) -> None:
        """Expect a call, withheld if ``caller`` is no number; RegistrationRefused if known."""
        self._expire()
        if call_id in self._entries:
            raise RegistrationRefused("this uuid is announced already")
        if len(self._entries) >= MOST_ENTRIES:
            raise RegistrationRefused(f"more than {MOST_ENTRIES} calls are announced")
        self._entries[call_id] = _Entry(_number(caller), self._clock() + ANNOUNCED_SECONDS)

    def claim(self, call_id: UUID) -> str:
        """Return the caller's number, "" if withheld; RegistrationRefused if not expected."""
        self._expire()
        entry = self._entries.get(call_id)
        if entry is None or entry.is_claimed:
            raise RegistrationRefused(f"call {call_id} was not announced, or is connected already")
        until = self._clock() + CLAIMED_SECONDS
        self._entries[call_id] = replace(entry, caller="", until=until, is_claimed=True)
        return entry.caller

    def conclude(self, call_id: UUID, outcome: str) -> None:
        """Note how a call ended; what nobody announced is nobody's to ask about."""
        entry = self._entries.get(call_id)
        if entry is not None:
            self._entries[call_id] = replace(entry, outcome=outcome)

    def next_step(self, call_id: UUID) -> NextStep | None:
        """Return what the dialplan does next, None if the call is not known.

        Only a call that the line brought to its end is hung up: whoever wanted a person, never
        got through or met a failure is handed over, if there is somebody to hand over to.
        """
        self._expire()
        entry = self._entries.get(call_id)
        if entry is None:
            return None
        if entry.outcome == "hang_up" or not self._target:
            return NextStep("hangup")
        return NextStep("handover", self._target)

    def _expire(self) -> None:
        now = self._clock()
        for call_id in [key for key, entry in self._entries.items() if entry.until <= now]:
            del self._entries[call_id]


def _number(caller: str) -> str:
    """Return a number's digits; "" for whatever exchanges write instead, such as “anonymous”."""
    digits = _SEPARATORS.sub("", caller.strip())
    return digits if _NUMBER.fullmatch(digits) else ""
