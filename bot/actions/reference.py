"""What a message refers to, in the light of what was said before.

The matcher has read it by itself; here it is told whether it leans on the item at hand, leaves it
for another, or speaks of several at once. Nothing is said to the resident here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from bot.actions import asking
from bot.actions.context import Context
from bot.actions.facts import age_in, person_in
from bot.actions.positions import position_in
from bot.actions.situations import answer_to, options_in
from bot.actions.telling import OVERVIEW
from knowledge.record import ServiceItem, Situation
from knowledge.search.facets import cued_facets, facets, has_subject, subject_of
from knowledge.search.matcher import MOST_CHOICES, Match

# A message that names no item leaves the item at hand only if its match is this probable.
LEAVES_AT = 0.9
# How far a message may stray from a bare question of facet before it needs a subject of its own.
LONGEST_FOLLOW_UP = 16
LONGEST_REMARK = 30
MOST_QUESTIONS = 3
SHORTEST_CLAUSE = 4
SHORTEST_NAME = 3
# Two records are both asked for if both are this probable and named.
CLOSE = 0.8
# A clause of several that are each asked about.
LIKELY = 0.5
# A statement that matches nothing better than this belongs to what is being talked about.
BARELY_LIKELY = 0.4
# Words that lean on what was said before.
_LEANS = re.compile(
    r"^(那|这|它|他|她|还|也|再|要是|如果|万一|不是|可是|但是)|[她他它]|这个|那个|呢[？?。]?$"
)
# Whether somebody of an age may; “行不行” alone may also ask for somebody to act for her.
_WHETHER = re.compile(r"行不行|行吗|可以吗|能不能|能吗|能领|能办|够不够|算不算|呢[？?。]?$")
_ACTS_FOR = re.compile(r"[代替帮]|上门")
_ASKS = re.compile(r"[吗么呢？?]|怎么|什么|啥|哪|多少|几|谁|能不能|行不行|要不要|会不会")
_THAT_ONE = re.compile(r"那个|那项|那样|的那|这个")
AND_THAT = re.compile(r"^(那|那么)?.{1,12}呢[？?。！!]*$")
_CLAUSES = re.compile(r"[，,。;；？?！!\n]+|\s+|还有|另外|顺便(?:问)?")
_BESIDE = re.compile(
    r"[和跟与同、比，,。？?！!\s]|以及|还是|有什么|有啥|区别|不同|不一样|一回事|哪个|是不是|一样吗|差别|分别"
)
_EACH = re.compile(r"各|分别|都要|两(个|样|张|件)都")
_JOINED = re.compile(r"[和跟与同、]|以及")


def subject(context: Context) -> ServiceItem | None:
    """The item that a message is about: the one it names, else the one at hand."""
    best = context.understanding.match.best
    held = context.guide.item(context.memory.item)
    is_sure = context.understanding.match.decision == "answer" and best is not None
    if not is_sure or best is None or (held is not None and not leaves(context, held)):
        return held
    is_meant = (
        best.signs.get("named", 0.0) > 0 or context.understanding.match.probability >= LEAVES_AT
    )
    return (context.guide.item(best.owner) if is_meant else None) or held


def _posed(item: ServiceItem, posed: Sequence[str]) -> Situation | None:
    """The situation asked last of an item."""
    ids = [entry.partition(":")[2] for entry in posed if entry.startswith(f"{item.item_id}:")]
    return next((s for s in item.situations if ids and s.id == ids[-1]), None)


def options_told_by(context: Context, item: ServiceItem) -> frozenset[str]:
    """The options that a message gives away, those that answer the question just asked included."""
    said, memory = context.understanding, context.memory
    told = set(options_in(item, said.text))
    situation = _posed(item, memory.posed)
    if memory.awaiting == "situation" and situation is not None:
        place = position_in(said.text, len(situation.options))
        told |= set(filter(None, [answer_to(situation, said.text, place)]))
    return frozenset(told)


def is_follow_up(context: Context) -> bool:
    """Whether a message is about the item at hand: it names nothing else and leans on it."""
    said, memory = context.understanding, context.memory
    if not memory.item:
        return False
    item = context.guide.item(memory.item)
    if item is None:
        return not said.reading.has_subject and len(said.text) <= LONGEST_FOLLOW_UP
    if leaves(context, item) or len(said.text) > LONGEST_REMARK:
        return False
    if not said.reading.has_subject or said.reading.facet_is_cued:
        return True
    if len(said.text) <= LONGEST_FOLLOW_UP and said.facets != (OVERVIEW,):
        return True
    own = "\n".join(context.guide.names(memory.item))
    if subject_of(said.text) in own:
        return True
    is_statement = not _ASKS.search(said.text) and said.match.probability < BARELY_LIKELY
    is_near = is_statement or memory.item in {c.owner for c in said.match.ranked[:MOST_CHOICES]}
    return is_near or _leans(said.text) or bool(options_in(item, said.text))


def _leans(text: str) -> bool:
    return bool(_LEANS.search(text)) or person_in(text) not in (None, "self")


def leaves(context: Context, item: ServiceItem) -> bool:
    """Whether a message names, or very probably means, another record than the item at hand."""
    said = context.understanding
    best = said.match.best
    if best is None or not said.reading.has_subject or best.owner == item.item_id:
        return False
    is_statement = not said.reading.facet_is_cued and not _ASKS.search(said.text)
    if is_statement and len(said.text) <= LONGEST_REMARK:
        tells = said.intent == "inform_person" and person_in(said.text) is not None
        if tells or options_told_by(context, item) or said.match.probability < BARELY_LIKELY:
            return False
    if best.kind == "topic" and said.reading.facet_is_cued:
        return False
    is_sure = said.match.decision == "answer"
    if is_sure and best.signs.get("named", 0.0) > 0:
        return True
    own = next((c for c in said.match.ranked if c.owner == item.item_id), None)
    if own is not None and own.signs.get("named", 0.0) > 0:
        return False
    if is_sure:
        return said.match.probability >= LEAVES_AT
    return said.match.decision == "ask" and _names_another(context, item)


def _names_another(context: Context, item: ServiceItem) -> bool:
    """Whether a message speaks of one of its choices by a name that the item at hand has not."""
    said, guide = context.understanding, context.guide
    own = "\n".join(guide.names(item.item_id))
    about = subject_of(said.text)
    for choice in said.match.choices:
        names = guide.names(choice.owner)
        shared = _longest_shared(about, names)
        if len(shared) >= SHORTEST_NAME and shared not in own:
            return True
        if any(name in said.text and name not in own for name in names):
            return True
    return False


def _longest_shared(text: str, names: Sequence[str]) -> str:
    pieces = (
        text[start:end]
        for start in range(len(text))
        for end in range(start + SHORTEST_NAME, min(len(text), start + 10) + 1)
    )
    joined = "\n".join(names)
    return max((piece for piece in pieces if piece in joined), key=len, default="")


def facets_of_follow_up(context: Context) -> tuple[str, ...]:
    """What a follow-up asks of the item at hand; without a facet, what was asked last."""
    said, memory = context.understanding, context.memory
    asks_for_person = age_in(said.text) is not None and not _ACTS_FOR.search(said.text)
    if asks_for_person and _WHETHER.search(said.text):
        return ("conditions",)
    if said.reading.facet_is_cued or said.facets != (OVERVIEW,):
        return said.facets
    return (memory.facet or OVERVIEW,)


def facets_asked(context: Context) -> tuple[str, ...]:
    """The facets asked for; “那社保卡呢” asks what was asked of the item before."""
    said, memory = context.understanding, context.memory
    if memory.facet and not said.reading.facet_is_cued and AND_THAT.match(said.text):
        return (memory.facet,)
    return said.facets


def items_named(context: Context) -> list[str]:
    """Return the items that a message names one beside the other, in their order."""
    parts = (part for part in _BESIDE.split(context.understanding.text) if len(part) > 1)
    matches = [context.match(part, 5) for part in parts if has_subject(part)]
    likely = [m for m in matches if m.decision != "step_back" and m.probability >= LIKELY]
    owners = [m.best.owner for m in likely if m.best is not None]
    return [owner for owner in dict.fromkeys(owners) if context.guide.item(owner)]


def items_asked_together(context: Context) -> list[tuple[ServiceItem, Sequence[str]]]:
    """Return the items that one message asks about, with their facets; empty if it is but one."""
    said = context.understanding
    clauses = [c for c in _CLAUSES.split(said.text) if len(c) >= SHORTEST_CLAUSE]
    found: dict[str, list[str]] = {}
    if 2 <= len(clauses) <= 2 * MOST_QUESTIONS:
        found = _items_asked(context, clauses)
    if len(found) < 2 and _JOINED.search(said.text):
        found = _items_joined(context)
    items = [(context.guide.item(owner), asked) for owner, asked in found.items()]
    known: list[tuple[ServiceItem, Sequence[str]]] = [
        (item, asked) for item, asked in items if item is not None
    ]
    return known[:MOST_QUESTIONS] if len(known) > 1 else []


def _items_asked(context: Context, clauses: Sequence[str]) -> dict[str, list[str]]:
    """Items by the clauses that name them and ask; a clause without a subject asks of the last.

    “各要什么材料” asks of every item before it.
    """
    found: dict[str, list[str]] = {}
    for clause in clauses:
        match = context.match(clause, 5)
        asks = cued_facets(clause)
        asked = [f for f in facets(clause) if f in asks]
        if (owner := _named_by(context, clause, match, found, bool(asks))) is not None:
            found.setdefault(owner, [])
        if asked and _EACH.search(clause):
            found = {owner: [*before, *asked] for owner, before in found.items()}
        elif found and asked:
            found[next(reversed(found))] += asked
    return {owner: asked for owner, asked in found.items() if asked}


def _named_by(
    context: Context, clause: str, match: Match, found: Collection[str], asks: bool
) -> str | None:
    """The item that a clause is about; beside another that is named, the likeliest will do."""
    if match.best is None or match.decision == "step_back" or not has_subject(clause):
        return None
    if _is_named(match):
        return match.best.owner
    for_each = bool(_EACH.search(context.understanding.text))
    if match.probability >= LIKELY and (for_each or (found and asks)):
        return match.best.owner
    own = {name for owner in found for name in context.guide.names(owner)}
    choices = (choice.owner for choice in match.choices if choice.owner not in found)
    by_name = (o for o in choices if any(n in clause for n in {*context.guide.names(o)} - own))
    return next(by_name, None) if found and asks else None


def _items_joined(context: Context) -> dict[str, list[str]]:
    """“居住证和社保卡要带什么”: both are named, the last part asks."""
    said = context.understanding
    asked = list(said.facets)
    close = [c for c in said.match.ranked if c.score >= CLOSE and c.signs.get("named", 0.0) > 0]
    if len(close) > 1:
        in_order = sorted(close, key=lambda c: _first_at(said.text, context.guide.names(c.owner)))
        return {c.owner: asked for c in in_order}
    owners: list[str] = []
    for part in _JOINED.split(said.text):
        match = context.match(part, 5)
        if not _is_named(match) or match.best is None:
            return {}
        owners.append(match.best.owner)
    return dict.fromkeys(owners, asked)


def _first_at(text: str, names: Sequence[str]) -> int:
    """Where the longest piece of a record's names stands in a text."""
    return text.find(_longest_shared(text, names))


def _is_named(match: Match) -> bool:
    best = match.best
    return match.decision == "answer" and best is not None and best.signs.get("named", 0.0) > 0


def of_those_offered(context: Context) -> str | None:
    """Return the entry of the overview before that “那医保呢” names; None if it names none."""
    said, memory = context.understanding, context.memory
    if not memory.offered or said.match.decision == "answer":
        return None
    if not (AND_THAT.match(said.text) or _THAT_ONE.search(said.text)):
        return None
    ranked = [c.owner for c in said.match.ranked if c.score > asking.WORTH_OFFERING]
    likely = next((owner for owner in ranked if owner in memory.offered), None)
    return asking.named(context) or likely
