"""The supervisor of an engine that runs in a process of its own.

Engines are C libraries with global state: they crash, hang, and end their process on bad files.
Here that costs one sentence a few milliseconds. Not safe for several threads; engines hold a lock.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from voice.synthesis.pipe import REPLY, Sound, request

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class ChildFailed(Exception):
    """The child crashed, hung or refused; it is gone, and the next request starts another."""


class EngineChild:
    """One child process, started when first asked and again after each failure."""

    def __init__(self, module: str, arguments: Sequence[str], ready_seconds: float) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._ready_seconds = ready_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The running child's process id."""
        return self._process.pid if self._process else None

    def ask(self, text: str, rate: float, seconds: float) -> Sound:
        """Return what the child says to ``text``. Raises ChildFailed, also after ``seconds``."""
        try:
            process = self._running()
            assert process.stdin is not None
            process.stdin.write(request(text, rate))
            return _reply(process, time.monotonic() + seconds)
        except (ChildFailed, OSError) as fault:
            self.stop()
            raise ChildFailed(str(fault)) from fault

    def stop(self) -> None:
        """End the child; the next request starts another."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = self._started()
            self.starts += 1
            _reply(self._process, time.monotonic() + self._ready_seconds)
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in a terminal must not silence calls that are being drained.
        # If we die, the child reads the end of its input and ends.
        environment = {**os.environ, "PYTHONPATH": str(_PACKAGE_ROOT)}
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment,
            start_new_session=True,
        )


def _reply(process: subprocess.Popen[bytes], deadline: float) -> Sound:
    rate_hz, length = REPLY.unpack(_exactly(process, REPLY.size, deadline))
    body = _exactly(process, length, deadline)
    if rate_hz == 0:
        raise ChildFailed(body.decode(errors="replace"))
    return Sound(rate_hz, body)


def _exactly(process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
    assert process.stdout is not None
    descriptor, received = process.stdout.fileno(), bytearray()
    while len(received) < size:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise ChildFailed("no answer in time")
        if not (piece := os.read(descriptor, size - len(received))):
            raise ChildFailed("the process ended")
        received += piece
    return bytes(received)
