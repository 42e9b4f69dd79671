"""A caller who listens before she speaks: rings an AudioSocket gateway as Asterisk would.

Sends a frame every 20 ms whether she speaks or not, keeps what she hears, and ends the test if the
line sends what Asterisk would not survive: an unknown kind, sound of no length, 2 s of nothing.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import deque
from types import TracebackType
from uuid import uuid4

from voice.audio import FRAME_BYTES, FRAME_SECONDS, SILENCE, frames_of, level_dbfs

UUID, DTMF, AUDIO, HANG_UP = 0x01, 0x03, 0x10, 0x00
QUIET_DBFS = -50.0
# The line has said its piece: longer than its pauses between sentences.
TURN_SECONDS = 1.6
MOST_SECONDS = 60.0


class Telephone:
    """One call, in real time; a context that hangs up at its end."""

    def __init__(self, port: int, call_id: str = "") -> None:
        self.call_id = call_id or str(uuid4())
        self.heard = bytearray()
        self.faults: list[str] = []
        self.is_over = False
        self._to_say: deque[bytes] = deque()
        self._keys: deque[str] = deque()
        self._quiet_since = time.monotonic()
        self._has_heard = False
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._threads = [threading.Thread(target=act) for act in (self._speak, self._listen)]

    def __enter__(self) -> Telephone:
        self._send(UUID, bytes.fromhex(self.call_id.replace("-", "")))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.is_over = True
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def say(self, sound: bytes) -> None:
        """Speak, and wait until it is said."""
        self._has_heard = False
        self._to_say.extend(frames_of(sound))
        while self._to_say and not self.is_over:
            time.sleep(FRAME_SECONDS)

    def press(self, keys: str) -> None:
        """Press keys, one every 120 ms."""
        self._has_heard = False
        for key in keys:
            self._keys.append(key)
            time.sleep(0.12)

    def listen(self, seconds: float = MOST_SECONDS) -> bool:
        """Wait until the line has spoken and is quiet again; False if it never spoke or hung up."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.is_over:
            if self._has_heard and time.monotonic() - self._quiet_since > TURN_SECONDS:
                return True
            time.sleep(FRAME_SECONDS)
        return False

    def _speak(self) -> None:
        began, sent = time.monotonic(), 0
        while not self.is_over:
            time.sleep(max(0.0, began + sent * FRAME_SECONDS - time.monotonic()))
            sent += 1
            try:
                while self._keys:
                    self._send(DTMF, self._keys.popleft().encode())
                self._send(AUDIO, self._to_say.popleft() if self._to_say else SILENCE)
            except OSError:
                self.is_over = True

    def _listen(self) -> None:
        last = time.monotonic()
        while not self.is_over:
            try:
                kind, payload = self._receive()
            except OSError:
                break
            if time.monotonic() - last > 2.0:
                self.faults.append("2 s without sound")
            last = time.monotonic()
            if kind == HANG_UP:
                break
            if kind != AUDIO or not payload:
                self.faults.append(f"kind {kind:#x}, {len(payload)} bytes")
                break
            self._hear(payload)
        self.is_over = True

    def _hear(self, sound: bytes) -> None:
        self.heard += sound
        if level_dbfs(sound[:FRAME_BYTES]) > QUIET_DBFS:
            self._has_heard, self._quiet_since = True, time.monotonic()

    def _send(self, kind: int, payload: bytes) -> None:
        self._socket.sendall(struct.pack(">BH", kind, len(payload)) + payload)

    def _receive(self) -> tuple[int, bytes]:
        kind, length = struct.unpack(">BH", self._exactly(3))
        return kind, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        held = b""
        while len(held) < count:
            more = self._socket.recv(count - len(held))
            if not more:
                raise OSError("the line is closed")
            held += more
        return held
