"""The way in from Asterisk: bytes in any cut, sound every 20 ms, the dialplan goes on afterwards."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.voice.fakes_transport import Asterisk, Calls, snr_db, tone
from voice.audio import FRAME_BYTES, SILENCE, frames_of
from voice.gateway import Gateway
from voice.register import CallRegister, NextStep
from voice.transports import audiosocket
from voice.transports.audiosocket import AudioSocketServer
from voice.transports.audiosocket_frames import (
    AUDIO,
    LONGEST_PAYLOAD,
    Frame,
    FrameReader,
    encoded,
)
from voice.transports.inbox import AHEAD_FRAMES, LONGEST_MS, Inbox

CALL = UUID("11111111-2222-3333-4444-555555555555")
frames = st.builds(Frame, st.integers(0, 255), st.binary(max_size=600))


def by_hand(frame: Frame) -> bytes:
    """The bytes of any frame, also of those that we would not send."""
    return bytes([frame.kind, len(frame.payload) >> 8, len(frame.payload) & 255]) + frame.payload


# ---- the wire ----


@given(st.lists(frames, max_size=8), st.randoms(use_true_random=False))
def test_frames_are_the_same_however_they_are_split_and_merged(
    sent: list[Frame], chance: random.Random
) -> None:
    data = b"".join(map(by_hand, sent))
    cuts = sorted(chance.choices(range(len(data) + 1), k=chance.randrange(12)))
    reader = FrameReader()
    read = [f for a, b in pairwise([0, *cuts, len(data)]) for f in reader.feed(data[a:b])]
    assert read == sent
    assert reader.pending_bytes == 0


@given(st.lists(st.binary(max_size=900), max_size=20))
def test_whatever_comes_is_read_without_keeping_more_than_one_frame(pieces: list[bytes]) -> None:
    reader = FrameReader()
    read = b"".join(by_hand(frame) for piece in pieces for frame in reader.feed(piece))
    data = b"".join(pieces)
    assert data.startswith(read)
    assert reader.pending_bytes == len(data) - len(read)
    assert reader.pending_bytes < LONGEST_PAYLOAD + 3


def test_lengths_have_sixteen_bits() -> None:
    reader = FrameReader()
    long = Frame(AUDIO, bytes(LONGEST_PAYLOAD))
    assert reader.feed(encoded(long) + b"\x03\x00\x015") == [long, Frame(3, b"5")]


@pytest.mark.parametrize("size", [0, LONGEST_PAYLOAD + 1])
def test_sound_of_no_length_or_too_long_is_never_sent(size: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 65535"):
        encoded(Frame(AUDIO, bytes(size)))


# ---- between the wire and the call ----


@settings(max_examples=60)
@given(st.lists(st.integers(1, 2000), min_size=1, max_size=30))
def test_sound_in_any_cut_becomes_the_same_frames(cuts: list[int]) -> None:
    sound = np.random.default_rng(7).integers(-9000, 9000, sum(cuts)).astype("<i2").tobytes()
    inbox, heard, at = Inbox(), b"", 0
    for cut in cuts:
        inbox.hear(sound[at : at + cut])
        at += cut
        while inbox.waiting_ms > 20 * AHEAD_FRAMES:
            heard += inbox.take()[0]
    assert sound.startswith(heard)


def test_late_sound_becomes_silence_and_nothing_is_lost() -> None:
    inbox, sound = Inbox(), frames_of(tone(400, 0.2))
    assert inbox.take() == (SILENCE, "")
    heard = []
    for frame in sound:
        inbox.hear(frame)
        heard.append(inbox.take()[0])
    heard += [inbox.take()[0] for _ in range(3)]
    assert [frame for frame in heard if frame != SILENCE] == sound


def test_what_piled_up_is_worked_off_in_the_pause_and_no_speech_is_cut() -> None:
    inbox = Inbox()
    words = [frames_of(tone(hertz, 0.3)) for hertz in (300, 500)]
    for frame in [*words[0], *[SILENCE] * 40, *words[1]]:
        inbox.hear(frame)
    heard = [inbox.take()[0] for _ in range(40)]
    assert [frame for frame in heard if frame != SILENCE] == words[0] + words[1]
    assert inbox.waiting_ms == 0


def test_sound_that_nobody_takes_does_not_grow_and_stays_sound() -> None:
    inbox = Inbox()
    for sample in range(4000):
        inbox.hear(sample.to_bytes(2, "little") * 161)
    assert inbox.waiting_ms == LONGEST_MS
    assert len({inbox.take()[0][-2:] for _ in range(50)}) == 50
    samples = np.frombuffer(inbox.take()[0], "<i2")
    assert samples.min() > 3800


def test_keys_come_with_the_next_frame_once_and_only_those_of_a_telephone() -> None:
    inbox = Inbox()
    inbox.press("1a2B*#\x00")
    assert inbox.take() == (SILENCE, "12*#")
    assert inbox.take() == (SILENCE, "")


# ---- calls as Asterisk makes them ----

Line = Callable[..., Any]


@asynccontextmanager
async def listening(
    calls: Calls, register: CallRegister | None = None, max_calls: int = 4
) -> AsyncIterator[tuple[Gateway, AudioSocketServer]]:
    refusal = frames_of(tone(300, 0.2))
    gateway = Gateway(calls, max_calls, refusal_frames=refusal, apology_frames=refusal[:3])
    server = AudioSocketServer(gateway, register)
    before = asyncio.all_tasks()
    await server.start()
    try:
        yield gateway, server
    finally:
        await server.close()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before, "a task is left"
        assert gateway.counts()["running"] == 0


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 20))


asterisk = pytest.mark.audiosocket


@asterisk
@pytest.mark.alone
def test_a_call_hears_and_is_heard_clearly_and_evenly() -> None:
    async def call() -> None:
        sweep = np.sin(np.cumsum(np.linspace(300, 3000, 12000)) * 2 * np.pi / 8000)
        said = (sweep * 9000).astype("<i2").tobytes()
        calls = Calls()
        async with listening(calls) as (_, server):
            phone = await Asterisk(server.port).connect(CALL)
            await phone.speak(said)
            await asyncio.sleep(0.3)
            await phone.hang_up()
        assert snr_db(b"".join(calls.only.heard), said, 1600) > 60
        assert snr_db(bytes(phone.heard), said, 3200) > 60
        gaps = np.diff(phone.arrivals[5:])
        assert np.percentile(gaps, 50) == pytest.approx(0.02, abs=0.004)
        assert calls.only.info.call_id == str(CALL)
        assert calls.only.info.transport == "audiosocket"

    run(call())


@asterisk
def test_the_line_is_never_silent_for_two_seconds_even_if_the_caller_is() -> None:
    async def call() -> None:
        async with listening(Calls(says=[])) as (_, server):
            phone = await Asterisk(server.port).connect(CALL)
            await asyncio.sleep(2.3)
            await phone.hang_up()
        assert len(phone.heard) > 100 * FRAME_BYTES
        assert set(phone.heard) == {0}

    run(call())


@asterisk
def test_keys_arrive_in_order_and_once() -> None:
    async def call() -> None:
        calls = Calls(ends_on_key="#")
        async with listening(calls) as (gateway, server):
            phone = await Asterisk(server.port).connect(CALL)
            for key in "13951234567A#":
                phone.press(key)
            await phone.until_closed()
            assert calls.only.keys == "13951234567#"
            assert gateway.counts()["completed"] == 1

    run(call())


@asterisk
@pytest.mark.parametrize(
    "goodbye", [b"", b"\x00\x00\x00", b"\xff\x00\x01\x04"], ids=["eof", "kind", "error"]
)
def test_the_caller_hangs_up_and_the_call_is_told_once(goodbye: bytes) -> None:
    async def call() -> None:
        calls = Calls()
        async with listening(calls) as (gateway, server):
            phone = await Asterisk(server.port).connect(CALL)
            await phone.speak(bytes(FRAME_BYTES * 3))
            phone.send(goodbye) if goodbye else phone.writer.write_eof()
            await phone.until_closed()
            assert calls.only.is_gone
            assert gateway.counts()["hung_up"] == 1

    run(call())


@asterisk
@pytest.mark.parametrize(
    ("ends_as", "next_step"), [("hang_up", "hangup"), ("hand_over", "handover")]
)
def test_closing_our_side_lets_the_dialplan_go_on_to_its_next_step(
    ends_as: str, next_step: str
) -> None:
    async def call() -> None:
        said = tone(440, 1.0)
        register = CallRegister("8601")
        register.announce(CALL, "13951234567")
        calls = Calls(says=frames_of(said), ends_as=ends_as, ends_after=len(frames_of(said)))
        async with listening(calls, register) as (_, server):
            phone = await Asterisk(server.port).connect(CALL)
            # Sound keeps coming in until the very end, as it does from a real channel.
            talking = asyncio.create_task(phone.speak(bytes(FRAME_BYTES * 60)))
            await phone.until_closed()
            await asyncio.gather(talking, return_exceptions=True)
            step = register.next_step(CALL)
        assert calls.only.info.caller == "13951234567"
        assert step is not None
        assert step.next == next_step
        # Nothing is lost at the end, where a reset would throw it away.
        assert bytes(phone.heard) == said

    run(call())


@asterisk
def test_only_announced_calls_are_taken_and_each_once() -> None:
    async def call() -> None:
        calls, register = Calls(), CallRegister()
        register.announce(CALL, "")
        async with listening(calls, register) as (_, server):
            stranger = await Asterisk(server.port).connect(uuid4())
            await stranger.until_closed(2)
            expected = await Asterisk(server.port).connect(CALL)
            await expected.speak(bytes(FRAME_BYTES * 3))
            twin = await Asterisk(server.port).connect(CALL)
            await twin.until_closed(2)
            await expected.hang_up()
        assert len(calls.made) == 1
        assert not stranger.heard
        assert not twin.heard
        assert expected.heard

    run(call())


@asterisk
def test_a_full_line_says_so_and_lets_the_dialplan_go_on() -> None:
    async def call() -> None:
        async with listening(Calls(), max_calls=1) as (gateway, server):
            first = await Asterisk(server.port).connect(uuid4())
            await first.speak(bytes(FRAME_BYTES))
            second = await Asterisk(server.port).connect(uuid4())
            await second.until_closed()
            assert bytes(second.heard) == tone(300, 0.2)
            assert gateway.counts()["refused"] == 1
            await first.hang_up()

    run(call())


@asterisk
def test_a_call_that_breaks_apologises_hands_over_and_its_neighbour_hears_nothing_of_it() -> None:
    async def call() -> None:
        register = CallRegister("8601")
        other = uuid4()
        for call_id in (CALL, other):
            register.announce(call_id, "")
        calls = Calls()
        async with listening(calls, register) as (gateway, server):
            good = await Asterisk(server.port).connect(other)
            await good.speak(tone(400, 0.1))
            bad = await Asterisk(server.port).connect(CALL)
            while len(calls.made) < 2:
                await asyncio.sleep(0.01)
            calls.made[1].breaks_at = 5
            await bad.until_closed()
            assert bytes(bad.heard[-3 * FRAME_BYTES :]) == tone(300, 0.06)
            assert register.next_step(CALL) == NextStep("handover", "8601")
            await good.speak(tone(400, 0.2))
            await good.hang_up()
            assert gateway.counts()["failed"] == 1

    run(call())


@asterisk
@pytest.mark.parametrize("cut", [1, 2, 7, 18])
def test_a_slow_network_may_cut_every_frame(cut: int) -> None:
    async def call() -> None:
        calls = Calls(ends_on_key="#")
        async with listening(calls) as (_, server):
            phone = await Asterisk(server.port).connect(CALL, cut=cut)
            for at in range(0, 20, cut):
                phone.send(
                    (b"\x10\x00\x04abcd\x42\x00\x02xy\x03\x00\x01#" + bytes(20))[at : at + cut]
                )
                await asyncio.sleep(0.005)
            await phone.until_closed()

    run(call())


@asterisk
def test_kinds_of_newer_exchanges_are_passed_over() -> None:
    async def call() -> None:
        calls = Calls(ends_on_key="#")
        async with listening(calls) as (_, server):
            phone = await Asterisk(server.port).connect(CALL)
            for kind in (0x02, 0x11, 0x12, 0x13, 0x7F, 0xFE):
                phone.send(by_hand(Frame(kind, b"whatever")))
            phone.send(by_hand(Frame(0x10)) + by_hand(Frame(0x03)) + by_hand(Frame(0x01, b"again")))
            phone.press("#")
            await phone.until_closed()
            assert calls.only.keys == "#"

    run(call())


@asterisk
@pytest.mark.parametrize(
    "first",
    [b"GET / HTTP/1.1\r\n\r\n" + bytes(30000), b"\x10\x00\x02ab", b"\x01\x00\x03abc", b""],
    ids=["http", "sound", "short", "nothing"],
)
def test_whoever_does_not_begin_with_a_uuid_is_shown_out(
    first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiosocket, "UUID_SECONDS", 0.2)

    async def call() -> None:
        calls = Calls()
        async with listening(calls) as (_, server):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(first)
            with suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 2) == b""
            writer.close()
        assert not calls.made

    run(call())


@asterisk
def test_a_peer_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audiosocket, "MOST_UNSENT_BYTES", -1)

    async def call() -> None:
        calls = Calls()
        async with listening(calls) as (gateway, server):
            phone = await Asterisk(server.port).connect(CALL)
            await phone.until_closed()
            assert calls.only.is_gone
            assert gateway.counts()["hung_up"] == 1

    run(call())


@asterisk
def test_shutdown_ends_what_is_connected_and_leaves_nothing() -> None:
    async def call() -> None:
        calls = Calls()
        async with listening(calls) as (_, server):
            phones = [await Asterisk(server.port).connect(uuid4()) for _ in range(3)]
            half_open = await asyncio.open_connection("127.0.0.1", server.port)
            while len(calls.made) < 3:
                await asyncio.sleep(0.01)
            await server.close()
            for phone in phones:
                await phone.until_closed()
            half_open[1].close()
        assert all(call.is_gone for call in calls.made)

    run(call())
