"""The pages of what was not answered well: groups of questions, and one press to a draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from bot.accounts.models import Staff
from bot.accounts.policies import Action, may
from bot.console.asking import needs, staff_of
from bot.curation import answering
from bot.curation.errors import CurationError
from bot.curation.misses import WHY_NAMES
from bot.curation.models import Revision, UnansweredCluster
from bot.curation.nightly import unanswered_refresh
from knowledge.hits import KIND_NAMES

PAGE: Final = 30
BAR_HEIGHT: Final = 24
State = UnansweredCluster.State


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def unanswered(request: HttpRequest) -> HttpResponse:
    """Show the groups, those asked most first."""
    show = request.GET.get("show", State.OPEN)
    show = show if show in State.values else State.OPEN
    rows = UnansweredCluster.objects.filter(state=show).select_related("handled_by")
    why, after = request.GET.get("why", ""), request.GET.get("after", "")
    if why in WHY_NAMES:
        rows = rows.filter(whys__has_key=why)
    if show == State.OPEN:
        rows = rows.filter(rank__gt=int(after)) if after.isdecimal() else rows
    else:
        rows = rows.order_by("-id")
        rows = rows.filter(pk__lt=int(after)) if after.isdecimal() else rows
    listed = list(rows[: PAGE + 1])
    last = listed[PAGE - 1] if len(listed) > PAGE else None
    newest = UnansweredCluster.objects.order_by("-refreshed_at").first()
    held = {
        "clusters": [(each, _whys(each), _bars(each.weeks)) for each in listed[:PAGE]],
        "after": last and (last.rank if show == State.OPEN else last.pk),
        "show": show,
        "states": State.choices,
        "why": why,
        "why_names": WHY_NAMES.items(),
        "newest": newest,
        "may_edit": may(staff_of(request), Action.KNOWLEDGE_EDIT),
        "is_asked": request.GET.get("asked") == "1",
    }
    return render(request, "console/unanswered.html", held)


def _whys(cluster: UnansweredCluster) -> list[str]:
    return [f"{WHY_NAMES.get(why, why)} {count}" for why, count in cluster.whys.items()]


def _bars(weeks: list[int]) -> list[dict[str, int]]:
    """The weeks as bars of a small picture: where each begins and how high it is."""
    most = max([*weeks, 1])
    bars = []
    for number, count in enumerate(weeks):
        height = max(1, round(BAR_HEIGHT * count / most)) if count else 0
        bars.append({"x": number * 8, "y": BAR_HEIGHT - height, "height": height, "count": count})
    return bars


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask the worker to group anew."""
    unanswered_refresh()
    return redirect(f"{reverse('staff-unanswered')}?asked=1")


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def cluster(request: HttpRequest, cluster_id: int) -> HttpResponse:
    """Show one group with what can be made of it."""
    return _page(request, _found(cluster_id))


def _found(cluster_id: int) -> UnansweredCluster:
    rows = UnansweredCluster.objects.select_related("handled_by", "revision")
    return get_object_or_404(rows, pk=cluster_id)


def _page(
    request: HttpRequest, found: UnansweredCluster, status: int = 200, **more: Any
) -> HttpResponse:
    staff = staff_of(request)
    suggestions = [
        {**each, "kind": KIND_NAMES.get(each["kind"], each["kind"])} for each in found.suggestions
    ]
    held = {
        "cluster": found,
        "whys": _whys(found),
        "bars": _bars(found.weeks),
        "samples": [
            {**each, "whys": [WHY_NAMES.get(why, why) for why in each["whys"]]}
            for each in found.samples
        ],
        "suggestions": suggestions,
        "categories": answering.categories(),
        "may_edit": may(staff, Action.KNOWLEDGE_EDIT),
        "may_try": may(staff, Action.HIT_TEST),
        "revision_path": found.revision and revision_path(found.revision),
        "said": request.POST,
        **more,
    }
    return render(request, "console/unanswered_cluster.html", held, status=status)


def revision_path(revision: Revision) -> str:
    """Return the page of a revision, if there is one."""
    try:
        return reverse("staff-revision", args=[revision.pk])
    except NoReverseMatch:
        return ""


@never_cache
@require_POST
@needs(Action.KNOWLEDGE_EDIT)
def act(request: HttpRequest, cluster_id: int, what: str) -> HttpResponse:
    """Make a draft of a group, or put it aside."""
    found = _found(cluster_id)
    if what not in _ACTS:
        raise Http404(what)
    try:
        _ACTS[what](request, staff_of(request), found)
    except CurationError as error:
        return _page(request, found, problems=[str(error)], status=422)
    return redirect("staff-unanswered-cluster", found.pk)


def _record_of(request: HttpRequest) -> str:
    return request.POST.get("record", "").strip() or request.POST.get("chosen", "")


def _phrasing(request: HttpRequest, staff: Staff, found: UnansweredCluster) -> None:
    texts = request.POST.getlist("texts")
    answering.phrasings_teach(staff, found, _record_of(request), texts)


def _alias(request: HttpRequest, staff: Staff, found: UnansweredCluster) -> None:
    answering.alias_teach(staff, found, _record_of(request), request.POST.get("alias", ""))


def _item(request: HttpRequest, staff: Staff, found: UnansweredCluster) -> None:
    said = request.POST
    texts = [each["text"] for each in found.samples]
    answering.item_begin(staff, found, said.get("name", ""), said.get("category", ""), texts)


def _subject(request: HttpRequest, staff: Staff, found: UnansweredCluster) -> None:
    said = request.POST
    competent = {field: said.get(field, "") for field in ("body", "phone", "why")}
    texts = [each["text"] for each in found.samples]
    answering.subject_begin(staff, found, competent, said.get("name", ""), texts)


def _ignore(request: HttpRequest, staff: Staff, found: UnansweredCluster) -> None:
    answering.cluster_ignore(staff, found, request.POST.get("note", ""))


def _reopen(_: HttpRequest, staff: Staff, found: UnansweredCluster) -> None:
    answering.cluster_reopen(staff, found)


_ACTS: Final[dict[str, Callable[[HttpRequest, Staff, UnansweredCluster], None]]] = {
    "phrasing": _phrasing,
    "alias": _alias,
    "item": _item,
    "subject": _subject,
    "ignore": _ignore,
    "reopen": _reopen,
}
