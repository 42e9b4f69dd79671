"""Greetings, courtesies and the steering of the talk itself."""

from __future__ import annotations

from dataclasses import replace

from bot.actions.answer import HUMAN_BUTTON
from bot.actions.context import Context, Outcome
from bot.conversations import phrases
from bot.conversations.messages import Button, Reply
from knowledge import opening


def small_talk(context: Context) -> Outcome:
    """Answer by intent with a fixed sentence; “再说一遍” gives the last reply again."""
    intent = context.understanding.intent
    if intent == "repeat":
        return Outcome(_again(context))
    if intent == "greet":
        text = phrases.greeting(context.now)
        buttons = tuple(Button(example, f"say:{example}") for example in phrases.EXAMPLES[:3])
        return Outcome(Reply(kind="smalltalk", intent=intent, text=text, buttons=buttons))
    text = phrases.SMALL_TALK.get(intent, phrases.NOT_UNDERSTOOD)
    buttons = (HUMAN_BUTTON,) if intent in ("complain_bot", "help", "dont_understand") else ()
    return Outcome(Reply(kind="smalltalk", intent=intent, text=text, buttons=buttons))


def _again(context: Context) -> Reply:
    previous = context.previous()
    if previous is None:
        return Reply(kind="smalltalk", intent="repeat", text=phrases.REPEAT_NOTHING)
    return replace(previous, kind="smalltalk", intent="repeat")


def rate(context: Context) -> Outcome:
    """Ratings are taken where there is something to rate."""
    text = "谢谢您的评价，请点回答下面的“有用”或“没用”，我们都会看。对办事人员的评价，打12345也行。"
    return Outcome(Reply(kind="smalltalk", intent="rate", text=text))


def human(context: Context) -> Outcome:
    """A person, in one step: who can be reached now and how."""
    hall = next((place for place in context.guide.places if place.kind == "hall"), None)
    when = ""
    if hall is not None and opening.is_open(hall.hours, context.now):
        when = "现在是上班时间，也可以直接到街道大厅或就近的社区，窗口都有人。"
    elif hall is not None and (soon := opening.next_opening(hall.hours, context.now)):
        day = "今天" if soon.date() == context.now.date() else f"{soon.month}月{soon.day}日"
        when = f"窗口现在下班了，{day}{opening.clock(soon.time())}有人。"
    text = f"好的，找真人帮您。请打12345，一天24小时有人接，说“转顶山街道”。{when}"
    return Outcome(Reply(kind="handover", intent="human", text=text, confidence=1.0))
