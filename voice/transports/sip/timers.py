"""Sending again until the other side has heard: the timers of RFC 3261, section 17.

The clock is handed in: asyncio's loop in service, a hand-turned one in tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

T1_SECONDS = 0.5
T2_SECONDS = 4.0
GIVE_UP_SECONDS = 64 * T1_SECONDS


class Timer(Protocol):
    """Something that will happen."""

    def cancel(self) -> None:
        """Let it not happen; a second time does nothing."""


class Timers(Protocol):
    """What makes things happen later; asyncio's event loop is one."""

    def call_later(self, delay: float, callback: Callable[[], None], /) -> Timer:
        """Call ``callback`` in ``delay`` seconds."""


class Repeated:
    """Sends at once, then after T1, doubling up to T2, until stopped or given up after 64·T1."""

    def __init__(
        self,
        timers: Timers,
        send: Callable[[], None],
        gave_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._timers = timers
        self._send = send
        self._gave_up = gave_up
        self._interval = T1_SECONDS
        self._end: Timer | None = timers.call_later(GIVE_UP_SECONDS, self._ended)
        self._again: Timer | None = None
        self._repeat()

    def slow_down(self) -> None:
        """The other side is at work: send again only every T2."""
        self._interval = T2_SECONDS

    def stop(self) -> None:
        """The other side has heard."""
        for timer in (self._end, self._again):
            if timer is not None:
                timer.cancel()
        self._end = self._again = None

    def _repeat(self) -> None:
        self._again = self._timers.call_later(self._interval, self._repeat)
        self._interval = min(self._interval * 2, T2_SECONDS)
        self._send()

    def _ended(self) -> None:
        self.stop()
        self._gave_up()
