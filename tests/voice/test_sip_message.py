"""Texts of SIP as they are found in the wild, and nothing that breaks the reader."""

from __future__ import annotations

import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.soak.fuzz import damaged, fuzz_parsers
from voice.transports.sip.fields import (
    caller_digits,
    host_and_port,
    read_address,
    read_cseq,
    read_via,
    split_outside_quotes,
    values_of,
)
from voice.transports.sip.message import Headers, Request, Response, SipGarbled, parse, write

COMPACT = (
    b"invite sip:12345@office SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKa,\r\n"
    b"  SIP / 2.0 / UDP phone.example ;branch=z9hG4bKb\r\n"
    b'f: "Wang; \\"Auntie\\" <x>" <sip:138@office;user=phone>;TAG=1;x="a;b"\r\n'
    b"T:<sip:12345@office>\r\n"
    b"i :  abc@phone\r\n"
    b"CSEQ: 1\r\n"
    b"\tINVITE\r\n"
    b"m: <sip:138@192.0.2.1>\r\n"
    b"Subject:\r\n"
    b"k:\r\n"
    b"c: application/sdp\r\n"
    b"l: 4\r\n\r\nv=0\r\nthis is beyond the end"
)


def test_compact_folded_and_oddly_written_headers_are_read() -> None:
    request = parse(COMPACT)
    assert isinstance(request, Request)
    headers = request.headers
    assert request.method == "INVITE"
    assert request.body == b"v=0\r"
    assert headers.first("call-id") == "abc@phone"
    assert headers.first("subject") == ""
    assert headers.every("supported") == [""]
    assert read_cseq(headers).number == 1
    assert read_address(headers.first("from")).tag == "1"
    assert read_address(headers.first("from")).uri == "sip:138@office;user=phone"
    via = read_via(headers)
    assert (via.host, via.port, via.branch) == ("192.0.2.1", 5062, "z9hG4bKa")
    assert len(values_of(headers, "via")) == 2
    assert caller_digits(headers) == "138"


def test_bare_line_feeds_and_leading_blank_lines_are_forgiven() -> None:
    message = parse(b"\r\n\r\nSIP/2.0 200\nVia: SIP/2.0/UDP a\nCSeq: 1 BYE\n\nbody")
    assert isinstance(message, Response)
    assert (message.status, message.reason, message.body) == (200, "", b"body")


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x00\x01\x02",
        b"GET / HTTP/1.1\r\n\r\n",
        b"SIP/2.0 99 Low\r\n\r\n",
        b"SIP/2.0 abc\r\n\r\n",
        b"INVITE sip:x\r\n\r\n",
        b"INVITE  SIP/2.0\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nno colon here\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nbad name: x\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\n: x\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\n" + b"X: 1\r\n" * 300 + b"\r\n",
        b"X" * 70_000,
    ],
)
def test_what_is_no_sip_is_refused(datagram: bytes) -> None:
    with pytest.raises(SipGarbled):
        parse(datagram)


def test_bytes_that_are_no_text_come_back_as_they_were() -> None:
    request = parse(b"OPTIONS sip:x SIP/2.0\r\nFrom: \xff\xfe<sip:a>;tag=\xe4\r\n\r\n")
    assert b"From: \xff\xfe<sip:a>;tag=\xe4\r\n" in write(request)


def test_nothing_that_was_read_can_add_a_line_to_what_is_written() -> None:
    request = parse(b"OPTIONS sip:x SIP/2.0\r\nFrom: a\rVia: evil\x00\r\n\tTo: more\r\n\r\n")
    assert write(request).count(b"\n") == 4
    assert b"\r" not in write(request).replace(b"\r\n", b"")


TOKEN = st.text("abcXYZ019-.!%*_+'~", min_size=1, max_size=12)
VALUE = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp", "Zs")), max_size=30)


@settings(max_examples=150, deadline=None)
@given(TOKEN, st.lists(st.tuples(TOKEN, VALUE), max_size=8), st.binary(max_size=60))
def test_what_is_written_is_read_again(
    method: str, pairs: list[tuple[str, str]], body: bytes
) -> None:
    kept = [(f"x-{name.lower()}", value) for name, value in pairs]
    request = Request(method.upper(), "sip:x@y", Headers(kept), body)
    again = parse(write(request))
    assert isinstance(again, Request)
    assert again.method == request.method
    assert again.headers.pairs[:-1] == tuple(kept)
    assert again.body == body


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(datagram: bytes) -> None:
    try:
        message = parse(datagram)
    except SipGarbled:
        return
    write(message)
    read_via(message.headers)
    read_cseq(message.headers)
    caller_digits(message.headers)


# A seed, since what is drawn depends on how many telephones there have been.
@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0, max_value=2**32))
def test_no_damage_to_real_messages_breaks_the_whole_side(seed: int) -> None:
    damaged(Random(seed))


def test_a_thousand_cases_of_the_soak_test_pass() -> None:
    assert fuzz_parsers(1000)["cases"] == 1000


@pytest.mark.parametrize(
    "line",
    [
        "Via: " + "SIP/2.0/UDP a;b=" * 4000,
        'From: "' + '\\"' * 30_000,
        "Via: " + "," * 60_000,
        "From: " + "<" * 60_000,
        "CSeq: " + "1" * 60_000,
        "To: " + "(" * 30_000 + " " * 30_000,
        "Via: SIP/2.0/UDP " + "[" * 60_000,
        "Via: SIP" + " " * 60_000,
    ],
)
def test_a_huge_header_takes_no_long_time(line: str) -> None:
    message = parse(f"OPTIONS sip:x SIP/2.0\r\n{line}\r\n\r\n".encode())
    start = time.process_time()
    read_via(message.headers)
    read_cseq(message.headers)
    caller_digits(message.headers)
    read_address(message.headers.first("to"))
    assert time.process_time() - start < 1.0


def test_parts_within_quotes_and_brackets_stay_together() -> None:
    text = '"a,b\\",c" <sip:x,y>;z, plain ,"d"'
    assert split_outside_quotes(text, ",") == ['"a,b\\",c" <sip:x,y>;z', " plain ", '"d"']


@pytest.mark.parametrize(
    ("lines", "digits"),
    [
        (["From: <sip:13800138000@a>;tag=1"], "13800138000"),
        (["From: <sip:+8613800138000@a>"], "8613800138000"),
        (["From: <sip:010-8888-6666@a;user=phone>"], "01088886666"),
        (["From: <tel:+86-138-0013-8000;phone-context=x>"], "8613800138000"),
        (["From: <sip:138%30@a>"], "1380"),
        (["From: <sip:138;npdi@a>"], "138"),
        (["From: <sip:138:secret@a>"], "138"),
        (["From: sip:139@a;tag=1"], "139"),
        (["From: <sip:1@a>", "P-Asserted-Identity: <sip:13900139000@b>"], "13900139000"),
        (["From: <sip:13@a>", 'P-Asserted-Identity: "x" <sip:x@b>, <tel:139>'], "139"),
        (["From: <sip:13@a>", "P-Asserted-Identity:"], "13"),
        (["From: <sip:138@a>", "Privacy: id;critical"], ""),
        (["From: <sip:138@a>", "Privacy: none"], "138"),
        (["From: Anonymous <sip:anonymous@anonymous.invalid>"], ""),
        (["From: <sip:alice@a>"], ""),
        (["From: <sip:10.0.0.1>"], ""),
        (["From: <sip:１３８@a>"], ""),
        (["From: <sip:1380013800013800138000@a>"], ""),
        (["From: <mailto:138@a>"], ""),
        (["From:"], ""),
        ([], ""),
    ],
)
def test_the_callers_number_is_digits_or_nothing(lines: list[str], digits: str) -> None:
    message = parse("\r\n".join(["OPTIONS sip:x SIP/2.0", *lines, "", ""]).encode())
    assert caller_digits(message.headers) == digits


@pytest.mark.parametrize(
    ("via", "source", "answered_at", "written"),
    [
        ("192.0.2.1:5062;branch=z", ("192.0.2.1", 5062), ("192.0.2.1", 5062), ";branch=z"),
        ("192.0.2.1;branch=z", ("192.0.2.1", 9), ("192.0.2.1", 5060), ";branch=z"),
        ("a.b:7;branch=z", ("192.0.2.1", 9), ("192.0.2.1", 7), ";branch=z;received=192.0.2.1"),
        (
            "10.0.0.1:5062;rport;branch=z",
            ("192.0.2.1", 9),
            ("192.0.2.1", 9),
            ";branch=z;rport=9;received=192.0.2.1",
        ),
        ("[2001:db8::1]:5062;branch=z", ("2001:db8::1", 5062), ("2001:db8::1", 5062), ";branch=z"),
    ],
)
def test_answers_go_where_the_topmost_hop_wants_them(
    via: str, source: tuple[str, int], answered_at: tuple[str, int], written: str
) -> None:
    read = read_via(Headers([("via", f"SIP/2.0/UDP {via}")]))
    assert read.answered_at(source) == answered_at
    assert read.received_from(source) == f"SIP/2.0/UDP {via.partition(';')[0]}{written}"


@pytest.mark.parametrize("via", ["", "SIP/2.0/UDP", "SIP/1.0/UDP a", "SIP/2.0/UDP a:99999", "x"])
def test_a_via_that_leads_nowhere_is_none(via: str) -> None:
    assert read_via(Headers([("via", via)])) is None


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sip:192.0.2.1", ("192.0.2.1", 5060)),
        ("sip:a@192.0.2.1:7;lr", ("192.0.2.1", 7)),
        ("sip:[2001:db8::1]:7", ("2001:db8::1", 7)),
        ("sips:x@y", ("y", 5060)),
        ("tel:138", None),
        ("", None),
    ],
)
def test_a_uri_tells_where_it_leads(uri: str, expected: tuple[str, int] | None) -> None:
    assert host_and_port(uri) == expected
