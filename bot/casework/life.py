"""The life of a case as a table: which step leads from which states to which. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class NotAllowed(ValueError):
    """The step cannot be taken from where the case stands; the message says so to staff."""


@dataclass(frozen=True)
class Step:
    """A step from any of ``sources`` to ``target``; ``label`` is what staff read on its button."""

    label: str
    sources: frozenset[str]
    target: str


@dataclass(frozen=True)
class Life:
    """All steps of a kind of case, and what its states are called."""

    steps: Mapping[str, Step]
    labels: Mapping[str, str]

    def target(self, step: str, state: str) -> str:
        """Return the state after a step; raises NotAllowed with a sentence for staff."""
        taken = self.steps[step]
        if state not in taken.sources:
            allowed = "、".join(self.labels[s] for s in self.labels if s in taken.sources)
            raise NotAllowed(
                f"现在是“{self.labels[state]}”，不能“{taken.label}”；只有“{allowed}”的才能。"
            )
        return taken.target

    def open_steps(self, state: str) -> list[str]:
        """Return the steps that may be taken from a state, in the order of the table."""
        return [name for name, step in self.steps.items() if state in step.sources]
