"""Kill dialogue, web and supervisor in turn: what is lost, who answers, when all is back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

from tests.running import Running
from tests.soak.figures import Figures, judged, percentile
from tests.soak.processes import COMMANDS, child, descendants, is_alive, served, serves
from tests.soak.residents import (
    SOUND,
    Resident,
    Said,
    answered,
    count,
    history,
    logged,
    outcome,
    stored,
    talking,
    wait,
)

CRASH_RESIDENTS = 4


CRASH_PAUSE_SECONDS = 20


BACK_SECONDS = 120.0


PATIENCE_SECONDS = 90.0


GONE_SECONDS = 15.0


def crash() -> Figures:
    """Kill dialogue, web and supervisor in turn: what is lost, who answers, when all is back."""
    figures: Figures = {}
    with served() as (server, family):
        with talking(server, CRASH_RESIDENTS, patience=PATIENCE_SECONDS) as residents:
            wait("crash: before", 5, lambda: count(residents))
            down = _killed(server, "dialogue", figures, residents)
            _killed(server, "web", figures, residents)
        said = [each for resident in residents for each in resident.said]
        figures.update(_while_down(said, *down))
        figures.update(outcome(said))
        figures["messages_sent_again"] = sum(each.attempts > 1 for each in said)
        figures.update(history(server, said))
        figures.update(stored(server, said))
        figures.update(logged(server))
        # Under load again: a supervisor rarely dies in a quiet minute.
        with talking(server, CRASH_RESIDENTS):
            time.sleep(2)
            family.update(descendants(server.process.pid))
            figures.update(_orphans_gone(server, family))
    return judged(
        figures,
        **SOUND,
        acknowledged_not_stored_once=0,
        stored_without_reply=0,
        errors_while_dialogue_down=0,
        dialogue_back_seconds=BACK_SECONDS,
        web_back_seconds=BACK_SECONDS,
        supervisor_children_gone_seconds=GONE_SECONDS,
    )


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
        if child(server, name) not in (0, pid) and serves(server, name):
            back = time.monotonic()
    figures[f"{name}_back_seconds"] = round(back - went, 1)
    left = max(5.0, CRASH_PAUSE_SECONDS - (time.monotonic() - went))
    wait(f"crash: after {name}", left, lambda: count(residents))
    return went, back


def _while_down(said: Sequence[Said], went: float, back: float) -> Figures:
    """What residents got between the dialogue's death and its return."""
    down = [each for each in said if went <= each.at < back]
    times = [1000 * each.seconds for each in answered(down)]
    return {
        "answers_while_dialogue_down": len(times),
        "p95_ms_while_dialogue_down": percentile(times, 95),
        "slowest_ms_while_dialogue_down": percentile(times, 100),
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
