"""Calls for tests of the ways in, and a client that behaves as Asterisk's AudioSocket() does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from voice.answerer import CallInfo
from voice.audio import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE

UNHEARD_SECONDS = 2.0


def tone(hertz: float, seconds: float, level: float = 0.3) -> bytes:
    at = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (level * 32767 * np.sin(2 * np.pi * hertz * at)).astype("<i2").tobytes()


def snr_db(heard: bytes, said: bytes, most_lag_samples: int) -> float:
    """How clearly ``said`` stands in ``heard``, at the lag where it fits best."""
    wanted = np.frombuffer(said, "<i2").astype(float)
    found = np.frombuffer(heard, "<i2").astype(float)
    found = np.pad(found, (0, max(0, most_lag_samples + wanted.size - found.size)))
    spans = np.lib.stride_tricks.sliding_window_view(found, wanted.size)[: most_lag_samples + 1]
    noise = ((spans - wanted) ** 2).sum(axis=1).min()
    return float(10 * np.log10((wanted**2).sum() / max(noise, 1e-9)))


@dataclass(frozen=True)
class Event:
    name: str
    seconds: float = 0.0
    text: str = ""


@dataclass
class FakeCall:
    """Says ``says`` frame by frame (else what it heard), ends as told, keeps what it heard."""

    info: CallInfo
    says: Iterable[bytes] | None = None
    ends_as: str = "hang_up"
    ends_after: int = 10**9
    ends_on_key: str = ""
    breaks_at: int = -1
    told: dict[int, Event] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)
    keys: str = ""
    outcome: str = ""
    is_gone: bool = False

    @property
    def is_over(self) -> bool:
        return self.is_gone or bool(self.outcome)

    @property
    def events(self) -> list[Event]:
        event = self.told.pop(len(self.heard), None)
        return [event] if event else []

    def step(self, incoming: bytes, keys: str = "") -> bytes:
        assert not self.is_over, "stepped after its end"
        assert len(incoming) == FRAME_BYTES
        if len(self.heard) == self.breaks_at:
            raise ZeroDivisionError("老王说他的电话是13951234567")
        self.heard.append(incoming)
        self.keys += keys
        if len(self.heard) >= self.ends_after or (
            self.ends_on_key and self.ends_on_key in self.keys
        ):
            self.outcome = self.ends_as
        if self.says is None:
            return incoming
        self._saying = getattr(self, "_saying", iter(self.says))
        return next(self._saying, SILENCE)

    def hung_up(self) -> None:
        assert not self.is_gone, "hung up twice"
        self.is_gone = True


class Calls:
    """A factory that keeps what it made; ``more`` goes to every call."""

    def __init__(self, **more: object) -> None:
        self.more = more
        self.made: list[FakeCall] = []

    def __call__(self, info: CallInfo) -> FakeCall:
        call = FakeCall(info, **self.more)  # type: ignore[arg-type]
        self.made.append(call)
        return call

    @property
    def only(self) -> FakeCall:
        assert len(self.made) == 1
        return self.made[0]


class Asterisk:
    """One AudioSocket() call: strict about what comes, as the real application is.

    Kinds it does not know and sound of no length are fatal, so are two seconds without sound;
    after our side is closed it goes on with the dialplan.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard = bytearray()
        self.arrivals: list[float] = []
        self.complaint = ""
        self.writer: asyncio.StreamWriter

    async def connect(self, call_id: UUID, *, cut: int = 0) -> Asterisk:
        self._reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._reading = asyncio.create_task(self._read())
        self.send(b"\x01\x00\x10" + call_id.bytes, cut)
        return self

    def send(self, data: bytes, cut: int = 0) -> None:
        for at in range(0, len(data), cut or len(data)):
            self.writer.write(data[at : at + (cut or len(data))])

    async def speak(self, pcm: bytes) -> None:
        """Send sound as a channel does: 20 ms every 20 ms."""
        began = time.monotonic()
        for n, at in enumerate(range(0, len(pcm), FRAME_BYTES)):
            frame = pcm[at : at + FRAME_BYTES]
            self.send(b"\x10" + len(frame).to_bytes(2, "big") + frame)
            await asyncio.sleep(max(0.0, began + (n + 1) * 0.02 - time.monotonic()))

    def press(self, key: str) -> None:
        self.send(b"\x03\x00\x01" + key.encode())

    async def until_closed(self, seconds: float = 10.0) -> None:
        """The dialplan goes on; raises if it would not have, or not in time."""
        await asyncio.wait_for(asyncio.shield(self._reading), seconds)
        await self.hang_up()

    async def hang_up(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            self.complaint = self.complaint or "reset"
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        assert not self.complaint, self.complaint

    async def _read(self) -> None:
        try:
            while True:
                await self._frame()
        except asyncio.IncompleteReadError as error:
            if error.partial:
                self.complaint = "ended in the middle of a frame"
        except asyncio.TimeoutError:
            self.complaint = f"no sound for {UNHEARD_SECONDS:.0f} s"
        except ConnectionError as error:
            self.complaint = f"{type(error).__name__}: what was under way is lost"

    async def _frame(self) -> None:
        header = await asyncio.wait_for(self._reader.readexactly(3), UNHEARD_SECONDS)
        kind, length = header[0], int.from_bytes(header[1:], "big")
        if kind not in (0x00, 0x10, 0xFF) or (kind == 0x10 and not length):
            self.complaint = f"kind {kind:#04x} with {length} bytes"
        sound = await self._reader.readexactly(length)
        if kind == 0x10:
            assert length <= FRAME_SAMPLES * 2
            self.heard += sound
            self.arrivals.append(time.monotonic())
