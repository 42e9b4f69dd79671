"""What happened in a call and when: for the transcript, the browser page and the figures.

Text here is what was said; masking it is the duty of whoever keeps it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from voice.timers import AudioClock

STAGES = ("spoken_until", "endpoint", "recognised", "answered", "first_audio")
# More than a call of half an hour brings about, should nobody read them.
MOST_EVENTS = 20_000


@dataclass(frozen=True)
class CallEvent:
    """``seconds`` of audio time; ``turn`` counts what the caller said or pressed, from 1.

    ``name``: state, partial, final, key, said, unsaid, flush, resumed, ignored, failure, end, or
    one of ``STAGES``.
    """

    name: str
    seconds: float
    text: str = ""
    turn: int = 0


class EventLog:
    """Collects events until they are drained."""

    def __init__(self, clock: AudioClock) -> None:
        self._clock = clock
        self._events: deque[CallEvent] = deque(maxlen=MOST_EVENTS)
        self._turn = 0
        self._stages: set[str] = set()

    def add(self, name: str, text: str = "") -> None:
        """Something happened just now."""
        self._put(name, self._clock.seconds, text)

    def begin_turn(self, endpoint_seconds: float, spoken_until: float | None = None) -> None:
        """The caller has said or pressed something, and was done at ``endpoint_seconds``.

        ``spoken_until``: the last of what she said; the silence after it told that she was done.
        """
        self._turn += 1
        self._stages = {"endpoint"}
        if spoken_until is not None:
            self._put("spoken_until", spoken_until)
        self._put("endpoint", endpoint_seconds)

    def stage(self, name: str) -> None:
        """A stage of the turn is done; only its first time counts."""
        if self._turn and name not in self._stages:
            self._stages.add(name)
            self.add(name)

    def drain(self) -> list[CallEvent]:
        """Return what was collected since the last time."""
        drained = list(self._events)
        self._events.clear()
        return drained

    def _put(self, name: str, seconds: float, text: str = "") -> None:
        self._events.append(CallEvent(name, round(seconds, 2), text, self._turn))


def stage_seconds(events: Iterable[CallEvent]) -> dict[int, dict[str, float]]:
    """Return for each turn how long after its endpoint each stage was done, in seconds.

    The endpoint itself counts from the last of what was said; what was pressed has none.
    """
    turns: dict[int, dict[str, float]] = {}
    for event in events:
        if event.name in STAGES and event.turn:
            turns.setdefault(event.turn, {})[event.name] = event.seconds
    return {turn: _after(times) for turn, times in turns.items() if "endpoint" in times}


def _after(times: dict[str, float]) -> dict[str, float]:
    since = dict.fromkeys(STAGES[2:], times["endpoint"])
    since |= {"endpoint": times["spoken_until"]} if "spoken_until" in times else {}
    return {name: round(at - since[name], 2) for name, at in times.items() if name in since}
