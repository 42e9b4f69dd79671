"""The beat of a call: one step every 20 ms by the monotonic clock.

Each step has its own due time, so lateness never adds up. A process that was held up makes good
at most three steps at once; what it missed beyond that is left out, because a burst of audio
would only fill the far end's jitter buffer. Knows nothing of audio or sockets.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

TICK_SECONDS = 0.02
CATCH_UP_TICKS = 3


class Metronome:
    """Says how long to wait for the next tick; ``skipped_ticks`` counts those given up."""

    def __init__(
        self,
        tick_seconds: float = TICK_SECONDS,
        catch_up_ticks: int = CATCH_UP_TICKS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.skipped_ticks = 0
        self._tick_seconds = tick_seconds
        self._catch_up_ticks = catch_up_ticks
        self._clock = clock
        self._start = clock()
        self._ticks = 0

    def wait_seconds(self) -> float:
        """Move on to the next tick and return the seconds until it is due, 0 if it is overdue."""
        self._ticks += 1
        # A product, not a sum: the due time of tick n carries one rounding, not n of them.
        early = self._start + self._ticks * self._tick_seconds - self._clock()
        missed = int(-early / self._tick_seconds) + 1 - self._catch_up_ticks if early < 0 else 0
        if missed > 0:
            self._ticks += missed
            self.skipped_ticks += missed
        return max(early, 0.0)


async def paced(
    step: Callable[[], None],
    is_over: Callable[[], bool] = lambda: False,
    *,
    metronome: Metronome | None = None,
) -> None:
    """Call ``step`` at once and then every tick until ``is_over``; what it raises is passed on.

    Cancel the task to end it at once. Other tasks get their turn between any two steps.
    """
    metronome = metronome or Metronome()
    while not is_over():
        step()
        await asyncio.sleep(metronome.wait_seconds())
