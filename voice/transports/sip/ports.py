"""Ports of the sound: an even one for RTP and the next for RTCP, from a bounded range.

A port that is given back goes to the end of the queue, so that packets still on their way to an
old call do not land in a new one. How a socket is opened is handed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from voice.transports.rtp import Source

Received = Callable[[bytes, Source], None]
# So many ports in a row that somebody else holds: give up, for the caller waits.
MOST_TRIES = 20


class Socket(Protocol):
    """An open UDP port."""

    def send(self, datagram: bytes, destination: Source) -> None:
        """Send, or lose it: sound that cannot go out now is worth nothing later."""

    def close(self) -> None:
        """Receive no more."""


OpenSocket = Callable[[int, Received], Socket]


class NoPort(Exception):
    """Every port of the range is taken."""


@dataclass
class Pair:
    """The two sockets of one call."""

    port: int
    rtp: Socket
    rtcp: Socket

    def close(self) -> None:
        """Close both."""
        self.rtp.close()
        self.rtcp.close()


class PortPool:
    """The range; ``free`` pairs are left."""

    def __init__(self, first: int, last: int, open_socket: OpenSocket) -> None:
        self._free = deque(range(first + first % 2, last, 2))
        self._open_socket = open_socket

    @property
    def free(self) -> int:
        """How many pairs are left."""
        return len(self._free)

    def take(self, received: Received) -> Pair:
        """Open a pair; what arrives at the even port is handed on. Raises NoPort."""
        for _ in range(min(len(self._free), MOST_TRIES)):
            port = self._free.popleft()
            pair = self._opened(port, received)
            if pair is not None:
                return pair
            self._free.append(port)
        raise NoPort("expected a free port for the sound")

    def give_back(self, pair: Pair) -> None:
        """Close the pair and let others have it."""
        pair.close()
        self._free.append(pair.port)

    def _opened(self, port: int, received: Received) -> Pair | None:
        try:
            rtp = self._open_socket(port, received)
        except OSError:
            return None
        try:
            return Pair(port, rtp, self._open_socket(port + 1, _ignored))
        except OSError:
            rtp.close()
            return None


def _ignored(datagram: bytes, source: Source) -> None:
    """Reports on quality come here; nothing is done with them."""
