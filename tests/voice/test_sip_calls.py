"""A telephone call through the answering side, with time turned by hand."""

from __future__ import annotations

import pytest

from tests.voice.fakes_sip import (
    BOTH_LAWS,
    PHONE,
    PHONE_RTP,
    SDP,
    Calls,
    Desk,
    EchoCall,
    Phone,
    StubbornCall,
    methods,
    statuses,
    tag_of,
)
from voice.audio import SILENCE
from voice.transports.rtp import RtpPacket, read_packet, write_packet
from voice.transports.sip.message import Response


def _ok_of(request: object, desk: Desk) -> str:
    """The 200 with which a telephone answers a request of ours."""
    headers = request.headers  # type: ignore[attr-defined]
    kept = [f"{name}: {headers.first(name)}" for name in ("via", "from", "to", "call-id", "cseq")]
    return "\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""])


def _answer(desk: Desk, request: object, status: int = 200) -> list[object]:
    return list(desk.give(_ok_of(request, desk).replace("200 OK", f"{status} Whatever", 1)))


def test_a_call_is_tried_rung_answered_talked_through_and_ended_by_the_caller() -> None:
    desk, phone = Desk(), Phone()
    assert statuses(desk.give(phone.invite())) == [100, 180]
    (ok,) = desk.advance(0.6)
    assert isinstance(ok, Response)
    assert ok.status == 200
    assert b"RTP/AVP 8 101" in ok.body
    phone.to_tag = tag_of(ok)
    assert desk.give(phone.ack()) == []
    desk.step(3)
    call = desk.calls.made[0]
    assert len(call.heard) == 3
    assert statuses(desk.give(phone.text("BYE"))) == [200]
    assert call.is_gone
    assert desk.calls.open_calls == []
    assert desk.sockets == {}
    assert desk.endpoint.legs == 0


def test_the_answer_is_repeated_doubling_until_the_ack_comes() -> None:
    desk, phone = Desk(ring_seconds=0.0), Phone()
    desk.give(phone.invite())
    times = []
    for _ in range(1000):
        if 200 in statuses(desk.advance(0.01)):
            times.append(round(desk.timers.now, 1))
    assert times == [0.0, 0.5, 1.5, 3.5, 7.5]
    phone.to_tag = tag_of(desk.messages()[-1])
    desk.give(phone.ack())
    assert desk.advance(100) == []


def test_a_call_that_is_never_confirmed_is_ended_with_a_bye() -> None:
    desk, phone = Desk(), Phone()
    desk.give(phone.invite())
    sent = desk.advance(32.6)
    assert methods(sent) == ["BYE"]
    assert desk.calls.made[0].is_gone
    assert desk.calls.open_calls == []
    desk.advance(100)
    assert (len(desk.line.answered), len(desk.line.asked), desk.timers.waiting) == (0, 0, 0)


def test_nothing_is_stepped_before_the_caller_confirms() -> None:
    desk, phone = Desk(), Phone()
    desk.give(phone.invite())
    desk.advance(1)
    assert desk.steps == []


def test_a_repeated_invite_gets_the_same_answer_and_opens_no_second_call() -> None:
    desk, phone = Desk(ring_seconds=0.0), Phone()
    invite = phone.invite()
    desk.give(invite)
    assert statuses(desk.give(invite)) == [180]
    assert statuses(desk.advance(0.01)) == [200]
    assert statuses(desk.give(invite)) == [200]
    assert desk.sent[-1] == desk.sent[-2]
    assert len(desk.calls.made) == 1


def test_a_repeated_bye_is_answered_again() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    bye = phone.text("BYE")
    assert statuses(desk.give(bye)) == [200]
    assert statuses(desk.give(bye)) == [200]
    desk.advance(40)
    assert statuses(desk.give(bye)) == [481]


def test_a_cancelled_call_ends_with_487_until_its_ack_comes() -> None:
    desk, phone = Desk(ring_seconds=5.0), Phone()
    desk.give(phone.invite())
    assert statuses(desk.give(phone.cancel())) == [200, 487]
    assert statuses(desk.advance(1.6)) == [487, 487]
    desk.give(phone.text("ACK", cseq=1, branch=f"z9hG4bK{phone.number}invite0"))
    assert desk.advance(60) == []
    assert desk.calls.made == []
    assert desk.endpoint.legs == 0


def test_a_cancel_after_the_answer_changes_nothing() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    phone.to_tag = ""
    assert statuses(desk.give(phone.cancel())) == [200]
    assert desk.endpoint.legs == 1


def test_a_cancel_for_no_call_is_answered_481() -> None:
    assert statuses(Desk().give(Phone().text("CANCEL"))) == [481]


def test_a_bye_while_it_rings_ends_the_invite_too() -> None:
    desk, phone = Desk(ring_seconds=5.0), Phone()
    ringing = desk.give(phone.invite())[-1]
    phone.to_tag = tag_of(ringing)
    assert sorted(statuses(desk.give(phone.text("BYE")))) == [200, 487]
    assert desk.endpoint.legs == 0


@pytest.mark.parametrize(
    "body",
    [
        SDP.format(port=4000, formats="9 96", more="a=rtpmap:96 opus/48000/2\r\n"),
        SDP.format(port=0, formats="8", more=""),
        BOTH_LAWS.replace("RTP/AVP", "RTP/SAVP"),
        BOTH_LAWS.replace("m=audio", "m=video"),
        "this is no description",
    ],
)
def test_what_cannot_be_spoken_is_refused_with_488(body: str) -> None:
    desk, phone = Desk(), Phone(body=body)
    assert statuses(desk.give(phone.invite())) == [100, 488]
    assert desk.endpoint.legs == 0


def test_the_a_law_goes_before_the_u_law_and_types_are_those_offered() -> None:
    more = "a=rtpmap:97 pcma/8000\r\na=rtpmap:99 TELEPHONE-EVENT/8000/1\r\n"
    desk, phone = Desk(), Phone(body=SDP.format(port=4000, formats="0 97 99", more=more))
    ok = phone.call(desk)
    assert b"m=audio 30000 RTP/AVP 97 99\r\n" in ok.body
    assert b"a=rtpmap:97 PCMA/8000\r\n" in ok.body


def test_other_streams_are_declined_line_by_line() -> None:
    video = "m=video 5000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
    desk, phone = Desk(), Phone(body=BOTH_LAWS.replace("m=audio", f"{video}m=audio"))
    lines = phone.call(desk).body.decode().splitlines()
    assert [line for line in lines if line.startswith("m=")] == [
        "m=video 0 RTP/AVP 96",
        "m=audio 30000 RTP/AVP 8 101",
    ]


def test_who_leaves_the_offer_to_us_answers_in_the_ack() -> None:
    desk, phone = Desk(), Phone(body="")
    desk.give(phone.invite())
    (ok,) = desk.advance(0.6)
    assert isinstance(ok, Response)
    assert b"RTP/AVP 8 0 101" in ok.body
    phone.to_tag = tag_of(ok)
    desk.give(phone.ack(body=SDP.format(port=4000, formats="0", more="")))
    desk.step()
    packet, destination = desk.sockets[30000].sent[0]
    assert destination == PHONE_RTP
    assert read_packet(packet).payload_type == 0


def test_an_ack_without_the_answer_it_owes_ends_the_call() -> None:
    desk, phone = Desk(), Phone(body="")
    desk.give(phone.invite())
    phone.to_tag = tag_of(desk.advance(0.6)[0])
    assert methods(desk.give(phone.ack())) == ["BYE"]


def test_hold_stops_the_call_and_resume_lets_it_go_on_where_it_was() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    desk.step(5)
    hold = desk.give(phone.invite(body=BOTH_LAWS + "a=sendonly\r\n"))
    assert statuses(hold) == [200]
    assert b"a=recvonly" in hold[0].body
    desk.give(phone.ack())
    sent = len(desk.sockets[30000].sent)
    desk.step(50)
    assert len(desk.calls.made[0].heard) == 5
    assert len(desk.sockets[30000].sent) == sent
    assert b"a=sendrecv" in desk.give(phone.invite())[0].body
    desk.give(phone.ack())
    desk.step(2)
    assert len(desk.calls.made[0].heard) == 7
    first_after = read_packet(desk.sockets[30000].sent[sent][0])
    last_before = read_packet(desk.sockets[30000].sent[sent - 1][0])
    assert first_after.has_marker
    assert (first_after.timestamp - last_before.timestamp) % 2**32 == 51 * 160
    assert (first_after.sequence - last_before.sequence) % 2**16 == 1


@pytest.mark.parametrize("how", ["a=inactive\r\n", "c=IN IP4 0.0.0.0\r\n"])
def test_other_ways_to_hold_are_understood(how: str) -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    (ok,) = desk.give(phone.invite(body=BOTH_LAWS + how))
    assert b"a=inactive" in ok.body or b"a=sendonly" in ok.body or b"a=recvonly" in ok.body
    assert b"a=sendrecv" not in ok.body
    desk.give(phone.ack())
    desk.step(10)
    assert desk.calls.made[0].heard == []


def test_a_call_on_hold_for_too_long_is_ended() -> None:
    desk, phone = Desk(hold_seconds=1.0), Phone()
    phone.call(desk)
    desk.give(phone.invite(body=BOTH_LAWS + "a=sendonly\r\n"))
    desk.give(phone.ack())
    assert methods(desk.step(60)) == ["BYE"]
    assert desk.calls.made[0].is_gone


def test_the_law_changes_in_mid_call() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    desk.step()
    (ok,) = desk.give(phone.invite(body=SDP.format(port=4002, formats="0", more="")))
    assert b"m=audio 30000 RTP/AVP 0\r\n" in ok.body
    desk.give(phone.ack())
    desk.step()
    (before, _), (after, destination) = desk.sockets[30000].sent
    assert (read_packet(before).payload_type, read_packet(after).payload_type) == (8, 0)
    assert destination == ("127.0.0.1", 4002)


def test_a_change_that_cannot_be_spoken_is_refused_and_the_call_goes_on() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    wrong = phone.invite(body=SDP.format(port=4000, formats="9", more=""))
    assert statuses(desk.give(wrong)) == [488]
    desk.give(phone.text("ACK", cseq=phone.cseq, branch=f"z9hG4bK{phone.number}invite1"))
    assert desk.advance(60) == []
    desk.step()
    assert len(desk.calls.made[0].heard) == 1


def test_a_call_that_hangs_up_says_goodbye_and_sends_bye_after_a_little_silence() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    desk.step(2)
    desk.calls.made[0].end("hang_up")
    assert desk.step(10) == []
    sent = desk.step(1)
    assert methods(sent) == ["BYE"]
    assert not desk.calls.made[0].is_gone
    bye = sent[0]
    assert bye.headers.first("to") == f"<sip:13800138000@127.0.0.1>;tag=phone{phone.number}"
    assert bye.uri == "sip:13800138000@127.0.0.1:5061"
    assert methods(desk.advance(1.6)) == ["BYE", "BYE"]
    _answer(desk, bye)
    assert desk.advance(100) == []
    assert desk.timers.waiting == 0


def test_requests_of_ours_follow_the_recorded_route() -> None:
    desk, phone = Desk(), Phone()
    phone.extra = ["Record-Route: <sip:127.0.0.2:5070;lr>, <sip:127.0.0.3;lr>"]
    ok = phone.call(desk)
    assert ok.headers.every("record-route") == ["<sip:127.0.0.2:5070;lr>, <sip:127.0.0.3;lr>"]
    desk.calls.made[0].end("hang_up")
    (bye,) = desk.step(11)
    assert bye.headers.every("route") == ["<sip:127.0.0.2:5070;lr>", "<sip:127.0.0.3;lr>"]
    assert desk.sent[-1][1] == ("127.0.0.2", 5070)


def test_a_strict_router_gets_the_request_in_its_own_name() -> None:
    desk, phone = Desk(), Phone()
    phone.extra = ["Record-Route: <sip:127.0.0.2:5070>"]
    phone.call(desk)
    desk.calls.made[0].end("hang_up")
    (bye,) = desk.step(11)
    assert bye.uri == "sip:127.0.0.2:5070"
    assert bye.headers.every("route") == ["<sip:13800138000@127.0.0.1:5061>"]


def test_a_contact_that_leads_nowhere_is_reached_where_it_last_spoke_from() -> None:
    desk, phone = Desk(), Phone()
    desk.give(phone.invite().replace("@127.0.0.1:5061>", "@192.0.2.9:5061>"))
    phone.to_tag = tag_of(desk.advance(0.6)[0])
    desk.give(phone.ack())
    desk.calls.made[0].end("hang_up")
    (bye,) = desk.step(11)
    assert bye.uri == "sip:13800138000@192.0.2.9:5061"
    assert desk.sent[-1][1] == PHONE


def _event(code: int, timestamp: int, ended: bool = False) -> bytes:
    return write_packet(
        RtpPacket(101, 1, timestamp, 7, bytes([code, 0x80 * ended, 0, 160]), not ended)
    )


def test_keys_come_by_rtp_events_and_by_info() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    rtp = desk.sockets[30000]
    for datagram in (_event(1, 1000), _event(1, 1000), _event(1, 1000, ended=True), _event(11, 99)):
        rtp.received(datagram, PHONE_RTP)
    relay = phone.text("INFO", body="Signal=5\r\nDuration=160\r\n", kind="application/dtmf-relay")
    assert statuses(desk.give(relay)) == [200]
    assert statuses(desk.give(relay)) == [200]
    desk.give(phone.text("INFO", body="*", kind="application/dtmf"))
    desk.step(2)
    assert desk.calls.made[0].keys == "1#5*"


def test_an_info_of_another_kind_is_refused_and_an_empty_one_is_welcome() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    (refused,) = desk.give(phone.text("INFO", body="<x/>", kind="application/media_control+xml"))
    assert refused.status == 415
    assert "application/dtmf-relay" in refused.headers.first("accept")
    assert statuses(desk.give(phone.text("INFO"))) == [200]


def test_sound_goes_in_and_out_and_strangers_are_not_heard() -> None:
    desk, phone = Desk(), Phone()
    phone.call(desk)
    rtp = desk.sockets[30000]
    for number in range(20):
        good = RtpPacket(8, number, 160 * number, 7, b"\x15" * 160)
        bad = RtpPacket(8, number, 160 * number, 8, b"\x00" * 160)
        rtp.received(write_packet(bad), ("127.0.0.9", 4000))
        rtp.received(write_packet(good), ("127.0.0.1", 4444))
        rtp.received(write_packet(bad), ("127.0.0.1", 4445))
        desk.step()
    heard = desk.calls.made[0].heard
    assert set(heard[:3]) == {SILENCE}
    assert len(set(heard[4:])) == 1
    assert heard[5] != SILENCE
    # Sound goes back to where the first valid packet came from.
    assert rtp.sent[-1][1] == ("127.0.0.1", 4444)


def test_a_full_line_is_refused_in_words_if_there_are_any() -> None:
    desk = Desk(calls=Calls(most=1), refusal_frames=[b"\x01\x02" * 160] * 3)
    Phone().call(desk)
    second = Phone()
    second.call(desk)
    rtp = desk.sockets[30002]
    sent = desk.step(20)
    assert methods(sent) == ["BYE"]
    payloads = [read_packet(datagram).payload for datagram, _ in rtp.sent]
    assert len(set(payloads[:3])) == 1
    assert payloads[0] != payloads[3]
    assert desk.line.refusals == set()
    assert desk.endpoint.counts["refused_in_words"] == 1
    assert len(desk.calls.open_calls) == 1


@pytest.mark.parametrize("status", [486, 503])
def test_a_full_line_without_words_says_when_to_try_again(status: int) -> None:
    desk = Desk(calls=Calls(most=0), busy_status=status, retry_after_seconds=30)
    desk.give(Phone().invite())
    (refused,) = desk.advance(0.6)
    assert refused.status == status
    assert refused.headers.first("retry-after") == "30"
    assert desk.sockets == {}


def test_refusals_in_words_are_bounded_too() -> None:
    desk = Desk(calls=Calls(most=0), refusal_frames=[SILENCE] * 50, most_refusals=2)
    for _ in range(3):
        desk.give(Phone().invite())
    assert sorted(statuses(desk.advance(0.6))) == [200, 200, 503]


def test_a_line_without_free_ports_refuses_and_ports_come_back() -> None:
    desk = Desk(rtp_ports=(30000, 30001))
    first = Phone()
    first.call(desk)
    second = Phone()
    desk.give(second.invite())
    assert statuses(desk.advance(0.6)) == [503]
    desk.give(second.text("ACK", cseq=1, branch=f"z9hG4bK{second.number}invite0"))
    desk.give(first.text("BYE"))
    Phone().call(desk)
    assert list(desk.sockets) == [30000, 30001]


def test_more_calls_than_the_line_may_hold_are_refused_at_once() -> None:
    desk = Desk(most_legs=1)
    Phone().call(desk)
    assert statuses(desk.give(Phone().invite())) == [100, 503]


def test_a_call_that_breaks_ends_alone() -> None:
    desk = Desk()
    Phone().call(desk)
    Phone().call(desk)
    bad, good = desk.calls.made
    desk.step(3)
    bad.fails = True
    assert methods(desk.step(3)) == ["BYE"]
    assert desk.calls.open_calls == [good]
    assert len(good.heard) == 6


def test_a_call_that_cannot_be_made_is_refused_and_others_go_on() -> None:
    class Broken(Calls):
        def open(self, info: object) -> EchoCall:
            raise RuntimeError("no model")

    desk = Desk(calls=Broken())
    desk.give(Phone().invite())
    assert statuses(desk.advance(0.6)) == [500]
    assert desk.sockets == {}
    assert desk.endpoint.legs == 0


def test_a_hand_over_that_succeeds_ends_the_call() -> None:
    desk, phone = Desk(hand_over_target="sip:desk@127.0.0.1"), Phone()
    phone.call(desk)
    desk.calls.made[0].end("hand_over")
    (refer,) = desk.step(20)
    assert refer.method == "REFER"
    assert refer.headers.first("refer-to") == "<sip:desk@127.0.0.1>"
    _answer(desk, refer, 202)
    notify = {"kind": "message/sipfrag", "extra": ["Event: refer", "Subscription-State: active"]}
    assert statuses(desk.give(phone.text("NOTIFY", body="SIP/2.0 100 Trying", **notify))) == [200]
    assert desk.advance(20) == []
    sent = desk.give(phone.text("NOTIFY", body="SIP/2.0 200 OK", **notify))
    assert statuses(sent) == [200]
    assert methods(sent) == ["BYE"]
    assert not desk.calls.made[0].is_gone
    assert desk.endpoint.counts["handed_over"] == 1


def test_an_exchange_that_never_tells_has_taken_the_call_with_its_first_answer() -> None:
    desk, phone = Desk(hand_over_target="sip:desk@127.0.0.1"), Phone()
    phone.call(desk)
    desk.calls.made[0].end("hand_over")
    (refer,) = desk.step(20)
    _answer(desk, refer, 202)
    assert methods(desk.advance(3.1)) == ["BYE"]


@pytest.mark.parametrize("how", ["answer", "notify", "silence"])
def test_after_a_hand_over_that_is_refused_the_call_goes_on(how: str) -> None:
    desk = Desk(calls=Calls(kind=StubbornCall), hand_over_target="sip:desk@127.0.0.1")
    phone = Phone()
    phone.call(desk)
    call = desk.calls.made[0]
    call.end("hand_over")
    (refer,) = desk.step(20)
    if how == "answer":
        _answer(desk, refer, 603)
    elif how == "notify":
        _answer(desk, refer, 202)
        desk.give(phone.text("NOTIFY", body="SIP/2.0 486 Busy Here", kind="message/sipfrag"))
    else:
        desk.advance(40)
    assert call.is_over is False
    heard = len(call.heard)
    desk.step(5)
    assert len(call.heard) == heard + 5
    call.end("hang_up")
    assert methods(desk.step(20)) == ["BYE"]


def test_without_anybody_to_hand_over_to_the_call_goes_on_or_ends() -> None:
    stubborn, plain = Desk(calls=Calls(kind=StubbornCall)), Desk()
    for desk in (stubborn, plain):
        Phone().call(desk)
        desk.calls.made[0].end("hand_over")
    assert methods(stubborn.step(20)) == []
    assert len(stubborn.calls.made[0].heard) == 9
    assert methods(plain.step(20)) == ["BYE"]


def test_at_shutdown_every_caller_hears_a_bye() -> None:
    desk = Desk(ring_seconds=5.0)
    desk.give(Phone().invite())
    talking = Phone()
    desk.give(talking.invite())
    desk.advance(5)
    desk.give(Phone().invite())
    sent = desk.messages(len(desk.sent))
    desk.endpoint.close()
    sent = desk.messages()
    assert methods(sent).count("BYE") == 2
    assert statuses(sent).count(503) == 1
    assert desk.endpoint.legs == 0
    assert desk.sockets == {}


def test_three_hundred_calls_leave_nothing_behind() -> None:
    desk = Desk()
    for number in range(300):
        phone = Phone()
        phone.call(desk)
        desk.step(3)
        if number % 2:
            desk.give(phone.text("BYE"))
        else:
            desk.calls.made[-1].end("hang_up")
            _answer(desk, desk.step(20)[-1])
        desk.steps.clear()
    desk.advance(70)
    assert desk.endpoint.legs == 0
    assert desk.line.pool.free == 5
    assert desk.sockets == {}
    assert (len(desk.line.answered), len(desk.line.asked), desk.timers.waiting) == (0, 0, 0)
