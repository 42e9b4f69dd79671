"""What people here say: put into the words of the knowledge to be matched, and read aloud rightly.

``terms`` are the records of a snapshot by word: {"word", "canonical", "kind", "spoken"}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from knowledge.search.analysis import normalise

Terms = Mapping[str, Mapping[str, Any]]
Rewriter = Callable[[str], str]


def rewriter(terms: Terms) -> Rewriter:
    """Return what puts the ``canonical`` of every term in the place of its word.

    For texts that are normalised. The longest word counts, in one pass: what was put in is not
    looked at again, and a word that stands within its own canonical is left as it is.
    """
    meant = {normalise(word): normalise(str(term["canonical"])) for word, term in terms.items()}
    return _replacing({**{word: word for word in meant.values()}, **meant})


def aloud(terms: Terms) -> Rewriter:
    """Return what puts in the place of every term how it is read aloud, where that is known."""
    return _replacing({word: str(t["spoken"]) for word, t in terms.items() if t.get("spoken")})


def _replacing(words: Mapping[str, str]) -> Rewriter:
    found = sorted(filter(None, words), key=len, reverse=True)
    if not found:
        return str
    pattern = re.compile("|".join(map(re.escape, found)))
    return lambda text: pattern.sub(lambda one: words[one[0]], text)
