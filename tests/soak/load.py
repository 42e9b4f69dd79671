"""Twenty messages a second for a minute: how fast, at what cost, and is any reply somebody else's?"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import uuid4

import httpx

from bot.conversations.phrases import APOLOGY, HUMAN_PAYLOAD
from tests.running import API_KEY, Running
from tests.soak.figures import Figures, judged, percentile
from tests.soak.processes import (
    COMMANDS,
    child,
    machine_seconds,
    processor_seconds,
    resident_mib,
    served,
)
from tests.soak.residents import logged
from tests.soak.schedule import PER_SECOND, Happened, Heard, alone, follow, plan, talks

NOW = "2026-11-23T09:30+08:00"
P50_MS = 100.0
P95_MS = 400.0
TIMEOUT_SECONDS = 30.0
# Let go of idle connections before the server does (5 s), so that no message meets a closing one.
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=2.0)
# The queue at the desk moves with what others do, and a report joins one of theirs.
OF_OTHERS = frozenset({"handover", "report_opened"})
# Each ticket and report has a number of its own.
_NUMBER = re.compile(r"\d{6} ?\d{4}")


class Office:
    """Our own server as an outside program sees it."""

    def __init__(self, server: Running) -> None:
        self._client = httpx.AsyncClient(
            base_url=server.url,
            headers={"X-API-Key": API_KEY},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            limits=LIMITS,
        )

    async def say(self, conversation_id: str, text: str) -> Heard:
        """Say one message through the HTTP contract."""
        body = {
            "conversation_id": conversation_id,
            "message_id": uuid4().hex,
            "text": text,
            "channel": "api",
        }
        try:
            response = await self._client.post("/api/v1/messages", json=body)
        except httpx.HTTPError as error:
            return Heard(error=type(error).__name__)
        if response.status_code != 200:
            return Heard(error=f"{response.status_code} {response.text[:200]}")
        return heard_in(response.json())

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()


def heard_in(reply: Figures) -> Heard:
    """Read a reply of the HTTP contract."""
    kind = reply["kind"]
    candidates = tuple(each["item"] for each in reply["candidates"])
    answers = tuple((each["item"], each["facet"], each["text"]) for each in reply["answers"])
    meaning: tuple[object, ...] = (
        kind,
        reply["intent"],
        reply["item"],
        reply["facet"],
        reply["slot"],
    )
    if kind not in OF_OTHERS:
        meaning += (candidates, answers, _NUMBER.sub("…", reply["text"]))
    named = {reply["item"], *candidates, *(item for item, *_ in answers)} - {None}
    return Heard(
        items=frozenset(named),
        text=reply["text"],
        meaning=meaning,
        conversation_id=reply["conversation_id"],
        turn_id=reply["turn_id"],
        offers_person=kind == "handover"
        or any(each["payload"] == HUMAN_PAYLOAD for each in reply["buttons"])
        or any(word in reply["text"] for word in ("人工", "工作人员", "12345")),
    )


def load(seconds: float) -> Figures:
    """Say the plan to our server, and hold every reply against the one its talk gets alone."""
    said = talks()
    with served(BOT_NOW=NOW) as (server, _):
        pids = {name: child(server, name) for name in COMMANDS}
        pids["supervisor"] = server.process.pid
        right, happened, cost = asyncio.run(_measured(Office(server), said, seconds, pids))
        figures = {**speed(happened, seconds), **belonging(happened, right), **cost}
        figures.update(logged(server))
    return judged(
        figures,
        p50_ms=P50_MS,
        p95_ms=P95_MS,
        errors=0,
        replies_without_text=0,
        apologies=0,
        replies_to_another_conversation=0,
        replies_unlike_alone=0,
        replies_about_foreign_item=0,
        turn_ids_twice=0,
        answered_alone_in_log=0,
        tracebacks=0,
    )


async def _measured(
    office: Office, said: Sequence[Sequence[str]], seconds: float, pids: dict[str, int]
) -> tuple[list[list[Heard]], list[Happened], Figures]:
    right = await alone(office, said)
    meter = Meter(pids)
    happened = await follow(office, plan(said, seconds))
    cost = meter.read(len(happened))
    await office.close()
    return right, happened, cost


def speed(happened: Sequence[Happened], seconds: float) -> Figures:
    """Milliseconds from the moment a message was due, and what failed."""
    times = [1000 * each.seconds for each in happened if not each.heard.error]
    errors = Counter(each.heard.error for each in happened if each.heard.error)
    figures: Figures = {
        "seconds": seconds,
        "messages": len(happened),
        "messages_per_second_due": PER_SECOND,
        "residents": len({each.due.resident for each in happened}),
        "conversations": len({each.due.conversation_id for each in happened}),
    }
    figures.update({f"p{p}_ms": percentile(times, p) for p in (50, 95, 99)})
    figures["slowest_ms"] = percentile(times, 100)
    # What the sender itself was late, its own processor time and a slow reply before included.
    late = [1000 * (each.sent_at - each.due_at) for each in happened]
    figures["sent_late_p99_ms"] = percentile(late, 99)
    figures["errors"] = sum(errors.values())
    if errors:
        figures["errors_most"] = errors.most_common(5)
    figures["replies_without_text"] = sum(
        not each.heard.text.strip() for each in happened if not each.heard.error
    )
    return figures


def belonging(happened: Sequence[Happened], right: Sequence[Sequence[Heard]]) -> Figures:
    """Whether each reply is its own talk's: by its id, and by saying what it says when alone."""
    answered = [each for each in happened if not each.heard.error]
    strange = [
        each
        for each in answered
        if each.heard.meaning != right[each.due.talk][each.due.number].meaning
    ]
    foreign = [
        each for each in strange if not items_in([each.heard]) <= items_in(right[each.due.talk])
    ]
    turns = Counter(each.heard.turn_id for each in answered)
    figures: Figures = {
        "apologies": sum(each.heard.text == APOLOGY for each in answered),
        "kinds": dict(Counter(str(each.heard.meaning[0]) for each in answered).most_common()),
        "replies_to_another_conversation": sum(
            each.heard.conversation_id != each.due.conversation_id for each in answered
        ),
        "turn_ids_twice": sum(times > 1 for times in turns.values()),
        # Forgotten or answered without the dialogue; about a thing that its talk never named.
        "replies_unlike_alone": len(strange),
        "replies_about_foreign_item": len(foreign),
    }
    if strange:
        figures["unlike_alone_first"] = [
            (
                each.due.text,
                right[each.due.talk][each.due.number].meaning[:4],
                each.heard.meaning[:4],
                each.heard.text[:40],
            )
            for each in strange[:5]
        ]
    return figures


def items_in(heard: Iterable[Heard]) -> set[str]:
    """Every item that replies are about or offer."""
    return {item for each in heard for item in each.items}


class Meter:
    """Processor time and memory of processes between two moments."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = {**pids, "sender": os.getpid()}
        self._began = time.monotonic()
        self._before = {name: processor_seconds(pid) for name, pid in self._pids.items()}
        self._machine = machine_seconds()

    def read(self, messages: int) -> Figures:
        """Milliseconds of processor time a message, MiB, and how busy the machine was."""
        used = {
            name: processor_seconds(pid) - self._before[name] for name, pid in self._pids.items()
        }
        busy, whole = (
            now - before for now, before in zip(machine_seconds(), self._machine, strict=True)
        )
        ours = sum(used.values())
        figures: Figures = {
            f"{name}_processor_ms_per_message": round(1000 * each / max(1, messages), 1)
            for name, each in used.items()
        }
        served_by = ours - used["sender"]
        figures["server_processor_ms_per_message"] = round(1000 * served_by / max(1, messages), 1)
        for name, pid in self._pids.items():
            if name != "sender":
                figures[f"{name}_mib"] = resident_mib(pid)
        figures["machine_busy_percent"] = round(100 * busy / max(whole, 0.01))
        # Somebody else's work beside ours: high values spoil the milliseconds.
        figures["others_busy_percent"] = round(100 * max(0.0, busy - ours) / max(whole, 0.01))
        figures["load_average_after"] = round(os.getloadavg()[0], 1)
        return figures
