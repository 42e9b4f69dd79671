"""make soak: many residents at once, killed processes, minutes on end; real HTTP on loopback.

Prints one line a figure and adds each part to ``bench/out/soak.json``; ends with 1 if anything is
``wrong``. ``python -m tests.soak load crash`` runs parts, ``endurance --minutes 1`` a short one.
What a single message costs is measured by ``tests.bench``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
from tqdm import tqdm

from bot.conversations.phrases import APOLOGY
from bot.conversations.privacy import mask
from knowledge.search.snapshot import KEPT_SNAPSHOTS
from tests.running import Running, running

OUT = Path(__file__).resolve().parents[2] / "bench" / "out" / "soak.json"
HELD_OUT = Path(__file__).resolve().parents[1] / "data" / "heldout"
SEED = 7
# The history shows the last 50 turns; a conversation ends before that.
TURNS_PER_CONVERSATION = 40
LOAD_RESIDENTS = 8
LOAD_SECONDS = 60
CRASH_RESIDENTS = 4
CRASH_PAUSE_SECONDS = 20
BACK_SECONDS = 120.0
PATIENCE_SECONDS = 90.0
GONE_SECONDS = 15.0
ENDURANCE_RESIDENTS = 8
MESSAGES_PER_SECOND = 4.0
ALIAS_SECONDS = 20.0
SAMPLE_SECONDS = 2.0
# One draft may lie beside those that are kept and the one in force.
MOST_SNAPSHOTS = KEPT_SNAPSHOTS + 1
# What each process looks like in /proc/<pid>/cmdline.
COMMANDS = {"web": "-m bot web", "dialogue": "-m rasa run"}

Figures = dict[str, Any]


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


@dataclass(frozen=True)
class Edit:
    """One change of an alias, command and publication: monotonic start, how long, what failed."""

    at: float
    seconds: float
    error: str


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


def main() -> int:
    """Run the parts that are named, or all; returns the exit code."""
    given = _arguments()
    parts: dict[str, Callable[[], Figures]] = {
        "load": load,
        "crash": crash,
        "endurance": lambda: endurance(given.minutes),
    }
    unknown = sorted(set(given.parts) - set(parts))
    if unknown:
        sys.exit(f"expected parts of {', '.join(parts)}, got {', '.join(unknown)}")
    wrong = 0
    for name in given.parts or parts:
        others = round(os.getloadavg()[0], 1)
        figures = {"load_average_before": others, **parts[name]()}
        wrong += len(figures["wrong"])
        _print(name, figures)
        _keep(name, figures)
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("parts", nargs="*", help="load, crash, endurance; all if none is named")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long endurance lasts")
    return parser.parse_args()


def _print(part: str, figures: Figures) -> None:
    for name, value in figures.items():
        if name != "wrong":
            print(f"{part:10} {name:36} {value}")
    for sentence in figures["wrong"] or ["nothing"]:
        print(f"{part:10} {'WRONG' if figures['wrong'] else 'wrong':36} {sentence}")
    sys.stdout.flush()


def _keep(part: str, figures: Figures) -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    OUT.write_text(json.dumps({**kept, part: figures}, ensure_ascii=False, indent=1))


# What every part must show: nobody met silence, and nothing was lost or doubled.
SOUND = {
    "errors": 0,
    "replies_without_text": 0,
    "apologies": 0,
    "histories_out_of_order": 0,
    "turns_lost": 0,
    "turns_twice": 0,
}


def load() -> Figures:
    """How many messages eight residents get answered, how fast, and whether any is lost."""
    with _server() as (server, _):
        with _talking(server, LOAD_RESIDENTS) as residents:
            _wait("load", LOAD_SECONDS, lambda: _count(residents))
        said = [each for resident in residents for each in resident.said]
        figures = {"messages_per_second": round(len(_answered(said)) / LOAD_SECONDS, 1)}
        figures.update(_outcome(said))
        figures.update(_history(server, said))
        figures.update(_logged(server))
    return _judged(
        figures,
        **SOUND,
        tracebacks=0,
    )


def crash() -> Figures:
    """Kill dialogue, web and supervisor in turn: what is lost, who answers, when all is back."""
    figures: Figures = {}
    with _server() as (server, family):
        with _talking(server, CRASH_RESIDENTS, patience=PATIENCE_SECONDS) as residents:
            _wait("crash: before", 5, lambda: _count(residents))
            down = _killed(server, "dialogue", figures, residents)
            _killed(server, "web", figures, residents)
        said = [each for resident in residents for each in resident.said]
        figures.update(_while_down(said, *down))
        figures.update(_outcome(said))
        figures["messages_sent_again"] = sum(each.attempts > 1 for each in said)
        figures.update(_history(server, said))
        figures.update(_stored(server, said))
        figures.update(_logged(server))
        # Under load again: a supervisor rarely dies in a quiet minute.
        with _talking(server, CRASH_RESIDENTS):
            time.sleep(2)
            family.update(descendants(server.process.pid))
            figures.update(_orphans_gone(server, family))
    return _judged(
        figures,
        **SOUND,
        acknowledged_not_stored_once=0,
        stored_without_reply=0,
        errors_while_dialogue_down=0,
        dialogue_back_seconds=BACK_SECONDS,
        web_back_seconds=BACK_SECONDS,
        supervisor_children_gone_seconds=GONE_SECONDS,
    )


def endurance(minutes: float) -> Figures:
    """Steady questions while an alias comes and goes: what grows, and whether it gets slower."""
    seconds = 60 * minutes
    with _server() as (server, _):
        samples = [_sample(server)]
        edits: list[Edit] = []
        done = threading.Event()
        editing = threading.Thread(target=_edit, args=(server, done, edits))
        editing.start()
        try:
            every = ENDURANCE_RESIDENTS / MESSAGES_PER_SECOND
            with _talking(server, ENDURANCE_RESIDENTS, every=every) as residents:
                _wait(
                    "endurance",
                    seconds,
                    lambda: _count(residents),
                    every=lambda: samples.append(_sample(server)),
                )
        finally:
            done.set()
            editing.join()
        samples.append(_sample(server))
        said = [each for resident in residents for each in resident.said]
        figures: Figures = {"minutes": minutes, **_outcome(said), **_first_and_last(said, seconds)}
        figures.update(_edited(said, edits))
        figures.update(_growth(samples, len(said)))
        figures.update(_history(server, said))
        figures.update(_logged(server))
        failed = sorted({edit.error for edit in edits if edit.error})
    figures = _judged(
        figures,
        **SOUND,
        alias_edits_failed=0,
        snapshot_folders_most=MOST_SNAPSHOTS,
        tracebacks=0,
    )
    figures["wrong"] += failed
    return figures


def held_out() -> list[str]:
    """Every held-out question of another author."""
    return [
        json.loads(line)["text"]
        for path in sorted(HELD_OUT.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def descendants(pid: int) -> dict[int, str]:
    """Children of a process and theirs: pid to start time, so that a number used anew is told."""
    parents: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(place.name))
        if fields:
            parents.setdefault(int(fields[1]), []).append(int(place.name))
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            found[child] = _started(child)
            waiting.append(child)
    return found


def child(server: Running, name: str) -> int:
    """The pid of ``web`` or ``dialogue`` under a supervisor, or 0 while there is none."""
    for pid in descendants(server.process.pid):
        with suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if COMMANDS[name] in command and is_alive(pid, _started(pid)):
                return pid
    return 0


def is_alive(pid: int, started: str) -> bool:
    """Whether this very process still runs; one that waits to be reaped does not."""
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z" and fields[19] == started


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on: 0 state, 1 parent, 19 start time."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def _started(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if fields else ""


@contextmanager
def _server() -> Iterator[tuple[Running, dict[int, str]]]:
    """A server of our own with its family; whoever is left of it afterwards is ended by pid."""
    family: dict[int, str] = {}
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as place:
        try:
            with running(Path(place)) as server:
                family.update(descendants(server.process.pid))
                try:
                    yield server, family
                finally:
                    family.update(descendants(server.process.pid))
        finally:
            for pid, started in family.items():
                if is_alive(pid, started):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)


@contextmanager
def _talking(
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


def _wait(
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


def _count(residents: Sequence[Resident]) -> int:
    return sum(len(resident.said) for resident in residents)


def _answered(said: Sequence[Said]) -> list[Said]:
    return [each for each in said if each.turn_id]


def _outcome(said: Sequence[Said]) -> Figures:
    """Counts and milliseconds of what was asked."""
    answered = _answered(said)
    errors = Counter(each.error for each in said if each.error)
    times = [1000 * each.seconds for each in answered]
    figures: Figures = {"messages": len(said)}
    figures.update({f"p{p}_ms": _percentile(times, p) for p in (50, 95, 99)})
    figures["slowest_ms"] = _percentile(times, 100)
    figures["errors"] = sum(errors.values())
    if errors:
        figures["errors_most"] = errors.most_common(5)
    figures["replies_without_text"] = sum(not each.reply.strip() for each in answered)
    figures["apologies"] = sum(each.reply == APOLOGY for each in answered)
    return figures


def _percentile(values: Sequence[float], percent: float) -> float:
    return round(float(np.percentile(values, percent)), 1) if values else 0.0


def _history(server: Running, said: Sequence[Said]) -> Figures:
    """Hold the history of every conversation against what its resident was answered."""
    figures = {"conversations": 0, "histories_out_of_order": 0, "turns_lost": 0, "turns_twice": 0}
    with server.client() as client:
        for conversation, group in groupby(said, lambda each: each.conversation_id):
            asked = _answered(list(group))
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


def _stored(server: Running, said: Sequence[Said]) -> Figures:
    """Look for every acknowledged message id in the database itself."""
    database = Path(server.environment["BOT_DATA_DIR"]) / "bot.sqlite3"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT message_id, reply FROM conversations_turnrecord")
        found = rows.fetchall()
    seen = Counter(message_id for message_id, _ in found)
    return {
        "acknowledged_not_stored_once": sum(seen[each.message_id] != 1 for each in _answered(said)),
        "stored_without_reply": sum(reply is None for _, reply in found),
    }


def _logged(server: Running) -> Figures:
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
    errors = [line for line in lines if re.search(r"\b(ERROR|CRITICAL)\b|^\w+: \w+Error\b", line)]
    if errors:
        figures["log_errors"] = Counter(
            re.sub(r"\d{4}-\S+ \S+ |[0-9a-f]{32}", "", line)[:200] for line in errors
        ).most_common(8)
    return figures


def _killed(
    server: Running, name: str, figures: Figures, residents: Sequence[Resident]
) -> tuple[float, float]:
    """Kill a process; note how long until it serves again; return when it went and came back."""
    pid = child(server, name)
    assert pid, f"expected a running {name} process, found none"
    os.kill(pid, signal.SIGKILL)
    went = time.monotonic()
    back = float("inf")
    while back == float("inf") and time.monotonic() - went < BACK_SECONDS:
        time.sleep(0.1)
        if child(server, name) not in (0, pid) and _serves(server, name):
            back = time.monotonic()
    figures[f"{name}_back_seconds"] = round(back - went, 1)
    left = max(5.0, CRASH_PAUSE_SECONDS - (time.monotonic() - went))
    _wait(f"crash: after {name}", left, lambda: _count(residents))
    return went, back


def _serves(server: Running, name: str) -> bool:
    """Whether a process answers at its own door."""
    rasa = f"http://127.0.0.1:{server.environment['BOT_RASA_PORT']}/webhooks/rest/"
    url = rasa if name == "dialogue" else f"{server.url}/readyz"
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _while_down(said: Sequence[Said], went: float, back: float) -> Figures:
    """What residents got between the dialogue's death and its return."""
    down = [each for each in said if went <= each.at < back]
    times = [1000 * each.seconds for each in _answered(down)]
    return {
        "answers_while_dialogue_down": len(times),
        "p95_ms_while_dialogue_down": _percentile(times, 95),
        "slowest_ms_while_dialogue_down": _percentile(times, 100),
        "errors_while_dialogue_down": len(down) - len(times),
    }


def _orphans_gone(server: Running, family: dict[int, str]) -> Figures:
    """Kill the supervisor; seconds until each child, then all of its family, is gone."""
    names = {child(server, name): name for name in COMMANDS}
    gone: dict[int, float] = {}
    server.process.kill()
    server.process.wait()
    killed = time.monotonic()
    while len(gone) < len(family) and time.monotonic() - killed < 2 * GONE_SECONDS:
        for pid, started in family.items():
            if pid not in gone and not is_alive(pid, started):
                gone[pid] = round(time.monotonic() - killed, 1)
        time.sleep(0.05)
    seconds = {pid: gone.get(pid, float("inf")) for pid in family}
    figures = {f"{names[pid]}_gone_seconds": seconds[pid] for pid in family if pid in names}
    return {**figures, "supervisor_children_gone_seconds": max(seconds.values())}


def _edit(server: Running, done: threading.Event, edits: list[Edit]) -> None:
    """Give an item a new name and take it away, every so often, until told to stop."""
    number = 0
    while not done.is_set():
        started = time.monotonic()
        number += 1
        for more in ([], ["--remove"]):
            began = time.monotonic()
            outcome = server.bot("alias", "SB13", f"塑料小本本{number}", *more)
            error = outcome.stderr.strip()[-300:] if outcome.returncode else ""
            edits.append(Edit(began, time.monotonic() - began, error))
        done.wait(max(0.0, ALIAS_SECONDS - (time.monotonic() - started)))


def _edited(said: Sequence[Said], edits: Sequence[Edit]) -> Figures:
    """How long edits took, and what residents felt of them."""

    def meets_edit(each: Said) -> bool:
        end = each.at + each.seconds
        return any(each.at < e.at + e.seconds and e.at < end for e in edits)

    during = [1000 * each.seconds for each in _answered(said) if meets_edit(each)]
    between = [1000 * each.seconds for each in _answered(said) if not meets_edit(each)]
    return {
        "alias_edits": len(edits),
        "alias_edits_failed": sum(bool(edit.error) for edit in edits),
        "alias_edit_seconds_most": round(max((e.seconds for e in edits), default=0.0), 1),
        "p95_ms_during_edit": _percentile(during, 95),
        "p95_ms_between_edits": _percentile(between, 95),
    }


def _sample(server: Running) -> dict[str, float]:
    """One look at memory (MiB), descriptors, folders and sizes (MiB)."""
    data = Path(server.environment["BOT_DATA_DIR"])
    sample = {"at": time.monotonic(), "snapshot_folders": _folders(data / "snapshots")}
    for name in COMMANDS:
        pid = child(server, name)
        with suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            sample[f"{name}_rss_mib"] = int(status.split("VmRSS:")[1].split()[0]) / 1024
            sample[f"{name}_descriptors"] = len(os.listdir(f"/proc/{pid}/fd"))
            sample[f"{name}_threads"] = int(status.split("Threads:")[1].split()[0])
    for name, stem in (("database", "bot"), ("tracker", "tracker")):
        sample[f"{name}_mib"] = _size(data, f"{stem}.sqlite3*")
    return sample


def _folders(shelf: Path) -> int:
    """Drafts count too: what is never tidied fills the disk."""
    return sum(path.is_dir() for path in shelf.iterdir())


def _size(data: Path, pattern: str) -> float:
    size = 0
    for path in data.glob(pattern):
        with suppress(OSError):
            size += path.stat().st_size
    return size / 2**20


def _growth(samples: Sequence[dict[str, float]], messages: int) -> Figures:
    """Start, end and slope of what was sampled; the second half leaves the warm-up out."""
    figures: Figures = {}
    for name in (name for name in samples[0] if name not in ("at", "snapshot_folders")):
        rows = [(sample["at"], sample[name]) for sample in samples if name in sample]
        digits = 1 if name.endswith("rss_mib") else 2 if name.endswith("_mib") else 0
        figures[f"{name}_start"] = round(rows[0][1], digits)
        figures[f"{name}_end"] = round(rows[-1][1], digits)
        if not name.endswith("rss_mib"):
            continue
        figures[f"{name}_per_minute"] = _slope(rows)
        figures[f"{name}_per_minute_second_half"] = _slope(rows[len(rows) // 2 :])
    for name in ("database", "tracker"):
        grown = samples[-1][f"{name}_mib"] - samples[0][f"{name}_mib"]
        figures[f"{name}_kib_per_message"] = round(1024 * grown / max(1, messages), 2)
    figures["snapshot_folders_most"] = int(max(sample["snapshot_folders"] for sample in samples))
    return figures


def _slope(rows: Sequence[tuple[float, float]]) -> float:
    """Units per minute of the straight line through (seconds, value)."""
    if len(rows) < 2:
        return 0.0
    at, value = np.array(rows).T
    return round(60 * float(np.polyfit(at - at[0], value, 1)[0]), 2)


def _first_and_last(said: Sequence[Said], seconds: float) -> Figures:
    """The 95th percentile in the first and the last minute (of a short run: third)."""
    window = min(60.0, seconds / 3)
    first = min(each.at for each in said)
    last = first + seconds - window
    early = [1000 * each.seconds for each in _answered(said) if each.at < first + window]
    late = [1000 * each.seconds for each in _answered(said) if each.at >= last]
    return {
        "window_seconds": round(window),
        "p95_ms_first_window": _percentile(early, 95),
        "p95_ms_last_window": _percentile(late, 95),
    }


def _judged(figures: Figures, **most: float) -> Figures:
    """Add what is larger than it may be, one sentence each."""
    wrong = [
        f"{name}: expected at most {limit:g}, got {figures[name]}"
        for name, limit in most.items()
        if figures[name] > limit
    ]
    return {**figures, "wrong": wrong}


if __name__ == "__main__":
    sys.exit(main())
