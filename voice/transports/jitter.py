"""Sound that arrives unevenly, given out evenly: exactly one frame of 20 ms for each call.

A stretch of time is kept, not a queue of packets: samples are laid down where their timestamp
says, so that packets of any length, in any order, twice or never, need no care of their own.
Whoever listens here is a recogniser; to it a word that comes late is better than a word that is
lost. So the delay grows at once when sound runs dry, and shrinks again a frame at a time, in
quiet moments. That also takes up the drift between two clocks.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from voice.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ

DEPTH_MS = 60
MOST_DELAY_MS = 1000
# Judged over this many packets: nothing came later than needed, so the delay may shrink.
WINDOW_PACKETS = 250
# A frame below this is skipped without being missed, about −50 dBFS.
QUIET_PEAK = 200
# So many packets in a row that come too late are no stragglers: the sender's clock has moved.
MOST_LATE = 5
# How often the last frame stands in, fading, for one that is missing.
COVERED_FRAMES = 3


class JitterBuffer:
    """One caller's sound on its way in. Positions are samples since the beginning."""

    def __init__(self, depth_ms: int = DEPTH_MS) -> None:
        self._depth = depth_ms * SAMPLE_RATE_HZ // 1000
        self._size = 2 * MOST_DELAY_MS * SAMPLE_RATE_HZ // 1000
        self._samples: NDArray[np.int16] = np.zeros(self._size, dtype=np.int16)
        self._is_filled: NDArray[np.bool_] = np.zeros(self._size, dtype=np.bool_)
        self._next = 0  # where the next frame begins
        self._end = 0  # behind the newest sample
        self._start_of: tuple[int, int] | None = None  # a timestamp and the position it stands for
        self._ssrc = -1
        self._late = 0
        self._margins: deque[int] = deque(maxlen=WINDOW_PACKETS)
        self._last: NDArray[np.int16] = np.zeros(FRAME_SAMPLES, dtype=np.int16)
        self._covered = COVERED_FRAMES
        self.late_packets = 0
        self.missing_frames = 0

    @property
    def delay_ms(self) -> float:
        """How much sound lies ready."""
        return max(self._end - self._next, 0) * 1000 / SAMPLE_RATE_HZ

    def put(self, pcm: bytes, timestamp: int, ssrc: int = 0) -> None:
        """Lay down a packet's sound, s16le; ``timestamp`` counts samples and wraps at 2³²."""
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2")[: self._size // 4]
        if not samples.size:
            return
        if self._start_of is None or ssrc != self._ssrc:
            self._ssrc = ssrc
            self._begin_at(max(self._end, self._next + self._depth), timestamp)
        position = self._position(timestamp)
        if position < self._next:
            position = self._made_late(position, samples.size, timestamp)
        if position >= self._next:
            self._late = 0
            self._lay(samples, position, timestamp)

    def take(self) -> bytes:
        """Return the next frame, s16le; what is missing is covered by what was last heard."""
        if self._may_shrink():
            self._margins.clear()
            self._read()
        frame, is_whole = self._read()
        if not is_whole and self._start_of is not None:
            self.missing_frames += 1
        return frame.astype("<i2").tobytes()

    def _begin_at(self, position: int, timestamp: int) -> None:
        self._start_of = (timestamp, position)
        self._late = 0
        self._margins.clear()

    def _position(self, timestamp: int) -> int:
        assert self._start_of is not None
        known, position = self._start_of
        return position + (timestamp - known + 2**31) % 2**32 - 2**31

    def _made_late(self, position: int, length: int, timestamp: int) -> int:
        """Return where to lay what comes too late; a position in the past if it is given up."""
        has_run_dry = position + length > self._end
        is_a_little_late = self._next - position <= MOST_DELAY_MS * SAMPLE_RATE_HZ // 1000
        if has_run_dry and is_a_little_late:
            self._begin_at(self._next, timestamp)
            return self._next
        self._late += 1
        self.late_packets += 1
        if not has_run_dry and self._late < MOST_LATE:
            return position
        self._begin_at(max(self._end, self._next + self._depth), timestamp)
        return self._position(timestamp)

    def _lay(self, samples: NDArray[np.int16], position: int, timestamp: int) -> None:
        end = position + samples.size
        if end - self._next > self._size // 2:
            # More than a second ahead: the sender's clock has jumped, or we were held up.
            self._skip_to(max(end - self._depth - samples.size, self._next))
        self._margins.append(position - self._next)
        where = np.arange(position, end) % self._size
        self._samples[where] = samples
        self._is_filled[where] = True
        self._end = max(self._end, end)
        self._start_of = (timestamp, position)

    def _skip_to(self, position: int) -> None:
        self._is_filled[:] = False
        self._next = position
        self._margins.clear()

    def _may_shrink(self) -> bool:
        if len(self._margins) < WINDOW_PACKETS:
            return False
        spare = min(self._margins) - self._depth
        if spare < FRAME_SAMPLES:
            return False
        where = self._where()
        peak = int(np.abs(self._samples[where].astype(np.int32)).max())
        return peak < QUIET_PEAK or spare >= 4 * FRAME_SAMPLES

    def _where(self) -> NDArray[np.int64]:
        return np.arange(self._next, self._next + FRAME_SAMPLES) % self._size

    def _read(self) -> tuple[NDArray[np.int16], bool]:
        where = self._where()
        filled = self._is_filled[where]
        samples = np.where(filled, self._samples[where], np.int16(0))
        self._is_filled[where] = False
        self._next += FRAME_SAMPLES
        if filled.any():
            self._last, self._covered = samples, 0
            return samples, bool(filled.all())
        self._covered += 1
        fading = max(1 - self._covered / (COVERED_FRAMES + 1), 0.0)
        return (self._last * fading).astype(np.int16), False


assert FRAME_MS * SAMPLE_RATE_HZ == FRAME_SAMPLES * 1000
