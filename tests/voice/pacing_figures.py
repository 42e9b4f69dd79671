"""How evenly sound leaves us: 20 parallel calls, intervals taken by the receiving kernel.

``python -m tests.voice.pacing_figures [calls] [seconds]``. The telephones live in a process of
their own and talk all the time, so that the answering side has its usual work.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import struct
import sys
from multiprocessing.connection import Connection

import numpy as np

from tests.voice.fakes_sip import SDP, Calls, Phone, tag_of
from voice.pacing import paced
from voice.transports.rtp import RtpSender
from voice.transports.sip.message import Response, parse
from voice.transports.sip.server import SipServer, UdpSocket
from voice.transports.sip.settings import SipSettings

TIMESTAMPS = 35  # SO_TIMESTAMPNS: the kernel says when a datagram came


class Talker:
    """A telephone that talks and notes when each packet of ours came."""

    def __init__(self, port: int) -> None:
        self.arrivals: list[float] = []
        self._port = port
        self._sip = UdpSocket("127.0.0.1", 0, self._heard)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.setblocking(False)
        self._rtp.bind(("127.0.0.1", 0))
        self._rtp.setsockopt(socket.SOL_SOCKET, TIMESTAMPS, 1)
        asyncio.get_running_loop().add_reader(self._rtp.fileno(), self._sound)
        body = SDP.format(port=self._rtp.getsockname()[1], formats="8", more="")
        self._phone, self._sender = Phone(body=body), RtpSender()
        self._far: tuple[str, int] | None = None
        self._say(self._phone.invite())

    def step(self) -> None:
        if self._far is not None:
            self._rtp.sendto(self._sender.packet(8, b"\x10" * 160), self._far)

    def hang_up(self) -> None:
        self._say(self._phone.text("BYE"))

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._rtp.fileno())
        self._rtp.close()
        self._sip.close()

    def _say(self, text: str) -> None:
        text = text.replace("127.0.0.1:5061", f"127.0.0.1:{self._sip.port}")
        self._sip.send(text.encode(), ("127.0.0.1", self._port))

    def _heard(self, datagram: bytes, source: tuple[str, int]) -> None:
        message = parse(datagram)
        if isinstance(message, Response) and message.status == 200 and message.body:
            self._phone.to_tag = tag_of(message)
            self._far = ("127.0.0.1", int(message.body.split(b"m=audio ")[1].split()[0]))
            self._say(self._phone.ack())

    def _sound(self) -> None:
        _, ancillary, _, _ = self._rtp.recvmsg(2000, 100)
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
        self.arrivals.append(seconds + nanoseconds / 1e9)


def serve(pipe: Connection) -> None:
    """Answer calls until the other end says that it is enough."""

    async def main() -> None:
        server = SipServer(Calls(), SipSettings(port=0, rtp_ports=(25000, 25999)))
        await server.start()
        pipe.send(server.port)
        while not pipe.poll():
            await asyncio.sleep(0.2)
        await server.close()

    asyncio.run(main())


def figures(calls: int = 20, seconds: float = 10.0) -> dict[str, float]:
    """Return intervals between packets in ms, over all calls together."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    process.start()
    try:
        arrivals = asyncio.run(_talk(ours.recv(), calls, seconds))
        ours.send("enough")
    finally:
        process.join(10)
        process.kill()
    intervals = np.concatenate([np.diff(times[5:]) * 1000 for times in arrivals])
    named = {"p50": 50, "p95": 95, "p99": 99, "p99.9": 99.9, "max": 100}
    result = {name: round(float(np.percentile(intervals, at)), 2) for name, at in named.items()}
    return {"calls": calls, "packets": len(intervals), **result}


async def _talk(port: int, calls: int, seconds: float) -> list[list[float]]:
    talkers = []
    for _ in range(calls):
        talkers.append(Talker(port))
        await asyncio.sleep(0.017)
    end = asyncio.get_running_loop().time() + seconds + 1
    try:
        await paced(
            lambda: [talker.step() for talker in talkers],
            lambda: asyncio.get_running_loop().time() > end,
        )
        for talker in talkers:
            talker.hang_up()
        await asyncio.sleep(0.2)
        return [talker.arrivals for talker in talkers]
    finally:
        for talker in talkers:
            talker.close()


if __name__ == "__main__":
    print(
        figures(
            int(sys.argv[1]) if len(sys.argv) > 1 else 20,
            float(sys.argv[2]) if len(sys.argv) > 2 else 10.0,
        )
    )
