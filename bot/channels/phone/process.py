"""The voice process: every way in to the line, its calls, and a clean end.

Calls are stepped in one event loop; recognition, speech and answers work in threads. At shutdown no
new calls are taken and the running ones may finish for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from django.conf import settings

from bot import clock
from bot.actions import office
from bot.channels.call import call_of_token, is_own_origin
from bot.channels.phone import call_backs, engines, records, sentences
from bot.channels.phone.answerer import PhoneAnswerer
from bot.channels.phone.preloading import preload
from bot.channels.phone.threads import DatabaseThreads
from bot.channels.phone.timing import Timekeeper
from voice.answerer import CallInfo
from voice.audio import frames_of
from voice.call import Call
from voice.gateway import Gateway
from voice.http import VoiceApp, VoiceServer
from voice.recognition import Recogniser
from voice.register import CallRegister
from voice.synthesis.speech import Speech
from voice.transports.audiosocket import AudioSocketServer
from voice.transports.browser import BrowserLine
from voice.transports.sip.server import SipServer
from voice.transports.sip.settings import SipSettings, networks_of

log = logging.getLogger(__name__)

# How long calls that are running at shutdown may go on.
DRAIN_SECONDS = 30.0
FIXED_SENTENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Ports:
    """Where the line listens; None: not by this way, 0: any free port."""

    http: int | None
    audiosocket: int | None
    sip: int | None


class VoiceLine:
    """The line of one process: engines, calls, ways in."""

    def __init__(self, recogniser: Recogniser, speech: Speech, executor: Executor) -> None:
        self._recogniser, self._speech, self._executor = recogniser, speech, executor
        self.timekeeper = Timekeeper(self._made)
        self.answerer = PhoneAnswerer(
            transfers=bool(settings.BOT_VOICE_TRANSFER), timings=self.timekeeper.timings
        )
        self.gateway = Gateway(
            self.timekeeper.call,
            settings.BOT_VOICE_MAX_CALLS,
            refusal_frames=self._frames(sentences.LINE_FULL),
            apology_frames=self._frames(sentences.LINE_BROKEN),
            not_passed_on_frames=self._frames(sentences.NOT_PASSED_ON),
            on_refused=self._note_refused,
        )
        self.register = CallRegister(settings.BOT_VOICE_TRANSFER)
        browser = BrowserLine(self.gateway, call_of_token, is_own_origin)
        self._app = VoiceApp(self.gateway, self.register, settings.BOT_VOICE_KEY, browser)
        self.http: VoiceServer | None = None
        self.audiosocket: AudioSocketServer | None = None
        self.sip: SipServer | None = None

    @contextlib.asynccontextmanager
    async def opened(self, ports: Ports) -> AsyncIterator[None]:
        """Take calls by all ways in; at the end drain and close them. Raises OSError."""
        serving: list[asyncio.Task[None]] = []
        try:
            await self._open(ports, serving)
            yield
        finally:
            await self.gateway.drain(DRAIN_SECONDS)
            if self.sip is not None:
                await self.sip.close()
            if self.audiosocket is not None:
                await self.audiosocket.close()
            if self.http is not None:
                self.http.should_exit = True
            await asyncio.gather(*serving)

    async def _open(self, ports: Ports, serving: list[asyncio.Task[None]]) -> None:
        host = settings.BOT_VOICE_HOST
        if ports.http is not None:
            self.http = VoiceServer(self._app, host, ports.http)
            serving.append(asyncio.create_task(self.http.serve()))
        if ports.audiosocket is not None:
            register = self.register if settings.BOT_VOICE_KEY else None
            self.audiosocket = AudioSocketServer(self.gateway, register)
            await self.audiosocket.start(host, ports.audiosocket)
        if ports.sip is not None:
            self.sip = SipServer(
                self.gateway, sip_settings(ports.sip), lambda: self.gateway.refusal_frames
            )
            await self.sip.start()

    def _made(self, info: CallInfo) -> Call:
        return Call(
            info,
            self.answerer,
            self._recogniser,
            self._speech,
            self._executor,
            office=sentences.OFFICE,
        )

    def _note_refused(self, info: CallInfo) -> None:
        self._executor.submit(_refused, info)

    def _frames(self, said: Sequence[str]) -> list[bytes]:
        """Sentences as frames; what cannot be said is left out."""
        sounds = [self._speech.render(sentence) for sentence in said]
        return [f for sound in sounds for f in frames_of(sound.result(FIXED_SENTENCE_SECONDS))]


def sip_settings(port: int) -> SipSettings:
    """Return what the settings say about SIP."""
    first, _, last = settings.BOT_RTP_PORTS.partition("-")
    return SipSettings(
        host=settings.BOT_VOICE_HOST,
        port=port,
        peers=networks_of(settings.BOT_SIP_PEERS),
        advertised_host=settings.BOT_SIP_ADDRESS,
        rtp_ports=(int(first), int(last)),
        hand_over_target=settings.BOT_VOICE_TRANSFER,
    )


def run() -> int:
    """Run until told to stop; returns the exit code."""
    stop = threading.Event()
    threading.Thread(target=office.live_matcher().watch, args=(stop,), daemon=True).start()
    recogniser, speech = engines.recogniser(), engines.speech()
    if settings.BOT_VOICE_PRELOAD == "on":
        threading.Thread(target=preload, args=(speech, stop), daemon=True).start()
    # A call asks one question at a time; its end and a refusal are told beside it.
    executor = DatabaseThreads(2 * settings.BOT_VOICE_MAX_CALLS, thread_name_prefix="call")
    try:
        asyncio.run(_until_signalled(VoiceLine(recogniser, speech, executor)))
    except OSError as error:
        print(f"error: a port of the line is taken: {error.strerror}")
        return 1
    finally:
        stop.set()
        executor.shutdown()
        speech.close()
    return 0


async def _until_signalled(line: VoiceLine) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ports = Ports(
        settings.BOT_VOICE_HTTP_PORT,
        settings.BOT_AUDIOSOCKET_PORT or None,
        settings.BOT_SIP_PORT or None,
    )
    async with line.opened(ports):
        log.info("the line takes calls: %s on %s", ports, settings.BOT_VOICE_HOST)
        await stop.wait()


def _refused(info: CallInfo) -> None:
    """Note a caller whom the line could not take, in a thread."""
    try:
        call_backs.call_back_refused(info)
        records.call_record(info, clock.now(), "refused")
    except Exception as error:  # noqa: BLE001 (nobody waits for it, and the message may hold a number)
        log.error("a refused call is not noted: %s", type(error).__name__)
