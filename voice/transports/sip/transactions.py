"""What keeps a lossy wire from mattering: requests answered once however often they arrive.

``Answered`` remembers what each request was answered, ``Asked`` sends our own requests until they
are. Which answer is right, and what it means for a call, is decided elsewhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from voice.transports.sip.fields import CSeq, Via
from voice.transports.sip.message import Request, Response, write
from voice.transports.sip.timers import GIVE_UP_SECONDS, Repeated, Timer, Timers

MAGIC = "z9hG4bK"  # branches that begin so are unique (RFC 3261, 8.1.1.7)
MOST_REMEMBERED = 10_000

Source = tuple[str, int]
Send = Callable[[bytes, Source], None]
Key = tuple[str, ...]


def key_of(request: Request, via: Via, cseq: CSeq) -> Key:
    """Return what all repetitions of a request have in common; an ACK has its INVITE's key."""
    method = "INVITE" if request.method == "ACK" else request.method
    if via.branch.startswith(MAGIC):
        return (via.branch, via.sent_by, method)
    sender = request.headers.first("from")
    return (via.text, request.headers.first("call-id"), sender, str(cseq.number), method)


@dataclass
class _Transaction:
    datagram: bytes = b""
    destination: Source = ("", 0)
    repeated: Repeated | None = None
    end: Timer | None = None


class Answered:
    """Requests that have come in, and the last answer to each."""

    def __init__(self, timers: Timers, send: Send) -> None:
        self._timers = timers
        self._send = send
        self._known: dict[Key, _Transaction] = {}

    def __len__(self) -> int:
        return len(self._known)

    def is_repeated(self, key: Key) -> bool:
        """Whether this request has come before; its answer, if there is one, is sent again."""
        known = self._known.get(key)
        if known is not None and known.datagram:
            self._send(known.datagram, known.destination)
        return known is not None

    def begin(self, key: Key) -> bool:
        """Remember a new request; whether there is room, for one we forget could come twice."""
        if len(self._known) >= MOST_REMEMBERED:
            return False
        self._known[key] = _Transaction()
        return True

    def answer(self, key: Key, datagram: bytes, destination: Source) -> None:
        """Send a provisional answer."""
        known = self._known.setdefault(key, _Transaction())
        known.datagram, known.destination = datagram, destination
        self._send(datagram, destination)

    def conclude(self, key: Key, datagram: bytes, destination: Source) -> None:
        """Send the final answer; repetitions of the request get it for a while."""
        self.answer(key, datagram, destination)
        known = self._known[key]
        if known.end is None:
            known.end = self._timers.call_later(GIVE_UP_SECONDS, lambda: self._forget(key))

    def insist(
        self,
        key: Key,
        datagram: bytes,
        destination: Source,
        gave_up: Callable[[], None] = lambda: None,
    ) -> None:
        """Send the final answer to an INVITE again and again until its ACK is heard."""
        known = self._known.setdefault(key, _Transaction())
        known.datagram, known.destination = datagram, destination

        def unheard() -> None:
            self._forget(key)
            gave_up()

        if known.repeated is None:
            send = partial(self._send, datagram, destination)
            known.repeated = Repeated(self._timers, send, unheard)

    def heard(self, key: Key) -> None:
        """Insist no longer: the ACK has come. Repetitions on their way still find their answer."""
        known = self._known.get(key)
        if known is None or known.repeated is None:
            return
        known.repeated.stop()
        if known.end is None:
            known.end = self._timers.call_later(GIVE_UP_SECONDS, lambda: self._forget(key))

    def close(self) -> None:
        """Forget everything."""
        for key in list(self._known):
            self._forget(key)

    def _forget(self, key: Key) -> None:
        known = self._known.pop(key, None)
        if known is None:
            return
        if known.end is not None:
            known.end.cancel()
        if known.repeated is not None:
            known.repeated.stop()


class Asked:
    """Requests of ours that wait for an answer."""

    def __init__(self, timers: Timers, send: Send) -> None:
        self._timers = timers
        self._send = send
        self._waiting: dict[tuple[str, str], tuple[Repeated, Callable[[int], None]]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(
        self, request: Request, branch: str, destination: Source, heard: Callable[[int], None]
    ) -> None:
        """Send ``request`` until it is answered; ``heard`` gets the final status, 408 if none."""
        key = (branch, request.method)
        datagram = write(request)

        def gave_up() -> None:
            self._waiting.pop(key, None)
            heard(408)

        repeated = Repeated(self._timers, lambda: self._send(datagram, destination), gave_up)
        self._waiting[key] = (repeated, heard)

    def answered(self, response: Response, via: Via, cseq: CSeq) -> None:
        """Take an answer; one that nobody waits for is dropped."""
        key = (via.branch, cseq.method)
        waiting = self._waiting.get(key)
        if waiting is None:
            return
        repeated, heard = waiting
        if response.status < 200:
            repeated.slow_down()
            return
        repeated.stop()
        del self._waiting[key]
        heard(response.status)

    def close(self) -> None:
        """Wait for nothing any more."""
        for repeated, _ in self._waiting.values():
            repeated.stop()
        self._waiting.clear()


def new_branch() -> str:
    """Return the name of a transaction of ours."""
    return MAGIC + secrets.token_hex(8)
