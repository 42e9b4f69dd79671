"""Calls by a real telephone: what each side hears of the other, keys, both ways to hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from tests.voice.fakes_baresip import (
    Baresip,
    baresip_is_missing,
    chirp,
    heard_by_telephone,
    snr_db,
    telephone,
)
from tests.voice.fakes_sip import Calls, StubbornCall
from voice.audio import frames_of, wav_write
from voice.transports.sip.server import SipServer
from voice.transports.sip.settings import SipSettings

pytestmark = [
    pytest.mark.sip,
    pytest.mark.skipif(bool(baresip_is_missing()), reason=baresip_is_missing() or "-"),
]

LEAST_SNR_DB = 30.0
SPOKEN_SECONDS = 3.0


Script = Callable[[Baresip, SipServer, Calls], Awaitable[None]]


def _call(
    folder: Path,
    script: Script,
    *,
    law: str = "PCMA",
    calls: Calls | None = None,
    desk: Calls | None = None,
) -> Calls:
    """Start both sides, and a desk to hand over to, let ``script`` talk; nothing may be left."""
    sound = folder / "spoken.wav"
    spoken = np.concatenate([np.zeros(4000), chirp(SPOKEN_SECONDS), np.zeros(160_000)])
    wav_write(sound, spoken.astype("<i2").tobytes())
    calls = calls or Calls()

    async def main() -> None:
        at_desk = SipServer(
            desk or Calls(most=0), SipSettings(port=0, ring_seconds=0.1, rtp_ports=(23000, 23019))
        )
        await at_desk.start()
        target = f"sip:desk@127.0.0.1:{at_desk.port}"
        settings = SipSettings(port=0, ring_seconds=0.1, hand_over_target=target)
        server = SipServer(calls, settings)
        await server.start()
        try:
            async with telephone(folder, sound, law) as phone:
                await phone.command("dial", f"sip:12345@127.0.0.1:{server.port}")
                await phone.wait_for("CALL_ESTABLISHED")
                await script(phone, server, calls)
                await _quiet(server)
        finally:
            await server.close()
            await at_desk.close()

    asyncio.run(main())
    assert calls.open_calls == []
    return calls


async def _quiet(server: SipServer) -> None:
    """Wait until nothing of any call is left."""
    for _ in range(250):
        if not (server.legs or server.talks):
            break
        await asyncio.sleep(0.02)
    assert (server.legs, server.talks, server.free_ports) == (0, 0, 500)


@pytest.mark.alone
@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_both_sides_hear_each_other_clearly_in_both_laws(tmp_path: Path, law: str) -> None:
    calls = Calls()
    played = np.concatenate([np.zeros(4000), chirp(SPOKEN_SECONDS)[::-1], np.zeros(80_000)])
    calls.frames = frames_of(played.astype("<i2").tobytes())

    async def script(phone: Baresip, server: SipServer, calls: Calls) -> None:
        await asyncio.sleep(SPOKEN_SECONDS + 2.0)
        await phone.command("hangup")
        await phone.wait_for("CALL_CLOSED")

    _call(tmp_path, script, law=law, calls=calls)
    (call,) = calls.made
    heard_here = np.frombuffer(b"".join(call.heard), dtype="<i2").astype(float)
    to_us = snr_db(chirp(SPOKEN_SECONDS), heard_here)
    to_phone = snr_db(chirp(SPOKEN_SECONDS)[::-1], heard_by_telephone(tmp_path))
    print(f"{law}: SNR to us {to_us:.1f} dB, to the telephone {to_phone:.1f} dB")
    assert call.is_gone
    assert call.info.caller == "13800138000"
    assert to_us >= LEAST_SNR_DB
    assert to_phone >= LEAST_SNR_DB


def test_every_key_arrives_exactly_once(tmp_path: Path) -> None:
    async def script(phone: Baresip, server: SipServer, calls: Calls) -> None:
        await asyncio.sleep(0.5)
        for key in "1380013*#999":
            await phone.command("sndcode", key)
            await asyncio.sleep(0.25)
        await asyncio.sleep(0.5)
        await phone.command("hangup")
        await phone.wait_for("CALL_CLOSED")

    (call,) = _call(tmp_path, script).made
    assert call.keys == "1380013*#999"


def test_we_hang_up_and_the_telephone_notices(tmp_path: Path) -> None:
    async def script(phone: Baresip, server: SipServer, calls: Calls) -> None:
        await asyncio.sleep(0.5)
        calls.made[0].end("hang_up")
        await phone.wait_for("CALL_CLOSED")

    (call,) = _call(tmp_path, script).made
    assert not call.is_gone


def test_the_telephone_holds_and_goes_on(tmp_path: Path) -> None:
    counted: list[int] = []

    async def script(phone: Baresip, server: SipServer, calls: Calls) -> None:
        await asyncio.sleep(0.5)
        await phone.command("hold")
        await asyncio.sleep(0.5)
        counted.append(len(calls.made[0].heard))
        await asyncio.sleep(0.7)
        counted.append(len(calls.made[0].heard))
        await phone.command("resume")
        await asyncio.sleep(0.7)
        counted.append(len(calls.made[0].heard))
        await phone.command("hangup")
        await phone.wait_for("CALL_CLOSED")

    _call(tmp_path, script)
    held, still_held, resumed = counted
    assert held > 10
    assert still_held == held
    assert resumed >= held + 15


def test_a_hand_over_connects_the_telephone_to_the_desk(tmp_path: Path) -> None:
    desk = Calls()

    async def script(phone: Baresip, server: SipServer, calls: Calls) -> None:
        await asyncio.sleep(0.5)
        calls.made[0].end("hand_over")
        await _until(lambda: bool(server.counts().get("handed_over")))
        await asyncio.sleep(0.5)

    (call,) = _call(tmp_path, script, desk=desk).made
    assert not call.is_gone
    (taken,) = desk.made
    assert len(taken.heard) > 10


def test_a_hand_over_that_the_desk_refuses_lets_the_call_go_on(tmp_path: Path) -> None:
    counted: list[int] = []

    async def script(phone: Baresip, server: SipServer, calls: Calls) -> None:
        await asyncio.sleep(0.5)
        calls.made[0].end("hand_over")
        await _until(lambda: bool(server.counts().get("hand_over_refused")))
        counted.append(len(calls.made[0].heard))
        await asyncio.sleep(1.0)
        counted.append(len(calls.made[0].heard))
        calls.made[0].end("hang_up")

    _call(tmp_path, script, calls=Calls(kind=StubbornCall))
    assert counted[1] >= counted[0] + 25


async def _until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("waited ten seconds in vain")
