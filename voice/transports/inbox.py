"""What a stream of bytes brings between two steps of a call: sound in any cut, and keys.

A step takes exactly one frame. Sound that is late becomes a short silence; sound that piles up
after a stall on the line is worked off in the caller's pauses, so that speech is not cut.
"""

from __future__ import annotations

from voice.audio import FRAME_BYTES, FRAME_MS, SILENCE, level_dbfs

KEYS = frozenset("0123456789*#")
# Two frames ahead: arrivals and steps each keep 20 ms, but not in step with each other.
AHEAD_FRAMES = 2
# More than this waits in vain; quiet frames are left out first.
WORKED_OFF_FRAMES = 5
QUIET_DBFS = -45.0
LONGEST_MS = 2000
MOST_KEYS = 64


class Inbox:
    """Sound and keys on their way into one call."""

    def __init__(self) -> None:
        self._sound = bytearray()
        self._keys = ""
        self._is_filling = True

    @property
    def waiting_ms(self) -> int:
        """How much sound waits."""
        return len(self._sound) // FRAME_BYTES * FRAME_MS

    def hear(self, pcm: bytes) -> None:
        """Take sound of any length; of more than two seconds the oldest is dropped."""
        self._sound += pcm
        longest = LONGEST_MS // FRAME_MS * FRAME_BYTES
        if len(self._sound) > longest:
            # Whole samples: half a sample dropped would turn all that follows into noise.
            del self._sound[: (len(self._sound) - longest + 1) // 2 * 2]

    def press(self, keys: str) -> None:
        """Take keys; what no telephone has is left out."""
        self._keys = (self._keys + "".join(k for k in keys if k in KEYS))[:MOST_KEYS]

    def take(self) -> tuple[bytes, str]:
        """Return the next frame and the keys pressed since the last one."""
        keys, self._keys = self._keys, ""
        return self._next_frame(), keys

    def _next_frame(self) -> bytes:
        wanted = AHEAD_FRAMES if self._is_filling else 1
        if len(self._sound) < wanted * FRAME_BYTES:
            self._is_filling = True
            return SILENCE
        self._is_filling = False
        frame = self._pop()
        while len(self._sound) > WORKED_OFF_FRAMES * FRAME_BYTES and level_dbfs(frame) < QUIET_DBFS:
            frame = self._pop()
        return frame

    def _pop(self) -> bytes:
        frame = bytes(self._sound[:FRAME_BYTES])
        del self._sound[:FRAME_BYTES]
        return frame
