"""A call answered: readings in, sentences out; numbers, parts, people, and what is left behind."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bot import clock
from bot.actions.intake import phrases as intake
from bot.channels.phone import call_backs, sentences
from bot.channels.phone.answerer import PhoneAnswerer
from bot.channels.phone.models import CallRecord
from bot.conversations import phrases, service
from bot.conversations.drafts import DraftOf, draft_update
from bot.conversations.messages import Button, Reply
from bot.conversations.models import Conversation, TurnRecord
from bot.encryption import decrypt
from bot.handovers.models import Handover
from knowledge.search.live import LiveMatcher
from tests.bot.conftest import MONDAY_MORNING, NIGHT
from tests.bot.phoning import MOBILE, Caller, Script, asks_phone, asks_yes
from tests.bot.test_console import Clerk
from tests.fakes import FakeDialogue
from voice.answerer import CallInfo, Hypothesis
from voice.commands import CALL_BACK, NO, PERSON, YES

pytestmark = pytest.mark.django_db

PHONE = Reply(kind="ask_slot", text="联系电话是多少？", slot="phone")


@pytest.fixture
def script(office: LiveMatcher, monkeypatch: pytest.MonkeyPatch) -> Script:
    """An engine that says what the test wants."""
    made = Script()
    monkeypatch.setattr(service, "dialogue", lambda: made)
    monkeypatch.setattr(clock, "now", lambda: MONDAY_MORNING)
    return made


@pytest.fixture
def caller(script: Script) -> Caller:
    """刘奶奶, whose number is known."""
    return Caller(PhoneAnswerer(), number=MOBILE).calls()


@pytest.fixture
def stranger(script: Script) -> Caller:
    """Somebody whose number is withheld."""
    return Caller(PhoneAnswerer()).calls()


def talk() -> Conversation:
    return Conversation.objects.get(channel="voice")


def open_form(form: str = "ticket", **values: str) -> None:
    """The form is half filled in."""
    draft_update(talk(), {"form": form, "asked": "phone", **values})


# Questions and answers.


def test_a_question_is_answered(dialogue: FakeDialogue) -> None:
    reply = Caller(PhoneAnswerer()).calls().says("社保卡丢了怎么办")
    assert reply.is_sure
    assert reply.then == "listen"
    assert len(reply.sentences) > 1
    record = TurnRecord.objects.get()
    assert record.text == "社保卡丢了怎么办"
    assert (record.conversation.channel, record.conversation.external_id) == ("voice", "call-1")


def test_what_is_not_understood_counts_on_the_ladder(script: Script, caller: Caller) -> None:
    script.replies = [Reply(kind="fallback", text=phrases.NOT_UNDERSTOOD)]
    assert not caller.says("呜哩哇啦").is_sure


def test_silence_is_asked_about_and_changes_nothing(script: Script, caller: Caller) -> None:
    script.replies = [asks_yes()]
    caller.says("我要代办")
    reply = caller.is_heard(())
    assert reply.sentences == (sentences.NOT_HEARD,)
    assert (reply.expects, reply.is_sure) == ("yes_no", False)


def test_goodbye_ends_the_call(script: Script, caller: Caller) -> None:
    script.replies = [Reply(kind="smalltalk", text="好的，您慢走。", intent="goodbye")]
    assert caller.says("没事了再见").then == "hang_up"


def test_danger_goes_before_everything_and_is_not_interrupted(
    script: Script, caller: Caller
) -> None:
    script.replies = [PHONE]
    caller.says("我要代办")
    reply = caller.says("一三八", "家里着火了快来人")
    assert "119" in reply.sentences[0]
    assert reply.is_urgent
    assert script.asked == ["我要代办"]


def test_keys_are_buttons(script: Script, caller: Caller) -> None:
    modes = tuple(Button(mode, f"say:{mode}") for mode in ("代办", "帮办"))
    script.replies = [Reply(kind="ask_slot", text="您要哪一种？", slot="mode", buttons=modes)]
    reply = caller.says("帮我跑一趟")
    assert (reply.expects, reply.choices) == ("choice", 2)
    caller.presses("2")
    caller.says("第一个")
    assert script.asked[1:] == ["帮办", "代办"]


def test_zero_is_a_person(script: Script, caller: Caller) -> None:
    script.replies = [Reply(kind="smalltalk", text="好。")]
    caller.presses("0")
    assert script.asked == ["人工"]


def test_a_long_answer_comes_in_parts(script: Script, caller: Caller) -> None:
    rows = "\n".join(f"{n}. 材料{n}" for n in range(1, 9))
    script.replies = [Reply(kind="answer", text=f"要带这些：\n{rows}", item="A001")]
    first = caller.says("要带什么")
    assert first.sentences[-1] == "还有5样，要接着听吗？"
    assert first.expects == "yes_no"
    assert caller.says("要").sentences[-1] == "还有2样，要接着听吗？"
    last = caller.is_heard([YES])
    assert "材料8" in last.sentences[-1]
    assert last.expects == "free"
    assert len(script.asked) == 1


def test_who_has_heard_enough_is_not_read_on(script: Script, caller: Caller) -> None:
    rows = "\n".join(f"{n}. 材料{n}" for n in range(1, 9))
    script.replies = [Reply(kind="answer", text=f"要带这些：\n{rows}", item="A001")]
    caller.says("要带什么")
    assert caller.says("不用了").sentences == (sentences.NO_MORE,)
    caller.says("要带什么")
    caller.says("几天能办好")
    assert script.asked == ["要带什么", "要带什么", "几天能办好"]


# Phone numbers.


def test_the_callers_number_is_offered_and_goes_the_way_of_personal_data(
    script: Script, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script.replies = [asks_phone(), asks_yes()]
    reply = caller.says("帮我代办尊老金")
    assert reply.sentences == ("好，记下了。", "就用您现在打来的这个号码吗，尾号5678？")
    assert reply.expects == "yes_no"
    assert caller.says("是的").expects == "yes_no"
    assert script.asked[-1] == "<phone>"
    assert DraftOf(talk().sender)["said_phone"] == MOBILE
    kept = f"{list(TurnRecord.objects.values('text', 'payload', 'reply'))}"
    assert MOBILE not in kept + caplog.text


def test_who_refuses_her_own_number_once_is_not_offered_it_again(
    script: Script, caller: Caller
) -> None:
    script.replies = [PHONE, Reply(kind="answer", text="不收费。", item="A001"), PHONE]
    caller.says("帮我代办尊老金")
    assert caller.is_heard([NO]).expects == "digits"
    caller.says("要不要钱")
    assert caller.says("接着办").sentences[0] == "联系电话是多少？"


def test_a_dictated_number_reaches_the_form_after_its_yes(script: Script, stranger: Caller) -> None:
    script.replies = [PHONE, asks_yes()]
    assert stranger.says("帮我代办尊老金").expects == "digits"
    assert stranger.says("幺三八幺二三四五六七八").sentences == ("我听到的是138 1234 5678，对吗？",)
    assert script.asked == ["帮我代办尊老金"]
    stranger.says("对")
    assert script.asked[-1] == "<phone>"
    assert DraftOf(talk().sender)["said_phone"] == MOBILE


def test_a_pressed_number_reaches_the_form_at_once(script: Script, stranger: Caller) -> None:
    script.replies = [PHONE, asks_yes()]
    stranger.says("帮我代办尊老金")
    stranger.presses(MOBILE)
    assert script.asked[-1] == "<phone>"


def test_a_question_in_place_of_the_number_is_answered(script: Script, stranger: Caller) -> None:
    script.replies = [PHONE, Reply(kind="ask_slot", text="来之前要先打电话。电话？", slot="phone")]
    stranger.says("帮我代办尊老金")
    assert stranger.says("为什么要电话").expects == "digits"
    assert script.asked[-1] == "为什么要电话"


def test_a_ticket_number_is_handed_on_as_digits(script: Script, stranger: Caller) -> None:
    script.replies = [Reply(kind="ask_slot", text=intake.ASK_LOOKUP_NUMBER, slot="number")]
    assert stranger.says("我的单子办到哪了").expects == "digits"
    stranger.says("二六一幺二三零零四七")
    stranger.says("二六幺幺二三零零四七")
    assert script.asked[-1] == "2611230047"


# A person.


def called_person(script: Script) -> None:
    """The engine calls a person."""
    script.replies = [Reply(kind="handover", text=phrases.QUEUE_NEXT, intent="human")]


def test_who_wants_a_person_is_passed_on_while_the_hall_is_open(script: Script) -> None:
    called_person(script)
    caller = Caller(PhoneAnswerer(transfers=True), number=MOBILE).calls()
    # The scripted engine calls nobody by itself.
    service.conversation_of(service.Turn("voice", "voice", "call-1", ""))
    Handover.objects.create(
        conversation=talk(), reason="asked", opened_at=clock.now(), changed_at=clock.now()
    )
    reply = caller.is_heard([PERSON])
    assert (reply.sentences, reply.then) == ((), "hand_over")
    caller.hangs_up("handed_over")
    assert decrypt(Handover.objects.get().contact) == MOBILE


@pytest.mark.parametrize("transport", ["sip", "browser"])
def test_nobody_is_passed_on_where_nobody_answers(
    dialogue: FakeDialogue, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    # At night, or from a page, which no telephone can take over.
    now = NIGHT if transport == "sip" else MONDAY_MORNING
    monkeypatch.setattr(clock, "now", lambda: now)
    answerer = PhoneAnswerer(transfers=True)
    reply = Caller(answerer, transport=transport).calls().is_heard([PERSON])
    assert reply.then == "listen"
    assert reply.expects == "digits"


def test_without_a_desk_a_person_calls_back(dialogue: FakeDialogue) -> None:
    caller = Caller(PhoneAnswerer(), number=MOBILE).calls()
    reply = caller.is_heard([PERSON])
    assert reply.sentences[0] == sentences.CALL_BACK
    assert reply.expects == "yes_no"
    assert caller.is_heard([YES]).sentences == ("记下了，工作人员会打尾号5678找您。",)
    handover = Handover.objects.get()
    assert decrypt(handover.contact) == MOBILE
    assert caller.is_heard([PERSON]).sentences == (sentences.CALL_BACK_KNOWN,)


def test_a_call_back_may_be_declined(dialogue: FakeDialogue) -> None:
    caller = Caller(PhoneAnswerer()).calls()
    caller.is_heard([PERSON])
    assert caller.says("不用了").sentences == (sentences.NO_CALL_BACK,)
    assert Handover.objects.get().contact == ""


def test_a_line_by_keys_takes_a_call_back(dialogue: FakeDialogue) -> None:
    caller = Caller(PhoneAnswerer()).calls()
    assert caller.is_heard([CALL_BACK]).expects == "digits"
    caller.presses(MOBILE)
    handover = Handover.objects.get()
    assert (handover.reason, decrypt(handover.contact)) == ("contact", MOBILE)
    assert dialogue.asked == []


# What is left behind.


def test_who_hangs_up_in_the_middle_of_a_form_is_called_back(
    script: Script, caller: Caller
) -> None:
    script.replies = [PHONE]
    caller.says("帮我代办尊老金")
    open_form(ticket_item="A001")
    caller.hangs_up()
    handover = Handover.objects.get()
    assert decrypt(handover.contact) == MOBILE
    assert handover.note.startswith(sentences.ABANDONED_TICKET)
    assert handover.conversation == talk()


def test_the_number_of_the_form_goes_before_the_one_called_from(
    script: Script, caller: Caller
) -> None:
    script.replies = [PHONE]
    caller.says("帮我代办尊老金")
    open_form(form="ticket_read_back", ticket_phone="13900001111")
    caller.hangs_up()
    assert decrypt(Handover.objects.get().contact) == "13900001111"


def test_who_reports_without_a_name_is_not_called_back(script: Script, caller: Caller) -> None:
    script.replies = [PHONE]
    caller.says("楼道堆了东西")
    open_form(form="report", report_contact="匿名")
    caller.hangs_up()
    assert not Handover.objects.exists()


@pytest.mark.parametrize("how", ["completed", "hung_up"])
def test_who_has_left_nothing_open_is_not_called_back(
    script: Script, caller: Caller, how: Any
) -> None:
    script.replies = [Reply(kind="answer", text="不收费。", item="A001")]
    caller.says("要钱吗")
    if how == "completed":
        open_form()
    caller.hangs_up(how)
    assert not Handover.objects.exists()


def test_without_any_number_there_is_nobody_to_call_back(script: Script, stranger: Caller) -> None:
    script.replies = [PHONE]
    stranger.says("帮我代办尊老金")
    open_form()
    stranger.hangs_up()
    assert not Handover.objects.exists()


def test_a_call_leaves_one_record_with_its_timings(script: Script) -> None:
    script.replies = [Reply(kind="answer", text="不收费。", item="A001")]
    answerer = PhoneAnswerer(timings=lambda call_id: {"answered": [0.4]})
    caller = Caller(answerer, number=MOBILE).calls()
    caller.says("要钱吗")
    caller.hangs_up("completed")
    caller.hangs_up("completed")
    record = CallRecord.objects.get()
    assert (record.call_id, record.transport, record.how) == ("call-1", "sip", "completed")
    assert (record.turns, record.timings) == (1, {"answered": [0.4]})
    assert record.conversation == talk()
    assert record.caller == MOBILE


def test_the_callers_number_is_encrypted_in_the_record(script: Script, caller: Caller) -> None:
    from django.db import connection

    caller.hangs_up()
    with connection.cursor() as cursor:
        cursor.execute("SELECT caller FROM phone_callrecord")
        assert MOBILE not in cursor.fetchone()[0]


def test_a_clerk_sees_a_masked_transcript_of_who_was_lost(script: Script, stranger: Caller) -> None:
    script.replies = [PHONE]
    stranger.says("我要代办，电话一三八一二三四五六七八")
    open_form(ticket_phone=MOBILE)
    stranger.hangs_up()
    clerk = Clerk("小李")
    assert "我要代办" in clerk.sees()
    page = clerk.sees(f"/staff/conversations/{talk().pk}/")
    assert sentences.ABANDONED_TICKET in page
    assert MOBILE not in page
    assert "一三八一二三四五六七八" not in page


def test_a_clerk_sees_whom_the_line_could_not_take(office: LiveMatcher) -> None:
    call_backs.call_back_refused(CallInfo("call-9", MOBILE, "sip"))
    clerk = Clerk("小李")
    assert sentences.REFUSED in clerk.sees()
    assert MOBILE not in clerk.sees(f"/staff/conversations/{talk().pk}/")


def test_a_payload_that_is_none_becomes_words(script: Script, caller: Caller) -> None:
    buttons = (Button("甲", "tell:??:x"), Button("乙", "tell:??:y"))
    script.replies = [Reply(kind="answer", text="哪种？", slot="situation", buttons=buttons)]
    caller.says("要带什么")
    caller.presses("1")
    assert script.asked == ["要带什么", "甲"]


def test_an_answer_of_low_sound_is_chosen_by_what_it_means(dialogue: FakeDialogue) -> None:
    caller = Caller(PhoneAnswerer()).calls()
    caller.is_heard([Hypothesis("谁把它叼了怎么办", 0.5), Hypothesis("社保卡丢了怎么办", 0.4)])
    assert dialogue.asked[-1][1] == "社保卡丢了怎么办"
