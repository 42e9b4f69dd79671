"""The way in from Asterisk: a TCP server for its application ``AudioSocket()``.

The exchange sends the call's UUID first, then sound and keys; a frame goes back every 20 ms, also
while we think, since two seconds without sound end the call. Nothing but sound is ever sent:
closing our side is what lets the dialplan go on, which asks ``voice.register`` for its next step.
There is no proof of identity on this wire: bind to loopback or a private network, and hand in a
register so that only announced calls are taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from uuid import UUID

from voice.answerer import CallInfo
from voice.errors import CallError, TransportClosed, TransportGarbled
from voice.gateway import Gateway
from voice.guard import Stepped
from voice.pacing import paced
from voice.register import CallRegister
from voice.transports import audiosocket_frames as wire
from voice.transports.inbox import Inbox

log = logging.getLogger(__name__)

UUID_SECONDS = 5.0
# How long the exchange may take to close its side after ours is closed.
FAREWELL_SECONDS = 1.0
READ_BYTES = 4096
# Two seconds of sound that the exchange does not take: it is gone without a word.
MOST_UNSENT_BYTES = 32_000


class AudioSocketServer:
    """Answers AudioSocket connections; with a register, only calls that were announced."""

    def __init__(self, gateway: Gateway, register: CallRegister | None = None) -> None:
        self._gateway = gateway
        self._register = register
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._connected, host, port)

    async def close(self) -> None:
        """Listen no more and end what is connected; drain the gateway before."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        try:
            await self._serve(reader, writer)
        except (TransportClosed, ConnectionError) as error:
            log.info("AudioSocket: %s", error)
        except CallError as error:
            log.warning("AudioSocket: %s", error)
        except asyncio.CancelledError:
            log.info("AudioSocket: a connection was ended at shutdown")
        finally:
            self._lines.discard(line)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = wire.FrameReader()
        call_id, early = await _greeted(reader, frames)
        caller = self._register.claim(call_id) if self._register is not None else ""
        call = self._gateway.answer(CallInfo(str(call_id), caller, "audiosocket"))
        line = _Line(call, writer)
        try:
            line.take(early)
            await line.talk(reader, frames)
        finally:
            # Before our side closes: the dialplan asks at once.
            if self._register is not None:
                self._register.conclude(call_id, call.outcome)
            self._gateway.close(call)
        await _farewell(reader, writer)


class _Line:
    """One connection from its UUID to its end."""

    def __init__(self, call: Stepped, writer: asyncio.StreamWriter) -> None:
        self._call = call
        self._writer = writer
        self._inbox = Inbox()

    async def talk(self, reader: asyncio.StreamReader, frames: wire.FrameReader) -> None:
        """Step the call until it is over or the exchange is gone."""
        tasks = [
            asyncio.create_task(self._read(reader, frames)),
            asyncio.create_task(paced(self._step, lambda: self._call.is_over)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def take(self, frames: list[wire.Frame]) -> None:
        """Hear, press, or raise TransportClosed; what is of an unknown kind is passed over."""
        for frame in frames:
            if frame.kind == wire.AUDIO:
                self._inbox.hear(frame.payload)
            elif frame.kind == wire.DTMF:
                self._inbox.press(frame.payload.decode("ascii", "replace"))
            elif frame.kind in (wire.HANG_UP, wire.ERROR):
                raise TransportClosed("the exchange hung up")

    async def _read(self, reader: asyncio.StreamReader, frames: wire.FrameReader) -> None:
        with contextlib.suppress(TransportClosed, ConnectionError):
            while data := await reader.read(READ_BYTES):
                self.take(frames.feed(data))
        self._call.hung_up()

    def _step(self) -> None:
        sound = self._call.step(*self._inbox.take())
        self._writer.write(wire.encoded(wire.Frame(wire.AUDIO, sound)))
        if self._writer.transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
            self._call.hung_up()


async def _greeted(
    reader: asyncio.StreamReader, frames: wire.FrameReader
) -> tuple[UUID, list[wire.Frame]]:
    """Return the UUID that comes first, and what came right behind it."""
    try:
        return await asyncio.wait_for(_first(reader, frames), UUID_SECONDS)
    except asyncio.TimeoutError:
        raise TransportGarbled(f"no UUID within {UUID_SECONDS:.0f} s") from None


async def _first(
    reader: asyncio.StreamReader, frames: wire.FrameReader
) -> tuple[UUID, list[wire.Frame]]:
    while data := await reader.read(READ_BYTES):
        come = frames.feed(data)
        if not come:
            continue
        if come[0].kind != wire.UUID or len(come[0].payload) != wire.UUID_BYTES:
            raise TransportGarbled(f"expected a UUID first, got kind {come[0].kind:#04x}")
        return UUID(bytes=come[0].payload), come[1:]
    raise TransportClosed("closed before its UUID came")


async def _farewell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close our side and let the exchange close its own.

    A socket closed with sound unread is reset, which throws away our last words on their way.
    """
    with contextlib.suppress(ConnectionError, OSError, asyncio.TimeoutError):
        writer.write_eof()
        await asyncio.wait_for(_drained(reader), FAREWELL_SECONDS)


async def _drained(reader: asyncio.StreamReader) -> None:
    while await reader.read(READ_BYTES):
        pass
