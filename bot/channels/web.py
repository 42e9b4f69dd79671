"""The web page: rendered on the server, works without scripts, speaks through the same door."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

from bot import clock
from bot.actions import office
from bot.api.auth import conversation_of_token, token_for
from bot.api.serializers import LONGEST_TEXT
from bot.conversations import phrases, service
from bot.conversations.messages import Turn
from bot.conversations.models import Conversation
from bot.conversations.selectors import turns_of
from knowledge import opening
from knowledge.search.errors import SearchError

COOKIE = "conversation"
COOKIE_SECONDS = 30 * 86400


@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def chat(request: HttpRequest) -> HttpResponse:
    """Show the conversation; without scripts a form's post is a turn."""
    token = request.COOKIES.get(COOKIE, "")
    conversation_id = conversation_of_token(token)
    if conversation_id is None:
        conversation_id = uuid4().hex
        token = token_for(conversation_id)
    if request.method == "POST":
        _take(request, conversation_id)
    response = render(request, "chat.html", _page(request, conversation_id, token))
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _take(request: HttpRequest, conversation_id: str) -> None:
    text = request.POST.get("text", "")[:LONGEST_TEXT].replace("\x00", "")
    payload = request.POST.get("payload", "")[:300]
    if not text.strip() and not payload:
        return
    turn = Turn("web", "web", conversation_id, text, payload=payload)
    try:
        service.answer(turn)
    except service.PayloadRefused:
        service.answer(Turn("web", "web", conversation_id, text or phrases.NONE_OF_THESE))


def _page(request: HttpRequest, conversation_id: str, token: str) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "token": token,
        "turns": _turns(conversation_id),
        "notice": phrases.NOTICE,
        "examples": phrases.EXAMPLES,
        "open_now": _open_now(),
        "elder": request.GET.get("elder") == "1",
    }


def _turns(conversation_id: str) -> list[dict[str, Any]]:
    found = Conversation.objects.filter(
        owner="web", channel="web", external_id=conversation_id
    ).first()
    rows: list[dict[str, Any]] = []
    for turn in turns_of(found) if found else []:
        assert turn.reply is not None
        rows.append({"who": "resident", "text": turn.text, "reply": None})
        rows.append({"who": "assistant", "text": turn.reply["text"], "reply": turn.reply})
    return rows


def _open_now() -> str:
    try:
        places = office.guide().places
    except SearchError:
        return ""
    hall = next((place for place in places if place.kind == "hall"), None)
    if hall is None:
        return ""
    closes = opening.closes_at(hall.hours, clock.now())
    note = "" if hall.verified else "（时间待核实）"
    if closes is not None:
        return f"现在开着门，到{opening.clock(closes)}{note}"
    soon = opening.next_opening(hall.hours, clock.now())
    if soon is None:
        return ""
    day = "今天" if soon.date() == clock.now().date() else f"{soon.month}月{soon.day}日"
    return f"现在关着门，{day}{opening.clock(soon.time())}开门{note}"


def refused_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its safety mark (an old page, or cookies off): ask to load the page anew."""
    return render(request, "refused_form.html", status=403)
