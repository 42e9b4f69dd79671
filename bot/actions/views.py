"""Rasa's action endpoint: reads the tracker, calls the action, returns its reply and slots."""

from __future__ import annotations

import hmac
import json
import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bot.actions import office
from bot.actions.context import THEN, Context
from bot.actions.gathering import context_for
from bot.actions.registry import ACTIONS
from bot.conversations.drafts import draft_update
from bot.conversations.through_engine import given_to_engine
from nlu.protocol import KNOWLEDGE, Understanding, read_message, reading_from_json

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def run_action(request: HttpRequest) -> JsonResponse:
    """Run one action for Rasa. Loopback and a shared secret only."""
    secret = request.headers.get("X-Action-Secret", "")
    if not hmac.compare_digest(secret.encode(), settings.BOT_ACTION_SECRET.encode()):
        return JsonResponse({"error": "wrong secret"}, status=403)
    call = json.loads(request.body)
    action = ACTIONS.get(call.get("next_action"))
    if action is None:
        return JsonResponse({"error": f"no action {call.get('next_action')}"}, status=404)
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
    return JsonResponse({"events": events, "responses": responses})


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
