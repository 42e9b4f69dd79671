"""What was put in force, when and by whom, and why some of it could not be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bot.accounts.policies import Action
from bot.console.asking import needs
from bot.console.knowledge_findings import note_of
from bot.curation.models import Revision
from bot.curation.services import revisions_settle
from knowledge.lint import Finding
from knowledge.models import Publication

ON_PAGE: Final = 30
MOST_BROKEN: Final = 50


@dataclass(frozen=True)
class Put:
    """One publication with what it brought and what stood against it."""

    publication: Publication
    revisions: list[Revision]
    troubles: list[str]

    @property
    def stands(self) -> tuple[str, str]:
        """Its state in words, and the colour of its badge."""
        return _STANDS[self.publication.state]

    @property
    def broken(self) -> list[Any]:
        """The questions that would be answered worse."""
        return self.publication.broken[:MOST_BROKEN]


_STANDS: Final = {
    Publication.State.REQUESTED: ("等着上线", "amber"),
    Publication.State.RUNNING: ("正在上线", "amber"),
    Publication.State.LIVE: ("已上线", "leaf"),
    Publication.State.FAILED: ("没能上线", "alarm"),
}


@never_cache
@require_safe
@needs(Action.KNOWLEDGE_VIEW)
def publications(request: HttpRequest) -> HttpResponse:
    """Show the publications, the newest first."""
    revisions_settle()
    before = request.GET.get("before", "")
    rows = Publication.objects.order_by("-id")
    if before.isdecimal():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows.defer("changes")[: ON_PAGE + 1])
    revisions = _revisions(found)
    shown = {
        "puts": [_put(each, revisions) for each in found[:ON_PAGE]],
        "following": found[ON_PAGE - 1].pk if len(found) > ON_PAGE else "",
    }
    return render(request, "console/knowledge_publications.html", shown)


def _revisions(found: list[Publication]) -> dict[int | None, list[Revision]]:
    by_publication: dict[int | None, list[Revision]] = {}
    rows = Revision.objects.filter(publication__in=found).select_related("author", "reviewer")
    for each in rows.defer("content", "phrasings", "before"):
        by_publication.setdefault(each.publication_id, []).append(each)
    return by_publication


def _put(publication: Publication, revisions: dict[int | None, list[Revision]]) -> Put:
    return Put(publication, revisions.get(publication.pk, []), troubles_of(publication.error))


def troubles_of(error: str) -> list[str]:
    """Return why something could not be published, a sentence each."""
    return [_sentence(part) for part in error.split("; ") if part.strip()]


def _sentence(part: str) -> str:
    """Lint's line “error   SB13   basis   promised 3 …” in words; anything else as it is."""
    words = part.split(None, 3)
    if len(words) < 4 or words[0] not in ("error", "warning"):
        return part
    finding = Finding("error", words[1], words[2], words[3])
    return f"{words[1]}：{note_of('item', finding, {}).text}"
