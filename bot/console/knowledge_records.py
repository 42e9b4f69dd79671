"""One record as it is in force, its history, and how a change of it begins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, may, require
from bot.console.asking import needs, problems_of, staff_of
from bot.console.knowledge_preview import can_be_seen, preview
from bot.console.knowledge_typed import blank_of
from bot.console.knowledge_words import FACET_WORDS
from bot.curation import services
from bot.curation.diff import differences
from bot.curation.errors import CurationError, SomeoneHasIt
from bot.curation.models import Revision
from bot.curation.selectors import history_of, new_item_id, open_revision, record_in_force
from bot.curation.stamping import is_changed_since
from bot.evidence.errors import EvidenceError
from bot.evidence.services import upload_take
from knowledge.changes import AMBIGUOUS, ITEM, KIND_LABELS, OUT_OF_SCOPE, TERM, name_of
from knowledge.record import CATEGORIES

_NEEDED: Final = {"required": "这里要填。", "max_length": "太长了。", "invalid": "日期写得不对。"}
REVIEW_AGAIN: Final = timedelta(days=365)


class VerifyForm(forms.Form):
    """What an item was compared with, and when."""

    source = forms.CharField(
        label="跟什么核对的",
        max_length=200,
        help_text="比如“区人社局2026年办事指南”“窗口李科长当面确认”。",
        error_messages=_NEEDED,
    )
    verified_on = forms.DateField(
        label="核对日期",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages=_NEEDED,
    )
    next_review_on = forms.DateField(
        label="下次什么时候再核对",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages=_NEEDED,
    )
    picture = forms.FileField(
        label="文件照片",
        required=False,
        help_text="拍一张文件或盖章页，审核的人看得到。",
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )

    def clean_verified_on(self) -> date:
        """Return a day that is not yet to come; raises ValidationError."""
        day: date = self.cleaned_data["verified_on"]
        if day > clock.now().date():
            raise forms.ValidationError("核对日期不能在今天以后。")
        return day


class NewForm(forms.Form):
    """What a new record is."""

    kind = forms.ChoiceField(
        label="哪一类",
        # Local terms have their own page.
        choices=[(k, v) for k, v in KIND_LABELS.items() if k not in (OUT_OF_SCOPE, TERM)],
    )
    name = forms.CharField(
        label="名称", max_length=100, error_messages=_NEEDED, help_text="短话就写居民说的那句。"
    )
    category = forms.ChoiceField(
        label="类别",
        choices=[(c, c) for c in CATEGORIES],
        help_text="只有办事指南用得上。",
    )


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def record(request: HttpRequest, kind: str, record_id: str) -> HttpResponse:
    """Show one record."""
    return _page(request, kind, record_id)


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def begin(request: HttpRequest, kind: str, record_id: str) -> HttpResponse:
    """Begin to change a record, or go on with the draft of it."""
    return _begun(
        request, kind, record_id, lambda who: services.revision_draft(who, kind, record_id)
    )


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def retire(request: HttpRequest, kind: str, record_id: str) -> HttpResponse:
    """Ask for a record to be taken out of service."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        return _page(request, kind, record_id, 422, problem="请写一句为什么停用。")

    def ask(staff: Staff) -> Revision:
        draft = services.revision_draft(
            staff, kind, record_id, action=Revision.Action.RETIRE, reason=reason
        )
        return services.revision_submit(draft, staff)

    return _begun(request, kind, record_id, ask)


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def verify(request: HttpRequest, record_id: str) -> HttpResponse:
    """Ask for the stamp “已核实”, with what it was compared with."""
    form = VerifyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, ITEM, record_id, 422, problem=problems_of(form), verify_form=form)
    said, given = form.cleaned_data, form.cleaned_data["picture"]

    def ask(staff: Staff) -> Revision:
        upload = upload_take(given.read(), staff=staff) if given else None
        return services.revision_verify(
            staff,
            record_id,
            source=said["source"],
            verified_on=said["verified_on"],
            next_review_on=said["next_review_on"],
            evidence={
                "source": said["source"],
                "on": said["verified_on"].isoformat(),
                **({"upload": upload.upload_id} if upload else {}),
            },
        )

    return _begun(request, ITEM, record_id, ask)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Action.KNOWLEDGE_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """Begin a record that is not there yet."""
    form = NewForm(request.POST or None, initial={"kind": request.GET.get("kind", ITEM)})
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            draft = _drafted(staff_of(request), **form.cleaned_data)
        except CurationError as error:
            problem = str(error)
        else:
            return redirect("staff-revision-edit", draft.pk)
    shown = {"form": form, "problem": problem}
    status = 422 if request.method == "POST" else 200
    return render(request, "console/knowledge_new.html", shown, status=status)


def _drafted(staff: Staff, kind: str, name: str, category: str) -> Revision:
    record_id, given = "", {"name": name}
    if kind == ITEM:
        record_id = new_item_id(category)
        today = clock.now().date().isoformat()
        given |= {"category": category, "short_name": name[:20]}
        return _create(
            staff, kind, record_id, {**given, "source": {"title": "", "retrieved_on": today}}
        )
    if kind == AMBIGUOUS:
        return _create(staff, kind, name, {})
    return _create(staff, kind, record_id, given)


def _create(staff: Staff, kind: str, record_id: str, given: dict[str, Any]) -> Revision:
    extra = {"version": 1, "state": "published"} if kind == ITEM else {}
    content = blank_of(kind, record_id, **given, **extra)
    return services.revision_draft(
        staff, kind, record_id, action=Revision.Action.CREATE, content=content
    )


def _begun(
    request: HttpRequest, kind: str, record_id: str, do: Callable[[Staff], Revision]
) -> HttpResponse:
    staff = staff_of(request)
    try:
        revision = do(staff)
    except SomeoneHasIt as error:
        # Her own draft she goes on with; of another's she is told whose it is.
        return redirect(_place(error.revision, staff), error.revision.pk)
    except (CurationError, EvidenceError) as error:
        return _page(request, kind, record_id, 422, problem=str(error))
    return redirect(_place(revision, staff), revision.pk)


def _place(revision: Revision, staff: Staff) -> str:
    is_mine = revision.state == Revision.State.DRAFT and revision.editor_id == staff.pk
    is_edited = revision.content is not None
    return "staff-revision-edit" if is_mine and is_edited else "staff-revision"


def _page(
    request: HttpRequest, kind: str, record_id: str, status: int = 200, **more: Any
) -> HttpResponse:
    staff = staff_of(request)
    require(staff, Action.KNOWLEDGE_VIEW)
    stored = record_in_force(kind, record_id) if kind in KIND_LABELS else None
    if stored is None:
        raise Http404(record_id)
    today = clock.now().date()
    initial = {"verified_on": today, "next_review_on": today + REVIEW_AGAIN}
    facet = request.GET.get("facet", "overview")
    facet = facet if facet in FACET_WORDS else "overview"
    shown = {
        "kind": kind,
        "record_id": record_id,
        "name": name_of(kind, stored.content),
        "kind_label": KIND_LABELS[kind],
        "stored": stored,
        "content": stored.content,
        "told": differences(None, stored.content),
        "held": open_revision(kind, record_id),
        "history": history_of(kind, record_id),
        "seen": preview(kind, record_id, stored.content, facet) if can_be_seen(kind) else None,
        "facet": facet,
        "facets": FACET_WORDS.items() if kind == ITEM else (),
        "may_edit": may(staff, Action.KNOWLEDGE_EDIT),
        "is_changed_since": kind == ITEM and is_changed_since(stored.content),
        "verify_form": VerifyForm(initial=initial) if kind == ITEM else None,
        **more,
    }
    return render(request, "console/knowledge_record.html", shown, status=status)
