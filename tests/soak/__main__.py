"""make soak: many residents at once, killed processes, minutes on end; real HTTP on loopback.

``load`` keeps a fixed pace and holds every reply against its own talk; ``plain`` sends the same to
a plain Rasa project; ``kill`` ends the dialogue in the middle of talks; ``capacity`` asks without
a pause; ``crash`` looks for lost messages, ``confirmations`` for lost or doubled tickets;
``staff`` opens many pages and tickets at once, ``staff_postgres`` on PostgreSQL; ``endurance``
looks for growth, ``calls`` for what 300 calls leave behind; ``fuzz_sip`` and
``fuzz_audiosocket`` damage what telephones send, 100,000 cases each. Prints one line a
figure and adds each part to ``bench/out/soak.json``; ends with 1 if anything is ``wrong``.
``python -m tests.soak --only load plain --seconds 10`` runs parts, and short ones.
What a single message costs is measured by ``tests.bench``.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tests.soak.calls import calls
from tests.soak.capacity import capacity
from tests.soak.confirmations import confirmations
from tests.soak.crash import crash
from tests.soak.endurance import endurance
from tests.soak.figures import Figures
from tests.soak.fuzz import fuzz_parsers
from tests.soak.fuzz_audiosocket import fuzz_audiosocket
from tests.soak.kill import kill
from tests.soak.load import load
from tests.soak.plain import plain
from tests.soak.staff import staff, staff_on_postgres

OUT = Path(__file__).resolve().parents[2] / "bench" / "out" / "soak.json"
PARTS = (
    *("load", "plain", "kill", "capacity", "crash"),
    *("confirmations", "staff", "staff_postgres", "endurance", "calls"),
    *("fuzz_sip", "fuzz_audiosocket"),
)


def main() -> int:
    """Run the parts that are named, or all; returns the exit code."""
    given = _arguments()
    # Leave as with Ctrl-C, so that every server is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    done: dict[str, Figures] = {}
    parts: dict[str, Callable[[], Figures]] = {
        "load": lambda: load(given.seconds),
        "plain": lambda: plain(given.seconds, done.get("load", {})),
        "kill": kill,
        "capacity": lambda: capacity(given.seconds),
        "crash": crash,
        "confirmations": confirmations,
        "staff": lambda: staff(given.seconds),
        "staff_postgres": lambda: staff_on_postgres(given.seconds),
        "endurance": lambda: endurance(given.minutes),
        "calls": calls,
        "fuzz_sip": lambda: {**fuzz_parsers(), "wrong": []},
        "fuzz_audiosocket": fuzz_audiosocket,
    }
    for name in PARTS:
        if name not in given.only:
            continue
        before = round(os.getloadavg()[0], 1)
        done[name] = {"load_average_before": before, **parts[name]()}
        _print(name, done[name])
        _keep(name, done[name])
    return 1 if any(figures["wrong"] for figures in done.values()) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, help="parts to run; all if not given"
    )
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="how long load, plain and capacity last"
    )
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


if __name__ == "__main__":
    sys.exit(main())
