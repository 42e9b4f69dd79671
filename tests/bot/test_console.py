"""The staff's pages: who waits, the whole talk, a reply, and nobody's number for others."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as given
from django.test import Client

from bot import clock
from bot.accounts.models import Staff, StaffRole
from bot.channels.outbox import notice_send, resident_tell
from bot.console.rows import CHANNELS, REASONS
from bot.conversations.messages import CHANNELS as ALL_CHANNELS
from bot.conversations.messages import Reply
from bot.conversations.models import Conversation, TurnRecord
from bot.conversations.retention import GONE
from bot.handovers import services
from bot.handovers.desk import Desk
from bot.handovers.models import ContactLook, Handover, Notice

pytestmark = pytest.mark.django_db

PHONE = "13900000000"


class Clerk:
    """A clerk at her computer."""

    def __init__(self, display_name: str, role: str = StaffRole.Role.INTAKE) -> None:
        self.staff = Staff.objects.create_user(f"c{uuid4().hex[:6]}", display_name=display_name)
        StaffRole.objects.create(staff=self.staff, role=role)
        self.client = Client()
        self.client.force_login(self.staff, given.AUTHENTICATION_BACKENDS[1])

    def sees(self, address: str = "/staff/", **query: str) -> str:
        """The page behind an address."""
        response = self.client.get(address, query)
        assert response.status_code == 200, response.status_code
        return str(response.content.decode())

    def does(self, what: str, talk: Conversation, **fields: str) -> Any:
        """Press a button of a conversation's page; returns what comes after the redirect."""
        return self.client.post(f"/staff/conversations/{talk.pk}/{what}", fields, follow=True)

    def says(self, talk: Conversation, text: str, key: str = "") -> Any:
        """Write to the resident."""
        return self.does("reply", talk, text=text, key=key or str(uuid4()))


@pytest.fixture
def li() -> Clerk:
    """小李."""
    return Clerk("小李")


@pytest.fixture
def wang() -> Clerk:
    """小王."""
    return Clerk("小王")


Talk = Callable[..., Conversation]


@pytest.fixture
def talk() -> Talk:
    """Begins a conversation in which something was said."""

    def begin(text: str = "社保卡丢了", channel: str = "web", kind: Any = "answer") -> Conversation:
        name = uuid4().hex
        made = Conversation.objects.create(
            owner="web", channel=channel, external_id=name, sender=name
        )
        reply = Reply(kind=kind, text=f"您说的是“{text}”").as_json()
        TurnRecord.objects.create(
            conversation=made,
            turn_id=uuid4().hex,
            message_id="m1",
            text=text,
            reply=reply,
            asked_at=clock.now(),
        )
        return made

    return begin


def page_of(talk: Conversation) -> str:
    return f"/staff/conversations/{talk.pk}/"


def section(page: str, name: str) -> str:
    """One list of the inbox."""
    found = re.search(rf'<section aria-labelledby="{name}-title">(.*?)</section>', page, re.DOTALL)
    return found[1] if found else ""


def test_every_channel_and_reason_has_a_name_that_a_clerk_reads() -> None:
    assert set(CHANNELS) == set(ALL_CHANNELS)
    assert set(REASONS) == set(Handover.Reason.values)


def test_urgent_ones_stand_on_top_and_are_marked(li: Clerk, talk: Talk) -> None:
    Desk().call(talk("早来的").sender, "asked")
    Desk().call(talk("煤气漏了").sender, "emergency", urgent=True)
    waiting = section(li.sees(), "waiting")
    assert waiting.index("煤气漏了") < waiting.index("早来的")
    assert waiting.count("加急") == 1
    assert waiting.count("is-urgent") == 1


def test_the_inbox_tells_how_long_where_why_and_the_last_words(li: Clerk, talk: Talk) -> None:
    conversation = talk("尊老金没到账", "telegram")
    Desk().call(conversation.sender, "anger")
    Handover.objects.update(opened_at=clock.now() - timedelta(minutes=12, seconds=5))
    waiting = section(li.sees(), "waiting")
    for words in ("尊老金没到账", "Telegram", REASONS["anger"], "等了12分钟"):
        assert words in waiting


def test_words_of_a_resident_are_text_and_never_markup(li: Clerk, talk: Talk) -> None:
    conversation = talk("<script>alert(1)</script>")
    Desk().call(conversation.sender, "asked", "<b>急</b>")
    for page in (li.sees(), li.sees(page_of(conversation))):
        assert "<script>alert" not in page
        assert "<b>急</b>" not in page


def test_what_i_took_is_mine_what_others_took_is_theirs(li: Clerk, wang: Clerk, talk: Talk) -> None:
    conversation = talk("问居住证")
    Desk().call(conversation.sender, "asked")
    li.does("take", conversation)
    assert "问居住证" in section(li.sees(), "mine")
    assert "问居住证" in section(wang.sees(), "others")
    assert "问居住证" not in section(wang.sees(), "waiting")
    li.does("close", conversation)
    assert "问居住证" in section(wang.sees(), "closed")


def test_the_whole_talk_is_shown_with_who_said_what(li: Clerk, talk: Talk) -> None:
    conversation = talk("社保卡丢了")
    Desk().call(conversation.sender, "asked")
    li.does("take", conversation)
    page = li.says(conversation, "带身份证来就行").content.decode()
    lines = re.findall(
        r'<article class="line line-(\w+)[^"]*">.*?<p class="bubble">(.*?)</p>', page, re.DOTALL
    )
    assert [who for who, _ in lines] == ["resident", "assistant", "clerk", "clerk"]
    assert lines[0][1] == "社保卡丢了"
    assert lines[-1][1] == "带身份证来就行"


def test_a_clerk_who_comes_second_is_told_who_was_first(li: Clerk, wang: Clerk, talk: Talk) -> None:
    conversation = talk()
    Desk().call(conversation.sender, "asked")
    li.does("take", conversation)
    late = wang.does("take", conversation)
    assert late.status_code == 409
    assert "小李已经先接手了" in late.content.decode()
    assert 'id="composer"' not in late.content.decode()


def test_what_a_clerk_left_lying_is_offered_to_the_next(li: Clerk, wang: Clerk, talk: Talk) -> None:
    conversation = talk()
    Desk().call(conversation.sender, "asked")
    li.does("take", conversation)
    assert "/take" not in wang.sees(page_of(conversation))
    Staff.objects.filter(pk=li.staff.pk).update(seen_at=clock.now() - timedelta(hours=1))
    assert "/take" in wang.sees(page_of(conversation))
    wang.does("take", conversation)
    assert 'id="composer"' in wang.sees(page_of(conversation))


def test_one_click_too_many_sends_one_message(li: Clerk, talk: Talk) -> None:
    conversation, key = talk(), str(uuid4())
    Desk().call(conversation.sender, "asked")
    li.does("take", conversation)
    li.says(conversation, "您好", key)
    li.says(conversation, "您好", key)
    assert [row.text for row in Notice.objects.all()].count("您好") == 1


@pytest.mark.parametrize("text", ["", "   ", "字" * 4001])
def test_what_cannot_be_sent_stays_in_the_box(li: Clerk, talk: Talk, text: str) -> None:
    conversation = talk()
    Desk().call(conversation.sender, "asked")
    li.does("take", conversation)
    before = Notice.objects.count()
    response = li.says(conversation, text)
    assert response.status_code == 422
    assert f'placeholder="写给居民的话">{text}</textarea>' in response.content.decode()
    assert Notice.objects.count() == before


def test_a_reply_to_what_was_closed_meanwhile_is_not_lost_from_the_clerks_page(
    li: Clerk, talk: Talk
) -> None:
    conversation = talk()
    Desk().call(conversation.sender, "asked")
    li.does("take", conversation)
    li.does("close", conversation)
    response = li.says(conversation, "还有一句")
    assert response.status_code == 422
    assert "已经交还给小顶" in response.content.decode()


def test_the_number_is_shown_to_her_clerk_only_on_asking_and_each_look_is_noted(
    li: Clerk, wang: Clerk, talk: Talk
) -> None:
    conversation = talk()
    Desk().contact(conversation.sender, PHONE)
    for clerk in (li, wang):
        assert PHONE not in clerk.sees()
        assert PHONE not in clerk.sees(page_of(conversation))
    assert PHONE not in li.does("contact", conversation).content.decode()
    li.does("take", conversation)
    assert PHONE not in li.sees(page_of(conversation))
    shown = li.does("contact", conversation)
    assert PHONE in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    assert PHONE not in wang.does("contact", conversation).content.decode()
    assert list(ContactLook.objects.values_list("staff", flat=True)) == [li.staff.pk]
    assert PHONE not in li.sees(page_of(conversation))


def test_a_talk_in_which_nobody_called_a_person_is_not_for_staff(li: Clerk, talk: Talk) -> None:
    for address in (page_of(talk()), f"{page_of(talk())}words/", "/staff/conversations/999/"):
        assert li.client.get(address).status_code == 404
    assert li.does("take", talk()).status_code == 404


def test_undelivered_and_call_back_messages_are_listed_until_told(li: Clerk, talk: Talk) -> None:
    lost, spoken = talk(channel="telegram"), talk(channel="voice")
    notice_send(lost, "您的证好了")
    Notice.objects.update(state="gone", last_error="Forbidden")
    called = notice_send(spoken, "小王周四来")
    notice_send(talk(), "网页自己会取")
    untold = section(li.sees(), "untold")
    for words in ("您的证好了", "Forbidden", "小王周四来", "没有送到", "要打电话告诉"):
        assert words in untold
    assert "网页自己会取" not in untold
    assert "您的证好了" in li.sees(page_of(lost))
    li.client.post(f"/staff/notices/{called.pk}/told")
    assert "小王周四来" not in li.sees()
    Notice.objects.filter(conversation=lost).update(text=GONE, is_emptied=True)
    assert "没有送到" not in li.sees()
    called.refresh_from_db()
    assert called.state == "sent"


def test_news_of_a_complaint_about_staff_is_for_supervisors(li: Clerk, talk: Talk) -> None:
    lost, spoken = talk(channel="telegram"), talk(channel="voice")
    words = "您反映小李态度不好的事，跟她谈过了"
    resident_tell(lost, "", words, "report-1", is_about_staff=True)
    Notice.objects.update(state="gone")
    resident_tell(spoken, PHONE, words, "report-2", is_about_staff=True)
    call = Notice.objects.get(medium="call")
    handover_of(lost)
    boss = Clerk("老王", StaffRole.Role.SUPERVISOR)
    assert words in section(boss.sees(), "untold")
    assert words in boss.sees(page_of(lost))
    assert words not in li.sees()
    page = li.sees(page_of(lost))
    assert words not in page
    assert "主管看得到" in page
    assert li.client.post(f"/staff/notices/{call.pk}/told").status_code == 404
    assert boss.client.post(f"/staff/notices/{call.pk}/told").status_code == 302


def handover_of(conversation: Conversation) -> None:
    """Call a person, so that staff may read the conversation."""
    Desk().call(conversation.sender, "asked")


def test_a_fragment_is_sent_only_when_it_looks_different(li: Clerk, talk: Talk) -> None:
    conversation = talk()
    Desk().call(conversation.sender, "asked")
    li.does("take", conversation)
    for address in ("/staff/queue/", f"{page_of(conversation)}words/"):
        version = re.search(r'data-version="(\w+)"', li.sees(address))
        assert version
        assert li.client.get(address, {"version": version[1]}).status_code == 204
        Desk().resident_said(conversation.sender)
        li.says(conversation, "新的一句")
        Desk().resident_said(conversation.sender)
        assert li.client.get(address, {"version": version[1]}).status_code == 200


def test_looking_at_the_talk_makes_it_read(li: Clerk, wang: Clerk, talk: Talk) -> None:
    conversation = talk()
    Desk().call(conversation.sender, "asked")
    li.does("take", conversation)
    Desk().resident_said(conversation.sender)
    wang.sees(page_of(conversation))
    assert "1句没看" in section(li.sees(), "mine")
    li.sees(page_of(conversation))
    assert "没看" not in section(li.sees(), "mine")


def test_the_inbox_asks_the_database_as_often_for_many_as_for_one(
    li: Clerk, talk: Talk, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        conversation = talk()
        Desk().call(conversation.sender, "asked")
    for conversation in Conversation.objects.all()[:4]:
        li.does("take", conversation)
    with django_assert_max_num_queries(8):
        li.sees()


def test_an_emergency_stands_out_in_the_talk(li: Clerk, talk: Talk) -> None:
    conversation = talk("煤气漏了", kind="emergency")
    Desk().call(conversation.sender, "emergency", urgent=True)
    assert "is-alarm" in li.sees(page_of(conversation))


def test_pages_load_nothing_from_elsewhere_and_hold_no_script_of_their_own(
    li: Clerk, talk: Talk
) -> None:
    conversation = talk()
    services.handover_open(conversation, "asked")
    for page in (
        li.sees(),
        li.sees(page_of(conversation)),
        Client().get("/staff/login").content.decode(),
    ):
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
        assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
        assert " style=" not in page
        assert not re.findall(r"\son\w+=", page)


def test_the_inbox_lists_whom_to_call_without_any_conversation(li: Clerk) -> None:
    resident_tell(None, PHONE, "您的代办单办好了。", "ticket-7")
    seen = section(li.sees(), "untold")
    assert "您的代办单办好了。" in seen
    assert "要打电话告诉" in seen
    assert "打电话</span>" in seen
    assert PHONE not in li.sees()
