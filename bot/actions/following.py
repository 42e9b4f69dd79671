"""What follows on an answer: comparing, one thing after the other, on paper."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.actions import asking, reference
from bot.actions.context import Context, Outcome
from bot.actions.memory import about_item
from bot.actions.rendering import Asked, facet_text, material_rows, next_buttons
from bot.actions.telling import HUMAN_BUTTON, OVERVIEW, about, plain
from bot.conversations import phrases
from bot.conversations.messages import Answer, Button
from knowledge.record import ServiceItem
from knowledge.search.facets import cued_facets

# Choices worth offering to somebody who wants a sheet or a list.
FAIRLY_MEANT = 0.4
_DIFFERS = re.compile(r"(区别|不同|差别|不一样|差)(又|到底)?(在|是)?(哪|什么|啥)?(里|儿|块|个|些)?")
# Facets of which two items are held side by side when no facet was asked for.
_COMPARED = ("fee", "duration")


def compare(context: Context) -> Outcome:
    """What tells two items apart: those named, else the one at hand and the one before."""
    pair = _pair(context)
    if len(pair) < 2:
        text = phrases.COMPARE_WHAT if pair else phrases.ASK_ITEM_FIRST
        return Outcome(plain(context, "clarify", text, slot="item"))
    said, memory = context.understanding, context.memory
    # “区别在哪” asks for no place.
    cued = [f for f in cued_facets(_DIFFERS.sub("", said.text)) if f != OVERVIEW]
    facet = cued[0] if cued else OVERVIEW
    answers = tuple(Answer(item.item_id, facet, _side(context, item, cued)) for item in pair)
    numbered = "\n".join(f"{n}. {each.text}" for n, each in enumerate(answers, start=1))
    text = "\n".join([*_tell_apart(pair), numbered])
    buttons = [Button(f"细说{item.short_name}", f"ask:{item.item_id}:{OVERVIEW}") for item in pair]
    reply = plain(context, "answer", text, answers=answers, buttons=(*buttons, HUMAN_BUTTON))
    reply = replace(reply, intent="ask_item", item=answers[0].item, facet=facet)
    slots = about_item(memory, pair[-1].item_id, facet)
    ids = [item.item_id for item in pair]
    slots.update(previous_item=ids[0], awaiting="choice", offered=ids, question=said.text)
    return Outcome(reply, slots)


def _pair(context: Context) -> list[ServiceItem]:
    """The two items to compare, in the order of mention or of talk."""
    memory, guide = context.memory, context.guide
    named = reference.items_named(context)
    ids = named if len(named) > 1 else [*named, memory.item, memory.previous_item]
    unique = [owner for owner in dict.fromkeys(ids) if owner][:2]
    ordered = unique if named else list(reversed(unique))
    found = [guide.item(owner) for owner in ordered]
    return [item for item in found if item is not None]


def _side(context: Context, item: ServiceItem, cued: list[str]) -> str:
    asked = Asked(context.guide.places, context.now)
    if cued:
        said = " ".join(facet_text(item, facet, asked) for facet in cued)
        return f"{item.short_name}：{said}"
    plainly = [facet_text(item, facet, asked).split("\n")[0] for facet in _COMPARED]
    return f"{item.short_name}：{item.scope}。{''.join(plainly)}"


def _tell_apart(pair: list[ServiceItem]) -> list[str]:
    """What a clerk says to keep them apart, from either record."""
    one, other = pair
    told = [c.tell_apart for c in one.not_this if c.item == other.item_id]
    told += [c.tell_apart for c in other.not_this if c.item == one.item_id]
    return told[:1]


def _nothing_before(context: Context) -> Outcome:
    """No item at hand: those that the words may mean, else a question which."""
    match = context.understanding.match
    if match.decision == "ask" and match.probability >= FAIRLY_MEANT:
        return asking.clarify(context, match.choices)
    return Outcome(plain(context, "clarify", phrases.ASK_ITEM_FIRST, slot="item"))


def stepwise(context: Context) -> Outcome:
    """“一样一样说”: the materials one by one, from the first."""
    return _part(context, 0)


def next_part(context: Context) -> Outcome:
    """“下一项”: the next material of the item at hand; the next choice while one is open."""
    memory = context.memory
    if not memory.item and memory.offered:
        return asking.none_of_these(context)
    item = reference.subject(context)
    return _part(context, memory.part.get(item.item_id, 0) if item else 0)


def _part(context: Context, at: int) -> Outcome:
    item = reference.subject(context)
    if item is None:
        return _nothing_before(context)
    memory = context.memory
    known = frozenset(memory.chosen.get(item.item_id, ()))
    rows = material_rows(item, Asked(context.guide.places, context.now, options=known))
    if not rows:
        return about(context, item.item_id, ("materials",)) or asking.step_back(context)
    if at >= len(rows):
        text = phrases.NO_MORE_PARTS.format(count=len(rows), name=item.short_name)
        buttons = (*next_buttons(item, ["materials"]), HUMAN_BUTTON)
        part = 0
    else:
        text = phrases.PART.format(number=at + 1, count=len(rows), row=rows[at])
        buttons = (Button("下一项", "say:下一项"), HUMAN_BUTTON)
        part = at + 1
    outcome = _of_materials(context, item, text, buttons)
    return Outcome(outcome.reply, {**outcome.slots, "part": {item.item_id: part}})


def printable(context: Context) -> Outcome:
    """“给我打一张”: where the sheet with everything to bring can be printed or saved."""
    item = reference.subject(context)
    if item is None:
        return _nothing_before(context)
    known = sorted(context.memory.chosen.get(item.item_id, ()))
    query = f"?s={','.join(known)}" if known else ""
    link = f"{context.site}/guide/{item.item_id}/{query}"
    text = phrases.PRINTABLE.format(name=item.short_name, link=link)
    buttons = (*next_buttons(item, ["materials"]), HUMAN_BUTTON)
    return _of_materials(context, item, text, buttons)


def _of_materials(
    context: Context, item: ServiceItem, text: str, buttons: tuple[Button, ...]
) -> Outcome:
    """Answer with something about an item's materials; the item is then at hand."""
    reply = plain(context, "answer", text, buttons=buttons)
    shown = (Answer(item.item_id, "materials", text),)
    reply = replace(reply, intent="ask_item", item=item.item_id, facet="materials", answers=shown)
    return Outcome(reply, about_item(context.memory, item.item_id, "materials"))
