"""Where WeChat's server knocks: it proves itself, pushes a message or an event, reads the reply."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from bot import clock
from bot.channels.voice_messages import can_hear
from bot.channels.wechat import wording
from bot.channels.wechat.answering import SOUND, Spoken, answer_within, turn_of
from bot.channels.wechat.envelope import (
    Keys,
    Malformed,
    NotFromWechat,
    Pushed,
    check_signature,
    opened,
    text_reply,
)
from bot.channels.wechat.menu import pressed
from bot.channels.wechat.models import Departure
from bot.conversations import phrases

log = logging.getLogger(__name__)

# WeChat waits 5 s; what remains is for the way there and back.
BUDGET_SECONDS = 4.2
LARGEST_BODY = 64 * 1024
# What WeChat takes as “read, nothing to say”.
NOTHING = "success"

_KIND_SENTENCES = {
    "image": wording.PHOTO,
    "voice": wording.VOICE,
    "location": wording.PLACE,
}


@csrf_exempt
@require_http_methods(["GET", "POST"])
def endpoint(request: HttpRequest) -> HttpResponse:
    """Answer WeChat's server; anybody else is turned away."""
    started = time.monotonic()
    keys = Keys(settings.BOT_WECHAT_APP_ID, settings.BOT_WECHAT_TOKEN, settings.BOT_WECHAT_AES_KEY)
    if not keys.token:
        raise Http404
    query = request.GET.dict()
    try:
        check_signature(keys, query, time.time())
        if request.method == "GET":
            return _plain(query.get("echostr", ""))
        pushed = opened(keys, query, _body(request))
    except NotFromWechat as error:
        log.warning("push refused: %s", error)
        return _plain("refused", status=403)
    except Malformed as error:
        log.warning("push not readable: %s", error)
        return _plain("malformed", status=400)
    spoken = _reply_to(pushed, started + BUDGET_SECONDS)
    if not spoken.text:
        return _plain(NOTHING)
    xml = text_reply(keys, pushed, spoken.text, query.get("nonce", ""), time.time())
    return _Followed(spoken.then, xml, content_type="application/xml; charset=utf-8")


def _reply_to(pushed: Pushed, until: float) -> Spoken:
    if pushed.kind == "event":
        return _reply_to_event(pushed, until)
    _is_here(pushed.openid)
    if pushed.text.strip() and pushed.kind in ("text", "voice"):
        return _answer(pushed, pushed.text, "", until)
    if pushed.kind == "text":
        return Spoken(phrases.EMPTY)
    # WeChat writes down what was said only if the account has that switched on.
    if pushed.kind == "voice" and pushed.media_id and can_hear():
        return _answer(pushed, "", f"{SOUND}{pushed.media_id}", until)
    return Spoken(_KIND_SENTENCES.get(pushed.kind, wording.CANNOT_OPEN))


def _reply_to_event(pushed: Pushed, until: float) -> Spoken:
    """Greet, say goodbye to, or answer a key; places, scans and all else are taken in silence."""
    if pushed.event == "unsubscribe":
        Departure.objects.get_or_create(openid=pushed.openid)
        return Spoken("")
    if pushed.event == "subscribe":
        _is_here(pushed.openid)
        return Spoken(_welcome())
    if pushed.event != "click":
        return Spoken("")
    button = pressed(pushed.event_key)
    if button is None:
        return Spoken(wording.OLD_MENU)
    return _answer(pushed, button.title, button.payload, until)


def _is_here(openid: str) -> None:
    """Forget that somebody left; looks before it writes, as hardly anybody did."""
    left = Departure.objects.filter(openid=openid)
    if left.exists():
        left.delete()


def _answer(pushed: Pushed, text: str, payload: str, until: float) -> Spoken:
    turn = turn_of(pushed.message_id, pushed.openid, text, payload)
    return answer_within(turn, max(0.0, until - time.monotonic()))


def _welcome() -> str:
    examples = "\n".join(f"· {example}" for example in phrases.EXAMPLES)
    return f"{phrases.greeting(clock.now())}\n比如这样问：\n{examples}\n{phrases.NOTICE}"


def _body(request: HttpRequest) -> bytes:
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise Malformed("too large") from error
    if len(body) > LARGEST_BODY:
        raise Malformed(f"expected at most {LARGEST_BODY} bytes, got {len(body)}")
    return body


def _plain(text: str, status: int = 200) -> HttpResponse:
    response = HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    # Said above in our own words, without the query: it holds the resident's openid.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


class _Followed(HttpResponse):
    """A response with something to do once it is on its way, so that it arrives first."""

    def __init__(self, then: Callable[[], None], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._then = then

    def close(self) -> None:
        """Do what was to follow, once."""
        super().close()
        then, self._then = self._then, lambda: None
        then()
