"""What can stand against a wish about communities and estates.

GazetteerError
  NameTaken    somebody else is called so already; names must lead to one community
  StillNeeded  cases, roles or estates hang on it; switch it off instead
"""

from __future__ import annotations


class GazetteerError(ValueError):
    """The message is a sentence for the office."""


class NameTaken(GazetteerError):
    """Another community or estate is called so."""


class StillNeeded(GazetteerError):
    """It cannot go as long as something hangs on it."""
