"""The Telegram process: fetches updates (or takes the webhook's), deals with them, ends cleanly.

Ends by itself only when Telegram refuses the token. Everything else is waited out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from telegram import BotCommand
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder
from telegram.request import HTTPXRequest

from bot.actions import office
from bot.channels.telegram import sentences
from bot.channels.telegram.connection import Config, config_from_settings, request_for
from bot.channels.telegram.errors import TokenRefused, flood_seconds
from bot.channels.telegram.inbox import Inbox, InOrder
from bot.channels.telegram.pacing import Pace, Pacer
from bot.channels.telegram.posting import Poster
from bot.channels.telegram.reception import Reception, Transcriber
from bot.channels.voice_messages import can_hear, words_of

log = logging.getLogger(__name__)

App = Application[Any, Any, Any, Any, Any, Any]

ALLOWED = ("message", "edited_message", "callback_query")
THREADS = 16
LOOK_SECONDS = 0.3
LONGEST_PAUSE_SECONDS = 30.0
MISSING = (
    "BOT_TELEGRAM_TOKEN is not set, so there is no Telegram bot to run.\n"
    "Write to @BotFather in Telegram, send it /newbot, and export the token that it answers with:\n"
    "  export BOT_TELEGRAM_TOKEN=…\n"
    "Everything else works without it."
)
REFUSED = "Telegram does not know this BOT_TELEGRAM_TOKEN. Ask @BotFather for a new one."


@dataclass(frozen=True)
class Tuning:
    """How fast things go; the defaults are for Telegram, tests are in more of a hurry."""

    pace: Pace = field(default_factory=Pace)
    poll_seconds: int = 25
    first_pause_seconds: float = 1.0
    look_seconds: float = LOOK_SECONDS


def run() -> int:
    """Run until told to stop; returns the exit code."""
    config = config_from_settings()
    if not config.token:
        print(MISSING)
        return 2
    stop = threading.Event()
    threading.Thread(target=office.live_matcher().watch, args=(stop,), daemon=True).start()
    try:
        asyncio.run(_until_signalled(config, words_of if can_hear() else None))
    except TokenRefused as error:
        print(error)
        return 1
    finally:
        stop.set()
    return 0


async def _until_signalled(config: Config, transcribe: Transcriber | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(config, stop, transcribe=transcribe)


async def serve(
    config: Config,
    stop: asyncio.Event,
    tuning: Tuning | None = None,
    transcribe: Transcriber | None = None,
) -> None:
    """Serve until ``stop`` is set; raises TokenRefused if Telegram does not know the token."""
    tuning = tuning or Tuning()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="telegram"))
    line = Line(config, stop, tuning.first_pause_seconds)
    inbox = Inbox()
    application = _application(config, inbox, stop, tuning, line, transcribe)
    try:
        if await line.insist(application.initialize):
            await _introduce(application)
            await _work(application, inbox, line, tuning)
    finally:
        stop.set()
        await _end(application, inbox)
    if line.is_refused:
        raise TokenRefused(REFUSED)


class _PollingRequest(HTTPXRequest):
    """Tells when Telegram refuses the token: the library's polling then ends without a word."""

    def __init__(self, refused: Callable[[], None], **more: Any) -> None:
        super().__init__(**more)
        self._refused = refused

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Make the request, and look at what became of it."""
        code, payload = await super().do_request(*args, **kwargs)
        if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            self._refused()
        return code, payload


class Line:
    """The line to Telegram: what must get through is tried until it does or the process ends."""

    def __init__(self, config: Config, stop: asyncio.Event, first_pause_seconds: float) -> None:
        self.config = config
        self.stop = stop
        self.is_refused = False
        self._first_pause = first_pause_seconds

    def refused(self) -> None:
        """Telegram does not know the token: end."""
        self.is_refused = True
        self.stop.set()

    async def insist(self, attempt: Callable[[], Awaitable[Any]]) -> bool:
        """Try until it succeeds, slower each time; returns False if the process ends before."""
        pause = self._first_pause
        while not self.stop.is_set():
            try:
                await attempt()
                return True
            except InvalidToken:
                self.refused()
            except TelegramError as error:
                log.warning("Telegram cannot be reached (%s)", type(error).__name__)
                await self.rest(max(pause, flood_seconds(error)))
                pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
        return False

    async def rest(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)


def _application(
    config: Config,
    inbox: Inbox,
    stop: asyncio.Event,
    tuning: Tuning,
    line: Line,
    transcribe: Transcriber | None,
) -> App:
    order = InOrder(inbox, stop)
    builder = (
        ApplicationBuilder()
        .token(config.token)
        .request(request_for(config))
        .get_updates_request(_polling_request(config, line))
        .update_queue(inbox)
        .concurrent_updates(order)
        .rate_limiter(Pacer(tuning.pace))
        # Nothing is scheduled here; Rasa's APScheduler would be started for it.
        .job_queue(None)
    )
    for name, address in config.addresses().items():
        builder = getattr(builder, name)(address)
    application = builder.build()
    poster = Poster(application.bot, stop, tuning.first_pause_seconds)
    Reception(poster, order, transcribe).furnish(application)
    return application


def _polling_request(config: Config, line: Line) -> HTTPXRequest:
    return _PollingRequest(
        line.refused,
        connection_pool_size=2,
        proxy=config.proxy or None,
        httpx_kwargs={"trust_env": False},
    )


async def _introduce(application: App) -> None:
    """Tell Telegram the commands; without them everything still works."""
    try:
        await application.bot.set_my_commands([BotCommand(*pair) for pair in sentences.COMMANDS])
    except TelegramError as error:
        log.warning("the commands' menu was not set (%s)", type(error).__name__)


async def _work(application: App, inbox: Inbox, line: Line, tuning: Tuning) -> None:
    await inbox.refill(application.bot)
    await application.start()
    if not await line.insist(lambda: _open(application, line.config, tuning)):
        return
    log.info("Telegram: at work, by %s", line.config.mode)
    while not line.stop.is_set():
        if line.config.mode == "webhook":
            await inbox.refill(application.bot)
        await line.rest(tuning.look_seconds)


async def _open(application: App, config: Config, tuning: Tuning) -> None:
    """Let updates come."""
    if config.mode == "webhook":
        await application.bot.set_webhook(
            config.webhook_url, allowed_updates=ALLOWED, secret_token=config.webhook_secret
        )
        return
    assert application.updater is not None
    await application.updater.start_polling(
        timeout=tuning.poll_seconds,
        allowed_updates=ALLOWED,
        error_callback=_polling_failed,
    )


def _polling_failed(error: TelegramError) -> None:
    log.warning("no updates at the moment (%s)", type(error).__name__)


async def _end(application: App, inbox: Inbox) -> None:
    """Stop fetching, finish what is being answered; what waits for the network stays open."""
    if application.updater is not None and application.updater.running:
        # A refused token has ended the polling already, and is told once.
        with contextlib.suppress(InvalidToken):
            await application.updater.stop()
    inbox.leave()
    if application.running:
        await application.stop()
    await application.shutdown()
