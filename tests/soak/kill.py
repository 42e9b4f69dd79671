"""The dialogue process is killed in the middle of talks: who is answered, by what, how fast.

Emergencies, a call for a person and single questions go on; everything else gets a sentence that
offers a person, within seconds. Afterwards talks go on where they were. What is lost when web or
supervisor die is measured by ``crash``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.running import Running
from tests.soak.figures import Figures, judged, percentile
from tests.soak.load import NOW, Office
from tests.soak.processes import child, served, serves
from tests.soak.residents import logged
from tests.soak.schedule import Happened, Heard, follow, plan, talks

BACK_SECONDS = 120.0
APOLOGY_SECONDS = 3.0
APOLOGY_WORD = "对不起"
BEFORE_SECONDS = 4.0
AFTER_SECONDS = 6.0
# Talks that go on beside the probes, few enough that the restart itself is what is measured.
PER_SECOND = 4.0
PROBE_PAUSE_SECONDS = 1.0
# What is said while the dialogue is down, by the kind that it must get; "" stands for any kind.
PROBES = {
    "emergency": ("我妈晕倒了叫不醒", "家里煤气漏了，味道好大"),
    "handover": ("人工", "我要找真人"),
    "answer": ("公租房申请要什么材料", "残疾证换领要带什么", "社保卡丢了怎么补"),
    "": ("我走不动，想叫人来代办尊老金", "那个啥来着就那个嘛噜", "跟刚才那个比哪个划算", "嗯"),
}
# An item is brought up before, and is still at hand afterwards.
THREADS = (
    ("残疾证换领要带什么", "要不要钱"),
    ("公租房申请要什么材料", "在哪办"),
    ("社保卡丢了怎么补", "几天能好"),
    ("老年优待证要带什么", "能让儿子代办吗"),
)
# Some residents wait in silence, some ask on while nobody remembers what was said.
BEGUN = ("silent", "asking")


@dataclass(frozen=True)
class Probe:
    """A message to a server without dialogue: what it must get, and what it got."""

    wanted: str
    text: str
    heard: Heard
    seconds: float

    @property
    def kind(self) -> str:
        """What the reply did; an error's name if there was none."""
        return self.heard.error or str(self.heard.meaning[0])


def kill() -> Figures:
    """Kill the dialogue under talks; judge what is said while it is down and after it is back."""
    with served(BOT_NOW=NOW) as (server, _):
        figures: Figures = asyncio.run(_killed(server))
        figures.update(logged(server))
    return judged(
        figures,
        dialogue_back_seconds=BACK_SECONDS,
        emergency_otherwise=0,
        handover_otherwise=0,
        answer_otherwise=0,
        else_without_person=0,
        else_without_apology=0,
        slowest_seconds_while_down=APOLOGY_SECONDS,
        talks_slowest_seconds=APOLOGY_SECONDS,
        talks_without_reply=0,
        threads_lost=0,
        tracebacks=0,
    )


async def _killed(server: Running) -> Figures:
    office = Office(server)
    expected = [await _thread(office, f"alone-{n}", pair) for n, pair in enumerate(THREADS)]
    answers = {text: await office.say(f"single-{text}", text) for text in PROBES["answer"]}
    for name in BEGUN:
        for n, (opening, _) in enumerate(THREADS):
            await office.say(f"{name}-{n}", opening)
    stop = threading.Event()
    due = plan(talks(), BEFORE_SECONDS + BACK_SECONDS + AFTER_SECONDS, PER_SECOND)
    beside = asyncio.create_task(follow(office, due, stop))
    await asyncio.sleep(BEFORE_SECONDS)
    pid = child(server, "dialogue")
    assert pid, "expected a running dialogue process, found none"
    os.kill(pid, signal.SIGKILL)
    went = time.monotonic()
    probes, asked, back = await _while_down(server, office, pid)
    figures: Figures = {"dialogue_back_seconds": round(back - went, 1)}
    if back == float("inf"):
        figures["dialogue_log_end"] = _log_end(server)
    follow_ups = [
        (f"{name}-{n}", THREADS[n][1], expected[n]) for name in BEGUN for n in range(len(THREADS))
    ]
    figures.update(await _gone_on(office, follow_ups))
    await asyncio.sleep(AFTER_SECONDS)
    stop.set()
    happened = await beside
    await office.close()
    figures.update(_said_to([*probes, *asked], answers))
    figures.update(_beside(happened, went, back))
    return figures


def _log_end(server: Running) -> str:
    log = Path(server.environment["BOT_DATA_DIR"]) / "log" / "dialogue.log"
    return log.read_text(encoding="utf-8", errors="replace")[-500:]


async def _thread(office: Office, conversation: str, pair: tuple[str, str]) -> tuple[object, ...]:
    """Item and facet of a follow-up when nothing happens in between."""
    await office.say(conversation, pair[0])
    return _about(await office.say(conversation, pair[1]))


def _about(heard: Heard) -> tuple[object, ...]:
    """Kind, item and facet; intent and words may differ."""
    return (heard.meaning[0], *heard.meaning[2:4]) if heard.meaning else (heard.error,)


async def _while_down(
    server: Running, office: Office, pid: int
) -> tuple[list[Probe], list[Probe], float]:
    """Say everything again and again until a new dialogue serves; also what threads are told."""
    probes: list[Probe] = []
    asked: list[Probe] = []
    went = time.monotonic()
    for n, (_, follow_up) in enumerate(THREADS):
        asked.append(await _probe(office, f"asking-{n}", "", follow_up))
    number = 0
    while time.monotonic() - went < BACK_SECONDS:
        for wanted, texts in PROBES.items():
            for text in texts:
                number += 1
                probe = await _probe(office, f"probe-{number}", wanted, text)
                if await asyncio.to_thread(_is_back, server, pid):
                    # Answered by the new dialogue, perhaps: no probe of a missing one.
                    return probes, asked, time.monotonic()
                probes.append(probe)
        await asyncio.sleep(PROBE_PAUSE_SECONDS)
    return probes, asked, float("inf")


def _is_back(server: Running, pid: int) -> bool:
    return child(server, "dialogue") not in (0, pid) and serves(server, "dialogue")


async def _probe(office: Office, conversation: str, wanted: str, text: str) -> Probe:
    started = time.monotonic()
    heard = await office.say(conversation, text)
    return Probe(wanted, text, heard, time.monotonic() - started)


def _said_to(probes: Sequence[Probe], answers: dict[str, Heard]) -> Figures:
    """Count what was said to each kind of message while nobody remembered anything."""
    figures: Figures = {"probes_while_down": len(probes)}
    for wanted in ("emergency", "handover", "answer"):
        got = [each for each in probes if each.wanted == wanted]
        wrong = [each for each in got if each.kind != wanted]
        if wanted == "answer":
            wrong = [each for each in got if _about(each.heard) != _about(answers[each.text])]
        figures[f"{wanted}_while_down"] = len(got)
        figures[f"{wanted}_otherwise"] = len(wrong)
        if wrong:
            figures[f"{wanted}_otherwise_most"] = _most(wrong)
    figures.update(_said_to_others([each for each in probes if not each.wanted]))
    seconds = [each.seconds for each in probes]
    figures["p95_ms_while_down"] = percentile([1000 * each for each in seconds], 95)
    figures["slowest_seconds_while_down"] = round(max(seconds, default=0.0), 2)
    return figures


def _said_to_others(others: Sequence[Probe]) -> Figures:
    """Whoever cannot be answered hears that, and of a person; an answer is as good as ever."""
    figures: Figures = {
        "else_while_down": dict(Counter(each.kind for each in others).most_common()),
        "else_told": {each.text: f"{each.kind} {each.heard.text[:50]}" for each in others},
    }
    helpless = [each for each in others if each.kind not in ("answer", "handover")]
    lacking = {
        "person": [each for each in helpless if not each.heard.offers_person],
        "apology": [each for each in helpless if APOLOGY_WORD not in each.heard.text],
    }
    for what, probes in lacking.items():
        figures[f"else_without_{what}"] = len(probes)
        if probes:
            figures[f"else_without_{what}_most"] = _most(probes)
    return figures


def _most(probes: Sequence[Probe]) -> list[tuple[str, int]]:
    said = Counter(f"{each.text} → {each.kind} {each.heard.text[:40]}" for each in probes)
    return said.most_common(5)


async def _gone_on(
    office: Office, follow_ups: Sequence[tuple[str, str, tuple[object, ...]]]
) -> Figures:
    """Ask the follow-up of every thread; it must be about the item that was at hand before."""
    lost = []
    slowest = 0.0
    for conversation, text, wanted in follow_ups:
        probe = await _probe(office, conversation, "", text)
        slowest = max(slowest, probe.seconds)
        if _about(probe.heard) != wanted:
            lost.append((conversation, text, wanted, _about(probe.heard)))
    figures: Figures = {"threads": len(follow_ups), "threads_lost": len(lost)}
    if lost:
        figures["threads_lost_first"] = lost[:4]
    return {**figures, "first_after_return_slowest_ms": round(1000 * slowest)}


def _beside(happened: Sequence[Happened], went: float, back: float) -> Figures:
    """The talks that were under way: nobody without a reply, whatever the reply was."""
    hit = [each for each in happened if each.due_at < back and each.due_at + each.seconds >= went]
    silent = [each for each in happened if each.heard.error or not each.heard.text.strip()]
    figures: Figures = {
        "talks_messages": len(happened),
        "talks_messages_while_down": len(hit),
        "talks_in_flight_at_kill": sum(each.due_at < went for each in hit),
        "talks_slowest_seconds": round(max((each.seconds for each in hit), default=0.0), 2),
        "talks_without_reply": len(silent),
    }
    if silent:
        figures["talks_errors"] = Counter(each.heard.error for each in silent).most_common(5)
    return figures
