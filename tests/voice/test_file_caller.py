"""A caller in a file: in this process, and against a running gateway."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from uuid import uuid4

import pytest

from tests.voice.fakes_transport import Calls, FakeCall, snr_db, tone
from voice.answerer import CallInfo
from voice.audio import FRAME_BYTES, SILENCE, frames_of, wav_read, wav_write
from voice.gateway import Gateway
from voice.register import CallRegister
from voice.transports.audiosocket import AudioSocketServer
from voice.transports.file import TURN_SECONDS, Ended, call_file, call_gateway

INFO = CallInfo("file-1", "", "file")


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{hertz}.wav" for hertz in (300, 500, 700)]
    for hertz, path in zip((300, 500, 700), paths, strict=True):
        wav_write(path, tone(hertz, 0.5))
    return paths


@pytest.fixture
def heard(tmp_path: Path) -> Path:
    return tmp_path / "heard.wav"


def test_one_recording_is_spoken_from_the_first_moment_and_what_is_heard_is_kept(
    recordings: list[Path], heard: Path
) -> None:
    call = FakeCall(INFO)
    ended = call_file(call, recordings[0], heard, patience_seconds=0.4)
    assert wav_read(heard).startswith(tone(300, 0.5))
    assert ended == Ended(pytest.approx(0.9), "")  # type: ignore[arg-type]
    assert call.is_gone


def test_the_line_ends_the_call(recordings: list[Path], heard: Path) -> None:
    call = FakeCall(INFO, ends_after=10, ends_as="hand_over")
    assert call_file(call, recordings[0], heard) == Ended(pytest.approx(0.2), "hand_over")  # type: ignore[arg-type]
    assert len(wav_read(heard)) == 10 * FRAME_BYTES


def test_several_recordings_take_turns_with_the_line(recordings: list[Path], heard: Path) -> None:
    says = [*frames_of(tone(900, 1.0)), *[SILENCE] * 110]
    call = FakeCall(INFO, says=says * 3, ends_after=630)
    call_file(call, recordings, heard)
    spoken = [n for n, frame in enumerate(call.heard) if frame != SILENCE]
    firsts = [n for n in spoken if n - 1 not in spoken]
    turn = int(TURN_SECONDS * 50)
    assert firsts == [50 + turn, 210 + turn, 370 + turn]
    for first, recording in zip(firsts, recordings, strict=True):
        assert b"".join(call.heard[first : first + 25]) == wav_read(recording)


def test_keys_are_pressed_at_their_time(recordings: list[Path], heard: Path) -> None:
    pressed: list[tuple[int, str]] = []

    class Noting(FakeCall):
        def step(self, incoming: bytes, keys: str = "") -> bytes:
            if keys:
                pressed.append((len(self.heard), keys))
            return super().step(incoming, keys)

    keys = [(1.0, "0"), (0.1, "1"), (0.1, "2")]
    call_file(Noting(INFO), recordings[0], heard, keys=keys, patience_seconds=0.2)
    assert pressed == [(4, "12"), (49, "0")]


def test_in_real_time_a_second_takes_a_second(recordings: list[Path], heard: Path) -> None:
    began = time.monotonic()
    call_file(FakeCall(INFO, ends_after=15), recordings[0], heard, realtime=True)
    assert time.monotonic() - began >= 0.28


@pytest.mark.audiosocket
@pytest.mark.alone
def test_a_running_gateway_is_rung_and_heard(recordings: list[Path], heard: Path) -> None:
    async def ring() -> None:
        calls, register, call_id = Calls(), CallRegister(), uuid4()
        register.announce(call_id, "")
        gateway = Gateway(calls, 1)
        server = AudioSocketServer(gateway, register)
        await server.start()
        ended = await call_gateway(
            "127.0.0.1", server.port, recordings[0], heard,
            call_id=call_id, keys=[(0.3, "5")], patience_seconds=0.5,
        )  # fmt: skip
        await asyncio.sleep(0.1)
        assert calls.only.keys == "5"
        assert calls.only.is_gone
        assert ended.seconds > 1.0
        await server.close()

    asyncio.run(ring())
    assert snr_db(wav_read(heard), tone(300, 0.5), 8000) > 60


@pytest.mark.audiosocket
@pytest.mark.alone
def test_the_gateways_last_words_are_heard_to_the_end(recordings: list[Path], heard: Path) -> None:
    said = tone(440, 0.6)

    async def ring() -> None:
        calls = Calls(says=frames_of(said), ends_after=30)
        server = AudioSocketServer(Gateway(calls, 1))
        await server.start()
        await call_gateway("127.0.0.1", server.port, recordings[0], heard)
        await server.close()

    asyncio.run(ring())
    assert wav_read(heard).endswith(said)


def test_a_gateway_that_is_not_there_is_an_error_of_the_network(
    recordings: list[Path], heard: Path
) -> None:
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(call_gateway("127.0.0.1", 9, recordings[0], heard))
