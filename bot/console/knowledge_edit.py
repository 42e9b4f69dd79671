"""The form of a draft: checked and shown while it is typed; nothing typed is lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action
from bot.console.asking import needs, staff_of
from bot.console.knowledge_fields import Filling, field_named, sections_of, ticks_of
from bot.console.knowledge_findings import Note, by_field, notes_of
from bot.console.knowledge_preview import can_be_seen, preview
from bot.console.knowledge_typed import Typed, pressed, split, typed_of, without_blanks
from bot.console.knowledge_words import FACET_WORDS
from bot.curation import services
from bot.curation.checking import quick_findings
from bot.curation.diff import differences
from bot.curation.errors import ChangedUnder, CurationError, Unreadable
from bot.curation.models import Revision
from bot.curation.selectors import shown_name
from knowledge.changes import ITEM
from knowledge.models import Entry

LONGEST_REASON: Final = 500
_MOMENT: Final = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class Sent:
    """What a form sent."""

    typed: Typed
    reason: str
    at: str
    do: str
    facet: str
    options: list[str]
    version: int

    @property
    def effective_at(self) -> datetime | None:
        """When it is to come into force; raises CurationError."""
        if not self.at:
            return None
        try:
            return datetime.fromisoformat(self.at).replace(tzinfo=clock.OFFICE_ZONE)
        except ValueError:
            raise CurationError("上线时间写得不对，要写日期和钟点。") from None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Action.KNOWLEDGE_EDIT)
def edit(request: HttpRequest, revision_id: int) -> HttpResponse:
    """Show the form of a draft; save it, submit it, or move its rows."""
    revision, staff = _found(revision_id), staff_of(request)
    is_mine = revision.state == Revision.State.DRAFT and revision.editor_id == staff.pk
    if (not is_mine and request.method != "POST") or revision.content is None:
        return redirect("staff-revision", revision.pk)
    if request.method != "POST":
        return _page(request, revision, _held(revision))
    sent = _sent(revision, request.POST)
    if ":" in sent.do:
        return _rows_moved(request, revision, sent)
    return _saved(request, revision, staff, sent)


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def look(request: HttpRequest, revision_id: int) -> HttpResponse:
    """Tell what is amiss in a form, and show what residents would be told; nothing is saved."""
    revision = _found(revision_id)
    sent = _sent(revision, request.POST)
    notes = _notes(revision, sent.typed)
    shown = _seen(revision, sent)
    return JsonResponse(
        {
            "notes": [{"name": n.name, "level": n.level, "text": n.text} for n in notes],
            "preview": render_to_string("console/_knowledge_preview.html", shown),
        }
    )


def _rows_moved(request: HttpRequest, revision: Revision, sent: Sent) -> HttpResponse:
    """Answer a button beside a row: the whole page, or for a script the list alone."""
    sent = replace(sent, typed=pressed(sent.typed, sent.do))
    if request.headers.get("X-Part") != "rows":
        return _page(request, revision, sent)
    step, _, name = sent.do.partition(":")
    rows = name if step == "add" else name.rpartition(".")[0]
    field = field_named(_filling(revision, sent.typed, []), rows)
    return render(request, "console/_knowledge_field.html", {"field": field})


def _saved(request: HttpRequest, revision: Revision, staff: Staff, sent: Sent) -> HttpResponse:
    content, phrasings = split(revision.kind, without_blanks(revision.kind, sent.typed))
    try:
        saved = services.revision_save(
            revision,
            staff,
            version=sent.version,
            content=content,
            phrasings=phrasings,
            reason=sent.reason,
            effective_at=sent.effective_at,
        )
        sent = replace(sent, version=saved.version)
        if sent.do != "submit":
            return redirect("staff-revision-edit", saved.pk)
        services.revision_submit(saved, staff)
    except ChangedUnder as error:
        theirs, mine = _typed_in(error.revision), without_blanks(revision.kind, sent.typed)
        newer = replace(sent, version=error.revision.version)
        apart = differences(theirs, mine)
        return _page(request, revision, newer, 409, problem=str(error), apart=apart)
    except Unreadable as error:
        notes = notes_of(revision.kind, error.findings, sent.typed)
        return _page(request, revision, sent, 422, problem=str(error), notes=notes)
    except CurationError as error:
        return _page(request, revision, sent, 422, problem=str(error))
    return redirect("staff-revision", revision.pk)


def _found(revision_id: int) -> Revision:
    people = Revision.objects.select_related("author", "editor", "reviewer", "publication")
    return get_object_or_404(people, pk=revision_id)


def _typed_in(revision: Revision) -> Typed:
    content = dict(revision.content or {})
    return {**content, "phrasings": revision.phrasings or []} if revision.kind == ITEM else content


def _held(revision: Revision) -> Sent:
    at = revision.effective_at
    moment = at.astimezone(clock.OFFICE_ZONE).strftime(_MOMENT) if at else ""
    typed = _typed_in(revision)
    return Sent(typed, revision.reason, moment, "", "overview", [], revision.version)


def _sent(revision: Revision, data: QueryDict) -> Sent:
    version = data.get("version", "")
    facet = data.get("see.facet", "")
    return Sent(
        typed=typed_of(revision.kind, data, _typed_in(revision)),
        reason=data.get("reason", "").strip()[:LONGEST_REASON],
        at=data.get("effective_at", "").strip(),
        do=data.get("do", "save"),
        facet=facet if facet in FACET_WORDS else "overview",
        options=[option for option in data.getlist("see.option") if option],
        version=int(version) if version.isdecimal() and len(version) < 9 else 0,
    )


def _notes(revision: Revision, typed: Typed) -> list[Note]:
    """What is amiss; blank rows are left out, but the names stay those of the form."""
    content, phrasings = split(revision.kind, typed)
    findings = quick_findings(revision.kind, revision.record_id, content, phrasings)
    if any(finding.rule == "unreadable" for finding in findings):
        kept, said = split(revision.kind, without_blanks(revision.kind, typed))
        findings = quick_findings(revision.kind, revision.record_id, kept, said)
    return notes_of(revision.kind, findings, typed)


def _filling(revision: Revision, typed: Typed, notes: list[Note]) -> Filling:
    places: dict[str, str] = {}
    if revision.kind == ITEM:
        rows = Entry.objects.filter(kind="place", is_active=True)
        places = {str(i): str(name) for i, name in rows.values_list("entry_id", "content__name")}
    return Filling(revision.kind, typed, by_field(notes), ticks_of(typed, places))


def _seen(revision: Revision, sent: Sent) -> dict[str, Any]:
    content, _ = split(revision.kind, without_blanks(revision.kind, sent.typed))
    seen = preview(revision.kind, revision.record_id, content, sent.facet, sent.options)
    return {
        "seen": seen,
        "facet": sent.facet,
        "facets": FACET_WORDS.items() if revision.kind == ITEM else (),
        "situations": content.get("situations") or [],
        "options": sent.options,
    }


def _page(
    request: HttpRequest,
    revision: Revision,
    sent: Sent,
    status: int = 200,
    notes: list[Note] | None = None,
    **more: Any,
) -> HttpResponse:
    notes = _notes(revision, sent.typed) if notes is None else notes
    filling = _filling(revision, sent.typed, notes)
    shown = {
        "revision": revision,
        "name": shown_name(revision),
        "sections": sections_of(filling),
        "sent": sent,
        "general": [note for note in notes if not note.name],
        "errors": sum(note.level == "error" for note in notes),
        "can_be_seen": can_be_seen(revision.kind),
        **_seen(revision, sent),
        **more,
    }
    return render(request, "console/knowledge_edit.html", shown, status=status)
