"""Server-sent events of one conversation: what a clerk writes, and how the queue moves.

A stream looks into the database only when something anywhere has changed; that is asked for all
streams of the process together. Streams end after ten minutes, and clients come back with the id
of the last event they saw. The query's token is read here and never logged.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.db.models import Max
from django.http import StreamingHttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from bot.api import serializers as shapes
from bot.api.auth import (
    WEB_PAGE,
    ApiKeyAuthentication,
    ConversationTokenAuthentication,
    Speaker,
    conversation_of_token,
)
from bot.api.conversations import own_conversation
from bot.api.limits import LIMITS
from bot.api.views import PROBLEM
from bot.channels.outbox import notices_fetched
from bot.conversations.models import Conversation
from bot.handovers.models import Handover, Notice
from bot.handovers.selectors import latest_handover, position

LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
LONGEST_SECONDS = 600.0
RETRY_MS = 2000
# Each open stream keeps a sleeping thread.
MOST_STREAMS = 1000
PREFIX = "notice-"

T = TypeVar("T")


class QueryTokenAuthentication(BaseAuthentication):
    """``?token=``: the page's token, since a browser's EventSource cannot send headers."""

    def authenticate(self, request: Request) -> tuple[Speaker, None] | None:
        """Return the page as a speaker, None without a token; a false token is refused."""
        token = request.query_params.get("token")
        if token is None:
            return None
        conversation_id = conversation_of_token(token)
        if conversation_id is None:
            raise AuthenticationFailed("token: expired or not ours; reload the page")
        return Speaker(WEB_PAGE, frozenset({"web", "kiosk"}), conversation_id), None


class QueryTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the token in the address."""

    target_class = QueryTokenAuthentication
    name = "queryToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "apiKey", "in": "query", "name": "token"}


class EventStreamRenderer(BaseRenderer):
    """Lets clients ask for the stream; what is rendered by it are problems."""

    media_type = "text/event-stream"
    format = "events"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return a problem as JSON."""
        return json.dumps(data, ensure_ascii=False, default=str).encode()


class EventsView(APIView):
    """What happens in a conversation, as it happens."""

    authentication_classes = [  # noqa: RUF012 (as its base declares it)
        ApiKeyAuthentication,
        ConversationTokenAuthentication,
        QueryTokenAuthentication,
    ]
    renderer_classes = [EventStreamRenderer, JSONRenderer]  # noqa: RUF012
    throttle_classes = LIMITS[:2]

    @extend_schema(
        parameters=[
            shapes.ChannelQuerySerializer,
            OpenApiParameter("token", str, description="the page's token, instead of a header"),
            OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER),
        ],
        responses={(200, "text/event-stream"): OpenApiTypes.STR, **PROBLEM},
    )
    def get(self, request: Request, conversation_id: str) -> StreamingHttpResponse:
        """Stream a clerk's words and the moves of the queue.

        Events are `message` {id, text, buttons, author, at} and `handover` {state, position,
        author}; state is waiting, taken or closed. Without `Last-Event-ID` it begins with what has
        not been fetched yet. A conversation that has not begun may be listened to. A comment
        comes every 15 s, the end after 10 minutes.
        """
        query = shapes.ChannelQuerySerializer(
            data={"channel": request.query_params.get("channel", "web")}
        )
        query.is_valid(raise_exception=True)
        own = own_conversation(request, conversation_id, query.validated_data["channel"])
        if len(OPEN) >= MOST_STREAMS:
            raise Throttled(RETRY_MS / 1000, "too many listen at the moment")
        stream = Stream(own, _number(request.headers.get("Last-Event-ID", "")))
        # Now, before the client is told that it listens: what comes from here on is its own.
        stream.begin()
        response = StreamingHttpResponse(stream.lines(), content_type="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"
        return response


def _number(event_id: str) -> int | None:
    digits = event_id.removeprefix(PREFIX)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


@dataclass
class Pulse:
    """A mark that changes when anything any stream could tell has changed; asked twice a second."""

    _mark: tuple[Any, ...] = ()
    _asked_at: float = float("-inf")

    async def mark(self) -> tuple[Any, ...]:
        """Return the mark, at most half a second old."""
        now = time.monotonic()
        if now - self._asked_at >= LOOK_SECONDS:
            self._asked_at = now
            self._mark = await _in_thread(_newest)
        return self._mark


PULSE = Pulse()
# The streams of this process that are open.
OPEN: set[int] = set()


@dataclass
class Stream:
    """One client's stream. ``last`` is the number of the last notice the client has."""

    conversation: dict[str, str]
    last: int | None
    _told: dict[str, Any] = field(default_factory=dict)

    def begin(self) -> None:
        """Settle where the stream begins: at what nobody has fetched, else after the newest."""
        if self.last is not None:
            return
        rows = Notice.objects.filter(
            **{f"conversation__{name}": value for name, value in self.conversation.items()}
        ).order_by("id")
        waiting = rows.filter(state=Notice.State.WAITING).values_list("id", flat=True).first()
        newest = rows.values_list("id", flat=True).last()
        self.last = (waiting - 1) if waiting else (newest or 0)

    async def lines(self) -> AsyncIterator[str]:
        """Yield the stream's text until it is time for the client to come back."""
        OPEN.add(id(self))
        try:
            async for text in self._lines():
                yield text
        finally:
            OPEN.discard(id(self))

    async def _lines(self) -> AsyncIterator[str]:
        yield f"retry: {RETRY_MS}\n\n"
        ends = time.monotonic() + LONGEST_SECONDS
        spoke = time.monotonic()
        seen: tuple[Any, ...] | None = None
        while time.monotonic() < ends:
            mark = await PULSE.mark()
            if mark != seen:
                seen = mark
                if text := await _in_thread(self.news):
                    spoke = time.monotonic()
                    yield text
            if time.monotonic() - spoke >= HEARTBEAT_SECONDS:
                spoke = time.monotonic()
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_SECONDS)

    def news(self) -> str:
        """Return what has happened since the last time as events."""
        found = Conversation.objects.filter(**self.conversation).first()
        if found is None:
            return ""
        notices = self._new_notices(found)
        notices_fetched(notices)
        events = [_message(notice) for notice in notices]
        state = _state(found)
        if state != self._told:
            self._told = state
            events.append(_event("handover", state))
        return "".join(events)

    def _new_notices(self, found: Conversation) -> list[Notice]:
        rows = found.notices.select_related("author").order_by("id")
        self.begin()
        assert self.last is not None
        notices = list(rows.filter(id__gt=self.last))
        if notices:
            self.last = notices[-1].pk
        return notices


def _message(notice: Notice) -> str:
    data = {
        "id": f"{PREFIX}{notice.pk}",
        "text": notice.text,
        "buttons": notice.buttons,
        "author": notice.author.display_name if notice.author else "",
        "at": notice.created_at.isoformat(),
    }
    return _event("message", data, str(data["id"]))


def _state(found: Conversation) -> dict[str, Any]:
    handover = latest_handover(found)
    if handover is None:
        return {}
    author = handover.taken_by.display_name if handover.taken_by else ""
    return {"state": handover.state, "position": position(handover), "author": author}


def _event(name: str, data: dict[str, Any], event_id: str = "") -> str:
    number = f"id: {event_id}\n" if event_id else ""
    return f"{number}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _newest() -> tuple[Any, ...]:
    notice = Notice.objects.aggregate(newest=Max("id"))["newest"]
    return notice, Handover.objects.aggregate(newest=Max("changed_at"))["newest"]


async def _in_thread(ask: Callable[[], T]) -> T:
    """Ask the database from a thread that streams share; each request's own would be kept busy."""

    def asked() -> T:
        close_old_connections()
        try:
            return ask()
        finally:
            close_old_connections()

    return await sync_to_async(asked, thread_sensitive=False)()
