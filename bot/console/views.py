"""The staff's pages: sign in, who waits, one conversation. Every rule behind them is elsewhere.

``doorkeeper`` keeps strangers out. Pages with a form's answer redirect, so that reloading repeats
nothing; the lists are fetched again by console.js while a page is open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from axes.helpers import get_client_ip_address
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot.accounts.lockouts import lockout_note
from bot.accounts.models import Staff
from bot.accounts.policies import Action, cases_within, may
from bot.accounts.services import named
from bot.audit.models import AuditAction
from bot.audit.services import audit_note
from bot.console import rows
from bot.console.asking import fragment, needs, problems_of, staff_of
from bot.console.entrance import ENDED
from bot.console.forms import ReplyForm, SignInForm
from bot.console.navigation import home_of
from bot.conversations.models import Conversation
from bot.handovers import services
from bot.handovers.errors import HandoverError, NotOpen
from bot.handovers.models import Handover
from bot.handovers.selectors import latest_handover, open_to_staff, to_be_told

QUICK_PHRASES = (
    "您好，我正在帮您查，请稍等一下。",
    "您说的是谁要办？多大年纪？户口在哪里？",
    "身份证号、门牌号先不用发给我，说事情就行。",
    "这件事要到窗口当面办，您方便来一趟吗？",
    "我问清楚了马上回您。",
    "还有别的要问吗？没有的话，我先请小顶接着陪您。",
)


@method_decorator(never_cache, name="dispatch")
class SignIn(LoginView):
    """The sign-in page."""

    template_name = "console/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say so when she was signed out for being away."""
        return super().get_context_data(**kwargs, ended=self.request.session.get(ENDED))

    def form_valid(self, form: Any) -> HttpResponse:
        """Let her in; it is noted."""
        response = super().form_valid(form)
        staff = form.get_user()
        address = get_client_ip_address(self.request) or ""
        audit_note(AuditAction.SELF_SIGN_IN, staff, named(staff), address)
        return response


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """Tell somebody who guessed too often to wait."""
    lockout_note(request.POST.get("username", ""), get_client_ip_address(request) or "")
    form = SignInForm(request)
    shown = {"form": form, "locked": "试的次数太多了，这个账号在这台电脑上要等15分钟再登录。"}
    return render(request, "console/login.html", shown, status=429)


@never_cache
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Show who waits, whom I look after, what was closed; to others the page they begin with."""
    staff = staff_of(request)
    if not may(staff, Action.DESK_USE):
        return redirect(home_of(staff))
    return render(request, "console/inbox.html", rows.inbox(staff))


@never_cache
@require_safe
@needs(Action.DESK_USE)
def queue(request: HttpRequest) -> HttpResponse:
    """Return the inbox's lists alone, or 204 if they are as the page has them."""
    return fragment(request, "console/_queue.html", rows.inbox(staff_of(request)))


@never_cache
@require_safe
@needs(Action.DESK_USE)
def conversation(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Show one conversation."""
    return _conversation_page(request, _found(conversation_id))


@never_cache
@require_safe
@needs(Action.DESK_USE)
def words(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Return what was said alone, or 204 if it is as the page has it."""
    found, staff = _found(conversation_id), staff_of(request)
    _read(found, staff)
    return fragment(request, "console/_words.html", rows.conversation_page(found, staff))


@require_POST
@needs(Action.DESK_USE)
def take(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Look after a conversation."""
    return _do(request, conversation_id, services.handover_take)


@require_POST
@needs(Action.DESK_USE)
def close(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Give a conversation back to the assistant."""
    return _do(request, conversation_id, services.handover_close)


@require_POST
@needs(Action.DESK_USE)
def reply(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Write to the resident; what cannot be sent stays in the box."""
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _kept_page(request, conversation_id, problems_of(form))
    text, key = form.cleaned_data["text"], f"clerk-{form.cleaned_data['key']}"
    try:
        services.handover_say(_handover(conversation_id), staff_of(request), text, key)
    except (HandoverError, ValueError) as error:
        return _kept_page(request, conversation_id, str(error))
    return redirect("staff-conversation", conversation_id)


@never_cache
@require_POST
@needs(Action.DESK_USE)
def contact(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """Show the resident's number, once, to the clerk who took the conversation; it is noted."""
    try:
        phone = services.contact_look(_handover(conversation_id), staff_of(request))
    except HandoverError as error:
        return _kept_page(request, conversation_id, str(error), status=409)
    return _conversation_page(request, _found(conversation_id), phone=phone)


@require_POST
@needs(Action.DESK_USE)
def told(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Note that a person has passed a notice on."""
    staff = staff_of(request)
    hers = cases_within(staff, Action.DESK_USE, to_be_told())
    services.notice_told(get_object_or_404(hers, pk=notice_id), staff)
    return redirect("inbox")


def _do(
    request: HttpRequest, conversation_id: int, act: Callable[[Handover, Staff], Handover]
) -> HttpResponse:
    try:
        act(_handover(conversation_id), staff_of(request))
    except HandoverError as error:
        return _kept_page(request, conversation_id, str(error), status=409)
    return redirect("staff-conversation", conversation_id)


def _kept_page(
    request: HttpRequest, conversation_id: int, problem: str, status: int = 422
) -> HttpResponse:
    """Show the page again with what went wrong and what was typed."""
    draft = request.POST.get("text", "")
    found = _found(conversation_id)
    return _conversation_page(request, found, status=status, problem=problem, draft=draft)


def _conversation_page(
    request: HttpRequest, found: Conversation, status: int = 200, **more: str
) -> HttpResponse:
    staff = staff_of(request)
    _read(found, staff)
    shown = {
        **rows.conversation_page(found, staff),
        "quick_phrases": QUICK_PHRASES,
        "key": uuid4(),
        **more,
    }
    response = render(request, "console/conversation.html", shown, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _found(conversation_id: int) -> Conversation:
    return get_object_or_404(open_to_staff(), pk=conversation_id)


def _handover(conversation_id: int) -> Handover:
    handover = latest_handover(_found(conversation_id))
    if handover is None:
        raise NotOpen("这个对话没有人找过人工。")
    return handover


def _read(found: Conversation, staff: Staff) -> None:
    handover = latest_handover(found)
    if handover is not None:
        services.handover_read(handover, staff)
