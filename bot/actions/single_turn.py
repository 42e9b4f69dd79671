"""Answers without the dialogue engine: emergencies, a person, questions in one turn.

Used while the dialogue process is down; the same actions and the same matcher, no memory.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.actions import answer, asking, person, small_talk
from bot.actions.context import Context, Outcome
from bot.actions.intake import cases, report, ticket
from bot.actions.intake.said import is_yes
from bot.actions.telling import HUMAN_BUTTON
from bot.conversations import phrases
from bot.conversations.drafts import draft_update
from bot.conversations.messages import Reply

_HUMAN = re.compile(r"人工|真人|找个?人|客服|工作人员")
_UNDERSTOOD = ("answer", "referral", "handover", "smalltalk")
_GREETING = re.compile(r"^(你好|您好|喂|早上好|下午好|晚上好|在吗)[啊呀,，。！!]*$")


def single_turn(context: Context) -> Reply:
    """Answer one message on its own; the context's understanding is a first reading."""
    said = context.understanding
    if (outcome := _of_a_case(context)) is not None:
        if outcome.draft:
            draft_update(context.conversation(), outcome.draft)
        return outcome.reply
    intent, action = "ask_item", answer.answer
    if not said.entities and _HUMAN.search(said.text) and len(said.text) <= 12:
        intent, action = "human", person.human
    elif not said.entities and _GREETING.match(said.text):
        intent, action = "greet", small_talk.small_talk
    elif said.text == phrases.NONE_OF_THESE:
        intent, action = "none_of_these", asking.none_of_these
    reply = action(replace(context, understanding=replace(said, intent=intent))).reply
    if reply.kind in _UNDERSTOOD or (reply.kind == "clarify" and reply.candidates):
        return reply
    # What leans on words before cannot be understood without memory: say so, and offer a person.
    return replace(reply, kind="fallback", text=phrases.ALONE, slot=None, buttons=(HUMAN_BUTTON,))


def _of_a_case(context: Context) -> Outcome | None:
    """The yes to what was read back, and how far a ticket is, need no engine."""
    text, form = context.understanding.text, context.draft.get("form")
    if form == ticket.READ_BACK and is_yes(text):
        return ticket.confirm(context)
    if form == report.READ_BACK and is_yes(text):
        return report.confirm(context)
    if not form and is_yes(text):
        return cases.told_again(context)
    if cases.asks_for_case(text) and cases.mine(context):
        return cases.progress(context)
    return None
