"""What people here say and what is meant by it: a local term is wished for, reviewed, in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.accounts.models import Staff
from bot.curation.errors import CurationError
from bot.curation.gathering import Wish, revisions_submit_together
from bot.curation.models import Revision
from knowledge.changes import TERM
from knowledge.models import LocalTerm
from knowledge.search.analysis import squeezed
from knowledge.selectors import stored_terms

SHORTEST_WORD: Final = 2
MOST_SHOWN: Final = 50


@dataclass(frozen=True)
class TermWish:
    """A term as it is to be."""

    word: str
    canonical: str
    kind: str
    spoken: str = ""


def term_submit(staff: Staff, wish: TermWish, reason: str = "") -> Revision:
    """Ask for a term to be in force; raises CurationError with a sentence."""
    _require_sensible(wish)
    content = {
        "word": wish.word,
        "canonical": wish.canonical,
        "kind": wish.kind,
        "spoken": wish.spoken,
    }
    return revisions_submit_together(staff, [Wish(TERM, wish.word, content)], reason)[0]


def term_retire(staff: Staff, word: str, reason: str = "") -> Revision:
    """Ask for a term to be taken out of force; raises CurationError."""
    return revisions_submit_together(staff, [Wish(TERM, word, None)], reason)[0]


def _require_sensible(wish: TermWish) -> None:
    if len(squeezed(wish.word)) < SHORTEST_WORD:
        raise CurationError("居民的说法至少要两个字，一个字会把别的话也改掉。")
    if wish.word == wish.canonical and not wish.spoken:
        raise CurationError("两边写的一样。只想教它怎么读的话，把“怎么读”填上。")
    others = [term for term in stored_terms() if term.word not in (wish.word, term.canonical)]
    for term in others:
        if wish.canonical == term.word:
            raise CurationError(f"“{term.word}”已经换成“{term.canonical}”了，请直接写最后的说法。")
        if wish.word == term.canonical and wish.word != wish.canonical:
            raise CurationError(f"“{term.word}”换成的就是“{wish.word}”，先把那一条改掉。")


def terms_shown(query: str = "", kind: str = "", after: str = "") -> list[LocalTerm]:
    """Return a page of the terms by word, and one more if there are more."""
    rows = LocalTerm.objects.all()
    if query:
        rows = rows.filter(word__icontains=query) | rows.filter(canonical__icontains=query)
    if kind:
        rows = rows.filter(kind=kind)
    return list(rows.filter(word__gt=after).order_by("word")[: MOST_SHOWN + 1])


def term_wishes() -> list[Revision]:
    """Return what is on its way, the newest first."""
    rows = Revision.objects.open().filter(kind=TERM)
    return list(rows.select_related("author", "editor").order_by("-id")[:MOST_SHOWN])
