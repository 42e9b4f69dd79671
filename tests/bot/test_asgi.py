"""Requests of the public port: each in one thread, no two in the same, threads used again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from bot import asgi
from bot.asgi import ThreadKeepingHandler

_meeting = threading.Barrier(2)
_freed = threading.Event()


def name_thread(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(threading.get_ident()))


def meet(request: HttpRequest) -> HttpResponse:
    """Wait for another request to be here at the same time."""
    _meeting.wait(timeout=10)
    return HttpResponse(str(threading.get_ident()))


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Say the second part only when it is allowed to."""

    async def parts() -> Any:
        yield b"first"
        while not _freed.is_set():
            await asyncio.sleep(0.01)
        yield b"second"

    return StreamingHttpResponse(parts())


def fail(request: HttpRequest) -> HttpResponse:
    raise ValueError("on purpose")


urlpatterns = [
    path("thread", name_thread),
    path("meet", meet),
    path("stream", stream),
    path("fail", fail),
]


@pytest.fixture(autouse=True)
def _bare() -> Iterator[None]:
    _freed.clear()
    _meeting.reset()
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["*"]):
        yield


class Call:
    """One request as a server sends it."""

    def __init__(self, handler: ThreadKeepingHandler, where: str) -> None:
        self.parts: list[bytes] = []
        self.status = 0
        self._is_asked = False
        scope = {
            "type": "http",
            "method": "GET",
            "path": where,
            "headers": [(b"host", b"localhost")],
            "query_string": b"",
        }
        self.task = asyncio.ensure_future(handler(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if self._is_asked:
            # The browser stays.
            await asyncio.sleep(60)
        self._is_asked = True
        return {"type": "http.request", "body": b""}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message.get("body"):
            self.parts.append(message["body"])

    async def text(self) -> str:
        await asyncio.wait_for(self.task, timeout=15)
        return b"".join(self.parts).decode()


def test_a_later_request_uses_the_thread_of_an_earlier_one() -> None:
    async def scenario() -> list[str]:
        handler = ThreadKeepingHandler()
        return [await Call(handler, "/thread").text() for _ in range(5)]

    threads = asyncio.run(scenario())
    assert len(set(threads)) == 1
    assert threads[0] != str(threading.get_ident())


def test_two_requests_at_once_have_a_thread_each() -> None:
    async def scenario() -> list[str]:
        handler = ThreadKeepingHandler()
        calls = [Call(handler, "/meet"), Call(handler, "/meet")]
        return [await call.text() for call in calls]

    assert len(set(asyncio.run(scenario()))) == 2


def test_a_stream_is_sent_part_by_part() -> None:
    async def scenario() -> tuple[list[bytes], str]:
        handler = ThreadKeepingHandler()
        call = Call(handler, "/stream")
        while not call.parts:
            await asyncio.sleep(0.01)
        early = list(call.parts)
        _freed.set()
        return early, await call.text()

    early, whole = asyncio.run(scenario())
    assert early == [b"first"]
    assert whole == "firstsecond"


def test_a_view_that_fails_leaves_its_thread_in_order() -> None:
    async def scenario() -> tuple[int, int]:
        handler = ThreadKeepingHandler()
        failed = Call(handler, "/fail")
        await failed.text()
        after = Call(handler, "/thread")
        await after.text()
        return failed.status, after.status

    assert asyncio.run(scenario()) == (500, 200)


def test_no_more_threads_wait_than_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "MOST_WAITING", 1)

    async def scenario() -> int:
        handler = ThreadKeepingHandler()
        calls = [Call(handler, "/meet"), Call(handler, "/meet")]
        for call in calls:
            await call.text()
        return len(handler._waiting)

    assert asyncio.run(scenario()) == 1
