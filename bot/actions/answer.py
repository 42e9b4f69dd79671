"""Answer, ask which, name who is competent, or step back: what to say to a question.

The matcher has decided how sure it is; here the decision becomes a reply from typed fields.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.actions.context import Context, Outcome
from bot.actions.rendering import (
    Asked,
    checklist_text,
    facet_text,
    next_buttons,
    opening_text,
    topic_text,
)
from bot.conversations import phrases
from bot.conversations.messages import Answer, Button, Competent, Offer, Reply
from knowledge.record import FACETS, Faq, ServiceItem
from knowledge.search.analysis import content, terms
from knowledge.search.matcher import MOST_CHOICES, Candidate, Match
from knowledge.search.passages import NOTHING
from nlu.protocol import Understanding

OVERVIEW = "overview"
HUMAN_BUTTON = Button("找人工", "human")
# Dice coefficient over pairs of characters.
FAQ_OVERLAP = 0.5
# What the intent classifier holds to be out of scope is answered from this probability on.
FAIR_MATCH = 0.4
MOST_LINKS = 6
# How far a message may stray from a bare question of facet before it needs a subject of its own.
LONGEST_FOLLOW_UP = 16


_HOURS = re.compile(
    r"开门|开不开|关门|上班|上不上班|下班|营业(?!执照)|放假|休息|几点(开|关|到|下)|中午有人|办公时间|工作时间"
)


def answer(context: Context) -> Outcome:
    """Answer a question about an item, or find out which item is meant."""
    said = context.understanding
    if item_id := said.entities.get("item"):
        return about(context, item_id, (said.entities.get("facet") or OVERVIEW,))
    if asks_only_hours(said):
        return _hours(context)
    if is_follow_up(context):
        return about(context, str(said.slots["item"]), said.facets)
    if said.reading.facet_is_cued and not said.reading.has_subject:
        return Outcome(_plain(context, "clarify", phrases.ASK_ITEM_FIRST, slot="item"))
    match = said.match
    if match.decision == "answer" and match.best is not None:
        return about(context, match.best.owner, said.facets)
    if match.decision == "ask" and match.choices:
        return clarify(context, match.choices)
    return step_back(context)


def is_follow_up(context: Context) -> bool:
    """Whether a message asks for another facet of the item at hand without naming a subject."""
    said = context.understanding
    if not said.slots.get("item") or len(said.text) > LONGEST_FOLLOW_UP:
        return False
    if not said.reading.has_subject:
        return True
    if said.match.decision == "ask" and said.slots["item"] not in (
        c.owner for c in said.match.choices
    ):
        return False
    return said.reading.facet_is_cued and said.match.decision != "answer"


def about(context: Context, owner: str, facets: Sequence[str]) -> Outcome:
    """Say what is known of a record of any kind."""
    guide = context.guide
    facets = [facet if facet in FACETS else OVERVIEW for facet in facets] or [OVERVIEW]
    if item := guide.item(owner):
        return _item(context, item, facets)
    if outline := guide.outline(owner):
        return _outline(context, outline, facets[0])
    if subject := guide.subject(owner):
        competent = Competent(**_plain_competent(subject.competent))
        phone = f"电话{competent.phone}。" if competent.phone else ""
        text = f"{subject.answer}\n这件事归{competent.body}管。{phone}"
        buttons = (HUMAN_BUTTON,)
        reply = _plain(context, "referral", text, competent=competent, buttons=buttons)
        return Outcome(replace(reply, intent="ask_item"), {"item": None})
    if guide.event(owner):
        return _event(context, owner)
    if guide.report_kind(owner):
        return report_kind(context, owner)
    if checklist := guide.checklist(owner):
        return _told(context, checklist_text(checklist), checklist.items)
    if topic := guide.topic(owner):
        asked = Asked(guide.places, context.now, context.understanding.text)
        return _told(context, topic_text(topic, asked), topic.items)
    return step_back(context)


def _told(context: Context, text: str, items: Sequence[str]) -> Outcome:
    """An answer that is about no one item, with the items it leads to as buttons."""
    buttons = [Button(context.guide.name(i), f"ask:{i}:{OVERVIEW}") for i in items[:MOST_LINKS]]
    reply = _plain(context, "answer", text, buttons=(*buttons, HUMAN_BUTTON))
    return Outcome(replace(reply, intent="ask_item", facet=OVERVIEW), {"item": None})


def _plain_competent(competent: object) -> dict[str, str]:
    return {name: getattr(competent, name) for name in ("body", "phone", "why")}


def _item(context: Context, item: ServiceItem, facets: Sequence[str]) -> Outcome:
    said = context.understanding
    asked = Asked(context.guide.places, context.now, said.text)
    answers = [Answer(item.item_id, f, facet_text(item, f, asked)) for f in facets]
    frequent = _frequent(item, said.text)
    if frequent is not None:
        answers[0] = replace(answers[0], text=f"{frequent.answer}\n{answers[0].text}")
    text = "\n".join(a.text for a in answers)
    if text.count(phrases.UNVERIFIED) > 1:
        text = text.replace(f"\n{phrases.UNVERIFIED}", "") + f"\n{phrases.UNVERIFIED}"
    if OVERVIEW not in facets:
        text = f"{item.short_name}——\n{text}" if len(text) > 40 else f"{item.short_name}：{text}"
    reply = Reply(
        kind="answer",
        intent="ask_progress" if facets[0] == "progress" else "ask_item",
        text=text,
        item=item.item_id,
        facet=facets[0],
        answers=tuple(answers),
        candidates=offers(said.match) or (Offer(item.item_id, item.name, 1.0),),
        confidence=round(said.match.probability if not said.entities else 1.0, 4),
        buttons=(*next_buttons(item, facets), HUMAN_BUTTON),
    )
    return Outcome(reply, {"item": item.item_id, "facet": facets[0]})


def _frequent(item: ServiceItem, text: str) -> Faq | None:
    """Return the frequent question that says nearly the same, if there is one."""
    mine = _pairs(text)
    best, overlap = None, FAQ_OVERLAP
    for entry in item.faq:
        theirs = _pairs(entry.question)
        shared = 2 * len(mine & theirs) / max(1, len(mine) + len(theirs))
        if shared > overlap:
            best, overlap = entry, shared
    return best


def _pairs(text: str) -> set[str]:
    return {term for term in terms(content(text), "chars") if len(term) == 2}


def _outline(context: Context, outline: dict[str, str], facet: str) -> Outcome:
    """An item that is ours but has no guide yet: say so, and who knows."""
    asked = Asked(context.guide.places, context.now, context.understanding.text)
    text = (
        f"“{outline['name']}”是我们能办的事，街道为民服务大厅和每个社区都收。"
        "它的详细指南还在整理，要带什么我不敢乱说，请打12345或到窗口问一声。"
    )
    if facet == "when":
        text += f"\n{opening_text(asked)}"
    reply = _plain(context, "answer", text, buttons=(HUMAN_BUTTON,))
    shown = Answer(outline["item_id"], facet, text)
    reply = replace(
        reply, intent="ask_item", item=outline["item_id"], facet=facet, answers=(shown,)
    )
    return Outcome(reply, {"item": outline["item_id"], "facet": facet})


def _event(context: Context, event_id: str) -> Outcome:
    event = context.guide.event(event_id)
    assert event is not None
    rows = []
    for number, entry in enumerate(event.items, start=1):
        details = "，".join(part for part in (entry.who, entry.deadline, entry.note) if part)
        name = context.guide.name(entry.item)
        rows.append(f"{number}. {name}" + (f"（{details}）" if details else ""))
    text = f"{event.intro}\n" + "\n".join(rows) + "\n您想先看哪一件？"
    return _told(context, text, [entry.item for entry in event.items])


def report_kind(context: Context, kind_id: str) -> Outcome:
    """Say who sees to a complaint of this kind and where to make it.

    The record's ``answer`` promises what happens once a report is opened; nothing is opened here.
    """
    kind = context.guide.report_kind(kind_id)
    assert kind is not None
    text = f"“{kind.name}”归{kind.responsible_role}管。{phrases.TICKET_BY_PHONE}"
    buttons = [HUMAN_BUTTON]
    if kind.linked_item and context.guide.item(kind.linked_item):
        buttons.insert(0, Button("看怎么反映", f"ask:{kind.linked_item}:process"))
    reply = _plain(context, "handover", text, buttons=tuple(buttons))
    return Outcome(replace(reply, item=kind.linked_item or None))


def clarify(context: Context, choices: Sequence[Candidate]) -> Outcome:
    """Ask which of at most three records is meant."""
    said = context.understanding
    facet = said.facets[0]
    buttons = [Button(context.guide.name(c.owner), f"ask:{c.owner}:{facet}") for c in choices]
    buttons.append(Button(phrases.NONE_OF_THESE, "none"))
    lines = "\n".join(f"{n}. {button.title}" for n, button in enumerate(buttons[:-1], start=1))
    reply = _plain(context, "clarify", f"{phrases.WHICH}\n{lines}", slot="item")
    return Outcome(replace(reply, intent="ask_item", facet=facet, buttons=tuple(buttons)))


def step_back(context: Context) -> Outcome:
    """Say that it was not understood, with examples, the nearest guesses and a person."""
    guesses = [
        Button(context.guide.name(c.owner), f"ask:{c.owner}:overview")
        for c in context.understanding.match.choices
        if c.kind in ("item", "outline") and c.score > 0.05
    ]
    reply = _plain(context, "fallback", phrases.NOT_UNDERSTOOD, buttons=(*guesses, HUMAN_BUTTON))
    return Outcome(replace(reply, intent="unknown"))


def out_of_scope(context: Context) -> Outcome:
    """What no street office does; a fair match is still given its chance."""
    match = context.understanding.match
    if match.decision != "step_back" and match.probability >= FAIR_MATCH:
        return answer(context)
    reply = _plain(context, "fallback", phrases.NOT_OURS_AT_ALL, buttons=(HUMAN_BUTTON,))
    return Outcome(replace(reply, intent="out_of_scope"))


def _meant(context: Context) -> str | None:
    """The item that the message names, else the item at hand; None if there is neither."""
    said = context.understanding
    best = said.match.best
    if said.reading.has_subject and said.match.decision == "answer" and best is not None:
        return best.owner
    held = said.slots.get("item")
    return str(held) if held else None


def progress(context: Context) -> Outcome:
    """How far something is. Of an item it is the progress facet; else the number is asked for."""
    said = context.understanding
    is_about_something = said.reading.has_subject and said.match.decision != "step_back"
    if is_about_something and "progress" not in said.facets:
        return answer(context)
    item_id = _meant(context)
    if item_id and context.guide.item(item_id):
        return about(context, item_id, ("progress",))
    text = f"要查办到哪一步，请带上受理单。{phrases.TICKET_BY_PHONE}"
    return Outcome(_plain(context, "handover", text, buttons=(HUMAN_BUTTON,)))


def proxy(context: Context) -> Outcome:
    """Somebody wants the office to act for her: say how it goes, and who arranges it."""
    item_id = _meant(context)
    if item_id and context.guide.item(item_id):
        outcome = about(context, item_id, ("proxy",))
        text = f"{outcome.reply.text}\n要我们的人帮您跑：{phrases.TICKET_BY_PHONE}"
        reply = replace(outcome.reply, intent="request_proxy", text=text)
        return Outcome(reply, outcome.slots)
    said = context.understanding
    if said.match.decision == "answer" and said.match.best is not None and said.reading.has_subject:
        return _as_heard(about(context, said.match.best.owner, said.facets), said)
    if _is_worth_asking(said) and len(said.match.choices) > 1:
        return _as_heard(clarify(context, said.match.choices), said)
    text = f"可以的，“小顶快跑”能代办、帮办、陪办。{phrases.TICKET_BY_PHONE}您想办的是哪一件？"
    return Outcome(_plain(context, "handover", text, slot="item", buttons=(HUMAN_BUTTON,)))


def report(context: Context) -> Outcome:
    """Something is wrong outside: the item or the kind of report that fits."""
    said = context.understanding
    match = said.match
    if not _is_worth_asking(said) or match.best is None:
        text = phrases.TICKET_BY_PHONE
        return Outcome(_plain(context, "handover", text, buttons=(HUMAN_BUTTON,)))
    if context.guide.report_kind(match.best.owner):
        return report_kind(context, match.best.owner)
    if match.decision == "answer":
        return _as_heard(about(context, match.best.owner, said.facets), said)
    return _as_heard(clarify(context, match.choices), said)


def _is_worth_asking(said: Understanding) -> bool:
    """Whether the match of a message that may be about no item at all is fair enough to act on."""
    is_fair = said.match.decision != "step_back" and said.match.probability >= FAIR_MATCH
    return said.reading.has_subject and is_fair


def _as_heard(outcome: Outcome, said: Understanding) -> Outcome:
    """The outcome under the intent that was heard, not the one of a question about an item."""
    return Outcome(replace(outcome.reply, intent=said.intent), outcome.slots)


def asks_only_hours(said: Understanding) -> bool:
    """“现在开门吗”, “周六上班不”, “国庆放假吗”: the office's hours, no item named."""
    if not _HOURS.search(said.text) or len(said.text) > LONGEST_FOLLOW_UP:
        return False
    best = said.match.best
    return best is None or not best.signs.get("named")


def _hours(context: Context) -> Outcome:
    """The office's hours; they answer for the item at hand too, if there is one."""
    asked = Asked(context.guide.places, context.now, context.understanding.text)
    text = f"街道为民服务大厅：{opening_text(asked)}"
    item = context.guide.item(str(context.understanding.slots.get("item")))
    buttons = (*(next_buttons(item, ["when"]) if item else ()), HUMAN_BUTTON)
    reply = _plain(context, "answer", text, buttons=buttons)
    if item:
        shown = Answer(item.item_id, "when", text)
        reply = replace(reply, item=item.item_id, answers=(shown,))
    return Outcome(replace(reply, intent="ask_item", facet="when"))


def offers(match: Match) -> tuple[Offer, ...]:
    """Return the candidates as the contract shows them: those asked about first, in their order."""
    asked = match.choices if match.decision == "ask" else ()
    nearest = {c.owner: c for c in (*asked, *match.ranked) if c.owner != NOTHING}
    return tuple(Offer(c.owner, c.name, c.score) for c in [*nearest.values()][:MOST_CHOICES])


def _plain(context: Context, kind: str, text: str, **more: object) -> Reply:
    match = context.understanding.match
    reply = Reply(
        kind=kind,  # type: ignore[arg-type]
        text=text,
        intent=context.understanding.intent,
        candidates=offers(match),
        confidence=round(match.probability, 4),
    )
    return replace(reply, **more)  # type: ignore[arg-type]
