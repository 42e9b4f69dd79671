"""Work in child processes that may die.

espeak-ng crashes once in several thousand utterances, each time at the same one. A child counts
what it has begun; when it dies, its chunk starts anew in another child without the piece at which
it died.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from tqdm import tqdm

_MOST_DEATHS = 6
_GLANCE_SECONDS = 0.5

Piece = TypeVar("Piece")


class Counter:
    """How many pieces of a chunk were begun; shared between a child and us."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def step(self) -> None:
        """Say that the next piece begins."""
        self._value.value += 1

    @property
    def begun(self) -> int:
        """Return how many were begun so far."""
        return int(self._value.value)


Task = Callable[[Sequence[Piece], str, Counter], None]


@dataclass
class _Child:
    process: BaseProcess
    number: int
    pieces: Sequence[Any]
    counter: Counter
    deaths: int


def work_in_children(
    task: Task[Piece],
    chunks: Sequence[Sequence[Piece]],
    outputs: Sequence[str],
    processes: int,
    title: str,
) -> None:
    """Let ``task`` write each chunk to its output; it must be importable by name.

    Raises RuntimeError if a chunk kills its children again and again.
    """
    waiting = [(number, pieces, 0) for number, pieces in enumerate(chunks)][::-1]
    running: list[_Child] = []
    done = 0
    with tqdm(total=sum(map(len, chunks)), desc=title, unit="", mininterval=2.0) as bar:
        while waiting or running:
            while waiting and len(running) < processes:
                running.append(_started(task, outputs, *waiting.pop()))
            wait([child.process.sentinel for child in running], _GLANCE_SECONDS)
            for child in [child for child in running if child.process.exitcode is not None]:
                running.remove(child)
                if child.process.exitcode == 0:
                    done += len(child.pieces)
                else:
                    waiting.append(_without_culprit(child))
            bar.update(done + sum(child.counter.begun for child in running) - bar.n)


def _started(
    task: Task[Any], outputs: Sequence[str], number: int, pieces: Sequence[Any], deaths: int
) -> _Child:
    context = multiprocessing.get_context("spawn")
    counter = Counter(context.Value("i", 0))
    process = context.Process(target=task, args=(pieces, outputs[number], counter), daemon=True)
    process.start()
    return _Child(process, number, pieces, counter, deaths)


def _without_culprit(child: _Child) -> tuple[int, Sequence[Any], int]:
    culprit = max(child.counter.begun - 1, 0)
    if child.deaths + 1 >= _MOST_DEATHS:
        last = child.pieces[culprit]
        raise RuntimeError(f"chunk {child.number} died {_MOST_DEATHS} times, last at {last}")
    left = [piece for index, piece in enumerate(child.pieces) if index != culprit]
    return child.number, left, child.deaths + 1
