"""What follows on an answer: comparing, one thing after the other, on paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from bot.actions import asking, reference
from bot.actions.beside import pairs_of
from bot.actions.context import FAIRLY_LIKELY, Context, Outcome
from bot.actions.memory import about_item
from bot.actions.rendering import Asked, facet_text, material_rows, next_buttons
from bot.actions.telling import HUMAN_BUTTON, OVERVIEW, about, plain
from bot.conversations import phrases
from bot.conversations.messages import Answer, Button
from knowledge.record import ServiceItem
from knowledge.search.facets import cued_facets, has_subject

_COMPARES = re.compile(
    r"区别|不同|不一样|一回事|一码事|差别|差在|一样吗|一样不|是不是一|比一比|比起来"
)
# “哪个快”, “哪样先办”, “哪张不要钱”; “哪个窗口快” asks of no two things.
_WHICH = re.compile(
    r"哪一?[个样张件项种](?:[证卡]|补贴)?"
    r"(?:办|批|下|到|拿|来|领|要|用|得|的|花|交|收|给|发|更|比较|最|起|会|不)*"
    r"(?:钱更?[多少]|划算|合算|好|快|慢|久|早|晚|先|钱|费|贵|便宜|省|方便|麻烦|简单|容易|难|多|少)"
)
# What “哪个” weighs, by the words behind it.
_WEIGHED = (
    (re.compile(r"[给发领拿补][的得更]*[多少]|钱更?[多少]"), ("amount",)),
    (re.compile(r"[钱费贵]|便宜"), ("fee",)),
    (re.compile(r"[快慢久早晚]"), ("duration",)),
    (re.compile(r"省|方便|麻烦|简单|容易|难"), ("duration", "online")),
)
_DIFFERS = re.compile(r"(区别|不同|差别|不一样|差)(又|到底)?(在|是)?(哪|什么|啥)?(里|儿|块|个|些)?")
# Words for paper, which name no item.
_PAPER = re.compile(r"打印|[打印张份纸发]|出来|告知单|单子|一次性|一样样?")
# Facets of which two items are held side by side when no facet was asked for.
_COMPARED = ("fee", "duration")


def compares(context: Context) -> bool:
    """Whether a message compares: two that it names, or “哪个快” of those just shown."""
    text = context.understanding.text
    which = _WHICH.search(text)
    if not which and not _COMPARES.search(text):
        return False
    return len(reference.items_named(context)) > 1 or bool(
        which and len(reference.shown_together(context)) > 1 and reference.names_no_other(context)
    )


def says_to_compare(context: Context) -> bool:
    """Whether the words compare, whatever it is: “有什么区别”, “哪个快”, or two that are named."""
    text = context.understanding.text
    is_said = _WHICH.search(text) or _COMPARES.search(text)
    return bool(is_said) or len(reference.items_named(context)) > 1


def compare(context: Context) -> Outcome:
    """What tells items apart: those named, else those just shown, else the last two talked of."""
    side_by_side = _side_by_side(context)
    if len(side_by_side) < 2:
        text = phrases.COMPARE_WHAT if side_by_side else phrases.ASK_ITEM_FIRST
        return Outcome(plain(context, "clarify", text, slot="item"))
    said, memory = context.understanding, context.memory
    weighed = _weighed(said.text)
    facet = weighed[0] if weighed else OVERVIEW
    answers = tuple(
        Answer(item.item_id, facet, _side(context, item, weighed)) for item in side_by_side
    )
    numbered = "\n".join(f"{n}. {each.text}" for n, each in enumerate(answers, start=1))
    text = "\n".join([*_tell_apart(side_by_side), numbered])
    buttons = [
        Button(f"细说{item.short_name}", f"ask:{item.item_id}:{OVERVIEW}") for item in side_by_side
    ]
    reply = plain(context, "answer", text, answers=answers, buttons=(*buttons, HUMAN_BUTTON))
    reply = replace(reply, intent="ask_item", item=answers[0].item, facet=facet)
    ids = [item.item_id for item in side_by_side]
    slots = about_item(memory, ids[-1], facet)
    slots.update(previous_item=ids[-2], awaiting="choice", offered=ids, question=said.text)
    return Outcome(reply, slots)


def _side_by_side(context: Context) -> list[ServiceItem]:
    """The items to compare, in the order of mention or of talk."""
    memory, guide = context.memory, context.guide
    named = reference.items_named(context)
    ids = named[:2] if len(named) > 1 else []
    if len(named) == 1:
        ids = [*named, *(o for o in (memory.item, memory.previous_item) if o not in named)][:2]
    ids = (
        ids
        or _offered_and_named(context)
        or reference.shown_together(context)
        or [memory.previous_item, memory.item]
    )
    found = [guide.item(owner) for owner in dict.fromkeys(ids)]
    return [item for item in found if item is not None]


def _offered_and_named(context: Context) -> list[str]:
    """The two of those offered that “签注和换领一样吗” tells from the others."""
    text, offered = context.understanding.text, context.memory.offered
    names = {owner: pairs_of(context.guide.name(owner)) for owner in offered}
    alone = {
        o: {p for p in own if sum(p in n for n in names.values()) == 1} for o, own in names.items()
    }
    found = [owner for owner in offered if any(pair in text for pair in alone[owner])]
    return found if len(found) == 2 else []


def _weighed(text: str) -> Sequence[str]:
    """The facets that are compared; none means as a whole."""
    if which := _WHICH.search(text):
        return next((facets for words, facets in _WEIGHED if words.search(which[0])), ())
    # “区别在哪” asks for no place.
    return [facet for facet in cued_facets(_DIFFERS.sub("", text)) if facet != OVERVIEW]


def _side(context: Context, item: ServiceItem, weighed: Sequence[str]) -> str:
    asked = Asked(context.guide.places, context.now)
    if weighed:
        said = " ".join(facet_text(item, facet, asked) for facet in weighed)
        return f"{item.short_name}：{said}"
    plainly = [facet_text(item, facet, asked).split("\n")[0] for facet in _COMPARED]
    return f"{item.short_name}：{item.scope}。{''.join(plainly)}"


def _tell_apart(items: Sequence[ServiceItem]) -> list[str]:
    """What a clerk says to keep them apart, from any of the records."""
    told = [
        confused.tell_apart
        for one, other in permutations(items, 2)
        for confused in one.not_this
        if confused.item == other.item_id
    ]
    return told[:1]


def _nothing_before(context: Context) -> Outcome:
    """No item at hand: those that the words may mean, else a question which."""
    match = context.understanding.match
    is_named = has_subject(_PAPER.sub("", context.understanding.text))
    if is_named and match.decision == "ask" and match.probability >= FAIRLY_LIKELY:
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
    best = context.understanding.match.best
    # “给我打一张” names nothing, however near it is to a paper that can be printed.
    is_named = best is not None and best.is_named
    item = reference.subject(context) if is_named else context.guide.item(context.memory.item)
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
