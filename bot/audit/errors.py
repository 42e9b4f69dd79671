"""What the log of changes refuses.

AuditError
  AppendOnly    somebody tried to rewrite what is written; nothing can be done about it
"""

from __future__ import annotations


class AuditError(Exception):
    """The log of changes refuses."""


class AppendOnly(AuditError):
    """Entries are added; they are neither changed nor deleted."""
