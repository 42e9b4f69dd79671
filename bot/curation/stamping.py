"""The stamp “verified”: it stands for the very words that were compared with a source.

Who changes what residents are told after that takes the stamp off; who stamped it and when stays in
the record, so that everybody sees what is to be compared once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.accounts.models import Staff
from bot.curation.models import Revision
from bot.evidence.services import uploads_attach
from knowledge.changes import ITEM
from knowledge.selectors import StoredRecord

CHANGED_SINCE: Final = "核实之后改过"
_STAMP: Final = ("verified_by", "verified_on")
# Not told to residents as facts: the stamp itself, and what only helps to find the guide.
_NO_FACTS: Final = frozenset(
    {"version", "state", "verified", *_STAMP, "next_review_on", "aliases", "needs", "not_this"}
)
_PICTURE_OF: Final = "K{:08d}"

Content = Mapping[str, Any]


def is_changed_since(content: Content | None) -> bool:
    """Whether a record was verified once and other words stand there now."""
    return bool(content and content.get("verified_on") and not content.get("verified"))


def stamp_kept(revision: Revision, stored: Content | None) -> bool:
    """Whether a revision leaves the stamp of what is stored where it is, or has its own."""
    mine = revision.content
    if revision.kind != ITEM or not mine or not mine.get("verified") or not stored:
        return True
    has_own = revision.action in (Revision.Action.VERIFY, Revision.Action.ROLL_BACK)
    if has_own or any(mine.get(name) != stored.get(name) for name in _STAMP):
        return True
    return _facts(mine) == _facts(stored)


def stamp_check(revision: Revision, stored: StoredRecord | None) -> None:
    """Take the stamp off a revision that changes what was verified; not saved yet."""
    if not stamp_kept(revision, stored.content if stored else None):
        revision.content = {**(revision.content or {}), "verified": False}


def _facts(content: Content) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in _NO_FACTS}


def picture_number(revision: Revision) -> str:
    """Return the number under which the picture of a revision's evidence is kept."""
    return _PICTURE_OF.format(revision.pk)


def picture_bind(revision: Revision, staff: Staff) -> None:
    """Let the revision's picture belong to it, so that it is kept; raises NoSuchUpload."""
    if upload_id := revision.evidence.get("upload"):
        uploads_attach([upload_id], picture_number(revision), staff=staff)
