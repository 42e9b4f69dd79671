"""Which sound two sides agree on: session descriptions (RFC 4566) as offer and answer (RFC 3264).

One audio stream over plain RTP, in the A-law if both can, else in the µ-law, and telephone events.
Everything else that is offered is declined line by line, as an answer must.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal

Law = Literal["PCMA", "PCMU"]
Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

PREFERRED: tuple[Law, ...] = ("PCMA", "PCMU")
PTIME_MS = 20
OWN_EVENT_TYPE = 101
_STATIC: dict[int, str] = {0: "PCMU/8000", 8: "PCMA/8000"}
_ANSWERED: dict[str, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}
_MOST_LINES = 1000
_NOWHERE = ("", "0.0.0.0", "::")  # noqa: S104 (an address of the other side, not one we bind to)


@dataclass
class Section:
    """One ``m=`` line and what follows it."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str = ""
    direction: str = ""
    coded_as: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreed:
    """The stream both sides can do, seen from here; ``direction`` is what *they* do."""

    index: int
    host: str
    port: int
    laws: Mapping[int, Law]
    law: Law
    payload_type: int
    event_type: int | None
    direction: Direction

    @property
    def is_held(self) -> bool:
        """Whether they do not listen just now."""
        return self.direction in ("sendonly", "inactive") or self.host in _NOWHERE


@dataclass(frozen=True)
class Here:
    """Our end of the stream; the version goes up with every change of the description."""

    host: str
    port: int
    session_id: int
    version: int


def read_sdp(body: bytes) -> list[Section]:
    """Return the media sections, () for what is no description; never raises."""
    sections: list[Section] = []
    session = Section("session", 0, "", ())
    for line in body.decode("utf-8", "replace").splitlines()[:_MOST_LINES]:
        kind, equals, value = line.strip().partition("=")
        if not equals:
            continue
        if kind == "m":
            sections.append(_section(value, session))
        else:
            _take(sections[-1] if sections else session, kind, value.strip())
    return sections


def agree(sections: list[Section]) -> Agreed | None:
    """Return the first stream that both sides can do, None if there is none."""
    streams = (_agreed(index, section) for index, section in enumerate(sections))
    return next((stream for stream in streams if stream is not None), None)


def write_answer(sections: list[Section], agreed: Agreed, here: Here) -> bytes:
    """Return our answer to an offer: one line for each of theirs, all but one declined."""
    lines = _session(here)
    for index, section in enumerate(sections):
        if index != agreed.index:
            lines.append(f"m={section.kind} 0 {section.protocol} {' '.join(section.formats)}")
            continue
        coded = {agreed.payload_type: f"{agreed.law}/8000"}
        if agreed.event_type is not None:
            coded[agreed.event_type] = "telephone-event/8000"
        direction = "recvonly" if agreed.host in _NOWHERE else agreed.direction
        lines += _stream(here, coded, _ANSWERED.get(direction, "sendrecv"))
    return _text(lines)


def write_offer(here: Here) -> bytes:
    """Return our own offer, for a caller who leaves it to us to begin."""
    laws = {8: "PCMA/8000", 0: "PCMU/8000", OWN_EVENT_TYPE: "telephone-event/8000"}
    return _text([*_session(here), *_stream(here, laws, "sendrecv")])


def _section(value: str, session: Section) -> Section:
    kind, port, protocol, *formats = [*value.split(), "", "", ""][: max(len(value.split()), 3)]
    number = _number(port.partition("/")[0], 65535)
    section = Section(kind or "-", number or 0, protocol or "-", tuple(formats[:64]) or ("0",))
    section.host, section.direction = session.host, session.direction
    return section


def _take(section: Section, kind: str, value: str) -> None:
    if kind == "c":
        section.host = _host(value)
    elif kind == "a":
        name, _, rest = value.partition(":")
        if name.lower() in _ANSWERED:
            section.direction = name.lower()
        elif name.lower() == "rtpmap":
            payload_type, _, coded_as = rest.strip().partition(" ")
            number = _number(payload_type, 127)
            if number is not None:
                section.coded_as[number] = coded_as.strip()


def _host(value: str) -> str:
    """The address of ``IN IP4 192.0.2.1/127``; "" for a name, which is not looked up here."""
    parts = value.split()
    text = parts[2].partition("/")[0] if len(parts) > 2 else ""
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


def _agreed(index: int, section: Section) -> Agreed | None:
    if (section.kind, section.protocol.upper()) != ("audio", "RTP/AVP") or not section.port:
        return None
    laws: dict[int, Law] = {}
    event_type = None
    numbers = (_number(text, 127) for text in section.formats)
    for payload_type in (number for number in numbers if number is not None):
        name = section.coded_as.get(payload_type) or _STATIC.get(payload_type, "")
        codec, _, rate = name.upper().partition("/")
        if codec in PREFERRED and rate in ("8000", "8000/1"):
            laws[payload_type] = "PCMA" if codec == "PCMA" else "PCMU"
        elif codec == "TELEPHONE-EVENT" and rate.startswith("8000") and event_type is None:
            event_type = payload_type
    law = next((law for law in PREFERRED if law in laws.values()), None)
    if law is None:
        return None
    chosen = next(number for number, name in laws.items() if name == law)
    direction = section.direction
    known: Direction = direction if direction in _ANSWERED else "sendrecv"  # type: ignore[assignment]
    return Agreed(index, section.host, section.port, laws, law, chosen, event_type, known)


def _session(here: Here) -> list[str]:
    family = "IP6" if ":" in here.host else "IP4"
    return [
        "v=0",
        f"o=- {here.session_id} {here.version} IN {family} {here.host}",
        "s=-",
        f"c=IN {family} {here.host}",
        "t=0 0",
    ]


def _stream(here: Here, coded: Mapping[int, str], direction: str) -> list[str]:
    events = [number for number, name in coded.items() if name.startswith("telephone-event")]
    return [
        f"m=audio {here.port} RTP/AVP {' '.join(str(number) for number in coded)}",
        *(f"a=rtpmap:{number} {name}" for number, name in coded.items()),
        *(f"a=fmtp:{number} 0-15" for number in events),
        f"a=ptime:{PTIME_MS}",
        f"a={direction}",
    ]


def _text(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("utf-8", "replace")


def _number(text: str, most: int) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        return None
    return int(text) if int(text) <= most else None
