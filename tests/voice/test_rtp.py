"""RTP packets, what goes out, and whose packets are listened to."""

from __future__ import annotations

import struct
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice.transports.rtp import (
    MOVE_FRAMES,
    Latch,
    RtpPacket,
    RtpSender,
    is_within,
    read_packet,
    write_packet,
)

TELEPHONE = ("192.0.2.1", 4000)
INSIDE = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))


@given(
    st.builds(
        RtpPacket,
        st.integers(0, 63),
        st.integers(0, 2**16 - 1),
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**32 - 1),
        st.binary(max_size=400),
        st.booleans(),
    )
)
def test_a_packet_survives_a_round_trip(packet: RtpPacket) -> None:
    assert read_packet(write_packet(packet)) == packet


def test_header_extension_sources_and_padding_are_no_sound() -> None:
    header = struct.pack("!BBHII", 0xB2, 8, 1, 2, 3) + bytes(8)
    extension = struct.pack("!HH", 0xBEDE, 2) + bytes(8)
    packet = read_packet(header + extension + b"sound" + b"\0\0\3")
    assert packet is not None
    assert packet.payload == b"sound"


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x80\x08" + bytes(9),
        b"\x40\x08" + bytes(20),
        b"\x80\xc8" + bytes(30),
        b"\x81\xc9" + bytes(30),
        b"\x90\x08" + bytes(10),
        b"\x90\x08" + bytes(12) + b"\xff\xff",
        b"\xa0\x08" + bytes(10) + b"\xff",
        b"\xa0\x08" + bytes(11),
        b"\x8f\x08" + bytes(20),
        b"INVITE sip:x SIP/2.0\r\n",
    ],
)
def test_reports_and_noise_are_no_packets(datagram: bytes) -> None:
    assert read_packet(datagram) is None


@settings(max_examples=300)
@given(st.binary(max_size=100))
def test_no_datagram_breaks_the_reader(datagram: bytes) -> None:
    packet = read_packet(datagram)
    assert packet is None or len(packet.payload) <= len(datagram) - 12


def test_numbers_and_timestamps_run_on_steadily_and_the_marker_opens_each_talk() -> None:
    sender = RtpSender()
    packets = [read_packet(sender.packet(8, b"x" * 160)) for _ in range(3)]
    for _ in range(10):
        sender.pause()
    packets += [read_packet(sender.packet(8, b"x" * 160)) for _ in range(2)]
    first = packets[0]
    assert [packet.has_marker for packet in packets] == [True, False, False, True, False]
    assert [(packet.sequence - first.sequence) % 2**16 for packet in packets] == [0, 1, 2, 3, 4]
    ticks = [(packet.timestamp - first.timestamp) % 2**32 // 160 for packet in packets]
    assert ticks == [0, 1, 2, 13, 14]
    assert {packet.ssrc for packet in packets} == {first.ssrc}


def test_sequence_and_timestamp_wrap() -> None:
    sender = RtpSender()
    sender._sequence, sender._timestamp = 2**16 - 1, 2**32 - 160
    first, second = (read_packet(sender.packet(8, b"")) for _ in range(2))
    assert (first.sequence, first.timestamp) == (2**16 - 1, 2**32 - 160)
    assert (second.sequence, second.timestamp) == (0, 0)


def _latch(latching: str) -> Latch:
    latch = Latch(latching, INSIDE)
    latch.announce(TELEPHONE)
    return latch


def _valid() -> bool:
    return True


def test_sound_goes_back_to_the_port_it_came_from() -> None:
    latch = _latch("port")
    assert latch.destination == TELEPHONE
    assert latch.admits(("192.0.2.1", 5555), _valid)
    assert latch.destination == ("192.0.2.1", 5555)
    assert not latch.admits(("192.0.2.1", 6666), _valid)
    assert not latch.admits(("192.0.2.7", 5555), _valid)


def test_noise_does_not_latch() -> None:
    latch = _latch("port")
    assert not latch.admits(("192.0.2.1", 5555), lambda: False)
    assert latch.destination == TELEPHONE


def test_behind_a_translator_any_peer_may_be_the_telephone_and_no_stranger() -> None:
    latch = _latch("peers")
    assert not latch.admits(("198.51.100.1", 5555), _valid)
    assert latch.admits(("192.0.2.9", 5555), _valid)
    assert latch.destination == ("192.0.2.9", 5555)


def test_without_latching_sound_goes_where_the_description_says() -> None:
    latch = _latch("never")
    assert latch.admits(("192.0.2.1", 5555), _valid)
    assert not latch.admits(("192.0.2.9", 4000), _valid)
    assert latch.destination == TELEPHONE


def test_a_telephone_that_moves_is_found_again_after_two_silent_seconds() -> None:
    latch = _latch("port")
    latch.admits(("192.0.2.1", 5555), _valid)
    for _ in range(MOVE_FRAMES - 1):
        latch.frame_passed()
    assert not latch.admits(("192.0.2.1", 6666), _valid)
    latch.frame_passed()
    assert latch.admits(("192.0.2.1", 6666), _valid)
    assert latch.destination == ("192.0.2.1", 6666)


def test_a_new_description_starts_the_search_anew_and_the_same_does_not() -> None:
    latch = _latch("port")
    latch.admits(("192.0.2.1", 5555), _valid)
    latch.announce(TELEPHONE)
    assert latch.destination == ("192.0.2.1", 5555)
    latch.announce(("192.0.2.2", 4000))
    assert latch.destination == ("192.0.2.2", 4000)
    assert latch.admits(("192.0.2.2", 4000), _valid)


@pytest.mark.parametrize(
    ("host", "is_inside"),
    [
        ("192.0.2.200", True),
        ("192.0.3.1", False),
        ("::ffff:192.0.2.1", True),
        ("2001:db8::1", True),
        ("2001:db8::1%eth0", True),
        ("fe80::1", False),
        ("exchange.example", False),
        ("", False),
    ],
)
def test_networks_hold_addresses_of_either_family(host: str, is_inside: bool) -> None:
    assert is_within(host, INSIDE) is is_inside
