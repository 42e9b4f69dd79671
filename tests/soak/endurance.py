"""Minutes on end: what grows, what gets slower, while an alias comes and goes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.search.snapshot import KEPT_SNAPSHOTS
from tests.running import Running
from tests.soak.figures import Figures, judged, percentile
from tests.soak.processes import COMMANDS, child, served
from tests.soak.residents import (
    ENDURANCE_RESIDENTS,
    SOUND,
    Said,
    answered,
    count,
    history,
    logged,
    outcome,
    talking,
    wait,
)

MESSAGES_PER_SECOND = 4.0


ALIAS_SECONDS = 20.0


# One draft may lie beside those that are kept and the one in force.
MOST_SNAPSHOTS = KEPT_SNAPSHOTS + 1


@dataclass(frozen=True)
class Edit:
    """One change of an alias, command and publication: monotonic start, how long, what failed."""

    at: float
    seconds: float
    error: str


def endurance(minutes: float) -> Figures:
    """Steady questions while an alias comes and goes: what grows, and whether it gets slower."""
    seconds = 60 * minutes
    with served() as (server, _):
        samples = [_sample(server)]
        edits: list[Edit] = []
        done = threading.Event()
        editing = threading.Thread(target=_edit, args=(server, done, edits))
        editing.start()
        try:
            every = ENDURANCE_RESIDENTS / MESSAGES_PER_SECOND
            with talking(server, ENDURANCE_RESIDENTS, every=every) as residents:
                wait(
                    "endurance",
                    seconds,
                    lambda: count(residents),
                    every=lambda: samples.append(_sample(server)),
                )
        finally:
            done.set()
            editing.join()
        samples.append(_sample(server))
        said = [each for resident in residents for each in resident.said]
        figures: Figures = {"minutes": minutes, **outcome(said), **_first_and_last(said, seconds)}
        figures.update(_edited(said, edits))
        figures.update(_growth(samples, len(said)))
        figures.update(history(server, said))
        figures.update(logged(server))
        failed = sorted({edit.error for edit in edits if edit.error})
    figures = judged(
        figures,
        **SOUND,
        alias_edits_failed=0,
        snapshot_folders_most=MOST_SNAPSHOTS,
        tracebacks=0,
    )
    figures["wrong"] += failed
    return figures


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

    during = [1000 * each.seconds for each in answered(said) if meets_edit(each)]
    between = [1000 * each.seconds for each in answered(said) if not meets_edit(each)]
    return {
        "alias_edits": len(edits),
        "alias_edits_failed": sum(bool(edit.error) for edit in edits),
        "alias_edit_seconds_most": round(max((e.seconds for e in edits), default=0.0), 1),
        "p95_ms_during_edit": percentile(during, 95),
        "p95_ms_between_edits": percentile(between, 95),
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
    early = [1000 * each.seconds for each in answered(said) if each.at < first + window]
    late = [1000 * each.seconds for each in answered(said) if each.at >= last]
    return {
        "window_seconds": round(window),
        "p95_ms_first_window": percentile(early, 95),
        "p95_ms_last_window": percentile(late, 95),
    }
