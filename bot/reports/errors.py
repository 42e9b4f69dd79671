"""What can stand against something that is wanted of a report.

ReportError
  Incomplete     something required is missing: evidence, an answer, a reason; ask for it
  Unsuitable     the chosen person, or the chosen report, will not do; choose another

A step that the report's state does not allow is casework.life.NotAllowed, one that a member of
staff may not take accounts.policies.Forbidden.
"""

from __future__ import annotations


class ReportError(ValueError):
    """The message is a sentence for staff."""


class Incomplete(ReportError):
    """Something required is missing."""


class Unsuitable(ReportError):
    """The chosen person or report will not do."""
