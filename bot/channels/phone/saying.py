"""How a reply is told on the telephone: in parts, with the keys that stand for its choices.

Only the words and what is awaited after them; the course of the call is ``answerer``'s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.actions.context import Guide
from bot.channels.phone import sentences
from bot.channels.phone.pages import Part, in_one_go, parts_of
from bot.channels.phone.speakable import (
    LISTED,
    LONGEST_SENTENCE,
    briefly,
    flowing,
    ordinal,
    points,
)
from bot.conversations import phrases
from bot.conversations.messages import Button, Reply
from voice.answerer import Expects

NUMBERS = ("phone", "number")
# 7, 8 and 9 are the line's own commands, or nothing.
MOST_KEYS = 6
MOST_HOT_WORDS = 30
_SCORE = re.compile(r"(\d)分")
_SPACED_NUMBER = re.compile(r"\d{6} \d{4}")
_ASKS = ("ask_slot", "confirm", "clarify")
# Words for a page are none for the ear.
_SEEN = (("下面哪", "哪"), ("，别关页面", ""))


@dataclass(frozen=True)
class Saying:
    """A reply for a caller: ``buttons`` are what the keys 1, 2, … stand for, in this order."""

    parts: tuple[Part, ...]
    expects: Expects = "free"
    buttons: tuple[Button, ...] = ()
    hot_words: tuple[str, ...] = ()


def saying(reply: Reply, guide: Guide) -> Saying:
    """Return how a reply is told."""
    expects = _awaited(reply)
    buttons = _keyed(reply) if expects == "choice" else ()
    *before, last = _told(reply, guide, buttons, expects)
    if expects == "free" and reply.kind != "emergency":
        last = in_one_go(_asking(last) if reply.kind in _ASKS else last)
    hot_words = tuple(_hot_words(reply, guide, buttons))
    parts = tuple(tuple(map(guide.read_aloud, part)) for part in (*before, last))
    return Saying(parts, expects, buttons, hot_words)


def _asking(part: Part) -> Part:
    """A question comes last, after its examples: what asks nothing is taken for the end."""
    asked = next((sentence for sentence in reversed(part) if _is_question(sentence)), "")
    if not asked:
        return (*part, sentences.SAY_IT)
    return (*(sentence for sentence in part if sentence != asked), asked)


def _is_question(sentence: str) -> bool:
    return sentence.rstrip("”").endswith("？")


def _awaited(reply: Reply) -> Expects:
    if reply.slot in NUMBERS:
        return "digits"
    if reply.kind == "confirm" and _offered(reply):
        return "yes_no"
    return "choice" if len(_keyed(reply)) > 1 else "free"


def _offered(reply: Reply) -> list[Button]:
    """The buttons of this very question, without the one that is everywhere."""
    return [button for button in reply.buttons if button.payload != phrases.HUMAN_PAYLOAD]


def _keyed(reply: Reply) -> tuple[Button, ...]:
    """The buttons that keys stand for, those that are choices and not merely what one may ask."""
    offered = _offered(reply)
    if scores := [button for button in offered if _SCORE.fullmatch(button.title)]:
        return tuple(sorted(scores, key=lambda button: button.title))
    if reply.slot == "situation":
        return _beginning(offered, "tell:")
    if reply.kind == "clarify" and reply.candidates:
        return tuple(offered)[:MOST_KEYS]
    if reply.kind == "ask_slot" and reply.slot in ("item", "mode"):
        return _beginning(offered, "say:")
    is_overview = reply.kind == "answer" and reply.item is None
    return _beginning(offered, "ask:") if is_overview else ()


def _beginning(buttons: Sequence[Button], mark: str) -> tuple[Button, ...]:
    return tuple(button for button in buttons if button.payload.startswith(mark))[:MOST_KEYS]


def _told(
    reply: Reply, guide: Guide, buttons: Sequence[Button], expects: Expects
) -> list[tuple[str, ...]]:
    if reply.kind == "emergency":
        return [reply.speech or flowing(points(reply.text))]
    if reply.kind in ("ticket_opened", "report_opened"):
        return [_number_twice(flowing(points(reply.text)))]
    said = points(_for_the_ear(_without_choices(reply.text, buttons)))
    if reply.kind == "answer":
        said = briefly(said) if reply.facet == LISTED else said
        if reply.slot == "situation" and said:
            question = said.pop()
            return parts_of(said, (*question.pieces, *_options(buttons)))
        return parts_of(said)
    return [(*flowing(said), *_closing(reply, guide, buttons, expects))]


def _closing(
    reply: Reply, guide: Guide, buttons: Sequence[Button], expects: Expects
) -> Sequence[str]:
    if expects == "yes_no":
        return (sentences.YES_OR_NO,)
    if reply.candidates and expects == "choice" and reply.slot == "item":
        return _choices(guide, buttons)
    return () if _is_rating(buttons) else _options(buttons)


def _choices(guide: Guide, buttons: Sequence[Button]) -> list[str]:
    """“要问居住证办理，请说第一个，或者按1。” for each that may have been meant."""
    lines = []
    for key, button in enumerate(buttons, start=1):
        if button.payload == "none":
            lines.append(sentences.NONE_OF_THESE.format(key=key))
        else:
            name = _short_name(guide, button)
            lines.append(sentences.CHOOSE.format(name=name, place=ordinal(key), key=key))
    return lines


def _options(buttons: Sequence[Button]) -> list[str]:
    """“代办按1，帮办按2。”, in one sentence if one breath carries it."""
    told = [
        sentences.OPTION.format(title=button.title.replace("、", "或者"), key=key)
        for key, button in enumerate(buttons, start=1)
    ]
    together = f"{'，'.join(told)}。" if told else ""
    return [together] if 0 < len(together) <= LONGEST_SENTENCE else [f"{one}。" for one in told]


def _is_rating(buttons: Sequence[Button]) -> bool:
    return bool(buttons) and bool(_SCORE.fullmatch(buttons[0].title))


def _short_name(guide: Guide, button: Button) -> str:
    item = guide.item(_item_of(button))
    return item.short_name if item is not None else button.title


def _item_of(button: Button) -> str:
    mark, _, rest = button.payload.partition(":")
    return rest.partition(":")[0] if mark == "ask" else ""


def _without_choices(text: str, buttons: Sequence[Button]) -> str:
    """A text without the rows that the keys' sentences say again."""
    rows = {f"{n}. {button.title}" for n, button in enumerate(buttons, start=1)}
    return "\n".join(line for line in text.split("\n") if line not in rows)


def _for_the_ear(text: str) -> str:
    for seen, heard in _SEEN:
        text = text.replace(seen, heard)
    return text


def _number_twice(said: Sequence[str]) -> tuple[str, ...]:
    """What was opened has a number that is easily missed."""
    for place, sentence in enumerate(said, start=1):
        if found := _SPACED_NUMBER.search(sentence):
            again = sentences.NUMBER_AGAIN.format(number=found[0])
            return (*said[:place], again, *said[place:])
    return tuple(said)


def _hot_words(reply: Reply, guide: Guide, buttons: Sequence[Button]) -> list[str]:
    """What is likely to be said now: the names of what was offered or is talked about."""
    owners = [offer.item for offer in reply.candidates] if reply.kind == "clarify" else []
    owners += [_item_of(button) for button in buttons] + [reply.item or ""]
    named = [name for owner in owners if owner for name in guide.names(owner)]
    titles = [button.title for button in buttons]
    return list(dict.fromkeys([*titles, *named]))[:MOST_HOT_WORDS]
