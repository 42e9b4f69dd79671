"""A caller in a file: speaks recordings, presses keys at given times, keeps what was heard.

``call_file`` steps a call of this process, as fast as it goes or in real time; ``call_gateway``
rings a running AudioSocket gateway, as an exchange would. One recording is spoken from the first
moment on and holds its own pauses; of several, each waits until the line has said its piece.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from voice.audio import FRAME_SECONDS, SILENCE, frames_of, level_dbfs, wav_read, wav_write
from voice.guard import Stepped
from voice.pacing import paced
from voice.transports import audiosocket_frames as wire
from voice.transports.inbox import Inbox

# The line has spoken and is quiet now: the caller's turn.
TURN_SECONDS = 1.2
QUIET_DBFS = -50.0
# How long the caller listens after the last word before hanging up.
PATIENCE_SECONDS = 20.0

Recordings = Path | Sequence[Path]
# Seconds since the call began, and what is pressed then.
Keys = Sequence[tuple[float, str]]


@dataclass(frozen=True)
class Ended:
    """How a call from a file went; ``outcome`` is "" if the caller hung up, or cannot know."""

    seconds: float
    outcome: str = ""


class FileCaller:
    """Takes turns with the line: hears one frame, gives one frame and the keys pressed."""

    def __init__(
        self, recordings: Recordings, keys: Keys = (), patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        paths = [recordings] if isinstance(recordings, Path) else list(recordings)
        self.heard = bytearray()
        self._turns = [frames_of(wav_read(path)) for path in paths]
        # One recording alone keeps its own time.
        self._speaking = self._turns.pop(0) if len(self._turns) == 1 else []
        self._keys = sorted(keys)
        self._patience_seconds = patience_seconds
        self._frames = 0
        self._quiet_frames = 0
        self._has_heard = False

    @property
    def seconds(self) -> float:
        """How long the call has lasted."""
        return self._frames * FRAME_SECONDS

    @property
    def has_had_enough(self) -> bool:
        """Whether everything is said and pressed, and the line has been quiet for long."""
        is_done = not (self._speaking or self._turns or self._keys)
        return is_done and self._quiet_frames * FRAME_SECONDS >= self._patience_seconds

    def speak(self) -> tuple[bytes, str]:
        """Return the next frame and the keys pressed with it."""
        self._frames += 1
        pressed = ""
        while self._keys and self._keys[0][0] <= self.seconds:
            pressed += self._keys.pop(0)[1]
        if not self._speaking and self._turns and self._is_my_turn():
            self._speaking = self._turns.pop(0)
            self._has_heard = False
        return (self._speaking.pop(0) if self._speaking else SILENCE), pressed

    def hear(self, frame: bytes) -> None:
        """Take the frame that the line said meanwhile."""
        self.heard += frame
        is_quiet = level_dbfs(frame) < QUIET_DBFS
        self._quiet_frames = self._quiet_frames + 1 if is_quiet else 0
        self._has_heard = self._has_heard or not is_quiet

    def _is_my_turn(self) -> bool:
        return self._has_heard and self._quiet_frames * FRAME_SECONDS >= TURN_SECONDS


def call_file(
    call: Stepped,
    wav_in: Recordings,
    wav_out: Path,
    realtime: bool = False,
    keys: Keys = (),
    patience_seconds: float = PATIENCE_SECONDS,
) -> Ended:
    """Step ``call`` through the recordings and write what was heard to ``wav_out``."""
    caller = FileCaller(wav_in, keys, patience_seconds)
    began = time.monotonic()
    while not call.is_over and not caller.has_had_enough:
        caller.hear(call.step(*caller.speak()))
        if realtime:
            time.sleep(max(0.0, began + caller.seconds - time.monotonic()))
    outcome = call.outcome
    call.hung_up()
    wav_write(wav_out, bytes(caller.heard))
    return Ended(caller.seconds, outcome)


async def call_gateway(
    host: str,
    port: int,
    wav_in: Recordings,
    wav_out: Path,
    *,
    call_id: UUID | None = None,
    keys: Keys = (),
    patience_seconds: float = PATIENCE_SECONDS,
) -> Ended:
    """Ring an AudioSocket gateway and write what was heard; raises OSError if nobody listens.

    A gateway that wants its calls announced must have been told ``call_id`` before.
    """
    caller = FileCaller(wav_in, keys, patience_seconds)
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(wire.encoded(wire.Frame(wire.UUID, (call_id or uuid4()).bytes)))
        await _talk(caller, reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    wav_write(wav_out, bytes(caller.heard))
    return Ended(caller.seconds)


async def _talk(
    caller: FileCaller, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    inbox = Inbox()

    def step() -> None:
        caller.hear(inbox.take()[0])
        sound, keys = caller.speak()
        writer.write(wire.encoded(wire.Frame(wire.AUDIO, sound)))
        for key in keys:
            writer.write(wire.encoded(wire.Frame(wire.DTMF, key.encode())))

    tasks = [
        asyncio.create_task(_read(reader, inbox)),
        asyncio.create_task(paced(step, lambda: caller.has_had_enough)),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    while inbox.waiting_ms:
        caller.hear(inbox.take()[0])


async def _read(reader: asyncio.StreamReader, inbox: Inbox) -> None:
    frames = wire.FrameReader()
    while data := await reader.read(4096):
        for frame in frames.feed(data):
            if frame.kind == wire.AUDIO:
                inbox.hear(frame.payload)
