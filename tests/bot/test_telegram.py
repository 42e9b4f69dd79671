"""The Telegram channel against a Bot API over real HTTP: nothing lost, nothing twice, in order."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client

from bot import clock
from bot.channels.delivery import Outgoing, TryLater, Undeliverable
from bot.channels.telegram import process, records, sender, sentences
from bot.channels.telegram.connection import Config
from bot.channels.telegram.models import TelegramDelivery, TelegramUpdate
from bot.channels.telegram.pacing import Pace, Pacer
from bot.channels.telegram.process import Tuning, serve
from bot.channels.telegram.splitting import LONGEST_UNITS, parts, units
from bot.channels.voice_messages import LONGEST_SECONDS, TOO_LONG, UNCLEAR, VoiceUnreadable
from bot.checks import settings_agree
from bot.conversations import phrases, service
from bot.conversations.messages import Button, Reply
from bot.conversations.models import Conversation, TurnRecord
from bot.evidence import phrases as refusals
from bot.evidence.models import Upload
from bot.evidence.selectors import upload_bytes
from bot.serving import children
from tests.doubles.telegram_api import (
    TOKEN,
    TelegramApi,
    Trouble,
    message_of,
    person,
    recorded,
    telegram_api,
)
from tests.photos import photo, seen

WANG, LI, NEIGHBOURS = 81001, 81002, -81003
SECRET = "webhook-secret-of-the-tests"
HURRY = Tuning(
    pace=Pace(0.0, 0.0, 0.0), poll_seconds=10, first_pause_seconds=0.01, look_seconds=0.02
)


@pytest.fixture
def database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database file, as in production: one in memory knows no two threads at a time."""
    path = tmp_path / "telegram.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    in_memory, name = connections["default"], connections["default"].settings_dict["NAME"]
    del connections["default"]
    connections.databases["default"]["NAME"] = str(path)
    yield
    connections["default"].close()
    connections.databases["default"]["NAME"] = name
    connections["default"] = in_memory


@pytest.fixture
def api() -> Iterator[TelegramApi]:
    with telegram_api() as double:
        yield double


@dataclass
class Engine:
    """A dialogue engine that repeats what it hears; a text can wait, and die with its process."""

    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    held: dict[str, threading.Event] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    heard: threading.Condition = field(default_factory=threading.Condition)

    def send(self, sender: str, text: str, metadata: Any) -> list[dict[str, Any]]:
        with self.heard:
            self.asked.append(text)
            self.heard.notify_all()
        if text in self.held:
            self.held[text].wait(20)
            if text in self.dead:
                self.dead.discard(text)
                raise SystemExit
        reply = self.replies.get(text, Reply("smalltalk", f"回：{text}"))
        return [{"custom": json.loads(json.dumps(reply.as_json()))}]

    def is_ready(self) -> bool:
        return True

    def until_asked(self, text: str) -> None:
        with self.heard:
            assert self.heard.wait_for(lambda: text in self.asked, 20), self.asked


@pytest.fixture
def engine(office: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    fake = Engine()
    monkeypatch.setattr(service, "dialogue", lambda: fake)
    yield fake
    for event in fake.held.values():
        event.set()


class Running:
    """The Telegram process in a thread; it can be stopped, or killed on the spot."""

    def __init__(
        self, api: TelegramApi, tuning: Tuning = HURRY, transcribe: Any = None, **more: Any
    ) -> None:
        self.error: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        config = Config(**{"token": TOKEN, "base_url": api.url, **more})
        self._task = self._loop.create_task(serve(config, self._stop, tuning, transcribe))
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._task)
        except BaseException as error:  # noqa: BLE001 (handed to whoever asks how it ended)
            self.error = error
        connections.close_all()

    def ended(self) -> BaseException | None:
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.error

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        error = self.ended()
        assert error is None, error

    def kill(self) -> None:
        """Nothing more runs, nothing is said good-bye to."""
        self._loop.set_exception_handler(lambda *_: None)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.ended()
        GRAVEYARD.append(self)


# What was killed stays as it was, so that no clean-up runs after all.
GRAVEYARD: list[Running] = []
Starts = Callable[..., Running]


@pytest.fixture
def starts(api: TelegramApi, database: None, engine: Engine) -> Iterator[Starts]:
    """Starts the process; whatever still runs at the end is stopped."""
    begun: list[Running] = []

    def start(**more: Any) -> Running:
        begun.append(Running(api, **more))
        return begun[-1]

    yield start
    for event in engine.held.values():
        event.set()
    for method in ("sendMessage", "getMe", "getUpdates"):
        api.lets_go(method)
    for running in begun:
        if running not in GRAVEYARD and running._thread.is_alive():
            running.stop()


@pytest.fixture
def running(starts: Starts) -> Running:
    return starts()


def titles(call: Any) -> list[str]:
    keyboard = json.loads(call.given["reply_markup"])
    return [button["text"] for row in keyboard["inline_keyboard"] for button in row]


# Words in, words out.


@pytest.mark.usefixtures("running")
def test_words_are_answered(api: TelegramApi) -> None:
    api.writes(WANG, "居住证要带什么")
    assert api.until_sent(WANG, 1) == ["回：居住证要带什么"]
    turn = TurnRecord.objects.get()
    assert turn.message_id.startswith("tg-")
    assert (turn.conversation.owner, turn.conversation.external_id) == ("telegram", str(WANG))


@pytest.mark.usefixtures("running")
def test_a_recorded_update_is_answered(api: TelegramApi) -> None:
    api.push(recorded("text"))
    assert api.until_sent(71001, 1) == ["回：我妈80岁了，尊老金怎么领"]


@pytest.mark.usefixtures("running")
def test_start_says_who_speaks_and_offers_examples_that_can_be_pressed(api: TelegramApi) -> None:
    api.writes(WANG, "/start")
    [text] = api.until_sent(WANG, 1)
    assert phrases.NOTICE in text
    assert titles(api.sent(WANG)[0]) == list(phrases.EXAMPLES)
    api.presses(api.sent(WANG)[0], 1)
    assert api.until_sent(WANG, 2)[1] == f"回：{phrases.EXAMPLES[1]}"


@pytest.mark.usefixtures("running")
def test_help_says_what_can_be_asked(api: TelegramApi) -> None:
    api.writes(WANG, "/help")
    assert api.until_sent(WANG, 1) == [phrases.SMALL_TALK["help"]]


@pytest.mark.usefixtures("running")
def test_human_asks_for_a_person(
    api: TelegramApi, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def answer(turn: Any) -> Reply:
        asked.append(turn)
        return Reply("handover", "这就叫人。")

    monkeypatch.setattr(service, "answer", answer)
    api.writes(WANG, "/human")
    assert api.until_sent(WANG, 1) == ["这就叫人。"]
    assert [turn.payload for turn in asked] == ["human"]


@pytest.mark.usefixtures("running")
def test_the_commands_are_told_in_chinese(api: TelegramApi) -> None:
    api.until(lambda: bool(api.called("setMyCommands")))
    commands = json.loads(api.called("setMyCommands")[0].given["commands"])
    assert [c["command"] for c in commands] == ["start", "help", "human"]
    assert all("一" <= c["description"][0] <= "鿿" for c in commands)


@pytest.mark.usefixtures("running")
def test_typing_is_shown_while_an_answer_is_sought(api: TelegramApi, engine: Engine) -> None:
    engine.held["慢"] = threading.Event()
    api.writes(WANG, "慢")
    api.until(lambda: bool(api.called("sendChatAction")))
    assert api.sent(WANG) == []
    engine.held["慢"].set()
    api.until_sent(WANG, 1)


# Order.


@pytest.mark.usefixtures("running")
def test_one_chat_is_answered_in_order_and_another_does_not_wait_for_it(
    api: TelegramApi, engine: Engine
) -> None:
    engine.held["第一句"] = threading.Event()
    for text in ("第一句", "第二句", "第三句"):
        api.writes(WANG, text)
    api.writes(LI, "我也问一句")
    assert api.until_sent(LI, 1) == ["回：我也问一句"]
    assert api.texts(WANG) == []
    engine.held["第一句"].set()
    assert api.until_sent(WANG, 3) == ["回：第一句", "回：第二句", "回：第三句"]


@pytest.mark.usefixtures("running")
def test_many_chats_at_once_each_keep_their_order(api: TelegramApi) -> None:
    chats = range(82001, 82011)
    for number in range(4):
        for chat in chats:
            api.writes(chat, f"第{number}句")
    for chat in chats:
        assert api.until_sent(chat, 4) == [f"回：第{number}句" for number in range(4)]


# Once, whatever happens.


def test_an_update_that_comes_again_is_answered_once(api: TelegramApi, running: Running) -> None:
    number = api.writes(WANG, "问一句")
    api.until_sent(WANG, 1)
    api.until_confirmed()
    api.push({"update_id": number, "message": message_of(WANG, "问一句")})
    api.writes(WANG, "再问一句")
    assert api.until_sent(WANG, 2) == ["回：问一句", "回：再问一句"]


def test_killed_before_an_answer_was_found_it_is_found_after_the_restart(
    api: TelegramApi, starts: Starts, engine: Engine
) -> None:
    first = starts()
    engine.held["问一句"] = threading.Event()
    engine.dead.add("问一句")
    api.writes(WANG, "问一句")
    engine.until_asked("问一句")
    api.until_confirmed()
    first.kill()
    engine.held["问一句"].set()
    starts()
    assert api.until_sent(WANG, 1) == ["回：问一句"]
    assert TurnRecord.objects.count() == 1


def test_killed_between_answer_and_sending_it_is_sent_once_after_the_restart(
    api: TelegramApi, starts: Starts, engine: Engine
) -> None:
    first = starts()
    api.holds("sendMessage")
    api.writes(WANG, "问一句")
    api.until_held("sendMessage")
    first.kill()
    api.lets_go("sendMessage")
    second = starts()
    assert api.until_sent(WANG, 1) == ["回：问一句"]
    second.stop()
    assert api.texts(WANG) == ["回：问一句"]
    assert engine.asked == ["问一句"]


def test_killed_between_two_parts_only_the_second_is_sent_after_the_restart(
    api: TelegramApi, starts: Starts, engine: Engine
) -> None:
    engine.replies["长的"] = Reply("answer", "\n".join(f"{n}. {'材' * 999}" for n in range(6)))
    first = starts()
    api.holds("sendMessage", after=1)
    api.writes(WANG, "长的")
    api.until_held("sendMessage")
    first.kill()
    api.lets_go("sendMessage")
    assert len(api.texts(WANG)) == 1
    starts()
    assert "\n".join(api.until_sent(WANG, 2)) == engine.replies["长的"].text


def test_an_update_not_confirmed_before_the_kill_is_not_answered_twice(
    api: TelegramApi, starts: Starts
) -> None:
    first = starts()
    number = api.writes(WANG, "问一句")
    api.writes(WANG, "再问一句")
    # Once the second is sent, the first is noted as dealt with.
    api.until_sent(WANG, 2)
    first.kill()
    api.push({"update_id": number, "message": message_of(WANG, "问一句")})
    starts()
    api.writes(LI, "我也问一句")
    api.until_sent(LI, 1)
    assert api.texts(WANG).count("回：问一句") == 1


def test_what_was_said_is_kept_unreadable_and_only_until_it_is_answered(
    api: TelegramApi, running: Running
) -> None:
    api.holds("sendMessage")
    api.writes(WANG, "我的手机丢了")
    api.until_held("sendMessage")
    body = TelegramUpdate.objects.get().body
    assert body
    assert "手机" not in body
    api.lets_go("sendMessage")
    api.until_sent(WANG, 1)
    running.stop()
    kept = TelegramUpdate.objects.get()
    assert (kept.state, kept.body) == (TelegramUpdate.State.DONE, "")


def test_a_body_that_cannot_be_read_does_not_stop_the_others(
    api: TelegramApi, starts: Starts
) -> None:
    TelegramUpdate.objects.create(update_id=1, body="fernet:nonsense", received_at=clock.now())
    records.update_keep(2, json.dumps({"update_id": 2, "message": 5}))
    records.update_keep(3, json.dumps({"update_id": 3, "message": message_of(WANG, "问一句")}))
    starts()
    assert api.until_sent(WANG, 1) == ["回：问一句"]
    states = dict(TelegramUpdate.objects.values_list("update_id", "state"))
    assert (states[1], states[2]) == ("failed", "failed")


# Trouble on the line.


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    "trouble",
    [Trouble(500), Trouble(502), Trouble(hang_up=True), Trouble(429, retry_after=1)],
    ids=["500", "502", "hang up", "flood"],
)
def test_a_reply_that_did_not_get_through_is_sent_again(api: TelegramApi, trouble: Trouble) -> None:
    api.fails("sendMessage", trouble, trouble)
    api.writes(WANG, "问一句")
    assert api.until_sent(WANG, 1) == ["回：问一句"]


@pytest.mark.usefixtures("running")
def test_a_flood_of_one_chat_does_not_hold_up_another(api: TelegramApi) -> None:
    api.fails("sendMessage", Trouble(429, retry_after=3600))
    api.writes(WANG, "问一句")
    api.until(lambda: api.attempts.count("sendMessage") == 1)
    api.writes(LI, "我也问一句")
    assert api.until_sent(LI, 1) == ["回：我也问一句"]
    assert api.texts(WANG) == []


def test_a_stop_does_not_wait_for_a_flood_to_end_and_the_next_start_sends(
    api: TelegramApi, starts: Starts
) -> None:
    first = starts()
    api.fails("sendMessage", Trouble(429, retry_after=3600))
    api.writes(WANG, "问一句")
    api.until(lambda: api.attempts.count("sendMessage") == 1)
    first.stop()
    assert api.texts(WANG) == []
    starts()
    assert api.until_sent(WANG, 1) == ["回：问一句"]


def test_who_has_blocked_us_is_left_alone(api: TelegramApi, running: Running) -> None:
    api.fails("sendMessage", Trouble(403, description="Forbidden: bot was blocked by the user"))
    api.writes(WANG, "问一句")
    api.until(lambda: api.attempts.count("sendMessage") == 1)
    api.writes(LI, "我也问一句")
    api.until_sent(LI, 1)
    running.stop()
    assert api.texts(WANG) == []
    assert set(TelegramUpdate.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.usefixtures("running")
def test_fetching_goes_on_after_the_line_was_down(api: TelegramApi) -> None:
    api.until(lambda: "getUpdates" in api.attempts)
    api.fails("getUpdates", Trouble(hang_up=True), Trouble(502))
    api.writes(WANG, "问一句")
    api.writes(WANG, "再问一句")
    assert api.until_sent(WANG, 2) == ["回：问一句", "回：再问一句"]


def test_telegram_out_of_reach_at_the_start_is_waited_for(api: TelegramApi, starts: Starts) -> None:
    api.fails("getMe", Trouble(hang_up=True), Trouble(502))
    api.fails("deleteWebhook", Trouble(502))
    starts()
    api.writes(WANG, "问一句")
    assert api.until_sent(WANG, 1) == ["回：问一句"]


def test_an_inbox_that_cannot_be_written_loses_nothing(
    api: TelegramApi, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    keep, failures = records.update_keep, [OperationalError("database is locked")] * 2

    def flaky(*given: Any) -> bool:
        if failures:
            raise failures.pop()
        return keep(*given)

    monkeypatch.setattr(records, "update_keep", flaky)
    api.writes(WANG, "问一句")
    assert api.until_sent(WANG, 1) == ["回：问一句"]


def test_a_token_that_telegram_does_not_know_ends_the_process_in_plain_words(
    api: TelegramApi, starts: Starts
) -> None:
    api.is_token_known = False
    error = starts().ended()
    assert isinstance(error, process.TokenRefused)
    assert TOKEN not in str(error)


def test_a_token_that_is_taken_back_ends_the_process(api: TelegramApi, starts: Starts) -> None:
    running = starts()
    api.writes(WANG, "问一句")
    api.until_sent(WANG, 1)
    api.is_token_known = False
    api.writes(WANG, "还在吗")
    assert isinstance(running.ended(), process.TokenRefused)


def test_neither_the_token_nor_words_reach_the_log(
    api: TelegramApi, starts: Starts, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    for name, given in settings.LOGGING["loggers"].items():
        caplog.set_level(given["level"], name)
    caplog.set_level(logging.DEBUG)
    api.fails("sendMessage", Trouble(500), Trouble(hang_up=True), Trouble(403))
    running = starts()
    api.writes(WANG, "我的秘密")
    api.until(lambda: api.attempts.count("sendMessage") == 3)
    api.writes(LI, "另一个秘密")
    api.until_sent(LI, 1)
    api.fails("getUpdates", Trouble(502))
    api.writes(LI, "又一个秘密")
    api.until_sent(LI, 2)
    running.stop()
    api.is_token_known = False
    starts().ended()
    assert "is not deliverable (Forbidden)" in caplog.text
    assert TOKEN not in caplog.text
    assert TOKEN.split(":")[1] not in caplog.text
    assert "秘密" not in caplog.text


def test_what_breaks_in_here_is_apologised_for_and_logged_without_words(
    api: TelegramApi,
    running: Running,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(turn: Any) -> Reply:
        raise RuntimeError(turn.text)

    monkeypatch.setattr(service, "answer", broken)
    api.writes(WANG, "我的秘密")
    assert api.until_sent(WANG, 1) == [phrases.APOLOGY]
    running.stop()
    assert "failed (RuntimeError)" in caplog.text
    assert "秘密" not in caplog.text
    assert TelegramUpdate.objects.get().state == TelegramUpdate.State.FAILED


# Buttons.

LONG_PAYLOAD = f"say:{'很长的一句话' * 8}"
CHOICE = Reply(
    "clarify",
    "您问的是下面哪一件？",
    slot="item",
    buttons=(Button("居住证", "ask:GA09:overview"), Button("都不是", "none")),
)


@pytest.mark.usefixtures("running")
def test_a_button_is_pressed_marked_and_answered(api: TelegramApi, engine: Engine) -> None:
    engine.replies["办证"] = CHOICE
    api.writes(WANG, "办证")
    api.until_sent(WANG, 1)
    [question] = api.sent(WANG)
    assert titles(question) == ["居住证", "都不是"]
    api.presses(question, 0)
    api.until_sent(WANG, 2)
    assert "GA09" in engine.asked[-1]
    assert len(api.called("answerCallbackQuery")) == 1
    [edit] = api.called("editMessageReplyMarkup")
    assert titles(edit) == ["✓ 居住证", "都不是"]


@pytest.mark.usefixtures("running")
def test_a_payload_longer_than_telegram_takes_survives_a_restart(
    api: TelegramApi, starts: Starts, engine: Engine, running: Running
) -> None:
    engine.replies["问"] = Reply("smalltalk", "您看？", buttons=(Button("这句", LONG_PAYLOAD),))
    api.writes(WANG, "问")
    api.until_sent(WANG, 1)
    running.stop()
    starts()
    api.presses(api.sent(WANG)[0], 0)
    assert api.until_sent(WANG, 2)[1] == f"回：{LONG_PAYLOAD.removeprefix('say:')}"


@pytest.mark.usefixtures("running")
def test_an_old_button_that_names_its_question_still_works_an_answer_to_an_old_one_does_not(
    api: TelegramApi, engine: Engine
) -> None:
    engine.replies["办证"] = CHOICE
    api.writes(WANG, "办证")
    api.writes(WANG, "别的事")
    api.until_sent(WANG, 2)
    question = api.sent(WANG)[0]
    api.presses(question, 1)
    assert api.until_sent(WANG, 3)[2] == sentences.OUT_OF_DATE
    api.presses(question, 0)
    api.until_sent(WANG, 4)
    assert "GA09" in engine.asked[-1]


@pytest.mark.usefixtures("running")
def test_none_of_these_is_taken_while_it_is_asked(api: TelegramApi, engine: Engine) -> None:
    engine.replies["办证"] = CHOICE
    api.writes(WANG, "办证")
    api.until_sent(WANG, 1)
    api.presses(api.sent(WANG)[0], 1)
    assert api.until_sent(WANG, 2)[1] == f"回：{phrases.NONE_OF_THESE}"


def test_a_button_that_is_not_known_any_more_says_so(
    api: TelegramApi, running: Running, starts: Starts, engine: Engine
) -> None:
    engine.replies["办证"] = CHOICE
    api.writes(WANG, "办证")
    api.until_sent(WANG, 1)
    running.stop()
    starts()
    TelegramDelivery.objects.all().delete()
    api.presses(api.sent(WANG)[0], 0)
    assert api.until_sent(WANG, 2)[1] == sentences.OUT_OF_DATE
    assert len(api.called("answerCallbackQuery")) == 1


def test_a_press_means_nothing_in_another_chat(database: None) -> None:
    delivery = records.delivery_begin("key", WANG, (Button("好", "say:好"),), "")
    data = records.callback_data(delivery, 0)
    assert records.pressed(data, WANG, "tg-1") is not None
    assert records.pressed(data, LI, "tg-1") is None
    for other in (f"{data}7", "b:1:", "", "ask:GA09:overview", f"b:{delivery.pk}:99"):
        assert records.pressed(other, WANG, "tg-1") is None


def test_a_press_whose_answer_was_not_sent_is_not_stale_after_the_kill(
    api: TelegramApi, starts: Starts, engine: Engine
) -> None:
    engine.replies["办证"] = CHOICE
    first = starts()
    api.writes(WANG, "办证")
    api.until_sent(WANG, 1)
    api.holds("sendMessage")
    api.presses(api.sent(WANG)[0], 1)
    api.until_held("sendMessage")
    first.kill()
    api.lets_go("sendMessage")
    starts()
    assert api.until_sent(WANG, 2)[1] == f"回：{phrases.NONE_OF_THESE}"
    assert engine.asked.count(phrases.NONE_OF_THESE) == 1


# Long texts.


@pytest.mark.usefixtures("running")
def test_a_long_answer_comes_in_parts_with_the_buttons_on_the_last(
    api: TelegramApi, engine: Engine
) -> None:
    rows = [f"{number}. {'材料' * 150}😀" for number in range(1, 31)]
    engine.replies["长的"] = Reply(
        "answer", "\n".join(rows), buttons=(Button("在哪办", "ask:GA09:where"),)
    )
    api.writes(WANG, "长的")
    texts = api.until_sent(WANG, 3)
    assert "\n".join(texts) == "\n".join(rows)
    assert all(line in rows for text in texts for line in text.split("\n"))
    assert ["reply_markup" in call.given for call in api.sent(WANG)] == [False, False, True]


def test_an_entry_with_lines_set_in_is_not_torn() -> None:
    entry = "2. 身份证\n   原件\n   复印件"
    text = f"1. {'一' * 20}\n{entry}\n3. 照片"
    assert parts(text, 30) == [f"1. {'一' * 20}", f"{entry}\n3. 照片"]


def test_a_line_too_long_is_torn_after_a_sentence_and_a_sentence_between_characters() -> None:
    assert parts("一二三。四五六。七", 4) == ["一二三。", "四五六。", "七"]
    assert parts("😀😀😀", 3) == ["😀", "😀", "😀"]


def test_a_short_text_is_one_part_and_an_empty_one_none() -> None:
    assert parts("好的。") == ["好的。"]
    assert parts("一\n\n二") == ["一\n\n二"]
    assert parts(" \n ") == []


@pytest.mark.parametrize("seed", range(20))
def test_parts_fit_and_together_are_the_text(seed: int) -> None:
    import random

    chance = random.Random(seed)
    text = "".join(chance.choice("字。；\n 1😀") for _ in range(9000))
    pieces = parts(text)
    assert all(0 < units(piece) <= LONGEST_UNITS for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


# What is not words.


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"document": {"file_id": "d", "file_unique_id": "d"}}, "FILE"),
        ({"voice": {"file_id": "v", "file_unique_id": "v", "duration": 3}}, "VOICE"),
        ({"location": {"latitude": 32.1, "longitude": 118.7}}, "LOCATION"),
        ({"contact": {"phone_number": "0", "first_name": "某"}}, "CONTACT"),
        (
            {
                "sticker": {
                    "file_id": "s",
                    "file_unique_id": "s",
                    "type": "regular",
                    "width": 9,
                    "height": 9,
                    "is_animated": False,
                    "is_video": False,
                }
            },
            "STICKER",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_gets_a_kind_sentence(
    api: TelegramApi, more: dict[str, Any], sentence: str
) -> None:
    message = {**message_of(WANG, ""), **more}
    del message["text"]
    api.push({"message": message})
    assert api.until_sent(WANG, 1) == [getattr(sentences, sentence)]
    assert not TurnRecord.objects.exists()


# Pictures.


def shows(api: TelegramApi, data: bytes | None, caption: str = "", **more: Any) -> None:
    """王阿姨 sends a picture; without data Telegram does not hand it out."""
    if data is not None:
        api.files["large"] = data
    sizes = [
        {"file_id": name, "file_unique_id": name, "width": width, "height": width}
        for name, width in (("thumb", 90), ("large", 1280))
    ]
    message = {**message_of(WANG, ""), "photo": sizes, **more}
    del message["text"]
    api.push({"message": {**message, "caption": caption} if caption else message})


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_DIR = tmp_path / "evidence"
    return settings.EVIDENCE_DIR


@pytest.mark.usefixtures("running", "folder")
def test_a_picture_is_kept_for_her_conversation_and_asked_about(api: TelegramApi) -> None:
    shows(api, photo((300, 200)))
    assert api.until_sent(WANG, 1) == [phrases.PHOTO_ALONE]
    upload = Upload.objects.get()
    assert seen(upload_bytes(upload)).size == (300, 200)
    turn = TurnRecord.objects.get()
    assert (turn.text, turn.attachments) == ("", [upload.upload_id])
    assert upload.owner == turn.conversation.sender


@pytest.mark.usefixtures("running", "folder")
def test_a_picture_with_words_is_answered_by_its_words(api: TelegramApi) -> None:
    update = recorded("photo_with_caption")
    for size in update["message"]["photo"]:
        api.files[size["file_id"]] = photo()
    api.push(update)
    assert api.until_sent(71001, 1) == ["回：这张证丢了怎么补"]
    assert TurnRecord.objects.get().attachments == [Upload.objects.get().upload_id]


@pytest.mark.usefixtures("running", "folder")
def test_a_picture_sent_as_a_file_is_kept_too_and_one_nobody_opens_is_told_why(
    api: TelegramApi,
) -> None:
    for name, data, size in (
        ("ok", photo(), 9000),
        ("bad", b"no picture", 10),
        ("big", b"", 99**4),
    ):
        api.files[name] = data
        file = {"file_id": name, "file_unique_id": name, "mime_type": "image/jpeg"}
        message = {**message_of(WANG, ""), "document": {**file, "file_size": size}}
        del message["text"]
        api.push({"message": message})
    assert api.until_sent(WANG, 3) == [
        phrases.PHOTO_ALONE,
        refusals.NOT_A_PICTURE,
        refusals.TOO_LARGE,
    ]
    assert Upload.objects.count() == 1


@pytest.mark.usefixtures("running", "folder")
def test_a_picture_that_does_not_come_through_leaves_its_words_answered(api: TelegramApi) -> None:
    shows(api, None)
    shows(api, None, "路灯不亮")
    assert api.until_sent(WANG, 2) == [
        sentences.PICTURE_LOST,
        f"{sentences.PICTURE_LOST}\n回：路灯不亮",
    ]
    assert not Upload.objects.exists()


@pytest.mark.usefixtures("running", "folder")
def test_an_album_is_answered_once_and_all_of_it_is_kept(api: TelegramApi) -> None:
    for number in range(3):
        caption = "路灯不亮" if number == 0 else ""
        shows(api, photo(), caption, media_group_id="album-1", message_id=number + 1)
    api.writes(WANG, "问一句")
    assert api.until_sent(WANG, 2) == ["回：路灯不亮", "回：问一句"]
    turn = TurnRecord.objects.get(text="路灯不亮")
    assert turn.attachments == [upload.upload_id for upload in Upload.objects.all()]
    assert len(turn.attachments) == 3


@pytest.mark.usefixtures("running", "folder")
def test_an_album_that_does_not_come_through_gets_one_sentence(api: TelegramApi) -> None:
    for number in range(3):
        shows(api, None, media_group_id="album-1", message_id=number + 1)
    api.writes(WANG, "问一句")
    assert api.until_sent(WANG, 2) == [sentences.PICTURE_LOST, "回：问一句"]


@pytest.mark.usefixtures("folder")
def test_a_picture_answered_before_the_kill_is_kept_once_in_its_turn(
    api: TelegramApi, starts: Starts
) -> None:
    api.holds("sendMessage")
    killed = starts()
    shows(api, photo())
    api.until_held("sendMessage")
    killed.kill()
    api.lets_go("sendMessage")
    starts()
    assert api.until_sent(WANG, 1) == [phrases.PHOTO_ALONE]
    assert len(TurnRecord.objects.get().attachments) == 1


def voice_message(api: TelegramApi, seconds: int = 3) -> None:
    api.files["v1"] = b"OggS-sound"
    voice = {"file_id": "v1", "file_unique_id": "v1", "duration": seconds, "mime_type": "audio/ogg"}
    message = {**message_of(WANG, ""), "voice": voice}
    del message["text"]
    api.push({"message": message})


def test_a_voice_message_that_is_written_down_is_answered(api: TelegramApi, starts: Starts) -> None:
    heard: list[Any] = []

    def transcribe(audio: bytes) -> str:
        heard.append(audio)
        return "周六上班吗"

    starts(transcribe=transcribe)
    voice_message(api)
    assert api.until_sent(WANG, 1) == ["听到您说：周六上班吗\n回：周六上班吗"]
    assert heard == [b"OggS-sound"]


def test_a_voice_message_nobody_understands_gets_a_kind_sentence(
    api: TelegramApi, starts: Starts
) -> None:
    def unclear(audio: bytes) -> str:
        raise VoiceUnreadable(UNCLEAR)

    starts(transcribe=unclear)
    voice_message(api)
    assert api.until_sent(WANG, 1) == [UNCLEAR]


def test_a_voice_message_that_is_too_long_is_not_even_fetched(
    api: TelegramApi, starts: Starts
) -> None:
    starts(transcribe=lambda audio: "周六上班吗")
    voice_message(api, seconds=LONGEST_SECONDS + 1)
    assert api.until_sent(WANG, 1) == [TOO_LONG]


@pytest.mark.usefixtures("running")
def test_changed_words_are_answered_anew_but_not_while_a_form_is_open(
    api: TelegramApi, engine: Engine
) -> None:
    edited = message_of(WANG, "居住证", edit_date=1_795_395_700)
    api.push({"edited_message": edited})
    assert api.until_sent(WANG, 1) == ["回：居住证"]
    engine.replies["请人帮我办"] = Reply("ask_slot", "您怎么称呼？", slot="name")
    api.writes(WANG, "请人帮我办")
    api.push({"edited_message": edited})
    assert api.until_sent(WANG, 3)[2] == sentences.EDITED_TOO_LATE


@pytest.mark.usefixtures("running")
def test_words_that_begin_like_a_command_are_words(api: TelegramApi) -> None:
    api.writes(WANG, "/办证")
    assert api.until_sent(WANG, 1) == ["回：／办证"]


# Groups.


def in_group(api: TelegramApi, text: str, **more: Any) -> None:
    mentions = [
        {"type": "mention", "offset": text.index("@"), "length": len("@xiaoding_bot")}
        for _ in range(text.count("@xiaoding_bot"))
    ]
    message = message_of(NEIGHBOURS, text, message_id=55, **more)
    api.push({"message": {**message, "from": person(WANG), "entities": mentions}})


@pytest.mark.usefixtures("running")
def test_in_a_group_only_who_speaks_to_us_is_answered(api: TelegramApi, engine: Engine) -> None:
    in_group(api, "今天天气不错")
    in_group(api, "@xiaoding_bot 居住证要带什么")
    assert api.until_sent(NEIGHBOURS, 1) == ["回：居住证要带什么"]
    assert engine.asked == ["居住证要带什么"]
    answered = json.loads(api.sent(NEIGHBOURS)[0].given["reply_parameters"])
    assert answered["message_id"] == 55


@pytest.mark.usefixtures("running")
def test_each_question_in_a_group_is_a_conversation_of_its_own(api: TelegramApi) -> None:
    ours = {
        **message_of(NEIGHBOURS, "回"),
        "from": {"id": 123456, "is_bot": True, "first_name": ""},
    }
    in_group(api, "@xiaoding_bot 居住证")
    in_group(api, "那社保卡呢", reply_to_message=ours)
    api.until_sent(NEIGHBOURS, 2)
    assert Conversation.objects.count() == 2


@pytest.mark.usefixtures("running")
def test_in_a_group_nothing_about_one_resident_is_said(api: TelegramApi, engine: Engine) -> None:
    engine.replies["我的单子呢"] = Reply(
        "ticket_status", "王阿姨，您的单子在办。", buttons=(Button("撤回", "say:撤回"),)
    )
    in_group(api, "@xiaoding_bot 我的单子呢")
    assert api.until_sent(NEIGHBOURS, 1) == [sentences.PRIVATE_ONLY]
    assert "reply_markup" not in api.sent(NEIGHBOURS)[0].given


@pytest.mark.usefixtures("running")
def test_in_a_group_a_person_is_not_called(api: TelegramApi, engine: Engine) -> None:
    message = message_of(NEIGHBOURS, "/human@xiaoding_bot")
    api.push({"message": message})
    assert api.until_sent(NEIGHBOURS, 1) == [sentences.PRIVATE_ONLY]
    assert engine.asked == []


@pytest.mark.usefixtures("running")
def test_a_phone_number_in_a_group_is_warned_about(api: TelegramApi) -> None:
    in_group(api, "@xiaoding_bot 我电话13800000000")
    [text] = api.until_sent(NEIGHBOURS, 1)
    assert text.endswith(sentences.NO_PRIVATE_DATA_HERE)
    assert "13800000000" not in text


@pytest.mark.usefixtures("running")
def test_a_choice_in_a_group_goes_on_in_its_own_conversation(
    api: TelegramApi, engine: Engine
) -> None:
    engine.replies["办证"] = CHOICE
    in_group(api, "@xiaoding_bot 办证")
    api.until_sent(NEIGHBOURS, 1)
    api.presses(api.sent(NEIGHBOURS)[0], 1)
    assert api.until_sent(NEIGHBOURS, 2)[1] == f"回：{phrases.NONE_OF_THESE}"
    assert Conversation.objects.count() == 1


# The webhook.


@pytest.fixture
def webhook(settings: Any, api: TelegramApi) -> Any:
    settings.BOT_TELEGRAM_TOKEN = TOKEN
    settings.BOT_TELEGRAM_MODE = "webhook"
    settings.BOT_TELEGRAM_WEBHOOK_SECRET = SECRET

    def post(update: Any, secret: str = SECRET) -> int:
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        response = Client(enforce_csrf_checks=True).post(
            "/telegram/webhook/",
            body,
            content_type="application/json",
            headers={"X-Telegram-Bot-Api-Secret-Token": secret},
        )
        return int(response.status_code)

    return post


def test_what_the_webhook_brings_is_answered_once(
    api: TelegramApi, starts: Starts, webhook: Any
) -> None:
    starts(
        mode="webhook",
        webhook_url="https://ask.example.org/telegram/webhook/",
        webhook_secret=SECRET,
    )
    api.until(lambda: bool(api.called("setWebhook")))
    told = api.called("setWebhook")[0].given
    assert (told["url"], told["secret_token"]) == (
        "https://ask.example.org/telegram/webhook/",
        SECRET,
    )
    update = recorded("text")
    assert [webhook(update), webhook(update)] == [200, 200]
    api.until_sent(71001, 1)
    assert webhook(update) == 200
    assert webhook({"update_id": 9, "message": message_of(WANG, "问一句")}) == 200
    api.until_sent(WANG, 1)
    assert len(api.texts(71001)) == 1


def test_what_the_webhook_brought_while_nobody_answered_is_answered_later(
    api: TelegramApi, starts: Starts, webhook: Any
) -> None:
    assert webhook(recorded("text")) == 200
    starts(mode="webhook", webhook_url="https://ask.example.org/", webhook_secret=SECRET)
    api.until_sent(71001, 1)


def test_the_webhook_takes_nothing_from_who_does_not_know_the_secret(
    database: None, webhook: Any
) -> None:
    assert webhook(recorded("text"), secret="guessed") == 403
    assert webhook(recorded("text"), secret="") == 403
    assert not TelegramUpdate.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b'{"update_id": true}', b'{"update_id": -1}']
)
def test_the_webhook_refuses_what_is_no_update(database: None, webhook: Any, body: bytes) -> None:
    assert webhook(body) == 400


def test_without_the_webhook_there_is_no_such_page(
    database: None, webhook: Any, settings: Any
) -> None:
    settings.BOT_TELEGRAM_MODE = "polling"
    assert webhook(recorded("text")) == 404


# What the outbox sends.


@pytest.fixture
def outbox(database: None, api: TelegramApi, settings: Any) -> Any:
    settings.BOT_TELEGRAM_TOKEN = TOKEN
    settings.BOT_TELEGRAM_BASE_URL = api.url
    return sender()


def test_a_clerks_words_are_sent_once_for_one_key(outbox: Any, api: TelegramApi) -> None:
    news = Outgoing("notice-7", "您的证办好了。", (Button("在哪领", "ask:GA09:where"),))
    outbox.send(str(WANG), news)
    outbox.send(str(WANG), news)
    assert api.texts(WANG) == ["您的证办好了。"]
    assert titles(api.sent(WANG)[0]) == ["在哪领"]


def test_the_button_of_a_clerks_message_works(
    outbox: Any, api: TelegramApi, starts: Starts
) -> None:
    outbox.send(str(WANG), Outgoing("notice-7", "还有事吗？", (Button("有", LONG_PAYLOAD),)))
    starts()
    api.presses(api.sent(WANG)[0], 0)
    assert api.until_sent(WANG, 2)[1] == f"回：{LONG_PAYLOAD.removeprefix('say:')}"


@pytest.mark.parametrize(
    ("trouble", "wanted", "seconds"),
    [
        (Trouble(403), Undeliverable, None),
        (Trouble(400, description="Bad Request: chat not found"), Undeliverable, None),
        (Trouble(429, retry_after=17), TryLater, 17.0),
        (Trouble(500), TryLater, 5.0),
        (Trouble(hang_up=True), TryLater, 5.0),
        (Trouble(401), TryLater, 300.0),
    ],
    ids=["blocked", "unknown", "flood", "broken", "hang up", "token"],
)
def test_telegrams_failures_are_told_as_for_good_or_for_now(
    outbox: Any,
    api: TelegramApi,
    trouble: Trouble,
    wanted: type[Exception],
    seconds: float | None,
) -> None:
    api.fails("sendMessage", trouble)
    with pytest.raises(wanted) as caught:
        outbox.send(str(WANG), Outgoing("notice-7", "您的证办好了。"))
    assert getattr(caught.value, "seconds", None) == seconds
    assert TOKEN not in str(caught.value)
    if wanted is TryLater:
        outbox.send(str(WANG), Outgoing("notice-7", "您的证办好了。"))
        assert api.texts(WANG) == ["您的证办好了。"]


def test_nothing_of_ones_own_is_sent_to_a_group(outbox: Any) -> None:
    with pytest.raises(Undeliverable):
        outbox.send(f"group:{NEIGHBOURS}:7", Outgoing("notice-7", "您的证办好了。"))


def test_without_a_token_the_outbox_waits(outbox: Any, settings: Any) -> None:
    settings.BOT_TELEGRAM_TOKEN = ""
    with pytest.raises(TryLater):
        sender().send(str(WANG), Outgoing("notice-7", "您的证办好了。"))


# Pace, settings, command.


def test_messages_keep_the_pace_of_their_chat_and_of_all() -> None:
    now = 0.0
    sent: list[tuple[float, int]] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    async def send(chat_id: int) -> bool:
        sent.append((round(now, 2), chat_id))
        return True

    async def all_of_them() -> None:
        pacer = Pacer(Pace(), lambda: now, sleep)
        for chat_id in (WANG, WANG, LI, NEIGHBOURS, NEIGHBOURS):
            await pacer.process_request(
                send, (chat_id,), {}, "sendMessage", {"chat_id": chat_id}, None
            )
        await pacer.process_request(send, (0,), {}, "answerCallbackQuery", {}, None)

    asyncio.run(all_of_them())
    assert sent == [
        (0.0, WANG), (1.0, WANG), (1.04, LI), (1.08, NEIGHBOURS), (4.04, NEIGHBOURS), (4.04, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({}, []),
        ({"BOT_TELEGRAM_MODE": "carrier pigeon"}, ["bot.E030"]),
        ({"BOT_TELEGRAM_MODE": "webhook"}, ["bot.E031", "bot.E032"]),
        (
            {
                "BOT_TELEGRAM_MODE": "webhook",
                "BOT_TELEGRAM_WEBHOOK_SECRET": SECRET,
                "BOT_URL": "https://ask.example.org",
            },
            [],
        ),
        (
            {
                "BOT_TELEGRAM_MODE": "webhook",
                "BOT_TELEGRAM_WEBHOOK_SECRET": SECRET,
                "BOT_TELEGRAM_BASE_URL": "http://127.0.0.1:8081",
            },
            [],
        ),
        ({"BOT_TELEGRAM_PROXY": "127.0.0.1:3128"}, ["bot.E033"]),
    ],
)
def test_settings_that_do_not_fit_are_named(
    settings: Any, changes: dict[str, str], numbers: list[str]
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert [error.id for error in settings_agree(None)] == numbers


def test_without_a_token_the_command_says_what_is_missing(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.BOT_TELEGRAM_TOKEN = ""
    assert process.run() == 2
    assert "BOT_TELEGRAM_TOKEN is not set" in capsys.readouterr().out


def test_the_process_is_started_only_with_a_token(settings: Any) -> None:
    assert "telegram" not in {child.name for child in children()}
    settings.BOT_TELEGRAM_TOKEN = TOKEN
    assert "telegram" in {child.name for child in children()}
