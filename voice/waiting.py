"""What a caller hears while an answer is looked for, and when the line stops looking."""

from __future__ import annotations

from typing import Literal

from voice.timers import AudioClock, Limits

Due = Literal["looking", "still_looking", "too_slow"]


class Waiting:
    """Counts from the end of the caller's turn; each thing falls due once."""

    def __init__(self, clock: AudioClock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._since = 0.0
        self._plan: list[tuple[float, Due]] = []

    def start(self) -> None:
        """The caller is done and waits for an answer."""
        self._begin(
            [
                (self._limits.filler_seconds, "looking"),
                (self._limits.second_filler_seconds, "still_looking"),
                (self._limits.answer_seconds, "too_slow"),
            ]
        )

    def start_for_person(self) -> None:
        """The caller wants a person, and has been told that one is sought."""
        self._begin([(self._limits.person_seconds, "too_slow")])

    def due(self) -> Due | None:
        """Return what has fallen due since the last time."""
        if self._plan and self._clock.seconds - self._since >= self._plan[0][0]:
            return self._plan.pop(0)[1]
        return None

    def _begin(self, plan: list[tuple[float, Due]]) -> None:
        self._since, self._plan = self._clock.seconds, plan
