"""Residents confirm tickets while web, dialogue and worker are killed: each ticket exactly once.

Every resident gives all at once, hears it read back and says yes, again and again until she has a
number; a message that gets no answer is sent again as it was. What stands in the database at the
end is held against what she was told.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from tqdm import tqdm

from tests.running import Running
from tests.soak.figures import Figures, judged, percentile
from tests.soak.processes import child, served, serves
from tests.soak.residents import logged

SEED = 20261122
RESIDENTS = 500
AT_ONCE = 8
KILLS = 8
BETWEEN = 3
BACK_SECONDS = 120.0
PATIENCE_SECONDS = 360.0
NOW = "2026-11-23T09:30+08:00"
MODES = ("代办", "帮办", "陪办")
COMMUNITIES = ("临江社区", "珍珠路社区")


@dataclass
class Confirmer:
    """One resident: her words, and what became of them."""

    number: int
    numbers: list[str] = field(default_factory=list)
    yeses: int = 0
    seconds: float = 0.0
    error: str = ""
    conversation_id: str = field(default_factory=lambda: uuid4().hex)

    @property
    def phone(self) -> str:
        """A number that nobody else has."""
        return f"138{self.number:08d}"

    @property
    def wish(self) -> str:
        """Everything in one sentence."""
        chance = random.Random(SEED + self.number)
        mode, community = chance.choice(MODES), chance.choice(COMMUNITIES)
        return (
            f"我妈八十二了走不动，请你们{mode}尊老金，她叫王秀英，电话{self.phone}，"
            f"住{community}，周四下午"
        )


class Office:
    """The server's door, the yeses that are under way, and the deaths."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.under_way = 0
        self.confirmed = 0
        self.guard = threading.Lock()
        self.kills: Counter[str] = Counter()
        self.between = 0
        self.stop = threading.Event()

    def say(self, client: httpx.Client, who: Confirmer, text: str) -> dict[str, Any]:
        """Say something; without an answer the same message is sent again."""
        body = {
            "conversation_id": who.conversation_id,
            "channel": "api",
            "text": text,
            "message_id": uuid4().hex,
        }
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_SECONDS:
            try:
                response = client.post("/api/v1/messages", json=body)
                if response.status_code == 200:
                    reply: dict[str, Any] = response.json()
                    return reply
            except httpx.HTTPError:
                pass
            time.sleep(0.5)
        return {"kind": "silence", "ticket": None}

    def confirm(self, who: Confirmer) -> None:
        """Ask, hear it read back, say yes; once more from wherever it got stuck."""
        began = time.monotonic()
        with self.server.client() as client:
            reply = self.say(client, who, who.wish)
            while not who.numbers and time.monotonic() - began < PATIENCE_SECONDS:
                if reply["kind"] == "confirm":
                    reply = self.yes(client, who)
                elif reply["kind"] == "ask_slot":
                    reply = self.say(client, who, who.wish)
                else:
                    time.sleep(1)
                    # Read back already, and the answer lost: a yes is understood; else once more.
                    reply = self.yes(client, who) if who.yeses else self.say(client, who, who.wish)
                    if who.yeses and reply["kind"] not in ("ticket_opened", "confirm"):
                        reply = self.say(client, who, who.wish)
            if who.numbers and who.number % 5 == 0:
                # The same yes twice.
                self.yes(client, who)
        who.seconds = time.monotonic() - began
        who.error = "" if who.numbers else str(reply.get("kind"))

    def yes(self, client: httpx.Client, who: Confirmer) -> dict[str, Any]:
        """Say yes; the number is noted."""
        who.yeses += 1
        with self.guard:
            self.under_way += 1
        try:
            reply = self.say(client, who, "对")
        finally:
            with self.guard:
                self.under_way -= 1
        if reply["kind"] == "ticket_opened":
            self.confirmed += not who.numbers
            who.numbers.append(reply["ticket"]["number"])
        return reply

    def kill_in_turn(self) -> None:
        """Kill web, dialogue and worker in a seeded order, each KILLS times, each when it serves."""
        chance = random.Random(SEED)
        turns = [name for name in ("web", "dialogue", "worker") for _ in range(KILLS)]
        chance.shuffle(turns)
        for number, name in enumerate(turns, start=1):
            # Spread over all confirmations; nobody waits for ever for one that does not come.
            began, due = time.monotonic(), number * RESIDENTS // (len(turns) + 2)
            while self.confirmed < due and time.monotonic() - began < BACK_SECONDS:
                if self.stop.is_set():
                    return
                time.sleep(0.01)
            self._kill(name)

    def _kill(self, name: str) -> None:
        began = time.monotonic()
        while time.monotonic() - began < BACK_SECONDS:
            pid = child(self.server, name)
            if pid and (name == "worker" or serves(self.server, name)):
                break
            time.sleep(0.2)
        else:
            return
        waited = time.monotonic()
        while not self.under_way and time.monotonic() - waited < 3:
            time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)
        self.kills[name] += 1
        self.between += bool(self.under_way) and name != "worker"


def confirmations() -> Figures:
    """Let 500 residents confirm a ticket each under 24 deaths; hold the database against them."""
    residents = [Confirmer(number) for number in range(RESIDENTS)]
    with served(BOT_NOW=NOW) as (server, _):
        office = Office(server)
        killer = threading.Thread(target=office.kill_in_turn, daemon=True)
        killer.start()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            done = pool.map(office.confirm, residents)
            list(tqdm(done, total=RESIDENTS, desc="confirmations", unit="ticket"))
        killer.join(KILLS * 3 * BACK_SECONDS)
        office.stop.set()
        # What was under way when the last one died is finished first.
        time.sleep(5)
        figures: Figures = {
            "confirmed": sum(bool(each.numbers) for each in residents),
            "without_number": sum(not each.numbers for each in residents),
            "without_number_heard": dict(Counter(e.error for e in residents if e.error)),
            "told_different_numbers": sum(len(set(each.numbers)) > 1 for each in residents),
            "p50_seconds": percentile([each.seconds for each in residents], 50),
            "slowest_seconds": percentile([each.seconds for each in residents], 100),
            "killed": dict(office.kills),
            "killed_between_yes_and_reply": office.between,
            **_stored(server, residents),
            **logged(server),
        }
    kills_lacking = sum(max(0, KILLS - office.kills[n]) for n in ("web", "dialogue", "worker"))
    figures["kills_lacking"] = kills_lacking + max(0, BETWEEN - office.between)
    return judged(
        figures,
        without_number=0,
        told_different_numbers=0,
        kills_lacking=0,
        tickets_lacking=0,
        tickets_twice=0,
        tickets_without_first_event=0,
        told_otherwise=0,
        notices_lost=0,
        notices_twice=0,
    )


def _stored(server: Running, residents: list[Confirmer]) -> Figures:
    """Hold tickets, their first events and what staff were told against what residents heard."""
    place = Path(server.environment["BOT_DATA_DIR"]) / "bot.sqlite3"
    with closing(sqlite3.connect(place, timeout=30)) as database:
        rows = database.execute(
            "select c.external_id, t.number, t.id from tickets_ticket t"
            " join conversations_conversation c on c.id = t.conversation_id"
        ).fetchall()
        firsts = {
            row[0]
            for row in database.execute(
                "select ticket_id from tickets_ticketevent where step = 'open'"
            )
        }
        waiting = database.execute(
            "select count(*) from handovers_notice where state = 'gone'"
        ).fetchone()[0]
        twice = database.execute(
            "select count(*) - count(distinct key) from handovers_notice"
        ).fetchone()[0]
    by_conversation: dict[str, list[str]] = {}
    for conversation, number, _ in rows:
        by_conversation.setdefault(conversation, []).append(number)
    confirmed = [each for each in residents if each.numbers]
    told = [(each.numbers[0], by_conversation.get(each.conversation_id, [])) for each in confirmed]
    return {
        "tickets": len(rows),
        "tickets_lacking": sum(not stored for _, stored in told),
        "tickets_twice": sum(len(stored) > 1 for stored in by_conversation.values()),
        "told_otherwise": sum(bool(stored) and number not in stored for number, stored in told),
        "tickets_without_first_event": sum(row[2] not in firsts for row in rows),
        "notices_lost": waiting,
        "notices_twice": twice,
    }
