"""What can stand against changing the knowledge; every message is a sentence for staff.

CurationError
  NotOpen        the revision stands where the step cannot be taken; show it as it is now
  SomeoneHasIt   another revision of the record is open; ``revision`` says which and whose
  ChangedUnder   somebody saved in between; ``revision`` is what she saved, compare and save again
  Outdated       the record in force changed after the draft was begun; save once more, then go on
  SamePerson     who wrote may not decide
  Unreadable     the content is no record yet, or has errors; ``findings`` name them
  NoSuchRecord   there is nothing of this kind and id (or, for a new one, there already is)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.curation.models import Revision
    from knowledge.lint import Finding


class CurationError(ValueError):
    """The message is a sentence for staff."""


class NotOpen(CurationError):
    """The revision's state has no room for the step."""


class SomeoneHasIt(CurationError):
    """There is an open revision of the record already."""

    def __init__(self, message: str, revision: Revision) -> None:
        super().__init__(message)
        self.revision = revision


class ChangedUnder(CurationError):
    """The draft was saved by somebody, or in another window, in between."""

    def __init__(self, message: str, revision: Revision) -> None:
        super().__init__(message)
        self.revision = revision


class Outdated(CurationError):
    """What is in force is not what the draft was begun from."""


class SamePerson(CurationError):
    """Nobody decides about what she wrote herself."""


class Unreadable(CurationError):
    """The content cannot be published as it is."""

    def __init__(self, message: str, findings: list[Finding] | None = None) -> None:
        super().__init__(message)
        self.findings = findings or []


class NoSuchRecord(CurationError):
    """The record is not there, or is there already."""
