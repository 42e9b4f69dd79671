"""Answers without the dialogue engine: emergencies, a person, questions in one turn.

Used while the dialogue process is down; the same actions and the same matcher, no memory.
"""

from __future__ import annotations

import re
from datetime import datetime

from bot.actions import answer, small_talk
from bot.actions.context import Context, Guide
from bot.conversations.messages import Reply
from knowledge.search.matcher import Matcher
from nlu.protocol import Understanding, read_message

_HUMAN = re.compile(r"人工|真人|找个?人|客服|工作人员")
_GREETING = re.compile(r"^(你好|您好|喂|早上好|下午好|晚上好|在吗)[啊呀,，。！!]*$")


def single_turn(
    matcher: Matcher, guide: Guide, text: str, entities: dict[str, str], now: datetime
) -> Reply:
    """Answer one message on its own."""
    reading = read_message(matcher, text)
    intent, action = "ask_item", answer.answer
    if not entities and _HUMAN.search(text) and len(text) <= 12:
        intent, action = "human", small_talk.human
    elif not entities and _GREETING.match(text):
        intent, action = "greet", small_talk.small_talk
    said = Understanding(text, intent, reading.match.probability, reading, entities)
    return action(Context(said, guide, now)).reply
