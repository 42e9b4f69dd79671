"""What the answering side is told: where it listens, to whom, and what it does when it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

from voice.transports.rtp import Latching, Network

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True)
class SipSettings:
    """``peers``: who may call at all; the exchange, never the open internet.

    ``advertised_host``: our address as the peers see it, "" for the one that the way to them
    begins with. ``rtp_ports``: first and last port of the sound; every call takes a pair.
    ``latching``: where sound may come from, see ``voice.transports.rtp.Latch``.
    ``hand_over_target``: the SIP address of the desk, "" if nobody can take over.
    """

    host: str = "127.0.0.1"
    port: int = 5060
    peers: tuple[Network, ...] = LOOPBACK
    advertised_host: str = ""
    rtp_ports: tuple[int, int] = (20000, 20999)
    latching: Latching = "port"
    hand_over_target: str = ""
    ring_seconds: float = 0.5
    busy_status: int = 503
    retry_after_seconds: int = 60
    most_legs: int = 200
    most_refusals: int = 10
    hold_seconds: float = 600.0

    def __post_init__(self) -> None:
        first, last = self.rtp_ports
        if not 0 < first < last < 65536:
            raise ValueError(f"expected two ports in order, got {first} and {last}")
        if self.busy_status not in (486, 503):
            raise ValueError(f"expected 486 or 503, got {self.busy_status}")
        if self.hand_over_target and not re.fullmatch(
            r"(sips?|tel):[^\s<>]+", self.hand_over_target
        ):
            raise ValueError("expected a sip: or tel: address to hand over to")


def networks_of(text: str) -> tuple[Network, ...]:
    """Return the networks of ``10.1.0.0/16, 192.0.2.7``. Raises ValueError for what is none."""
    return tuple(ip_network(part, strict=False) for part in re.split(r"[\s,]+", text) if part)
