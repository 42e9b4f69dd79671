"""The answering side on a real socket, under asyncio."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

from voice.guard import where
from voice.pacing import paced
from voice.transports.sip.endpoint import SipEndpoint
from voice.transports.sip.line import Calls, Line
from voice.transports.sip.ports import PortPool, Received
from voice.transports.sip.settings import SipSettings
from voice.transports.sip.transactions import Answered, Asked, Source

log = logging.getLogger(__name__)

# Datagrams read in one go before others get their turn.
_AT_ONCE = 64
_LARGEST_BYTES = 65_535
_RECEIVE_BUFFER_BYTES = 1 << 20
# How long the other side may take to hear that we hang up at shutdown.
_FAREWELL_SECONDS = 1.0


class UdpSocket:
    """A UDP port on the running loop; hands on what arrives. Raises OSError if it is taken."""

    def __init__(self, host: str, port: int, received: Received) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._loop = asyncio.get_running_loop()
        self._received = received
        try:
            self._socket.setblocking(False)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket.fileno(), self._read)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._socket.getsockname()[1])

    def make_room(self, receive_bytes: int) -> None:
        """Let the kernel keep more for us while we are busy."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)

    def send(self, datagram: bytes, destination: Source) -> None:
        """Send, or lose it as the wire would."""
        with suppress(OSError, ValueError):
            self._socket.sendto(datagram, destination)

    def close(self) -> None:
        """Receive no more; a second time does nothing."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            if self._socket.fileno() < 0:
                return
            try:
                datagram, source = self._socket.recvfrom(_LARGEST_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # the other side's port is closed; there may be more to read
                continue
            self._hand_on(datagram, (_plain(str(source[0])), int(source[1])))

    def _hand_on(self, datagram: bytes, source: Source) -> None:
        try:
            self._received(datagram, source)
        except Exception as error:  # noqa: BLE001 (one datagram never harms the line)
            log.error("a datagram could not be dealt with: %s", where(error))


class SipServer:
    """Answers telephone calls with calls from ``calls``, which is the gateway.

    ``refusal_frames`` returns what a caller hears for whom there is no room; () refuses without
    words. Drain the gateway before ``close``.
    """

    def __init__(
        self,
        calls: Calls,
        settings: SipSettings,
        refusal_frames: Callable[[], Sequence[bytes]] = tuple,
    ) -> None:
        self._calls = calls
        self._settings = settings
        self._refusal_frames = refusal_frames
        self._socket: UdpSocket | None = None
        self._endpoint: SipEndpoint | None = None
        self._line: Line | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self._own_hosts: dict[str, str] = {}

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._socket is not None
        return self._socket.port

    @property
    def legs(self) -> int:
        """How many telephone calls there are."""
        return self._endpoint.legs if self._endpoint else 0

    @property
    def free_ports(self) -> int:
        """How many more calls there are ports for."""
        return self._line.pool.free if self._line else 0

    @property
    def talks(self) -> int:
        """How many calls are being stepped."""
        return len(self._talks)

    def counts(self) -> dict[str, int]:
        """Return what has come and how it was dealt with, by name."""
        return dict(self._endpoint.counts) if self._endpoint else {}

    async def start(self) -> None:
        """Listen; port 0 takes a free one."""
        self._socket = UdpSocket(self._settings.host, self._settings.port, self._received)
        self._socket.make_room(_RECEIVE_BUFFER_BYTES)
        loop, send = asyncio.get_running_loop(), self._socket.send
        self._line = Line(
            settings=self._settings,
            timers=loop,
            calls=self._calls,
            pool=PortPool(*self._settings.rtp_ports, self._open_socket),
            answered=Answered(loop, send),
            asked=Asked(loop, send),
            pace=self._pace,
            own=self._own,
            refusal_frames=self._refusal_frames,
        )
        self._endpoint = SipEndpoint(self._line, send)

    async def close(self) -> None:
        """Hang up what is left, wait a moment for the other sides to hear it, listen no more."""
        if self._socket is None or self._endpoint is None or self._line is None:
            return
        self._endpoint.close()
        end = asyncio.get_running_loop().time() + _FAREWELL_SECONDS
        while len(self._line.asked) and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)
        self._line.asked.close()
        self._line.answered.close()
        self._socket.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    def _received(self, datagram: bytes, source: Source) -> None:
        if self._endpoint is not None:
            self._endpoint.received(datagram, source)

    def _open_socket(self, port: int, received: Received) -> UdpSocket:
        return UdpSocket(self._settings.host, port, received)

    def _pace(self, step: Callable[[], None], is_over: Callable[[], bool]) -> None:
        talk = asyncio.get_running_loop().create_task(paced(step, is_over))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    def _own(self, host: str) -> Source:
        return (self._settings.advertised_host or self._own_host(host), self.port)

    def _own_host(self, host: str) -> str:
        """Our address on the way to ``host``; nothing is sent to find out."""
        if self._settings.host not in ("0.0.0.0", "::"):  # noqa: S104 (compared, not bound to)
            return self._settings.host
        if host not in self._own_hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((host, 9))
                self._own_hosts[host] = str(probe.getsockname()[0])
        return self._own_hosts[host]


def _plain(host: str) -> str:
    """An IPv4 address that an IPv6 socket writes in its own way, as it is."""
    return host.removeprefix("::ffff:") if host.startswith("::ffff:") and "." in host else host
