"""The answering side on real sockets: ports, noise, many calls, nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Awaitable, Callable

import pytest

from tests.voice.fakes_sip import SDP, Calls, Phone, tag_of
from voice.transports.rtp import RtpPacket, read_packet, write_packet
from voice.transports.sip.message import Request, Response, parse
from voice.transports.sip.server import SipServer, UdpSocket
from voice.transports.sip.settings import SipSettings


class Telephone:
    """A telephone on a real socket that waits for answers."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self.socket = UdpSocket("127.0.0.1", 0, self._put)
        self.sound: list[bytes] = []
        self.rtp = UdpSocket("127.0.0.1", 0, lambda datagram, source: self.sound.append(datagram))
        body = SDP.format(port=self.rtp.port, formats="8", more="")
        self.phone = Phone(body=body)

    def _put(self, datagram: bytes, source: tuple[str, int]) -> None:
        self.arrived.put_nowait((datagram, source))

    def send(self, text: str, port: int) -> None:
        text = text.replace("127.0.0.1:5061", f"127.0.0.1:{self.socket.port}")
        self.socket.send(text.encode(), ("127.0.0.1", port))

    async def next(self) -> Request | Response:
        datagram, _ = await asyncio.wait_for(self.arrived.get(), 10)
        return parse(datagram)

    async def call(self, port: int) -> Response:
        self.send(self.phone.invite(), port)
        while True:
            message = await self.next()
            if isinstance(message, Response) and message.status == 200:
                self.phone.to_tag = tag_of(message)
                self.send(self.phone.ack(), port)
                return message

    async def hang_up(self, port: int) -> None:
        self.send(self.phone.text("BYE"), port)
        message = await self.next()
        assert isinstance(message, Response)
        assert message.status == 200

    def close(self) -> None:
        self.socket.close()
        self.rtp.close()


def _serve(script: Callable[[SipServer, Calls], Awaitable[None]], **settings: object) -> Calls:
    calls = Calls()
    settings.setdefault("rtp_ports", (24000, 24039))

    async def main() -> None:
        server = SipServer(calls, SipSettings(port=0, ring_seconds=0.0, **settings))
        await server.start()
        try:
            await script(server, calls)
        finally:
            await server.close()
        assert (server.legs, server.talks) == (0, 0)
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

    asyncio.run(main())
    return calls


def test_a_call_over_real_sockets_is_stepped_in_real_time() -> None:
    async def script(server: SipServer, calls: Calls) -> None:
        telephone = Telephone()
        ok = await telephone.call(server.port)
        rtp_port = int(ok.body.split(b"m=audio ")[1].split()[0])
        for number in range(10):
            packet = RtpPacket(8, number, number * 160, 1, b"\x10" * 160)
            telephone.rtp.send(write_packet(packet), ("127.0.0.1", rtp_port))
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        await telephone.hang_up(server.port)
        telephone.close()
        assert len(telephone.sound) >= 15
        assert b"\x10" * 160 in [read_packet(datagram).payload for datagram in telephone.sound]

    (call,) = _serve(script).made
    assert call.is_gone


def test_at_shutdown_callers_hear_a_bye_and_everything_is_given_back() -> None:
    async def script(server: SipServer, calls: Calls) -> None:
        telephone = Telephone()
        await telephone.call(server.port)
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(server.close())
        message = await telephone.next()
        assert isinstance(message, Request)
        assert message.method == "BYE"
        await closing
        assert server.free_ports == 20
        telephone.close()

    assert _serve(script).open_calls == []


def test_a_port_that_somebody_else_holds_is_passed_over() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 24100))

        async def script(server: SipServer, calls: Calls) -> None:
            telephone = Telephone()
            ok = await telephone.call(server.port)
            assert b"m=audio 24102 " in ok.body
            await telephone.hang_up(server.port)
            telephone.close()

        _serve(script, rtp_ports=(24100, 24103))


def test_noise_at_both_ports_harms_no_call() -> None:
    async def script(server: SipServer, calls: Calls) -> None:
        telephone = Telephone()
        ok = await telephone.call(server.port)
        rtp_port = int(ok.body.split(b"m=audio ")[1].split()[0])
        for size in range(0, 1400, 7):
            noise = os.urandom(size)
            telephone.rtp.send(noise, ("127.0.0.1", rtp_port))
            telephone.rtp.send(noise, ("127.0.0.1", rtp_port + 1))
            telephone.rtp.send(noise, ("127.0.0.1", server.port))
        before = len(calls.made[0].heard)
        await asyncio.sleep(0.2)
        assert len(calls.made[0].heard) >= before + 5
        assert server.counts().get("failed", 0) == 0
        await telephone.hang_up(server.port)
        telephone.close()

    _serve(script)


def test_three_hundred_calls_leak_no_task_port_or_file() -> None:
    async def script(server: SipServer, calls: Calls) -> None:
        async def one() -> None:
            telephone = Telephone()
            await telephone.call(server.port)
            await telephone.hang_up(server.port)
            telephone.close()

        await one()
        gc.collect()
        files = len(os.listdir("/proc/self/fd"))
        for _ in range(30):
            await asyncio.gather(*(one() for _ in range(10)))
        await asyncio.sleep(0.1)
        assert len(os.listdir("/proc/self/fd")) <= files
        assert (server.legs, server.talks, server.free_ports) == (0, 0, 20)
        assert len(calls.made) == 301
        assert calls.open_calls == []

    _serve(script)


def test_a_port_in_use_is_said_at_start() -> None:
    async def script(server: SipServer, calls: Calls) -> None:
        second = SipServer(calls, SipSettings(port=server.port))
        with pytest.raises(OSError, match="in use"):
            await second.start()

    _serve(script)


def test_our_address_on_the_way_to_a_peer_is_found_without_sending() -> None:
    async def script(server: SipServer, calls: Calls) -> None:
        telephone = Telephone()
        ok = await telephone.call(server.port)
        assert b"c=IN IP4 127.0.0.1\r\n" in ok.body
        assert ok.headers.first("contact") == f"<sip:127.0.0.1:{server.port}>"
        await telephone.hang_up(server.port)
        telephone.close()

    _serve(script, host="0.0.0.0")


def test_behind_a_translator_the_address_outside_is_told() -> None:
    async def script(server: SipServer, calls: Calls) -> None:
        telephone = Telephone()
        ok = await telephone.call(server.port)
        assert b"c=IN IP4 198.51.100.7\r\n" in ok.body
        await telephone.hang_up(server.port)
        telephone.close()

    _serve(script, advertised_host="198.51.100.7")


def test_it_speaks_to_telephones_of_the_newer_kind_of_address() -> None:
    async def script(server: SipServer, calls: Calls) -> None:
        answers: list[bytes] = []
        telephone = UdpSocket("::1", 0, lambda datagram, source: answers.append(datagram))
        telephone.send(Phone().text("OPTIONS").encode(), ("::1", server.port))
        for _ in range(100):
            if answers:
                break
            await asyncio.sleep(0.01)
        assert answers[0].startswith(b"SIP/2.0 200 OK")
        telephone.close()

    _serve(script, host="::1")
