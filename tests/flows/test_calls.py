"""Whole calls to the whole product: a telephone at one end, the ticket at the other."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.flows.calls import PHONE, Said, take_down, turns_of, voice, wait_for_turn
from tests.running import Running, free_port, running
from tests.voice.fakes_audio import silence
from tests.voice.fakes_baresip import (
    baresip_is_missing,
    free_udp_port,
    heard_by_telephone,
    telephone,
)
from tests.voice.fakes_caller import Telephone
from voice.audio import alaw_encode, ulaw_encode, wav_write
from voice.recognition import tiny_model_path

QUESTION, ITEM = "老年人优待证要带什么材料", "MZ10"
# Longer than the greeting and the notice, which cannot be interrupted.
GREETING_SECONDS = 14.0
LISTEN_SECONDS = 30.0
KEY = "exchange-key-1"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.vosk,
    pytest.mark.skipif(not (tiny_model_path() / "am").is_dir(), reason="no recognition model"),
]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The product with its telephone line."""
    with running(
        tmp_path_factory.mktemp("line"),
        BOT_NOW="2026-11-23T10:00+08:00",
        BOT_VOICE="on",
        BOT_VOICE_PRELOAD="off",
        BOT_VOICE_KEY=KEY,
        BOT_VOICE_HTTP_PORT=str(free_port()),
        BOT_AUDIOSOCKET_PORT=str(free_port()),
        BOT_SIP_PORT=str(free_udp_port()),
    ) as server:
        _wait_for_line(server)
        yield server


def _door(server: Running) -> str:
    return f"http://127.0.0.1:{server.environment['BOT_VOICE_HTTP_PORT']}"


def _wait_for_line(server: Running) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            if httpx.get(f"{_door(server)}/healthz", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise AssertionError("the telephone line is not up")


def _rings(server: Running) -> Telephone:
    """A call that the exchange has announced, as its dialplan would."""
    phone = Telephone(int(server.environment["BOT_AUDIOSOCKET_PORT"]))
    announced = httpx.post(
        f"{_door(server)}/voice/calls",
        json={"uuid": phone.call_id, "caller": ""},
        headers={"X-API-Key": KEY},
        trust_env=False,
    )
    assert announced.status_code == 201, announced.text
    return phone


def _is_answer(said: Said) -> bool:
    return (said.reply["kind"], said.reply["item"]) == ("answer", ITEM)


@pytest.mark.audiosocket
def test_a_question_is_answered_and_goodbye_ends_the_call(line: Running) -> None:
    with _rings(line) as phone:
        assert phone.listen()
        phone.say(voice(QUESTION))
        assert phone.listen()
        assert _is_answer(turns_of(line, phone.call_id)[0])
        phone.say(voice("再见"))
        until = time.monotonic() + 20
        while not phone.is_over and time.monotonic() < until:
            time.sleep(0.1)
        assert phone.is_over
        assert phone.faults == []


@pytest.mark.audiosocket
@pytest.mark.parametrize("number_by", ["voice", "keys"])
def test_a_ticket_is_opened_with_the_number_by(line: Running, number_by: str) -> None:
    with _rings(line) as phone:
        opened = take_down(line, phone, number_by)
        assert phone.faults == []
    number = opened.reply["ticket"]["number"]
    with line.client() as client:
        found = client.post("/api/v1/tickets/lookup", json={"number": number, "phone": PHONE})
    assert found.status_code == 200
    assert number in json.dumps(found.json(), ensure_ascii=False).replace(" ", "")


@pytest.mark.audiosocket
def test_a_key_brings_a_person_from_the_first_word(line: Running) -> None:
    with _rings(line) as phone:
        time.sleep(1.0)
        phone.press("0")
        phone.listen()
        assert turns_of(line, phone.call_id)[0].reply["intent"] == "human"


@pytest.mark.sip
@pytest.mark.skipif(bool(baresip_is_missing()), reason=baresip_is_missing() or "-")
@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_baresip_asks_and_hears_the_answer(line: Running, tmp_path: Path, law: str) -> None:
    sound = tmp_path / "question.wav"
    wav_write(sound, silence(GREETING_SECONDS) + voice(QUESTION) + silence(60))
    known = max((said.number for said in turns_of(line)), default=0)

    async def ring() -> Said:
        async with telephone(tmp_path, sound, law) as phone:
            await phone.command("dial", f"sip:office@127.0.0.1:{line.environment['BOT_SIP_PORT']}")
            await phone.wait_for("CALL_ESTABLISHED")
            said = await asyncio.to_thread(wait_for_turn, line, known)
            await phone.command("sndcode", "0")
            await asyncio.to_thread(wait_for_turn, line, said.number)
            await phone.command("hangup")
            await phone.wait_for("CALL_CLOSED")
            return said

    assert _is_answer(asyncio.run(ring()))
    assert turns_of(line)[-1].reply["intent"] == "human"
    assert abs(heard_by_telephone(tmp_path)).max() > 1000


@pytest.mark.sip
@pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed (sip-tester)")
@pytest.mark.parametrize(("law", "payload"), [("PCMA", 8), ("PCMU", 0)])
def test_sipp_asks_and_is_answered(line: Running, tmp_path: Path, law: str, payload: int) -> None:
    encode = alaw_encode if law == "PCMA" else ulaw_encode
    said = silence(GREETING_SECONDS) + voice(QUESTION) + silence(15)
    (tmp_path / "question.raw").write_bytes(encode(said))
    known = max((said.number for said in turns_of(line)), default=0)
    asyncio.run(_sipp(tmp_path, line, law, payload))
    assert _is_answer(wait_for_turn(line, known, 5))


async def _sipp(folder: Path, server: Running, law: str, payload: int) -> None:
    scenario = Path(__file__).parent / "question.xml"
    text = scenario.read_text("utf-8").replace("{law}", law).replace("{payload}", str(payload))
    (folder / "question.xml").write_text(text, "utf-8")
    process = await asyncio.create_subprocess_exec(
        *("sipp", "-sf", "question.xml", f"127.0.0.1:{server.environment['BOT_SIP_PORT']}"),
        *("-i", "127.0.0.1", "-p", str(free_udp_port()), "-mi", "127.0.0.1"),
        *("-min_rtp_port", str(free_udp_port()), "-m", "1", "-nostdin", "-timeout", "80s"),
        *("-timeout_error", "-trace_err", "-recv_timeout", "15s"),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await asyncio.wait_for(process.wait(), 90) == 0


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make system-deps)")
def test_the_page_calls_and_shows_what_was_said(line: Running, tmp_path: Path) -> None:
    microphone = tmp_path / "microphone.wav"
    wav_write(microphone, silence(GREETING_SECONDS) + voice(QUESTION) + silence(60))
    with sync_playwright() as playing:
        browser = playing.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                *("--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream"),
                *("--use-fake-device-for-media-stream", "--disable-background-networking"),
                f"--use-file-for-fake-audio-capture={microphone}%noloop",
                "--autoplay-policy=no-user-gesture-required",
            ],
        )
        page = browser.new_page(base_url=line.url)
        page.goto("/call")
        page.click("#dial")
        expect(page.locator("body")).to_contain_text("优待证", timeout=60_000)
        page.click("#dial")
        expect(page.locator(".turn-ended")).to_be_visible(timeout=10_000)
        browser.close()
    assert _is_answer(turns_of(line)[0])
