"""What a message refers to, in the light of what was said before.

The matcher has read it by itself; here it is told whether it leans on the item at hand, leaves it
for another, or speaks of several at once. Nothing is said to the resident here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.actions import asking
from bot.actions.beside import along_with, of_same_occasion, pairs_of
from bot.actions.context import FAIRLY_LIKELY, Context
from bot.actions.facts import age_in, person_in
from bot.actions.positions import position_in
from bot.actions.situations import answer_to, options_in
from bot.actions.telling import OVERVIEW
from knowledge.record import ServiceItem, Situation
from knowledge.search.facets import asks_anything, cued_facets, facets, has_subject, subject_of
from knowledge.search.matcher import MOST_CHOICES, Match
from nlu.protocol import Understanding

# A message that names no item leaves the item at hand only if its match is this probable.
LEAVES_AT = 0.98
# How far a message may stray from a bare question of facet before it needs a subject of its own.
LONGEST_FOLLOW_UP = 16
LONGEST_REMARK = 30
MOST_QUESTIONS = 3
SHORTEST_CLAUSE = 4
SHORTEST_NAME = 3
# A second of at least this probability competes with the first.
IN_SIGHT = 0.1
# Two records are both asked for if both are this probable and named.
CLOSE = 0.9
# A clause of several that are each asked about.
LIKELY = 0.7
# An item that is less probable than this is not what is asked about.
HARDLY = 0.02
# So many times as probable is much likelier.
MUCH = 4
# So few characters are hardly a question of their own.
SHORT = 5
# “那我婆婆呢，她是南京户口，今年79”
_AND_WHO = re.compile(r"^(?:那么?|还有)?(?P<who>[^，,。呢]{1,6})呢[，,。？?！!]")
# Words that lean on what was said before.
_LEANS = re.compile(
    r"^(那|这|它|他|她|还|也|再|要是|如果|万一|不是|可是|但是)|[她他它]|这个|那个|呢[？?。]?$"
)
# Whether somebody of an age may; “行不行” alone may also ask for somebody to act for her.
_WHETHER = re.compile(r"行不行|行吗|可以吗|能不能|能吗|能领|能办|够不够|算不算|呢[？?。]?$")
# “才来三个月，能办不”: asked of what was told before it.
_MAY = re.compile(r"[，,](?:能|可以|好)(?:不能)?(?:办|领|申请|拿)(?:不|吗|么|得?了?吗)?[？?。]?$")
_LIKEWISE = re.compile(r"网上|手机|电脑|周[六日末]|星期|节|现在|今天|明天")
_ACTS_FOR = re.compile(r"[代替帮]|上门")
_VISITS = re.compile(r"[叫喊请让派找].{0,8}[来到上][我她他老]?[家门]")
_CANNOT_COME = re.compile(r"走不动|[来去]不了|下不了[床楼]|出不了门|起不来床")
_ASKS = re.compile(r"[吗么呢？?]|怎么|什么|啥|哪|多少|几|谁|能不能|行不行|要不要|会不会")
# “我是南京户口”: who somebody is, no matter of its own.
_TELLS = re.compile(r"^(?:我|他|她|我们|我[爸妈]|老人|孩子|老伴)(?:也|都|就|今年)?(?:是|有|在)")
# What is asked of an item, which taking something down would leave unanswered.
_OF_THE_ITEM = frozenset(
    {"materials", "fee", "amount", "online", "where", "proxy", "process", "result"}
)
_NOT_OF_TELLING = frozenset({"progress", "result"})
_THAT_ONE = re.compile(r"那个|那项|那样|的那|这个")
AND_THAT = re.compile(r"^(那|那么)?.{1,12}呢[？?。！!]*$")
_CLAUSES = re.compile(r"[，,。;；？?！!\n]+|\s+|还有|另外|顺便(?:问)?")
_BESIDE = re.compile(
    r"[和跟与同、比，,。？?！!\s]|以及|还是|有什么|有啥|区别|不同|不一样|一回事|哪个|是不是|一样吗|差别|分别"
)
_EACH = re.compile(r"各|分别|都要|两(个|样|张|件)都")
# Of everything just answered; “我们都能” and “老两口都能” are of persons.
_OF_ALL = re.compile(r"(?<![们俩口])都(能|可以|由|让|得|要)|两[个样张件]|[这那它]俩|分别|各要|各是")
_BACK = re.compile(r"还是(先)?[说问讲办看]|回到|说回|刚才|先前|前面")
_JOINED = re.compile(r"[和跟与同、]|以及")


def subject(context: Context) -> ServiceItem | None:
    """The item that a message is about: the one it names, else the one at hand."""
    match = context.understanding.match
    best = match.best
    held = context.guide.item(context.memory.item)
    is_likely = match.decision == "answer" or stands_alone(match)
    if not is_likely or best is None or (held is not None and not leaves(context, held)):
        return held
    enough = CLOSE if held is None else LEAVES_AT
    is_meant = best.is_named or match.probability >= enough
    return (context.guide.item(best.owner) if is_meant else None) or held


def stands_alone(match: Match) -> bool:
    """Whether the first is likely, with nothing else in sight."""
    second = match.ranked[1].score if len(match.ranked) > 1 else 0.0
    return match.probability >= CLOSE and second < IN_SIGHT


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


def only_tells_situation(context: Context) -> bool:
    """“是我一个人单独申请，我重残”: an option of the item at hand, and no question."""
    said = context.understanding
    item = context.guide.item(context.memory.item)
    if item is None or said.entities or leaves(context, item):
        return False
    asks = any(words.search(said.text) for words in (_ASKS, _ACTS_FOR, _VISITS))
    return not asks and bool(options_told_by(context, item))


def answers_late(context: Context, item: ServiceItem, options: frozenset[str]) -> bool:
    """Whether options answer a question about the item that was put before another in between."""
    memory = context.memory
    asked = [s for s in item.situations if f"{item.item_id}:{s.id}" in memory.posed]
    answered = {o.id for s in asked for o in s.options} & options
    return bool(answered) and not _ASKS.search(context.understanding.text)


def shown_together(context: Context) -> list[str]:
    """The two or three items answered or offered side by side, as long as they are talked of."""
    memory = context.memory
    is_fresh = memory.awaiting == "choice" or {memory.item, memory.previous_item} <= {
        *memory.offered
    }
    items = [owner for owner in memory.offered if context.guide.item(owner)]
    is_few = 1 < len(memory.offered) <= MOST_QUESTIONS
    return items if is_fresh and is_few and len(items) == len(memory.offered) else []


def names_no_other(context: Context) -> bool:
    """Whether a short message names no record besides those shown together."""
    said = context.understanding
    best = said.match.best
    if len(said.text) > LONGEST_FOLLOW_UP or best is None:
        return len(said.text) <= LONGEST_FOLLOW_UP
    return not best.is_named or best.owner in context.memory.offered


def asked_of_all(context: Context) -> list[tuple[ServiceItem, Sequence[str]]]:
    """“都能代办吗” after several items were answered together: all of them; else none."""
    said = context.understanding
    is_of_all = said.reading.facet_is_cued and _OF_ALL.search(said.text)
    if not is_of_all or context.memory.awaiting == "choice":
        return []
    items = [context.guide.item(owner) for owner in shown_together(context)]
    return [(i, said.facets) for i in items if i is not None] if names_no_other(context) else []


def goes_back_to(context: Context) -> str | None:
    """Return the item before, if “还是说补执照吧” means it rather than the item at hand."""
    said, memory = context.understanding, context.memory
    clause = next((c for c in _CLAUSES.split(said.text) if c and _BACK.search(c)), "")
    about = _BACK.sub("", clause)
    if not memory.previous_item or not has_subject(about):
        return None
    match = context.match(about, asking.RANKED)
    best = match.best
    names = match.decision == "answer" and best is not None and best.is_named
    if names and best is not None and best.owner != memory.previous_item:
        return None
    scores = {c.owner: c.score for c in match.ranked}
    is_likelier = scores.get(memory.previous_item, 0.0) > scores.get(memory.item, 0.0)
    return memory.previous_item if is_likelier else None


def is_follow_up(context: Context) -> bool:
    """Whether a message is about the item at hand: it names nothing else and leans on it."""
    said, memory = context.understanding, context.memory
    if not memory.item:
        return False
    item = context.guide.item(memory.item)
    if item is None:
        return not said.reading.has_subject and len(said.text) <= LONGEST_FOLLOW_UP
    if leaves(context, item) or len(said.text) > LONGEST_REMARK or of_same_occasion(context):
        return False
    if not said.reading.has_subject or said.reading.facet_is_cued or asks_of_person(said.text):
        return True
    if len(said.text) <= LONGEST_FOLLOW_UP and said.facets[0] != OVERVIEW:
        return True
    own = "\n".join(context.guide.names(memory.item))
    if subject_of(said.text) in own:
        return True
    is_statement = not _ASKS.search(said.text) and said.match.probability < FAIRLY_LIKELY
    is_statement = is_statement and not _names_another(context, item)
    is_near = is_statement or memory.item in {c.owner for c in said.match.ranked[:MOST_CHOICES]}
    is_near = is_near or _is_about_qualifying(context, item)
    return is_near or _leans(context, item) or bool(options_in(item, said.text))


def _is_about_qualifying(context: Context, item: ServiceItem) -> bool:
    """Whether a message speaks to what an item's conditions name.

    It tells of it when the conditions were just told, or asks whether it may be.
    """
    text = context.understanding.text
    tells = context.memory.facet == "conditions" and not _ASKS.search(text)
    if not (tells or _only_asks_whether(context)):
        return False
    conditions = [row.text for row in item.accept_conditions]
    own = "\n".join([item.scope, *conditions, *item.exclusions])
    about = subject_of(text)
    return any(about[at : at + 2] in own for at in range(len(about) - 1))


def _only_asks_whether(context: Context) -> bool:
    """“高血压行不行”: short, of no other facet, and not very probably of another record."""
    said = context.understanding
    if len(said.text) > LONGEST_FOLLOW_UP or AND_THAT.match(said.text):
        return False
    is_unsure = said.match.decision != "answer" or said.match.probability < LEAVES_AT
    only = {*cued_facets(said.text)} <= {"conditions"}
    return is_unsure and only and bool(_WHETHER.search(said.text))


def _leans(context: Context, item: ServiceItem) -> bool:
    """Whether the words lean on what was said, or bring in somebody it may be for.

    “老伴走了，有没有钱补” brings in somebody too, and is a matter of its own.
    """
    said = context.understanding
    if _LEANS.search(said.text):
        return True
    is_own = said.match.best is not None and said.match.best.owner != item.item_id
    is_own = is_own and said.match.probability >= LIKELY
    return person_in(said.text) not in (None, "self") and not is_own


def leaves(context: Context, item: ServiceItem) -> bool:
    """Whether a message names, or very probably means, another record than the item at hand."""
    said = context.understanding
    best = said.match.best
    if best is None or not said.reading.has_subject or best.owner == item.item_id:
        return False
    if asks_of_person(said.text):
        return False
    is_statement = not said.reading.facet_is_cued and not _ASKS.search(said.text)
    if is_statement and len(said.text) <= LONGEST_REMARK:
        tells = said.intent == "inform_person" and person_in(said.text) is not None
        if tells or options_told_by(context, item):
            return False
        if _TELLS.match(said.text) and not best.is_named:
            return False
        if said.match.probability < FAIRLY_LIKELY and not _names_another(context, item):
            return False
    if best.kind == "topic" and (said.reading.facet_is_cued or _VISITS.search(said.text)):
        return False
    if best.kind in ("topic", "event") and _only_asks_whether(context):
        return False
    return _means_another(context, item)


def asks_of_person(text: str) -> bool:
    """“那我婆婆呢，她是南京户口”: the same, asked for somebody else."""
    found = _AND_WHO.match(text)
    return found is not None and person_in(found["who"]) not in (None, "self")


def _means_another(context: Context, item: ServiceItem) -> bool:
    match, memory = context.understanding.match, context.memory
    is_sure, best = match.decision == "answer", match.best
    if is_sure and best is not None and best.is_named:
        return True
    own = next((c for c in match.ranked if c.owner == item.item_id), None)
    if own is not None and own.is_named:
        return False
    if best is not None and is_sure and best.owner in (memory.previous_item, *memory.offered):
        return True
    if _is_far_likelier(context, item, own.score if own is not None else 0.0):
        return True
    if match.decision == "ask" and _names_another(context, item):
        return True
    if _is_about_qualifying(context, item):
        return False
    # “收菲吗” is too short to be sure of anything that it does not name.
    if not is_sure or best is None or match.probability < LEAVES_AT:
        return False
    return len(context.understanding.text) > SHORT or _speaks_of(context, best.owner)


def _is_far_likelier(context: Context, item: ServiceItem, own: float) -> bool:
    """“火化的钱能不能减一点” while another allowance is talked of: hardly of that.

    What the same turn of life brings along need not be as much likelier.
    """
    said, match = context.understanding, context.understanding.match
    best = match.best
    if best is None or match.probability < LIKELY:
        return False
    asks = said.reading.facet_is_cued or asks_anything(said.text)
    if not asks or "materials" in said.facets:
        # “户口是去年从安徽迁来的” tells of her; “退伍证要带原件吗” names what is to be brought.
        return False
    if best.kind not in ("item", "subject"):
        # “你们会不会把我的身份证号给别人看” has no word of its topic's name.
        return match.decision == "answer" and own < HARDLY and not _leans(context, item)
    comes_along = best.owner in along_with(context, item) and own * MUCH < best.score
    return (own < HARDLY or comes_along) and _speaks_of(context, best.owner)


def _speaks_of(context: Context, owner: str) -> bool:
    """Whether a message shares two neighbouring characters with a name of a record."""
    about = {*pairs_of(subject_of(context.understanding.text))}
    return any(about & {*pairs_of(name)} for name in context.guide.names(owner))


def _names_another(context: Context, item: ServiceItem) -> bool:
    """Whether a message speaks of one of its choices by a name that the item at hand has not."""
    said = context.understanding
    return _names_beyond(context, said.text, said.match, [item.item_id])


def _names_beyond(context: Context, text: str, match: Match, owners: Collection[str]) -> bool:
    """Whether a text has a name of one of its choices that none of the owners has."""
    own = "\n".join(name for owner in owners for name in context.guide.names(owner))
    about = subject_of(text)
    for choice in match.choices:
        names = context.guide.names(choice.owner)
        shared = _longest_shared(about, names)
        if len(shared) >= SHORTEST_NAME and shared not in own:
            return True
        if any(name in text and name not in own for name in names):
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
    if _VISITS.search(said.text):
        return ("proxy",)
    if _CANNOT_COME.search(said.text) and not said.reading.facet_is_cued:
        return ("proxy",)
    if _asks_whether(context):
        return ("conditions",)
    if said.reading.facet_is_cued:
        return said.facets
    # What only tells (“生的时候没结婚”) asks what was asked before, and never how far something is.
    is_meant = said.facets[0] not in _NOT_OF_TELLING or asks_anything(said.text)
    if said.facets[0] != OVERVIEW and is_meant:
        return tuple(facet for facet in said.facets if facet != OVERVIEW)
    return memory.facets or (OVERVIEW,)


def _asks_whether(context: Context) -> bool:
    """“我妈80岁，行不行”, “高血压行不行”: whether somebody qualifies."""
    text = context.understanding.text
    if _ACTS_FOR.search(text) or not _WHETHER.search(text):
        return False
    if _MAY.search(text) and len(text) <= LONGEST_FOLLOW_UP and not _LIKEWISE.search(text):
        return not context.understanding.reading.facet_is_cued
    item = context.guide.item(context.memory.item)
    is_own = item is not None and _is_about_qualifying(context, item)
    return age_in(text) is not None or (is_own and _only_asks_whether(context))


def asks_of_its_item(said: Understanding) -> bool:
    """“发到哪个公众号”: whether a message asks what its item is like, beside what is wrong."""
    is_sure = said.match.decision == "answer" and said.reading.has_subject
    asks = said.reading.facet_is_cued or bool(_ASKS.search(said.text))
    return is_sure and asks and said.facets[0] in _OF_THE_ITEM


def facets_asked(context: Context) -> tuple[str, ...]:
    """The facets asked for; “那社保卡呢” asks what was asked of the item before."""
    said, memory = context.understanding, context.memory
    if memory.facet and not said.reading.facet_is_cued and AND_THAT.match(said.text):
        return memory.facets
    return said.facets


def items_named(context: Context) -> list[str]:
    """Return the items that a message names one beside the other, in their order."""
    parts = (part for part in _BESIDE.split(context.understanding.text) if len(part) > 1)
    matches = [context.match(part, 5) for part in parts if has_subject(part)]
    likely = [m for m in matches if m.decision != "step_back" and m.probability >= LIKELY]
    owners = [m.best.owner for m in likely if m.best is not None]
    return [owner for owner in dict.fromkeys(owners) if context.guide.item(owner)]


@dataclass(frozen=True)
class Together:
    """What one message asks about: items with their facets, empty if it is but one.

    ``unclear`` is a clause beside them whose words mean several records.
    """

    items: list[tuple[ServiceItem, Sequence[str]]]
    unclear: str = ""


def asked_together(context: Context) -> Together:
    """Return the items that one message asks about, and what of it must be asked back."""
    said = context.understanding
    clauses = [c for c in _CLAUSES.split(said.text) if len(c) >= SHORTEST_CLAUSE]
    found: dict[str, list[str]] = {}
    unclear = ""
    if 2 <= len(clauses) <= 2 * MOST_QUESTIONS:
        found, unclear = _items_asked(context, clauses)
    if len(found) < 2 and not unclear and _JOINED.search(said.text):
        found = _items_joined(context)
    items = [(context.guide.item(owner), asked) for owner, asked in found.items()]
    known: list[tuple[ServiceItem, Sequence[str]]] = [
        (item, asked) for item, asked in items if item is not None
    ]
    is_several = len(known) > 1 or (known and unclear)
    return Together(known[:MOST_QUESTIONS], unclear) if is_several else Together([])


def _items_asked(context: Context, clauses: Sequence[str]) -> tuple[dict[str, list[str]], str]:
    """Items by the clauses that name them and ask; a clause without a subject asks of the last.

    “各要什么材料” asks of every item before it. Beside them the first clause that names several.
    """
    found: dict[str, list[str]] = {}
    unclear = ""
    for clause in clauses:
        match = context.match(clause, 5)
        names_more = bool(found) and _names_beyond(context, clause, match, found)
        asked = _facets_of_clause(clause, names_more)
        if (owner := _named_by(context, clause, match, found, bool(asked))) is not None:
            found.setdefault(owner, [])
        elif asked and names_more and match.decision == "ask":
            unclear = unclear or clause
            continue
        if asked and _EACH.search(clause):
            found = {owner: [*before, *asked] for owner, before in found.items()}
        elif found and asked:
            found[next(reversed(found))] += asked
    return {owner: asked for owner, asked in found.items() if asked}, unclear


def _facets_of_clause(clause: str, names_more: bool) -> list[str]:
    """The facets that a clause plainly asks for; one that names another item may do without cue."""
    cued = cued_facets(clause)
    if names_more and not cued and _ASKS.search(clause):
        return facets(clause)
    return [facet for facet in facets(clause) if facet in cued]


def _named_by(
    context: Context, clause: str, match: Match, found: Collection[str], asks: bool
) -> str | None:
    """The item that a clause is about; beside another that is named, the likeliest will do."""
    if match.best is None or match.decision == "step_back" or not has_subject(clause):
        return None
    if _is_named(match):
        return match.best.owner
    for_each = bool(_EACH.search(context.understanding.text))
    likely_at = LIKELY if for_each or match.decision == "answer" else CLOSE
    if match.probability >= likely_at and (for_each or (found and asks)):
        return match.best.owner
    choices = [choice.owner for choice in match.choices if choice.owner not in found]
    by_name = (o for o in choices if _has_alone(context, clause, o, [*found, *choices]))
    return next(by_name, None) if found and asks else None


def _has_alone(context: Context, clause: str, owner: str, owners: Sequence[str]) -> bool:
    """Whether a name of the owner stands in a clause that is no part of the others' names."""
    others = "\n".join(n for o in owners if o != owner for n in context.guide.names(o))
    return any(name in clause and name not in others for name in context.guide.names(owner))


def _items_joined(context: Context) -> dict[str, list[str]]:
    """“居住证和社保卡要带什么”: both are named, the last part asks."""
    said = context.understanding
    asked = list(said.facets)
    close = [c for c in said.match.ranked if c.score >= CLOSE and c.is_named]
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
    return match.decision == "answer" and best is not None and best.is_named


def of_those_offered(context: Context) -> str | None:
    """Return the entry of the list before that “那医保呢” names; None if it names none."""
    said, memory = context.understanding, context.memory
    if not memory.offered or said.match.decision == "answer":
        return None
    best = said.match.best
    if best is not None and said.match.decision == "ask" and best.owner in shown_together(context):
        # Of several that words may mean, the likeliest has just been talked of.
        return best.owner
    if not (AND_THAT.match(said.text) or _THAT_ONE.search(said.text)):
        return None
    ranked = [c.owner for c in said.match.ranked if c.score > asking.WORTH_OFFERING]
    likely = next((owner for owner in ranked if owner in memory.offered), None)
    return asking.named(context) or likely
