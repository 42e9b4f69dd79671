"""The sound of one call: packets from and to the network, frames of 20 ms from and to the call."""

from __future__ import annotations

from collections.abc import Callable

from voice.audio import alaw_decode, alaw_encode, ulaw_decode, ulaw_encode
from voice.transports.dtmf import KeyEvents
from voice.transports.jitter import JitterBuffer
from voice.transports.rtp import Latch, RtpPacket, RtpSender, Source, read_packet
from voice.transports.sip.ports import Pair, PortPool
from voice.transports.sip.sdp import Agreed, Law

_DECODE: dict[Law, Callable[[bytes], bytes]] = {"PCMA": alaw_decode, "PCMU": ulaw_decode}
_ENCODE: dict[Law, Callable[[bytes], bytes]] = {"PCMA": alaw_encode, "PCMU": ulaw_encode}
_MOST_PAYLOAD_BYTES = 2000  # a quarter of a second
_MOST_KEYS = 64


class Media:
    """Opens its ports at once; raises NoPort. Silent until ``agree`` says what is spoken."""

    def __init__(self, pool: PortPool, latch: Latch) -> None:
        self._latch = latch
        self._pool = pool
        self._agreed: Agreed | None = None
        self._jitter = JitterBuffer()
        self._events = KeyEvents()
        self._sender = RtpSender()
        self._keys = ""
        self._pair: Pair | None = pool.take(self.received)
        self.port = self._pair.port

    @property
    def is_held(self) -> bool:
        """Whether the other side does not listen just now."""
        return self._agreed is None or self._agreed.is_held

    def agree(self, agreed: Agreed, host: str) -> None:
        """Speak as agreed; ``host`` stands in for a name that the description may give."""
        self._agreed = agreed
        if not agreed.is_held:
            self._latch.announce((agreed.host or host, agreed.port))

    def received(self, datagram: bytes, source: Source) -> None:
        """Take what arrived at the port of the sound."""
        packet = read_packet(datagram)
        if packet is None or self._agreed is None:
            return
        if self._latch.admits(source, lambda: self._is_known(packet)):
            self._take(packet, self._agreed)

    def press(self, keys: str) -> None:
        """Add keys that came another way."""
        self._keys = (self._keys + keys)[:_MOST_KEYS]

    def take(self) -> bytes:
        """Return the next 20 ms of what the caller says."""
        self._latch.frame_passed()
        return self._jitter.take()

    def take_keys(self) -> str:
        """Return the keys pressed since this was last asked."""
        keys, self._keys = self._keys, ""
        return keys

    def send(self, frame: bytes) -> None:
        """Let the caller hear 20 ms; call it every 20 ms, or ``pause`` instead."""
        destination = self._latch.destination
        if self._agreed is None or self._pair is None or not destination[1]:
            self.pause()
            return
        payload = _ENCODE[self._agreed.law](frame)
        packet = self._sender.packet(self._agreed.payload_type, payload)
        self._pair.rtp.send(packet, destination)

    def pause(self) -> None:
        """Let 20 ms pass in silence on the wire."""
        self._sender.pause()

    def close(self) -> None:
        """Give the ports back; a second time does nothing."""
        if self._pair is not None:
            pair, self._pair = self._pair, None
            self._pool.give_back(pair)

    def _is_known(self, packet: RtpPacket) -> bool:
        agreed = self._agreed
        assert agreed is not None
        return packet.payload_type in agreed.laws or packet.payload_type == agreed.event_type

    def _take(self, packet: RtpPacket, agreed: Agreed) -> None:
        if packet.payload_type == agreed.event_type:
            self.press(self._events.feed(packet.payload, packet.timestamp, packet.ssrc))
            return
        pcm = _DECODE[agreed.laws[packet.payload_type]](packet.payload[:_MOST_PAYLOAD_BYTES])
        self._jitter.put(pcm, packet.timestamp, packet.ssrc)
