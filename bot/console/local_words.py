"""The pages of what people here say: local names and words, and what is meant by them."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot.accounts.policies import Action, may
from bot.actions import office
from bot.console.asking import needs, staff_of
from bot.curation.errors import CurationError
from bot.curation.words import (
    MOST_SHOWN,
    TermWish,
    term_retire,
    term_submit,
    term_wishes,
    terms_shown,
)
from knowledge.models import LocalTerm
from knowledge.search.errors import SearchError
from knowledge.search.local_terms import rewriter

LONGEST_TRIED: Final = 100
_NEEDED: Final = {"required": "这里要填。", "max_length": "太长了，最多40个字。"}
_READ_HINT: Final = "电话里读不准才填，用同音字写，例如“六合”写成“陆合”。"


class MeaningForm(forms.Form):
    """What is meant by a word."""

    canonical = forms.CharField(
        label="就是",
        max_length=40,
        error_messages=_NEEDED,
        help_text="办事指南里的名字，例如“社会保障卡”。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label="是哪一类", choices=LocalTerm.Kind.choices)
    spoken = forms.CharField(
        label="怎么读",
        max_length=80,
        required=False,
        help_text=_READ_HINT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(label="为什么改", max_length=200, required=False)


class TermForm(MeaningForm):
    """A new word with its meaning."""

    word = forms.CharField(
        label="居民怎么说",
        max_length=40,
        error_messages=_NEEDED,
        help_text="小区的老名字、本地话、简称，例如“大红本”。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("word", "canonical", "kind", "spoken", "reason")


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def words(request: HttpRequest) -> HttpResponse:
    """Show the terms, what is on its way, and a form for one more."""
    return _list(request)


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_VIEW)
def tried(request: HttpRequest) -> HttpResponse:
    """Show how a sentence is read, and what it finds."""
    text = request.POST.get("text", "").strip()[:LONGEST_TRIED]
    return _list(request, tried=_reading(text) if text else None, text=text)


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a new term."""
    form = TermForm(request.POST, auto_id="new-%s")
    if form.is_valid() and _submitted(request, form, form.cleaned_data["word"].strip()):
        return _sent()
    return _list(request, form=form, status=422)


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def word(request: HttpRequest, term_id: int) -> HttpResponse:
    """Show one term, to be changed."""
    return _page(request, get_object_or_404(LocalTerm, pk=term_id))


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def change(request: HttpRequest, term_id: int) -> HttpResponse:
    """Ask for another meaning of a word."""
    term, form = get_object_or_404(LocalTerm, pk=term_id), MeaningForm(request.POST)
    if form.is_valid() and _submitted(request, form, term.word):
        return _sent()
    return _page(request, term, form=form, status=422)


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def retire(request: HttpRequest, term_id: int) -> HttpResponse:
    """Ask for a term to be taken out of force."""
    term = get_object_or_404(LocalTerm, pk=term_id)
    try:
        term_retire(staff_of(request), term.word, "不再这样说")
    except CurationError as error:
        return _page(request, term, problem=str(error), status=422)
    return _sent()


def _submitted(request: HttpRequest, form: forms.Form, said: str) -> bool:
    """Ask for what a form says of a word; False if it cannot be, with the reason in the form."""
    given = form.cleaned_data
    wish = TermWish(said, given["canonical"].strip(), given["kind"], given["spoken"].strip())
    try:
        term_submit(staff_of(request), wish, given["reason"])
    except CurationError as error:
        form.add_error("word" if "word" in form.fields else "canonical", str(error))
        return False
    return True


def _sent() -> HttpResponse:
    response = redirect("staff-local-words")
    response["Location"] += "?sent=1"
    return response


def _reading(text: str) -> dict[str, str]:
    """How the matcher in force reads a sentence, and what it finds."""
    try:
        matcher = office.live_matcher().current()
    except SearchError:
        return {"problem": "知识库还没有发布过，现在试不了。"}
    read = rewriter(matcher.snapshot.records.get("terms", {}))(text)
    best = matcher.match(text).best
    return {"read": "" if read == text else read, "found": best.name if best else ""}


def _list(
    request: HttpRequest, form: TermForm | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    query, kind = request.GET.get("q", "").strip()[:40], request.GET.get("kind", "")
    rows = terms_shown(query, kind, request.GET.get("after", ""))
    shown = {
        "terms": rows[:MOST_SHOWN],
        "next": rows[MOST_SHOWN - 1].word if len(rows) > MOST_SHOWN else "",
        "wishes": term_wishes(),
        "form": form or TermForm(auto_id="new-%s"),
        "kinds": LocalTerm.Kind.choices,
        "query": query,
        "kind": kind,
        "may_edit": may(staff_of(request), Action.KNOWLEDGE_EDIT),
        "is_sent": request.GET.get("sent") == "1",
        **more,
    }
    return render(request, "console/local_words.html", shown, status=status)


def _page(
    request: HttpRequest,
    term: LocalTerm,
    form: MeaningForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    initial = {"canonical": term.canonical, "kind": term.kind, "spoken": term.spoken}
    shown = {
        "term": term,
        "form": form or MeaningForm(initial=initial),
        "may_edit": may(staff_of(request), Action.KNOWLEDGE_EDIT),
        **more,
    }
    return render(request, "console/local_word.html", shown, status=status)
