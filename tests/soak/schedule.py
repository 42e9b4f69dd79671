"""Who says what when: many residents at once, each in a talk of a few turns, at a fixed pace.

The plan is made before anything is sent and is the same for every server it is held against. A
message is late from the moment it was due, not from the moment it could be sent, so that a queue
shows. What a server is and what a right reply looks like is the caller's business.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

DIALOGUES = Path(__file__).resolve().parents[1] / "data" / "dialogues"
SEED = 7
PER_SECOND = 20.0
# How long a resident reads and types before she says the next thing.
PAUSE_SECONDS = 5.0
FEWEST_TURNS = 3
MOST_TURNS = 6


@dataclass(frozen=True)
class Due:
    """One message: when (seconds from the start), by whom, in which talk, which turn of it."""

    at: float
    resident: int
    conversation_id: str
    talk: int
    number: int
    text: str


@dataclass(frozen=True)
class Heard:
    """What came back: ``meaning`` is all that must not depend on what others say meanwhile."""

    text: str = ""
    meaning: tuple[object, ...] = ()
    items: frozenset[str] = frozenset()
    conversation_id: str = ""
    turn_id: str = ""
    offers_person: bool = False
    error: str = ""


@dataclass(frozen=True)
class Happened:
    """A message and its reply: when it was due and when it was sent (monotonic), how long."""

    due: Due
    heard: Heard
    due_at: float
    sent_at: float
    seconds: float


class Door(Protocol):
    """Where messages are said."""

    async def say(self, conversation_id: str, text: str) -> Heard:
        """Say one message; what fails is in the answer's ``error``."""


def talks(dialogues: Iterable[Mapping[str, Any]] | None = None) -> list[tuple[str, ...]]:
    """What residents say in the dialogue files, up to the first button, in talks of 3 to 6 turns."""
    found = []
    for dialogue in _shipped() if dialogues is None else dialogues:
        texts: list[str] = []
        for turn in dialogue["turns"]:
            if not str(turn.get("user", "")).strip():
                break
            texts.append(str(turn["user"]))
        if len(texts) >= FEWEST_TURNS:
            found.append(tuple(texts[:MOST_TURNS]))
    return found


def _shipped() -> list[Mapping[str, Any]]:
    files = sorted(DIALOGUES.glob("*.yml"))
    return [each for file in files for each in yaml.safe_load(file.read_text(encoding="utf-8"))]


def plan(
    said: Sequence[Sequence[str]], seconds: float, per_second: float = PER_SECOND
) -> list[Due]:
    """Return messages at even distances; residents take turns and go through talk after talk."""
    residents = max(1, round(per_second * PAUSE_SECONDS))
    order = list(range(len(said)))
    random.Random(SEED).shuffle(order)
    begun = 0
    open_talks: dict[int, tuple[str, int, int]] = {}
    found = []
    for slot in range(round(seconds * per_second)):
        resident = slot % residents
        conversation, talk, number = open_talks.get(resident, ("", 0, 0))
        if not conversation or number == len(said[talk]):
            conversation, talk, number = f"talk-{begun}", order[begun % len(order)], 0
            begun += 1
        text = said[talk][number]
        found.append(Due(slot / per_second, resident, conversation, talk, number, text))
        open_talks[resident] = (conversation, talk, number + 1)
    return found


async def alone(door: Door, said: Sequence[Sequence[str]]) -> list[list[Heard]]:
    """Go through every talk with nobody else there; warms the server and tells right replies."""
    heard = []
    for number, texts in enumerate(said):
        heard.append([await door.say(f"alone-{number}", text) for text in texts])
    return heard


async def follow(
    door: Door, due: Sequence[Due], stop: threading.Event | None = None
) -> list[Happened]:
    """Say every message when it is due, or as soon as the resident's last one is answered."""
    start = time.monotonic()
    by_resident: dict[int, list[Due]] = {}
    for each in due:
        by_resident.setdefault(each.resident, []).append(each)
    happened: list[Happened] = []

    async def talk(messages: Sequence[Due]) -> None:
        for each in messages:
            due_at = start + each.at
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))
            if stop is not None and stop.is_set():
                return
            sent_at = time.monotonic()
            heard = await door.say(each.conversation_id, each.text)
            happened.append(Happened(each, heard, due_at, sent_at, time.monotonic() - due_at))

    await asyncio.gather(*(talk(messages) for messages in by_resident.values()))
    return happened
