"""The processes under a supervisor: who they are, whether they live, what they use.

Reads /proc alone; what residents notice is measured elsewhere.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.running import Running, running

# What each process looks like in /proc/<pid>/cmdline.
COMMANDS = {"web": "-m bot web", "dialogue": "-m rasa run", "worker": "-m bot worker"}
_WITH_LINE = {**COMMANDS, "voice": "-m bot voice"}
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@contextmanager
def served(**settings: str) -> Iterator[tuple[Running, dict[int, str]]]:
    """A server of our own with its family; whoever is left of it afterwards is ended by pid."""
    family: dict[int, str] = {}
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as place:
        try:
            with running(Path(place), **settings) as server:
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
            found[child] = started_at(child)
            waiting.append(child)
    return found


def child(server: Running, name: str) -> int:
    """The pid of one of them under a supervisor, or 0 while there is none."""
    for pid in descendants(server.process.pid):
        with suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            if _WITH_LINE[name] in command and is_alive(pid, started_at(pid)):
                return pid
    return 0


def is_alive(pid: int, started: str) -> bool:
    """Whether this very process still runs; one that waits to be reaped does not."""
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z" and fields[19] == started


def serves(server: Running, name: str) -> bool:
    """Whether a process answers at its own door."""
    rasa = f"http://127.0.0.1:{server.environment['BOT_RASA_PORT']}/webhooks/rest/"
    url = rasa if name == "dialogue" else f"{server.url}/readyz"
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on: 0 state, 1 parent, 19 start time."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def started_at(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if fields else ""


def processor_seconds(pid: int) -> float:
    """Processor time a process has used so far, its ended children left out; 0 if it is gone."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND if fields else 0.0


def machine_seconds() -> tuple[float, float]:
    """Processor seconds of the whole machine since it started: (busy, all)."""
    ticks = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / TICKS_PER_SECOND, sum(ticks) / TICKS_PER_SECOND


def resident_mib(pid: int, line: str = "VmRSS") -> float:
    """Memory of a process in MiB, ``VmHWM`` for the most it ever had; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return round(int(status.split(f"{line}:")[1].split()[0]) / 1024, 1)
