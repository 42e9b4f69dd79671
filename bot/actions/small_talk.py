"""Greetings, courtesies and the steering of the talk itself."""

from __future__ import annotations

from dataclasses import replace

from bot.actions import asking
from bot.actions.asking import LONGEST_COURTESY
from bot.actions.context import Context, Outcome
from bot.actions.telling import HUMAN_BUTTON, plain
from bot.conversations import phrases
from bot.conversations.messages import Button, Reply

# After these nothing that was open is waited for any more.
_ENDS = frozenset({"goodbye", "cancel", "deny"})
_MISHEARD = frozenset({"dont_understand", "affirm", "deny", "repeat"})
_OFFERS_PERSON = frozenset({"help", "dont_understand"})


def small_talk(context: Context) -> Outcome:
    """Answer by intent with a fixed sentence; “再说一遍” gives the last reply again."""
    intent = context.understanding.intent
    if (
        intent in _MISHEARD
        and context.memory.misses
        and len(context.understanding.text) > LONGEST_COURTESY
    ):
        # After a failure a long sentence that sounds like a courtesy is another one.
        return asking.step_back(context)
    if intent == "repeat":
        return Outcome(_again(context), leaves=True)
    if intent == "greet":
        text = phrases.greeting(context.now)
        buttons = tuple(Button(example, f"say:{example}") for example in phrases.EXAMPLES[:3])
        return Outcome(_courtesy(intent, text, buttons), leaves=True)
    text = phrases.SMALL_TALK.get(intent, phrases.NOT_UNDERSTOOD)
    buttons = (HUMAN_BUTTON,) if intent in _OFFERS_PERSON else ()
    return Outcome(_courtesy(intent, text, buttons), leaves=intent not in _ENDS)


def _courtesy(intent: str, text: str, buttons: tuple[Button, ...] = ()) -> Reply:
    return Reply(kind="smalltalk", intent=intent, text=text, buttons=buttons, confidence=1.0)


def _again(context: Context) -> Reply:
    previous = context.previous()
    if previous is None:
        return _courtesy("repeat", phrases.REPEAT_NOTHING)
    return replace(previous, kind="smalltalk", intent="repeat")


def rate(context: Context) -> Outcome:
    """Ratings are taken where there is something to rate."""
    text = "谢谢您的评价，请点回答下面的“有用”或“没用”，我们都会看。对办事人员的评价，打12345也行。"
    return Outcome(_courtesy("rate", text), leaves=True)


def danger_over(context: Context) -> Outcome:
    """“没事了” where no danger is known of; where it is, the service has seen to it before."""
    return Outcome(_courtesy("affirm", phrases.NO_DANGER), leaves=True, then="calm")


def delete_data(context: Context) -> Outcome:
    """“删除我的数据”: say what goes and what stays, and wait for a yes."""
    buttons = (Button("删掉", "say:是的"), Button("不删", "say:不要"))
    reply = plain(context, "confirm", phrases.ERASE_REALLY, slot="confirm", buttons=buttons)
    return Outcome(replace(reply, intent="affirm", candidates=()), {"awaiting": "deletion"})


def erase(context: Context) -> Outcome:
    """The yes to it: everything is forgotten; the service erases what is stored."""
    return Outcome(_courtesy("affirm", phrases.ERASED), then="erase")


def keep_data(context: Context) -> Outcome:
    """Anything but a yes."""
    return Outcome(_courtesy("deny", phrases.NOT_ERASED))
