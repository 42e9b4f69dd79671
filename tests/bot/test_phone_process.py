"""The voice process: its ways in, the end of its calls, who is refused, what is rendered ahead."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx
import pytest

from bot import __main__ as commands
from bot import serving
from bot.channels.phone import call_backs, engines, preloading, process, sentences, wanted
from bot.channels.phone.models import CallRecord
from bot.channels.phone.preloading import likely_sentences, preload
from bot.channels.phone.process import Ports, VoiceLine, sip_settings
from bot.channels.phone.threads import DatabaseThreads
from bot.channels.phone.timing import Timekeeper
from bot.conversations.models import Conversation
from bot.encryption import decrypt
from bot.handovers.models import Handover
from tests.bot.phoning import MOBILE
from tests.fakes import FakeDialogue
from tests.voice.fakes_recognition import ScriptedRecogniser
from tests.voice.fakes_transport import FakeCall
from voice.answerer import CallInfo
from voice.audio import FRAME_BYTES, SILENCE
from voice.errors import Busy, SynthesizerUnavailable
from voice.events import CallEvent
from voice.synthesis.cache import SpeechCache
from voice.synthesis.speech import Speech

WORK = 20.0


class Beeps:
    """An engine that beeps once for each sentence."""

    name = "beeps"

    def __init__(self) -> None:
        self.said: list[str] = []

    def speak(self, text: str, characters_per_minute: int) -> bytes:
        self.said.append(text)
        return bytes(range(2)) * FRAME_BYTES


@pytest.fixture
def line(settings: Any) -> Iterator[VoiceLine]:
    """A line that hears nothing and beeps."""
    settings.BOT_VOICE_MAX_CALLS = 1
    speech, threads = Speech(Beeps()), DatabaseThreads(4)
    yield VoiceLine(ScriptedRecogniser(), speech, threads)
    threads.shutdown()
    speech.close()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, WORK))


async def until(done: Callable[[], bool]) -> None:
    while not done():
        await asyncio.sleep(0.02)


# Ways in, and the end.


def test_the_line_opens_every_way_in_and_closes_all_of_them(line: VoiceLine) -> None:
    async def work() -> None:
        async with line.opened(Ports(http=0, audiosocket=0, sip=0)):
            assert line.http is not None
            await until(lambda: bool(line.http and line.http.started))
            port = line.http.port
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(f"{url}/healthz")).status_code == 200
                assert (await client.get(f"{url}/metrics")).json()["max_calls"] == 1
            assert line.audiosocket is not None
            await asyncio.open_connection("127.0.0.1", line.audiosocket.port)
            assert line.sip is not None
            assert line.sip.port
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

    run(work())


def test_a_way_that_is_not_wanted_is_not_opened(line: VoiceLine) -> None:
    async def work() -> None:
        async with line.opened(Ports(http=None, audiosocket=None, sip=None)):
            assert (line.http, line.audiosocket, line.sip) == (None, None, None)

    run(work())


@pytest.mark.django_db(transaction=True)
def test_a_call_runs_from_greeting_to_record(line: VoiceLine, dialogue: FakeDialogue) -> None:
    async def work() -> None:
        async with line.opened(Ports(http=None, audiosocket=None, sip=None)):
            call = line.gateway.open(CallInfo("call-1", MOBILE, "sip"))
            heard = [call.step(SILENCE) for _ in range(200)]
            assert any(any(frame) for frame in heard)
            call.hung_up()
            line.gateway.close(call)
            await until(CallRecord.objects.exists)

    run(in_loop(work()))
    record = CallRecord.objects.get()
    assert (record.call_id, record.how, record.caller) == ("call-1", "hung_up", MOBILE)


@pytest.mark.django_db(transaction=True)
def test_who_is_refused_is_called_back_and_noted_once(
    line: VoiceLine, dialogue: FakeDialogue
) -> None:
    async def work() -> None:
        line.gateway.open(CallInfo("call-1"))
        for number in range(2):
            with pytest.raises(Busy):
                line.gateway.open(CallInfo(f"call-{number + 2}", MOBILE, "sip"))
        await until(lambda: CallRecord.objects.filter(how="refused").count() == 2)

    run(in_loop(work()))
    handover = Handover.objects.get()
    assert decrypt(handover.contact) == MOBILE
    assert handover.note == sentences.REFUSED
    assert MOBILE not in Conversation.objects.get().external_id


@pytest.mark.django_db
def test_who_is_refused_without_a_number_is_only_counted() -> None:
    process._refused(CallInfo("call-1"))
    assert CallRecord.objects.get().how == "refused"
    assert not Handover.objects.exists()


def test_a_refusal_that_cannot_be_noted_says_nothing_of_the_caller(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(info: CallInfo) -> None:
        raise ZeroDivisionError(info.caller)

    monkeypatch.setattr(call_backs, "call_back_refused", breaks)
    process._refused(CallInfo("call-1", MOBILE))
    assert "ZeroDivisionError" in caplog.text
    assert MOBILE not in caplog.text


async def in_loop(work: Coroutine[Any, Any, None]) -> None:
    """Let a test look into the database from its loop."""
    import os

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        await work
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


# Timings.


def test_a_calls_stages_are_gathered_and_its_words_are_not() -> None:
    told = {
        1: CallEvent("spoken_until", 1.3, turn=1),
        2: CallEvent("endpoint", 2.0, turn=1),
        3: CallEvent("final", 2.0, "我叫王桂兰", 1),
        4: CallEvent("answered", 2.4, turn=1),
    }
    told[4 + 1] = CallEvent("endpoint", 9.0, turn=2)
    keeper = Timekeeper(lambda info: FakeCall(info, told=dict(told)))
    call = keeper.call(CallInfo("call-1"))
    seen = []
    for _ in range(5):
        call.step(SILENCE)
        seen += call.events
    assert [event.text for event in seen] == ["", "", "我叫王桂兰", "", ""]
    assert keeper.timings("call-1") == {"endpoint": [0.7, None], "answered": [0.4, None]}
    assert keeper.timings("call-1") == {}


# What is rendered ahead.


@pytest.mark.django_db
def test_what_is_likely_to_be_said_is_rendered_once(
    office: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    likely = list(likely_sentences())
    assert len(set(likely)) > 1000
    assert "您还想问什么？" in likely
    assert sentences.CALL_BACK in likely
    assert not [sentence for sentence in likely if "{" in sentence]
    monkeypatch.setattr(preloading, "likely_sentences", lambda: iter(likely[:50]))
    monkeypatch.setattr(preloading, "PAUSE_SECONDS", 0.0)
    engine = Beeps()
    speech = Speech(engine, SpeechCache(tmp_path))
    assert preload(speech, threading.Event()) == len(engine.said) > 30
    assert preload(speech, threading.Event()) == 0
    speech.close()


def test_rendering_ahead_ends_when_the_line_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(preloading, "likely_sentences", lambda: (f"第{n}句。" for n in range(500)))
    stop = threading.Event()
    stop.set()
    speech = Speech(Beeps(), SpeechCache(tmp_path))
    assert preload(speech, stop) == preloading.BATCH_SENTENCES
    speech.close()


def test_an_engine_that_says_nothing_costs_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(preloading, "likely_sentences", lambda: (f"第{n}句。" for n in range(50)))
    speech = Speech(engines.Mute(), SpeechCache(tmp_path))
    assert preload(speech, threading.Event()) == 0
    assert "SynthesizerUnavailable" in caplog.text
    speech.close()


# Settings.


def test_the_settings_reach_sip(settings: Any) -> None:
    settings.BOT_SIP_PEERS = "192.0.2.0/28, 127.0.0.1"
    settings.BOT_RTP_PORTS = "30000-30099"
    settings.BOT_VOICE_TRANSFER = "sip:8001@192.0.2.1"
    made = sip_settings(5060)
    assert [str(peer) for peer in made.peers] == ["192.0.2.0/28", "127.0.0.1/32"]
    assert (made.port, made.rtp_ports) == (5060, (30000, 30099))
    assert made.hand_over_target == "sip:8001@192.0.2.1"


def test_the_engine_is_the_one_of_the_settings(settings: Any, tmp_path: Any) -> None:
    settings.BOT_DATA_DIR = tmp_path
    settings.BOT_VOICE_ENGINE = "none"
    speech = engines.speech()
    assert speech.render("没有录音的话。").result(5) == b""
    with pytest.raises(SynthesizerUnavailable):
        engines.Mute().speak("话", 167)
    speech.close()


@pytest.mark.usefixtures("office")
def test_the_words_of_the_office_are_listened_for() -> None:
    words = engines.domain_words()
    assert "社保卡" in "".join(words)
    assert len(words) == len(set(words)) > 200


@pytest.mark.parametrize(
    ("said", "engine", "is_installed", "expected"),
    [
        ("auto", "espeak", True, True),
        ("auto", "espeak", False, False),
        ("auto", "sherpa", False, True),
        ("on", "espeak", False, True),
        ("off", "espeak", True, False),
    ],
)
def test_the_line_is_started_where_it_can_speak(
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    engine: str,
    is_installed: bool,
    expected: bool,
) -> None:
    settings.BOT_VOICE, settings.BOT_VOICE_ENGINE = said, engine
    monkeypatch.setattr(wanted, "find_spec", lambda name: object() if is_installed else None)
    assert wanted.is_wanted() is expected
    assert ("voice" in {child.name for child in serving.children()}) is expected


def test_the_supervisor_waits_for_calls_longer_than_the_line_does() -> None:
    from voice.gateway import CLOSING_WORDS_SECONDS

    assert process.DRAIN_SECONDS + CLOSING_WORDS_SECONDS < serving.VOICE_STOP_SECONDS


def test_the_line_has_a_command_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "run", lambda: 7)
    given = commands._parser().parse_args(["voice"])
    assert given.run(given) == 7
