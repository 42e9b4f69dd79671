"""What callers are likely to hear, rendered ahead: fixed sentences first, then every guide.

Runs beside the line in the background and gives way to calls; what is rendered stays in the cache,
so whatever stopped halfway goes on where it was. Only what is meant for everybody is put there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterator
from itertools import islice

from django.db import close_old_connections

from bot import clock
from bot.actions import office
from bot.actions.context import Context
from bot.actions.telling import about
from bot.channels.phone import sentences
from bot.channels.phone.saying import saying
from bot.handovers.desk import ConversationDesk
from knowledge.record import FACETS
from knowledge.search.errors import SearchError
from nlu.protocol import Understanding, read_message
from voice.errors import SynthesizerUnavailable
from voice.prompts import fixed_prompts
from voice.synthesis.speech import Speech

log = logging.getLogger(__name__)

BATCH_SENTENCES = 20
# Between two batches calls come first.
PAUSE_SECONDS = 0.2
NICENESS = 15
# What is said of today is another day's answer tomorrow.
OF_THE_DAY = "when"


def likely_sentences() -> Iterator[str]:
    """Yield what is said to many: the line's own sentences, then the answers of all guides.

    Raises SearchError if nothing is published.
    """
    yield from fixed_prompts(office=sentences.OFFICE).values()
    yield from (text for text in vars(sentences).values() if _is_fixed(text))
    yield from (*sentences.LINE_FULL, *sentences.LINE_BROKEN, *sentences.NOT_PASSED_ON)
    guide, matcher = office.guide(), office.matcher()
    said = Understanding("", "ask_item", 1.0, read_message(matcher, ""), {}, {})
    context = Context(said, guide, clock.now(), matcher.match, ConversationDesk(""))
    for item_id in guide.item_ids():
        for facet in FACETS:
            told = about(context, item_id, (facet,)) if facet != OF_THE_DAY else None
            if told is not None:
                yield from (one for part in saying(told.reply, guide).parts for one in part)


def _is_fixed(text: object) -> bool:
    return isinstance(text, str) and "{" not in text and text.endswith(("。", "？"))


def preload(speech: Speech, stop: threading.Event) -> int:
    """Render until all is there or ``stop`` is set; returns how many sentences were new."""
    _give_way()
    rendered = 0
    wanted = likely_sentences()
    try:
        while batch := list(islice(wanted, BATCH_SENTENCES)):
            done = speech.preload(batch, progress=False).rendered
            rendered += done
            if stop.wait(PAUSE_SECONDS if done else 0.0):
                break
    except (SearchError, SynthesizerUnavailable) as error:
        log.warning("not everything is rendered ahead: %s", type(error).__name__)
    finally:
        close_old_connections()
    log.info("%d sentences rendered ahead", rendered)
    return rendered


def _give_way() -> None:
    """Run this thread, where the system can tell threads apart, after everybody else's."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
