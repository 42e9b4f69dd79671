"""A caller who asks one thing after the other, each when the line is quiet; many in one thread."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from tests.voice.fakes_transport import Asterisk
from voice.audio import FRAME_BYTES, FRAME_SECONDS, SILENCE, frames_of, level_dbfs

QUIET_DBFS = -50.0
# Longer than the pauses between sentences.
TURN_SECONDS = 1.0
MOST_SECONDS = 20.0


@dataclass
class Asker:
    """One call; ``waits`` are the seconds from her last word to the first sound of each answer."""

    line: Asterisk
    call_id: UUID = field(default_factory=uuid4)
    waits: list[float] = field(default_factory=list)
    to_say: list[bytes] = field(default_factory=list)
    said_at: float = 0.0

    async def ask(
        self, questions: Sequence[bytes], asked: Callable[[], object] = lambda: None
    ) -> None:
        """Hold a whole call; ``asked`` is told of each answer that has begun."""
        async with self:
            for sound in questions:
                await self.listen()
                await self.say(sound)
                self.waits.append(await self.wait())
                asked()

    async def __aenter__(self) -> Asker:
        await self.line.connect(self.call_id)
        self._speaking = asyncio.create_task(self._speak())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._speaking.cancel()
        await asyncio.gather(self._speaking, return_exceptions=True)
        await self.line.hang_up()

    async def _speak(self) -> None:
        began, sent = time.monotonic(), 0
        while True:
            frame = self.to_say.pop(0) if self.to_say else SILENCE
            self.line.send(b"\x10" + FRAME_BYTES.to_bytes(2, "big") + frame)
            if frame is not SILENCE:
                self.said_at = time.monotonic()
            sent += 1
            await asyncio.sleep(max(0.0, began + sent * FRAME_SECONDS - time.monotonic()))

    async def say(self, sound: bytes) -> None:
        """Speak, and wait until it is said."""
        self.to_say = frames_of(sound)
        while self.to_say:
            await asyncio.sleep(FRAME_SECONDS)

    async def wait(self) -> float:
        """Return the seconds from her last word to ours, infinity if nothing comes."""
        at = len(self.line.arrivals)
        while time.monotonic() - self.said_at < MOST_SECONDS:
            for heard in range(at, len(self.line.arrivals)):
                if self._is_loud(heard):
                    return self.line.arrivals[heard] - self.said_at
            at = len(self.line.arrivals)
            await asyncio.sleep(FRAME_SECONDS)
        return float("inf")

    async def listen(self) -> None:
        """Wait until the line has spoken and is quiet."""
        seen, quiet, has_spoken = len(self.line.arrivals), 0, False
        while not has_spoken or quiet * FRAME_SECONDS < TURN_SECONDS:
            await asyncio.sleep(FRAME_SECONDS)
            for heard in range(seen, len(self.line.arrivals)):
                is_loud = self._is_loud(heard)
                quiet, has_spoken = 0 if is_loud else quiet + 1, has_spoken or is_loud
            seen = len(self.line.arrivals)

    def _is_loud(self, frame: int) -> bool:
        sound = self.line.heard[frame * FRAME_BYTES : (frame + 1) * FRAME_BYTES]
        return level_dbfs(bytes(sound)) > QUIET_DBFS
