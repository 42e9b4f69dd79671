"""What can stand against something that is wanted of a ticket.

TicketError
  Incomplete     something required is missing or cannot be read; ask for it
  NobodyThere    no grid worker can be found; choose one by hand
  Unsuitable     the chosen person may not do such an errand; choose another
TooManyTries     somebody guesses at numbers; she may try again later

A step that the ticket's state does not allow is casework.life.NotAllowed, one that a member of
staff may not take accounts.policies.Forbidden.
"""

from __future__ import annotations


class TicketError(ValueError):
    """The message is a sentence for staff."""


class Incomplete(TicketError):
    """Something required is missing or cannot be read."""


class NobodyThere(TicketError):
    """No grid worker can be found."""


class Unsuitable(TicketError):
    """The chosen person may not do it."""


class TooManyTries(Exception):
    """Looking up is closed to this asker, or for this number, for a while."""
