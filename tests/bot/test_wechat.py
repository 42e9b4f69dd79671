"""The WeChat channel against a double of WeChat's server, over real HTTP both ways."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from django.contrib.auth import get_user_model
from hypothesis import given
from hypothesis import strategies as st

from bot import clock
from bot.channels import outbox, voice_messages
from bot.channels.delivery import Outgoing, TryLater, Undeliverable
from bot.channels.phone import engines
from bot.channels.wechat import answering, api, sender, views, wording
from bot.channels.wechat.menu import menu, pressed
from bot.channels.wechat.models import Delivery, Departure, Push
from bot.checks import settings_agree
from bot.conversations import phrases, service
from bot.conversations.hearing import hear
from bot.conversations.messages import Button, Reply, Turn
from bot.conversations.models import Conversation, TurnRecord
from bot.handovers.models import Notice
from bot.tasks import queue
from knowledge.search.matcher import Matcher
from knowledge.search.snapshot import publish_snapshot
from nlu.protocol import DialogueUnavailable
from tests.bot.test_main import run
from tests.doubles.wechat_api import AES_KEY, APP_ID, SECRET, TOKEN, Got, Safe, WeChat
from tests.running import ROOT, free_port
from tests.voice.fakes_recognition import ScriptedRecogniser
from tests.voices import amr

DATA = Path(__file__).resolve().parents[1] / "data" / "wechat"
WANG = "oInventedWangAyi000000000001"
LI = "oInventedLiDaye0000000000002"
LONG = "要带这些：\n" + "\n".join(f"{n}. 材料{n}" + "，说明" * 60 for n in range(1, 8))
_ids = count(24000000000100000)

database = pytest.mark.django_db(transaction=True)


@dataclass
class Engine:
    """A dialogue engine that says what it is told to, and can be held up."""

    reply: Reply = field(default_factory=lambda: Reply(kind="answer", text="带上身份证。"))
    asked: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    is_away: bool = False

    def __post_init__(self) -> None:
        self.gate.set()

    def send(self, sender: str, text: str, metadata: Mapping[str, str]) -> list[dict[str, Any]]:
        """Answer when the gate is open."""
        self.asked.append(text)
        self.reached.set()
        assert self.gate.wait(20)
        if self.is_away:
            raise DialogueUnavailable("ConnectError")
        return [{"custom": json.loads(json.dumps(self.reply.as_json()))}]

    def is_ready(self) -> bool:
        """Whether it is there."""
        return not self.is_away


@pytest.fixture
def engine(office: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The conversation service talks to this engine."""
    made = Engine()
    monkeypatch.setattr(service, "dialogue", lambda: made)
    yield made
    made.gate.set()


@pytest.fixture
def wechat(settings: Any, tmp_path: Path) -> Iterator[WeChat]:
    """WeChat's server, and an account in plain mode."""
    double = WeChat()
    double.start()
    settings.BOT_WECHAT_APP_ID, settings.BOT_WECHAT_SECRET = APP_ID, SECRET
    settings.BOT_WECHAT_TOKEN, settings.BOT_WECHAT_AES_KEY = TOKEN, ""
    settings.BOT_WECHAT_BASE_URL, settings.BOT_WECHAT_LINK = double.url, ""
    settings.BOT_DATA_DIR = tmp_path
    yield double
    double.stop()


@pytest.fixture
def safe(wechat: WeChat, settings: Any) -> WeChat:
    """The same in safe mode."""
    settings.BOT_WECHAT_AES_KEY = AES_KEY
    wechat.safe = Safe()
    return wechat


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    """Our endpoint under uvicorn."""
    port = free_port()
    config = uvicorn.Config(
        "bot.asgi:application", port=port, ws="none", lifespan="off", log_config=None
    )
    process = uvicorn.Server(config)
    thread = threading.Thread(target=process.run, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{port}/wechat/"
    _until_up(address, thread)
    yield address
    process.should_exit = True
    thread.join(10)


@pytest.fixture
def server(running: str, engine: Engine, wechat: WeChat) -> Iterator[str]:
    """The same with a fresh engine; what is put into the worker's queue is done on the spot."""
    queue.immediate = True
    yield running
    engine.gate.set()
    _idle()
    queue.immediate = False


def _until_up(address: str, thread: threading.Thread) -> None:
    while thread.is_alive():
        with suppress(httpx.TransportError):
            httpx.get(address, trust_env=False)
            return


def _idle() -> None:
    """Wait until no message is in work any more."""
    for work in list(answering._working.values()):
        work.result(20)
    barrier = [answering._workers.submit(lambda: None) for _ in range(answering.WORKERS)]
    for done in barrier:
        done.result(20)


@dataclass
class Phone:
    """Somebody with WeChat on her phone."""

    wechat: WeChat
    address: str
    openid: str = WANG

    def says(self, text: str, message: int = 0, **push: Any) -> Got:
        """Write something."""
        xml = (DATA / "text.xml").read_text(encoding="utf-8")
        return self.sends(xml.replace("社保卡丢了怎么补", text), message, **push)

    def sends(self, xml: str, message: int = 0, **push: Any) -> Got:
        """Send a message or cause an event; each has an id of its own."""
        if xml.endswith(".xml"):
            xml = (DATA / xml).read_text(encoding="utf-8")
        xml = re.sub(r"<MsgId>\d+", f"<MsgId>{message or next(_ids)}", xml)
        xml = re.sub("oInvented[A-Za-z0-9]+", self.openid, xml)
        return self.wechat.push(self.address, xml, **push)


@pytest.fixture
def phone(wechat: WeChat, server: str) -> Phone:
    """王阿姨's phone."""
    return Phone(wechat, server)


# Who knocks.


@database
def test_the_address_is_proved_by_returning_the_echo(wechat: WeChat, server: str) -> None:
    response = httpx.get(server, params=wechat.signed(echostr="5837"), trust_env=False)
    assert (response.status_code, response.text) == (200, "5837")
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("change", ["signature", "nonce", "timestamp"])
@database
def test_a_false_signature_is_refused(wechat: WeChat, server: str, change: str) -> None:
    query = {**wechat.signed(echostr="5837"), change: "1795395600"}
    assert httpx.get(server, params=query, trust_env=False).status_code == 403
    assert httpx.post(server, params=query, content=b"<xml/>", trust_env=False).status_code == 403


@database
def test_without_a_signature_nobody_is_let_in(server: str) -> None:
    assert httpx.get(server, trust_env=False).status_code == 403
    assert httpx.post(server, content=b"<xml/>", trust_env=False).status_code == 403


@pytest.mark.parametrize(("seconds", "status"), [(-290, 200), (290, 200), (-310, 403), (310, 403)])
@database
def test_an_old_request_is_not_taken_again(
    wechat: WeChat, server: str, seconds: int, status: int
) -> None:
    query = wechat.signed(at=time.time() + seconds, echostr="1")
    assert httpx.get(server, params=query, trust_env=False).status_code == status


@database
def test_an_account_that_is_not_set_up_has_no_address(settings: Any, server: str) -> None:
    settings.BOT_WECHAT_TOKEN = ""
    assert httpx.get(server, params={"echostr": "1"}, trust_env=False).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<xml>",
        b"<other><MsgType>text</MsgType></other>",
        b"<xml>words</xml>",
        b"<xml><MsgType>text</MsgType></xml>",
        b"<xml><MsgType><a>text</a></MsgType><FromUserName>a</FromUserName></xml>",
        b"<xml><MsgType>text</MsgType><FromUserName>a</FromUserName><ToUserName>b</ToUserName>"
        b"<CreateTime>1</CreateTime></xml>",
        b"\xff\xfe<xml>",
        b'<?xml version="1.0" encoding="nonsense"?><xml/>',
        b"<xml><Encrypt>abc</Encrypt></xml>",
        b"<xml>" + b"<a>" * 9000,
        b"<xml><MsgType>" + b"a" * 70_000 + b"</MsgType></xml>",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///dev/null">]><xml><MsgType>&e;</MsgType></xml>',
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><xml><MsgType>&b;</MsgType></xml>',
    ],
)
@database
def test_what_wechat_would_not_write_is_malformed(wechat: WeChat, server: str, body: bytes) -> None:
    response = httpx.post(server, params=wechat.signed(), content=body, trust_env=False)
    assert response.status_code == 400
    assert TurnRecord.objects.count() == 0


@database
def test_other_methods_are_refused(wechat: WeChat, server: str) -> None:
    assert httpx.put(server, params=wechat.signed(), trust_env=False).status_code == 405


# Safe mode.


@database
def test_in_safe_mode_question_and_answer_are_encrypted(
    safe: WeChat, phone: Phone, engine: Engine
) -> None:
    got = phone.says("社保卡丢了怎么补")
    assert got.text == "带上身份证。"
    assert "带上" not in got.body
    assert engine.asked == ["社保卡丢了怎么补"]


@database
def test_in_safe_mode_plain_words_are_refused(safe: WeChat, phone: Phone, engine: Engine) -> None:
    safe.safe = None
    assert phone.says("你好").status == 403
    assert engine.asked == []


@database
def test_words_exchanged_under_a_signature_are_refused(safe: WeChat, server: str) -> None:
    query, _ = safe.request((DATA / "text.xml").read_text(encoding="utf-8"))
    assert safe.safe is not None
    body = f"<xml><Encrypt>{safe.safe.sealed('<xml/>')}</Encrypt></xml>"
    assert httpx.post(server, params=query, content=body, trust_env=False).status_code == 403


@pytest.mark.parametrize(
    ("other", "status"), [(Safe(app_id="wxsomebodyelse00"), 403), (Safe(key=b"k" * 32), 400)]
)
@database
def test_what_is_sealed_for_somebody_else_is_not_taken(
    safe: WeChat, phone: Phone, engine: Engine, other: Safe, status: int
) -> None:
    safe.safe = other
    assert phone.says("你好").status == status
    assert engine.asked == []


@database
def test_a_long_talk_in_safe_mode_keeps_its_thread(safe: WeChat, phone: Phone) -> None:
    for number in range(5):
        assert phone.says(f"第{number}句话").status == 200
    assert TurnRecord.objects.count() == 5
    assert Conversation.objects.get().external_id == WANG


# Answers.


@database
def test_a_question_is_answered_in_the_reply(phone: Phone, engine: Engine) -> None:
    got = phone.says("社保卡丢了怎么补")
    assert (got.text, got.attempts) == ("带上身份证。", 1)
    turn = TurnRecord.objects.get()
    assert turn.message_id.startswith("wx-240")
    assert (turn.conversation.owner, turn.conversation.channel) == ("wechat", "wechat")


@database
def test_with_the_engine_away_there_is_an_answer_still(phone: Phone, engine: Engine) -> None:
    engine.is_away = True
    assert "社会保障卡" in (phone.says("社保卡丢了怎么补").text or "")


@database
def test_what_fails_becomes_an_apology(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(turn: object) -> Reply:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(service, "answer", fail)
    assert phone.says("你好").text == phrases.APOLOGY


@database
def test_a_reply_without_words_says_nothing(phone: Phone, engine: Engine) -> None:
    engine.reply = Reply(kind="handover", text="")
    assert phone.says("你好").body == "success"


@database
def test_an_answer_cannot_break_out_of_its_frame(phone: Phone, engine: Engine) -> None:
    engine.reply = Reply(kind="answer", text="a]]></Content><b>\x0b&amp;<c>")
    assert phone.says("你好").text == "a]] ></Content><b>&amp;<c>"


@database
def test_an_attempt_that_meets_the_first_at_work_shares_its_answer(
    phone: Phone, engine: Engine
) -> None:
    engine.gate.clear()
    with ThreadPoolExecutor() as pushes:
        waiting = [pushes.submit(phone.says, "社保卡丢了", 77, attempts=1) for _ in range(3)]
        assert engine.reached.wait(10)
        engine.gate.set()
        got = {push.result().text for push in waiting}
    assert got == {"带上身份证。"}
    assert engine.asked == ["社保卡丢了"]


@database
def test_wechats_three_attempts_are_one_message(phone: Phone, engine: Engine) -> None:
    engine.gate.clear()
    lost = phone.says("社保卡丢了", 78, attempts=2, wait_seconds=0.3)
    assert lost.status == 0
    engine.gate.set()
    assert phone.says("社保卡丢了", 78, attempts=1).text == "带上身份证。"
    engine.reply = Reply(kind="answer", text="另一句")
    assert phone.says("社保卡丢了", 78, attempts=1).text == "带上身份证。"
    assert engine.asked == ["社保卡丢了"]
    assert TurnRecord.objects.count() == 1


@database
def test_two_residents_are_answered_side_by_side(
    wechat: WeChat, server: str, engine: Engine
) -> None:
    engine.gate.clear()
    with ThreadPoolExecutor() as pushes:
        people = [Phone(wechat, server, openid) for openid in (WANG, LI)]
        waiting = [pushes.submit(person.says, "你好") for person in people]
        while len(engine.asked) < 2:
            assert engine.reached.wait(10)
        engine.gate.set()
        assert {push.result().text for push in waiting} == {"带上身份证。"}


# Answers that come late.


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """WeChat's five seconds go by faster."""
    monkeypatch.setattr(views, "BUDGET_SECONDS", 0.2)


@pytest.mark.usefixtures("hurry")
@database
def test_an_answer_that_takes_long_is_promised_and_sent(
    wechat: WeChat, phone: Phone, engine: Engine
) -> None:
    engine.gate.clear()
    assert phone.says("社保卡丢了", 79).text == "正在为您查，稍等。"
    assert wechat.messages == []
    engine.gate.set()
    assert wechat.texts(1) == ["带上身份证。"]
    assert wechat.messages[0][0] == WANG
    assert phone.says("社保卡丢了", 79).text == "正在为您查，稍等。"
    _idle()
    assert (len(wechat.messages), len(engine.asked)) == (1, 1)
    assert not Push.objects.filter(is_owed=True).exists()


@pytest.mark.usefixtures("hurry")
@database
def test_attempts_that_all_run_out_of_time_promise_once(
    wechat: WeChat, phone: Phone, engine: Engine
) -> None:
    engine.gate.clear()
    with ThreadPoolExecutor() as pushes:
        waiting = [pushes.submit(phone.says, "社保卡丢了", 80, attempts=1) for _ in range(3)]
        assert {push.result().text for push in waiting} == {wording.WAIT}
    engine.gate.set()
    assert wechat.texts(1) == ["带上身份证。"]
    _idle()
    assert len(wechat.messages) == 1


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.usefixtures("hurry")
@database
def test_a_late_reading_back_of_personal_data_is_not_kept_in_the_outbox(
    wechat: WeChat, phone: Phone, engine: Engine, refused: bool
) -> None:
    engine.reply = Reply(
        kind="confirm", text="电话13800000000，对吗？", slots={"phone": "13800000000"}
    )
    engine.gate.clear()
    assert phone.says("我要代办").text == wording.WAIT
    wechat.failures = [-1] if refused else []
    engine.gate.set()
    wanted = "电话<phone>，对吗？" if refused else "电话13800000000，对吗？"
    assert wechat.texts(1) == [wanted]
    assert [n.text for n in Notice.objects.all()] == ([wanted] if refused else [])


@pytest.mark.usefixtures("hurry")
@database
def test_a_failure_after_a_promise_becomes_an_apology(
    wechat: WeChat, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def fail(turn: object) -> Reply:
        gate.wait(10)
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(service, "answer", fail)
    assert phone.says("你好").text == wording.WAIT
    gate.set()
    assert wechat.texts(1) == [phrases.APOLOGY]


@database
def test_what_a_killed_process_owed_is_sent_at_the_next_start(
    wechat: WeChat, phone: Phone, engine: Engine
) -> None:
    turn = answering.turn_of("wx-81", WANG, "我的电话是13800000000，社保卡丢了")
    push = answering._noted(turn)
    assert "138" not in push.text
    answering.resume(threading.Event())
    assert wechat.texts(1) == ["带上身份证。"]
    assert phone.says("社保卡丢了", 81).text == wording.WAIT
    answering.resume(threading.Event())
    assert len(wechat.messages) == 1
    push.refresh_from_db()
    assert (push.text, push.is_owed) == ("", False)


@database
def test_the_next_start_forgets_what_is_long_settled(engine: Engine, wechat: WeChat) -> None:
    push = answering._noted(answering.turn_of("wx-82", WANG, "你好"))
    old = clock.now() - timedelta(days=8)
    Push.objects.filter(pk=push.pk).update(state=Push.State.SPOKEN, came_at=old)
    Delivery.objects.create(key="old")
    Delivery.objects.update(changed_at=old)
    answering.resume(threading.Event())
    assert not Push.objects.exists()
    assert not Delivery.objects.exists()


# Long answers.


@database
def test_a_long_answer_goes_on_in_messages_of_its_own(
    wechat: WeChat, phone: Phone, engine: Engine
) -> None:
    engine.reply = Reply(kind="answer", text=LONG)
    first = phone.says("要带什么", 90).text or ""
    rest = wechat.texts(2)
    assert first.startswith("要带这些：\n1. 材料1")
    assert "\n".join([first, *rest]) == LONG
    assert phone.says("要带什么", 90).text == first
    _idle()
    assert wechat.texts(2) == rest


@database
def test_the_rest_waits_for_the_first_part_to_go_out(
    wechat: WeChat, phone: Phone, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = threading.Event()
    pay = answering._pay_late

    def once_sent(push: Push, reply: Reply) -> None:
        assert sent.wait(10)
        pay(push, reply)

    monkeypatch.setattr(answering, "_pay_late", once_sent)
    engine.reply = Reply(kind="answer", text=LONG)
    assert phone.says("要带什么").text
    assert wechat.messages == []
    sent.set()
    assert len(wechat.texts(2)) == 2


@database
def test_a_long_answer_names_where_all_of_it_stands(
    settings: Any, wechat: WeChat, phone: Phone, engine: Engine
) -> None:
    settings.BOT_WECHAT_LINK = "https://ask.example.org/"
    engine.reply = Reply(kind="answer", text=LONG, item="SB13")
    phone.says("要带什么")
    assert wechat.texts(2)[-1].endswith('<a href="https://ask.example.org/guide/SB13/">看全部</a>')


# Choices by number.

NEXT = (Button("在哪办", "ask:SB13:where"), Button("几天能好", "ask:SB13:duration"))


@database
def test_buttons_are_numbered_and_a_number_presses_one(phone: Phone, engine: Engine) -> None:
    engine.reply = replace(engine.reply, buttons=NEXT)
    got = phone.says("社保卡丢了").text or ""
    assert got.endswith("【1】在哪办\n【2】几天能好")
    phone.says("２")
    turn = TurnRecord.objects.last()
    assert turn is not None
    assert (turn.text, turn.payload) == ("几天能好", "ask:SB13:duration")
    assert engine.asked[-1] == '/ask_item{"item": "SB13", "facet": "duration"}'


@pytest.mark.parametrize("text", ["3", "0", "社保卡2"])
@database
def test_a_number_that_was_not_offered_stays_a_word(
    phone: Phone, engine: Engine, text: str
) -> None:
    engine.reply = replace(engine.reply, buttons=NEXT)
    phone.says("社保卡丢了")
    phone.says(text)
    assert engine.asked[-1] == text


@database
def test_a_first_number_stays_a_word(phone: Phone, engine: Engine) -> None:
    phone.says("1")
    assert engine.asked == ["1"]


@database
def test_a_number_of_a_payload_that_is_gone_is_read_as_its_words(
    phone: Phone, engine: Engine
) -> None:
    engine.reply = replace(engine.reply, buttons=(Button("查进度", "gone:1"),))
    phone.says("你好")
    phone.says("1")
    assert engine.asked[-1] == "查进度"


@database
def test_a_number_pushed_again_is_not_read_anew(phone: Phone, engine: Engine) -> None:
    engine.reply = replace(engine.reply, buttons=NEXT)
    phone.says("社保卡丢了")
    engine.reply = Reply(kind="answer", text="在大厅。", buttons=(Button("人工", "human"),))
    first = phone.says("1", 91).text
    assert phone.says("1", 91).text == first
    assert len(engine.asked) == 2


@database
def test_a_number_answers_what_was_said_last(wechat: WeChat, phone: Phone, engine: Engine) -> None:
    engine.reply = replace(engine.reply, buttons=NEXT)
    phone.says("社保卡丢了")
    conversation = Conversation.objects.get()
    outbox.notice_send(conversation, "办得怎么样？", [Button("满意", "say:满意")])
    phone.says("1")
    assert engine.asked[-1] == "满意"
    phone.says("1")
    assert "where" in engine.asked[-1]
    clerk = get_user_model().objects.create(username="xiaoli")
    outbox.notice_send(conversation, "您家几口人？", author=clerk)
    phone.says("1")
    assert engine.asked[-1] == "1"


@database
def test_the_rest_of_a_long_answer_leaves_its_numbers_in_force(
    wechat: WeChat, phone: Phone, engine: Engine
) -> None:
    engine.reply = Reply(kind="answer", text=LONG, buttons=NEXT)
    phone.says("要带什么")
    assert wechat.texts(2)[-1].endswith("【2】几天能好")
    phone.says("2")
    assert "duration" in engine.asked[-1]


@database
def test_an_erased_conversation_still_hears_that_it_is(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def erase(turn: Turn) -> Reply:
        Conversation.objects.all().delete()
        return Reply(kind="smalltalk", text="都删掉了。")

    monkeypatch.setattr(service, "answer", erase)
    assert phone.says("把我的记录删掉").text == "都删掉了。"
    assert not Push.objects.exists()


@database
def test_an_attempt_after_a_crash_finishes_what_was_begun(phone: Phone, engine: Engine) -> None:
    turn = answering.turn_of("wx-83", WANG, "社保卡丢了")
    answering._noted(turn)
    service._record(service.conversation_of(turn), turn, turn.message_id, hear(turn.text))
    assert phone.says("社保卡丢了", 83).text == "带上身份证。"
    assert TurnRecord.objects.count() == 1


def test_a_question_back_numbers_only_what_it_has_not() -> None:
    buttons = (Button("社保卡", "a"), Button("居住证", "b"), Button("都不是", "none"))
    reply = Reply(kind="clarify", text="哪一件？\n1. 社保卡\n2. 居住证", buttons=buttons)
    wanted = "哪一件？\n1. 社保卡\n2. 居住证\n3. 都不是\n回复前面的数字就行。"
    assert wording.parts_of(reply) == [wanted]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("２", 2),
        ("②", 2),
        ("三", 3),
        ("第2个", 2),
        ("第二个。", 2),
        ("我选第一个吧", 1),
        ("回复3", 3),
        ("2号", 2),
        (" 2 ", 2),
        ("10", 10),
        ("", None),
        ("110", None),
        ("1234567", None),
        ("两张照片", None),
        ("一楼", None),
        ("2点", None),
        ("二宝", None),
    ],
)
def test_numbers_are_heard_in_many_forms(text: str, number: int | None) -> None:
    assert wording.number_in(text) == number


# Measure.


@given(st.lists(st.text(alphabet="社保卡，。：\n1. ·😀a", max_size=700), max_size=8))
def test_parts_keep_to_the_measure_and_lose_nothing(lines: list[str]) -> None:
    text = "\n".join(lines)
    parts = wording.split(text)
    for part in parts:
        assert part.strip()
        assert len(part) <= 600
        assert len(part.encode()) <= 2048
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_an_entry_is_not_cut_and_a_heading_stays_with_its_list() -> None:
    filler = "甲" * 590
    parts = wording.split(f"{filler}\n要带这些：\n1. 身份证\n2. 户口本")
    assert parts == [filler, "要带这些：\n1. 身份证\n2. 户口本"]


def test_an_endless_answer_ends_with_a_word_about_the_rest() -> None:
    text = "\n".join(f"{n}. " + "字" * 290 for n in range(1, 20))
    parts = wording.parts_of(Reply(kind="answer", text=text, buttons=NEXT), "https://x")
    assert len(parts) == wording.MOST_PARTS
    assert all(len(part) <= 600 for part in parts)
    assert wording.TOO_LONG in parts[-1]
    assert "看全部" in parts[-1]
    assert parts[-1].endswith("【2】几天能好")


# Other messages, events, the menu.


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("image.xml", wording.PHOTO),
        ("voice.xml", wording.VOICE),
        ("location.xml", wording.PLACE),
        ("link.xml", wording.CANNOT_OPEN),
        ("click_old.xml", wording.OLD_MENU),
    ],
)
@database
def test_what_cannot_be_read_gets_a_kind_sentence(
    phone: Phone, engine: Engine, file: str, sentence: str
) -> None:
    assert phone.sends(file).text == sentence
    assert engine.asked == []


@database
def test_a_voice_message_with_its_words_is_a_question(phone: Phone, engine: Engine) -> None:
    assert phone.sends("voice_recognised.xml").text == "带上身份证。"
    assert engine.asked == ["居住证怎么办。"]


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """There is a model, and it hears this."""

    def make(words: str) -> None:
        recogniser = ScriptedRecogniser(words)
        monkeypatch.setattr(engines, "model_path", lambda: Path("."))
        monkeypatch.setattr(voice_messages, "_recogniser", lambda: recogniser)

    return make


@database
def test_a_voice_message_is_heard_here_if_wechat_has_not_written_it_down(
    phone: Phone, engine: Engine, wechat: WeChat, hears: Callable[[str], None]
) -> None:
    hears("居住证怎么办")
    wechat.media["media_id"] = amr(seconds=2)
    assert phone.sends("voice.xml").text == "听到您说：居住证怎么办\n带上身份证。"
    assert engine.asked == ["居住证怎么办"]


@database
def test_what_wechat_wrote_down_goes_before_our_own_ears(
    phone: Phone, engine: Engine, hears: Callable[[str], None]
) -> None:
    hears("别的什么")
    assert phone.sends("voice_recognised.xml").text == "带上身份证。"


@pytest.mark.parametrize(
    ("media", "sentence"),
    [
        (b"#!AMR\nnot sound at all", voice_messages.BROKEN),
        ({"errcode": 40007, "errmsg": "gone"}, wording.VOICE),
    ],
)
@database
def test_a_voice_message_that_cannot_be_had_gets_a_kind_sentence(
    phone: Phone,
    engine: Engine,
    wechat: WeChat,
    hears: Callable[[str], None],
    media: Any,
    sentence: str,
) -> None:
    hears("居住证怎么办")
    wechat.media["media_id"] = media
    assert phone.sends("voice.xml").text == sentence
    assert engine.asked == []


@pytest.mark.parametrize("file", ["scan.xml", "location_event.xml", "view.xml"])
@database
def test_scans_and_places_are_taken_in_silence(phone: Phone, engine: Engine, file: str) -> None:
    got = phone.sends(file)
    assert (got.status, got.body, engine.asked) == (200, "success", [])


@pytest.mark.parametrize("file", ["subscribe.xml", "subscribe_scan.xml"])
@database
def test_a_new_follower_is_greeted_and_told_who_speaks(phone: Phone, file: str) -> None:
    text = phone.sends(file).text or ""
    assert phrases.NOTICE in text
    assert all(example in text for example in phrases.EXAMPLES)


@database
def test_a_key_of_the_menu_is_a_question(phone: Phone, engine: Engine) -> None:
    assert phone.sends("click_card.xml").text == "带上身份证。"
    assert phone.sends("click_card.xml").text == "带上身份证。"
    assert engine.asked == ["社保卡丢了怎么补"]
    phone.openid = LI
    phone.sends("click_human.xml")
    assert engine.asked[-1] == "人工"


@database
def test_who_has_left_is_sent_nothing_until_she_is_back(
    wechat: WeChat, phone: Phone, engine: Engine
) -> None:
    phone.says("你好")
    assert phone.sends("unsubscribe.xml").body == "success"
    with pytest.raises(Undeliverable):
        sender().send(WANG, Outgoing("n1", "您的证办好了"))
    assert wechat.messages == []
    phone.sends("subscribe.xml")
    sender().send(WANG, Outgoing("n1", "您的证办好了"))
    assert wechat.messages == [(WANG, "您的证办好了")]
    assert not Departure.objects.exists()


def test_the_menu_has_three_columns_whose_keys_all_mean_something() -> None:
    columns = menu()["button"]
    assert [column["name"] for column in columns] == ["问事情", "帮办代办", "找人工"]
    for column in columns:
        for entry in column.get("sub_button", [column]):
            assert pressed(entry["key"]) is not None


@pytest.mark.parametrize("key", ["ask-card", "ask-residence", "ask-elder", "ask-bulky"])
def test_the_menus_questions_have_an_answer(matcher: Matcher, key: str) -> None:
    button = pressed(key)
    assert button is not None
    assert matcher.match(button.payload.removeprefix("say:")).decision == "answer"


def test_the_menu_is_put_in_force_from_the_terminal(
    wechat: WeChat, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("wechat", "menu") == 0
    assert wechat.menus == [menu()]
    wechat.failures = [40164]
    assert run("wechat", "menu") == 1
    assert "does not list the address of this server" in capsys.readouterr().err


def test_a_menu_without_an_account_says_what_is_missing(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.BOT_WECHAT_APP_ID = settings.BOT_WECHAT_SECRET = ""
    assert run("wechat", "menu") == 1
    assert "BOT_WECHAT_SECRET" in capsys.readouterr().err


# WeChat's interface.


def notice(
    key: str = "k1", text: str = "您的证办好了", buttons: tuple[Button, ...] = ()
) -> Outgoing:
    return Outgoing(key, text, buttons)


@database
def test_one_token_serves_all_messages(wechat: WeChat) -> None:
    for number in range(3):
        sender().send(WANG, notice(f"k{number}"))
    assert len(wechat.messages) == 3
    assert len(wechat.tokens) == 1


@database
def test_a_token_that_ran_out_early_is_fetched_anew(wechat: WeChat) -> None:
    sender().send(WANG, notice("k1"))
    wechat.expire_token()
    sender().send(WANG, notice("k2"))
    assert len(wechat.messages) == 2
    assert len(wechat.tokens) == 3


@database
def test_a_token_near_its_end_is_not_used(wechat: WeChat) -> None:
    wechat.token_seconds = 0
    sender().send(WANG, notice("k1"))
    sender().send(WANG, notice("k2"))
    assert len(wechat.tokens) >= 2
    assert len(wechat.messages) == 2


def test_processes_share_the_token_and_one_fetches(tmp_path: Path) -> None:
    fetched: list[str] = []

    def fetch() -> tuple[str, float]:
        fetched.append(f"token-{len(fetched)}")
        return fetched[-1], 7200.0

    stores = [api.SharedToken(tmp_path / "token.json", APP_ID) for _ in range(8)]
    with ThreadPoolExecutor(8) as processes:
        got = set(processes.map(lambda store: store.current(fetch), stores))
        assert got == {"token-0"}
        got = set(processes.map(lambda store: store.renewed("token-0", fetch), stores))
        assert got == {"token-1"}
    assert fetched == ["token-0", "token-1"]
    assert (tmp_path / "token.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("words", ["", "{", "[]", '{"app_id": 1}', '"x"'])
def test_a_damaged_token_file_is_written_anew(tmp_path: Path, words: str) -> None:
    path = tmp_path / "token.json"
    path.write_text(words, encoding="utf-8")
    store = api.SharedToken(path, APP_ID)
    assert store.current(lambda: ("fresh", 7200.0)) == "fresh"
    assert store.current(lambda: ("other", 7200.0)) == "fresh"


def test_another_account_does_not_get_the_token(tmp_path: Path) -> None:
    path = tmp_path / "token.json"
    api.SharedToken(path, APP_ID).current(lambda: ("ours", 7200.0))
    assert api.SharedToken(path, "wxother").current(lambda: ("theirs", 7200.0)) == "theirs"


@pytest.mark.parametrize("code", [40003, 43004, 45015, 48001, 48002, 50002])
@database
def test_what_wechat_refuses_for_good_is_undeliverable(wechat: WeChat, code: int) -> None:
    sender().send(WANG, notice("k0"))
    wechat.failures = [code]
    with pytest.raises(Undeliverable, match=f": {code}$") as refusal:
        sender().send(WANG, notice())
    assert outbox._code(refusal.value) == str(refusal.value)


@pytest.mark.parametrize(
    ("failure", "seconds"),
    [(-1, 10), (45009, 3600), (45011, 60), (45047, 600), (99999, 300), ("500", 10), ("502", 10)],
)
@database
def test_what_may_pass_is_tried_again(wechat: WeChat, failure: int | str, seconds: float) -> None:
    sender().send(WANG, notice("k0"))
    wechat.failures = [failure]
    with pytest.raises(TryLater) as pause:
        sender().send(WANG, notice())
    assert pause.value.seconds == seconds
    sender().send(WANG, notice())
    assert len(wechat.messages) == 2


@database
def test_a_wrong_secret_is_tried_again_later_and_never_in_a_loop(
    wechat: WeChat, settings: Any
) -> None:
    settings.BOT_WECHAT_SECRET = "f" * 32
    with pytest.raises(TryLater, match="BOT_WECHAT_SECRET is not that of the account: 40125"):
        sender().send(WANG, notice())
    settings.BOT_WECHAT_SECRET = SECRET
    sender().send(WANG, notice("k0"))
    wechat.failures = [40001, 40001, 40001]
    with pytest.raises(TryLater):
        sender().send(WANG, notice())
    assert wechat.failures == [40001]


@database
def test_without_a_network_it_is_tried_again(settings: Any, wechat: WeChat) -> None:
    settings.BOT_WECHAT_BASE_URL = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TryLater, match="ConnectionError"):
        sender().send(WANG, notice())


@database
def test_parts_that_were_taken_are_not_sent_again(wechat: WeChat) -> None:
    text = "\n".join("字" * 590 for _ in range(3))
    api.menu_publish()
    sent = wechat._message

    def fail_second(given: dict[str, Any]) -> dict[str, Any]:
        if len(wechat.messages) == 1 and not wechat.menus[1:]:
            wechat.menus.append({})
            return {"errcode": -1, "errmsg": "busy"}
        return sent(given)

    wechat._message = fail_second  # type: ignore[method-assign]
    with pytest.raises(TryLater):
        sender().send(WANG, notice(text=text))
    sender().send(WANG, notice(text=text))
    sender().send(WANG, notice(text=text))
    assert "\n".join(wechat.texts(3)) == text


@database
def test_a_notices_choices_are_numbered_too(wechat: WeChat) -> None:
    buttons = (Button("满意", "rate:5"), Button("不满意", "rate:1"))
    sender().send(WANG, notice(text="这次办得怎么样？", buttons=buttons))
    assert wechat.texts(1) == ["这次办得怎么样？\n回复数字就行：\n【1】满意\n【2】不满意"]


# Logs.


@pytest.mark.usefixtures("hurry")
@database
def test_no_log_tells_who_wrote_what_or_any_secret(
    safe: WeChat, phone: Phone, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    engine.gate.clear()
    phone.says("我是李大爷，社保卡丢了")
    engine.gate.set()
    safe.texts(1)
    safe.failures = [-1, "500"]
    for key in ("k1", "k2"):
        with pytest.raises(TryLater):
            sender().send(WANG, notice(key))
    phone.sends("unsubscribe.xml")
    httpx.post(phone.address, params={"openid": WANG, "signature": "x"}, trust_env=False)
    own = [
        r
        for r in caplog.records
        if r.name.split(".")[0] in ("bot", "django", "wechatpy", "urllib3")
    ]
    told = "\n".join(f"{r.getMessage()} {r.exc_text or ''}" for r in own)
    assert "push refused: wrong signature" in told
    for secret in (WANG, "李大爷", SECRET, TOKEN, AES_KEY, *safe.tokens):
        assert secret not in told


# The real processes.


@dataclass
class SlowRasa:
    """Rasa's REST channel: it is there, and answers once the gate is open."""

    gate: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    def start(self) -> str:
        """Listen; returns the address."""
        rasa = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                rasa.reached.set()
                rasa.gate.wait(60)
                reply = Reply(kind="answer", text="带上身份证。")
                body = json.dumps([{"custom": reply.as_json()}]).encode()
                with suppress(OSError):
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"


@contextmanager
def bot_process(command: str, environment: dict[str, str], output: Path) -> Iterator[Any]:
    """``python -m bot …`` until the end of the block."""
    with output.open("ab") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", command],
            env=environment,
            cwd=ROOT,
            stdout=lines,
            stderr=lines,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)


@pytest.mark.server
def test_a_promise_outlives_a_killed_server(
    wechat: WeChat, matcher: Matcher, tmp_path: Path
) -> None:
    rasa = SlowRasa()
    port, snapshots, output = free_port(), tmp_path / "snapshots", tmp_path / "log"
    publish_snapshot(matcher.snapshot, snapshots)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bot.settings",
        "BOT_DATA_DIR": str(tmp_path),
        "BOT_PORT": str(port),
        "BOT_ACTION_PORT": str(free_port()),
        "BOT_RASA_URL": rasa.start(),
        "BOT_RASA_TIMEOUT_SECONDS": "60",
        "BOT_WECHAT_APP_ID": APP_ID,
        "BOT_WECHAT_SECRET": SECRET,
        "BOT_WECHAT_TOKEN": TOKEN,
        "BOT_WECHAT_BASE_URL": wechat.url,
    }
    migrate = [sys.executable, "-m", "bot", "manage", "migrate", "-v", "0"]
    subprocess.run(migrate, env=environment, cwd=ROOT, check=True, timeout=60)
    phone = Phone(wechat, f"http://127.0.0.1:{port}/wechat/")
    with bot_process("web", environment, output) as web:
        until_up(f"http://127.0.0.1:{port}/healthz", web)
        # A cold process on a busy machine may need WeChat's second attempt.
        assert phone.says("社保卡丢了").text == wording.WAIT, output.read_text(encoding="utf-8")
        assert rasa.reached.wait(60)
    rasa.gate.set()
    with bot_process("web", environment, output), bot_process("worker", environment, output):
        assert wechat.texts(1, 120) == ["带上身份证。"], output.read_text(encoding="utf-8")
    assert WANG not in output.read_text(encoding="utf-8")


def until_up(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for a process to answer at its address."""
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        with suppress(httpx.TransportError):
            httpx.get(address, trust_env=False)
            return
    raise AssertionError("the process did not come up")


# Settings.


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({}, []),
        ({"SECRET": ""}, ["bot.E040"]),
        ({"TOKEN": ""}, ["bot.E040"]),
        ({"APP_ID": "", "SECRET": "", "TOKEN": "", "LINK": "https://a"}, ["bot.E040"]),
        ({"APP_ID": "", "SECRET": "", "TOKEN": "", "LINK": "", "BASE_URL": ""}, []),
        ({"TOKEN": "a token"}, ["bot.E041"]),
        ({"AES_KEY": "short"}, ["bot.E042"]),
        ({"AES_KEY": AES_KEY}, []),
        ({"BASE_URL": "somewhere"}, ["bot.E043"]),
        ({"LINK": "ask.example.org"}, ["bot.E043"]),
    ],
)
def test_settings_that_do_not_belong_together_are_named(
    wechat: WeChat, settings: Any, changes: dict[str, str], numbers: list[str]
) -> None:
    for name, value in changes.items():
        setattr(settings, f"BOT_WECHAT_{name}", value)
    assert [str(error.id) for error in settings_agree(None)] == numbers
