"""Descriptions of sound: what is agreed on, and that none breaks the reader."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice.transports.sip.sdp import Here, agree, read_sdp, write_answer, write_offer

HERE = Here("192.0.2.9", 30000, 7, 2)


def _sdp(*lines: str) -> bytes:
    return "\r\n".join(["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", *lines, ""]).encode()


AUDIO = "m=audio 4000 RTP/AVP 0 8"


def test_an_address_of_the_stream_goes_before_one_of_the_session() -> None:
    assert agree(read_sdp(_sdp("c=IN IP4 192.0.2.1", AUDIO))).host == "192.0.2.1"
    both = _sdp("c=IN IP4 192.0.2.1", AUDIO, "c=IN IP4 192.0.2.2/127")
    assert agree(read_sdp(both)).host == "192.0.2.2"
    assert agree(read_sdp(_sdp("c=IN IP6 2001:db8::1", AUDIO))).host == "2001:db8::1"
    assert agree(read_sdp(_sdp("c=IN IP4 phone.example", AUDIO))).host == ""


@pytest.mark.parametrize(
    ("lines", "is_held"),
    [
        (("c=IN IP4 192.0.2.1", AUDIO), False),
        (("c=IN IP4 192.0.2.1", AUDIO, "a=sendonly"), True),
        (("c=IN IP4 192.0.2.1", "a=inactive", AUDIO), True),
        (("c=IN IP4 192.0.2.1", "a=inactive", AUDIO, "a=sendrecv"), False),
        (("c=IN IP4 192.0.2.1", AUDIO, "a=recvonly"), False),
        (("c=IN IP4 0.0.0.0", AUDIO), True),
    ],
)
def test_who_does_not_listen_is_on_hold(lines: tuple[str, ...], is_held: bool) -> None:
    assert agree(read_sdp(_sdp(*lines))).is_held is is_held


@pytest.mark.parametrize(
    ("direction", "answered"),
    [
        ("sendrecv", "sendrecv"),
        ("sendonly", "recvonly"),
        ("recvonly", "sendonly"),
        ("inactive", "inactive"),
    ],
)
def test_the_answer_mirrors_the_direction(direction: str, answered: str) -> None:
    sections = read_sdp(_sdp("c=IN IP4 192.0.2.1", AUDIO, f"a={direction}"))
    text = write_answer(sections, agree(sections), HERE).decode()
    assert f"a={answered}\r\n" in text


@pytest.mark.parametrize(
    ("formats", "maps", "law", "types", "event"),
    [
        ("0 8", [], "PCMA", {0, 8}, None),
        ("0", [], "PCMU", {0}, None),
        ("18 8", ["18 G729/8000"], "PCMA", {8}, None),
        ("96", ["96 pcmu/8000/1"], "PCMU", {96}, None),
        ("8 97", ["97 telephone-event/48000"], "PCMA", {8}, None),
        ("8 97 98", ["97 telephone-event/8000", "98 telephone-event/8000"], "PCMA", {8}, 97),
        ("8 300 x 8", [], "PCMA", {8}, None),
    ],
)
def test_types_are_what_the_description_calls_them(
    formats: str, maps: list[str], law: str, types: set[int], event: int | None
) -> None:
    lines = [f"m=audio 4000 RTP/AVP {formats}", *(f"a=rtpmap:{text}" for text in maps)]
    agreed = agree(read_sdp(_sdp("c=IN IP4 192.0.2.1", *lines)))
    assert (agreed.law, set(agreed.laws), agreed.event_type) == (law, types, event)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("m=audio 0 RTP/AVP 8",),
        ("m=audio 70000 RTP/AVP 8",),
        ("m=audio 4000 RTP/SAVP 8",),
        ("m=audio 4000 RTP/AVP 9",),
        ("m=audio 4000 RTP/AVP 8", "a=rtpmap:8 G722/8000"),
        ("m=audio",),
        ("m=",),
        ("m=video 4000 RTP/AVP 8",),
    ],
)
def test_nothing_in_common_is_no_agreement(lines: tuple[str, ...]) -> None:
    assert agree(read_sdp(_sdp("c=IN IP4 192.0.2.1", *lines))) is None


def test_the_answer_declines_all_but_one_stream_in_their_order() -> None:
    lines = [
        "m=audio 4000 RTP/SAVP 8",
        "m=video 5000 RTP/AVP 96 97",
        AUDIO,
        "m=audio 4004 RTP/AVP 0",
    ]
    sections = read_sdp(_sdp("c=IN IP4 192.0.2.1", *lines))
    text = write_answer(sections, agree(sections), HERE).decode()
    assert [line for line in text.splitlines() if line[:2] == "m="] == [
        "m=audio 0 RTP/SAVP 8",
        "m=video 0 RTP/AVP 96 97",
        "m=audio 30000 RTP/AVP 8",
        "m=audio 0 RTP/AVP 0",
    ]
    assert "o=- 7 2 IN IP4 192.0.2.9\r\n" in text


def test_our_offer_has_both_laws_and_keys_and_suits_ourselves() -> None:
    agreed = agree(read_sdp(write_offer(Here("2001:db8::9", 30000, 7, 1))))
    assert (agreed.host, agreed.port, agreed.law, agreed.event_type) == (
        "2001:db8::9",
        30000,
        "PCMA",
        101,
    )


WORDS = st.sampled_from(
    [
        *("m=audio 4000 RTP/AVP 8", "m=audio 4000 RTP/AVP", "m=audio", "m=a b c d", "m=", "="),
        *("c=IN IP4 1.2.3.4", "c=IN IP4 x", "c=", "a=rtpmap:8", "a=rtpmap: 8 PCMA/8000"),
        *("a=sendonly", "\x85"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(WORDS, max_size=12)))
def test_no_description_breaks_the_reader(body: bytes | list[str]) -> None:
    body = body if isinstance(body, bytes) else "\r\n".join(body).encode()
    sections = read_sdp(body)
    agreed = agree(sections)
    if agreed is not None:
        answered = read_sdp(write_answer(sections, agreed, HERE))
        assert len(answered) == len(sections)
