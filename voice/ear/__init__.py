"""Text for the ear: what a reply shows becomes what a person would say on the telephone.

``for_ear`` returns Chinese characters and Chinese stops, nothing else: no digit, no letter, no
bracket. So an engine never changes to another voice in the middle, and a cache finds again what
was written in two ways. What nobody can say (emoji, other scripts) is dropped. Cutting replies into
sentences is left to those who write them.
"""

from __future__ import annotations

from voice.ear import amounts, contacts, letters, moments, places
from voice.ear.rules import applied
from voice.ear.signs import cleaned, folded

# Names come before moments, moments before amounts: 138-1234-5678, 2026-11-23, 3-5 hold dashes.
_RULES = (
    *contacts.RULES,
    *moments.RULES,
    *places.RULES,
    *amounts.RULES,
    *contacts.CODES,
    *amounts.PLAIN,
    *letters.RULES,
)


def for_ear(text: str) -> str:
    """Return the text as it is to be spoken; spoken text comes back unchanged."""
    return cleaned(applied(_RULES, folded(text)))


__all__ = ["for_ear"]
