"""Notices on their way out: in order, at least once, later if need be, given up after a day."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from bot import clock
from bot.channels import outbox
from bot.channels.delivery import Outgoing, TryLater, Undeliverable
from bot.conversations.messages import Button
from bot.conversations.models import Conversation
from bot.handovers.models import Notice

pytestmark = pytest.mark.django_db(transaction=True)

Talk = Callable[..., Conversation]


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
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The conversations whose delivery was asked for."""
    asked: list[int] = []
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


def states() -> list[str]:
    return list(Notice.objects.values_list("state", flat=True))


def test_a_notice_goes_out_through_the_residents_channel(post: Post, talk: Talk) -> None:
    conversation = talk(name="42")
    outbox.notice_send(conversation, "您的证办好了", (Button("谢谢", "say:谢谢"),))
    assert outbox.deliver(conversation.pk) is None
    assert post.taken == [("42", "您的证办好了")]
    assert states() == ["sent"]
    assert outbox.deliver(conversation.pk) is None
    assert len(post.taken) == 1


def test_delivery_is_asked_for_when_the_cause_is_committed_and_not_before(
    post: Post, talk: Talk, woken: list[int]
) -> None:
    conversation = talk()
    with transaction.atomic():
        outbox.notice_send(conversation, "一")
        assert woken == []
    assert woken == [conversation.pk]


def test_what_is_taken_back_is_not_sent(post: Post, talk: Talk, woken: list[int]) -> None:
    conversation = talk()
    with transaction.atomic():
        outbox.notice_send(conversation, "一")
        transaction.set_rollback(True)
    assert woken == []
    outbox.deliver(conversation.pk)
    assert post.taken == []


def test_a_queue_that_cannot_be_written_does_not_undo_the_cause(
    post: Post, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(conversation_id: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(outbox, "notices_deliver", broken)
    conversation = talk()
    with transaction.atomic():
        outbox.notice_send(conversation, "一")
    assert outbox.due_conversations() == [conversation.pk]


def test_the_same_key_is_written_and_sent_once(post: Post, talk: Talk) -> None:
    conversation = talk()
    first = outbox.notice_send(conversation, "一", key="ticket-7")
    assert outbox.notice_send(conversation, "一", key="ticket-7") == first
    outbox.deliver(conversation.pk)
    assert post.keys == ["ticket-7"]


def test_a_late_notice_holds_back_the_ones_behind_it(post: Post, talk: Talk, time: Clock) -> None:
    conversation, other = talk(), talk()
    for text in "一二三":
        outbox.notice_send(conversation, text)
    outbox.notice_send(other, "别人的")
    post.troubles = [TryLater("flood", 30)]
    pause = outbox.deliver(conversation.pk)
    assert pause is not None
    assert timedelta(seconds=25) < pause <= timedelta(seconds=30)
    outbox.deliver(other.pk)
    assert [text for _, text in post.taken] == ["别人的"]
    time.moves(timedelta(seconds=31))
    outbox.deliver(conversation.pk)
    assert [text for _, text in post.taken] == ["别人的", "一", "二", "三"]


def test_every_attempt_carries_the_same_key(post: Post, talk: Talk, time: Clock) -> None:
    conversation = talk()
    outbox.notice_send(conversation, "一")
    post.troubles = [TryLater("away", 1), TryLater("away", 1)]
    for _ in range(3):
        outbox.deliver(conversation.pk)
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
    while (pause := outbox.deliver(conversation.pk)) is not None:
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
    outbox.deliver(conversation.pk)
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
    outbox.deliver(conversation.pk)
    assert Notice.objects.get().last_error == code


def test_the_log_names_no_resident(
    post: Post, talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    conversation = talk(name="openid-of-somebody")
    outbox.notice_send(conversation, "您的低保批了")
    post.troubles = [ValueError("openid-of-somebody"), Undeliverable("openid-of-somebody 7")]
    with caplog.at_level(logging.DEBUG):
        outbox.deliver(conversation.pk)
        Notice.objects.update(next_try_at=clock.now())
        outbox.deliver(conversation.pk)
    assert len(caplog.records) == 2
    assert "openid" not in caplog.text
    assert "低保" not in caplog.text


def test_a_channel_that_is_not_set_up_is_tried_again(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "SENDERS", {"telegram": "bot.channels.nowhere.sender"})
    conversation = talk()
    outbox.notice_send(conversation, "一")
    assert outbox.deliver(conversation.pk) is not None
    assert states() == ["waiting"]


@pytest.mark.parametrize("channel", ["web", "kiosk", "api"])
def test_a_page_fetches_what_waits_for_it(
    post: Post, talk: Talk, woken: list[int], channel: str
) -> None:
    conversation = talk(channel)
    notice = outbox.notice_send(conversation, "一")
    outbox.deliver(conversation.pk)
    assert (woken, post.taken, states()) == ([], [], ["waiting"])
    outbox.notices_fetched([notice])
    assert states() == ["sent"]


def test_a_callers_notice_waits_for_a_person(post: Post, talk: Talk) -> None:
    conversation = talk("voice")
    notice = outbox.notice_send(conversation, "一")
    outbox.deliver(conversation.pk)
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
    assert outbox._claim(conversation.pk) is not None
    assert outbox.deliver(conversation.pk) is None
    assert outbox.due_conversations() == []
    time.moves(outbox.CLAIM + timedelta(seconds=1))
    assert outbox.due_conversations() == [conversation.pk]
    outbox.deliver(conversation.pk)
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
            outbox.deliver(conversation.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, talks * 2))
    for conversation in talks:
        outbox.deliver(conversation.pk)
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
    while (pause := outbox.deliver(conversation.pk)) is not None:
        time.moves(pause + timedelta(seconds=0.01))
    sent = [text for _, text in post.taken]
    assert sent == sorted(set(sent))
    lost = Notice.objects.filter(state="gone").count()
    assert lost == min(count, troubles.count("never"))
    assert len(sent) == count - lost
