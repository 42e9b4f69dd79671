"""What every telephone call on this side shares: who answers, what sends, which ports are free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from voice.answerer import CallInfo
from voice.errors import Busy
from voice.guard import Announcement, Stepped
from voice.transports.rtp import Latch
from voice.transports.sip.exchange import Incoming, Pairs, answer_to
from voice.transports.sip.media import Media
from voice.transports.sip.message import write
from voice.transports.sip.ports import PortPool
from voice.transports.sip.settings import SipSettings
from voice.transports.sip.timers import Timers
from voice.transports.sip.transactions import Answered, Asked, Source

Pace = Callable[[Callable[[], None], Callable[[], bool]], None]


class Calls(Protocol):
    """Whoever makes calls; ``voice.gateway.Gateway`` does."""

    def open(self, info: CallInfo) -> Stepped:
        """Return a new call. Raises Busy if the line carries no more."""

    def close(self, call: Stepped) -> None:
        """Take a call out; comes once for each that was opened."""


@dataclass
class Line:
    """``pace`` steps a call every 20 ms until it is over; ``own`` is our address towards a host."""

    settings: SipSettings
    timers: Timers
    calls: Calls
    pool: PortPool
    answered: Answered
    asked: Asked
    pace: Pace
    own: Callable[[str], Source]
    refusal_frames: Callable[[], Sequence[bytes]] = tuple
    counts: Counter[str] = field(default_factory=Counter)
    refusals: set[Announcement] = field(default_factory=set)

    def media(self) -> Media:
        """Return the sound of a new call. Raises NoPort."""
        latch = Latch(self.settings.latching, self.settings.peers)
        return Media(self.pool, latch)

    def call(self, info: CallInfo) -> Stepped:
        """Return a new call, or what refuses it in words. Raises Busy if there are no words."""
        try:
            return self.calls.open(info)
        except Busy:
            frames = self.refusal_frames()
            if not frames or len(self.refusals) >= self.settings.most_refusals:
                raise
            self.counts["refused_in_words"] += 1
            refusal = Announcement(frames)
            self.refusals.add(refusal)
            return refusal

    def close(self, call: Stepped) -> None:
        """Take a call, or a refusal, out."""
        if isinstance(call, Announcement) and call in self.refusals:
            self.refusals.discard(call)
        else:
            self.calls.close(call)

    def answer(
        self,
        incoming: Incoming,
        status: int,
        *,
        tag: str = "",
        more: Pairs = (),
        body: bytes = b"",
        gave_up: Callable[[], None] = lambda: None,
    ) -> None:
        """Answer a request. ``gave_up``: an INVITE's final answer was never acknowledged."""
        request, via = incoming.request, incoming.via
        answer = answer_to(request, via, incoming.source, status, tag=tag, more=more, body=body)
        datagram, destination = write(answer), incoming.answered_at
        if status < 200:
            self.answered.answer(incoming.key, datagram, destination)
        elif incoming.method == "INVITE":
            self.answered.insist(incoming.key, datagram, destination, gave_up)
        else:
            self.answered.conclude(incoming.key, datagram, destination)

    def busy(self, incoming: Incoming, tag: str) -> None:
        """Refuse an INVITE without words."""
        self.counts["refused"] += 1
        retry = [("retry-after", str(self.settings.retry_after_seconds))]
        self.answer(incoming, self.settings.busy_status, tag=tag, more=retry)
