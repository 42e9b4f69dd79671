"""Damaged telephone messages by the hundred thousand: nothing may crash, hang or leak.

Real texts are cut, doubled, swapped and strewn with noise; then they go through the whole
answering side on a hand-turned clock, together with noise for the sound.
"""

from __future__ import annotations

import contextlib
import random
import time

from tests.voice.fakes_sip import BOTH_LAWS, PHONE, PHONE_RTP, Desk, Phone, tag_of
from voice.transports.jitter import JitterBuffer
from voice.transports.sip.message import Response, SipGarbled, parse, write
from voice.transports.sip.sdp import agree, read_sdp

HANG_SECONDS = 1.0
CASES = 100_000
_PIECES = (
    b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b":", b";", b",", b"<", b">", b'"', b"\\", b" ", b"\t",
    b"SIP/2.0", b"INVITE", b"CANCEL", b"ACK", b"BYE", b"z9hG4bK", b"Via:", b"v:", b"CSeq: 1 BYE\r\n",
    b";tag=", b";rport", b"Content-Length: 99999\r\n", b"l: -1\r\n", b"m=audio 0 RTP/AVP 8\r\n",
    b"c=IN IP4 0.0.0.0\r\n", b"a=sendonly\r\n", b"\xff\xfe", "您好".encode(), b"9" * 30, b"Require: x\r\n",
)  # fmt: skip


_METHODS = ("INVITE", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "NOTIFY", "X")


def texts(draw: random.Random, phone: Phone) -> bytes:
    """One real message of ``phone``, damaged or not."""
    body = draw.choice([BOTH_LAWS, "", BOTH_LAWS + "a=inactive\r\n", "Signal=5\r\n"])
    kind = draw.choice(["application/sdp", "application/dtmf-relay", "message/sipfrag"])
    text = phone.text(draw.choice(_METHODS), body=body, kind=kind).encode()
    return _harmed(text, draw) if draw.random() < 0.8 else text


def _harmed(text: bytes, draw: random.Random) -> bytes:
    for _ in range(draw.choice([1, 1, 2, 5, 20])):
        at, to = sorted(draw.randrange(len(text) + 1) for _ in range(2))
        to = min(to, at + 40)
        how = draw.randrange(6)
        if how == 0:
            text = text[:at] + text[to:]
        elif how == 1:
            text = text[:at] + draw.choice(_PIECES) + text[at:]
        elif how == 2:
            text = text[:to] + text[at:]
        elif how == 3:
            text = text[:at] + draw.randbytes(to - at) + text[to:]
        elif how == 4:
            text = (
                text[:at] if draw.random() < 0.2 else text[:at] + text[at:to].swapcase() + text[to:]
            )
        else:
            text = text[:at] + draw.choice(_PIECES) + text[to:]
    return text


def damaged(draw: random.Random) -> None:
    """One case on a desk of its own."""
    _case(Desk(), draw)


def fuzz_parsers(cases: int = CASES, seed: int = 6) -> dict[str, float]:
    """Run ``cases``; return figures. Raises what broke, with the seed of its case."""
    slowest, desk = 0.0, Desk()
    for number in range(cases):
        if number % 500 == 0:
            _all_given_back(desk)
            desk = Desk()
        draw = random.Random(f"{seed}/{number}")
        start = time.process_time()
        try:
            _case(desk, draw)
        except Exception as error:
            raise AssertionError(f"case {seed}/{number} broke") from error
        slowest = max(slowest, time.process_time() - start)
        assert slowest < HANG_SECONDS, f"case {seed}/{number} took {slowest:.1f} s"
    _all_given_back(desk)
    return {"cases": cases, "slowest_ms": round(slowest * 1000, 1)}


def _case(desk: Desk, draw: random.Random) -> None:
    text = texts(draw, _phone(desk, draw))
    agree(read_sdp(text))
    with contextlib.suppress(SipGarbled):
        write(parse(text))
    desk.endpoint.received(text, PHONE)
    assert desk.endpoint.counts["failed"] == 0, "the endpoint caught what nobody should have raised"
    noise = draw.randbytes(draw.randrange(80))
    for socket in list(desk.sockets.values()):
        socket.received(b"\x80\x08" + noise if draw.random() < 0.5 else noise, PHONE_RTP)
    JitterBuffer().put(noise, draw.randrange(2**32))
    if draw.random() < 0.05:
        desk.advance(draw.choice([0.1, 1.0]))
        desk.step()
    desk.sent.clear()


def _phone(desk: Desk, draw: random.Random) -> Phone:
    """Mostly somebody who calls, or does not yet; sometimes one who is in the middle of a call."""
    if draw.random() < 0.5:
        return Phone()
    if not desk.steps or desk.steps[-1][1]():
        desk.talking = Phone()
        desk.give(desk.talking.invite())
        desk.advance(0.6)
        oks = [m for m in desk.messages() if isinstance(m, Response) and m.status == 200]
        desk.talking.to_tag = tag_of(oks[-1]) if oks else ""
        desk.give(desk.talking.ack())
    return desk.talking


def _all_given_back(desk: Desk) -> None:
    """After a damaged day the line is as new."""
    desk.endpoint.close()
    desk.advance(200)
    assert desk.endpoint.legs == 0
    assert desk.sockets == {}
    assert desk.calls.open_calls == []
    assert desk.line.pool.free == 5
    assert (len(desk.line.answered), len(desk.line.asked), desk.timers.waiting) == (0, 0, 0)


if __name__ == "__main__":
    print(fuzz_parsers())
