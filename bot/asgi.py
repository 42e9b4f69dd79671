"""The public ASGI application."""

from __future__ import annotations

import os
from collections import deque
from typing import Any

import django
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bot.settings")
django.setup(set_prefix=False)

# Threads that wait for a request, each with its open connection to the database.
MOST_WAITING = 32


class ThreadKeepingHandler(ASGIHandler):
    """Django's handler for views that are all synchronous: a request runs in one thread, whole.

    Django's own goes to a thread and back several times a request, and makes each request a new
    thread, and with it a new connection to the database; to open one costs more than most
    questions to it. What streams still streams from the event loop.
    """

    def __init__(self) -> None:
        # Not ASGIHandler's, which prepares the middleware for asynchronous views.
        super(ASGIHandler, self).__init__()
        self.load_middleware(is_async=False)
        self._waiting: deque[ThreadSensitiveContext] = deque()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request in a thread that no other request uses meanwhile."""
        if scope["type"] != "http":
            raise ValueError(f"expected http, not {scope['type']}")
        # The thread belongs to the context: asgiref makes it at the first use.
        thread = self._waiting.pop() if self._waiting else _new_thread()
        token = SyncToAsync.thread_sensitive_context.set(thread)
        try:
            await self.handle(scope, receive, send)
        finally:
            SyncToAsync.thread_sensitive_context.reset(token)
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(thread)
            elif executor := SyncToAsync.context_to_thread_executor.pop(thread, None):
                executor.shutdown(wait=False)

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Run the middleware and the view."""
        response: HttpResponseBase = await sync_to_async(self.get_response)(request)
        response._handler_class = self.__class__  # type: ignore[attr-defined]
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        return response


def _new_thread() -> ThreadSensitiveContext:
    return ThreadSensitiveContext()  # type: ignore[no-untyped-call]


application = ThreadKeepingHandler()
