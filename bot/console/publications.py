"""The pages of publications: what came into force, and which questions stood against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bot.accounts.policies import Action, may
from bot.console.asking import needs, staff_of
from bot.console.hits import reference
from bot.console.hits_rows import DECISIONS, NOTHING_RIGHT
from bot.console.knowledge_findings import troubles_of
from bot.curation.models import Revision
from bot.curation.services import revisions_settle
from knowledge.changes import KIND_LABELS, name_of
from knowledge.hits import Reference
from knowledge.models import Publication
from knowledge.search.errors import SearchError

PAGE: Final = 30
STATES: Final = {
    Publication.State.REQUESTED: "排队中",
    Publication.State.RUNNING: "正在上线",
    Publication.State.LIVE: "已上线",
    Publication.State.FAILED: "没能上线",
}
_FIGURES: Final = (
    ("questions", "试了几个问题"),
    ("right_first", "答对"),
    ("answered_wrong", "答错"),
    ("set_aside", "停用而不算的"),
)


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def publications(request: HttpRequest) -> HttpResponse:
    """Show all publications, the newest first."""
    revisions_settle()
    rows = Publication.objects.order_by("-id").defer("changes")
    if (after := request.GET.get("after", "")).isdecimal():
        rows = rows.filter(pk__lt=int(after[:18]))
    if is_failed := request.GET.get("show") == "failed":
        rows = rows.filter(state=Publication.State.FAILED)
    listed = list(rows[: PAGE + 1])
    held = {
        "puts": _puts(listed[:PAGE]),
        "after": listed[PAGE - 1].pk if len(listed) > PAGE else None,
        "is_failed": is_failed,
    }
    return render(request, "console/publications.html", held)


@dataclass(frozen=True)
class Put:
    """One publication of the list: its state in words, what it brought, what stood against it."""

    publication: Publication
    state: str
    revisions: list[Revision]
    troubles: list[str]


def _puts(listed: list[Publication]) -> list[Put]:
    brought: dict[int | None, list[Revision]] = {}
    rows = Revision.objects.filter(publication__in=listed).select_related("author", "reviewer")
    for each in rows.defer("content", "phrasings", "before").order_by("id"):
        brought.setdefault(each.publication_id, []).append(each)
    return [
        Put(
            each,
            STATES[Publication.State(each.state)],
            brought.get(each.pk, []),
            [] if each.broken else troubles_of(each.error),
        )
        for each in listed
    ]


@dataclass(frozen=True)
class BrokenRow:
    """A question of the gate that would be answered worse, in words."""

    text: str
    expected: str
    before: str
    after: str


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def publication(request: HttpRequest, publication_id: int) -> HttpResponse:
    """Show one publication: what it brought, what the gate found."""
    found = get_object_or_404(Publication, pk=publication_id)
    known = _known()
    figures = [(name, *_pair(found.figures, key)) for key, name in _FIGURES]
    held = {
        "publication": found,
        "state": STATES[Publication.State(found.state)],
        "changes": list(_changes(found)),
        "broken": [_broken(row, known) for row in found.broken],
        "figures": figures if found.figures.get("after") else [],
        "troubles": troubles_of(found.error),
        "revisions": found.revisions.select_related("author", "reviewer").order_by("id"),
        "may_try": may(staff_of(request), Action.HIT_TEST),
    }
    return render(request, "console/publication.html", held)


def _known() -> Reference | None:
    try:
        return reference()
    except SearchError:
        return None


def _pair(figures: Mapping[str, Any], key: str) -> tuple[Any, Any]:
    before, after = figures.get("before", {}), figures.get("after", {})
    return before.get(key, "–"), after.get(key, "–")


def _changes(found: Publication) -> Iterator[tuple[str, str, str, str]]:
    for change in found.changes:
        content = change.get("content")
        what = "停用" if content is None else "改为新内容"
        kind, record_id = change["kind"], change["id"]
        name = name_of(kind, content) if content else record_id
        yield KIND_LABELS.get(kind, kind), record_id, name, what


def _broken(row: Mapping[str, Any], known: Reference | None) -> BrokenRow:
    return BrokenRow(
        row["text"],
        _named(row["expected"], known) or NOTHING_RIGHT,
        _came(row["before_decision"], _named(row["before"], known)),
        _came(row["after_decision"], "、".join(row["after_names"]) or _named(row["after"], known)),
    )


def _named(owners: list[str], known: Reference | None) -> str:
    return "、".join(f"{known.name(o)}（{o}）" if known else o for o in owners)


def _came(decision: str, names: str) -> str:
    if decision == "step_back":
        return DECISIONS["step_back"]
    return f"{DECISIONS.get(decision, decision)}：{names or '找不到'}"
