"""Say what is known of a record: its facets, narrowed to her situation, and what follows.

Which record is meant has been decided elsewhere; here it becomes a reply from typed fields, with
the slots that the dialogue is to remember.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.actions.context import Context, Outcome
from bot.actions.facts import age_told, tells_of_person
from bot.actions.memory import about_item
from bot.actions.rendering import (
    Asked,
    checklist_text,
    facet_text,
    next_buttons,
    opening_text,
    topic_text,
)
from bot.actions.situations import Chosen, options_in, options_told, replaced
from bot.conversations import phrases
from bot.conversations.messages import Answer, Button, Competent, Offer, Reply
from knowledge.record import FACETS, Faq, ServiceItem, Situation
from knowledge.search.analysis import content, terms
from knowledge.search.matcher import MOST_CHOICES, Match
from knowledge.search.passages import NOTHING

OVERVIEW = "overview"
HUMAN_BUTTON = Button("找人工", phrases.HUMAN_PAYLOAD)
# Dice coefficient over pairs of characters.
FAQ_OVERLAP = 0.5
MOST_LINKS = 6
# An amount that nobody pays out: it is taken off what one would have to pay.
_LESS_TO_PAY = re.compile(r"免费|半价|减免|免除|优惠|打折")
# Items whose situation is remembered.
MOST_CHOSEN = 6


def about(
    context: Context, owner: str, facets: Sequence[str], options: frozenset[str] = frozenset()
) -> Outcome | None:
    """Say what is known of a record of any kind; None if there is no such record."""
    guide = context.guide
    facets = [facet if facet in FACETS else OVERVIEW for facet in facets] or [OVERVIEW]
    if item := guide.item(owner):
        return about_items(context, [(item, facets)], options)
    if outline := guide.outline(owner):
        return _outline(context, outline, facets[0])
    if guide.subject(owner):
        return _not_ours(context, owner)
    if guide.event(owner):
        return event(context, owner)
    if guide.report_kind(owner):
        return report_kind(context, owner)
    if checklist := guide.checklist(owner):
        return _told(context, checklist_text(checklist), checklist.items)
    if topic := guide.topic(owner):
        return _told(context, topic_text(topic, _asked(context)), topic.items)
    return None


def about_items(
    context: Context,
    wanted: Sequence[tuple[ServiceItem, Sequence[str]]],
    options: frozenset[str] = frozenset(),
    *,
    poses: bool = True,
) -> Outcome:
    """Answer facets of one item, or of several in one message; the last is then at hand.

    ``poses`` is off where something else is asked at the end than her situation.
    """
    parts = [
        _ItemAnswer(context, item, asked, options, poses and number == len(wanted))
        for number, (item, asked) in enumerate(wanted, start=1)
    ]
    last = parts[-1]
    answers = tuple(answer for part in parts for answer in part.answers)
    text = _once_unverified("\n\n".join(part.text for part in parts))
    question = last.question
    buttons = [*last.option_buttons, *next_buttons(last.item, last.facets), HUMAN_BUTTON]
    said = context.understanding
    first = answers[0]
    reply = Reply(
        kind="answer",
        intent="ask_progress" if first.facet == "progress" else "ask_item",
        text=f"{text}\n{question.question}" if question else text,
        item=first.item,
        facet=first.facet,
        answers=answers,
        candidates=offers(said.match) or (Offer(first.item, wanted[0][0].name, 1.0),),
        confidence=round(1.0 if said.entities else said.match.probability, 4),
        slot="situation" if question else None,
        buttons=tuple(buttons),
    )
    slots = about_item(context.memory, last.item.item_id, last.facets[0])
    slots.update(_remembered(parts))
    if len(parts) > 1:
        # Each can be asked about by a word of its name, or by its place.
        ids = [part.item.item_id for part in parts]
        slots.update(previous_item=ids[-2], offered=ids, question=said.text)
    return Outcome(reply, slots)


def _with_allowance(item: ServiceItem, facets: Sequence[str]) -> list[str]:
    """The facets; where one gets to pay less, “要钱吗” is answered with that as well."""
    if "fee" not in facets or "amount" in facets:
        return [*facets]
    is_less = any(_LESS_TO_PAY.search(f"{a.name}{a.standard}") for a in item.amounts)
    return [*facets, "amount"] if is_less else [*facets]


class _ItemAnswer:
    """One item's part of a reply."""

    def __init__(
        self,
        context: Context,
        item: ServiceItem,
        facets: Sequence[str],
        options: frozenset[str],
        poses: bool,
    ) -> None:
        said, memory = context.understanding, context.memory
        self.item, self.facets = item, _with_allowance(item, facets)
        told = list(memory.told)
        just_now = options | options_in(item, said.text)
        if said.text and (tells_of_person(said.text) or just_now):
            told = memory.with_told(said.text)
        before = replaced(item, memory.chosen.get(item.item_id, ()), options_told(item, told))
        self._options = replaced(item, before, just_now)
        asked = replace(_asked(context), options=self._options, age=age_told(told))
        known = tuple(sorted(self._options))
        self.answers = [
            Answer(item.item_id, f, self._said(f, asked), situations=known) for f in self.facets
        ]
        self._answer_frequent(said.text)
        self.question = self._open_question(memory.posed) if poses else None
        self.text = self._composed()
        self.slots = self._slots(memory.chosen, memory.posed, told)

    @property
    def option_buttons(self) -> list[Button]:
        """The answers to the question that is asked at the end."""
        if self.question is None:
            return []
        to = self.item.item_id
        return [Button(o.label, f"tell:{to}:{o.id}") for o in self.question.options]

    def _said(self, facet: str, asked: Asked) -> str:
        """The facet's text; beside another facet, an overview is one line: what it is."""
        text = facet_text(self.item, facet, asked)
        is_aside = facet == OVERVIEW and len(self.facets) > 1
        return text.split("\n", 1)[0] if is_aside else text

    def _answer_frequent(self, text: str) -> None:
        frequent = _frequent(self.item, text)
        if frequent is not None:
            first = self.answers[0]
            self.answers[0] = replace(first, text=f"{frequent.answer}\n{first.text}")

    def _composed(self) -> str:
        text = _once_unverified("\n".join(answer.text for answer in self.answers))
        if labels := self._known_labels():
            text = f"按您说的（{'、'.join(labels)}）：\n{text}"
        if self.facets[0] == OVERVIEW:
            return text
        name = self.item.short_name
        return f"{name}——\n{text}" if len(text) > 40 else f"{name}：{text}"

    def _known_labels(self) -> list[str]:
        """What the shown rows were narrowed by, so that a resident can object."""
        chosen, blank = Chosen(self.item, self._options), Chosen(self.item)
        if all(chosen.open(f) == blank.open(f) for f in self.facets):
            return []
        options = [o for s in self.item.situations for o in s.options]
        return [option.label for option in options if option.id in self._options]

    def _open_question(self, posed: Sequence[str]) -> Situation | None:
        chosen = Chosen(self.item, self._options)
        for facet in self.facets:
            for situation in chosen.open_all(facet):
                if f"{self.item.item_id}:{situation.id}" not in posed:
                    return situation
        return None

    def _slots(
        self, chosen: Mapping[str, Sequence[str]], posed: Sequence[str], told: list[str]
    ) -> dict[str, Any]:
        slots: dict[str, Any] = {"told": told}
        if self._options:
            kept = {**chosen, self.item.item_id: sorted(self._options)}
            slots["chosen"] = dict(list(kept.items())[-MOST_CHOSEN:])
        if self.question is not None:
            slots["awaiting"] = "situation"
            slots["posed"] = [*posed, f"{self.item.item_id}:{self.question.id}"]
        return slots


def _remembered(parts: Sequence[_ItemAnswer]) -> dict[str, Any]:
    """What is to be remembered of all parts; only the last asks something."""
    slots: dict[str, Any] = dict(parts[-1].slots)
    slots["told"] = max((part.slots["told"] for part in parts), key=len)
    chosen = {i: o for part in parts for i, o in part.slots.get("chosen", {}).items()}
    if chosen:
        slots["chosen"] = dict(list(chosen.items())[-MOST_CHOSEN:])
    return slots


def _once_unverified(text: str) -> str:
    if text.count(phrases.UNVERIFIED) > 1:
        text = text.replace(f"\n{phrases.UNVERIFIED}", "") + f"\n{phrases.UNVERIFIED}"
    return text


def _asked(context: Context) -> Asked:
    return Asked(context.guide.places, context.now, context.understanding.text)


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


def _not_ours(context: Context, owner: str) -> Outcome:
    subject = context.guide.subject(owner)
    assert subject is not None
    competent = Competent(
        **{name: getattr(subject.competent, name) for name in ("body", "phone", "why")}
    )
    phone = f"电话{competent.phone}。" if competent.phone else ""
    text = f"{subject.answer}\n这件事归{competent.body}管。{phone}"
    reply = plain(context, "referral", text, competent=competent, buttons=(HUMAN_BUTTON,))
    return Outcome(replace(reply, intent="ask_item"), {"item": None})


def _told(context: Context, text: str, items: Sequence[str]) -> Outcome:
    """An answer that is about no one item, with the items it leads to as buttons to choose from."""
    links = list(items[:MOST_LINKS])
    buttons = [Button(context.guide.name(i), f"ask:{i}:{OVERVIEW}") for i in links]
    reply = plain(context, "answer", text, buttons=(*buttons, HUMAN_BUTTON))
    slots: dict[str, Any] = {"item": None}
    if links:
        slots.update(
            awaiting="choice",
            offered=list(items),
            question=context.understanding.text,
            refused=None,
        )
    return Outcome(replace(reply, intent="ask_item", facet=OVERVIEW), slots)


def _outline(context: Context, outline: dict[str, str], facet: str) -> Outcome:
    """An item that is ours but has no guide yet: say so, and who knows."""
    text = (
        f"“{outline['name']}”是我们能办的事，街道为民服务大厅和每个社区都收。"
        "它的详细指南还在整理，要带什么我不敢乱说，请打12345或到窗口问一声。"
    )
    if facet == "when":
        text += f"\n{opening_text(_asked(context))}"
    reply = plain(context, "answer", text, buttons=(HUMAN_BUTTON,))
    shown = Answer(outline["item_id"], facet, text)
    reply = replace(
        reply, intent="ask_item", item=outline["item_id"], facet=facet, answers=(shown,)
    )
    return Outcome(reply, about_item(context.memory, outline["item_id"], facet))


def event(context: Context, event_id: str) -> Outcome:
    """A turn of life or a whole class: its errands in order, to choose from."""
    found = context.guide.event(event_id)
    assert found is not None
    rows = []
    for number, entry in enumerate(found.items, start=1):
        details = "，".join(part for part in (entry.who, entry.deadline, entry.note) if part)
        name = context.guide.name(entry.item)
        rows.append(f"{number}. {name}" + (f"（{details}）" if details else ""))
    text = f"{found.intro}\n" + "\n".join(rows) + "\n您想先看哪一件？说第几个就行。"
    items = [entry.item for entry in found.items]
    outcome = _told(context, text, items)
    listed = tuple(Offer(item, context.guide.name(item), 1.0) for item in items[:MOST_CHOICES])
    # It ends with the question which of them is meant.
    return replace(outcome, reply=replace(outcome.reply, slot="item", candidates=listed))


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
    reply = plain(context, "handover", text, buttons=tuple(buttons))
    return Outcome(replace(reply, item=kind.linked_item or None))


def offers(match: Match) -> tuple[Offer, ...]:
    """Return the candidates as the contract shows them: those asked about first, in their order."""
    asked = match.choices if match.decision == "ask" else ()
    nearest = {c.owner: c for c in (*asked, *match.ranked) if c.owner != NOTHING}
    return tuple(Offer(c.owner, c.name, c.score) for c in [*nearest.values()][:MOST_CHOICES])


# What only the engine tells apart is, for the outside, one of the contract's intents.
_CONTRACT = {
    **dict.fromkeys(
        ("compare", "go_back", "next_part", "stepwise", "printable", "inform_person"), "ask_item"
    ),
    **dict.fromkeys(("whole_class", "qualify", "choose"), "ask_item"),
    "none_of_these": "deny",
    "delete_data": "affirm",
    "danger_over": "affirm",
    "trouble": "human",
    "nlu_fallback": "unknown",
}


def plain(context: Context, kind: str, text: str, **more: object) -> Reply:
    """Return a reply without an item, with what the matcher thought."""
    match = context.understanding.match
    reply = Reply(
        kind=kind,  # type: ignore[arg-type]
        text=text,
        intent=_CONTRACT.get(context.understanding.intent, context.understanding.intent),
        candidates=offers(match),
        confidence=round(match.probability, 4),
    )
    return replace(reply, **more)  # type: ignore[arg-type]
