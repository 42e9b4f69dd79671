"""What “那医保呢” and “临时的呢” mean: a matter beside the one that is talked of."""

from __future__ import annotations

import re

from bot.actions.context import Context
from bot.actions.facts import person_in
from knowledge.record import ServiceItem
from knowledge.search.facets import cued_facets

# “临时的呢”, “注销呢”: another of the kind that is talked of.
_OTHER_OF_KIND = re.compile(
    r"^(?:那|那么|哦|嗯)?(?:要是|如果)?(?P<what>[一-鿿]{2,4}?)(?:的话|的)?呢[？?。！!]*$"
)
# Names of one kind share so many pairs of characters, and so much of the shorter.
SHARED_PAIRS, SHARED = 2, 0.5
# “那医保呢”, “户口那个要钱不”: a word for something else than what was just told.
_ELSE = re.compile(
    r"^(?:那么?|还有|哦|嗯)?(?P<what>[一-鿿]{2,6}?)(?:(?:的话|那[个项样边])?呢[？?。！!]*$|那[个项样])"
)


def other_of_kind(context: Context) -> str | None:
    """Return the item that “临时的呢” means beside one: the same but for this word in its name."""
    said, memory = context.understanding, context.memory
    is_choosing = memory.awaiting == "choice" and bool(memory.offered)
    base = context.guide.item(memory.offered[0] if is_choosing else memory.item)
    found = _OTHER_OF_KIND.match(said.text)
    if base is None or found is None or cued_facets(said.text) or person_in(said.text):
        return None
    what = found["what"]
    if what in base.name:
        return None
    own = pairs_of(base.name)
    shared: dict[str, float] = {}
    for item_id in context.guide.item_ids():
        name = context.guide.name(item_id)
        rest = [pair for part in name.split(what) for pair in pairs_of(part)]
        common = [pair for pair in rest if pair in own]
        if what in name and len(common) >= max(SHARED_PAIRS, SHARED * len(rest)):
            shared[item_id] = len(common)
    best = sorted(shared, key=lambda item_id: -shared[item_id])
    is_one = len(best) == 1 or (len(best) > 1 and shared[best[0]] > shared[best[1]])
    return best[0] if is_one else None


def of_same_occasion(context: Context) -> list[str]:
    """Return the records that “那医保呢” may mean beside the item at hand.

    The one talked of before, or those that a turn of life brings along with it; in their order.
    """
    said, memory, guide = context.understanding, context.memory, context.guide
    item, found = guide.item(memory.item), _ELSE.match(said.text)
    if item is None or found is None or person_in(said.text):
        return []
    what = found["what"]
    own = guide.names(item.item_id)
    if not cued_facets(said.text):
        # “那照片呢” asks for what is brought, and for no other matter.
        own += [material.name for material in item.materials]
    if what in "\n".join(own):
        return []
    return [o for o in along_with(context, item) if any(what in n for n in guide.names(o))]


def along_with(context: Context, item: ServiceItem) -> list[str]:
    """Return the item talked of before, and what a turn of life brings along with an item."""
    guide = context.guide
    events = (guide.event(event_id) for event_id in guide.events_with(item.item_id))
    brought = [entry.item for event in events if event is not None for entry in event.items]
    others = dict.fromkeys(filter(None, [context.memory.previous_item, *brought]))
    return [other for other in others if other != item.item_id]


def pairs_of(text: str) -> list[str]:
    """The pairs of neighbouring characters, in order."""
    return [text[at : at + 2] for at in range(len(text) - 1)]
