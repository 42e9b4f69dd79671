"""What the dialogue remembers between two turns: typed reading of the engine's slots.

The engine keeps them and forgets them with the session. Nothing personal is among them: texts are
masked, and of a person only her age and whom she means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Short statements are kept, not stories.
MOST_TOLD = 8
FACET_JOINT = "+"
LONGEST_TOLD = 60


@dataclass(frozen=True)
class Memory:
    """The slots, with an empty value for what is not set."""

    item: str = ""
    # What was asked of it last, or of whichever is meant; the slot joins them with FACET_JOINT.
    facets: tuple[str, ...] = ()
    # The item before the one at hand.
    previous_item: str = ""
    # choice, situation, deletion: what the last reply asked for.
    awaiting: str = ""
    # The question that was asked back about, the records offered for it, and those refused so far.
    question: str = ""
    offered: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    # once or twice: how often in a row nothing was understood.
    misses: str = ""
    # Item to options known; item:situation asked already.
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    posed: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    # Item to how many of its materials were told one by one.
    part: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, slots: Mapping[str, Any]) -> Memory:
        """Read the engine's slots; what is missing or None is empty."""
        given = {name: slots[name] for name in cls.__dataclass_fields__ if slots.get(name)}
        given["facets"] = facets_in(slots.get("facet") or "")
        for name in ("offered", "refused", "posed", "told"):
            if name in given:
                given[name] = tuple(given[name])
        return cls(**given)

    @property
    def facet(self) -> str:
        """The first of what was asked, or nothing."""
        return next(iter(self.facets), "")

    def with_told(self, text: str) -> list[str]:
        """Return what was told, this text included."""
        return [*self.told, text[:LONGEST_TOLD]][-MOST_TOLD:]


def joined(facets: Sequence[str]) -> str:
    """Return facets as the slot and a button's payload hold them: “materials+where”."""
    return FACET_JOINT.join(facets)


def facets_in(text: str) -> tuple[str, ...]:
    """Return what ``joined`` joined."""
    return tuple(filter(None, text.split(FACET_JOINT)))


def about_item(memory: Memory, item_id: str, facet: str) -> dict[str, Any]:
    """Return the slots for an item that is being talked about from now on."""
    slots: dict[str, Any] = {"item": item_id, "facet": facet}
    if memory.item and memory.item != item_id:
        slots["previous_item"] = memory.item
    return slots
