"""Whole calls to the whole product: a telephone at one end, the ticket at the other."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.flows.calls import (
    PHONE,
    door,
    take_down,
    turns_of,
    voice,
    wait_for_line,
    wait_for_turn,
)
from tests.running import Running, free_port, running
from tests.voice.fakes_audio import silence
from tests.voice.fakes_baresip import (
    baresip_is_missing,
    free_udp_port,
    heard_by_telephone,
    telephone,
)
from tests.voice.fakes_caller import Telephone
from voice.audio import alaw_encode, ulaw_encode, wav_read, wav_write
from voice.recognition import tiny_model_path

# One question a way in, so that each is told apart in what the line wrote down.
QUESTIONS = {
    "audiosocket": ("老年人优待证要带什么材料", "MZ10"),
    "baresip PCMA": ("社保卡丢了怎么补办", "SB13"),
    "baresip PCMU": ("居住证怎么办理", "GA02"),
    "sipp PCMA": ("残疾人证怎么办理", "CL01"),
    "sipp PCMU": ("尊老金怎么申请", "MZ11"),
    "browser": ("公租房怎么申请", "GG01"),
}
# Longer than the greeting and the notice, which cannot be interrupted.
GREETING_SECONDS = 14.0
AGAIN_SECONDS = 12.0
KEY = "exchange-key-1"
Results = dict[str, Future[object]]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.alone,
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
        BOT_VOICE_DEMO_MODEL="on",
        BOT_VOICE_PRELOAD="off",
        BOT_VOICE_KEY=KEY,
        BOT_VOICE_HTTP_PORT=str(free_port()),
        BOT_AUDIOSOCKET_PORT=str(free_port()),
        BOT_SIP_PORT=str(free_udp_port()),
    ) as server:
        wait_for_line(server)
        yield server


def _rings(server: Running) -> Telephone:
    """A call that the exchange has announced, as its dialplan would."""
    phone = Telephone(int(server.environment["BOT_AUDIOSOCKET_PORT"]))
    announced = httpx.post(
        f"{door(server)}/voice/calls",
        json={"uuid": phone.call_id, "caller": ""},
        headers={"X-API-Key": KEY},
        trust_env=False,
    )
    assert announced.status_code == 201, announced.text
    return phone


@pytest.fixture(scope="module")
def calls(line: Running, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """All calls at once, as on a busy morning; a call takes the time that it takes."""
    folder = tmp_path_factory.mktemp("calls")
    acts: dict[str, Callable[[], object]] = {
        "question": lambda: _ask_and_say_goodbye(line),
        "voice": lambda: _order(line, "voice"),
        "keys": lambda: _order(line, "keys"),
        "person": lambda: _press_for_person(line),
    }
    for law, payload in (("PCMA", 8), ("PCMU", 0)):
        acts[f"baresip {law}"] = partial(_by_baresip, line, folder, law)
        acts[f"sipp {law}"] = partial(_by_sipp, line, folder, law, payload)
    if CHROMIUM:
        acts["browser"] = lambda: _by_browser(line, folder)
    with ThreadPoolExecutor(len(acts)) as pool:
        return {name: pool.submit(act) for name, act in acts.items()}


def _ask_and_say_goodbye(server: Running) -> bool:
    question, item = QUESTIONS["audiosocket"]
    with _rings(server) as phone:
        phone.listen()
        phone.say(voice(question))
        phone.listen()
        assert turns_of(server, phone.call_id)[0].puts_first(item)
        phone.say(voice("再见"))
        until = time.monotonic() + 20
        while not phone.is_over and time.monotonic() < until:
            time.sleep(0.1)
        assert phone.faults == []
        return phone.is_over


def _order(server: Running, number_by: str) -> str:
    with _rings(server) as phone:
        opened = take_down(server, phone, number_by)
        assert phone.faults == []
    return str(opened.reply["ticket"]["number"])


def _press_for_person(server: Running) -> str:
    with _rings(server) as phone:
        time.sleep(1.0)
        phone.press("0")
        phone.listen()
        return str(turns_of(server, phone.call_id)[0].reply["intent"])


def _microphone(path: Path, question: str, seconds: float) -> Path:
    """Wait for the greeting to end and ask; who is not understood says it again."""
    asks = voice(question) + silence(AGAIN_SECONDS) + voice(question)
    wav_write(path, silence(GREETING_SECONDS) + asks + silence(seconds))
    return path


def _by_baresip(server: Running, parent: Path, law: str) -> float:
    """Ask, press 0, hang up; returns how loud the loudest was that the telephone heard."""
    question, item = QUESTIONS[f"baresip {law}"]
    folder = parent / f"baresip-{law}"
    folder.mkdir()
    sound = _microphone(folder / "question.wav", question, 90)

    async def ring() -> None:
        async with telephone(folder, sound, law) as phone:
            port = server.environment["BOT_SIP_PORT"]
            await phone.command("dial", f"sip:office@127.0.0.1:{port}")
            await phone.wait_for("CALL_ESTABLISHED")
            await asyncio.to_thread(wait_for_turn, server, item)
            await phone.command("sndcode", "0")
            await asyncio.to_thread(wait_for_turn, server, item, "human")
            await phone.command("hangup")
            await phone.wait_for("CALL_CLOSED")

    asyncio.run(ring())
    return float(abs(heard_by_telephone(folder)).max())


def _by_sipp(server: Running, parent: Path, law: str, payload: int) -> None:
    question, item = QUESTIONS[f"sipp {law}"]
    folder = parent / f"sipp-{law}"
    folder.mkdir()
    said = wav_read(_microphone(folder / "question.wav", question, 15))
    encode = alaw_encode if law == "PCMA" else ulaw_encode
    (folder / "question.raw").write_bytes(encode(said))
    text = (Path(__file__).parent / "question.xml").read_text("utf-8")
    text = text.replace("{law}", law).replace("{payload}", str(payload))
    (folder / "question.xml").write_text(text, "utf-8")
    done = subprocess.run(
        [
            *("sipp", "-sf", "question.xml", f"127.0.0.1:{server.environment['BOT_SIP_PORT']}"),
            *("-i", "127.0.0.1", "-p", str(free_udp_port()), "-mi", "127.0.0.1"),
            *("-mp", str(free_udp_port()), "-m", "1", "-nostdin", "-timeout", "90s"),
            *("-timeout_error", "-trace_err", "-recv_timeout", "15s"),
        ],
        cwd=folder,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    wait_for_turn(server, item, seconds=5)


def _by_browser(server: Running, folder: Path) -> None:
    question, item = QUESTIONS["browser"]
    microphone = _microphone(folder / "microphone.wav", question, 90)
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
        page = browser.new_page(base_url=server.url)
        page.goto("/call")
        page.click("#dial")
        expect(page.locator("body")).to_contain_text("公租房", timeout=90_000)
        wait_for_turn(server, item)
        page.click("#dial")
        expect(page.locator(".turn-ended")).to_be_visible(timeout=10_000)
        browser.close()


@pytest.mark.audiosocket
def test_a_question_is_answered_and_goodbye_ends_the_call(calls: Results) -> None:
    assert calls["question"].result()


@pytest.mark.audiosocket
@pytest.mark.parametrize("number_by", ["voice", "keys"])
def test_a_ticket_is_opened_with_the_number_by(
    line: Running, calls: Results, number_by: str
) -> None:
    number = calls[number_by].result()
    with line.client() as client:
        found = client.post("/api/v1/tickets/lookup", json={"number": number, "phone": PHONE})
    assert found.status_code == 200, found.text
    assert found.json()["ticket"]["number"] == number


@pytest.mark.audiosocket
def test_a_key_brings_a_person_from_the_first_word(calls: Results) -> None:
    assert calls["person"].result() == "human"


@pytest.mark.sip
@pytest.mark.skipif(bool(baresip_is_missing()), reason=baresip_is_missing() or "-")
@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_baresip_asks_hears_the_answer_and_a_key_brings_a_person(calls: Results, law: str) -> None:
    assert calls[f"baresip {law}"].result() > 1000  # type: ignore[operator]


@pytest.mark.sip
@pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed (sip-tester)")
@pytest.mark.parametrize("law", ["PCMA", "PCMU"])
def test_sipp_asks_and_is_answered(calls: Results, law: str) -> None:
    calls[f"sipp {law}"].result()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make system-deps)")
def test_the_page_calls_and_shows_what_was_said(calls: Results) -> None:
    calls["browser"].result()
