"""The web page: rendered on the server, works without scripts, speaks through the same door.

Which version is shown (standard, or 长辈版 with its size of letters) is kept in its own cookie.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

from bot import clock
from bot.actions import office
from bot.actions.rendering import FACET_TITLES
from bot.api.auth import conversation_of_token, token_for
from bot.api.limits import PageLimit
from bot.api.serializers import LONGEST_TEXT
from bot.channels.lines import calls_of, card_rows, lines_of
from bot.channels.outbox import notices_fetched
from bot.channels.phone.wanted import is_wanted as line_is_wanted
from bot.conversations import phrases, service
from bot.conversations.messages import Button, Turn
from bot.conversations.models import Conversation
from bot.handovers.models import Notice
from bot.handovers.selectors import said_in
from knowledge import opening
from knowledge.search.errors import SearchError

COOKIE = "conversation"
COOKIE_SECONDS = 30 * 86400
ELDER_COOKIE = "elder"
ELDER_COOKIE_SECONDS = 365 * 86400
# Height of letters in the 长辈版, in CSS pixels.
LETTER_SIZES = (24, 28, 32, 36, 40)
# Replies whose buttons answer a question: shown large under the words, pressed once.
ASKING_KINDS = frozenset({"clarify", "confirm", "ask_slot"})
# Beside them, buttons that tell a resident's situation.
TELLS = "tell:"
RESUMED_FACETS = ("overview", "materials", "where", "duration")


@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def chat(request: HttpRequest) -> HttpResponse:
    """Show the conversation; without scripts a form's post is a turn."""
    token = request.COOKIES.get(COOKIE, "")
    conversation_id = conversation_of_token(token)
    if conversation_id is None:
        conversation_id = uuid4().hex
        token = token_for(conversation_id)
    # What is said too often is not taken, but stays in its field.
    is_refused = request.method == "POST" and not PageLimit().lets(request)
    if request.method == "POST" and not is_refused:
        _take(request, conversation_id)
    letters = letter_size(request)
    shown = _page(request, conversation_id, token, letters)
    if is_refused:
        shown |= {"unsent": request.POST.get("text", "")[:LONGEST_TEXT], "busy": phrases.TOO_OFTEN}
    response = render(request, "chat.html", shown, status=429 if is_refused else 200)
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    if "elder" in request.GET:
        # Read and changed by the page's script as well.
        response.set_cookie(
            ELDER_COOKIE, str(letters), max_age=ELDER_COOKIE_SECONDS, samesite="Lax"
        )
    response.headers["Cache-Control"] = "no-store"
    return response


def letter_size(request: HttpRequest) -> int:
    """Return the size of letters of the 长辈版, 0 for the standard version."""
    kept = request.COOKIES.get(ELDER_COOKIE, "0")
    chosen = request.GET.get("elder")
    if chosen == "0" or (chosen != "1" and kept == "0"):
        return 0
    size = request.GET.get("size", kept)
    return int(size) if size in map(str, LETTER_SIZES) else LETTER_SIZES[0]


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


def _page(request: HttpRequest, conversation_id: str, token: str, letters: int) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "token": token,
        "turns": [dressed(row) for row in _turns(conversation_id)],
        "notice": phrases.NOTICE,
        "examples": phrases.EXAMPLES[:3] if letters else phrases.EXAMPLES,
        "open_now": open_now(),
        "can_call": line_is_wanted(),
        "resumed": _resumed(request.GET.get("ask", "")),
        "elder": bool(letters),
        "letters": letters,
        "larger": min((size for size in LETTER_SIZES if size > letters), default=letters),
        "smaller": max((size for size in LETTER_SIZES if size < letters), default=letters),
    }


def _turns(conversation_id: str) -> list[dict[str, Any]]:
    found = Conversation.objects.filter(
        owner="web", channel="web", external_id=conversation_id
    ).first()
    rows: list[dict[str, Any]] = []
    said = said_in(found) if found else []
    notices_fetched(row for row in said if isinstance(row, Notice))
    for turn in said:
        if isinstance(turn, Notice):
            rows.append(_clerk_row(turn))
            continue
        assert turn.reply is not None
        spoken = {"who": "resident", "text": turn.text, "reply": None}
        rows.append({**spoken, "message_id": turn.message_id, "attachments": turn.attachments})
        rows.append({"who": "assistant", "text": turn.reply["text"], "reply": turn.reply})
    return rows


def _clerk_row(notice: Notice) -> dict[str, Any]:
    author = notice.author.display_name if notice.author else ""
    row = {"who": "clerk", "id": f"notice-{notice.pk}", "text": notice.text, "author": author}
    return {**row, "buttons": notice.buttons}


def dressed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the conversation with what the template needs to set it."""
    reply = row.get("reply")
    row = {**row, "lines": lines_of(row["text"])}
    if row["who"] != "assistant" or not reply:
        return row
    answers = answers_in(reply)
    return {
        **row,
        "answers": answers,
        "steps": [button for button in reply["buttons"] if button not in answers],
        "calls": calls_of(reply),
        "speech": "\n".join(reply["speech"]),
        "cards": [_card(answer) for answer in reply["answers"] if answer["card"]],
    }


def answers_in(reply: dict[str, Any]) -> list[dict[str, str]]:
    """Return the buttons that answer a question of the reply; the others lead on from it."""
    buttons: list[dict[str, str]] = reply["buttons"]
    if reply["kind"] in ASKING_KINDS:
        return buttons
    if reply.get("slot") == "situation":
        return [button for button in buttons if button["payload"].startswith(TELLS)]
    return []


def _card(answer: dict[str, Any]) -> dict[str, Any]:
    options = ",".join(answer.get("situations") or ())
    sheet = f"/guide/{answer['item']}/" + (f"?s={options}" if options else "")
    return {**answer["card"], "rows": card_rows(answer["card"]["rows"]), "sheet": sheet}


def _resumed(item_id: str) -> dict[str, Any] | None:
    """What to ask about the item whose sheet brought the resident here."""
    if not item_id:
        return None
    try:
        item = office.guide().item(item_id)
    except SearchError:
        return None
    if item is None:
        return None
    buttons = [Button(FACET_TITLES[f], f"ask:{item.item_id}:{f}") for f in RESUMED_FACETS]
    return {"name": item.name, "buttons": buttons}


def open_now() -> str:
    """Say whether the hall is open, and until or from when; empty if its hours are not known."""
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
    day = opening.day_in_words(soon.date(), clock.now().date())
    return f"现在关着门，{day}{opening.clock(soon.time())}开门{note}"


def refused_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its safety mark (an old page, or cookies off): ask to load the page anew."""
    return render(request, "refused_form.html", status=403)
