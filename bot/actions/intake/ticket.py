"""Taking a proxy ticket down: asked for slot by slot, said all at once, corrected, confirmed.

The engine owns the order of the form, its interruption and resumption; the values stand in the
draft, and the engine's slots hold ``filled``. What is said of an errand is read in ``said`` and
``times``; opening it is ``bot.tickets.services``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from bot.actions import answer, asking
from bot.actions.context import FAIRLY_LIKELY, Context, Outcome
from bot.actions.facts import age_in, age_told, tells_of_person
from bot.actions.intake import cases, phrases
from bot.actions.intake.forms import SILENT, accepted, aside
from bot.actions.intake.reached import was_read_back
from bot.actions.intake.said import (
    MODES,
    asker_in,
    asks_about_modes,
    groups_in,
    is_whole,
    is_yes,
    mode_in,
    names_mode,
    need_in,
    refuses,
)
from bot.actions.intake.times import time_in
from bot.actions.person import call_person, is_meant_as_number, spaced, wants_person
from bot.actions.positions import position_in
from bot.actions.rendering import Asked, material_rows
from bot.actions.telling import HUMAN_BUTTON, about, plain
from bot.casework.numbers import spaced_number
from bot.conversations.messages import Button
from bot.gazetteer.selectors import community_of
from bot.tickets import selectors, services
from bot.tickets.selectors import Case
from bot.tickets.services import CONSENT_LASTS, Consent, TicketRequest
from knowledge.record import ServiceItem
from knowledge.search.facets import has_subject
from knowledge.search.matcher import MOST_CHOICES, Match

FORM, READ_BACK = "ticket", "ticket_read_back"
SLOTS = ("item", "reason", "mode", "name", "phone", "address", "time")
# After “哪一样不对”: what is wrong may be named before the right value is said.
WHICH = "which"
# A match of this probability is what she wants done, although another item is near.
LIKELY = 0.85
# Asked for in one sentence when all of them are missing.
_TOGETHER = ("name", "phone", "address", "time")
_PREFIX = "ticket_"
MOST_REFUSALS = 2
# So often a number may come that is not whole.
MOST_SHORT = 3
PROMISED_WORKING_DAYS = 5
LONGEST_NAME, LONGEST_REASON = 20, 80
# “哪天都行”, “明天吧”: nothing but when.
SHORT_WISH = 5
GOES_ON = frozenset(
    {"affirm", "request_proxy", "dont_understand", "repeat", "go_back", "next_part", "help"}
)
_ORDER_WORDS = re.compile(
    r"小顶(?:快跑|跑腿)|(?:我)?(?:想|要|请|点|麻烦|找|叫|派|让)+(?:一?个)?(?:你们|人|网格员|工作人员)?|代办|帮办|陪办|导办"
    r"|上门|跑腿|给我?登记|帮我?跑一?趟?|接着[办填]?"
)
_CLAUSES = re.compile(r"[，,。；;！!？?\s]+")
_GOES_ON = re.compile(r"接着|继续|往下|先办(?:这个|单子)")
_QUITS = re.compile(r"算了|不办了|不用了|不要了|取消|不弄了|不搞了|不填了|下次再(?:说|办)|不想办")
_NO = re.compile(r"不对|不是|错了|有误|改一下|要改|不一样|搞错")
_CHANGES = re.compile(r"改|换成|还是|而是|应该是")
# What is right, behind what is not: “不是办公交卡，是尊老金”.
_INSTEAD = re.compile(
    r"(?:不是|不要|不办|别办|错了|搞错|不对)[^，,。]*[，,。]+\s*(?P<right>.+)|(?:改成|换成|改为|应该是)(?P<other>.+)"
)
_SURNAME = re.compile(
    r"(?:我[妈爸]|我?老伴|老头子|老太太|我|他|她|老人)?(?:就)?姓?(?P<name>[一-鿿]{1,2}(?:阿姨|大妈|大爷|大伯|奶奶|爷爷|师傅|先生|女士|老师|叔叔|叔|婶)|姓[一-鿿])"
)
# Which slot a correction is about, when it gives no value.
_ABOUT = (
    ("phone", re.compile(r"电话|号码|手机")),
    ("name", re.compile(r"名字|姓名|姓")),
    ("address", re.compile(r"地址|住址|住的|小区|社区|地方")),
    ("time", re.compile(r"时间|日子|哪天|那天")),
    ("mode", re.compile(r"方式|办法|代办|帮办|陪办|导办")),
    ("item", re.compile(r"事项|这件事|不是办|要办的")),
    ("reason", re.compile(r"原因|缘由|理由")),
)
_QUESTION = re.compile(r"[吗么呢？?]|什么|啥|怎么|哪[里儿块个些]|多少|多久|几[点天号]")
_ASKS_HOURS = re.compile(
    r"(?:上班|开门|下班|关门|营业|休息|放假|有人)[^，。,]{0,4}(?:吗|么|不|没)|几点.{0,2}(?:上班|开门|下班|关门)"
)
# “要带身份证吗”: one of the papers of what is being ordered, not an item of its own.
_ASKS_PAPER = re.compile(
    r"(?:要|用|需要?|得)?(?:不[要用]|没)?(?:带|拿|备|准备|交)(?!.{0,3}(?:什么|啥|哪))[^，。,]{1,10}(?:吗|么|不|没|吧|[？?])"
)
_REASON = dict(_ABOUT)["reason"]
_ONLY_ASKS = re.compile(r"吗|能不能|可不可以|可以不可以|行不行|行吗|是不是|可否")
_ACTS = re.compile(
    r"帮|替|代|给我|跑|陪|网格员|导办|指导|指点|教|上门|来人|来个人|来我?家|派|[叫找请]人|点.{0,3}单|下单|单子|登记|接着|继续"
)
_WANTS = re.compile(r"帮|替|给我|想|要(?!不要)|请|麻烦|上门|来人|来个人|派人|点单|快跑|跑腿|登记")


def begin(context: Context) -> Outcome:
    """Somebody wants the office to act: open the form with all that was said, or say why not."""
    said = context.understanding
    if _ONLY_ASKS.search(said.text) and not _WANTS.search(said.text):
        return answer.proxy(context)
    values = _values(context.draft)
    if not values and not _ACTS.search(said.text):
        # Nobody is to act for her: “我想办张公交卡” asks how.
        asks = replace(said, intent="ask_item")
        return answer.answer(replace(context, understanding=asks))
    item_id = _item_meant(context)
    if item_id and (outcome := _no_errand(context, item_id, values)):
        return outcome
    if values and item_id in ("", None, values.get("item")):
        return _resumed(context, values)
    heard = _heard(context, asked="", first=True)
    for name in ("name", "phone", "address"):
        known = context.draft.get(f"known_{name}")
        if known and (name != "phone" or is_whole(known)):
            heard.setdefault(name, known)
    if item_id:
        heard["item"] = item_id
    if heard.get("reason") == "convenience":
        if heard.get("mode") != "导办":
            return guided(context, item_id)
        heard.pop("reason")
    lead = _lead(context, heard)
    key = {"key": uuid4().hex, "form": FORM, "lead": lead, "refused": ""}
    return _accepted({}, heard, {**key, "asker": asker_in(_told(context))}, wanted=True)


def _no_errand(context: Context, item_id: str, values: Mapping[str, str]) -> Outcome | None:
    """What is said of an item that nobody can do for her; None if somebody can."""
    if not context.guide.item(item_id):
        return about(context, item_id, ("proxy",)) or asking.step_back(context)
    kind = None if values else context.guide.report_kind_of(item_id)
    if kind is None:
        return None
    # “你们派人看看吧” of a broken lift: there is nothing to hand in for her, but to report.
    text = phrases.RATHER_REPORTED.format(kind=kind.name, role=kind.responsible_role)
    buttons = (Button(phrases.REPORT_IT, f"say:我要反映{kind.name}"), HUMAN_BUTTON)
    reply = plain(context, "answer", text, buttons=buttons)
    reply = replace(reply, intent="request_proxy", item=item_id, candidates=())
    return Outcome(reply, {"item": item_id})


def _resumed(context: Context, values: Mapping[str, str]) -> Outcome:
    """Take up again what was left, with what this message adds."""
    heard = _heard(context, asked="")
    return _accepted(values, heard, {"form": FORM, "lead": phrases.GO_ON}, wanted=True)


def guided(context: Context, item_id: str | None) -> Outcome:
    """Whoever can do it alone is shown the shortest way, politely, and offered guidance."""
    item = context.guide.item(item_id or "")
    if item is None:
        reply = plain(context, "answer", phrases.GUIDED_PLAIN, slot="item", buttons=(HUMAN_BUTTON,))
        return Outcome(replace(reply, intent="request_proxy"), draft={"form": None, "asked": None})
    way = "online" if item.handling.online.available else "where"
    found = about(context, item.item_id, (way,))
    assert found is not None
    text = phrases.GUIDED.format(how=found.reply.text)
    guide = Button("登记导办", f"say:给我登记导办{item.short_name}")
    buttons = (guide, *found.reply.buttons)
    reply = replace(found.reply, intent="request_proxy", text=text, buttons=buttons)
    slots = {**found.slots, "awaiting": None}
    return Outcome(reply, slots, draft={"form": None, "asked": None})


def _item_meant(context: Context) -> str | None:
    """The item that the message names, else the one at hand; empty if it has to be asked for."""
    said, held = context.understanding, context.memory.item
    for text in _errands(said.text):
        match = said.match if text == said.text else context.match(text, 5)
        best = match.best
        if best is None or not has_subject(text) or best.kind not in ("item", "outline", "subject"):
            continue
        if _is_meant(context, match):
            return held if held and best.owner != held and not best.is_named else best.owner
    return held or ""


def _errands(text: str) -> list[str]:
    """What may be ordered: all that is said, then its clauses, without the words that order.

    A clause that orders something tells it alone; the others are about the person.
    """
    clauses = _CLAUSES.split(text)
    ordering = [clause for clause in clauses if _ORDER_WORDS.search(clause)]
    plain = [_ORDER_WORDS.sub(" ", clause).strip() for clause in ordering]
    if not any(has_subject(clause) for clause in plain):
        plain = [_ORDER_WORDS.sub(" ", clause).strip() for clause in clauses]
    return list(
        dict.fromkeys([_ORDER_WORDS.sub(" ", text), *(each for each in plain if len(each) > 1)])
    )


def _is_meant(context: Context, match: Match) -> bool:
    """Whether a match is good enough for what is read back before anything is done."""
    best = match.best
    if best is None or match.decision == "step_back":
        return False
    is_likely = match.decision == "answer" or match.probability >= LIKELY
    return is_likely or best.is_named or _worth_offering(context, match) == [best.owner]


def _worth_offering(context: Context, match: Match) -> list[str]:
    likely = (each for each in match.ranked if each.score >= asking.WORTH_OFFERING)
    return [each.owner for each in likely if context.guide.item(each.owner)][:MOST_CHOICES]


def _told(context: Context) -> str:
    return "，".join([*context.memory.told, context.understanding.text])


def _lead(context: Context, heard: dict[str, str]) -> str:
    """The first words; what law ties to the person is said at once."""
    item = context.guide.item(heard.get("item", ""))
    if item is None:
        return phrases.BEGIN_PLAIN
    if heard.get("mode") == "代办" and not item.handling.proxy.allowed:
        heard.pop("mode")
        return _only_in_person(item)
    return phrases.BEGIN.format(mode=heard.get("mode", ""), item=item.short_name)


def _only_in_person(item: ServiceItem) -> str:
    visit = phrases.HOME_VISIT if item.handling.proxy.home_visit else ""
    return phrases.ONLY_IN_PERSON.format(item=item.short_name, visit=visit)


def _values(draft: Mapping[str, str]) -> dict[str, str]:
    """What the draft holds for the form, by slot."""
    if draft.get("form") not in (FORM, READ_BACK):
        return {}
    names = (*SLOTS, "reason_text", "time_at")
    return {name: draft[_PREFIX + name] for name in names if draft.get(_PREFIX + name)}


def _surname_in(text: str) -> str:
    """“姓王”, “李阿姨”, as a clause of its own; empty if there is none."""
    found = (_SURNAME.fullmatch(clause) for clause in _CLAUSES.split(text.strip()))
    return next((each["name"] for each in found if each), "")


def _heard(context: Context, asked: str, *, first: bool = False) -> dict[str, str]:
    """What a message says of the errand, by slot; only what it plainly gives."""
    said, draft = context.understanding, context.draft
    heard = {
        name: draft[f"said_{name}"]
        for name in ("name", "phone", "address")
        if draft.get(f"said_{name}")
    }
    if _is_not_whole(draft):
        heard.pop("phone")
    if asked == "name" and "name" not in heard and (name := _surname_in(said.text)):
        heard["name"] = name
    if "address" not in heard and (community := _community_in(said.text)):
        heard["address"] = community
    elif (community := _community_in(said.text)) and not _community_in(heard["address"]):
        heard["address"] = f"{community}{heard['address']}"
    wish = time_in(_without_ages(said.text), context.now)
    # “哪天都行” beside name or address is about the time too.
    tells = asked == "time" or first or any(name in heard for name in _TOGETHER)
    tells = tells or len(said.text) <= SHORT_WISH
    if wish is not None and (tells or wish.at is not None):
        heard["time"] = wish.words
        heard["time_at"] = wish.at.isoformat() if wish.at else ""
    place = position_in(said.text, len(MODES)) if asked == "mode" else None
    if place is not None and place < len(MODES):
        heard["mode"] = [*MODES][place]
    elif (mode := mode_in(said.text)) and not asks_about_modes(said.text):
        heard["mode"] = mode
    age = age_told([*context.memory.told, said.text] if first else [said.text])
    is_about_it = first or asked == "reason" or _REASON.search(said.text)
    need = need_in(said.text, age=age) if is_about_it else None
    if need is not None:
        words = said.text if age_in(said.text) is not None or age is None else f"{age}岁"
        heard["reason"], heard["reason_text"] = need.reason, _reason_words(context, words)
    return heard


def _is_not_whole(draft: Mapping[str, str]) -> bool:
    """Whether a number was said just now and has too few digits or too many."""
    return bool(draft.get("said_phone")) and not is_whole(draft["said_phone"])


def _without_ages(text: str) -> str:
    """“七十二了”, “二级残疾” and house numbers are no times."""
    houses = r"\d+(?:[栋幢楼室]|单元|号(?=[楼院门]))+"
    return re.sub(rf"<\w+>|\d+岁|[一二三四五六七八九十]+级|{houses}", "", text)


def _reason_words(context: Context, words: str) -> str:
    """The resident's words that tell of the need; a long story is kept to its beginning."""
    words = context.draft.get("said_words", words) if "<" in words else words
    telling = [clause for clause in _CLAUSES.split(words) if need_in(clause)]
    return ("，".join(telling) or words)[:LONGEST_REASON]


def _community_in(text: str) -> str:
    found = community_of(text)
    return found.name if found is not None else ""


def validate(context: Context) -> Outcome:
    """Take what a message says while the form is open; what says nothing for it is left alone.

    Slots that come back are ``filled`` or None; none at all hands the message to the rules.
    """
    draft, said = context.draft, context.understanding
    asked, values = draft.get("asked", ""), _values(draft)
    heard = _answered(context, asked, values)
    if wants_person(said.text):
        return Outcome(SILENT, leaves=True)
    if _is_not_whole(draft):
        return _not_whole(context, values, heard, {"lead": phrases.PHONE_NOT_WHOLE})
    if heard or (asked == "mode" and is_yes(said.text)):
        return _taken(context, values, heard)
    if _QUITS.search(said.text) and not said.reading.facet_is_cued:
        return dropped(context)
    if lead := _explained(context, asked, values):
        return _accepted(values, {}, {"lead": lead})
    if refuses(said.text) and not (said.reading.has_subject and said.reading.facet_is_cued):
        return _refused(context, values, asked)
    return _again(context, asked, values)


def _again(context: Context, asked: str, values: dict[str, str]) -> Outcome:
    """Ask once more where the message went on, or tried to answer; else leave it to the rules."""
    said = context.understanding
    if _GOES_ON.search(said.text) or (
        said.intent in GOES_ON and not said.reading.facet_is_cued and not said.reading.has_subject
    ):
        return _accepted(values, {}, {"lead": phrases.GO_ON})
    if tells_of_person(said.text) and _is_free_answer(context):
        return _accepted(values, {}, {"lead": phrases.NOTED, "asker": asker_in(said.text)})
    if asked == "phone" and is_meant_as_number(said.text):
        return _not_whole(context, values, {}, {"again": "1"})
    if _is_an_attempt(context, asked):
        return _accepted(values, {}, {"again": "1"})
    return Outcome(SILENT, leaves=True)


def _explained(context: Context, asked: str, values: Mapping[str, str]) -> str:
    """What the modes are, or what is to be brought for the errand, if that was asked."""
    if asked == "mode" and asks_about_modes(context.understanding.text):
        return phrases.MODES_EXPLAINED
    item = values.get("item", "")
    if not item or not _ASKS_PAPER.search(context.understanding.text):
        return ""
    found = about(context, item, ("materials",))
    return f"{found.reply.text}\n" if found is not None else ""


def _taken(context: Context, values: dict[str, str], heard: dict[str, str]) -> Outcome:
    if heard.get("reason") == "convenience" and heard.get("mode", values.get("mode")) != "导办":
        found = guided(context, values.get("item"))
        return replace(found, slots={**found.slots, "requested_slot": None}, draft=_forgotten())
    if heard.get("reason") == "convenience":
        heard["reason"] = "other"
    if heard.get("time_at") and datetime.fromisoformat(heard["time_at"]) <= context.now:
        lead = phrases.TIME_PAST.format(words=heard.pop("time"))
        heard.pop("time_at")
        return _accepted(values, heard, {"lead": lead})
    item = context.guide.item(heard.get("item") or values.get("item", ""))
    if context.draft.get("asked") == "mode" and item is not None and item.handling.proxy.allowed:
        # Who tells everything but how means that it is done for her; it is read back before a yes.
        heard.setdefault("mode", "代办")
    mode = heard.get("mode") or values.get("mode")
    if item is not None and mode == "代办" and not item.handling.proxy.allowed:
        heard.pop("mode", None)
        return _accepted({**values, "mode": ""}, heard, {"lead": _only_in_person(item)})
    # The form that this very message opened has its first words already.
    return _accepted(values, heard, {"lead": context.draft.get("lead") or phrases.NOTED})


def _answered(context: Context, asked: str, values: Mapping[str, str]) -> dict[str, str]:
    """What the message says, the answer to what was asked last included."""
    said = context.understanding
    heard = _heard(context, asked)
    asks = said.reading.facet_is_cued and said.reading.has_subject
    if asked == "item" and not heard.get("item") and (owner := _chosen_item(context)):
        heard["item"] = owner
    if asked == "reason" and "reason" not in heard and _is_free_answer(context):
        heard["reason"], heard["reason_text"] = "other", _reason_words(context, said.text)
    tells_time = "time" in heard and not _QUESTION.search(said.text)
    if asks and not (tells_time or any(heard.get(n) for n in (asked, "phone", "name", "address"))):
        return {}
    if _ASKS_HOURS.search(said.text):
        heard = {name: value for name, value in heard.items() if name not in ("time", "time_at")}
    is_aside = asked in ("phone", "name", "address") and asked not in heard
    if is_aside and "mode" in heard and not names_mode(said.text):
        heard.pop("mode")
    return heard


def _is_free_answer(context: Context) -> bool:
    """Whether a message may be an answer in its own words: a statement, no courtesy, no exit."""
    said = context.understanding
    steers = said.intent in answer.ONLY_STEERS or said.intent in ("human", "complain_bot")
    asks = said.reading.facet_is_cued or re.search(r"[吗么？?]|怎么|什么|为啥|哪", said.text)
    return not (steers or asks or refuses(said.text) or _QUITS.search(said.text))


def _is_an_attempt(context: Context, asked: str) -> bool:
    """Whether a message tried to answer what was asked, in words that were not understood."""
    said = context.understanding
    is_short = len(said.text) <= 12 and not said.reading.has_subject
    if asked == "item" and said.match.decision == "step_back":
        return _is_free_answer(context)
    return asked in ("time", "mode", "name", "address") and is_short and _is_free_answer(context)


def _chosen_item(context: Context) -> str | None:
    """The item that an answer to “哪一件” names, by place, name or description."""
    said, memory = context.understanding, context.memory
    if memory.offered:
        place = position_in(said.text, len(memory.offered))
        if place is not None and place < len(memory.offered):
            return memory.offered[place]
    best = said.match.best
    is_item = best is not None and context.guide.item(best.owner) is not None
    is_said = said.match.decision == "answer" or not memory.offered
    if is_item and best is not None and (best.is_named or is_said):
        is_fair = said.match.probability >= FAIRLY_LIKELY
        return best.owner if is_fair and _is_meant(context, said.match) else None
    return asking.named(context) if memory.offered else None


def _not_whole(
    context: Context, values: dict[str, str], heard: dict[str, str], changes: dict[str, str]
) -> Outcome:
    """Ask for the whole number; one that is never heard whole is a person's to take down."""
    short = len(context.draft.get("short", "")) + 1
    if short >= MOST_SHORT:
        return _given_to_person(context, phrases.NEVER_WHOLE, "failures")
    return _accepted(values, heard, {**changes, "short": "1" * short})


def _given_to_person(context: Context, lead: str, why: str) -> Outcome:
    """Leave the form and call a person, who has the talk before her."""
    called = call_person(context, why)
    reply = replace(called.reply, text=f"{lead}{called.reply.text}")
    slots = {**called.slots, **_closed(), "requested_slot": None}
    return Outcome(reply, slots, leaves=True, draft=_forgotten())


def _refused(context: Context, values: dict[str, str], asked: str) -> Outcome:
    """Say once why it is needed; who still would rather not is given to a person."""
    refusals = context.draft.get("refused", "").split(",").count(asked) + 1
    if refusals >= MOST_REFUSALS:
        return _given_to_person(context, phrases.REFUSED_TWICE, "asked")
    lead = phrases.WHY_NEEDED.get(asked, "")
    refused = ",".join(filter(None, [context.draft.get("refused", ""), asked]))
    return _accepted(values, {}, {"lead": lead, "refused": refused})


def _accepted(
    values: Mapping[str, str],
    heard: Mapping[str, str],
    draft: Mapping[str, str],
    *,
    wanted: bool = False,
) -> Outcome:
    """Keep what was heard beside what was known."""
    merged = {**values, **heard}
    slots: dict[str, object] = {"proxy_wanted": True} if wanted else {}
    if merged.get("item"):
        # What is asked in between is asked of this item.
        slots["item"] = merged["item"]
    return accepted(_PREFIX, SLOTS, merged, draft, slots)


def _forgotten() -> dict[str, str | None]:
    names = (*SLOTS, "reason_text", "time_at")
    others = ("form", "asked", "key", "lead", "again", "refused", "short", "asker", "words")
    return {**{_PREFIX + name: None for name in names}, **dict.fromkeys(others)}


def dropped(context: Context) -> Outcome:
    """“算了”: nothing is kept of the form, nothing was submitted."""
    reply = plain(context, "smalltalk", phrases.DROPPED, confidence=1.0)
    return Outcome(
        replace(reply, intent="cancel", candidates=()),
        {**_closed(), "requested_slot": None, "awaiting": None},
        draft=_forgotten(),
    )


def ask(slot: str, context: Context) -> Outcome:
    """Ask for a slot; the first time for all that is missing about the person at once."""
    draft = context.draft
    values = _values(draft)
    lead = draft.get("lead", "")
    again = draft.get("again") and not lead
    missing = [name for name in _TOGETHER if not values.get(name)]
    whom = (
        "您"
        if draft.get("asker", "self") == "self"
        else "老人"
        if draft["asker"] == "child"
        else "要办的人"
    )
    is_first = slot == "name" and len(missing) == len(_TOGETHER) and not draft.get("all_asked")
    text = (
        phrases.ASK_ALL if is_first else phrases.ASK_AGAIN[slot] if again else phrases.ASK[slot]
    ).format(whom=whom)
    outcome_slots: dict[str, object] = {}
    reply = plain(context, "ask_slot", f"{lead}{text}", slot=slot, confidence=1.0)
    buttons: list[Button] = []
    if slot == "mode":
        buttons = [Button(mode, f"say:{mode}") for mode in MODES]
        if lead == phrases.MODES_EXPLAINED:
            reply = replace(reply, text=f"{lead}您要哪一种？")
    elif slot == "time":
        buttons = [Button(words, f"say:{words}") for words in ("明天上午", "明天下午", "哪天都行")]
    elif slot == "item":
        buttons, outcome_slots = _offered(context)
        if buttons and not again:
            lines = "\n".join(f"{n}. {button.title}" for n, button in enumerate(buttons, start=1))
            reply = replace(reply, text=f"{lead}{phrases.ASK['item_of'].format(choices=lines)}")
    reply = replace(
        reply,
        intent="request_proxy",
        item=values.get("item"),
        candidates=reply.candidates if slot == "item" else (),
        slots=public(values),
        buttons=(*buttons, HUMAN_BUTTON),
    )
    changes: dict[str, str | None] = {"asked": slot, "lead": None, "again": None}
    if is_first:
        changes["all_asked"] = "1"
    return Outcome(reply, outcome_slots, leaves=True, draft=changes)


def _offered(context: Context) -> tuple[list[Button], dict[str, object]]:
    """What the words may have meant, to choose from."""
    errand = _ORDER_WORDS.sub(" ", context.understanding.text)
    match = context.match(errand, MOST_CHOICES + 2)
    if not has_subject(errand):
        return [], {}
    owners = _worth_offering(context, match)
    names = [context.guide.name(owner) for owner in owners]
    return [Button(name, f"say:{name}") for name in names], {"offered": owners}


def public(values: Mapping[str, str]) -> dict[str, str]:
    """The slots as a clerk can use them, in the contract's names."""
    shown = {name: values[name] for name in SLOTS if values.get(name)}
    if values.get("reason_text"):
        shown["reason_text"] = values["reason_text"]
    if values.get("time_at"):
        shown["time_iso"] = values["time_at"]
    return shown


def read_back(context: Context) -> Outcome:
    """Everything once more, before an explicit yes; nothing if the form was left."""
    values = _values(context.draft)
    if not _is_complete(context.draft, values):
        return Outcome(SILENT, leaves=True)
    rows = _rows(context, values)
    lead = context.draft.get("lead") or ""
    lead = lead if lead == phrases.CHANGED else ""
    text = lead + phrases.READ_BACK.format(rows=rows)
    buttons = (
        Button("对，就这样", "say:对"),
        Button("哪里不对", "say:不对"),
        Button("不办了", "say:算了，不办了"),
    )
    reply = plain(context, "confirm", text, slot="confirm", slots=public(values), buttons=buttons)
    reply = replace(
        reply, intent="request_proxy", item=values["item"], candidates=(), confidence=1.0
    )
    draft: dict[str, str | None] = {"form": READ_BACK, "asked": None, "lead": None, "words": rows}
    return Outcome(reply, {"awaiting": "ticket", "proxy_wanted": None}, draft=draft)


def _rows(context: Context, values: Mapping[str, str]) -> str:
    name = context.guide.name(values["item"])
    reasons = {"elderly": "年纪大", "disabled": "有残疾", "other": "自己不方便"}
    return (
        f"{values['name']}，电话{spaced(values['phone'])}，住{values['address']}；\n"
        f"{values['mode']}“{name}”，因为{reasons[values['reason']]}；\n"
        f"时间：{values['time']}。"
    )


def _is_complete(draft: Mapping[str, str], values: Mapping[str, str]) -> bool:
    return draft.get("form") in (FORM, READ_BACK) and all(values.get(slot) for slot in SLOTS)


def confirm(context: Context) -> Outcome:
    """What is said after the read-back: yes opens the ticket, a correction is read back again."""
    said, draft = context.understanding, context.draft
    values = _values(draft)
    if not _is_complete(draft, values):
        return (cases.told_again(context) if is_yes(said.text) else None) or answer.answer(context)
    heard = _corrected(context, values)
    if _is_not_whole(draft):
        return _wait(context, values, phrases.ASK_AGAIN["phone"], "phone")
    opened_before = selectors.case_of_request(draft.get("key", ""))
    if opened_before is not None and not is_yes(said.text):
        return _after_all(context, opened_before, is_corrected=bool(heard))
    if heard:
        about = "time" if "time" in heard else "mode"
        changed = _taken(context, values, heard)
        merged = {**values, **heard}
        lead = (changed.draft or {}).get("lead") or ""
        if lead not in ("", phrases.NOTED):
            # What was said does not do: the slot is asked for again; what else was said stands.
            waiting = _wait(context, values, lead, about)
            rest = {n: v for n, v in heard.items() if n not in (about, f"{about}_at")}
            return replace(waiting, draft={**_prefixed(rest), **waiting.draft})
        later = replace(context, draft={**draft, **_prefixed(merged), "lead": phrases.CHANGED})
        shown = read_back(later)
        return replace(shown, draft={**_prefixed(merged), **(shown.draft or {})})
    if _QUITS.search(said.text) or said.intent in ("cancel", "goodbye"):
        return dropped(context)
    if is_yes(said.text) or (said.intent == "affirm" and not _NO.search(said.text)):
        # A yes while a slot is being corrected is none to the whole.
        is_whole_yes = not draft.get("asked") and was_read_back(context, draft.get("words", ""))
        return open_ticket(context) if is_whole_yes else read_back(context)
    is_wrong = _NO.search(said.text) or said.intent in ("deny", "none_of_these")
    return (
        _asked_what(context, values) if is_wrong or draft.get("asked") else aside(context, "ticket")
    )


def _after_all(context: Context, case: Case, *, is_corrected: bool) -> Outcome:
    """The yes was taken and only its answer was lost: what follows is about the ticket itself."""
    if is_corrected:
        outcome = cases.change_of(context, case)
    elif _QUITS.search(context.understanding.text) or context.understanding.intent == "cancel":
        outcome = cases.cancel_of(context, case)
    else:
        outcome = cases.opened_already(context, case)
    slots, draft = {**_closed(), **outcome.slots}, {**_forgotten(), **(outcome.draft or {})}
    return replace(outcome, slots=slots, draft=draft, leaves=False)


def _asked_what(context: Context, values: Mapping[str, str]) -> Outcome:
    """Something is wrong: ask for it if it is named, else ask what it is."""
    text, asked = context.understanding.text, context.draft.get("asked", "")
    wrong = next((slot for slot, words in _ABOUT if words.search(text)), "")
    if wrong:
        return _wait(context, values, phrases.ASK[wrong].format(whom="您"), wrong)
    if asked and context.understanding.reading.facet_is_cued:
        return aside(context, "ticket")
    if asked and asked != WHICH:
        return _wait(context, values, phrases.ASK_AGAIN[asked], asked)
    return _wait(context, values, phrases.WHAT_IS_WRONG)


def _corrected(context: Context, values: Mapping[str, str]) -> dict[str, str]:
    """What a message changes; a question that happens to hold a word changes nothing."""
    said = context.understanding
    asked = context.draft.get("asked", "")
    heard = _heard(context, asked)
    if asked == "item" and (owner := _chosen_item(context)):
        heard["item"] = owner
    if owner := _item_instead(context):
        heard["item"] = owner
    if names_mode(said.text) and _CHANGES.search(said.text):
        return {"mode": heard["mode"]}
    is_question = said.reading.facet_is_cued and said.reading.has_subject
    if is_question and not any(name in heard for name in ("phone", "name", "address", "time")):
        return {}
    if said.intent == "request_proxy" and "item" not in heard and (owner := _item_meant(context)):
        heard["item"] = owner
    return {name: value for name, value in heard.items() if value != values.get(name)}


def _item_instead(context: Context) -> str | None:
    """The item that is wanted in the place of the one that was read back."""
    found = _INSTEAD.search(context.understanding.text)
    right = (found["right"] or found["other"]) if found else ""
    errand = _ORDER_WORDS.sub(" ", re.sub(r"^(?:我?(?:要|想)?办的?|应该)?是?", "", right))
    if not errand.strip() or "<" in errand or not has_subject(errand):
        return None
    match = context.match(errand, 5)
    if match.best is None or not context.guide.item(match.best.owner):
        return None
    return match.best.owner if _is_meant(context, match) else None


def _prefixed(values: Mapping[str, str]) -> dict[str, str]:
    return {_PREFIX + name: value for name, value in values.items()}


def _wait(context: Context, values: Mapping[str, str], text: str, slot: str = "") -> Outcome:
    """Ask about one thing of the read-back; the yes is still waited for."""
    kind = "ask_slot" if slot else "confirm"
    reply = plain(context, kind, text, slot=slot or "confirm", slots=public(values), confidence=1.0)
    reply = replace(reply, intent="request_proxy", candidates=(), buttons=(HUMAN_BUTTON,))
    return Outcome(reply, {"awaiting": "ticket"}, draft={"asked": slot or WHICH, "lead": None})


def open_ticket(context: Context) -> Outcome:
    """Open the ticket; the same form opens one, however often it is confirmed."""
    draft = context.draft
    values = _values(draft)
    item = context.guide.item(values["item"])
    assert item is not None
    conversation, request = context.conversation(), _request(context, item, values)
    before = selectors.ticket_alike(conversation, request.item_id, request.name, request.phone)
    if before is not None and before.request_key != draft["key"]:
        return replace(cases.opened_already(context, before), slots=_closed(), draft=_forgotten())
    ticket = services.ticket_open(
        request,
        draft["key"],
        Consent(
            words=phrases.READ_BACK.format(rows=draft.get("words", "")),
            yes=context.understanding.text,
            turn_id="",
            until=context.now.date() + CONSENT_LASTS,
        ),
        conversation=conversation,
        channel=conversation.channel,
    )
    return opened(context, ticket.number, ticket.state, public(values), item)


def opened(
    context: Context, number: str, state: str, shown: dict[str, str], item: ServiceItem
) -> Outcome:
    """Say the number; the form is forgotten."""
    community = shown.get("address", "")
    text = phrases.OPENED.format(number=spaced_number(number), community=_whose(community))
    reply = plain(
        context,
        "ticket_opened",
        text,
        slots=shown,
        ticket={"number": number, "status": state},
        buttons=(Button("办到哪一步了", "say:我的单子办到哪一步了"),),
    )
    reply = replace(reply, intent="affirm", item=item.item_id, candidates=(), confidence=1.0)
    return Outcome(reply, {**_closed(), "item": item.item_id}, draft=_forgotten())


def _closed() -> dict[str, object]:
    """The engine's slots of a form that is done with."""
    return {**{_PREFIX + slot: None for slot in SLOTS}, "proxy_wanted": None}


def _whose(address: str) -> str:
    name = _community_in(address)
    return name if name else "社区"


def _request(context: Context, item: ServiceItem, values: Mapping[str, str]) -> TicketRequest:
    told = _told(context)
    known = frozenset(context.memory.chosen.get(item.item_id, ()))
    asked = Asked(context.guide.places, context.now, options=known)
    at = values.get("time_at")
    promised = item.handling.promised
    return TicketRequest(
        item_id=item.item_id,
        item_name=item.name,
        mode=values["mode"],
        reason=values["reason"],
        name=values["name"][:LONGEST_NAME],
        phone=values["phone"],
        address=values["address"],
        time_text=values["time"],
        reason_text=values.get("reason_text", ""),
        situations=tuple(sorted(known)),
        time_at=datetime.fromisoformat(at) if at else None,
        asker=context.draft.get("asker", "self"),
        groups=tuple(groups_in(told, age=age_told([told]), reason=values["reason"])),
        materials=tuple((row[:120], "") for row in material_rows(item, asked)),
        promised_days=promised.days if promised and promised.days else PROMISED_WORKING_DAYS,
    )
