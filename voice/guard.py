"""What stands between a way in and a call: whatever breaks in one call stays in it.

``GuardedCall`` looks like the call that it holds. If a step raises, the caller hears an apology
and the call is over with outcome "failed"; no transport has to know. ``Announcement`` is a call
that only says something: the refusal of a full line.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from voice.answerer import CallInfo
from voice.audio import FRAME_BYTES, SILENCE

log = logging.getLogger(__name__)


class Stepped(Protocol):
    """A call as every way in sees it: one frame of 20 ms in and one out, until it is over."""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to say or hear."""

    @property
    def outcome(self) -> str:
        """How it ended: "hang_up", "hand_over", "failed"; "" while it lasts."""

    @property
    def events(self) -> Sequence[Any]:
        """What happened since this was last read."""

    def step(self, incoming: bytes, keys: str = "") -> bytes:
        """Take a frame and the keys pressed since the last one, return the frame to be heard."""

    def hung_up(self) -> None:
        """The caller is gone."""


class Announcement:
    """Says its frames and is over."""

    def __init__(self, frames: Iterable[bytes], outcome: str = "hang_up") -> None:
        self._frames = iter(list(frames))
        self._next = next(self._frames, None)
        self._ends_as = outcome
        self.events: Sequence[Any] = ()

    @property
    def is_over(self) -> bool:
        """Whether everything is said."""
        return self._next is None

    @property
    def outcome(self) -> str:
        """What was asked for, once everything is said."""
        return self._ends_as if self.is_over else ""

    def step(self, incoming: bytes, keys: str = "") -> bytes:
        """Return the next frame; nothing is listened to."""
        frame, self._next = self._next, next(self._frames, None)
        return SILENCE if frame is None else frame

    def hung_up(self) -> None:
        """Nobody listens any more."""
        self._next = None


class GuardedCall:
    """A call whose failures end it, with an apology, and nothing else."""

    def __init__(
        self,
        info: CallInfo,
        call: Stepped,
        apology_frames: Sequence[bytes],
        not_passed_on_frames: Sequence[bytes] = (),
    ) -> None:
        self.info = info
        self._call = call
        self._apology_frames = apology_frames
        self._not_passed_on_frames = not_passed_on_frames
        self._apology: Announcement | None = None
        self._last_words: Announcement | None = None
        self._is_gone = False

    @property
    def is_over(self) -> bool:
        """Whether the call, or the apology for it, is finished."""
        return self._is_gone or self._spoken.is_over

    @property
    def has_failed(self) -> bool:
        """Whether it ends, or has ended, otherwise than caller and line wished."""
        return self._apology is not None

    @property
    def outcome(self) -> str:
        """The call's own outcome, or "failed"."""
        return self._spoken.outcome

    @property
    def _spoken(self) -> Stepped:
        return self._last_words or self._apology or self._call

    @property
    def events(self) -> Sequence[Any]:
        """The call's events, none of a call that has failed."""
        return () if self.has_failed else self._call.events

    def step(self, incoming: bytes, keys: str = "") -> bytes:
        """Step the call; after a failure step through the apology."""
        if self._spoken is self._call:
            try:
                return _whole(self._call.step(incoming, keys))
            except Exception as error:  # noqa: BLE001 (whatever broke, this caller is told)
                log.error("call %s broke: %s", self.info.call_id, where(error))
                self.give_up()
        return self._spoken.step(incoming)

    def hand_over_refused(self) -> None:
        """Tell a caller whom nobody took over that the call ends here, and what to do."""
        if self.outcome == "hand_over":
            self._last_words = Announcement(self._not_passed_on_frames)

    def give_up(self) -> None:
        """End the call with an apology: it broke, or the line is closing."""
        if self._apology is None:
            self._apology = Announcement(self._apology_frames, "failed")
            self._leave()

    def hung_up(self) -> None:
        """The caller is gone; said to a call that is over it changes nothing."""
        was_over, self._is_gone = self.is_over, True
        if self._apology is None and not was_over:
            self._leave()

    def _leave(self) -> None:
        try:
            self._call.hung_up()
        except Exception as error:  # noqa: BLE001 (the line goes on)
            log.error("call %s did not end well: %s", self.info.call_id, where(error))


def where(error: Exception) -> str:
    """Return what broke and where; never the message, which may hold what a caller said."""
    place = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__}\n{place}"


def _whole(frame: bytes) -> bytes:
    if len(frame) != FRAME_BYTES:
        raise ValueError(f"expected {FRAME_BYTES} bytes per frame, got {len(frame)}")
    return frame
