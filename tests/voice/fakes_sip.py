"""A telephone line without network and clock: calls that echo, a wire that remembers, time by hand."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from voice.answerer import CallInfo
from voice.audio import SILENCE
from voice.errors import Busy
from voice.transports.rtp import Source
from voice.transports.sip.endpoint import SipEndpoint
from voice.transports.sip.line import Line
from voice.transports.sip.message import Request, Response, parse
from voice.transports.sip.ports import PortPool, Received
from voice.transports.sip.settings import SipSettings
from voice.transports.sip.transactions import Answered, Asked

PHONE = ("127.0.0.1", 5061)
PHONE_RTP = ("127.0.0.1", 4000)

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP {formats}\r\n{more}"
)
BOTH_LAWS = SDP.format(
    port=4000, formats="0 8 101", more="a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
)


class HandTimers:
    """Time that passes when ``advance`` says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = count()
        self._due: list[tuple[float, int, Any]] = []

    def call_later(self, delay: float, callback: Callable[[], None], /) -> Any:
        timer = _HandTimer(callback)
        heapq.heappush(self._due, (self.now + delay, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            self.now, _, timer = heapq.heappop(self._due)
            timer.run()
        self.now = end

    @property
    def waiting(self) -> int:
        return sum(timer.callback is not None for _, _, timer in self._due)


class _HandTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None

    def run(self) -> None:
        callback, self.callback = self.callback, None
        if callback is not None:
            callback()


class EchoCall:
    """Gives back what it hears and notes the keys; ``frames`` are played instead, if there are."""

    def __init__(self, info: CallInfo, frames: Sequence[bytes] = ()) -> None:
        self.info = info
        self.heard: list[bytes] = []
        self.keys = ""
        self.is_over = False
        self.outcome = ""
        self.events: Sequence[Any] = ()
        self.is_gone = False
        self.fails = False
        self._frames = iter(frames)
        self._plays = bool(frames)

    def step(self, incoming: bytes, keys: str = "") -> bytes:
        if self.fails:
            raise RuntimeError("a call that breaks")
        self.heard.append(incoming)
        self.keys += keys
        return next(self._frames, SILENCE) if self._plays else incoming

    def hung_up(self) -> None:
        self.is_gone = True

    def end(self, outcome: str) -> None:
        self.is_over, self.outcome = True, outcome


class StubbornCall(EchoCall):
    """Goes on if nobody takes it over."""

    def hand_over_refused(self) -> None:
        self.is_over, self.outcome = False, ""


class Calls:
    """Makes ``kind`` calls, at most ``most`` at once."""

    def __init__(self, most: int = 100, kind: type[EchoCall] = EchoCall) -> None:
        self.made: list[EchoCall] = []
        self.open_calls: list[EchoCall] = []
        self.frames: Sequence[bytes] = ()
        self._most = most
        self._kind = kind

    def open(self, info: CallInfo) -> EchoCall:
        if len(self.open_calls) >= self._most:
            raise Busy("full")
        call = self._kind(info, self.frames)
        self.made.append(call)
        self.open_calls.append(call)
        return call

    def close(self, call: Any) -> None:
        self.open_calls.remove(call)


class FakeSocket:
    def __init__(self, port: int, received: Received, opened: dict[int, FakeSocket]) -> None:
        self.port, self.received, self._opened = port, received, opened
        self.sent: list[tuple[bytes, Source]] = []
        opened[port] = self

    def send(self, datagram: bytes, destination: Source) -> None:
        self.sent.append((datagram, destination))

    def close(self) -> None:
        del self._opened[self.port]


class Desk:
    """The whole answering side on a hand-turned clock, and a telephone that talks to it."""

    def __init__(
        self,
        *,
        calls: Calls | None = None,
        refusal_frames: Sequence[bytes] = (),
        **settings: Any,
    ) -> None:
        self.timers = HandTimers()
        self.calls = calls or Calls()
        self.sockets: dict[int, FakeSocket] = {}
        self.sent: list[tuple[bytes, Source]] = []
        self.steps: list[tuple[Callable[[], None], Callable[[], bool]]] = []
        self.talking: Phone | None = None
        settings.setdefault("rtp_ports", (30000, 30009))
        self.line = Line(
            settings=SipSettings(port=5060, **settings),
            timers=self.timers,
            calls=self.calls,
            pool=PortPool(*settings["rtp_ports"], self._open),
            answered=Answered(self.timers, self._send),
            asked=Asked(self.timers, self._send),
            pace=lambda step, is_over: self.steps.append((step, is_over)),
            own=lambda host: ("127.0.0.1", 5060),
            refusal_frames=lambda: refusal_frames,
        )
        self.endpoint = SipEndpoint(self.line, self._send)

    def _open(self, port: int, received: Received) -> FakeSocket:
        return FakeSocket(port, received, self.sockets)

    def _send(self, datagram: bytes, destination: Source) -> None:
        self.sent.append((datagram, destination))

    def give(self, text: str | bytes, source: Source = PHONE) -> list[Request | Response]:
        """Let a datagram arrive; return what was sent at once."""
        before = len(self.sent)
        self.endpoint.received(text.encode() if isinstance(text, str) else text, source)
        return self.messages(before)

    def advance(self, seconds: float) -> list[Request | Response]:
        """Let time pass; return what was sent meanwhile."""
        before = len(self.sent)
        self.timers.advance(seconds)
        return self.messages(before)

    def messages(self, since: int = 0) -> list[Request | Response]:
        return [parse(datagram) for datagram, _ in self.sent[since:]]

    def step(self, frames: int = 1) -> list[Request | Response]:
        """Let frames of sound pass in every call."""
        before = len(self.sent)
        for _ in range(frames):
            for step, is_over in list(self.steps):
                if not is_over():
                    step()
        return self.messages(before)


class Phone:
    """Writes the texts of one call, as a telephone would."""

    _numbers = count(1)

    def __init__(self, caller: str = "<sip:13800138000@127.0.0.1>", body: str = BOTH_LAWS) -> None:
        self.number = next(self._numbers)
        self.caller = caller
        self.body = body
        self.to_tag = ""
        self.cseq = 0
        self.branches = count(1)
        self.extra: list[str] = []

    def text(
        self,
        method: str,
        *,
        body: str = "",
        kind: str = "application/sdp",
        cseq: int | None = None,
        branch: str = "",
        extra: Sequence[str] = (),
    ) -> str:
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        branch = branch or f"z9hG4bK{self.number}x{next(self.branches)}"
        to_tag = f";tag={self.to_tag}" if self.to_tag else ""
        lines = [
            f"{method} sip:12345@127.0.0.1:5060 SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:5061;branch={branch};rport",
            "Max-Forwards: 70",
            f"From: {self.caller};tag=phone{self.number}",
            f"To: <sip:12345@127.0.0.1>{to_tag}",
            f"Call-ID: call-{self.number}@phone",
            f"CSeq: {cseq} {method}",
            "Contact: <sip:13800138000@127.0.0.1:5061>",
            *self.extra,
            *extra,
        ]
        if body:
            lines.append(f"Content-Type: {kind}")
        lines.append(f"Content-Length: {len(body.encode())}")
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def invite(self, **more: Any) -> str:
        more.setdefault("branch", f"z9hG4bK{self.number}invite{self.cseq}")
        more.setdefault("body", self.body)
        return self.text("INVITE", **more)

    def ack(self, body: str = "") -> str:
        return self.text("ACK", cseq=self.cseq, body=body)

    def cancel(self) -> str:
        return self.text("CANCEL", cseq=self.cseq, branch=f"z9hG4bK{self.number}invite0")

    def call(self, desk: Desk) -> Response:
        """Call until the talk begins; return the 200."""
        desk.give(self.invite())
        ok = desk.advance(1.0)[0]
        assert isinstance(ok, Response)
        assert ok.status == 200
        self.to_tag = tag_of(ok)
        desk.give(self.ack())
        return ok


def tag_of(message: Request | Response) -> str:
    return message.headers.first("to").partition(";tag=")[2]


def statuses(messages: Sequence[Request | Response]) -> list[int]:
    return [message.status for message in messages if isinstance(message, Response)]


def methods(messages: Sequence[Request | Response]) -> list[str]:
    return [message.method for message in messages if isinstance(message, Request)]
