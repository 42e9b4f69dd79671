"""What becomes of a ticket or a report afterwards: how far it is, changed, withdrawn, rated, again.

Within the conversation that opened it a case is known by context; elsewhere by its number and the
full phone. Every rule behind it is in ``bot.tickets`` and ``bot.reports``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.actions import answer, small_talk
from bot.actions.asking import LONGEST_COURTESY
from bot.actions.context import Context, Outcome
from bot.actions.intake import phrases
from bot.actions.intake.forms import FILLED, SILENT
from bot.actions.intake.said import is_whole, mode_in
from bot.actions.intake.times import time_in
from bot.actions.person import spaced
from bot.actions.telling import HUMAN_BUTTON, plain
from bot.casework.life import NotAllowed
from bot.casework.numbers import number_in, spaced_number
from bot.conversations.messages import Button, Kind, Reply
from bot.reports import phrases as report_phrases
from bot.reports import services as reports
from bot.reports import states as report_states
from bot.tickets import lookup, selectors, services, states
from bot.tickets import phrases as ticket_phrases
from bot.tickets.errors import TooManyTries
from bot.tickets.models import Ticket
from bot.tickets.selectors import Case
from knowledge.search.facets import asks_anything
from nlu.protocol import Understanding

LOOKUP_SLOTS = ("phone", "number")
_PREFIX = "lookup_"
_NOT_SOLVED = re.compile(
    r"没(?:有)?(?:解决|办好|弄好|处理好|修好|清掉?|整改)|还是(?:老样子|那样|没)|又(?:堆|坏|来|停|吵|不行)|重新(?:办|处理)|再办一[次遍]|不满意.{0,4}重"
)
# “没办好之前要不要再来”, “还没办好吗”: asked, not complained of.
_ASKS_WHETHER = re.compile(r"[吗么?？]\W*$|要不要|之前")
_SOLVED = re.compile(
    r"^(?:嗯+|哦|好的?)?[，,]?(?:已经|都|全|是)?(?:给我)?(?:解决|处理好|弄好|修好|办好|清掉)了(?![没吗么])"
)
_CASE_WORDS = re.compile(
    r"单子|单号|编号|工单|诉求|我报的|我反映的|登记的|点的单|跑腿|代办的|帮办的|派人|网格员|什么时候来|啥时候来|来了没|还没来"
)
_ASKS_HOW = re.compile(r"[吗么呢？?]|什么|啥|怎么|咋|哪|多少|行不|能不能|可不可以|要不要")
_ASKS_HOW_FAR = re.compile(
    r"哪(?:一)?步|进度|到哪|怎么样了|好了没|好了吗|办了没|办好|来了没|还没来|什么时候|啥时候|结果|处理"
)
_YES = re.compile(
    r"^(?:(?:嗯+|对+|是|好|可以|行|确定|确认|撤|不办了|取消)(?:的|了|呀|啊|吧|掉|对|是|好|它|，|,|。|！)*)+$"
)
# The words of a rating to its score; the first that stands in the text counts.
_SCORES = (
    (re.compile(r"(?P<score>[1-5])\s*(?:分|星|颗星)"), 0),
    (
        re.compile(
            r"五(?:分|星|颗星)|满分|好评|非常满意|特别满意|很满意|太好了|好得很|顶呱呱|特别好"
        ),
        5,
    ),
    (re.compile(r"四(?:分|星|颗星)"), 4),
    (re.compile(r"三(?:分|星|颗星)|一般|马马虎虎|还行|凑合|过得去"), 3),
    (re.compile(r"两(?:分|星|颗星)|二(?:分|星)|(?<!非常|特别)不(?:太)?满意|不怎么样|不好"), 2),
    (re.compile(r"一(?:分|星|颗星)|差评|非常不满意|特别不满意|太差|很差|差劲|糟糕"), 1),
    (re.compile(r"满意|挺好|不错|蛮好|很好"), 4),
    (re.compile(r"^\s*(?P<score>[1-5])\s*$"), 0),
)
_VERY_BAD = re.compile(r"非常不满意|特别不满意|太差|差评|很差|差劲|糟糕")
_CHANGES_CASE = re.compile(
    rf"改|换|挪|推迟|提前|时间|日子|电话|号码|手机|地址|{_CASE_WORDS.pattern}"
)
# A service that was given, somewhere else than in this conversation.
_OF_A_SERVICE = re.compile(r"单子|单号|上次|上回|那次|那天|上门|代办|帮办|陪办|跑腿|服务")
# What a case is looked up for, as intents.
_INTENTS = {"change": "change_ticket", "cancel": "cancel_ticket", "rate": "rate"}
RECTIFY_WORKING_DAYS = 15
JUST_OPENED = timedelta(minutes=10)
# What was finished longer ago does not come back for a word in passing.
REOPENED_WITHIN = timedelta(days=30)


def score_in(text: str) -> int | None:
    """Return the rating, 1 to 5, that a text gives; None if it gives none."""
    if _VERY_BAD.search(text):
        return 1
    for pattern, score in _SCORES:
        if found := pattern.search(text):
            return score or int(found["score"])
    return None


def asks_for_case(text: str) -> bool:
    """Whether a text plainly asks how far a ticket or a report is."""
    return bool(_CASE_WORDS.search(text) and _ASKS_HOW_FAR.search(text))


def mine(context: Context) -> list[Case]:
    """The cases of this conversation, and those it has proved to be hers, the newest first."""
    found = selectors.cases_of(context.conversation())
    proved = context.draft.get("proved", "")
    if proved and all(case.number != proved for case in found):
        case = selectors.case_numbered(proved)
        if case is not None:
            found.insert(0, case)
    return found


def _meant(context: Context, cases: Sequence[Case]) -> Case | None:
    """The one that is named by number or by what it is about; else the newest."""
    text = context.draft.get("said_words") or context.understanding.text
    if number := number_in(text):
        return next((case for case in cases if case.number == number), None)
    best = context.understanding.match.best
    if best is not None and context.understanding.reading.has_subject:
        named = next((c for c in cases if isinstance(c, Ticket) and c.item_id == best.owner), None)
        if named is not None:
            return named
    open_ones = [case for case in cases if _is_open(case)]
    return next(iter(open_ones or cases), None)


def _is_open(case: Case) -> bool:
    if isinstance(case, Ticket):
        return case.state in states.OPEN
    return case.report.closed_at is None


def courtesy(context: Context) -> Outcome:
    """A courtesy; a yes after a ticket or a report was opened says its number once more."""
    found = told_again(context) if _says_yes(context.understanding) else None
    return found or small_talk.small_talk(context)


def told_again(context: Context) -> Outcome | None:
    """The number of what was just opened, once more; None if nothing was."""
    newest = next(iter(selectors.cases_of(context.conversation())), None)
    if newest is None or context.now - selectors.opened_at(newest) > JUST_OPENED:
        return None
    return opened_already(context, newest)


def opened_already(context: Context, case: Case) -> Outcome:
    """The number of a case; who was not told, because an answer was lost, is told it was opened."""
    text = phrases.OPENED_AGAIN.format(number=spaced_number(case.number))
    before = context.previous()
    told = before.ticket or before.report if before is not None else None
    is_known = told is not None and told.get("number") == case.number
    opened: Kind = "ticket_opened" if isinstance(case, Ticket) else "report_opened"
    kind: Kind = "ticket_status" if is_known else opened
    reply = plain(context, kind, text, confidence=1.0)
    return Outcome(_of(case, reply, "affirm"), leaves=True)


def _says_yes(said: Understanding) -> bool:
    return said.intent == "affirm" and len(said.text) <= LONGEST_COURTESY


def progress(context: Context) -> Outcome:
    """How far something is: a ticket or report of hers, else the item's usual way, else asked."""
    said = context.understanding
    cases = mine(context)
    if _SOLVED.search(said.text):
        return solved(context)
    number = number_in(context.draft.get("said_words") or said.text)
    is_hers = not number or any(case.number == number for case in cases)
    if cases and is_hers and _is_complaint(said.text):
        return reopen(context)
    if cases and not (number and all(case.number != number for case in cases)):
        asks_of_item = "progress" in said.facets and said.reading.has_subject
        case = _meant(context, cases)
        if case is not None and not (asks_of_item and _is_another_item(context, case)):
            return status(context, case)
    if not number and not _CASE_WORDS.search(said.text):
        if context.memory.item and not (said.reading.facet_is_cued or asks_anything(said.text)):
            # “生的时候没结婚” only tells.
            return answer.narrow(context)
        found = answer.progress_of_item(context)
        if found is not None:
            return found
    return _look_up(context, "progress", number)


def _is_another_item(context: Context, case: Case) -> bool:
    best = context.understanding.match.best
    is_sure = context.understanding.match.decision == "answer"
    return bool(
        is_sure
        and best is not None
        and isinstance(case, Ticket)
        and best.owner != case.item_id
        and context.guide.item(best.owner)
    )


def status(context: Context, case: Case) -> Outcome:
    """Say how far a case is."""
    reply = plain(context, "ticket_status", _standing(context, case), confidence=1.0)
    reply = _of(case, reply, "ask_progress")
    buttons = (Button("改时间", "say:改时间"), HUMAN_BUTTON) if _is_open(case) else (HUMAN_BUTTON,)
    return Outcome(replace(reply, buttons=buttons), {})


def _standing(context: Context, case: Case) -> str:
    if isinstance(case, Ticket):
        step = ticket_phrases.NOTED_BY.get(case.state, "")
        note = selectors.note_of(case, step) if step else ""
        return ticket_phrases.standing(case, note, context.now)
    return report_phrases.standing(case, context.now)


def _of(case: Case, reply: Reply, intent: str) -> Reply:
    """The reply as one about a case, under the intent it answers."""
    reply = replace(reply, intent=intent, candidates=())
    if isinstance(case, Ticket):
        shown = {"number": case.number, "status": case.state}
        return replace(reply, ticket=shown, item=case.item_id)
    return replace(reply, report={"number": case.number, "status": case.report.state})


def _look_up(context: Context, purpose: str, number: str | None) -> Outcome:
    """Ask for phone and number, the phone first; what was said with them already counts."""
    phone = context.draft.get("said_phone")
    values: dict[str, str | None] = {
        "form": "lookup",
        "purpose": purpose,
        _PREFIX + "phone": phone,
        _PREFIX + "number": number,
        "asked": None,
        "lead": None,
    }
    slots = {
        _PREFIX + "phone": FILLED if phone else None,
        _PREFIX + "number": FILLED if number else None,
        "lookup_wanted": True,
    }
    return Outcome(SILENT, slots, leaves=True, draft=values)


def validate_lookup(context: Context) -> Outcome:
    """Take phone and number; anything else is handed to the rules."""
    draft, said = context.draft, context.understanding
    phone = draft.get("said_phone") or draft.get(_PREFIX + "phone")
    number = number_in(draft.get("said_words") or said.text) or draft.get(_PREFIX + "number")
    is_new = (phone, number) != (draft.get(_PREFIX + "phone"), draft.get(_PREFIX + "number"))
    if not is_new:
        if re.search(r"算了|不查|不问了", said.text):
            dropped = lookup_dropped(context)
            return replace(dropped, slots={**dropped.slots, "requested_slot": None})
        # “批下来没有” had been her question, “没有” answers ours.
        has_none = draft.get("asked") and "没有" in said.text
        if has_none or re.search(r"不记得|忘|不知道|找不到", said.text):
            return _without_number(context)
        digits = sum(character.isdigit() for character in said.text)
        if digits < 4:
            return Outcome(SILENT, leaves=True)
    slots = {
        _PREFIX + "phone": FILLED if phone else None,
        _PREFIX + "number": FILLED if number else None,
    }
    kept = {_PREFIX + "phone": phone, _PREFIX + "number": number, "asked": None}
    return Outcome(SILENT, slots, leaves=True, draft=kept)


def _without_number(context: Context) -> Outcome:
    """She has forgotten it: a person looks it up by the phone, after asking who she is."""
    from bot.actions.person import call_person

    called = call_person(context, "asked")
    over = {_PREFIX + slot: None for slot in LOOKUP_SLOTS}
    slots = {**called.slots, **over, "requested_slot": None, "lookup_wanted": None}
    return Outcome(called.reply, slots, leaves=True, draft=_lookup_over())


def _lookup_over() -> dict[str, str | None]:
    return dict.fromkeys(("form", "purpose", "asked", _PREFIX + "phone", _PREFIX + "number"))


def lookup_dropped(context: Context) -> Outcome:
    """“算了，不查了”."""
    reply = plain(context, "smalltalk", phrases.LOOKUP_DROPPED, confidence=1.0)
    slots = {"lookup_wanted": None, **{_PREFIX + slot: None for slot in LOOKUP_SLOTS}}
    return Outcome(replace(reply, intent="cancel", candidates=()), slots, draft=_lookup_over())


def ask_lookup(slot: str, context: Context) -> Outcome:
    """Ask for the phone, then for the number."""
    text = phrases.ASK_LOOKUP_PHONE if slot == "phone" else phrases.ASK_LOOKUP_NUMBER
    if slot == "phone" and not mine(context):
        text = phrases.NO_CASE.format(ask=text)
    reply = plain(context, "ask_slot", text, slot=slot, buttons=(HUMAN_BUTTON,), confidence=1.0)
    intent = _INTENTS.get(context.draft.get("purpose", ""), "ask_progress")
    reply = replace(reply, intent=intent, candidates=())
    return Outcome(reply, {}, leaves=True, draft={"asked": slot})


def looked_up(context: Context) -> Outcome:
    """Both were given: the case, or one uniform sentence whether it exists or not."""
    draft = context.draft
    phone, number = draft.get(_PREFIX + "phone"), draft.get(_PREFIX + "number")
    slots = {"lookup_wanted": None, _PREFIX + "phone": None, _PREFIX + "number": None}
    if not phone or not number:
        return Outcome(SILENT, slots, leaves=True)
    purpose = draft.get("purpose", "progress")
    try:
        case = lookup.case_find(number, phone, context.sender)
        text = ticket_phrases.NOT_MATCHED
    except TooManyTries:
        case, text = None, ticket_phrases.TOO_MANY_TRIES
    if case is None:
        reply = plain(context, "ticket_status", text, buttons=(HUMAN_BUTTON,), confidence=1.0)
        reply = replace(reply, intent="ask_progress", candidates=())
        return Outcome(reply, slots, draft=_lookup_over())
    doing: dict[str, Callable[[Context, Case], Outcome]] = {
        "change": change_of,
        "cancel": cancel_of,
        "rate": rate_of,
    }
    outcome = doing.get(purpose, status)(context, case)
    changes = {**_lookup_over(), "proved": case.number, **(outcome.draft or {})}
    return replace(outcome, slots={**slots, **outcome.slots}, draft=changes)


def change(context: Context) -> Outcome:
    """Change phone, time, address or mode of a ticket."""
    cases = mine(context)
    if cases and _is_complaint(context.understanding.text):
        return reopen(context)
    tickets = [case for case in cases if isinstance(case, Ticket)]
    number = number_in(context.draft.get("said_words") or context.understanding.text)
    if not tickets and not number and not _CHANGES_CASE.search(context.understanding.text):
        # “说错了，我住宿舍”: she corrects what she told of herself.
        return answer.narrow(context)
    if not tickets and not number and _asks_of_item(context.understanding):
        return answer.answer(context)
    if not tickets or (number and all(t.number != number for t in tickets)):
        return _look_up(context, "change", number)
    meant = _meant(context, tickets)
    assert meant is not None
    return change_of(context, meant)


def _asks_of_item(said: Understanding) -> bool:
    """“公司改地址咋改”: a question about an item, where no ticket is named."""
    is_fair = said.match.decision != "step_back" and said.reading.has_subject
    return is_fair and bool(_ASKS_HOW.search(said.text)) and not _CASE_WORDS.search(said.text)


def change_of(context: Context, case: Case) -> Outcome:
    """Change what the message says, or ask what is to be changed."""
    if not isinstance(case, Ticket):
        return status(context, case)
    said = context.understanding
    values = _changes(context, case)
    if not values:
        slot = "phone" if re.search(r"电话|号码|手机", said.text) else "time"
        text = phrases.CHANGE_WHAT.format(number=spaced_number(case.number), item=case.item_name)
        return _ask_change(context, case, slot, text, buttons=(HUMAN_BUTTON,))
    if past := _is_past(values, context.now):
        return _ask_change(context, case, "time", past)
    if "phone" in values and not is_whole(values["phone"]):
        return _ask_change(context, case, "phone", phrases.ASK_AGAIN["phone"])
    try:
        at = values.get("time_at")
        changed = services.ticket_change(
            case,
            phone=values.get("phone"),
            address=values.get("address"),
            mode=values.get("mode"),
            time_text=values.get("time"),
            time_at=datetime.fromisoformat(at) if at else None,
        )
    except NotAllowed as error:
        return _too_late(context, case, str(error))
    rows = "，".join(_row(name, value) for name, value in values.items() if name != "time_at")
    text = phrases.CHANGE_DONE.format(rows=rows, number=spaced_number(case.number))
    shown = {name: value for name, value in values.items() if name != "time_at"}
    if values.get("time_at"):
        shown["time_iso"] = values["time_at"]
    reply = plain(context, "ticket_changed", text, slots=shown, confidence=1.0)
    reply = _of(changed, reply, "change_ticket")
    return Outcome(reply, {}, draft={"asked": None, "case": None})


def _ask_change(
    context: Context, case: Case, slot: str, text: str, buttons: tuple[Button, ...] = ()
) -> Outcome:
    reply = plain(context, "ask_slot", text, slot=slot, buttons=buttons, confidence=1.0)
    reply = _of(case, reply, "change_ticket")
    return Outcome(reply, {"awaiting": "change"}, draft={"asked": slot, "case": case.number})


def _changes(context: Context, ticket: Ticket) -> dict[str, str]:
    said, draft = context.understanding, context.draft
    values = {n: draft[f"said_{n}"] for n in ("phone", "address") if draft.get(f"said_{n}")}
    if values.get("phone") == ticket.sealed_person.get("phone"):
        # It only proves who asks.
        del values["phone"]
    wish = time_in(said.text, context.now)
    if wish is not None and (wish.at is not None or draft.get("asked") == "time"):
        values["time"] = wish.words
        values["time_at"] = wish.at.isoformat() if wish.at else ""
    # “上门时间改到后天”: it is to stay as it is.
    mode = mode_in(said.text)
    if mode and mode != ticket.mode and re.search(r"改|换", said.text):
        values["mode"] = mode
    return values


def _is_past(values: dict[str, str], now: datetime) -> str:
    at = values.get("time_at")
    if at and datetime.fromisoformat(at) <= now:
        return phrases.TIME_PAST.format(words=values["time"])
    return ""


def _row(name: str, value: str) -> str:
    words = {"phone": "电话", "time": "时间", "address": "地址", "mode": "方式"}
    return f"{words[name]}改成{spaced(value) if name == 'phone' else value}"


def changing(context: Context) -> Outcome:
    """What is said after “您要改什么”."""
    case = _noted_case(context)
    if not isinstance(case, Ticket):
        return answer.otherwise(context)
    text = context.understanding.text
    if re.search(r"算了|不改了|不用了", text):
        reply = plain(context, "smalltalk", phrases.NOT_CHANGED, confidence=1.0)
        return Outcome(
            replace(reply, intent="cancel", candidates=()), {}, draft={"asked": None, "case": None}
        )
    if not _changes(context, case) and not re.search(r"电话|号码|手机|时间|日子|地址", text):
        return answer.otherwise(context)
    return change_of(context, case)


def _noted_case(context: Context) -> Case | None:
    number = context.draft.get("case")
    return next((case for case in mine(context) if case.number == number), None)


def _too_late(context: Context, case: Ticket, why: str) -> Outcome:
    text = phrases.TOO_LATE.format(
        number=spaced_number(case.number), state=states.LABELS[case.state], why=why
    )
    reply = plain(context, "ticket_status", text, buttons=(HUMAN_BUTTON,), confidence=1.0)
    return Outcome(_of(case, reply, "change_ticket"), {}, draft={"asked": None})


def cancel(context: Context) -> Outcome:
    """“单子不办了”: asked once more, then withdrawn."""
    tickets = [case for case in mine(context) if isinstance(case, Ticket)]
    number = number_in(context.draft.get("said_words") or context.understanding.text)
    if not tickets or (number and all(t.number != number for t in tickets)):
        if not tickets and not number and not _CASE_WORDS.search(context.understanding.text):
            return small_talk.small_talk(_as_intent(context, "cancel"))
        return _look_up(context, "cancel", number)
    meant = _meant(context, tickets)
    assert meant is not None
    return cancel_of(context, meant)


def _as_intent(context: Context, intent: str) -> Context:
    return replace(context, understanding=replace(context.understanding, intent=intent))


def cancel_of(context: Context, case: Case) -> Outcome:
    """Ask once more before a ticket is withdrawn."""
    if not isinstance(case, Ticket):
        return status(context, case)
    if case.state not in states.OPEN:
        return status(context, case)
    text = phrases.WITHDRAW_REALLY.format(number=spaced_number(case.number), item=case.item_name)
    buttons = (Button("撤掉", "say:对，撤掉"), Button("不撤", "say:不撤了"))
    reply = plain(context, "confirm", text, slot="confirm", buttons=buttons, confidence=1.0)
    reply = _of(case, reply, "cancel_ticket")
    return Outcome(reply, {"awaiting": "withdrawal"}, draft={"case": case.number})


def withdraw(context: Context) -> Outcome:
    """The yes to withdrawing, or anything else."""
    case, text = _noted_case(context), context.understanding.text.strip()
    if case is None or not isinstance(case, Ticket):
        return answer.otherwise(context)
    is_no = re.search(r"不撤|别撤|还是办|接着办|先不|不要撤|留着", text)
    if not is_no and (
        _YES.match(text) or context.understanding.intent in ("affirm", "cancel_ticket", "cancel")
    ):
        try:
            gone = services.ticket_withdraw(case, text)
        except NotAllowed as error:
            return _too_late(context, case, str(error))
        said = phrases.WITHDRAWN.format(number=spaced_number(gone.number))
        reply = plain(context, "ticket_cancelled", said, confidence=1.0)
        reply = _of(gone, reply, "cancel_ticket")
        return Outcome(reply, {}, draft={"case": None})
    if is_no or context.understanding.intent in ("deny", "none_of_these"):
        reply = plain(context, "smalltalk", phrases.WITHDRAW_NOT, confidence=1.0)
        return Outcome(replace(reply, intent="deny", candidates=()), {}, draft={"case": None})
    return answer.otherwise(context)


def rate(context: Context) -> Outcome:
    """好差评: a score for what was done, at any time."""
    tickets = [case for case in mine(context) if isinstance(case, Ticket)]
    number = number_in(context.draft.get("said_words") or context.understanding.text)
    if not tickets and not number and not _OF_A_SERVICE.search(context.understanding.text):
        return small_talk.rate(context)
    if not tickets:
        return _look_up(context, "rate", number)
    if number and all(ticket.number != number for ticket in tickets):
        return _look_up(context, "rate", number)
    done = [ticket for ticket in tickets if ticket.state in states.DONE]
    meant = _meant(context, done or tickets)
    return rate_of(context, meant) if meant is not None else small_talk.rate(context)


def rate_of(context: Context, case: Case) -> Outcome:
    """Keep the score that the message gives, or ask for one."""
    if not isinstance(case, Ticket):
        return status(context, case)
    words = context.understanding.text
    score = score_in(words)
    if score is None:
        text = phrases.RATE_HOW.format(number=spaced_number(case.number), item=case.item_name)
        buttons = tuple(Button(f"{n}分", f"say:{n}分") for n in range(5, 0, -1))
        reply = plain(context, "confirm", text, slot="confirm", buttons=buttons, confidence=1.0)
        reply = _of(case, replace(reply, kind="ask_slot", slot=None), "rate")
        return Outcome(reply, {"awaiting": "rating"}, draft={"case": case.number})
    services.ticket_rate(case, score, words)
    sentence = phrases.RATED_BAD if score < 3 else phrases.RATED_GOOD
    text = sentence.format(score=score, days=RECTIFY_WORKING_DAYS)
    reply = plain(context, "rated", text, confidence=1.0)
    reply = _of(case, reply, "rate")
    return Outcome(reply, {}, draft={"case": None})


def rating(context: Context) -> Outcome:
    """What is said after “您打几分”."""
    case = _noted_case(context)
    if case is None or score_in(context.understanding.text) is None:
        return answer.otherwise(context)
    return rate_of(context, case)


def _is_complaint(text: str) -> bool:
    return bool(_NOT_SOLVED.search(text)) and not _ASKS_WHETHER.search(text)


def reopen(context: Context) -> Outcome:
    """“还是没办好”: what was finished comes back; what is still open is told how far it is."""
    cases = mine(context)
    meant = _meant(context, cases)
    last = max(filter(_is_finished, cases), key=_finished_at, default=None)
    if meant is not None and last is not None and _is_open(meant) and not _is_told(context, meant):
        # Of what is not told apart, the latest to happen.
        meant = last if _finished_at(last) > selectors.opened_at(meant) else meant
    if meant is None:
        return answer.otherwise(context)
    if not _is_finished(meant) or context.now - _finished_at(meant) > REOPENED_WITHIN:
        return status(context, meant)
    text = phrases.REOPENED.format(number=spaced_number(meant.number))
    if isinstance(meant, Ticket):
        fresh = services.ticket_reopen(meant, context.understanding.text)
        return _changed(context, "ticket_changed", text, fresh)
    reports.report_verdict(meant, solved=False, words=context.understanding.text)
    meant.report.refresh_from_db()
    return _changed(context, "ticket_status", text, meant)


def solved(context: Context) -> Outcome:
    """“解决了” to what was finished last: a report's verdict, a ticket's rating."""
    last = max(filter(_is_finished, mine(context)), key=_finished_at, default=None)
    if last is None:
        return small_talk.small_talk(_as_intent(context, "thanks"))
    if isinstance(last, Ticket):
        return rate_of(context, last)
    reports.report_verdict(last, solved=True)
    reply = plain(context, "rated", phrases.SOLVED, confidence=1.0)
    return Outcome(_of(last, reply, "rate"), {})


def _is_finished(case: Case) -> bool:
    if isinstance(case, Ticket):
        return case.state in states.DONE
    return bool(case.report.state == report_states.CLOSED)


def _finished_at(case: Case) -> datetime:
    closed = case.closed_at if isinstance(case, Ticket) else case.report.closed_at
    return closed or selectors.opened_at(case)


def _is_told(context: Context, case: Case) -> bool:
    """Whether a message says which case it is about, by number or item."""
    text = context.draft.get("said_words") or context.understanding.text
    best = context.understanding.match.best
    is_item = isinstance(case, Ticket) and best is not None and best.owner == case.item_id
    return bool(number_in(text)) or (is_item and context.understanding.reading.has_subject)


def _changed(context: Context, kind: Kind, text: str, case: Case) -> Outcome:
    reply = plain(context, kind, text, confidence=1.0)
    return Outcome(_of(case, reply, "change_ticket"), {})
