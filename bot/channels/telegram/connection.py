"""How Telegram is reached: address, proxy, token. Its requests heed our settings only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from telegram import Bot
from telegram.request import HTTPXRequest

WEBHOOK_PATH = "/telegram/webhook/"


@dataclass(frozen=True)
class Config:
    """Who the bot is and how it gets its updates; an empty ``base_url`` is Telegram itself."""

    token: str
    mode: Literal["polling", "webhook"] = "polling"
    base_url: str = ""
    proxy: str = ""
    webhook_url: str = ""
    webhook_secret: str = ""

    def addresses(self) -> dict[str, Any]:
        """Return the arguments by which the library is sent to another server."""
        if not self.base_url:
            return {}
        root = self.base_url.rstrip("/")
        return {"base_url": f"{root}/bot", "base_file_url": f"{root}/file/bot"}


def config_from_settings() -> Config:
    """Read the settings; ``bot.checks`` has made sure that they agree."""
    return Config(
        token=settings.BOT_TELEGRAM_TOKEN,
        mode="webhook" if settings.BOT_TELEGRAM_MODE == "webhook" else "polling",
        base_url=settings.BOT_TELEGRAM_BASE_URL,
        proxy=settings.BOT_TELEGRAM_PROXY,
        webhook_url=settings.BOT_URL.rstrip("/") + WEBHOOK_PATH,
        webhook_secret=settings.BOT_TELEGRAM_WEBHOOK_SECRET,
    )


def request_for(config: Config, connections: int = 64) -> HTTPXRequest:
    """Return a connection pool; a proxy of the machine's environment is not heeded."""
    return HTTPXRequest(
        connection_pool_size=connections,
        pool_timeout=30.0,
        proxy=config.proxy or None,
        httpx_kwargs={"trust_env": False},
    )


def bot_for(config: Config, request: HTTPXRequest) -> Bot:
    """Return a bot for a few requests over a pool that the caller opens and closes."""
    return Bot(config.token, request=request, get_updates_request=request, **config.addresses())
