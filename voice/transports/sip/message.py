"""Texts of SIP, read from a datagram and written to one.

Reads what is found in the wild: compact and folded headers, any case, empty values, bare line
feeds. Header names are kept in lower case and in full. What the values mean is for ``fields``.
Bytes that are no UTF-8 survive a round trip, because Via, From and To go back as they came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from voice.errors import TransportGarbled

VERSION = "SIP/2.0"
MOST_BYTES = 65_535
MOST_HEADERS = 256

_COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}
_WRITTEN = {"call-id": "Call-ID", "cseq": "CSeq"}
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(r"\r?\n")
_REQUEST_LINE = re.compile(r"([A-Za-z0-9.!%*_+`'~-]{1,32})[ ]+(\S{1,1024})[ ]+(SIP/\d+\.\d+)\s*")
_STATUS_LINE = re.compile(r"SIP/2\.0[ ]+([1-6]\d\d)(?:[ ]+(.*))?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")


class SipGarbled(TransportGarbled):
    """A datagram that is no SIP; nothing can be answered to it."""


class Headers:
    """Header lines in their order; looked up by lower-case full name."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = tuple(pairs)

    def first(self, name: str) -> str:
        """Return the first value, "" if there is none."""
        return next((value for key, value in self.pairs if key == name), "")

    def every(self, name: str) -> list[str]:
        """Return one value for each line of this name."""
        return [value for key, value in self.pairs if key == name]


@dataclass(frozen=True)
class Request:
    """A request; ``version`` is kept because another one has an answer of its own."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""
    version: str = VERSION


@dataclass(frozen=True)
class Response:
    """A response."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""


def parse(datagram: bytes) -> Request | Response:
    """Return what ``datagram`` says. Raises SipGarbled if it does not say anything."""
    if len(datagram) > MOST_BYTES:
        raise SipGarbled(f"expected at most {MOST_BYTES} bytes, got {len(datagram)}")
    datagram = datagram.lstrip(b"\r\n")
    parts = _BLANK_LINE.split(datagram, maxsplit=1)
    start, *lines = _LINE_END.split(parts[0].decode("utf-8", "surrogateescape"))
    headers = Headers(_headers(lines))
    body = parts[1] if len(parts) > 1 else b""
    if status_line := _STATUS_LINE.fullmatch(start):
        reason = (status_line[2] or "").strip()
        return Response(int(status_line[1]), reason, headers, _cut(body, headers))
    if request_line := _REQUEST_LINE.fullmatch(start):
        method, uri, version = request_line.groups()
        return Request(method.upper(), uri, headers, _cut(body, headers), version)
    raise SipGarbled(f"expected a request or status line first, got {len(start)} other characters")


def write(message: Request | Response) -> bytes:
    """Return the datagram; Content-Length is added here."""
    if isinstance(message, Request):
        start = f"{message.method} {message.uri} {message.version}"
    else:
        start = f"{VERSION} {message.status} {message.reason}"
    lines = [f"{_written(name)}: {value}" for name, value in message.headers.pairs]
    lines.append(f"Content-Length: {len(message.body)}")
    head = "\r\n".join([start, *lines]) + "\r\n\r\n"
    return head.encode("utf-8", "surrogateescape") + message.body


def declared_length(headers: Headers) -> int | None:
    """Return the Content-Length: None if it is absent, −1 if it is no number."""
    value = headers.first("content-length").strip()
    if not value:
        return None
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1


def _headers(lines: list[str]) -> list[tuple[str, str]]:
    unfolded: list[list[str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and unfolded:
            unfolded[-1].append(line.strip())
        elif line.strip():
            unfolded.append([line])
    if len(unfolded) > MOST_HEADERS:
        raise SipGarbled(f"expected at most {MOST_HEADERS} headers, got {len(unfolded)}")
    return [_header(" ".join(pieces)) for pieces in unfolded]


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name = name.strip().lower()
    if not colon or not _NAME.fullmatch(name):
        raise SipGarbled("expected a header's name and a colon at the start of every line")
    # A lone carriage return would end a line for some readers of what we send back.
    return _COMPACT.get(name, name), value.replace("\r", " ").replace("\0", " ").strip()


def _cut(body: bytes, headers: Headers) -> bytes:
    length = declared_length(headers)
    return body if length is None or length < 0 else body[:length]


def _written(name: str) -> str:
    return _WRITTEN.get(name) or "-".join(part.capitalize() for part in name.split("-"))
