"""The calls of one process: capacity, refusal, failure, counting, shutdown."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.voice.fakes_transport import Calls, FakeCall, tone
from voice.answerer import CallInfo
from voice.audio import SILENCE, frames_of
from voice.errors import Busy, RegistrationRefused
from voice.gateway import MORE_REFUSALS, Gateway
from voice.guard import Announcement, Stepped

REFUSAL = frames_of(tone(300, 0.06))
APOLOGY = frames_of(tone(500, 0.1))
SAID = frames_of(tone(700, 0.02))[0]


def info(number: int = 1) -> CallInfo:
    return CallInfo(f"call-{number}", "13951234567", "test")


def gateway(calls: object = None, max_calls: int = 2, **more: object) -> Gateway:
    return Gateway(
        calls or Calls(),  # type: ignore[arg-type]
        max_calls,
        refusal_frames=REFUSAL,
        apology_frames=APOLOGY,
        **more,  # type: ignore[arg-type]
    )


def heard_to_the_end(call: Stepped, most: int = 100) -> list[bytes]:
    heard = []
    while not call.is_over:
        heard.append(call.step(SILENCE))
        assert len(heard) < most
    return heard


def test_a_call_beyond_capacity_is_refused_and_noted() -> None:
    refused: list[CallInfo] = []
    line = gateway(on_refused=refused.append)
    held = [line.open(info(n)) for n in (1, 2)]
    with pytest.raises(Busy):
        line.open(info(3))
    assert refused == [info(3)]
    line.close(held[0])
    assert line.open(info(3)).info == info(3)
    assert line.counts()["refused"] == 1


def test_who_is_refused_hears_why_and_the_line_is_no_fuller() -> None:
    line = gateway(max_calls=0)
    call = line.answer(info())
    assert (call.is_over, call.outcome, list(call.events)) == (False, "", [])
    assert heard_to_the_end(call) == REFUSAL
    assert call.outcome == "hang_up"
    line.close(call)
    assert line.counts()["running"] == 0


def test_a_flood_is_refused_without_words_in_the_end() -> None:
    line = gateway(max_calls=0)
    spoken = [line.answer(info(n)) for n in range(MORE_REFUSALS)]
    assert not any(call.is_over for call in spoken)
    assert line.answer(info(99)).is_over
    line.close(spoken[0])
    line.close(spoken[1])
    assert not line.answer(info(100)).is_over


def test_a_refusal_that_cannot_be_noted_is_spoken_all_the_same() -> None:
    def broken(_: CallInfo) -> None:
        raise OSError

    assert heard_to_the_end(gateway(max_calls=0, on_refused=broken).answer(info())) == REFUSAL


def test_the_same_call_is_not_opened_twice() -> None:
    line = gateway()
    call = line.open(info())
    with pytest.raises(RegistrationRefused):
        line.open(info())
    line.close(call)
    line.open(info())


def test_a_call_that_breaks_apologises_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls = Calls(says=[SAID] * 50, ends_after=20)
    line = gateway(calls)
    good, bad = line.open(info(1)), line.open(info(2))
    calls.made[1].breaks_at = 3
    heard = {1: [], 2: []}  # type: dict[int, list[bytes]]
    with caplog.at_level(logging.ERROR):
        while not (good.is_over and bad.is_over):
            for number, call in ((1, good), (2, bad)):
                if not call.is_over:
                    heard[number].append(call.step(SILENCE))
    assert heard[1] == [SAID] * 20
    assert heard[2] == [SAID] * 3 + APOLOGY
    assert (good.outcome, bad.outcome) == ("hang_up", "failed")
    assert calls.made[1].is_gone
    line.close(good)
    line.close(bad)
    assert line.counts() == {
        "running": 0, "max_calls": 2, "opened": 2, "refused": 0,
        "completed": 1, "handed_over": 0, "hung_up": 0, "failed": 1,
    }  # fmt: skip
    assert "call-2" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "1395" not in caplog.text


def test_a_frame_of_the_wrong_size_is_a_failure_not_noise_on_the_line() -> None:
    call = gateway(Calls(says=[b"\x00" * 100])).open(info())
    assert heard_to_the_end(call) == APOLOGY
    assert call.outcome == "failed"


def test_a_call_that_cannot_be_made_is_answered_with_an_apology() -> None:
    def broken(_: CallInfo) -> FakeCall:
        raise RuntimeError

    line = gateway(broken)
    call = line.open(info())
    assert heard_to_the_end(call) == APOLOGY
    line.close(call)
    assert line.counts()["failed"] == 1


def test_a_caller_whom_nobody_takes_over_is_told_before_the_end() -> None:
    line = gateway(Calls(ends_after=3, ends_as="hand_over"), not_passed_on_frames=[SAID])
    call = line.open(info())
    heard_to_the_end(call)
    assert call.outcome == "hand_over"
    call.hand_over_refused()
    assert not call.is_over
    assert heard_to_the_end(call) == [SAID]
    assert (call.is_over, call.outcome) == (True, "hang_up")


def test_a_call_that_cannot_even_hang_up_hurts_nobody() -> None:
    class Stubborn(FakeCall):
        def hung_up(self) -> None:
            raise RuntimeError

    line = gateway(Stubborn)
    call = line.open(info())
    call.hung_up()
    assert call.is_over
    line.close(call)
    assert line.counts()["hung_up"] == 1


@pytest.mark.parametrize(
    ("ends_as", "counted"), [("hang_up", "completed"), ("hand_over", "handed_over")]
)
def test_calls_are_counted_by_how_they_ended(ends_as: str, counted: str) -> None:
    calls = Calls(ends_after=3, ends_as=ends_as)
    line = gateway(calls)
    call = line.open(info())
    heard_to_the_end(call)
    call.hung_up()
    assert not calls.only.is_gone
    assert call.outcome == ends_as
    line.close(call)
    line.close(call)
    assert line.counts()[counted] == 1


def test_a_caller_who_is_still_there_when_the_call_is_closed_counts_as_gone() -> None:
    calls = Calls()
    line = gateway(calls)
    line.close(line.open(info()))
    assert calls.only.is_gone
    assert line.counts()["hung_up"] == 1


def test_a_call_handed_in_from_elsewhere_is_not_counted() -> None:
    line, other = gateway(), gateway()
    line.open(info())
    line.close(other.open(info()))
    assert line.counts()["running"] == 1


def test_shutdown_waits_for_running_calls_and_takes_no_new_ones() -> None:
    async def drained() -> None:
        line = gateway(Calls(ends_after=5))
        call = line.open(info())
        closing = asyncio.create_task(line.drain(10))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            line.open(info(2))
        heard_to_the_end(call)
        assert not closing.done()
        line.close(call)
        await asyncio.wait_for(closing, 1)
        assert line.counts()["completed"] == 1

    asyncio.run(drained())


def test_a_call_that_outlasts_the_shutdown_hears_closing_words() -> None:
    async def drained() -> None:
        line = gateway()
        call = line.open(info())
        closing = asyncio.create_task(line.drain(0))
        while not call.has_failed:
            await asyncio.sleep(0)
        assert heard_to_the_end(call) == APOLOGY
        line.close(call)
        await asyncio.wait_for(closing, 1)
        assert line.counts()["failed"] == 1

    asyncio.run(drained())


def test_an_announcement_without_frames_is_over_at_once() -> None:
    assert Announcement(()).is_over
    assert Announcement(()).step(SILENCE) == SILENCE
