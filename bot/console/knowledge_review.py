"""One wish to change something: what it changes word by word, and the steps that can be taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot import clock
from bot.accounts.models import Staff
from bot.accounts.policies import Action, may, require
from bot.console.asking import needs, staff_of
from bot.console.knowledge_findings import notes_of, troubles_of
from bot.console.knowledge_preview import can_be_seen, preview
from bot.console.knowledge_words import FACET_WORDS
from bot.curation import services
from bot.curation.diff import differences, phrasing_differences
from bot.curation.errors import CurationError, Unreadable
from bot.curation.models import Revision
from bot.curation.selectors import Compared, compared, may_decide, shown_name
from bot.curation.stamping import is_changed_since, picture_number, stamp_kept
from bot.evidence.errors import EvidenceError
from bot.evidence.models import Upload
from bot.evidence.services import upload_look
from knowledge.changes import ITEM, KIND_LABELS

ON_PAGE: Final = 50
State = Revision.State
# Fields that only say that something was changed or stamped.
_UNTOLD: Final = frozenset({"version", "state"})
_SHOWN: Final = {
    "waiting": "等审核",
    "mine": "我的",
    "scheduled": "定时上线",
    "back": "没能上线的",
    "all": "全部",
}


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def revisions(request: HttpRequest) -> HttpResponse:
    """List the wishes: those that wait for a decision first."""
    services.revisions_settle()
    staff, which = staff_of(request), request.GET.get("show", "")
    which = which if which in _SHOWN else _first(staff)
    rows = _behind(_listed(which, staff), which, request.GET.get("before", ""))
    light = rows.select_related("author", "editor").defer("content", "phrasings", "before")
    found = list(light[: ON_PAGE + 1])
    shown = {
        "revisions": found[:ON_PAGE],
        "following": _key(found[ON_PAGE - 1], which) if len(found) > ON_PAGE else "",
        "which": which,
        "kinds_shown": _SHOWN.items(),
        "waiting": Revision.objects.to_review().count(),
    }
    return render(request, "console/knowledge_revisions.html", shown)


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def revision(request: HttpRequest, revision_id: int) -> HttpResponse:
    """Show one wish with what it changes."""
    services.revisions_settle()
    return _page(request, _found(revision_id))


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_VIEW)
def act(request: HttpRequest, revision_id: int, what: str) -> HttpResponse:
    """Take a step."""
    if what not in _STEPS:
        raise Http404(what)
    found, staff = _found(revision_id), staff_of(request)
    try:
        changed = _STEPS[what](found, staff, request.POST)
    except Unreadable as error:
        notes = notes_of(found.kind, error.findings, found.content or {})
        fresh = _found(revision_id)
        return _page(request, fresh, 422, problem=str(error), notes=notes, typed=request.POST)
    except CurationError as error:
        return _page(request, _found(revision_id), 409, problem=str(error), typed=request.POST)
    place = "staff-revision-edit" if what in ("take", "reopen") else "staff-revision"
    return redirect(place, changed.pk)


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def picture(request: HttpRequest, revision_id: int) -> HttpResponse:
    """Show the picture that proves a stamp."""
    found, staff = _found(revision_id), staff_of(request)
    upload_id = found.evidence.get("upload", "")
    upload = get_object_or_404(Upload, upload_id=upload_id, number=picture_number(found))
    try:
        data = upload_look(upload, staff)
    except EvidenceError:
        raise Http404("the picture is lost") from None
    response = HttpResponse(data, content_type=upload.content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


Step = Callable[[Revision, Staff, QueryDict], Revision]


def _approve(found: Revision, staff: Staff, data: QueryDict) -> Revision:
    at: datetime | None = None
    if given := data.get("effective_at", "").strip():
        try:
            at = datetime.fromisoformat(given).replace(tzinfo=clock.OFFICE_ZONE)
        except ValueError:
            raise CurationError("上线时间写得不对，要写日期和钟点。") from None
    return services.revision_approve(found, staff, effective_at=at, version=_seen(data))


def _seen(data: QueryDict) -> int:
    """The version that the reviewer had before her; 0, which is none, if the form has none."""
    given = data.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else 0


_STEPS: Final[dict[str, Step]] = {
    "submit": lambda r, s, d: services.revision_submit(r, s, d.get("reason", "").strip() or None),
    "withdraw": lambda r, s, _: services.revision_withdraw(r, s),
    "take": lambda r, s, _: services.revision_take_over(r, s),
    "reopen": lambda r, s, _: services.revision_reopen(r, s),
    "approve": _approve,
    "reject": lambda r, s, d: services.revision_reject(r, s, d.get("reason", ""), version=_seen(d)),
    "back": lambda r, s, d: services.revision_roll_back(r, s, d.get("reason", "").strip()),
    "undo": lambda r, s, d: services.revision_roll_back(
        r, s, d.get("reason", "").strip(), to_before=True
    ),
}


def _first(staff: Staff) -> str:
    return "waiting" if may(staff, Action.KNOWLEDGE_REVIEW) else "mine"


def _listed(which: str, staff: Staff) -> Any:
    rows = Revision.objects.all()
    return {
        "waiting": rows.to_review(),
        "mine": rows.filter(editor=staff),
        "scheduled": rows.scheduled(),
        "back": rows.sent_back(),
        "all": rows,
    }[which]


# Lists that begin with the one that waits longest, by a moment; the others with the newest.
_BY_MOMENT: Final = {"waiting": "submitted_at", "scheduled": "effective_at"}


def _behind(rows: Any, which: str, key: str) -> Any:
    """Narrow a list to what follows behind a row; what is no key narrows nothing."""
    moment, _, pk = key.rpartition("_")
    if not pk.isdecimal():
        return rows
    name = _BY_MOMENT.get(which)
    if name is None:
        return rows.filter(pk__lt=int(pk[:18]))
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return rows
    return rows.filter(Q(**{f"{name}__gt": at}) | Q(**{name: at, "pk__gt": int(pk[:18])}))


def _key(revision: Revision, which: str) -> str:
    """Return what stands in the address of the next page."""
    name = _BY_MOMENT.get(which)
    return f"{getattr(revision, name).isoformat()}_{revision.pk}" if name else str(revision.pk)


def _found(revision_id: int) -> Revision:
    people = Revision.objects.select_related("author", "editor", "reviewer", "publication")
    return get_object_or_404(people, pk=revision_id)


def _page(request: HttpRequest, found: Revision, status: int = 200, **more: Any) -> HttpResponse:
    staff = staff_of(request)
    require(staff, Action.KNOWLEDGE_VIEW)
    sides = compared(found)
    changed = [d for d in differences(sides.before, sides.after) if d.field not in _UNTOLD]
    if found.kind == ITEM and sides.after is not None:
        changed += phrasing_differences(sides.phrasings_before, sides.phrasings_after)
    facet = request.GET.get("facet", "overview")
    facet = facet if facet in FACET_WORDS else "overview"
    is_seen = can_be_seen(found.kind) and sides.after is not None
    shown = {
        "revision": found,
        "name": shown_name(found),
        "kind_label": KIND_LABELS.get(found.kind, ""),
        "changed": changed,
        "is_retiring": sides.after is None,
        "is_new": sides.before is None,
        "takes_stamp_off": _takes_stamp_off(found, sides),
        "steps": found.steps.select_related("staff"),
        "troubles": troubles_of(found.trouble),
        "facet": facet,
        "facets": FACET_WORDS.items() if found.kind == ITEM else (),
        "seen": preview(found.kind, found.record_id, sides.after or {}, facet) if is_seen else None,
        "now": clock.now(),
        **_may(found, staff),
        **more,
    }
    return render(request, "console/knowledge_revision.html", shown, status=status)


def _takes_stamp_off(found: Revision, sides: Compared) -> bool:
    """Whether what was verified is no longer once this is in force."""
    was_verified = bool((sides.before or {}).get("verified"))
    is_off = is_changed_since(sides.after) or not stamp_kept(found, sides.before)
    return found.kind == ITEM and was_verified and is_off


def _may(found: Revision, staff: Staff) -> dict[str, bool]:
    """Which steps its reader can take."""
    edits, reviews = may(staff, Action.KNOWLEDGE_EDIT), may(staff, Action.KNOWLEDGE_REVIEW)
    is_writer = staff.pk in (found.author_id, found.editor_id)
    is_draft, is_mine = found.state == State.DRAFT, found.editor_id == staff.pk
    waits = found.state == State.SUBMITTED
    is_going_live = found.state == State.APPROVED and found.publication_id is not None
    return {
        "may_edit": edits and is_draft and is_mine and found.content is not None,
        "may_submit": edits and is_draft and is_mine,
        "may_take": edits and is_draft and not is_mine,
        "may_withdraw": edits and is_writer and found.is_open and not is_going_live,
        "may_decide": reviews and waits and may_decide(staff, found),
        "is_own": reviews and waits and not may_decide(staff, found),
        "may_reopen": edits and found.state in (State.REJECTED, State.WITHDRAWN),
        "may_roll_back": edits and found.state == State.PUBLISHED,
        "is_going_live": is_going_live,
    }
