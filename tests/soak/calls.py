"""Three hundred calls, ended in every way: what is left of them in the line's process.

Callers ring by AudioSocket, eight at once, and are heard by the real recogniser. After every fifty
the line is let alone, and looked at.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx
from tqdm import tqdm

from tests.flows.calls import door, wait_for_line
from tests.running import Running, free_port
from tests.soak.figures import Figures, judged
from tests.soak.processes import child, resident_mib, served
from tests.soak.residents import logged
from tests.voice.fakes_asker import Asker
from tests.voice.fakes_transport import Asterisk
from voice.recognition.training.saying import in_turn, say_all

CALLS = 300
EVERY = 50
AT_ONCE = 8
SAID = ("社保卡丢了怎么补办", "居住证怎么办理", "再见")
# Most callers know what they want and do not hear the greeting out.
ENDS = (
    *("closes", "hangs_up", "resets", "closes", "presses_0", "hangs_up", "asks"),
    *("resets", "closes", "interrupted", "closes", "presses_0", "hangs_up", "says_goodbye"),
)
QUIET_SECONDS = 30.0
MOST_GROWN_MIB = 20.0
# A connection that is being looked through, a thread of the pool that comes late.
MOST_GROWN = 2


def calls() -> Figures:
    """Ring 300 times; hold what the process has after the last call against the fiftieth."""
    sounds = dict(zip(SAID, say_all(in_turn(SAID)), strict=True))
    port = free_port()
    with served(
        BOT_VOICE="on",
        BOT_VOICE_DEMO_MODEL="on",
        BOT_VOICE_PRELOAD="off",
        BOT_VOICE_KEY="",
        BOT_VOICE_HTTP_PORT=str(free_port()),
        BOT_AUDIOSOCKET_PORT=str(port),
        BOT_SIP_PORT="0",
    ) as (server, _):
        wait_for_line(server)
        began = time.monotonic()
        samples = asyncio.run(_rung(server, port, sounds))
        figures: Figures = {
            "calls": CALLS,
            "minutes": round((time.monotonic() - began) / 60, 1),
            "ended": {name: samples[-1][name] for name in ("completed", "hung_up", "failed")},
            "rss_mib": [sample["rss_mib"] for sample in samples],
            **{f"{name}_first_last": _first_last(samples, name) for name in _HELD},
            **{f"{name}_grown": _grown(samples, name) for name in _HELD},
            "rss_mib_grown": _grown(samples, "rss_mib"),
            "calls_failed": samples[-1]["failed"],
            "calls_left": samples[-1]["running"],
            "calls_lacking": CALLS - samples[-1]["opened"],
            **logged(server),
        }
    return judged(
        figures,
        **{f"{name}_grown": MOST_GROWN for name in _HELD},
        rss_mib_grown=MOST_GROWN_MIB,
        calls_failed=0,
        calls_left=0,
        calls_lacking=0,
        tracebacks=0,
    )


_HELD = ("tasks", "threads", "descriptors", "sockets")


def _first_last(samples: Sequence[Figures], name: str) -> str:
    return f"{samples[0][name]} → {samples[-1][name]}"


def _grown(samples: Sequence[Figures], name: str) -> float:
    return round(float(samples[-1][name] - samples[0][name]), 1)


async def _rung(server: Running, port: int, sounds: dict[str, bytes]) -> list[Figures]:
    samples = []
    room = asyncio.Semaphore(AT_ONCE)
    with tqdm(total=CALLS, desc="calls", unit="call") as bar:

        async def one(number: int) -> None:
            async with room:
                await _ring(port, ENDS[number % len(ENDS)], sounds, number)
                bar.update()

        for first in range(0, CALLS, EVERY):
            await asyncio.gather(*(one(first + number) for number in range(EVERY)))
            samples.append(await _sample(server))
    return samples


async def _ring(port: int, end: str, sounds: dict[str, bytes], number: int) -> None:
    """One call with one of the ends."""
    caller = Asker(Asterisk(port))
    question = sounds[SAID[number % 2]]
    async with caller:
        await asyncio.sleep(0.5 + number % 7 * 0.2)
        if end in ("asks", "interrupted", "says_goodbye"):
            await caller.listen()
        if end == "asks":
            await caller.say(question)
            await caller.wait()
        elif end == "interrupted":
            # Gone in the middle of a word.
            await caller.say(question[: len(question) // 2 & ~1])
        elif end == "says_goodbye":
            await caller.say(sounds["再见"])
            await caller.line.until_closed(QUIET_SECONDS)
        elif end == "presses_0":
            caller.line.press("0")
            await asyncio.sleep(2.5)
        elif end == "hangs_up":
            caller.line.send(b"\0\0\0")
            await caller.line.until_closed()
        elif end == "resets":
            caller.line.writer.transport.abort()


async def _sample(server: Running) -> Figures:
    """Wait until no call is left, and look at the process."""
    pid = child(server, "voice")
    async with httpx.AsyncClient(trust_env=False) as client:
        until = time.monotonic() + QUIET_SECONDS
        while True:
            counts: Figures = (await client.get(f"{door(server)}/metrics")).json()
            if not counts["running"] or time.monotonic() > until:
                break
            await asyncio.sleep(0.2)
        # Records of the last calls are written after them.
        await asyncio.sleep(2)
        counts = (await client.get(f"{door(server)}/metrics")).json()
    held = Counter(_kind(pid, each) for each in os.listdir(f"/proc/{pid}/fd"))
    return {
        **counts,
        "rss_mib": resident_mib(pid),
        "threads": len(os.listdir(f"/proc/{pid}/task")),
        "descriptors": held.total(),
        "sockets": held["socket"],
    }


def _kind(pid: int, descriptor: str) -> str:
    try:
        return Path(os.readlink(f"/proc/{pid}/fd/{descriptor}")).name.split(":")[0]
    except OSError:
        return "gone"
