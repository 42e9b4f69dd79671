"""What the values of SIP headers mean: addresses, Via, CSeq, the number of who calls.

Reads leniently and never raises: what cannot be read is None or empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from voice.transports.sip.message import Headers

MOST_CSEQ = 2**31
_LEAST_DIGITS, _MOST_DIGITS = 2, 20
_CSEQ = re.compile(r"(\d{1,10})\s+([A-Za-z0-9.!%*_+`'~-]+)", re.ASCII)
_VIA = re.compile(r"SIP\s*/\s*2\.0\s*/\s*(\w+)\s+(.+)", re.IGNORECASE | re.ASCII | re.DOTALL)
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:;,\[\]]+)\s*(?::\s*(\d{1,5}))?", re.ASCII)
_URI_HOST = re.compile(
    r"sips?:(?:[^@]*@)?(\[[0-9A-Fa-f:.]+\]|[^:;?>]+)(?::(\d{1,5}))?", re.I | re.A
)
_WITHHELD = ("id", "user", "header", "critical")


@dataclass(frozen=True)
class Address:
    """A URI with the parameters of its header, names in lower case."""

    uri: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The tag, "" if there is none."""
        return self.parameters.get("tag", "")


@dataclass(frozen=True)
class Via:
    """The topmost hop: where it says it is, and how it wants to be answered."""

    text: str
    host: str
    port: int | None
    parameters: Mapping[str, str]

    @property
    def branch(self) -> str:
        """The name of the transaction."""
        return self.parameters.get("branch", "")

    @property
    def sent_by(self) -> str:
        """Host and port as one comparable text."""
        return f"{self.host.lower()}:{self.port or 5060}"

    def answered_at(self, source: tuple[str, int]) -> tuple[str, int]:
        """Return where responses go (RFC 3261, 18.2.2; RFC 3581)."""
        return source if "rport" in self.parameters else (source[0], self.port or 5060)

    def received_from(self, source: tuple[str, int]) -> str:
        """Return the value that a response carries: with ``received`` and ``rport`` filled in."""
        kept = []
        for part in split_outside_quotes(self.text, ";")[1:]:
            if part.partition("=")[0].strip().lower() not in ("rport", "received"):
                kept.append(part.strip())
        if "rport" in self.parameters:
            kept.append(f"rport={source[1]}")
        if "rport" in self.parameters or self.host.strip("[]") != source[0]:
            kept.append(f"received={source[0]}")
        return ";".join([split_outside_quotes(self.text, ";")[0].strip(), *kept])


@dataclass(frozen=True)
class CSeq:
    """Number and method of a request."""

    number: int
    method: str


def split_outside_quotes(value: str, separator: str) -> list[str]:
    """Return the parts between separators that stand in neither quotes nor angle brackets."""
    parts, start, quoted, bracketed, escaped = [], 0, False, False, False
    for at, letter in enumerate(value):
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = letter == "\\", letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in "<>":
            bracketed = letter == "<"
        elif letter == separator and not bracketed:
            parts.append(value[start:at])
            start = at + 1
    return [*parts, value[start:]]


def values_of(headers: Headers, name: str) -> list[str]:
    """Return the values of a header that may hold several in one line; no empty ones."""
    split = (split_outside_quotes(value, ",") for value in headers.every(name))
    return [part.strip() for parts in split for part in parts if part.strip()]


def parameters_of(parts: list[str]) -> dict[str, str]:
    """Return ``name=value`` parts by lower-case name; the first of a name counts."""
    found: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition("=")
        if name.strip():
            found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def read_address(value: str) -> Address:
    """Return the URI of ``"name" <uri>;tag=…`` or ``uri;tag=…``."""
    main, *parameters = split_outside_quotes(value, ";")
    if "<" in main:
        main = main[main.rindex("<") + 1 :].partition(">")[0]
    return Address(main.strip(), parameters_of(parameters))


def read_via(headers: Headers) -> Via | None:
    """Return the topmost Via, None if it is missing or no UDP address can be read from it."""
    values = values_of(headers, "via")
    match = _VIA.fullmatch(values[0]) if values else None
    if match is None:
        return None
    sent_by, *parameters = split_outside_quotes(match[2], ";")
    host_port = _HOST_PORT.fullmatch(sent_by.strip())
    if host_port is None:
        return None
    port = int(host_port[2]) if host_port[2] else None
    if port is not None and not 0 < port < 65536:
        return None
    return Via(values[0], host_port[1], port, parameters_of(parameters))


def read_cseq(headers: Headers) -> CSeq | None:
    """Return number and method, None if they cannot be read."""
    match = _CSEQ.fullmatch(headers.first("cseq").strip())
    if match is None or int(match[1]) >= MOST_CSEQ:
        return None
    return CSeq(int(match[1]), match[2].upper())


def host_and_port(uri: str) -> tuple[str, int] | None:
    """Return where a ``sip:`` URI points to, None for another scheme."""
    match = _URI_HOST.match(uri)
    port = int(match[2]) if match and match[2] else 5060
    return (match[1].strip("[]"), port) if match and 0 < port < 65536 else None


def caller_digits(headers: Headers) -> str:
    """Return the caller's number in digits, "" if it is withheld or is not a number.

    What the network asserts goes before what the telephone says of itself (RFC 3325).
    """
    privacy = headers.first("privacy").lower()
    if any(word in re.split(r"[;,\s]+", privacy) for word in _WITHHELD):
        return ""
    claims = values_of(headers, "p-asserted-identity") + headers.every("from")[:1]
    return next(filter(None, (_digits(read_address(claim).uri) for claim in claims)), "")


def _digits(uri: str) -> str:
    scheme, _, rest = uri.partition(":")
    if scheme.lower() not in ("sip", "sips", "tel"):
        return ""
    user, at, _ = rest.rpartition("@")
    if scheme.lower() != "tel" and not at:
        return ""
    number = unquote((user if at else rest).partition(";")[0].partition(":")[0])
    number = re.sub(r"^\+|[-. ()]", "", number)
    is_number = number.isascii() and number.isdigit()
    return number if is_number and _LEAST_DIGITS <= len(number) <= _MOST_DIGITS else ""
