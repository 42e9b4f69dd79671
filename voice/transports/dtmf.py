"""Keys of the telephone: RFC 4733 events within RTP, and digits within SIP INFO.

An event is sent again and again while the key is held, and its end three times; any of these
packets may be lost. A key counts when the first packet of its event arrives, whichever that is.
"""

from __future__ import annotations

import re
from collections import deque

KEYS = "0123456789*#"
# Enough for every event whose packets may still be on their way.
REMEMBERED_EVENTS = 32
# Durations have 16 bits: a key held for eight seconds goes on in a new event.
LONGEST_TICKS = 0xFFFF
_NEARLY_LONGEST_TICKS = 0xF000
_MOST_EVENTS = 8
_SIGNAL = re.compile(r"^[ \t]*signal[ \t]*=[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE | re.ASCII)
INFO_TYPES = ("application/dtmf-relay", "application/dtmf")


class KeyEvents:
    """Turns the events of one caller into keys, each exactly once."""

    def __init__(self) -> None:
        self._ssrc = -1
        self._known: deque[int] = deque(maxlen=REMEMBERED_EVENTS)
        self._code = -1
        self._start = 0
        self._duration = 0
        self._has_ended = True

    def feed(self, payload: bytes, timestamp: int, ssrc: int = 0) -> str:
        """Return the keys that this packet is the first to tell of, mostly none or one."""
        if ssrc != self._ssrc:
            self._ssrc = ssrc
            self._known.clear()
            self._has_ended = True
        keys = ""
        # One packet may report several events, each beginning where the one before it ended.
        for at in range(0, min(len(payload) // 4, _MOST_EVENTS) * 4, 4):
            duration = int.from_bytes(payload[at + 2 : at + 4], "big")
            keys += self._event(payload[at], bool(payload[at + 1] & 0x80), timestamp, duration)
            timestamp = (timestamp + duration) % 2**32
        return keys

    def _event(self, code: int, has_ended: bool, start: int, duration: int) -> str:
        if start in self._known:
            if start == self._start:
                self._duration = max(self._duration, duration)
                self._has_ended = self._has_ended or has_ended
            return ""
        is_pressed = not self._goes_on(code, start)
        self._known.append(start)
        self._code, self._start = code, start
        self._duration, self._has_ended = duration, has_ended
        return KEYS[code] if is_pressed and code < len(KEYS) else ""

    def _goes_on(self, code: int, start: int) -> bool:
        is_held = code == self._code and not self._has_ended
        since = (start - self._start) % 2**32
        return is_held and self._duration >= _NEARLY_LONGEST_TICKS and since <= LONGEST_TICKS


def info_keys(content_type: str, body: bytes) -> str | None:
    """Return the key within a SIP INFO, "" if it holds none, None if it is of another type."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in INFO_TYPES:
        return None
    text = body[:1000].decode("ascii", "replace")
    if kind == "application/dtmf-relay":
        match = _SIGNAL.search(text)
        text = match[1] if match else ""
    signal = {"10": "*", "11": "#"}.get(text.strip(), text.strip())
    return signal if len(signal) == 1 and signal in KEYS else ""
