"""Calls by sipp: what an exchange does, well and badly, in scenarios of our own."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.voice.fakes_baresip import free_udp_port
from tests.voice.fakes_sip import Calls
from voice.transports.sip.server import SipServer
from voice.transports.sip.settings import SipSettings

pytestmark = [
    pytest.mark.sip,
    pytest.mark.skipif(
        shutil.which("sipp") is None, reason="sipp is not installed (Debian: sip-tester)"
    ),
]

SCENARIOS = Path(__file__).parent / "sipp"


def _run(folder: Path, scenario: str, calls: int = 1) -> tuple[Calls, dict[str, int]]:
    """Let sipp play a scenario; nothing may fail and nothing may be left."""
    made = Calls()

    async def main() -> dict[str, int]:
        server = SipServer(made, SipSettings(port=0, ring_seconds=0.3))
        await server.start()
        try:
            await _play(folder, scenario, calls, server.port)
            for _ in range(100):
                if not (server.legs or server.talks):
                    break
                await asyncio.sleep(0.02)
            assert (server.legs, server.talks, server.free_ports) == (0, 0, 500)
            return server.counts()
        finally:
            await server.close()

    counts = asyncio.run(main())
    assert made.open_calls == []
    return made, counts


async def _play(folder: Path, scenario: str, calls: int, port: int) -> None:
    with (folder / "log.txt").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *("sipp", "-sf", str(SCENARIOS / f"{scenario}.xml"), f"127.0.0.1:{port}"),
            *("-i", "127.0.0.1", "-p", str(free_udp_port()), "-mi", "127.0.0.1"),
            *("-mp", str(free_udp_port()), "-m", str(calls), "-r", "5", "-l", "20"),
            *(
                "-nostdin",
                "-timeout",
                "40s",
                "-timeout_error",
                "-trace_err",
                "-recv_timeout",
                "15s",
            ),
            cwd=folder,
            stdout=log,
            stderr=log,
        )
        try:
            status = await asyncio.wait_for(process.wait(), 60)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    errors = "".join(path.read_text("latin-1") for path in folder.glob("*_errors.log"))
    assert status == 0, f"sipp ended with {status}: {errors[-2000:]}"


def test_a_plain_call(tmp_path: Path) -> None:
    made, counts = _run(tmp_path, "call")
    (call,) = made.made
    assert 40 <= len(call.heard) <= 60
    assert call.is_gone
    assert counts["answered"] == 1


def test_ten_plain_calls_at_once(tmp_path: Path) -> None:
    made, _ = _run(tmp_path, "call", calls=10)
    assert len(made.made) == 10


def test_a_cancelled_call(tmp_path: Path) -> None:
    made, counts = _run(tmp_path, "cancel")
    assert made.made == []
    assert counts["refused"] == 1


def test_a_call_in_a_law_that_is_not_spoken_here(tmp_path: Path) -> None:
    made, _ = _run(tmp_path, "wrong_codec")
    assert made.made == []


def test_a_call_that_is_held_resumed_and_changed(tmp_path: Path) -> None:
    made, _ = _run(tmp_path, "reinvite")
    (call,) = made.made
    assert 35 <= len(call.heard) <= 65  # a second of talk, without the time on hold


def test_an_invite_that_comes_three_times(tmp_path: Path) -> None:
    made, counts = _run(tmp_path, "repeated")
    assert len(made.made) == 1
    # At least: sipp takes our repeated answers for a reason to repeat once more.
    assert counts["repeated"] >= 2


def test_an_exchange_that_asks_whether_we_are_there(tmp_path: Path) -> None:
    made, _ = _run(tmp_path, "options")
    assert made.made == []


def test_the_end_of_a_call_that_nobody_knows(tmp_path: Path) -> None:
    made, _ = _run(tmp_path, "unknown_bye")
    assert made.made == []
