"""Whoever answers on the telephone: ``voice.answerer.Answerer`` over the conversation service.

A call is a conversation on the channel “voice”. Here stands only what a call needs beside it: which
reading is meant, keys for buttons, long answers in parts, phone numbers by the caller's own number
or dictated, a person by transfer or by calling back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import clock
from bot.actions import office
from bot.actions.intake.said import refuses
from bot.channels.phone import call_backs, records, sentences
from bot.channels.phone.desk_hours import takes_calls
from bot.channels.phone.dictation import Dictation, Step, caller_number
from bot.channels.phone.hearing import Awaited, danger_in, meant, yes_or_no
from bot.channels.phone.names import name_heard
from bot.channels.phone.pages import Part
from bot.channels.phone.saying import Saying, saying
from bot.conversations import phrases, service
from bot.conversations.messages import Button, Reply
from bot.handovers.desk import Desk
from voice.answerer import CallInfo, Ending, Expects, Hypothesis, SpokenReply
from voice.commands import bare
from voice.recognition.numbers import spoken_choice, spoken_digits

TICKET_NUMBER_DIGITS = 10
# A call from a page cannot be passed on to a telephone.
_PAGE = "browser"
_CALL_BACK = re.compile(
    r"(?:请|麻烦|你们?|您|能不能|可以|让人|叫人)*给我回个?(?:电话|过来|电)(?:吧|好吗|可以吗|行吗)?"
)
# What asks for a number is asked otherwise of a caller whose number is known.
_ASKS_NUMBER = re.compile(r"电话|号码|不想留")
_GO_ON_WORDS = ("要", "要听", "继续", "接着", "接着听", "接着说", "不用了", "不听了")

Timings = Mapping[str, Sequence[float | None]]


@dataclass
class _Talk:
    """One call: what was said last, and what is left over of it."""

    info: CallInfo
    caller: str
    started_at: datetime
    reply: Reply | None = None
    expects: Expects = "free"
    buttons: tuple[Button, ...] = ()
    rest: list[Part] = field(default_factory=list)
    told: Saying | None = None
    number: Dictation | None = None
    is_own_question: bool = False
    refuses_caller_number: bool = False
    turns: int = 0


class PhoneAnswerer:
    """Answers all calls of a process, in threads that leave no connections behind (``threads``).

    ``transfers``: whether calls can be passed on to a person at all. ``timings`` gives the stages
    of a call that is over, for its record.
    """

    def __init__(
        self, *, transfers: bool = False, timings: Callable[[str], Timings] = lambda _: {}
    ) -> None:
        self._transfers = transfers
        self._timings = timings
        self._talks: dict[str, _Talk] = {}

    def begin(self, call: CallInfo) -> SpokenReply:
        """Note the call; the line's own greeting says what there is to say."""
        self._talks[call.call_id] = _Talk(call, caller_number(call.caller), clock.now())
        return SpokenReply(())

    def answer(self, call_id: str, hypotheses: Sequence[Hypothesis], keys: str = "") -> SpokenReply:
        """Answer what was said or pressed."""
        talk = self._talks[call_id]
        talk.turns += 1
        if not keys and not hypotheses:
            return self._ask(talk, "")
        has_own_question = talk.number is not None or bool(talk.rest)
        if has_own_question and not keys and (danger := danger_in(hypotheses)):
            return self._ask(talk, danger)
        if talk.number is not None and (said := self._of_number(talk, hypotheses, keys)):
            return said
        if talk.rest and (said := _gone_on(talk, hypotheses)):
            return said
        talk.rest = []
        if not keys and any(_CALL_BACK.fullmatch(bare(one.text)) for one in hypotheses[:1]):
            return self._call_back(talk, sentences.CALL_BACK)
        return self._ask(talk, *_words(talk, hypotheses, keys))

    def end(self, call_id: str, how: Ending) -> None:
        """Keep the record of a call that is over; who was lost in the middle is called back."""
        talk, timings = self._talks.pop(call_id, None), self._timings(call_id)
        if talk is None:
            return
        if how in ("hung_up", "failed", "handed_over"):
            call_backs.call_back_lost(call_id, talk.caller)
        records.call_record(talk.info, talk.started_at, how, talk.turns, timings)

    def _ask(self, talk: _Talk, text: str, payload: str = "") -> SpokenReply:
        """Put a turn to the service and tell its reply."""
        call_id = talk.info.call_id
        turn = call_backs.turn_of(call_id, text, f"call-{talk.turns}", payload)
        try:
            reply = service.answer(turn)
        except service.PayloadRefused:
            reply = service.answer(replace(turn, payload=""))
        return self._tell(talk, reply)

    def _tell(self, talk: _Talk, reply: Reply) -> SpokenReply:
        if reply.text == phrases.EMPTY:
            return _spoken((sentences.NOT_HEARD,), talk, is_sure=False)
        talk.reply, talk.number, talk.rest, talk.is_own_question = reply, None, [], False
        talk.told = told = saying(reply, office.guide())
        if reply.slot == "phone":
            return self._ask_number(talk, told.parts[-1])
        if _calls_person(reply, talk.info.call_id):
            return self._person(talk)
        talk.expects, talk.buttons, talk.rest = told.expects, told.buttons, list(told.parts[1:])
        return replace(
            _spoken(told.parts[0], talk),
            then="hang_up" if _is_goodbye(reply) else "listen",
            is_sure=_is_sure(reply),
            is_urgent=reply.kind == "emergency",
        )

    def _ask_number(self, talk: _Talk, question: Part) -> SpokenReply:
        """The caller's own number first, unless she would rather not."""
        offered = "" if talk.refuses_caller_number else talk.caller
        talk.number = Dictation(question, offered)
        lead = [sentence for sentence in question if not _ASKS_NUMBER.search(sentence)]
        return _stepped(talk, talk.number.opening(lead))

    def _of_number(
        self, talk: _Talk, hypotheses: Sequence[Hypothesis], keys: str
    ) -> SpokenReply | None:
        """Follow a number on its way; None if something else was said."""
        assert talk.number is not None
        step = talk.number.hear(hypotheses, keys)
        talk.refuses_caller_number = talk.refuses_caller_number or talk.number.is_refused
        if step.number:
            return self._number_given(talk, step.number)
        if step.sentences:
            return _stepped(talk, step)
        is_own, talk.number = talk.is_own_question, None
        talk.is_own_question = False
        if is_own and hypotheses and _declines(hypotheses[0].text):
            return _freely(talk, (sentences.NO_CALL_BACK,))
        return None

    def _number_given(self, talk: _Talk, number: str) -> SpokenReply:
        """Hand a settled number to whoever asked for it: the form, or the clerks."""
        talk.number = None
        if not talk.is_own_question:
            return self._ask(talk, number)
        talk.is_own_question = False
        call_backs.call_back(talk.info.call_id, phone=number)
        noted = sentences.CALL_BACK_NOTED.format(number=_read(number, talk.caller))
        return _freely(talk, (noted,))

    def _person(self, talk: _Talk) -> SpokenReply:
        """Pass the call on if somebody can take it, else have the caller called back."""
        talk.expects, talk.buttons, talk.rest = "free", (), []
        sender = call_backs.sender_of_call(talk.info.call_id)
        can_leave = self._transfers and talk.info.transport != _PAGE
        if can_leave and takes_calls(sender):
            # The line has its own words for it.
            return SpokenReply((), then="hand_over")
        if call_backs.number_is_left(talk.info.call_id):
            return _spoken((sentences.CALL_BACK_KNOWN,), talk)
        return self._call_back(talk, sentences.CALL_BACK)

    def _call_back(self, talk: _Talk, lead: str) -> SpokenReply:
        """Ask for the number to call back; the clerks hear of it at once."""
        call_backs.call_back(talk.info.call_id)
        offered = "" if talk.refuses_caller_number else talk.caller
        talk.number = Dictation((sentences.ASK_NUMBER,), offered)
        talk.is_own_question = True
        return _stepped(talk, talk.number.opening((lead,)))


def _words(talk: _Talk, hypotheses: Sequence[Hypothesis], keys: str) -> tuple[str, str]:
    """What was said as text, what was pressed or chosen as a button's payload."""
    if keys:
        return _pressed(talk, keys)
    text = meant(hypotheses, _awaited(talk))
    if talk.expects == "choice" and (chosen := spoken_choice(text, len(talk.buttons))):
        button = talk.buttons[chosen - 1]
        return button.title, button.payload
    if talk.reply is not None and talk.reply.slot == "name":
        return name_heard(text), ""
    if talk.reply is not None and talk.reply.slot == "number":
        digits = spoken_digits(text, (TICKET_NUMBER_DIGITS,))
        return (digits if len(digits) == TICKET_NUMBER_DIGITS else text), ""
    return text, ""


def _pressed(talk: _Talk, keys: str) -> tuple[str, str]:
    if keys == "0":
        return "", phrases.HUMAN_PAYLOAD
    place = int(keys) if keys.isdigit() and talk.expects != "digits" else 0
    if 1 <= place <= len(talk.buttons):
        button = talk.buttons[place - 1]
        return button.title, button.payload
    return keys, ""


def _awaited(talk: _Talk) -> Awaited:
    if talk.expects == "yes_no":
        return "yes_no"
    is_of_form = talk.reply is not None and talk.reply.kind in ("ask_slot", "confirm")
    return "answer" if is_of_form else "question"


def _gone_on(talk: _Talk, hypotheses: Sequence[Hypothesis]) -> SpokenReply | None:
    """The next part if she wants it; None if she said something of her own."""
    told = next((told for h in hypotheses if (told := yes_or_no(h.text)) is not None), None)
    if told is None:
        return None
    if told:
        return _spoken(talk.rest.pop(0), talk)
    talk.rest = []
    return _freely(talk, (sentences.NO_MORE,))


def _spoken(said: Sequence[str], talk: _Talk, *, is_sure: bool = True) -> SpokenReply:
    """Say something, and await what is awaited by now."""
    hot_words = talk.told.hot_words if talk.told is not None else ()
    if talk.rest:
        return SpokenReply(tuple(said), "yes_no", _GO_ON_WORDS, is_sure=is_sure)
    return SpokenReply(tuple(said), talk.expects, hot_words, len(talk.buttons), is_sure=is_sure)


def _freely(talk: _Talk, said: Sequence[str]) -> SpokenReply:
    talk.expects, talk.buttons, talk.told = "free", (), None
    return _spoken(said, talk)


def _stepped(talk: _Talk, step: Step) -> SpokenReply:
    talk.expects, talk.buttons, talk.rest = step.expects, (), []
    return SpokenReply(step.sentences, step.expects, is_sure=step.is_sure)


def _declines(text: str) -> bool:
    return yes_or_no(text) is False or refuses(text) or "不留" in text


def _read(number: str, caller: str) -> str:
    """A number as it is read back; her own by its end."""
    return f"尾号{number[-4:]}" if number == caller else number


def _calls_person(reply: Reply, call_id: str) -> bool:
    """Whether a reply means that a person is wanted, now or before."""
    is_for_person = reply.kind == "handover" and not reply.slots
    return is_for_person and Desk().state(call_backs.sender_of_call(call_id)) is not None


def _is_goodbye(reply: Reply) -> bool:
    return reply.intent == "goodbye" and reply.kind == "smalltalk"


def _is_sure(reply: Reply) -> bool:
    return reply.kind == "handover" or (reply.kind != "fallback" and reply.intent != "unknown")
