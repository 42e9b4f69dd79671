"""Lets residents' turns through while a thread of the same process reckons for seconds."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# A turn lets go of the interpreter hundreds of times (database, encoder). While another thread
# reckons, each time costs a switch interval: with the usual 5 ms the beginning of a report took
# 1.5 s instead of 0.1 s, with this 0.3 s. Among many short turns, though, so many switches cost a
# third of the processor's time: only then, therefore.
SWITCH_SECONDS = 0.0001

_lock = threading.Lock()
# For every block that goes on: the interval that was usual before the first.
_usual: list[float] = []


@contextmanager
def giving_way() -> Iterator[None]:
    """Switch between threads often until the block, and every other such block, has ended."""
    with _lock:
        _usual.append(_usual[0] if _usual else sys.getswitchinterval())
        sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        with _lock:
            usual = _usual.pop()
            if not _usual:
                sys.setswitchinterval(usual)
