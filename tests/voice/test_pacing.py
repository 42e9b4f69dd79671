"""The 20 ms beat: no drift, little catching up, no bursts."""

from __future__ import annotations

import asyncio

import pytest

from voice.pacing import CATCH_UP_TICKS, TICK_SECONDS, Metronome, paced


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _steps(clock: Clock, metronome: Metronome, count: int) -> list[float]:
    """When each of ``count`` steps ran, if each follows as soon as the metronome lets it."""
    times = []
    for _ in range(count):
        times.append(clock.now)
        clock.now += metronome.wait_seconds()
    return times


def test_an_hour_of_ticks_does_not_drift() -> None:
    clock = Clock()
    metronome = Metronome(clock=clock)
    for _ in range(180_000):
        clock.now += metronome.wait_seconds()
        clock.now += 0.0004  # waking up always takes a little longer than asked for
    assert clock.now - 100.0 == pytest.approx(3600.0, abs=0.001)
    assert metronome.skipped_ticks == 0


def test_a_short_hold_up_is_made_good() -> None:
    clock = Clock()
    metronome = Metronome(clock=clock)
    _steps(clock, metronome, 5)
    clock.now += 2.5 * TICK_SECONDS
    times = _steps(clock, metronome, 6)
    assert sum(time - times[0] < 1e-9 for time in times) == 1 + 2
    assert metronome.skipped_ticks == 0


def test_a_long_hold_up_never_bursts_more_than_three_frames() -> None:
    clock = Clock()
    metronome = Metronome(clock=clock)
    _steps(clock, metronome, 5)
    clock.now += 5.007
    times = _steps(clock, metronome, 10)
    # One step was due anyway; at most three more follow at once.
    assert sum(time - times[0] < 1e-9 for time in times) == 1 + CATCH_UP_TICKS
    assert times[-1] - times[3] == pytest.approx(6 * TICK_SECONDS, abs=TICK_SECONDS)
    assert metronome.skipped_ticks == 250 - CATCH_UP_TICKS


def test_after_a_hold_up_the_beat_keeps_its_old_phase() -> None:
    clock = Clock()
    metronome = Metronome(clock=clock)
    _steps(clock, metronome, 5)
    clock.now += 1.2345
    last = _steps(clock, metronome, 10)[-1]
    assert (last - 100.0) / TICK_SECONDS == pytest.approx(round((last - 100.0) / TICK_SECONDS))


def test_pacing_ends_when_it_is_over_and_lets_others_run() -> None:
    async def main() -> tuple[int, int]:
        steps, others = [], []

        async def other() -> None:
            while len(steps) < 5:
                others.append(1)
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await paced(
            lambda: steps.append(1), lambda: len(steps) == 5, metronome=Metronome(tick_seconds=1e-6)
        )
        await task
        return len(steps), len(others)

    steps, others = asyncio.run(main())
    assert steps == 5
    assert others >= 4


def test_what_a_step_raises_reaches_whoever_paces() -> None:
    def step() -> None:
        raise ValueError("a call that fails")

    with pytest.raises(ValueError, match="fails"):
        asyncio.run(paced(step))
