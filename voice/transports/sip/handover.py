"""Handing a caller over to a person: REFER, and what comes of it (RFC 3515).

The exchange says first whether it will try, then how the try went. We hang up when it has
succeeded. Some exchanges never say: then they have taken the call with their first answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from voice.transports.sip.exchange import Pairs
from voice.transports.sip.timers import Timer, Timers

# After the exchange's promise: so long without any word, so long with only words of progress.
SILENT_SECONDS = 3.0
PROGRESS_SECONDS = 45.0
_SIPFRAG = re.compile(rb"\s*SIP/2\.0\s+([1-6]\d\d)")


Ask = Callable[[str, Callable[[int], None], Pairs], None]


class HandOver:
    """One try, begun at once; ``done`` is told once whether it succeeded."""

    def __init__(self, timers: Timers, ask: Ask, target: str, done: Callable[[bool], None]) -> None:
        self._timers = timers
        self._done = done
        self._timer: Timer | None = None
        self._is_done = False
        ask("REFER", self._answered, [("refer-to", f"<{target}>")])

    def notified(self, body: bytes, state: str) -> None:
        """Take a NOTIFY: how the try stands, and whether that is the last word on it."""
        match = _SIPFRAG.match(body)
        status = int(match[1]) if match else 0
        if status >= 200:
            self._finish(status < 300)
        elif state.partition(";")[0].strip().lower() == "terminated":
            # The last word, and it tells of no failure.
            self._finish(True)
        else:
            self._wait(PROGRESS_SECONDS)

    def stop(self) -> None:
        """Expect nothing any more."""
        self._is_done = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _answered(self, status: int) -> None:
        if status >= 300:
            self._finish(False)
        elif not self._is_done and self._timer is None:
            self._wait(SILENT_SECONDS)

    def _wait(self, seconds: float) -> None:
        if self._is_done:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timers.call_later(seconds, lambda: self._finish(True))

    def _finish(self, succeeded: bool) -> None:
        if not self._is_done:
            self.stop()
            self._done(succeeded)
