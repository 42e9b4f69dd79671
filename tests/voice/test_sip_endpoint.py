"""Who is let in, what is refused and how, and that noise harms nobody."""

from __future__ import annotations

import logging
from ipaddress import ip_network

import pytest

from tests.voice.fakes_sip import Desk, Phone, methods, statuses, tag_of
from voice.transports.sip.endpoint import SipEndpoint
from voice.transports.sip.settings import SipSettings, networks_of

STRANGER = ("203.0.113.5", 5060)


def test_strangers_are_dropped_without_a_word_and_counted() -> None:
    desk = Desk()
    assert desk.give(Phone().invite(), source=STRANGER) == []
    assert desk.give(Phone().text("OPTIONS"), source=STRANGER) == []
    assert desk.endpoint.counts["strangers"] == 2
    assert desk.endpoint.legs == 0


def test_peers_are_networks_of_either_family() -> None:
    desk = Desk(peers=networks_of("192.0.2.0/24 2001:db8::1"))
    for source, answers in [
        (("192.0.2.9", 5060), [200]),
        (("192.0.3.9", 5060), []),
        (("2001:db8::1", 5060), [200]),
        (("127.0.0.1", 5060), []),
    ]:
        assert statuses(desk.give(Phone().text("OPTIONS"), source=source)) == answers


@pytest.mark.parametrize(
    "noise", [b"", b"\r\n\r\n", b"\0", b"\0\0\0\0", b"hello", b"\xff" * 500, b"SIP/2.0 200 OK\r\n"]
)
def test_noise_gets_no_answer(noise: bytes) -> None:
    desk = Desk()
    assert desk.give(noise) == []
    assert desk.endpoint.counts["failed"] == 0


def test_options_are_answered_with_what_we_do() -> None:
    (ok,) = Desk().give(Phone().text("OPTIONS"))
    assert ok.status == 200
    assert ok.headers.first("allow") == "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, NOTIFY"
    assert ok.headers.first("accept") == "application/sdp"
    assert tag_of(ok)


@pytest.mark.parametrize("method", ["BYE", "INFO", "NOTIFY", "INVITE"])
def test_a_request_within_a_call_that_nobody_knows_is_answered_481(method: str) -> None:
    phone = Phone()
    phone.to_tag = "nobody"
    assert statuses(Desk().give(phone.text(method))) == [481]


def test_an_ack_that_nobody_waits_for_is_dropped() -> None:
    phone = Phone()
    phone.to_tag = "nobody"
    assert Desk().give(phone.text("ACK")) == []


def test_a_stranger_within_a_call_is_told_that_there_is_none() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    bye = phone.text("BYE").replace(f"tag=phone{phone.number}", "tag=guessed")
    assert statuses(desk.give(bye)) == [481]
    assert desk.endpoint.legs == 1


@pytest.mark.parametrize(
    ("method", "status"),
    [("REGISTER", 405), ("SUBSCRIBE", 405), ("MESSAGE", 405), ("REFER", 405), ("FLY", 501)],
)
def test_methods_that_we_do_not_do_are_refused(method: str, status: int) -> None:
    (refused,) = Desk().give(Phone().text(method))
    assert refused.status == status
    assert "INVITE" in refused.headers.first("allow")


def test_within_a_call_too() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    assert statuses(desk.give(phone.text("UPDATE"))) == [405]
    assert statuses(desk.give(phone.text("FLY"))) == [501]
    assert statuses(desk.give(phone.text("OPTIONS"))) == [200]
    assert statuses(desk.give(phone.text("NOTIFY"))) == [481]


def test_an_extension_that_we_must_know_and_do_not_is_refused() -> None:
    (refused,) = Desk().give(Phone().invite(extra=["Require: 100rel, timer"]))
    assert refused.status == 420
    assert refused.headers.first("unsupported") == "100rel, timer"


def test_the_same_call_by_another_way_is_refused() -> None:
    desk, phone = Desk(), Phone()
    desk.give(phone.invite())
    assert statuses(desk.give(phone.invite(cseq=1, branch="z9hG4bKother"))) == [100, 482]
    assert desk.endpoint.legs == 1


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("CSeq: 1 OPTIONS", "CSeq: one OPTIONS", 400),
        ("CSeq: 1 OPTIONS", "CSeq: 1 BYE", 400),
        ("CSeq: 1 OPTIONS", "CSeq: 4294967296 OPTIONS", 400),
        ("Content-Length: 0", "Content-Length: 50", 400),
        ("Content-Length: 0", "Content-Length: x", 400),
        ("From:", "X-From:", 400),
        ("To:", "X-To:", 400),
        ("Call-ID:", "X-Call-ID:", 400),
        ("SIP/2.0\r\nVia", "SIP/3.0\r\nVia", 505),
    ],
)
def test_requests_that_lack_something_are_told_so(old: str, new: str, status: int) -> None:
    assert statuses(Desk().give(Phone().text("OPTIONS").replace(old, new, 1))) == [status]


def test_without_a_way_back_there_is_no_answer() -> None:
    desk = Desk()
    assert desk.give(Phone().text("OPTIONS").replace("Via:", "X-Via:")) == []
    assert desk.endpoint.counts["garbled"] == 1


def test_a_request_older_than_what_we_have_seen_is_refused() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    desk.give(phone.text("OPTIONS", cseq=10))
    assert statuses(desk.give(phone.text("INFO", cseq=5))) == [500]


def test_answers_take_every_hop_back_and_the_recorded_route() -> None:
    phone = Phone()
    phone.extra = [
        "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKx, SIP/2.0/UDP 192.0.2.3;branch=z9hG4bKy",
        "Record-Route: <sip:192.0.2.2;lr>",
    ]
    desk = Desk()
    ringing = desk.give(phone.invite())[1]
    vias = ringing.headers.every("via")
    assert vias[0].endswith("rport=5061;received=127.0.0.1")
    assert vias[1:] == phone.extra[0].removeprefix("Via: ").split("|")
    assert ringing.headers.every("record-route") == ["<sip:192.0.2.2;lr>"]


def test_old_telephones_without_unique_branches_are_told_apart() -> None:
    desk, phone = Desk(), Phone()
    first = phone.text("OPTIONS", branch="1")
    second = phone.text("OPTIONS", branch="1")
    assert statuses(desk.give(first)) == [200]
    assert statuses(desk.give(second)) == [200]
    desk.give(second)
    assert desk.endpoint.counts["repeated"] == 1


def test_a_flood_beyond_what_can_be_remembered_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voice.transports.sip.transactions.MOST_REMEMBERED", 3)
    desk = Desk()
    sent = [statuses(desk.give(Phone().text("OPTIONS"))) for _ in range(5)]
    assert sent == [[200]] * 3 + [[]] * 2
    assert desk.endpoint.counts["dropped"] == 2
    desk.advance(33)
    assert statuses(desk.give(Phone().text("OPTIONS"))) == [200]


def test_what_breaks_in_one_message_harms_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk()
    whole = SipEndpoint._invited

    def broken(self: SipEndpoint, invite: object) -> None:
        raise RuntimeError("13800138000 says hello")

    monkeypatch.setattr(SipEndpoint, "_invited", broken)
    desk.give(Phone().invite())
    monkeypatch.setattr(SipEndpoint, "_invited", whole)
    assert desk.endpoint.counts["failed"] == 1
    Phone().call(desk)
    assert "RuntimeError" in caplog.text
    assert "13800138000" not in caplog.text


def test_the_callers_number_reaches_the_call_and_never_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    desk, phone = Desk(), Phone(caller='"王阿姨" <sip:13800138000@127.0.0.1>')
    phone.call(desk)
    desk.calls.made[0].fails = True
    assert methods(desk.step()) == ["BYE"]
    assert desk.calls.made[0].info.caller == "13800138000"
    assert desk.calls.made[0].info.transport == "sip"
    assert "13800138000" not in caplog.text
    assert "王阿姨" not in caplog.text


@pytest.mark.parametrize(
    "settings",
    [
        {"rtp_ports": (20000, 20000)},
        {"rtp_ports": (0, 100)},
        {"busy_status": 200},
        {"hand_over_target": "sip:desk@x>\r\nVia: evil"},
        {"hand_over_target": "desk"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        SipSettings(**settings)


def test_networks_are_read_from_text() -> None:
    assert networks_of("10.1.2.3/16, 192.0.2.7") == (
        ip_network("10.1.0.0/16"),
        ip_network("192.0.2.7/32"),
    )
    assert networks_of("") == ()
    with pytest.raises(ValueError, match="exchange"):
        networks_of("exchange.example")
