"""One request and what can be answered to it.

Checks what every request must have, and copies into answers what every answer must repeat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from voice.transports.sip.fields import Address, CSeq, Via, read_address, read_cseq
from voice.transports.sip.message import Headers, Request, Response, declared_length
from voice.transports.sip.transactions import Key, Source, key_of

ALLOWED = ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "NOTIFY")
KNOWN = ("REGISTER", "SUBSCRIBE", "PUBLISH", "MESSAGE", "REFER", "UPDATE", "PRACK")
REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    400: "Bad Request",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
    420: "Bad Extension",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "Version Not Supported",
}
Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Incoming:
    """A request that has everything a request must have, and where it came from."""

    request: Request
    via: Via
    source: Source
    cseq: CSeq
    call_id: str
    sender: Address
    target: Address

    @property
    def method(self) -> str:
        """What is asked for."""
        return self.request.method

    @property
    def key(self) -> Key:
        """What its repetitions have in common with it."""
        return key_of(self.request, self.via, self.cseq)

    @property
    def answered_at(self) -> Source:
        """Where answers go."""
        return self.via.answered_at(self.source)


def read_incoming(request: Request, via: Via, source: Source) -> Incoming | None:
    """Return the request, None if it lacks what it must have; then 400 is the answer."""
    cseq = read_cseq(request.headers)
    call_id = request.headers.first("call-id")
    sender = read_address(request.headers.first("from"))
    target = read_address(request.headers.first("to"))
    if cseq is None or cseq.method != request.method or not call_id:
        return None
    if not (sender.uri and target.uri and _is_whole(request)):
        return None
    return Incoming(request, via, source, cseq, call_id, sender, target)


def answer_to(
    request: Request,
    via: Via,
    source: Source,
    status: int,
    *,
    tag: str = "",
    more: Pairs = (),
    body: bytes = b"",
) -> Response:
    """Return the answer with ``status``; ``tag`` names our side if the request did not yet."""
    headers = [("via", via.received_from(source))]
    headers += [("via", value) for value in _other_hops(request.headers, via)]
    headers += [("record-route", value) for value in request.headers.every("record-route")]
    headers.append(("from", request.headers.first("from")))
    headers.append(("to", _tagged(request.headers.first("to"), tag if status > 100 else "")))
    headers.append(("call-id", request.headers.first("call-id")))
    headers.append(("cseq", request.headers.first("cseq")))
    headers += more
    if body:
        headers.append(("content-type", "application/sdp"))
    return Response(status, REASONS[status], Headers(headers), body)


def _is_whole(request: Request) -> bool:
    """Whether as much body came as was announced (RFC 3261, 18.3)."""
    length = declared_length(request.headers)
    return length is None or 0 <= length == len(request.body)


def _other_hops(headers: Headers, via: Via) -> list[str]:
    first, *others = headers.every("via")
    behind = first.partition(via.text)[2].lstrip(", \t")
    return [behind, *others] if behind else others


def _tagged(to: str, tag: str) -> str:
    return f"{to};tag={tag}" if tag and not read_address(to).tag else to
