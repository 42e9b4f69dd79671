"""Rasa's action endpoint: reads the tracker, calls the action, returns its reply and slots.

An ASGI application of its own: Django's chain of middleware would cost more than most actions do.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import close_old_connections

from bot.actions import office
from bot.actions.context import THEN, Context
from bot.actions.gathering import context_for
from bot.actions.registry import ACTIONS
from bot.conversations.drafts import draft_update
from bot.conversations.through_engine import given_to_engine
from nlu.protocol import KNOWLEDGE, Understanding, read_message, reading_from_json

log = logging.getLogger(__name__)

PATH = "/actions"
_SECRET_HEADER = b"x-action-secret"
# Each keeps its connection to the database from one action to the next.
_threads = ThreadPoolExecutor(max_workers=32, thread_name_prefix="action")

Answer = tuple[HTTPStatus, dict[str, Any]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def application(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Serve ``POST /actions`` to whoever knows the shared secret, and nothing else."""
    status, told = await _answer(scope, receive)
    body = json.dumps(told).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _answer(scope: Mapping[str, Any], receive: Receive) -> Answer:
    if scope["type"] != "http" or scope["path"] != PATH:
        return HTTPStatus.NOT_FOUND, {"error": "only actions are here"}
    if scope["method"] != "POST":
        return HTTPStatus.METHOD_NOT_ALLOWED, {"error": "actions are posted"}
    secret = dict(scope["headers"]).get(_SECRET_HEADER, b"")
    if not hmac.compare_digest(secret, settings.BOT_ACTION_SECRET.encode()):
        return HTTPStatus.FORBIDDEN, {"error": "wrong secret"}
    body = await _body(receive)
    return await asyncio.get_running_loop().run_in_executor(_threads, _run, body)


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _run(body: bytes) -> Answer:
    """Run an action in a thread; its failure is told to Rasa, who gives up the turn."""
    close_old_connections()
    try:
        return run_action(json.loads(body))
    except Exception:
        log.exception("an action failed")
        return HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "the action failed"}
    finally:
        close_old_connections()


def run_action(call: dict[str, Any]) -> Answer:
    """Run the action that Rasa names; returns HTTP status and JSON."""
    action = ACTIONS.get(call.get("next_action", ""))
    if action is None:
        return HTTPStatus.NOT_FOUND, {"error": f"no action {call.get('next_action')}"}
    context = context_of(call)
    outcome = action(context)
    if outcome.draft:
        draft_update(context.conversation(), outcome.draft)
    events = [
        {"event": "slot", "name": name, "value": value} for name, value in outcome.settled().items()
    ]
    said = [given_to_engine(outcome.reply)] if outcome.reply.text else []
    # What the service is to do rides beside the reply, through the engine and back.
    after = [{THEN: outcome.then}] if outcome.then else []
    responses = [{"custom": message} for message in (*said, *after)]
    return HTTPStatus.OK, {"events": events, "responses": responses}


def context_of(call: dict[str, Any]) -> Context:
    """Return the turn as an action sees it, from what the engine sends."""
    return context_for(str(call.get("sender_id", "")), understanding_of(call["tracker"]))


def understanding_of(tracker: dict[str, Any]) -> Understanding:
    """Read what the graph made of the latest message."""
    latest = tracker["latest_message"]
    text = latest.get("text") or ""
    intent = latest.get("intent") or {}
    entities = {e["entity"]: str(e["value"]) for e in latest.get("entities", [])}
    reading = reading_from_json(latest.get(KNOWLEDGE) or {})
    if not latest.get(KNOWLEDGE) and not text.startswith("/"):
        # The dialogue process had no snapshot when it looked; this process may have one.
        reading = read_message(office.matcher(), text)
    return Understanding(
        text="" if text.startswith("/") else text,
        intent=str(intent.get("name") or "unknown"),
        confidence=float(intent.get("confidence") or 0.0),
        reading=reading,
        entities=entities,
        slots=tracker.get("slots", {}),
    )
