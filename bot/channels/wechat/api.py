"""WeChat's own interface: the shared access token, messages to a resident, the menu.

The one place that knows WeChat's error numbers. Addresses of requests hold the token, so no
request, no address and no text of an outside error is ever logged: numbers and class names are.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from bot.channels.delivery import Outgoing, TryLater, Undeliverable
from bot.channels.wechat.menu import menu
from bot.channels.wechat.models import Delivery, Departure
from bot.channels.wechat.wording import split, with_choices

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 8.0
# A token is given up this long before WeChat does, for requests on their way.
TOKEN_MARGIN_SECONDS = 300.0
NETWORK_WAIT_SECONDS = 5.0
SERVER_WAIT_SECONDS = 10.0
UNNAMED_WAIT_SECONDS = 300.0

_NEW_TOKEN_NEEDED = frozenset({40001, 40014, 42001})
# In words that the outbox keeps: short, letters only, the number behind them.
_FOR_GOOD = {
    40003: "no such resident",
    43004: "the resident does not follow the account",
    43019: "the account has blocked the resident",
    44004: "the text is empty",
    45002: "the text is too long",
    45015: "the resident has not written for two days",
    45166: "the words are refused",
    46004: "no such resident",
    48001: "the account has no right to send messages",
    48002: "the resident has blocked the account",
    48004: "the right to send messages is withdrawn",
    50002: "the resident is limited",
}
_LATER = {
    -1: (SERVER_WAIT_SECONDS, "WeChat is busy"),
    45009: (3600.0, "the calls of today are used up"),
    45011: (60.0, "too many calls this minute"),
    # Taken again as soon as the resident writes.
    45047: (600.0, "too many messages since the resident wrote"),
    40001: (600.0, "BOT_WECHAT_SECRET is not that of the account"),
    40013: (600.0, "BOT_WECHAT_APP_ID is not known"),
    40125: (600.0, "BOT_WECHAT_SECRET is not that of the account"),
    40164: (600.0, "WeChat does not list the address of this server"),
}


class CustomerMessages:
    """Messages outside a reply, while WeChat's window of 48 hours is open."""

    def send(self, external_id: str, message: Outgoing) -> None:
        """Send all parts in order; a part that WeChat has taken is not sent again."""
        if Departure.objects.filter(openid=external_id).exists():
            raise Undeliverable("the resident has left the account")
        delivery, _ = Delivery.objects.get_or_create(key=message.key)
        parts = split(with_choices(message.text, message.buttons))
        for part in parts[delivery.parts_taken :]:
            _call(_text(external_id, part))
            delivery.parts_taken += 1
            delivery.save(update_fields=["parts_taken", "changed_at"])


def _text(openid: str, words: str) -> Callable[[_Client], Any]:
    return lambda client: client.message.send_text(openid, words)


def media_fetch(media_id: str) -> bytes:
    """Fetch what a resident sent; raises Undeliverable or TryLater with a plain reason."""
    answer = _answer(lambda client: client.media.download(media_id))
    if not isinstance(answer, requests.Response):
        raise Undeliverable("expected a file")
    return bytes(answer.content)


def menu_publish() -> None:
    """Put the menu in force; raises Undeliverable or TryLater with a plain reason."""
    _call(lambda client: client.menu.create(menu()))


class SharedToken:
    """The access token of all processes on this machine, in a file that only its owner may read.

    A new token makes the former one invalid, so one process fetches at a time.
    """

    def __init__(self, path: Path, app_id: str) -> None:
        self._path = path
        self._app_id = app_id

    def current(self, fetch: Callable[[], tuple[str, float]]) -> str:
        """Return the token in force; ``fetch`` brings (token, seconds of life)."""
        return self._kept() or self.renewed("", fetch)

    def renewed(self, refused: str, fetch: Callable[[], tuple[str, float]]) -> str:
        """Return another token than the refused one, which somebody else may have fetched."""
        with self._alone():
            kept = self._kept()
            if kept and kept != refused:
                return kept
            token, seconds = fetch()
            self._keep(token, time.time() + max(seconds - TOKEN_MARGIN_SECONDS, seconds / 2))
            return token

    def _kept(self) -> str:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            is_ours = kept["app_id"] == self._app_id and kept["until"] > time.time()
            return str(kept["token"]) if is_ours else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def _keep(self, token: str, until: float) -> None:
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"app_id": self._app_id, "token": token, "until": until}, file)
        draft.replace(self._path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class _Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's client with our address, our token and a timeout on everything."""

    def __init__(self, app_id: str, secret: str, base_url: str, token_file: Path) -> None:
        super().__init__(app_id, secret, timeout=TIMEOUT_SECONDS, auto_retry=False)
        if base_url:
            self.API_BASE_URL = f"{base_url.rstrip('/').removesuffix('/cgi-bin')}/cgi-bin/"
        self._http.trust_env = False
        self._shared = SharedToken(token_file, app_id)

    @property
    def access_token(self) -> str:
        """The token in force, fetched if there is none."""
        return self._shared.current(self._fetched)

    def renew(self, refused: str) -> None:
        """See to it that another token than the refused one is in force."""
        self._shared.renewed(refused, self._fetched)

    def _fetched(self) -> tuple[str, float]:
        """Ask WeChat for a token; its answers are read like those of every other request."""
        given = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        # wechatpy puts the present token into every request that names none.
        answer = self.get("token", params={**given, "access_token": None})
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise WeChatClientException(None, "expected an access_token")
        log.info("a new access token")
        return answer["access_token"], float(answer.get("expires_in", 7200))


@lru_cache(maxsize=4)
def _client(app_id: str, secret: str, base_url: str, token_file: Path) -> _Client:
    return _Client(app_id, secret, base_url, token_file)


def _call(does: Callable[[_Client], Any]) -> None:
    """Call WeChat for what it confirms."""
    if not isinstance(_answer(does), dict):
        raise TryLater("no proper answer", SERVER_WAIT_SECONDS)


def _answer(does: Callable[[_Client], Any]) -> Any:
    """Call WeChat, once more with a new token if the present one has run out."""
    if not (settings.BOT_WECHAT_APP_ID and settings.BOT_WECHAT_SECRET):
        raise TryLater("BOT_WECHAT_SECRET is missing", 600.0)
    client = _client(
        settings.BOT_WECHAT_APP_ID,
        settings.BOT_WECHAT_SECRET,
        settings.BOT_WECHAT_BASE_URL,
        settings.BOT_DATA_DIR / "wechat_token.json",
    )
    try:
        return _with_valid_token(client, does)
    except (requests.RequestException, WeChatClientException, ValueError) as error:
        raise _named(error) from None


def _with_valid_token(client: _Client, does: Callable[[_Client], Any]) -> Any:
    token = client.access_token
    try:
        return does(client)
    except WeChatClientException as error:
        if error.errcode not in _NEW_TOKEN_NEEDED:
            raise
    client.renew(token)
    return does(client)


def _named(error: Exception) -> Undeliverable | TryLater:
    """Say of a failure whether trying again can help; the only place that does."""
    code = getattr(error, "errcode", None)
    if code in _FOR_GOOD:
        return Undeliverable(f"{_FOR_GOOD[code]}: {code}")
    if code in _LATER:
        seconds, reason = _LATER[code]
        return TryLater(f"{reason}: {code}", seconds)
    if code is not None:
        return TryLater(f"refused: {code}", UNNAMED_WAIT_SECONDS)
    if isinstance(error, requests.RequestException):
        return TryLater(type(error).__name__, NETWORK_WAIT_SECONDS)
    return TryLater("no proper answer", SERVER_WAIT_SECONDS)
