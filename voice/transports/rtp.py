"""RTP packets (RFC 3550): read, written, and told apart by who sends them.

Knows no codec and no socket. RTCP that strays onto the port of the sound is recognised and left.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Literal

HEADER_BYTES = 12
FRAME_TICKS = 160  # samples of 20 ms; the RTP clock of G.711 counts samples
# A source that was silent for this long may have moved to another port.
MOVE_FRAMES = 100
_RTCP_TYPES = range(192, 224)

Source = tuple[str, int]
Network = IPv4Network | IPv6Network
Latching = Literal["never", "port", "peers"]


@dataclass(frozen=True)
class RtpPacket:
    """A packet without its header's decorations."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    has_marker: bool = False


def read_packet(datagram: bytes) -> RtpPacket | None:
    """Return the packet, None if ``datagram`` is RTCP or nothing of the kind."""
    if len(datagram) < HEADER_BYTES or datagram[0] >> 6 != 2 or datagram[1] in _RTCP_TYPES:
        return None
    first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", datagram)
    start = HEADER_BYTES + 4 * (first & 0x0F)
    if first & 0x10:  # a header extension: its length in words stands in its third and fourth byte
        if len(datagram) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
    end = len(datagram)
    if first & 0x20:
        end -= datagram[-1]
    if start > end or (first & 0x20 and not datagram[-1]):
        return None
    payload = datagram[start:end]
    return RtpPacket(second & 0x7F, sequence, timestamp, ssrc, payload, bool(second & 0x80))


def write_packet(packet: RtpPacket) -> bytes:
    """Return the datagram."""
    second = packet.payload_type | (0x80 if packet.has_marker else 0)
    fields = (0x80, second, packet.sequence, packet.timestamp, packet.ssrc)
    return struct.pack("!BBHII", *fields) + packet.payload


class RtpSender:
    """Numbers what goes out. Time passes with every frame, sent or not."""

    def __init__(self) -> None:
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(16)
        self._timestamp = secrets.randbits(32)
        self._is_talking = False

    def packet(self, payload_type: int, payload: bytes) -> bytes:
        """Return the datagram of the next 20 ms; the first after a pause carries the marker."""
        is_first, self._is_talking = not self._is_talking, True
        packet = RtpPacket(
            payload_type, self._sequence, self._timestamp, self._ssrc, payload, is_first
        )
        self._sequence = (self._sequence + 1) % 2**16
        self._timestamp = (self._timestamp + FRAME_TICKS) % 2**32
        return write_packet(packet)

    def pause(self) -> None:
        """Let 20 ms pass in which nothing is sent."""
        self._is_talking = False
        self._timestamp = (self._timestamp + FRAME_TICKS) % 2**32


class Latch:
    """Decides whose packets are listened to and where ours go (symmetric RTP).

    ``never``: our packets go where the SDP says. ``port``: they go back to the port that the first
    valid packet from the SDP's host came from. ``peers``: as ``port``, and the host may be any of
    ``networks``; for telephones behind an address translator. Once latched, others are ignored
    until the source has been silent for two seconds.
    """

    def __init__(self, latching: Latching, networks: tuple[Network, ...] = ()) -> None:
        self._latching = latching
        self._networks = networks
        self._announced: Source = ("", 0)
        self._latched: Source | None = None
        self._silent_frames = 0

    @property
    def destination(self) -> Source:
        """Where our packets go; port 0 while nobody knows."""
        return self._latched or self._announced

    def announce(self, source: Source) -> None:
        """Take what an SDP says; a new address starts the search anew."""
        if source != self._announced:
            self._announced, self._latched = source, None

    def admits(self, source: Source, is_valid: Callable[[], bool]) -> bool:
        """Whether a packet from ``source`` is listened to; latches to the first valid one."""
        is_latched = self._latched is not None and self._silent_frames < MOVE_FRAMES
        if self._latching != "never" and is_latched:
            admitted = source == self._latched
        else:
            admitted = self._may_send(source[0])
        if not (admitted and is_valid()):
            return False
        self._silent_frames = 0
        if self._latching != "never":
            self._latched = source
        return True

    def frame_passed(self) -> None:
        """Count 20 ms; a packet that comes sets the count back."""
        self._silent_frames += 1

    def _may_send(self, host: str) -> bool:
        if host == self._announced[0]:
            return True
        return self._latching == "peers" and is_within(host, self._networks)


def is_within(host: str, networks: tuple[Network, ...]) -> bool:
    """Whether ``host``, an IP address as text, belongs to one of ``networks``."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)
