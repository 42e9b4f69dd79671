"""From the caller's last word to the first sound of the answer, through every real process.

Callers ring by AudioSocket and speak in real time.
What the line took for each stage stands in the records of its calls; what the caller's ear waited
is taken here.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from tqdm import tqdm

from tests.flows.calls import wait_for_line
from tests.running import Running, free_port, running
from tests.voice.fakes_asker import Asker
from tests.voice.fakes_transport import Asterisk
from voice.recognition.training.evaluation import read_lines
from voice.recognition.training.saying import in_turn, say_all

SENTENCES = Path(__file__).resolve().parents[1] / "data" / "voice" / "sentences.txt"
# Calls at once → questions of each.
CALLS = {1: 20, 10: 5}
BARS = {1: 0.5, 10: 1.2}
QUIET_SAMPLE = 100
STAGES = ("endpoint", "recognised", "answered", "first_audio")
ROWS = {
    "silence after speech": "endpoint",
    "recognition": "recognised",
    "understanding and answer": "answered",
    "speech": "first_audio",
    "line and ear": "line",
    "end of turn → first sound": "total",
}

Table = dict[str, dict[str, float]]


def measured(out: Path) -> dict[str, object]:
    """Ask through one call, then through ten at once; write the table and the picture."""
    texts = read_lines(SENTENCES)
    questions = [trimmed(sound) for sound in say_all(in_turn(texts)) if sound]
    found: dict[int, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        port = str(free_port())
        with running(
            Path(place),
            BOT_VOICE="on",
            BOT_VOICE_DEMO_MODEL="on",
            BOT_VOICE_PRELOAD="off",
            BOT_VOICE_KEY="",
            BOT_VOICE_HTTP_PORT=str(free_port()),
            BOT_AUDIOSOCKET_PORT=port,
            BOT_SIP_PORT="0",
        ) as server:
            wait_for_line(server)
            for calls, each in CALLS.items():
                found[calls] = asyncio.run(_rung(server, int(port), questions, calls, each))
    tables = {calls: _table(stages) for calls, stages in found.items()}
    (out / "calls.md").write_text(markdown(tables), encoding="utf-8")
    _picture({calls: stages["total"] for calls, stages in found.items()}, out / "calls.png")
    return {
        f"{calls}_calls": {"turns": len(found[calls]["total"]), **tables[calls]} for calls in CALLS
    }


def trimmed(sound: bytes) -> bytes:
    """The sound without silence around it, so that its end is that of the last word."""
    loud = np.flatnonzero(np.abs(np.frombuffer(sound, "<i2").astype(int)) > QUIET_SAMPLE)
    return sound[2 * loud[0] : 2 * loud[-1] + 2]


async def _rung(
    server: Running, port: int, questions: Sequence[bytes], calls: int, each: int
) -> dict[str, list[float]]:
    """Ring ``calls`` times at once, a little apart; return seconds by stage, a number a turn."""
    callers = [Asker(Asterisk(port)) for _ in range(calls)]
    with tqdm(total=calls * each, desc=f"{calls} at once", unit="question") as bar:

        async def one(number: int) -> None:
            await asyncio.sleep(0.37 * number)
            asked = [questions[(number * each + n) % len(questions)] for n in range(each)]
            await callers[number].ask(asked, bar.update)

        await asyncio.gather(*(one(number) for number in range(calls)))
    await asyncio.sleep(2)
    return _stages(server, callers)


def _stages(server: Running, callers: Sequence[Asker]) -> dict[str, list[float]]:
    """What each stage took; a call whose turns are not its questions cannot be told apart."""
    place = Path(server.environment["BOT_DATA_DIR"]) / "bot.sqlite3"
    with closing(sqlite3.connect(place, timeout=30)) as database:
        rows = database.execute("select call_id, timings from phone_callrecord").fetchall()
    records = {call_id: json.loads(timings) for call_id, timings in rows}
    stages: dict[str, list[float]] = {name: [] for name in ROWS.values()}
    for caller in callers:
        timings = records[str(caller.call_id)]
        turns = [
            turn
            for turn in zip(*(timings[name] for name in STAGES), strict=True)
            if None not in turn
        ]
        if len(turns) != len(caller.waits):
            print(f"calls      {len(caller.waits)} questions were {len(turns)} turns; left out")
            continue
        for (endpoint, recognised, answered, sound), wait in zip(turns, caller.waits, strict=True):
            stages["endpoint"].append(endpoint)
            stages["recognised"].append(recognised)
            stages["answered"].append(answered - recognised)
            stages["first_audio"].append(sound - answered)
            stages["line"].append(wait - endpoint - sound)
            stages["total"].append(wait - endpoint)
    return stages


def _table(stages: dict[str, list[float]]) -> Table:
    return {
        row: {f"p{p}": round(float(np.percentile(stages[name], p)), 2) for p in (50, 95)}
        for row, name in ROWS.items()
    }


def markdown(tables: dict[int, Table]) -> str:
    """The stages as rows, median and 95th percentile of each number of calls as columns."""
    heads = [f"{calls} at once, p{p}" for calls in tables for p in (50, 95)]
    lines = [f"| seconds | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for row in ROWS:
        values = [f"{tables[calls][row][f'p{p}']:.2f}" for calls in tables for p in (50, 95)]
        lines.append(f"| {row} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"


def _picture(totals: dict[int, list[float]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.8), constrained_layout=True)
    for calls, seconds in totals.items():
        ordered = sorted(seconds)
        shares = np.arange(1, len(ordered) + 1) / len(ordered)
        (line,) = axes.step(ordered, shares, where="post", label=f"{calls} at once")
        axes.plot(BARS[calls], 0.95, "x", color=line.get_color())
    axes.axhline(0.95, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="end of turn → first sound of the answer, s", ylabel="share of turns")
    axes.set(xlim=(0, None), ylim=(0, 1.01))
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=130)
    print(f"calls      picture: {path}")
