"""Taking a closed-loop report down: what is wrong, where, and whether she wants to be told.

As with tickets the engine owns the order, the draft the values. Opening it is
``bot.reports.services``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from uuid import uuid4

from bot.actions import answer
from bot.actions.context import FAIRLY_LIKELY, Context, Outcome
from bot.actions.intake import cases, phrases
from bot.actions.intake.forms import SILENT, accepted, aside
from bot.actions.intake.reached import was_read_back
from bot.actions.intake.said import is_whole, is_yes, refuses
from bot.actions.person import is_meant_as_number, spaced, wants_person
from bot.actions.reference import asks_of_its_item
from bot.actions.telling import HUMAN_BUTTON, plain
from bot.casework.numbers import spaced_number
from bot.conversations.messages import Button
from bot.evidence.services import uploads_attach
from bot.gazetteer.selectors import community_of
from bot.reports import services
from bot.reports.services import ReportRequest
from bot.tickets import selectors
from knowledge import opening
from knowledge.record import ReportKind
from nlu.settling import PROGRESS_FACET

FORM, READ_BACK = "report", "report_read_back"
SLOTS = ("location", "description", "contact")
# A kind of report that scores so much beside an item is what the item would be reported as.
NEAR = 0.03
# So likely is a second that takes in complaints where the first takes in none.
SECOND = 0.3
# Stands for “no number” among the values of the form.
ANONYMOUS = "匿名"
_PREFIX = "report_"
# A message of this length tells what is wrong; a shorter one only that something is.
SHORTEST_DESCRIPTION = 5
# So far down the ranking a kind of report is looked for.
NEAREST_KINDS = 3
_ANONYMOUS = re.compile(r"不(?:想|要|用)?留|匿名|保密|(?:电话|号码|手机).{0,4}不(?:留|给|要|说)")
_NO_CONTACT = re.compile(r"不留|匿名|不用了?|不要了?|没有|不想|算了|不需要|不必|保密|不方便")
_LEAVE_IT = frozenset(
    {"human", "complain_bot", "trouble", "cancel", "goodbye", "thanks", "dont_understand", "repeat"}
)
# What only says that something is reported: “我要匿名举报…”.
_REPORTING = re.compile(
    r"^(?:我|我们)?(?:要|想|来)?(?:匿名|实名)?(?:举报|投诉|反映|报修|报告)(?:一下)?(?=..)"
)
# “会不会让老板晓得是我说的”
_FEARS = re.compile(r"[让给叫被].{0,6}(?:晓得|知道|看到|发现|查到)|保密|泄露|报复|找[我上]麻烦")
# “我要投诉” says nothing of what.
_BARE = re.compile(
    r"(?:我|我们)?(?:要|想|来)*(?:匿名|实名)?(?:举报|投诉|反映|报修)(?:一下|一?个?(?:事情?|问题|情况))?[。！!，,\s]*"
)
_ASKS_AFTER = re.compile(
    r"了没(?!有?人)|没有?[啊呀呢？?]|[吗呢？?]$|怎么样了|到哪|下文"
    r"|(?:(?:报|反映|打电话|说|讲)(?:了|过|的).{0,20}(?:怎么|咋)?|(?:上[周月次回]|上个?礼[拜败]|昨天|前[天几]).{0,50}(?:怎么|咋))"
    r"还?没(?:有)?(?:动静|人来|消息|下文|结果|来)"
)
_GIVES_UP = re.compile(r"不报了|不反映了|不投诉了|不说了|取消")
_QUITS = re.compile(r"不报了|不反映了|不投诉了|不说了|不办了|取消|算了")
_NO = re.compile(r"不对|不是|错了|有误|改一下|要改|[改换]成|改到|应该是")
# Words that name a place: what stands before and with them is where it is.
_PLACE = re.compile(
    r"(?:[一-鿿A-Za-z0-9]{0,10}?)"
    r"(?:小区|社区|花园|家园|新村|苑(?!子)|公寓|广场(?!舞)|菜场|市场|路口|路边|路上|街上|大道|[路街巷](?:\d+号)?(?=[口边上旁的和与那这，,。]|$)|门口|大门|[东南西北]门"
    r"|大厅|窗口|消防通道|停车场|垃圾桶|花坛|楼[下上道顶]|楼梯口|单元|电梯里?|地下室|车库|工地|学校|超市|公园|桥[下边]|河边|[0-9一二三四五六七八九十]+[栋幢号](?:楼|旁)?)"
    r"(?:[0-9一二三四五六七八九十]+[栋幢号](?:楼)?)?(?:[0-9一二三四五六七八九十]+单元)?"
    r"(?:旁边|附近|门口|楼下|对面|后面|前面|里面|外面|边上|楼道|单元门口|里|上)?"
)
# What may stand before a place and is none: “老有人在”, “老板拖欠”.
_NO_NAME = re.compile(
    r"反映|投诉|举报|[在从到把被是有说的了着过又老总天每人们跟和还往]|(?<![那这])个"
)
# Together or alone they lead nobody anywhere: “楼下”, “小区楼道里”.
_VAGUE = re.compile(
    r"(?:(?:我们|咱们|我家|这边|那边|这|那)?(?:小区|楼下|楼上|楼道|楼梯口|门口|路边|路上|社区|电梯|单元|楼顶|大门|工地|街上|消防通道|停车场|垃圾桶|花坛|地下室|车库|窗口)"
    r"(?:里面|里|上|门口|旁边)?)+"
)
_BESIDE = re.compile(
    r"<address>(?P<beside>(?:旁边|附近|门口|楼下|对面|后面|前面|里面|外面|边上|楼道里?|楼上|消防通道)+)"
)
# A house without its estate, and an estate with a house.
_HOUSE = re.compile(r"[0-9一二三四五六七八九十]+[栋幢号]")


def begin(context: Context) -> Outcome:
    """Something is wrong outside: the kind that fits, and the form; else what is asked about."""
    said, draft = context.understanding, context.draft
    if said.facets[0] == PROGRESS_FACET and _ASKS_AFTER.search(said.text):
        # “上周反映过的，有人去查了没有” was reported before.
        return cases.progress(context)
    if _BARE.fullmatch(said.text):
        reply = plain(context, "ask_slot", phrases.REPORT_WHAT, slot="description")
        return Outcome(replace(reply, candidates=()))
    kind = kind_meant(context)
    if kind is None or asks_of_its_item(said):
        return answer.report(context)
    words = draft.get("said_words") or said.text
    heard = _heard(context, asked="", first=True)
    if len(words.strip()) >= SHORTEST_DESCRIPTION:
        heard["description"] = words.strip()[:400]
    lead = phrases.REPORT_BEGIN.format(kind=kind.name, role=kind.responsible_role)
    begun = {"form": FORM, "key": uuid4().hex, "kind": kind.kind_id, "lead": lead}
    outcome = _accepted({}, heard, begun, wanted=True)
    # What is asked in between is asked of what the office does about it.
    about = {"item": kind.linked_item} if kind.linked_item else {}
    return replace(outcome, slots={**outcome.slots, **about})


def kind_meant(context: Context) -> ReportKind | None:
    """The kind of report that the message is about, if it is fairly likely to be about one."""
    text = context.understanding.text
    about = _REPORTING.sub("", text)
    match = (
        context.understanding.match if about == text else context.match(about, NEAREST_KINDS + 2)
    )
    ranked, best = match.ranked, match.best
    is_fair = match.probability >= FAIRLY_LIKELY
    if best is not None and (kind := context.guide.report_kind(best.owner)) and is_fair:
        return kind
    likely = (each for each in ranked[:NEAREST_KINDS] if each.score >= NEAR)
    near = next((each for each in likely if context.guide.report_kind(each.owner)), None)
    if near is not None:
        return context.guide.report_kind(near.owner)
    # An item takes in more than the one kind that leads to it: what does not name it is not it.
    linked = context.guide.report_kind_of(best.owner) if best is not None else None
    if linked is not None and _names(context, linked):
        return linked
    return _beside_its_item(context)


def _beside_its_item(context: Context) -> ReportKind | None:
    """The kind that stands in the ranking beside the item to which it leads."""
    first = context.understanding.match.ranked[: NEAREST_KINDS + 1]
    items = [each.owner for each in first[:2] if each.score >= FAIRLY_LIKELY]
    kinds = filter(None, (context.guide.report_kind(each.owner) for each in first))
    beside = next((kind for kind in kinds if kind.linked_item in items), None)
    # “楼上天天半夜装修”: mediation is likeliest, but a complaint about noise is what can be taken.
    takes_in = (context.guide.report_kind_of(e.owner) for e in first[1:2] if e.score >= SECOND)
    return beside or next(filter(None, takes_in), None)


def _names(context: Context, kind: ReportKind) -> bool:
    text = context.understanding.text
    return any(name in text for name in context.guide.names(kind.kind_id))


def _values(draft: Mapping[str, str]) -> dict[str, str]:
    if draft.get("form") not in (FORM, READ_BACK):
        return {}
    return {name: draft[_PREFIX + name] for name in SLOTS if draft.get(_PREFIX + name)}


def _heard(context: Context, asked: str, *, first: bool = False) -> dict[str, str]:
    said, draft = context.understanding, context.draft
    heard: dict[str, str] = {}
    place = draft.get("said_address", "")
    if place and (beside := _BESIDE.search(said.text)):
        place += beside["beside"]
    if not place and (first or asked == "location"):
        place = _place_in(said.text)
    if place:
        heard["location"] = place
    phone = draft.get("said_phone", "")
    if is_whole(phone):
        heard["contact"] = phone
    return heard


def _place_in(text: str) -> str:
    """The place that a complaint names; “楼下” alone leads nobody there."""
    found = max(_places(text), key=len, default="")
    community = community_of(text)
    if found and not _VAGUE.fullmatch(found):
        return found
    return f"{community.name}{found}" if community is not None else ""


def _places(text: str) -> list[str]:
    """The places that a text names; “顶山花园” and “3栋” side by side are one."""
    spans: list[tuple[int, int]] = []
    for found in _PLACE.finditer(text):
        start = found.end() - len(_proper(found[0]))
        if spans and text[spans[-1][1] : start] in ("", "的"):
            spans[-1] = (spans[-1][0], found.end())
        else:
            spans.append((start, found.end()))
    return [text[start:end] for start, end in spans]


def _proper(place: str) -> str:
    """A place without the words before it that are no part of its name."""
    return _NO_NAME.split(place)[-1] or place


def _refined(before: str, now: str) -> str:
    """A place as it is corrected: “11栋门口” stays in the estate that was named."""
    house = _HOUSE.search(before)
    return f"{before[: house.start()]}{now}" if house and _HOUSE.match(now) else now


def validate(context: Context) -> Outcome:
    """Take what a message says while the form is open; nothing of it hands it to the rules."""
    draft, said = context.draft, context.understanding
    asked, values = draft.get("asked", ""), _values(draft)
    asked = "contact" if asked == "phone" else asked
    heard = _answered(context, asked, values)
    if wants_person(said.text):
        return Outcome(SILENT, leaves=True)
    if heard == {"contact": ANONYMOUS} and _GIVES_UP.search(said.text):
        # “算了” alone leaves no number, “算了不说了” leaves nothing at all.
        return dropped(context)
    if heard:
        # The form that this very message opened has its first words already.
        return _accepted(values, heard, {"lead": draft.get("lead") or phrases.NOTED})
    if not said.text.strip() and _fresh_photos(context):
        return _accepted(values, {}, {})
    if _QUITS.search(said.text):
        return dropped(context)
    if asked == "contact" and ("<phone>" in said.text or is_meant_as_number(said.text)):
        return _accepted(values, {}, {"lead": phrases.PHONE_NOT_WHOLE})
    if asked == "contact" and _FEARS.search(said.text):
        return _accepted(values, {}, {"lead": phrases.NOBODY_IS_TOLD})
    if refuses(said.text) and not (said.reading.has_subject and said.reading.facet_is_cued):
        return _accepted(values, {}, {"lead": phrases.WHY_NEEDED.get(asked, "")})
    if said.reading.facet_is_cued or said.intent in _LEAVE_IT:
        return Outcome(SILENT, leaves=True)
    return _as_said(context, asked, values)


def _answered(context: Context, asked: str, values: Mapping[str, str]) -> dict[str, str]:
    """What the message says, the answer to what was asked last included."""
    text = context.understanding.text
    heard = _heard(context, asked)
    if asked == "contact" and not heard and (place := _place_in(text)):
        heard["location"] = _refined(values.get("location", ""), place)
    is_bad = "<phone>" in text and "contact" not in heard
    if asked == "contact" and "contact" not in heard and not is_bad and _NO_CONTACT.search(text):
        heard["contact"] = ANONYMOUS
    return heard


def _as_said(context: Context, asked: str, values: Mapping[str, str]) -> Outcome:
    """Words that answer in their own way; what was asked for again if they do not."""
    said = context.understanding
    words = (context.draft.get("said_words") or said.text).strip()
    if asked in ("location", "description") and len(words) >= 2:
        is_more = asked == "location" and said.intent == "report_problem" and not _place_in(words)
        if is_more or _VAGUE.fullmatch(words):
            told = {"description": words[:400]} if is_more else {}
            return _accepted(values, told, {"again": "1"})
        return _accepted(values, {asked: words[:400]}, {"lead": phrases.NOTED})
    if asked == "contact":
        return _accepted(values, {}, {"again": "1"})
    return Outcome(SILENT, leaves=True)


def _fresh_photos(context: Context) -> bool:
    """Whether pictures came that she was not thanked for yet."""
    return len(context.attachments()) > int(context.draft.get("photos") or 0)


def _accepted(
    values: Mapping[str, str],
    heard: Mapping[str, str],
    draft: Mapping[str, str],
    *,
    wanted: bool = False,
) -> Outcome:
    slots = {"report_wanted": True} if wanted else {}
    return accepted(_PREFIX, SLOTS, {**values, **heard}, draft, slots)


def _forgotten() -> dict[str, str | None]:
    others = ("form", "asked", "key", "lead", "again", "kind", "photos", "words")
    return {**{_PREFIX + name: None for name in SLOTS}, **dict.fromkeys(others)}


def dropped(context: Context) -> Outcome:
    """“算了”: nothing is kept, nothing was submitted."""
    reply = plain(context, "smalltalk", phrases.REPORT_DROPPED, confidence=1.0)
    slots = {**_closed(), "item": None}
    return Outcome(
        replace(reply, intent="cancel", candidates=()),
        {**slots, "requested_slot": None, "awaiting": None},
        draft=_forgotten(),
    )


def ask(slot: str, context: Context) -> Outcome:
    """Ask where, what, and for a number that need not be given."""
    draft = context.draft
    lead, again = draft.get("lead", ""), draft.get("again")
    if has_photos := _fresh_photos(context):
        lead = phrases.PHOTO_TAKEN + (lead if lead != phrases.NOTED else "")
    text = phrases.ASK_AGAIN[slot] if again else phrases.ASK[slot]
    named = "phone" if slot == "contact" else slot
    buttons = (Button("不留，匿名", "say:不留"),) if slot == "contact" else ()
    reply = plain(
        context,
        "ask_slot",
        f"{lead}{text}",
        slot=named,
        slots=public(_values(draft)),
        buttons=(*buttons, HUMAN_BUTTON),
        confidence=1.0,
    )
    changes: dict[str, str | None] = {
        "asked": {"contact": "phone"}.get(slot, slot),
        "lead": None,
        "again": None,
    }
    if has_photos:
        changes["photos"] = str(len(context.attachments()))
    reply = replace(reply, intent="report_problem", item=_linked_item(context), candidates=())
    return Outcome(reply, {}, leaves=True, draft=changes)


def _linked_item(context: Context) -> str | None:
    """The item under which the office takes in what is being reported, if there is one."""
    kind = context.guide.report_kind(context.draft.get("kind", ""))
    return kind.linked_item or None if kind else None


def public(values: Mapping[str, str]) -> dict[str, str]:
    """The slots in the contract's names."""
    shown = {name: values[name] for name in ("location", "description") if values.get(name)}
    if values.get("contact") and values["contact"] != ANONYMOUS:
        shown["phone"] = values["contact"]
    return shown


def read_back(context: Context) -> Outcome:
    """Everything once more, before a yes; nothing if the form was left."""
    values = _values(context.draft)
    if any(not values.get(slot) for slot in SLOTS):
        return Outcome(SILENT, leaves=True)
    rows = _rows(context, values)
    text = phrases.REPORT_READ_BACK.format(rows=rows)
    buttons = (
        Button("对，交办", "say:对"),
        Button("哪里不对", "say:不对"),
        Button("不报了", "say:不报了"),
    )
    reply = plain(context, "confirm", text, slot="confirm", slots=public(values), buttons=buttons)
    reply = replace(reply, intent="report_problem", candidates=(), confidence=1.0)
    draft: dict[str, str | None] = {"form": READ_BACK, "asked": None, "lead": None, "words": rows}
    return Outcome(reply, {"awaiting": "report", "report_wanted": None}, draft=draft)


def _rows(context: Context, values: Mapping[str, str]) -> str:
    kind = context.guide.report_kind(context.draft["kind"])
    contact = values["contact"]
    told = "不留电话，匿名" if contact == ANONYMOUS else f"电话{spaced(contact)}"
    if photos := len(context.attachments()):
        told = f"照片：{photos}张\n{told}"
    return (
        f"什么事：{kind.name if kind else ''}\n地点：{values['location']}\n"
        f"情况：{values['description']}\n{told}"
    )


def confirm(context: Context) -> Outcome:
    """What is said after the read-back: yes opens it, a correction is read back again."""
    said, draft = context.understanding, context.draft
    values = _values(draft)
    if any(not values.get(slot) for slot in SLOTS):
        return (cases.told_again(context) if is_yes(said.text) else None) or answer.answer(context)
    if is_yes(said.text) or (said.intent == "affirm" and not _NO.search(said.text)):
        is_whole_yes = not draft.get("asked") and was_read_back(context, draft.get("words", ""))
        return open_report(context) if is_whole_yes else read_back(context)
    opened_before = selectors.case_of_request(draft.get("key", ""))
    if opened_before is not None:
        # The yes was taken, only its answer was lost.
        told = cases.opened_already(context, opened_before)
        return replace(told, slots=_closed(), draft=_forgotten(), leaves=False)
    if _QUITS.search(said.text) or said.intent in ("cancel", "goodbye"):
        return dropped(context)
    heard = _corrected(context, values)
    if heard:
        merged = {**values, **heard}
        kept = {_PREFIX + name: value for name, value in merged.items()}
        shown = read_back(replace(context, draft={**draft, **kept}))
        return replace(shown, draft={**kept, **(shown.draft or {})})
    if _NO.search(said.text) or said.intent in ("deny", "none_of_these"):
        reply = plain(
            context, "confirm", phrases.REPORT_WHAT_IS_WRONG, slot="confirm", slots=public(values)
        )
        reply = replace(reply, intent="report_problem", candidates=(), buttons=(HUMAN_BUTTON,))
        return Outcome(reply, {"awaiting": "report"}, draft={"asked": "location"})
    return aside(context, "report")


def _corrected(context: Context, values: Mapping[str, str]) -> dict[str, str]:
    """What a message changes of what was read back."""
    text, draft = context.understanding.text, context.draft
    heard = _heard(context, draft.get("asked", ""), first=bool(_NO.search(text)))
    if "location" in heard:
        heard["location"] = _refined(values.get("location", ""), heard["location"])
    if _ANONYMOUS.search(text) and "contact" not in heard:
        heard["contact"] = ANONYMOUS
    return {name: value for name, value in heard.items() if value != values.get(name)}


def open_report(context: Context) -> Outcome:
    """Open the report; the same form opens one, however often it is confirmed."""
    draft = context.draft
    values = _values(draft)
    kind = context.guide.report_kind(draft["kind"])
    assert kind is not None
    is_anonymous = values["contact"] == ANONYMOUS
    reporter = services.report_open(
        ReportRequest(
            kind=kind,
            place=values["location"],
            description=values["description"],
            phone="" if is_anonymous else values["contact"],
            is_anonymous=is_anonymous,
        ),
        draft["key"],
        conversation=context.conversation(),
    )
    if photos := context.attachments():
        uploads_attach(photos, reporter.number, owner=context.sender)
    report = reporter.report
    is_joined = reporter.number != report.number
    due = _due(report.due_at.date(), context.now.date())
    sentence = phrases.REPORT_JOINED if is_joined else phrases.REPORT_OPENED
    text = sentence.format(
        number=spaced_number(reporter.number), role=kind.responsible_role, due=due
    )
    status = "joined" if is_joined else report.state
    reply = plain(
        context,
        "report_opened",
        text,
        slots=public(values),
        report={"number": reporter.number, "status": status},
        buttons=(Button("处理到哪一步了", "say:我报的事处理到哪一步了"),),
    )
    reply = replace(reply, intent="affirm", candidates=(), confidence=1.0)
    return Outcome(reply, {**_closed(), "item": None}, draft=_forgotten())


def _closed() -> dict[str, object]:
    """The engine's slots of a form that is done with."""
    return {**{_PREFIX + slot: None for slot in SLOTS}, "report_wanted": None}


def _due(on: date, today: date) -> str:
    if on == today:
        return phrases.DUE_TODAY
    return phrases.DUE_BEFORE.format(day=opening.day_in_words(on, today))
