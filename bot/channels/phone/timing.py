"""How long each stage of a call's turns took, gathered from what its call tells by the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voice.answerer import CallInfo
from voice.events import STAGES, CallEvent, stage_seconds
from voice.gateway import CallFactory
from voice.guard import Stepped


class TimedCall:
    """A call whose events pass by here on their way to whoever shows them."""

    def __init__(self, call: Stepped) -> None:
        self._call = call
        self._stages: list[CallEvent] = []

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to say or hear."""
        return self._call.is_over

    @property
    def outcome(self) -> str:
        """How it ended."""
        return self._call.outcome

    @property
    def events(self) -> Sequence[Any]:
        """What happened since this was last read."""
        events = self._call.events
        # Words are kept nowhere but in the conversation, masked.
        self._stages += [event for event in events if event.name in STAGES]
        return events

    def step(self, incoming: bytes, keys: str = "") -> bytes:
        """Take a frame, return a frame."""
        return self._call.step(incoming, keys)

    def hung_up(self) -> None:
        """The caller is gone."""
        self._call.hung_up()

    def timings(self) -> dict[str, list[float | None]]:
        """Return by stage how long each turn took to it (``voice.events.stage_seconds``).

        A turn that did not come so far has None.
        """
        _ = self.events
        by_turn = stage_seconds(self._stages).values()
        return {
            stage: [turn.get(stage) for turn in by_turn]
            for stage in STAGES
            if any(stage in turn for turn in by_turn)
        }


class Timekeeper:
    """Makes calls by ``factory`` and knows the timings of each until they are asked for."""

    def __init__(self, factory: CallFactory) -> None:
        self._factory = factory
        self._calls: dict[str, TimedCall] = {}

    def call(self, info: CallInfo) -> TimedCall:
        """Return a new call."""
        made = TimedCall(self._factory(info))
        self._calls[info.call_id] = made
        return made

    def timings(self, call_id: str) -> dict[str, list[float | None]]:
        """Return the timings of a call that is over, once."""
        call = self._calls.pop(call_id, None)
        return call.timings() if call is not None else {}
