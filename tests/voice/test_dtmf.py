"""Keys: each exactly once, whatever the wire does to the packets that tell of it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice.transports.dtmf import KEYS, KeyEvents, info_keys


def _payload(code: int, duration: int, ended: bool = False) -> bytes:
    return bytes([code, (0x80 if ended else 0) | 10]) + duration.to_bytes(2, "big")


def _press(key: str, start: int, steps: int = 5) -> list[tuple[bytes, int]]:
    """What a telephone sends for one key: a packet every 20 ms, the last three times."""
    code = KEYS.index(key)
    held = [(_payload(code, 160 * step), start) for step in range(1, steps + 1)]
    return [*held, *[(_payload(code, 160 * steps, ended=True), start)] * 3]


def _keys(packets: list[tuple[bytes, int]], events: KeyEvents | None = None) -> str:
    events = events or KeyEvents()
    return "".join(events.feed(payload, timestamp % 2**32) for payload, timestamp in packets)


def test_each_key_counts_once() -> None:
    packets = [packet for at, key in enumerate(KEYS) for packet in _press(key, at * 2000)]
    assert _keys(packets) == KEYS


def test_the_same_key_pressed_twice_counts_twice() -> None:
    assert _keys(_press("5", 0) + _press("5", 2400)) == "55"


def test_a_key_counts_at_its_first_packet() -> None:
    assert _keys(_press("7", 0)[:1]) == "7"


def test_lost_end_packets_lose_no_key() -> None:
    assert _keys(_press("1", 0)[:3] + _press("1", 2000)[:3] + _press("2", 4000)) == "112"


def test_only_the_very_last_packet_arrives_and_the_key_counts() -> None:
    assert _keys(_press("9", 0)[-1:]) == "9"


def test_a_late_packet_of_the_key_before_does_not_count_again() -> None:
    one, two = _press("1", 0), _press("2", 2000)
    assert _keys([*one[:-2], two[0], one[-2], two[1], one[-1], *two[2:]]) == "12"


def test_a_key_held_for_half_a_minute_counts_once() -> None:
    packets, start = [], 0
    for _ in range(4):  # segments of RFC 4733, 2.5.1.3
        packets += [(_payload(3, ticks), start) for ticks in range(160, 65536, 160)]
        packets += [(_payload(3, 0xFFFF), start)]
        start += 0xFFFF
    packets += [(_payload(3, 1600, ended=True), start)] * 3
    assert _keys(packets) == "3"
    assert _keys(packets + _press("3", start + 3000)) == "33"


def test_several_events_in_one_packet_all_count() -> None:
    payload = _payload(1, 800, ended=True) + _payload(2, 800, ended=True) + _payload(3, 160)
    assert _keys([(payload, 0), (payload, 0), (_payload(3, 320), 1600)]) == "123"


def test_timestamps_may_wrap_between_keys() -> None:
    assert _keys(_press("4", 2**32 - 1000) + _press("4", 2**32 + 1500)) == "44"


def test_a_new_source_starts_anew() -> None:
    events = KeyEvents()
    assert events.feed(_payload(5, 160), 1000, ssrc=1) == "5"
    assert events.feed(_payload(5, 160), 1000, ssrc=2) == "5"


@pytest.mark.parametrize("code", [12, 15, 16, 17, 255])
def test_what_no_telephone_has_a_key_for_is_left_out(code: int) -> None:
    assert _keys([(_payload(code, 160), 0)]) == ""


def test_a_number_survives_loss_repeats_and_disorder() -> None:
    for seed in range(200):
        draw = random.Random(seed)
        number = "".join(draw.choice(KEYS) for _ in range(11))
        packets = []
        for at, key in enumerate(number):
            press = _press(key, at * 2000)
            kept = [press[0], *(packet for packet in press[1:] if draw.random() > 0.5)]
            packets += [packet for packet in kept for _ in range(draw.choice([1, 1, 2]))]
        for at in range(len(packets) - 1):  # neighbours change places, the first of a key does not
            if packets[at][1] == packets[at + 1][1] and draw.random() < 0.3:
                packets[at], packets[at + 1] = packets[at + 1], packets[at]
        assert _keys(packets) == number


@settings(max_examples=200)
@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(0, 2**32 - 1)), max_size=30))
def test_no_payload_breaks_the_reader(packets: list[tuple[bytes, int]]) -> None:
    assert set(_keys(packets)) <= set(KEYS)


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from(KEYS), st.lists(st.booleans(), min_size=8, max_size=8)),
        max_size=12,
    )
)
def test_every_key_of_which_one_packet_survives_counts_exactly_once(
    presses: list[tuple[str, list[bool]]],
) -> None:
    packets, expected = [], ""
    for at, (key, survives) in enumerate(presses):
        kept = [p for p, kept in zip(_press(key, at * 2000), survives, strict=True) if kept]
        packets += kept
        expected += key if kept else ""
    assert _keys(packets) == expected


@pytest.mark.parametrize(
    ("kind", "body", "keys"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", b"Signal= *\nDuration= 250\n", "*"),
        ("Application/DTMF-Relay; charset=x", b"signal=#", "#"),
        ("application/dtmf-relay", b"Duration=100\r\nSIGNAL = 11\r\n", "#"),
        ("application/dtmf-relay", b"Signal=10\r\n", "*"),
        ("application/dtmf-relay", b"Signal=A\r\n", ""),
        ("application/dtmf-relay", b"\xff\xfe", ""),
        ("application/dtmf", b"7", "7"),
        ("application/dtmf", b" 0\r\n", "0"),
        ("application/dtmf", b"12", ""),
        ("application/dtmf", b"", ""),
        ("application/sdp", b"5", None),
        ("", b"5", None),
    ],
)
def test_info_tells_a_key_in_two_ways(kind: str, body: bytes, keys: str | None) -> None:
    assert info_keys(kind, body) == keys
