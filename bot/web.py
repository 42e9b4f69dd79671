"""The web process: the public port, the internal port for Rasa's actions, the publishing thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading

import uvicorn
from django.conf import settings

from bot import clock
from bot.actions import endpoint, office
from bot.channels.wechat import answering as wechat
from knowledge.publishing import Publisher
from knowledge.search.errors import SearchError

log = logging.getLogger(__name__)


def run_web() -> None:
    """Serve both ports until told to stop."""
    stop = threading.Event()
    publisher = Publisher(
        settings.SNAPSHOT_DIR, office.encoder(), clock.now, settings.RECIPE_DIR, office.reranker()
    )
    for target in (_warm, publisher.run, office.live_matcher().watch, wechat.resume):
        threading.Thread(target=target, args=(stop,), daemon=True).start()
    try:
        asyncio.run(_serve())
    finally:
        stop.set()


def _warm(stop: threading.Event) -> None:
    """Load the snapshot and the encoder before the first resident asks."""
    try:
        office.guide()
    except SearchError as error:
        log.error("no knowledge to answer from: %s", error)


async def _serve() -> None:
    public = _server("bot.asgi:application", settings.BOT_HOST, settings.BOT_PORT)
    internal = _server(endpoint.application, "127.0.0.1", settings.BOT_ACTION_PORT)

    def stop(*_: object) -> None:
        public.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    actions = asyncio.create_task(internal.serve())
    await public.serve()
    # Turns that are still being answered need the actions until the public port is done.
    internal.should_exit = True
    await actions


class _QuietServer(uvicorn.Server):
    """Two servers share one loop; the signals are ours, not each server's own."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        """Leave the signals alone."""
        yield


def _server(app: object, host: str, port: int) -> uvicorn.Server:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
        lifespan="off",
        # The installed websockets is Rasa's pin, too old for uvicorn; nothing here needs it.
        ws="none",
        h11_max_incomplete_event_size=64 * 1024,
    )
    return _QuietServer(config)
