"""Notices on their way out: in order, at least once, later if need be, given up after a day."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from bot import clock
from bot.accounts.models import Staff
from bot.channels import outbox
from bot.channels.delivery import Outgoing, TryLater, Undeliverable
from bot.channels.sms import Sms
from bot.conversations.messages import Button
from bot.conversations.models import Conversation
from bot.conversations.retention import GONE
from bot.handovers.models import Notice
from bot.handovers.selectors import dead_letters, said_in, to_be_told
from bot.handovers.services import notice_look, notice_retry, notice_told

pytestmark = pytest.mark.django_db(transaction=True)

Talk = Callable[..., Conversation]
PHONE = "13851612345"
LANDLINE = "02558881234"
NEWS = "您的代办单办好了。"


@dataclass
class Post:
    """An outside channel: takes messages, or does what it was told to do instead."""

    taken: list[tuple[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)

    def send(self, external_id: str, message: Outgoing) -> None:
        self.keys.append(message.key)
        if self.troubles:
            raise self.troubles.pop(0)
        self.taken.append((external_id, message.text))


POST = Post()


def sender() -> Post:
    """What the registry names in these tests."""
    return POST


@dataclass
class Clock:
    """The office's clock, moved by hand."""

    ahead: timedelta = timedelta()

    def moves(self, pause: timedelta) -> None:
        self.ahead += pause


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Telegram and WeChat are this post."""
    POST.__init__()  # type: ignore[misc]
    path = f"{__name__}.sender"
    monkeypatch.setattr(outbox, "SENDERS", {"telegram": path, "wechat": path})
    return POST


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The recipients whose delivery was asked for."""
    asked: list[str] = []
    monkeypatch.setattr(outbox, "notices_deliver", asked.append)
    return asked


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that can be moved."""
    moved, now = Clock(), clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + moved.ahead)
    return moved


@pytest.fixture
def talk() -> Talk:
    """Begins a conversation."""

    def begin(channel: str = "telegram", name: str = "") -> Conversation:
        name = name or f"chat{Conversation.objects.count()}"
        return Conversation.objects.create(
            owner=channel, channel=channel, external_id=name, sender=f"{channel}-{name}"
        )

    return begin


def make_clerk(name: str = "li") -> Staff:
    clerk: Staff = get_user_model().objects.create_user(name, display_name="小李")
    return clerk


def states() -> list[str]:
    return list(Notice.objects.values_list("state", flat=True))


def test_a_notice_goes_out_through_the_residents_channel(post: Post, talk: Talk) -> None:
    conversation = talk(name="42")
    outbox.notice_send(conversation, "您的证办好了", (Button("谢谢", "say:谢谢"),))
    assert outbox.deliver(str(conversation.pk)) is None
    assert post.taken == [("42", "您的证办好了")]
    assert states() == ["sent"]
    assert outbox.deliver(str(conversation.pk)) is None
    assert len(post.taken) == 1


def test_delivery_is_asked_for_when_the_cause_is_committed_and_not_before(
    post: Post, talk: Talk, woken: list[str]
) -> None:
    conversation = talk()
    with transaction.atomic():
        outbox.notice_send(conversation, "一")
        assert woken == []
    assert woken == [str(conversation.pk)]


def test_what_is_taken_back_is_not_sent(post: Post, talk: Talk, woken: list[str]) -> None:
    conversation = talk()
    with transaction.atomic():
        outbox.notice_send(conversation, "一")
        transaction.set_rollback(True)
    assert woken == []
    outbox.deliver(str(conversation.pk))
    assert post.taken == []


def test_a_queue_that_cannot_be_written_does_not_undo_the_cause(
    post: Post, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(target: str) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(outbox, "notices_deliver", broken)
    conversation = talk()
    with transaction.atomic():
        outbox.notice_send(conversation, "一")
    assert outbox.due_targets() == [str(conversation.pk)]


def test_the_same_key_is_written_and_sent_once(post: Post, talk: Talk) -> None:
    conversation = talk()
    first = outbox.notice_send(conversation, "一", key="ticket-7")
    assert outbox.notice_send(conversation, "一", key="ticket-7") == first
    outbox.deliver(str(conversation.pk))
    assert post.keys == ["ticket-7"]


def test_a_late_notice_holds_back_the_ones_behind_it(post: Post, talk: Talk, time: Clock) -> None:
    conversation, other = talk(), talk()
    for text in "一二三":
        outbox.notice_send(conversation, text)
    outbox.notice_send(other, "别人的")
    post.troubles = [TryLater("flood", 30)]
    pause = outbox.deliver(str(conversation.pk))
    assert pause is not None
    assert timedelta(seconds=25) < pause <= timedelta(seconds=30)
    outbox.deliver(str(other.pk))
    assert [text for _, text in post.taken] == ["别人的"]
    time.moves(timedelta(seconds=31))
    outbox.deliver(str(conversation.pk))
    assert [text for _, text in post.taken] == ["别人的", "一", "二", "三"]


def test_every_attempt_carries_the_same_key(post: Post, talk: Talk, time: Clock) -> None:
    conversation = talk()
    outbox.notice_send(conversation, "一")
    post.troubles = [TryLater("away", 1), TryLater("away", 1)]
    for _ in range(3):
        outbox.deliver(str(conversation.pk))
        time.moves(timedelta(minutes=1))
    assert len(post.keys) == 3
    assert len(set(post.keys)) == 1
    assert states() == ["sent"]


def test_pauses_double_from_a_second_to_an_hour_and_a_day_is_the_end(
    post: Post, talk: Talk, time: Clock
) -> None:
    conversation = talk()
    outbox.notice_send(conversation, "一")
    post.troubles = [ConnectionError("no line to 12345") for _ in range(100)]
    pauses: list[float] = []
    while (pause := outbox.deliver(str(conversation.pk))) is not None:
        pauses.append(pause.total_seconds())
        time.moves(pause + timedelta(seconds=0.01))
    assert [round(p) for p in pauses[:5]] == [1, 2, 4, 8, 16]
    assert max(pauses) <= 3600
    assert round(pauses[-1]) == 3600
    assert 24 * 3600 <= time.ahead.total_seconds() < 25.1 * 3600
    notice = Notice.objects.get()
    assert (notice.state, notice.last_error) == ("gone", "ConnectionError")


def test_a_refusal_for_good_is_given_up_and_the_next_one_is_sent(post: Post, talk: Talk) -> None:
    conversation = talk()
    outbox.notice_send(conversation, "一")
    outbox.notice_send(conversation, "二")
    post.troubles = [Undeliverable("Forbidden: bot was blocked by the user")]
    outbox.deliver(str(conversation.pk))
    assert states() == ["gone", "sent"]
    assert Notice.objects.first().last_error == "Forbidden: bot was blocked by the user"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Undeliverable("45015"), "Undeliverable"),
        (Undeliverable("errcode: 45015"), "errcode: 45015"),
        (Undeliverable("chat 13900000000 not found"), "Undeliverable"),
        (Undeliverable("居民王阿姨拒收"), "Undeliverable"),
        (Undeliverable(""), "Undeliverable"),
    ],
)
def test_only_a_code_of_what_went_wrong_is_kept(
    post: Post, talk: Talk, error: Exception, code: str
) -> None:
    conversation = talk()
    outbox.notice_send(conversation, "一")
    post.troubles = [error]
    outbox.deliver(str(conversation.pk))
    assert Notice.objects.get().last_error == code


def test_the_log_names_no_resident(
    post: Post, talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = talk(name="openid-of-somebody")
    outbox.notice_send(conversation, "您的低保批了")
    post.troubles = [ValueError("openid-of-somebody"), Undeliverable("openid-of-somebody 7")]
    with caplog.at_level(logging.DEBUG):
        outbox.deliver(str(conversation.pk))
        Notice.objects.update(next_try_at=clock.now())
        outbox.deliver(str(conversation.pk))
    assert len(caplog.records) == 2
    assert "openid" not in caplog.text
    assert "低保" not in caplog.text


def test_a_channel_that_is_not_set_up_is_tried_again(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SENDERS", {"telegram": "bot.channels.nowhere.sender"})
    conversation = talk()
    outbox.notice_send(conversation, "一")
    assert outbox.deliver(str(conversation.pk)) is not None
    assert states() == ["waiting"]


@pytest.mark.parametrize("channel", ["web", "kiosk", "api"])
def test_a_page_fetches_what_waits_for_it(
    post: Post, talk: Talk, woken: list[str], channel: str
) -> None:
    conversation = talk(channel)
    notice = outbox.notice_send(conversation, "一")
    outbox.deliver(str(conversation.pk))
    assert (woken, post.taken, states()) == ([], [], ["waiting"])
    outbox.notices_fetched([notice])
    assert states() == ["sent"]


def test_a_callers_notice_waits_for_a_person(post: Post, talk: Talk) -> None:
    conversation = talk("voice")
    notice = outbox.notice_send(conversation, "一")
    outbox.deliver(str(conversation.pk))
    outbox.notices_fetched([notice])
    assert states() == ["waiting"]


def test_reading_the_history_does_not_count_as_delivery_by_telegram(post: Post, talk: Talk) -> None:
    notice = outbox.notice_send(talk(), "一")
    outbox.notices_fetched([notice])
    assert states() == ["waiting"]


def test_a_claimed_notice_is_left_to_whoever_has_it_until_the_claim_ends(
    post: Post, talk: Talk, time: Clock
) -> None:
    conversation = talk()
    outbox.notice_send(conversation, "一")
    assert outbox._claim(str(conversation.pk)) is not None
    assert outbox.deliver(str(conversation.pk)) is None
    assert outbox.due_targets() == []
    time.moves(outbox.CLAIM + timedelta(seconds=1))
    assert outbox.due_targets() == [str(conversation.pk)]
    outbox.deliver(str(conversation.pk))
    assert [text for _, text in post.taken] == ["一"]


def test_many_workers_send_each_notice_once_and_in_order(post: Post, talk: Talk) -> None:
    talks = [talk() for _ in range(3)]
    for number in range(5):
        for conversation in talks:
            outbox.notice_send(conversation, str(number))
    gate = threading.Barrier(6)

    def work(conversation: Conversation) -> None:
        gate.wait(20)
        try:
            outbox.deliver(str(conversation.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, talks * 2))
    for conversation in talks:
        outbox.deliver(str(conversation.pk))
        sent = [text for name, text in post.taken if name == conversation.external_id]
        assert sent == list("01234")


@rules(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    troubles=st.lists(st.sampled_from(["later", "never", "broken"]), max_size=8),
    count=st.integers(1, 4),
)
def test_whatever_a_channel_does_every_notice_is_sent_once_or_given_up_in_order(
    post: Post, talk: Talk, time: Clock, troubles: list[str], count: int
) -> None:
    made = {"later": TryLater("away", 3), "never": Undeliverable("no"), "broken": OSError("x")}
    Conversation.objects.all().delete()
    POST.__init__()  # type: ignore[misc]
    conversation = talk()
    for number in range(count):
        outbox.notice_send(conversation, str(number))
    post.troubles = [made[name] for name in troubles]
    while (pause := outbox.deliver(str(conversation.pk))) is not None:
        time.moves(pause + timedelta(seconds=0.01))
    sent = [text for _, text in post.taken]
    assert sent == sorted(set(sent))
    lost = Notice.objects.filter(state="gone").count()
    assert lost == min(count, troubles.count("never"))
    assert len(sent) == count - lost


@dataclass
class Phones:
    """Every telephone: takes text messages, or refuses as it was told to."""

    taken: list[tuple[str, str]] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)

    def send(self, message: Sms) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.taken.append((message.phone, message.text))


@pytest.fixture
def phones(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Phones:
    """Text messages are set up, and these take them."""
    for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SIGN_NAME", "TEMPLATE"):
        setattr(settings, f"BOT_SMS_{name}", "x")
    made = Phones()
    monkeypatch.setattr(outbox, "sms_send", made.send)
    return made


def sweep() -> None:
    """What the worker does once a minute."""
    for target in outbox.due_targets():
        outbox.deliver(target)


def told() -> list[str]:
    """What a clerk has to pass on."""
    return [row.text for row in to_be_told()]


@pytest.mark.parametrize("channel", ["telegram", "wechat"])
def test_a_resident_with_a_chat_is_told_there_and_nowhere_else(
    post: Post, phones: Phones, talk: Talk, time: Clock, channel: str
) -> None:
    outbox.resident_tell(talk(channel, "42"), PHONE, NEWS, "ticket-7")
    sweep()
    time.moves(timedelta(hours=2))
    sweep()
    assert post.taken == [("42", NEWS)]
    assert phones.taken == []


@pytest.mark.parametrize("channel", ["telegram", "wechat"])
def test_what_the_chat_refuses_for_good_goes_to_the_phone(
    post: Post, phones: Phones, talk: Talk, channel: str
) -> None:
    outbox.resident_tell(talk(channel), PHONE, NEWS, "ticket-7")
    post.troubles = [Undeliverable("the resident has not written for two days: 45015")]
    sweep()
    sweep()
    assert phones.taken == [(PHONE, NEWS)]
    assert told() == []
    assert not dead_letters()


def test_a_chat_that_stays_away_for_a_day_gives_over_to_the_phone(
    post: Post, phones: Phones, talk: Talk, time: Clock
) -> None:
    outbox.resident_tell(talk(), PHONE, NEWS, "ticket-7")
    post.troubles = [TryLater("away", 1800) for _ in range(100)]
    for _ in range(60):
        sweep()
        time.moves(timedelta(minutes=31))
    assert phones.taken == [(PHONE, NEWS)]


@pytest.mark.parametrize("phone", ["", "02558881234"])
def test_without_a_mobile_number_a_clerk_passes_on_what_the_chat_refused(
    post: Post, phones: Phones, talk: Talk, phone: str
) -> None:
    outbox.resident_tell(talk(), phone, NEWS, "ticket-7")
    post.troubles = [Undeliverable("blocked")]
    sweep()
    assert phones.taken == []
    assert told() == [NEWS]
    assert [row.text for row in dead_letters()] == [NEWS]


@pytest.mark.parametrize("channel", ["web", "api"])
def test_a_page_that_is_open_needs_no_text_message(
    phones: Phones, talk: Talk, time: Clock, channel: str
) -> None:
    notice = outbox.resident_tell(talk(channel), PHONE, NEWS, "ticket-7")
    assert notice is not None
    sweep()
    outbox.notices_fetched([notice])
    time.moves(outbox.PAGE_WAIT + timedelta(seconds=1))
    sweep()
    assert phones.taken == []
    assert states() == ["sent"]


@pytest.mark.parametrize("channel", ["web", "api"])
def test_what_no_page_fetches_goes_to_the_phone_and_waits_for_the_page_as_well(
    phones: Phones, talk: Talk, time: Clock, channel: str
) -> None:
    conversation = talk(channel)
    notice = outbox.resident_tell(conversation, PHONE, NEWS, "ticket-7")
    assert notice is not None
    sweep()
    assert phones.taken == []
    time.moves(outbox.PAGE_WAIT + timedelta(seconds=1))
    for _ in range(3):
        sweep()
    assert phones.taken == [(PHONE, NEWS)]
    assert said_in(conversation) == [notice]
    notice.refresh_from_db()
    assert notice.state == "waiting"


def test_an_unread_notice_on_a_page_does_not_hold_back_the_next_one(
    phones: Phones, talk: Talk, time: Clock
) -> None:
    conversation = talk("web")
    outbox.notice_send(conversation, "在吗")
    outbox.resident_tell(conversation, PHONE, NEWS, "ticket-7")
    time.moves(outbox.PAGE_WAIT + timedelta(seconds=1))
    sweep()
    sweep()
    assert phones.taken == [(PHONE, NEWS)]


@pytest.mark.parametrize("channel", ["web", "api"])
def test_a_page_without_a_number_is_told_there_alone(
    phones: Phones, talk: Talk, time: Clock, channel: str
) -> None:
    outbox.resident_tell(talk(channel), "", NEWS, "ticket-7")
    time.moves(timedelta(days=1))
    sweep()
    assert states() == ["waiting"]
    assert told() == []


@pytest.mark.parametrize("channel", ["web", "api"])
def test_what_no_page_fetches_and_no_text_message_can_bring_is_called_after_an_hour(
    phones: Phones, talk: Talk, time: Clock, channel: str
) -> None:
    notice = outbox.resident_tell(talk(channel), LANDLINE, NEWS, "ticket-7")
    time.moves(outbox.CALL_WAIT - timedelta(minutes=1))
    sweep()
    assert told() == []
    time.moves(timedelta(minutes=2))
    for _ in range(3):
        sweep()
    assert told() == [NEWS]
    assert notice is not None
    outbox.notices_fetched([notice])
    assert told() == []


def test_a_page_that_is_opened_within_the_hour_spares_the_call(
    phones: Phones, talk: Talk, time: Clock
) -> None:
    notice = outbox.resident_tell(talk("web"), LANDLINE, NEWS, "ticket-7")
    assert notice is not None
    outbox.notices_fetched([notice])
    time.moves(outbox.CALL_WAIT + timedelta(minutes=1))
    sweep()
    assert told() == []
    assert states() == ["sent"]


@pytest.mark.parametrize("channel", ["voice", "kiosk", None])
def test_who_has_no_page_of_her_own_gets_a_text_message_at_once(
    phones: Phones, talk: Talk, channel: str | None
) -> None:
    conversation = talk(channel) if channel else None
    outbox.resident_tell(conversation, PHONE, NEWS, "ticket-7")
    sweep()
    assert phones.taken == [(PHONE, NEWS)]
    assert not Notice.objects.exclude(conversation=None).exists()


@pytest.mark.parametrize("channel", ["voice", "kiosk", None])
def test_an_office_without_text_messages_calls_her(talk: Talk, channel: str | None) -> None:
    conversation = talk(channel) if channel else None
    notice = outbox.resident_tell(conversation, PHONE, NEWS, "ticket-7")
    assert notice is not None
    sweep()
    assert told() == [NEWS]
    clerk = make_clerk()
    assert notice_look(notice, clerk) == PHONE
    assert [look.staff for look in notice.looks.all()] == [clerk]
    notice_told(notice, clerk)
    assert told() == []
    notice.refresh_from_db()
    assert notice.told_by == clerk


def test_a_landline_is_called(phones: Phones) -> None:
    outbox.resident_tell(None, LANDLINE, NEWS, "ticket-7")
    assert told() == [NEWS]


@pytest.mark.parametrize("channel", ["voice", "kiosk", None])
def test_who_left_no_number_and_has_no_page_cannot_be_told(
    phones: Phones, talk: Talk, channel: str | None
) -> None:
    assert outbox.resident_tell(talk(channel) if channel else None, "", NEWS, "ticket-7") is None
    assert told() == []


def test_a_text_message_that_does_not_arrive_is_passed_on_by_a_clerk(phones: Phones) -> None:
    outbox.resident_tell(None, PHONE, NEWS, "ticket-7")
    phones.troubles = [Undeliverable("the words are refused")]
    sweep()
    assert told() == [NEWS]


@pytest.mark.parametrize("channel", ["telegram", "web", "voice", None])
def test_a_resident_is_told_once_for_each_key(
    post: Post, phones: Phones, talk: Talk, time: Clock, channel: str | None
) -> None:
    conversation = talk(channel) if channel else None
    for _ in range(3):
        outbox.resident_tell(conversation, PHONE, NEWS, "ticket-7")
        sweep()
    time.moves(outbox.PAGE_WAIT + timedelta(seconds=1))
    sweep()
    sweep()
    assert len(post.taken) + len(phones.taken) == 1


def test_two_residents_texts_do_not_wait_for_each_other(phones: Phones) -> None:
    for phone in (PHONE, "13851612346"):
        for number in (1, 2):
            outbox.notice_sms(phone, f"第{number}条", f"{phone}-{number}")
    first, _ = outbox.due_targets()
    phones.troubles = [TryLater("away", 60)]
    outbox.deliver(first)
    assert phones.taken == []
    sweep()
    assert [text for _, text in phones.taken] == ["第1条", "第2条"]


def test_a_resident_has_one_line_in_which_all_her_text_messages_stand(phones: Phones) -> None:
    for number in range(3):
        outbox.notice_sms(PHONE, str(number), f"ticket-{number}")
    (target,) = outbox.due_targets()
    outbox.deliver(target)
    assert [text for _, text in phones.taken] == ["0", "1", "2"]


def test_what_was_given_up_is_tried_again_for_a_day_when_a_clerk_says_so(
    post: Post, talk: Talk, time: Clock, woken: list[str]
) -> None:
    notice = outbox.notice_send(talk(name="42"), NEWS)
    post.troubles = [Undeliverable("blocked")]
    sweep()
    time.moves(timedelta(days=3))
    clerk = make_clerk()
    notice_retry(notice, clerk)
    post.troubles = [TryLater("away", 60)]
    sweep()
    notice.refresh_from_db()
    assert (notice.state, notice.retried_by) == ("waiting", clerk)
    time.moves(timedelta(minutes=2))
    sweep()
    assert post.taken == [("42", NEWS)]
    assert len(set(post.keys)) == 1


@pytest.mark.parametrize("state", ["sent", "waiting"])
def test_only_what_was_given_up_is_tried_again(post: Post, talk: Talk, state: str) -> None:
    notice = outbox.notice_send(talk(), NEWS)
    if state == "sent":
        sweep()
    notice_retry(notice, make_clerk())
    notice.refresh_from_db()
    assert (notice.state, notice.retried_by) == (state, None)


def test_words_that_are_no_longer_kept_are_not_sent(post: Post, talk: Talk) -> None:
    notice = outbox.notice_send(talk(), NEWS)
    Notice.objects.update(state="gone", text=GONE, is_emptied=True)
    notice_retry(notice, make_clerk())
    sweep()
    assert post.taken == []
    assert not dead_letters()


def test_what_was_written_before_there_were_other_ways_still_goes_out(
    post: Post, talk: Talk
) -> None:
    conversation = talk(name="42")
    outbox.notice_send(conversation, NEWS)
    Notice.objects.update(target="")
    import_module("bot.handovers.migrations.0003_notice_targets").name_targets(apps, None)
    assert outbox.due_targets() == [str(conversation.pk)]
    sweep()
    assert post.taken == [("42", NEWS)]


def in_the_table() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM handovers_notice")
        return str(cursor.fetchall())


def test_words_numbers_and_addresses_stand_encrypted_in_the_table(post: Post, talk: Talk) -> None:
    outbox.resident_tell(talk(), PHONE, NEWS, "ticket-7")
    outbox.resident_tell(None, PHONE, NEWS, "ticket-8")
    assert PHONE not in in_the_table()
    assert NEWS not in in_the_table()


def test_what_was_written_in_clear_is_sealed_and_still_goes_out(
    post: Post, phones: Phones, talk: Talk
) -> None:
    conversation = talk(name="42")
    executor = MigrationExecutor(connection)
    try:
        executor.migrate([("handovers", "0003_notice_targets")])
        former = executor.loader.project_state([("handovers", "0003_notice_targets")]).apps
        before = former.get_model("handovers", "Notice").objects
        times = {"created_at": clock.now(), "next_try_at": clock.now()}
        target = str(conversation.pk)
        first = before.create(
            key="1", conversation_id=conversation.pk, target=target, text=NEWS, **times
        )
        sms = {"medium": "sms", "target": "sms-x", "sealed_address": PHONE}
        before.create(key="2", instead_of_id=first.pk, text=NEWS, **sms, **times)
        before.create(key="3", target=target, text=GONE, state="gone", created_at=clock.now())
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert NEWS not in in_the_table()
    sweep()
    assert post.taken == [("42", NEWS)]
    assert phones.taken == [(PHONE, NEWS)]
    assert list(Notice.objects.order_by("key").values_list("origin", "is_emptied")) == [
        (conversation.pk, False),
        (conversation.pk, False),
        (None, True),
    ]


@rules(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    channel=st.sampled_from(["telegram", "wechat", "web", "api", "voice", "kiosk", None]),
    chat=st.lists(st.sampled_from(["later", "never", "broken"]), max_size=3),
    phone=st.lists(st.sampled_from(["later", "never", "broken"]), max_size=3),
    number=st.sampled_from([PHONE, LANDLINE]),
)
def test_whatever_happens_a_resident_with_a_number_is_told_or_a_clerk_has_to_call(
    post: Post,
    phones: Phones,
    talk: Talk,
    time: Clock,
    channel: str | None,
    chat: list[str],
    phone: list[str],
    number: str,
) -> None:
    made = {"later": TryLater("away", 3), "never": Undeliverable("no"), "broken": OSError("x")}
    Notice.objects.all().delete()
    POST.__init__()  # type: ignore[misc]
    phones.__init__()  # type: ignore[misc]
    post.troubles, phones.troubles = [made[n] for n in chat], [made[n] for n in phone]
    outbox.resident_tell(talk(channel) if channel else None, number, NEWS, "ticket-7")
    for _ in range(20):
        sweep()
        time.moves(timedelta(minutes=5))
    assert len(post.taken) + len(phones.taken) + len(told()) == 1
