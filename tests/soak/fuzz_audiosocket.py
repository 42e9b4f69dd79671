"""AudioSocket bytes that no exchange would send: split, merged, cut off, invented.

Most cases go through the reader alone and are held against a plain reading of the same bytes;
some go through real sockets, where a healthy call beside them must not notice.
"""

from __future__ import annotations

import asyncio
import random
import time
from uuid import uuid4

from tests.soak.figures import Figures, judged
from tests.voice.fakes_transport import Asterisk, Calls
from voice.audio import FRAME_BYTES
from voice.gateway import Gateway
from voice.transports.audiosocket import AudioSocketServer
from voice.transports.audiosocket_frames import LONGEST_PAYLOAD, Frame, FrameReader
from voice.transports.inbox import LONGEST_MS, Inbox

KNOWN_KINDS = (0x00, 0x01, 0x03, 0x10, 0xFF)
SOCKETS_PER_CASE = 0.002
LONGEST_CASE_SECONDS = 1.0


def fuzz_audiosocket(cases: int = 100_000, seed: int = 20261122) -> Figures:
    """Run ``cases`` streams, a few of them through sockets; what is wrong is counted."""
    chance = random.Random(seed)
    began, slowest, differing = time.monotonic(), 0.0, 0
    for _ in range(cases):
        case_began = time.monotonic()
        differing += not _is_read_alike(chance)
        slowest = max(slowest, time.monotonic() - case_began)
    refused = asyncio.run(_sockets(chance, max(5, int(cases * SOCKETS_PER_CASE))))
    figures = {
        "cases": cases,
        "seconds": round(time.monotonic() - began, 1),
        "slowest_case_seconds": round(slowest, 3),
        "read_differently": differing,
        **refused,
    }
    return judged(
        figures,
        read_differently=0,
        slowest_case_seconds=LONGEST_CASE_SECONDS,
        calls_left=0,
        tasks_left=0,
        healthy_call_complaints=0,
    )


def stream(chance: random.Random) -> bytes:
    """Frames as they might come, some of them damaged."""
    data = bytearray()
    for _ in range(chance.randrange(12)):
        kind = chance.choice(KNOWN_KINDS) if chance.random() < 0.8 else chance.randrange(256)
        size = chance.choice((0, 1, 16, 320, 640, chance.randrange(700)))
        data += bytes([kind]) + size.to_bytes(2, "big") + chance.randbytes(size)
    for _ in range(chance.randrange(4)):
        if data:
            _damage(data, chance)
    return bytes(data)


def _damage(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    how = chance.randrange(4)
    if how == 0:
        data[at] = chance.randrange(256)
    elif how == 1:
        del data[at:]
    elif how == 2:
        del data[at : at + chance.randrange(1, 40)]
    else:
        data[at:at] = chance.randbytes(chance.randrange(1, 40))


def _is_read_alike(chance: random.Random) -> bool:
    """Whether pieces give the frames that the whole gives, and the call's inbox stays sound."""
    data = stream(chance)
    reader, inbox, read, at = FrameReader(), Inbox(), [], 0
    while at < len(data):
        size = chance.choice((1, 2, 3, 5, 320, 323, chance.randrange(1, 4096)))
        read += reader.feed(data[at : at + size])
        at += size
        if reader.pending_bytes > LONGEST_PAYLOAD + 2:
            return False
    for frame in read:
        if frame.kind == 0x10:
            inbox.hear(frame.payload)
        elif frame.kind == 0x03:
            inbox.press(frame.payload.decode("ascii", "replace"))
    sounds = [inbox.take() for _ in range(3)]
    is_sound = all(len(sound) == FRAME_BYTES for sound, _ in sounds)
    return read == _plainly(data) and is_sound and inbox.waiting_ms <= LONGEST_MS


def _plainly(data: bytes) -> list[Frame]:
    frames, at = [], 0
    while at + 3 <= len(data):
        end = at + 3 + data[at + 1] * 256 + data[at + 2]
        if end > len(data):
            break
        frames.append(Frame(data[at], data[at + 3 : end]))
        at = end
    return frames


async def _sockets(chance: random.Random, cases: int) -> dict[str, int]:
    gateway = Gateway(Calls(), 1_000)
    server = AudioSocketServer(gateway)
    before = len(asyncio.all_tasks())
    await server.start()
    healthy = await Asterisk(server.port).connect(uuid4())
    for _ in range(cases):
        await _ring(server.port, chance)
    complaints = int(bool(healthy.complaint))
    try:
        await healthy.hang_up()
    except AssertionError:
        complaints = 1
    await server.close()
    await asyncio.sleep(0.1)
    return {
        "sockets": cases,
        "healthy_call_complaints": complaints,
        "calls_left": gateway.counts()["running"],
        "tasks_left": len(asyncio.all_tasks()) - before,
    }


async def _ring(port: int, chance: random.Random) -> None:
    """Connect, send a stream in pieces, with or without a proper beginning, and be gone."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        data = (b"\x01\x00\x10" + uuid4().bytes if chance.random() < 0.7 else b"") + stream(chance)
        cut = chance.choice((1, 3, 100, 4096)) if len(data) < 2000 else 4096
        for at in range(0, len(data), cut):
            if writer.is_closing():
                break
            writer.write(data[at : at + cut])
            await asyncio.sleep(0)
        if chance.random() < 0.5:
            await asyncio.sleep(0.03)
        if chance.random() < 0.3:
            writer.transport.abort()
    except ConnectionError:
        pass
    finally:
        writer.close()
