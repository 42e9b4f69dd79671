"""Residents who ask one question after the other, and what became of every message."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from uuid import uuid4

import httpx
from tqdm import tqdm

from bot.conversations.phrases import APOLOGY
from bot.conversations.privacy import mask
from tests.running import Running
from tests.soak.figures import Figures, percentile

HELD_OUT = Path(__file__).resolve().parents[1] / "data" / "heldout"


SEED = 7


# The history shows the last 50 turns; a conversation ends before that.
TURNS_PER_CONVERSATION = 40


ENDURANCE_RESIDENTS = 8
SAMPLE_SECONDS = 2.0


@dataclass(frozen=True)
class Said:
    """One message and what became of it; ``turn_id`` is empty if nobody acknowledged it.

    ``at`` is monotonic, when it was due; ``seconds`` count from then, retries included.
    """

    conversation_id: str
    message_id: str
    text: str
    at: float
    seconds: float
    attempts: int = 1
    turn_id: str = ""
    reply: str = ""
    error: str = ""


@dataclass
class Resident:
    """Asks held-out questions one after the other until told to stop.

    ``every`` paces her (seconds, 0 = at once after the reply); ``patience`` is how long she sends
    the same message again while the connection fails.
    """

    server: Running
    number: int
    stop: threading.Event
    every: float = 0.0
    patience: float = 0.0
    said: list[Said] = field(default_factory=list)

    def talk(self) -> None:
        """Ask until stopped; errors are noted, not raised."""
        questions = held_out()
        random.Random(SEED + self.number).shuffle(questions)
        start = time.monotonic() + self.number / ENDURANCE_RESIDENTS * self.every
        with self.server.client() as client:
            while True:
                asked = len(self.said)
                due = start + asked * self.every if self.every else time.monotonic()
                if self.stop.wait(max(0.0, due - time.monotonic())):
                    return
                self.said.append(self._say(client, questions[asked % len(questions)], due))

    def _say(self, client: httpx.Client, text: str, due: float) -> Said:
        conversation = f"soak-{self.number}-{len(self.said) // TURNS_PER_CONVERSATION}"
        message = uuid4().hex
        body = {
            "conversation_id": conversation,
            "message_id": message,
            "text": text,
            "channel": "api",
        }
        found, attempts = self._send(client, body, due)
        seconds = time.monotonic() - due
        return Said(conversation, message, text, due, seconds, attempts, **found)

    def _send(
        self, client: httpx.Client, body: dict[str, str], due: float
    ) -> tuple[dict[str, str], int]:
        attempts = 0
        while True:
            attempts += 1
            try:
                response = client.post("/api/v1/messages", json=body)
            except httpx.TransportError as error:
                if time.monotonic() - due > self.patience or self.stop.wait(0.2):
                    return {"error": type(error).__name__}, attempts
                continue
            if response.status_code != 200:
                return {"error": f"{response.status_code} {response.text[:200]}"}, attempts
            reply = response.json()
            return {"turn_id": reply["turn_id"], "reply": reply["text"]}, attempts


# What every part must show: nobody met silence, and nothing was lost or doubled.
SOUND = {
    "errors": 0,
    "replies_without_text": 0,
    "apologies": 0,
    "histories_out_of_order": 0,
    "turns_lost": 0,
    "turns_twice": 0,
}


def held_out() -> list[str]:
    """Every held-out question of another author."""
    return [
        json.loads(line)["text"]
        for path in sorted(HELD_OUT.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


@contextmanager
def talking(
    server: Running, count: int, *, every: float = 0.0, patience: float = 0.0
) -> Iterator[list[Resident]]:
    """Residents who ask while the block runs; on leaving, the last replies are awaited."""
    stop = threading.Event()
    residents = [Resident(server, n, stop, every, patience) for n in range(count)]
    threads = [threading.Thread(target=each.talk, daemon=True) for each in residents]
    for thread in threads:
        thread.start()
    try:
        yield residents
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def wait(
    name: str, seconds: float, count: Callable[[], int], every: Callable[[], None] | None = None
) -> None:
    """Let time pass with a bar that tells how many messages were answered."""
    started = time.monotonic()
    looked = started
    with tqdm(total=round(seconds), desc=name, unit="s", disable=None) as bar:
        while (now := time.monotonic()) - started < seconds:
            bar.set_postfix(messages=count(), refresh=False)
            bar.update(int(now - started) - bar.n)
            if every and now - looked >= SAMPLE_SECONDS:
                looked = now
                every()
            time.sleep(min(0.5, max(0.0, started + seconds - now)))
        bar.update(bar.total - bar.n)


def count(residents: Sequence[Resident]) -> int:
    return sum(len(resident.said) for resident in residents)


def answered(said: Sequence[Said]) -> list[Said]:
    return [each for each in said if each.turn_id]


def outcome(said: Sequence[Said]) -> Figures:
    """Counts and milliseconds of what was asked."""
    replied = answered(said)
    errors = Counter(each.error for each in said if each.error)
    times = [1000 * each.seconds for each in replied]
    figures: Figures = {"messages": len(said)}
    figures.update({f"p{p}_ms": percentile(times, p) for p in (50, 95, 99)})
    figures["slowest_ms"] = percentile(times, 100)
    figures["errors"] = sum(errors.values())
    if errors:
        figures["errors_most"] = errors.most_common(5)
    figures["replies_without_text"] = sum(not each.reply.strip() for each in replied)
    figures["apologies"] = sum(each.reply == APOLOGY for each in replied)
    return figures


def history(server: Running, said: Sequence[Said]) -> Figures:
    """Hold the history of every conversation against what its resident was answered."""
    figures = {"conversations": 0, "histories_out_of_order": 0, "turns_lost": 0, "turns_twice": 0}
    with server.client() as client:
        for conversation, group in groupby(said, lambda each: each.conversation_id):
            asked = answered(list(group))
            address = f"/api/v1/conversations/{conversation}/turns"
            response = client.get(address, params={"channel": "api"})
            rows = response.json() if response.status_code == 200 else []
            seen = Counter(row["turn_id"] for row in rows)
            figures["conversations"] += 1
            figures["turns_lost"] += sum(not seen[each.turn_id] for each in asked)
            figures["turns_twice"] += sum(seen[each.turn_id] > 1 for each in asked)
            wanted = [(each.turn_id, mask(each.text.strip()), each.reply) for each in asked]
            shown = [(row["turn_id"], row["text"], row["reply"]["text"]) for row in rows]
            figures["histories_out_of_order"] += wanted != shown
    return figures


def stored(server: Running, said: Sequence[Said]) -> Figures:
    """Look for every acknowledged message id in the database itself."""
    database = Path(server.environment["BOT_DATA_DIR"]) / "bot.sqlite3"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT message_id, reply FROM conversations_turnrecord")
        found = rows.fetchall()
    seen = Counter(message_id for message_id, _ in found)
    return {
        "acknowledged_not_stored_once": sum(seen[each.message_id] != 1 for each in answered(said)),
        "stored_without_reply": sum(reply is None for _, reply in found),
    }


def logged(server: Running) -> Figures:
    """What the processes complained about in their logs."""
    logs = Path(server.environment["BOT_DATA_DIR"]) / "log"
    lines = [
        f"{path.stem}: {line}"
        for path in sorted(logs.glob("*.log"))
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    figures: Figures = {
        "tracebacks": sum("Traceback (most recent" in line for line in lines),
        "answered_alone_in_log": sum("answered alone" in line for line in lines),
    }
    errors = [
        line for line in lines if re.search(r"\b(ERROR|CRITICAL)\b|^\w+: [\w.]+Error\b", line)
    ]
    if errors:
        figures["log_errors"] = Counter(
            re.sub(r"\d{4}-\S+ \S+ |[0-9a-f]{32}", "", line)[:200] for line in errors
        ).most_common(8)
    return figures
