"""Which question was asked: of the item at hand, of another, of several, or of none that is known.

The matcher has decided how sure it is of a message by itself; here that is read in the light of
what was said before. What is then said comes from ``telling``, what is asked back from ``asking``.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.actions import asking, beside, following, reference, small_talk
from bot.actions.asking import LONGEST_COURTESY
from bot.actions.context import FAIRLY_LIKELY, Context, Outcome
from bot.actions.memory import facets_in, joined
from bot.actions.person import call_person, wants_person
from bot.actions.rendering import Asked, next_buttons, opening_text
from bot.actions.situations import facet_narrowed
from bot.actions.telling import (
    HUMAN_BUTTON,
    OVERVIEW,
    about,
    about_items,
    event,
    plain,
    report_kind,
)
from bot.conversations import phrases
from bot.conversations.messages import Answer, Button
from knowledge import opening
from knowledge.search.facets import asks_anything
from knowledge.search.matcher import MOST_CHOICES
from nlu.protocol import Understanding
from nlu.settling import follows_up

# Intents that only steer the talk, whatever is open.
ONLY_STEERS = frozenset(
    {"greet", "thanks", "goodbye", "affirm", "deny", "cancel", "help", "who_are_you"}
    | {"dont_understand", "language", "slower", "louder", "repeat"}
)
# A question about the hours alone is short.
LONGEST_ON_HOURS = 16
_HOURS = re.compile(
    r"开门|开不开|关门|(?<![没在去我他她])上班(?!族)|上不上班|下班|营业(?!执照)|放假|休息|几点(开|关|到|下)|中午有人|办公时间|工作时间"
)
_STEPWISE = re.compile(r"([一1])(样|条|项|个|件)\1(样|条|项|个|件)")
# A courtesy that the classifier is this sure of may be longer than a few words.
SURELY_STEERS = 0.9


def answer(context: Context) -> Outcome:
    """Answer a question about an item, or find out which item is meant."""
    if context.understanding.entities.get("item"):
        return _pressed(context)
    return _in_context(context) or _by_itself(context)


def _pressed(context: Context) -> Outcome:
    """A button names its item, and a facet or an option of its situation."""
    named = context.understanding.entities
    options = frozenset(filter(None, [named.get("option", "")]))
    asked = facets_in(named.get("facet", "")) or context.memory.facets or (OVERVIEW,)
    return about(context, named["item"], asked, options) or asking.step_back(context)


def _in_context(context: Context) -> Outcome | None:
    """What a message means by what was said before, or by naming several; None if by itself."""
    said = context.understanding
    if wants_person(said.text):
        return call_person(context, "asked")
    if owner := asking.by_place(context):
        return about(context, owner, said.facets)
    if "<phone>" in said.text and context.guide.item(context.memory.item):
        # Who leaves her number wants to be called or visited about what was just told.
        return proxy(context)
    if _STEPWISE.search(said.text):
        return following.stepwise(context)
    if following.compares(context):
        return following.compare(context)
    if several := _several(context):
        return several
    if asks_only_hours(said) or _asks_hours_too(context):
        return _hours(context)
    return _of_what_was_said(context)


def _of_what_was_said(context: Context) -> Outcome | None:
    """Another of those shown, another of its kind, or more about the item at hand."""
    if owner := reference.of_those_offered(context) or reference.goes_back_to(context):
        return about(context, owner, reference.facets_asked(context))
    if owner := beside.other_of_kind(context):
        return about(context, owner, context.memory.facets or (OVERVIEW,))
    if others := _of_same_occasion(context):
        return others
    if reference.only_tells_situation(context):
        return narrow(context)
    if reference.is_follow_up(context):
        return about(context, context.memory.item, reference.facets_of_follow_up(context))
    return None


def _of_same_occasion(context: Context) -> Outcome | None:
    """“那医保呢” after the household register of a newborn: its insurance, or which of them."""
    said, facets = context.understanding, reference.facets_asked(context)
    others = beside.of_same_occasion(context)[:MOST_CHOICES]
    if not others or said.match.decision == "answer":
        return None
    if len(others) == 1:
        return about(context, others[0], facets)
    asked = replace(said, reading=replace(said.reading, facets=facets))
    return asking.clarify(replace(context, understanding=asked), asking.shown(context, others))


def _several(context: Context) -> Outcome | None:
    """Answers about several items in one reply; None if the message is about one at most."""
    together = reference.asked_together(context)
    if together.unclear:
        first = about_items(context, together.items, poses=False)
        return asking.also_which(context, first, together.unclear)
    several = together.items or reference.asked_of_all(context)
    return about_items(context, several) if several else None


def _by_itself(context: Context) -> Outcome:
    """As the matcher has decided, now that nothing before explains the message."""
    said, match = context.understanding, context.understanding.match
    if said.reading.facet_is_cued and not said.reading.has_subject:
        return _which_item(context)
    if match.decision == "answer" and match.best is not None:
        found = about(context, match.best.owner, reference.facets_asked(context))
        return found or asking.step_back(context)
    if match.decision == "ask" and match.choices:
        first = match.choices[0]
        if len(match.choices) == 1 and first.kind == "event" and _is_worth_asking(said):
            # Its errands are choices themselves.
            return event(context, first.owner)
        return asking.clarify(context, match.choices)
    return asking.step_back(context)


def choose(context: Context) -> Outcome:
    """What is said while choices are open: one of them, or a question of its own."""
    if asks_only_hours(context.understanding):
        return _hours(context)
    if following.compares(context):
        return following.compare(context)
    return asking.choose(context) or otherwise(context)


def narrow(context: Context) -> Outcome:
    """What is said while a situation is open, or about the person: the item at hand, narrowed."""
    said, memory = context.understanding, context.memory
    item = context.guide.item(memory.item)
    if item is None or said.entities:
        return otherwise(context)
    options = reference.options_told_by(context, item)
    is_other = bool(
        reference.of_those_offered(context)
        or asking.by_place(context)
        or beside.other_of_kind(context)
        or beside.of_same_occasion(context)
    )
    if is_other or wants_person(said.text) or following.compares(context):
        return answer(context)
    tells = bool(options) or said.intent == "inform_person"
    if _only_steers(said) and not tells:
        return otherwise(context)
    if reference.leaves(context, item) or not (tells or reference.is_follow_up(context)):
        return otherwise(context)
    asked = reference.facets_of_follow_up(context)
    if not said.reading.facet_is_cued and options and "conditions" not in asked:
        asked = memory.facets or (OVERVIEW,)
        if reference.answers_late(context, item, options):
            asked = (facet_narrowed(item, options, asked[0]),)
    return about(context, item.item_id, asked, options) or asking.step_back(context)


def _only_steers(said: Understanding) -> bool:
    """“你好”, “算了”: short, and nothing but a courtesy."""
    is_plain = len(said.text) <= LONGEST_COURTESY or said.confidence >= SURELY_STEERS
    return is_plain and said.intent in ONLY_STEERS and not said.reading.facet_is_cued


def otherwise(context: Context) -> Outcome:
    """What a message means by itself where it turned out not to answer what was asked."""
    said = context.understanding
    if said.intent in ONLY_STEERS and not said.reading.facet_is_cued:
        # “就是看病报销的” says what is meant, whatever it begins with.
        is_more = said.intent == "affirm" and not asking.only_says_yes(said)
        is_more = is_more and said.match.decision != "step_back"
        return answer(context) if is_more else small_talk.small_talk(context)
    if said.intent == "none_of_these":
        return asking.none_of_these(context)
    if said.intent == "inform_person" and said.match.decision == "step_back":
        return _noted(context)
    by_intent = {"out_of_scope": out_of_scope, "request_proxy": proxy, "report_problem": report}
    return by_intent.get(said.intent, answer)(context)


def overview(context: Context) -> Outcome:
    """A whole class or a turn of life."""
    return asking.overview(context) or answer(context)


def compare(context: Context) -> Outcome:
    """Two items held side by side, if the words compare; “刚才那个要钱吗” only looks back."""
    said_so = following.says_to_compare(context)
    return following.compare(context) if said_so else answer(context)


def qualify(context: Context) -> Outcome:
    """“我符合吗”: the conditions, with what her words say to them; never a promise."""
    said = context.understanding
    item = reference.subject(context)
    if item is None:
        return answer(context)
    asked = reference.facets_of_follow_up(context) if said.reading.facet_is_cued else ()
    if said.reading.facet_is_cued and "conditions" not in asked:
        return about_items(context, [(item, asked)])
    extra = [facet for facet in asked if facet not in (OVERVIEW, "conditions")]
    if said.reading.has_subject and "conditions" not in said.facets:
        # “我替他来办行不行” is a question of its own: whether she may act, not who qualifies.
        is_another = said.facets[0] != OVERVIEW
        return about_items(
            context, [(item, said.facets if is_another else ("conditions", OVERVIEW))]
        )
    return about_items(context, [(item, ["conditions", *extra])])


def _noted(context: Context) -> Outcome:
    """Something about the person before any item was named: keep it, ask for the item."""
    reply = plain(context, "smalltalk", phrases.NOTED, slot="item")
    told = context.memory.with_told(context.understanding.text)
    return Outcome(reply, {"told": told})


def _which_item(context: Context) -> Outcome:
    if context.understanding.facets[0] == "duration" and context.desk.is_waiting():
        return call_person(context, "asked")
    reply = plain(context, "clarify", phrases.ASK_ITEM_FIRST, slot="item")
    facets = context.understanding.facets
    return Outcome(replace(reply, candidates=(), facet=facets[0]), {"facet": joined(facets)})


def out_of_scope(context: Context) -> Outcome:
    """What no street office does; a fair match is still given its chance."""
    match = context.understanding.match
    is_ours = match.decision != "step_back" and match.probability >= FAIRLY_LIKELY
    if is_ours or reference.is_follow_up(context) or asking.by_place(context):
        return answer(context)
    if context.memory.misses or context.desk.is_waiting():
        return asking.step_back(context)
    reply = plain(context, "fallback", phrases.NOT_OURS_AT_ALL, buttons=(HUMAN_BUTTON,))
    return Outcome(replace(reply, intent="out_of_scope"))


def _meant(context: Context) -> str | None:
    """The item that the message names, else the item at hand; None if there is neither.

    “叫网格员来家里办” names whom to call, which is no item.
    """
    said, held = context.understanding, context.memory.item or None
    best = said.match.best
    if held and best is not None and best.kind == "topic":
        return held
    is_plain = said.match.decision == "answer" or (not held and reference.stands_alone(said.match))
    if said.reading.has_subject and is_plain and best is not None:
        return best.owner
    return held


def progress_of_item(context: Context) -> Outcome | None:
    """How an item usually goes on, or what else is asked of it; None if the message means none."""
    said = context.understanding
    is_about_something = said.reading.has_subject and said.match.decision != "step_back"
    asks_else = said.reading.facet_is_cued and "progress" not in said.facets
    if asks_else or (is_about_something and "progress" not in said.facets):
        return answer(context)
    item_id = _meant(context)
    if item_id:
        return about(context, item_id, ("progress",))
    best, probability = said.match.best, said.match.probability
    if not is_about_something or best is None or probability < FAIRLY_LIKELY:
        return None
    if follows_up(said.text):
        # “处理得怎么样了” is of a case, whatever item it is near to.
        return None
    # Going on is much the same for neighbours: who is fairly sure need not be asked which.
    told = about(context, best.owner, ("progress",)) if probability >= reference.LIKELY else None
    return told or (asking.clarify(context, said.match.choices) if said.match.choices else None)


def proxy(context: Context) -> Outcome:
    """Somebody wants the office to act for her: say how it goes, and who arranges it."""
    if reference.only_tells_situation(context):
        return narrow(context)
    item_id = _meant(context)
    if item_id and context.guide.item(item_id):
        outcome = about(context, item_id, ("proxy",))
        assert outcome is not None
        item = context.guide.name(item_id)
        text = f"{outcome.reply.text}\n{phrases.PROXY_OFFER}"
        ticket = Button("请你们帮我代办", f"say:请你们帮我代办{item}")
        buttons = (ticket, *outcome.reply.buttons)
        reply = replace(outcome.reply, intent="request_proxy", text=text, buttons=buttons)
        return replace(outcome, reply=reply)
    said = context.understanding
    if said.match.decision == "answer" and said.match.best is not None and said.reading.has_subject:
        found = about(context, said.match.best.owner, said.facets)
        return _as_heard(found or asking.step_back(context), said)
    if _is_worth_asking(said) and len(said.match.choices) > 1:
        return _as_heard(asking.clarify(context, said.match.choices), said)
    reply = plain(context, "answer", phrases.PROXY_WHICH, slot="item", buttons=(HUMAN_BUTTON,))
    return Outcome(reply)


def report(context: Context) -> Outcome:
    """Something is wrong outside: the item or the kind of report that fits."""
    said = context.understanding
    match = said.match
    if context.memory.item and not said.reading.has_subject and reference.is_follow_up(context):
        # “你们管不管” of what was just told.
        return about(context, context.memory.item, reference.facets_of_follow_up(context)) or (
            asking.step_back(context)
        )
    if match.decision == "step_back" or not said.reading.has_subject or match.best is None:
        text = phrases.TICKET_BY_PHONE
        return Outcome(plain(context, "handover", text, buttons=(HUMAN_BUTTON,)))
    kind = context.guide.report_kind(match.best.owner)
    asks = reference.asks_of_its_item(said)
    if kind and not (asks and kind.linked_item):
        return report_kind(context, match.best.owner)
    if match.decision == "answer":
        # “轮到我们小区抽血得几月份” asks, where nothing is wrong.
        asks = asks or (kind is None and said.reading.facet_is_cued and asks_anything(said.text))
        # “乱收费” is what it is about, no question for the fee.
        owner = kind.linked_item if kind else match.best.owner
        found = about(context, owner, said.facets if asks else (OVERVIEW,))
        return _as_heard(found or asking.step_back(context), said)
    return _as_heard(asking.clarify(context, match.choices), said)


def _is_worth_asking(said: Understanding) -> bool:
    """Whether the match of a message that may be about no item at all is fair enough to act on."""
    is_fair = said.match.decision != "step_back" and said.match.probability >= FAIRLY_LIKELY
    return said.reading.has_subject and is_fair


def _as_heard(outcome: Outcome, said: Understanding) -> Outcome:
    """The outcome under the intent that was heard, not the one of a question about an item."""
    return replace(outcome, reply=replace(outcome.reply, intent=said.intent))


def asks_only_hours(said: Understanding) -> bool:
    """“现在开门吗”, “周六上班不”, “国庆放假吗”: the office's hours, no item named."""
    if not _HOURS.search(said.text) or len(said.text) > LONGEST_ON_HOURS:
        return False
    if _asks_more_than_hours(said):
        return False
    best = said.match.best
    return best is None or not best.is_named


def _asks_more_than_hours(said: Understanding) -> bool:
    """“到哪办，几点开门”: the place is asked for beside the hours."""
    return said.reading.facet_is_cued and bool({*said.facets} - {"when", OVERVIEW})


def _asks_hours_too(context: Context) -> bool:
    """“国庆呢” after the hours of another day."""
    said, today = context.understanding, context.now.date()
    if context.memory.facet != "when" or not reference.AND_THAT.match(said.text):
        return False
    return bool(
        opening.asked_day(said.text, today) or opening.unannounced_holiday(said.text, today)
    )


def _hours(context: Context) -> Outcome:
    """The office's hours; they answer for the item at hand too, if there is one."""
    asked = Asked(context.guide.places, context.now, context.understanding.text)
    text = f"街道为民服务大厅：{opening_text(asked)}"
    item = context.guide.item(context.memory.item)
    buttons = (*(next_buttons(item, ["when"]) if item else ()), HUMAN_BUTTON)
    reply = plain(context, "answer", text, buttons=buttons)
    if item:
        shown = Answer(item.item_id, "when", text)
        reply = replace(reply, item=item.item_id, answers=(shown,))
    return Outcome(replace(reply, intent="ask_item", facet="when"), {"facet": "when"})


def go_back(context: Context) -> Outcome:
    """“回到刚才那个”: the item before, or the one that is named."""
    said, memory = context.understanding, context.memory
    if reference.goes_back_to(context):
        return about(context, memory.previous_item, said.facets) or _which_item(context)
    if said.reading.has_subject and said.match.decision != "step_back":
        return answer(context)
    if not memory.previous_item:
        return answer(context) if memory.item else _which_item(context)
    asked = said.facets if said.reading.facet_is_cued else (OVERVIEW,)
    return about(context, memory.previous_item, asked) or _which_item(context)
