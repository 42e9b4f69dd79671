"""What can stand against a wish of the staff.

HandoverError
  AlreadyTaken   another clerk was first; look at somebody else's
  NotYours       only the clerk who took it may do this
  NotOpen        it is closed; the resident has to call again
"""

from __future__ import annotations


class HandoverError(Exception):
    """The message is a sentence for the clerk."""


class AlreadyTaken(HandoverError):
    """Another clerk was first."""


class NotYours(HandoverError):
    """Only the clerk who took it may do this."""


class NotOpen(HandoverError):
    """It is closed."""
