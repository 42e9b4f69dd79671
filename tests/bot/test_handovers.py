"""A person at any time: the queue, who is first, what the resident is told, whose number it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bot import clock, encryption
from bot.accounts.models import Staff
from bot.conversations.models import Conversation, TurnRecord
from bot.handovers import services
from bot.handovers.desk import ConversationDesk, Desk, Queue
from bot.handovers.errors import AlreadyTaken, NotOpen, NotYours
from bot.handovers.models import LONGEST_TEXT, ContactLook, Handover, Notice
from bot.handovers.selectors import open_handover, position, said_in, waiting

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "13900000000"
Talk = Callable[..., Conversation]
Clerk = Callable[[str], Staff]


@pytest.fixture
def clerk() -> Clerk:
    """Makes a clerk."""

    def make(display_name: str) -> Staff:
        return Staff.objects.create_user(f"clerk{Staff.objects.count()}", display_name=display_name)

    return make


@pytest.fixture
def talk() -> Talk:
    """Begins a conversation."""

    def begin(channel: str = "web", name: str = "") -> Conversation:
        name = name or f"talk{Conversation.objects.count()}"
        return Conversation.objects.create(
            owner="web", channel=channel, external_id=name, sender=f"sender-{name}"
        )

    return begin


def texts(conversation: Conversation) -> list[str]:
    return list(conversation.notices.values_list("text", flat=True))


def test_calling_twice_opens_one_handover(talk: Talk) -> None:
    conversation = talk()
    first = services.handover_open(conversation, "asked", "想找人")
    assert services.handover_open(conversation, "asked") == first
    assert Handover.objects.count() == 1


def test_a_graver_call_raises_reason_and_urgency_a_lighter_one_takes_nothing_back(
    talk: Talk,
) -> None:
    conversation = talk()
    services.handover_open(conversation, "asked", "问社保卡")
    raised = services.handover_open(conversation, "emergency", "闻到煤气味", urgent=True)
    assert (raised.reason, raised.urgent, raised.note) == ("emergency", True, "闻到煤气味")
    again = services.handover_open(conversation, "asked", "还是要人")
    assert (again.reason, again.urgent, again.note) == ("emergency", True, "闻到煤气味")


def test_a_reason_that_is_none_is_refused(talk: Talk) -> None:
    with pytest.raises(ValueError, match="expected a reason of"):
        services.handover_open(talk(), "boredom")


def test_the_note_holds_no_phone_number(talk: Talk) -> None:
    handover = services.handover_open(talk(), "asked", f"打我电话{PHONE}")
    assert PHONE not in handover.note


def test_the_database_allows_one_open_handover_for_a_conversation(talk: Talk) -> None:
    conversation, now = talk(), clock.now()
    services.handover_open(conversation, "asked")
    with pytest.raises(IntegrityError), transaction.atomic():
        Handover.objects.create(
            conversation=conversation, reason="asked", opened_at=now, changed_at=now
        )


def test_a_closed_handover_does_not_stand_in_the_way_of_the_next(talk: Talk, clerk: Clerk) -> None:
    conversation = talk()
    first = services.handover_open(conversation, "asked")
    services.handover_close(first, clerk("小李"))
    assert services.handover_open(conversation, "asked") != first


def test_urgent_ones_are_served_first_then_who_came_first(talk: Talk) -> None:
    one, two, three = (services.handover_open(talk(), "asked") for _ in range(3))
    urgent = services.handover_open(talk(), "emergency", urgent=True)
    services.handover_open(three.conversation, "emergency", urgent=True)
    three.refresh_from_db()
    assert list(waiting()) == [three, urgent, one, two]
    assert [position(h) for h in (three, urgent, one, two)] == [1, 2, 3, 4]


def test_the_desk_counts_as_the_queue_does(talk: Talk) -> None:
    talks = [talk() for _ in range(4)]
    for conversation in talks:
        services.handover_open(conversation, "asked")
    services.handover_open(talks[2], "emergency", urgent=True)
    services.handover_open(talks[3], "emergency", urgent=True)
    for conversation in talks:
        handover, queue = open_handover(conversation), Desk().state(conversation.sender)
        assert handover is not None
        assert queue is not None
        assert queue.position == position(handover)


def test_the_first_clerk_has_it_and_the_second_is_told_who(talk: Talk, clerk: Clerk) -> None:
    handover = services.handover_open(talk(), "asked")
    services.handover_take(handover, clerk("小李"))
    with pytest.raises(AlreadyTaken, match="小李"):
        services.handover_take(handover, clerk("小王"))


def test_from_a_clerk_who_went_away_another_takes_over(talk: Talk, clerk: Clerk) -> None:
    conversation, li, wang = talk(), clerk("小李"), clerk("小王")
    handover = services.handover_open(conversation, "asked")
    services.handover_take(handover, li)
    Staff.objects.filter(pk=li.pk).update(seen_at=clock.now() - timedelta(minutes=14))
    with pytest.raises(AlreadyTaken):
        services.handover_take(handover, wang)
    Staff.objects.filter(pk=li.pk).update(seen_at=clock.now() - timedelta(minutes=16))
    assert services.handover_take(handover, wang).taken_by == wang
    assert "小王" in texts(conversation)[-1]
    with pytest.raises(NotYours):
        services.handover_say(handover, li, "我回来了")


def test_of_two_clerks_at_the_same_moment_one_has_it(talk: Talk, clerk: Clerk) -> None:
    handover = services.handover_open(talk(), "asked")

    def take(staff: Staff) -> str:
        try:
            services.handover_take(handover, staff)
        except AlreadyTaken:
            return "late"
        finally:
            connection.close()
        return "first"

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(take, [clerk("小李"), clerk("小王")]))
    assert sorted(results) == ["first", "late"]


def test_taking_twice_tells_the_resident_once_who_has_come(talk: Talk, clerk: Clerk) -> None:
    conversation, li = talk(), clerk("小李")
    handover = services.handover_open(conversation, "asked")
    services.handover_take(handover, li)
    services.handover_take(handover, li)
    assert len(texts(conversation)) == 1
    assert "小李" in texts(conversation)[0]


def test_a_clerk_writes_only_to_whom_she_has_taken(talk: Talk, clerk: Clerk) -> None:
    conversation, li, wang = talk(), clerk("小李"), clerk("小王")
    handover = services.handover_open(conversation, "asked")
    with pytest.raises(NotYours):
        services.handover_say(handover, li, "您好")
    services.handover_take(handover, li)
    with pytest.raises(NotYours):
        services.handover_say(handover, wang, "您好")
    notice = services.handover_say(handover, li, "  您好，请说。 ")
    assert (notice.text, notice.author) == ("您好，请说。", li)


@pytest.mark.parametrize("text", ["", "   ", "字" * (LONGEST_TEXT + 1)])
def test_nothing_and_too_much_are_not_sent(talk: Talk, clerk: Clerk, text: str) -> None:
    handover, li = services.handover_open(talk(), "asked"), clerk("小李")
    services.handover_take(handover, li)
    with pytest.raises(ValueError, match="个字"):
        services.handover_say(handover, li, text)


def test_the_same_key_writes_once(talk: Talk, clerk: Clerk) -> None:
    handover, li = services.handover_open(talk(), "asked"), clerk("小李")
    services.handover_take(handover, li)
    first = services.handover_say(handover, li, "您好", key="k1")
    assert services.handover_say(handover, li, "您好", key="k1") == first


def test_closing_gives_back_to_the_assistant_and_says_so_once(talk: Talk, clerk: Clerk) -> None:
    conversation, li = talk(), clerk("小李")
    handover = services.handover_open(conversation, "asked")
    services.handover_take(handover, li)
    services.handover_close(handover, li)
    services.handover_close(handover, li)
    assert Desk().state(conversation.sender) is None
    assert len(texts(conversation)) == 2
    with pytest.raises(NotOpen):
        services.handover_say(handover, li, "还有一句")
    with pytest.raises(NotOpen):
        services.handover_take(handover, clerk("小王"))


def test_another_clerk_cannot_close_it(talk: Talk, clerk: Clerk) -> None:
    handover = services.handover_open(talk(), "asked")
    services.handover_take(handover, clerk("小李"))
    with pytest.raises(NotYours, match="小李"):
        services.handover_close(handover, clerk("小王"))


def test_a_caller_gets_no_message_that_only_says_who_is_there(talk: Talk, clerk: Clerk) -> None:
    conversation, li = talk("voice"), clerk("小李")
    handover = services.handover_open(conversation, "asked")
    services.handover_take(handover, li)
    services.handover_close(handover, li)
    assert texts(conversation) == []


def test_a_failed_transaction_sends_nothing(talk: Talk, clerk: Clerk) -> None:
    handover, li = services.handover_open(talk(), "asked"), clerk("小李")
    with transaction.atomic():
        services.handover_take(handover, li)
        transaction.set_rollback(True)
    assert Notice.objects.count() == 0
    handover.refresh_from_db()
    assert handover.state == "waiting"


def test_a_number_is_kept_encrypted_and_shown_to_its_clerk_only_each_look_noted(
    talk: Talk, clerk: Clerk
) -> None:
    conversation, li, wang = talk("voice"), clerk("小李"), clerk("小王")
    Desk().contact(conversation.sender, "+86 139-0000-0000")
    handover = open_handover(conversation)
    assert handover is not None
    assert handover.reason == "contact"
    assert PHONE not in handover.contact
    with pytest.raises(NotYours):
        services.contact_look(handover, li)
    services.handover_take(handover, li)
    with pytest.raises(NotYours):
        services.contact_look(handover, wang)
    assert services.contact_look(handover, li) == PHONE
    assert services.contact_look(handover, li) == PHONE
    assert list(ContactLook.objects.values_list("staff", flat=True)) == [li.pk, li.pk]
    services.handover_close(handover, li)
    with pytest.raises(NotOpen):
        services.contact_look(handover, li)


@pytest.mark.parametrize("phone", ["", "12345", "一三九", "1" * 13])
def test_what_is_no_phone_number_is_refused_without_being_repeated(talk: Talk, phone: str) -> None:
    with pytest.raises(ValueError, match="expected a phone number") as refused:
        Desk().contact(talk().sender, phone)
    assert not phone or phone not in str(refused.value)


def test_the_desk_tells_how_it_stands(talk: Talk, clerk: Clerk) -> None:
    before, conversation, li = talk(), talk(), clerk("小李")
    assert Desk().state(conversation.sender) is None
    assert Desk().state("nobody") is None
    services.handover_open(before, "asked")
    assert Desk().call(conversation.sender, "asked") == Queue("waiting", 2, staff_online=False)
    Staff.objects.filter(pk=li.pk).update(seen_at=clock.now() - timedelta(minutes=4))
    assert Desk().state(conversation.sender) == Queue("waiting", 2, staff_online=True)
    Staff.objects.filter(pk=li.pk).update(seen_at=clock.now() - timedelta(minutes=6))
    services.handover_take(Handover.objects.get(conversation=conversation), li)
    assert Desk().state(conversation.sender) == Queue("taken", 0, staff_online=False)


def test_a_clerk_whose_account_is_closed_is_not_online(talk: Talk, clerk: Clerk) -> None:
    li = clerk("小李")
    Staff.objects.filter(pk=li.pk).update(seen_at=clock.now(), is_active=False)
    assert not Desk().call(talk().sender, "asked").staff_online


@pytest.mark.parametrize("is_open", [True, False])
def test_looking_at_the_queue_on_every_message_costs_one_query(
    talk: Talk, django_assert_num_queries: Any, is_open: bool
) -> None:
    conversation = talk()
    if is_open:
        services.handover_open(conversation, "asked")
    with django_assert_num_queries(1):
        Desk().state(conversation.sender)


def test_the_query_of_every_message_reads_no_whole_table(talk: Talk) -> None:
    services.handover_open(talk(name="x"), "asked")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        Desk().state("sender-x")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        plan = [row[3] for row in cursor.fetchall()]
    assert not [step for step in plan if step.startswith("SCAN") and "CONSTANT" not in step], plan


def test_what_the_resident_says_is_unread_until_her_clerk_looks(talk: Talk, clerk: Clerk) -> None:
    conversation, li, wang = talk(), clerk("小李"), clerk("小王")
    Desk().resident_said(conversation.sender)
    handover = services.handover_open(conversation, "asked")
    services.handover_take(handover, li)
    Desk().resident_said(conversation.sender)
    Desk().resident_said(conversation.sender)
    services.handover_read(handover, wang)
    handover.refresh_from_db()
    assert handover.unread == 2
    services.handover_read(handover, li)
    handover.refresh_from_db()
    assert handover.unread == 0


def test_an_action_is_handed_the_desk_of_its_conversation(talk: Talk) -> None:
    conversation = talk()
    desk = ConversationDesk(conversation.sender)
    assert desk.call("trouble", "说不清楚").state == "waiting"
    desk.contact(PHONE)
    handover = open_handover(conversation)
    assert handover is not None
    assert encryption.decrypt(handover.contact) == PHONE


def test_turns_and_notices_stand_in_the_order_of_time(talk: Talk, clerk: Clerk) -> None:
    conversation, li = talk(), clerk("小李")
    reply = {"kind": "handover", "text": "好的"}
    for number, text in enumerate(("找人工", "在吗")):
        TurnRecord.objects.create(
            conversation=conversation,
            turn_id=f"t{number}",
            message_id=f"m{number}",
            text=text,
            reply=reply,
            asked_at=clock.now(),
        )
        handover = services.handover_open(conversation, "asked")
        services.handover_take(handover, li)
        services.handover_say(handover, li, f"回{number}")
    said = [row.text for row in said_in(conversation)]
    assert said[0] == "找人工"
    assert said[2:] == ["回0", "在吗", "回1"]
    assert [row.text for row in said_in(conversation, limit=2)] == ["在吗", "回1"]
