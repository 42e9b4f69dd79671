"""A call stepped by its telephone: what a caller says goes in, what the caller hears comes out.

While the caller has put us on hold the call stands still, since its clock is the sound; it goes on
where it stopped. Before hanging up a little silence is sent, because what lies in the far end's
jitter buffer at the end of a call is never heard.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from voice.audio import FRAME_BYTES, FRAME_SECONDS, SILENCE
from voice.guard import Stepped, where
from voice.transports.sip.media import Media

log = logging.getLogger(__name__)

TAIL_FRAMES = 10


@runtime_checkable
class HandsOver(Protocol):
    """A call that goes on when nobody takes it over."""

    def hand_over_refused(self) -> None:
        """Tell the caller, and be no longer over."""


class Talk:
    """Steps ``call``; ``finished`` is told once how it ended: its outcome, "held" or "failed"."""

    def __init__(
        self, call: Stepped, media: Media, hold_seconds: float, finished: Callable[[str], None]
    ) -> None:
        self.call = call
        self._media = media
        self._most_held_frames = hold_seconds / FRAME_SECONDS
        self._finished = finished
        self._held_frames = 0
        self._tail_frames = 0
        self._is_waiting = False

    def step(self) -> None:
        """Let 20 ms pass."""
        try:
            self._step(self._media.take())
        except Exception as error:  # noqa: BLE001 (whatever broke, other calls go on)
            log.error("a call failed in its step: %s", where(error))
            self._finish("failed")

    def go_on(self) -> bool:
        """Take the call up again after a hand-over that failed; whether it can."""
        if not isinstance(self.call, HandsOver):
            return False
        try:
            self.call.hand_over_refused()
        except Exception as error:  # noqa: BLE001 (whatever broke, other calls go on)
            log.error("a call could not go on: %s", where(error))
            return False
        self._is_waiting, self._tail_frames = False, 0
        return not self.call.is_over

    def _step(self, incoming: bytes) -> None:
        if self._media.is_held:
            self._hold()
        else:
            self._held_frames = 0
            self._media.send(self._next(incoming))

    def _next(self, incoming: bytes) -> bytes:
        if self._is_waiting:
            return SILENCE
        if self.call.is_over:
            self._tail_frames += 1
            if self._tail_frames > TAIL_FRAMES:
                self._finish(self.call.outcome)
            return SILENCE
        frame = self.call.step(incoming, self._media.take_keys())
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"expected {FRAME_BYTES} bytes per frame, got {len(frame)}")
        return frame

    def _hold(self) -> None:
        self._media.pause()
        self._held_frames += 1
        if self._held_frames > self._most_held_frames and not self._is_waiting:
            self._finish("held")

    def _finish(self, how: str) -> None:
        self._is_waiting = True
        self._finished(how)
