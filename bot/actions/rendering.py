"""From typed fields to plain spoken Chinese, one function per facet.

Every sentence comes from a field of the record; where the record is silent, the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.actions.context import Guide
from bot.actions.facts import age_limit
from bot.actions.situations import Chosen, Row
from bot.conversations.messages import Answer, Button, Card, Reply
from bot.conversations.phrases import ASK_WINDOW, UNVERIFIED
from knowledge import opening
from knowledge.record import (
    Amount,
    Checklist,
    Condition,
    Days,
    Material,
    Place,
    ServiceItem,
    Topic,
)


@dataclass(frozen=True)
class Asked:
    """What the rendering needs beside the item: the places, the moment, the resident's words."""

    places: Sequence[Place]
    now: datetime
    text: str = ""
    # What is known of the resident's situation: option ids, and an age in years.
    options: frozenset[str] = frozenset()
    age: int | None = None


# Who asks where may want a number to call.
_PHONE = re.compile(r"电话|号码|热线|打给")
FACET_TITLES = {
    "overview": "怎么办",
    "conditions": "要什么条件",
    "materials": "要带什么材料",
    "process": "先后怎么办",
    "where": "在哪办",
    "when": "什么时候能办",
    "fee": "要不要钱",
    "amount": "能领多少",
    "duration": "几天办好",
    "online": "网上能不能办",
    "proxy": "能不能代办",
    "progress": "查进度",
    "result": "办好拿到什么",
}
# After an answer, what people ask next.
_NEXT = {
    "overview": ("materials", "where", "duration"),
    "conditions": ("materials", "amount", "where"),
    "materials": ("where", "duration", "proxy"),
    "process": ("materials", "where", "duration"),
    "where": ("materials", "when", "online"),
    "when": ("where", "materials", "online"),
    "fee": ("materials", "duration", "where"),
    "amount": ("conditions", "materials", "result"),
    "duration": ("materials", "result", "where"),
    "online": ("materials", "where", "proxy"),
    "proxy": ("materials", "where", "duration"),
    "progress": ("duration", "where", "result"),
    "result": ("duration", "materials", "where"),
}


def facet_text(item: ServiceItem, facet: str, asked: Asked) -> str:
    """Return what is said about one facet of an item, with the honesty note where it is due."""
    text = _FACETS[facet](item, asked)
    return text if item.verified else f"{text}\n{UNVERIFIED}"


def checklist_text(checklist: Checklist) -> str:
    """Return what an inspection looks at, point by point, and the papers to have at hand."""
    points = _numbered(f"{point.name}：{point.in_order}" for point in checklist.points)
    papers = f"\n手边备好：{'、'.join(checklist.papers)}。" if checklist.papers else ""
    return f"{checklist.intro}\n{points}{papers}\n{UNVERIFIED}"


def topic_text(topic: Topic, asked: Asked) -> str:
    """Return the answer about the service itself, with the hours or places of the moment."""
    if topic.adds == "hours":
        return f"{topic.answer}\n街道为民服务大厅：{opening_text(asked)}"
    if topic.adds == "places":
        return f"{topic.answer}\n现在登记在册的：{'、'.join(p.name for p in asked.places)}。"
    return topic.answer


def card(item: ServiceItem, asked: Asked) -> Card:
    """Return the whole guide as a card."""
    rows = [
        ("适用情形", item.scope),
        ("办理条件", _condition_list(item, asked)),
        ("不能办的", "\n".join(item.exclusions)),
        ("申请材料", _material_list(item, asked)),
        ("办理步骤", _step_list(item)),
        ("在哪办", _plain(_where(item, asked))),
        ("办理时间", _usual_hours(asked)),
        ("期限", _deadlines(item)),
        ("收费", _plain(_fee(item, asked))),
        ("能领多少", _amount_list(item, asked)),
        ("多久办好", _plain(_duration(item, asked))),
        ("网上办理", _online(item, asked)),
        ("代办", _proxy(item, asked)),
        ("办理结果", _result(item, asked)),
        ("受理单位", item.accepting_body),
        ("决定单位", item.deciding_body),
        ("依据", "\n".join(f"{_quoted(law.title)}{law.article}" for law in item.legal_basis)),
    ]
    return Card(
        title=item.name,
        rows=tuple((label, value) for label, value in rows if value),
        source=item.source.title,
        updated=(item.verified_on or item.source.retrieved_on).isoformat(),
        verified=item.verified,
    )


# A last bracket is the law's number or year, unless it belongs to the name: （试行）, （2023年版）.
_TITLE = re.compile(r"(.+?)(（(?!试行|暂行)[^（）]*(?<!版)）)?")


def _quoted(title: str) -> str:
    """Put a law's name into book marks, its number behind them; a title with marks has its own."""
    found = _TITLE.fullmatch(title)
    if "《" in title or found is None:
        return title
    return f"《{found[1]}》{found[2] or ''}"


def with_cards(reply: Reply, guide: Guide, now: datetime) -> Reply:
    """Return the reply with each answer's card.

    Cards come after the dialogue engine, whose tracker would otherwise carry all of them along.
    """
    return replace(reply, answers=tuple(_with_card(a, guide, now) for a in reply.answers))


def _with_card(answer: Answer, guide: Guide, now: datetime) -> Answer:
    item = guide.item(answer.item)
    if item is None:
        return answer
    asked = Asked(guide.places, now, options=frozenset(answer.situations))
    return replace(answer, card=card(item, asked))


def next_buttons(item: ServiceItem, facets: Iterable[str]) -> tuple[Button, ...]:
    """Offer what people ask next about the item."""
    seen = set(facets)
    wanted = [n for f in facets for n in _NEXT[f] if n not in seen]
    wanted = [n for n in dict.fromkeys(wanted) if n != "amount" or item.amounts]
    return tuple(Button(FACET_TITLES[facet], f"ask:{item.item_id}:{facet}") for facet in wanted[:3])


def _overview(item: ServiceItem, asked: Asked) -> str:
    chosen = Chosen(item, asked.options)
    needed = [m for m in chosen.rows(item.materials) if m.necessity == "必要"]
    common = [m.name for m in needed if chosen.is_settled(m)]
    lines = [f"{item.name}：{item.scope}。"]
    if common:
        lines.append(f"要带：{'、'.join(common)}。")
    extra = [m for m in needed if not chosen.is_settled(m)]
    if extra:
        grouped = "；".join(f"{_when(m, chosen)}还要{m.name}" for m in extra[:4])
        lines.append(f"看情况：{grouped}。")
    lines += [_where(item, asked), _duration(item, asked), _fee(item, asked)]
    return "\n".join(lines)


def _conditions(item: ServiceItem, asked: Asked) -> str:
    text = f"符合下面这些就能办：\n{_condition_list(item, asked)}"
    if item.exclusions:
        text += "\n这些情况不行：\n" + "\n".join(f"· {entry}" for entry in item.exclusions)
    return text


def _condition_list(item: ServiceItem, asked: Asked) -> str:
    chosen = Chosen(item, asked.options)
    rows = chosen.rows(item.accept_conditions)
    return _numbered(f"{_when(row, chosen)}{row.text}{_age_note(row, asked)}" for row in rows)


def _age_note(row: Condition, asked: Asked) -> str:
    """What a told age means for a condition; whether somebody qualifies is never promised."""
    limit = age_limit(row.text)
    if asked.age is None or limit is None:
        return ""
    if limit.holds(asked.age):
        return f"（您说{asked.age}岁，年龄够）"
    if asked.age < limit.low:
        return f"（您说{asked.age}岁，还差{limit.low - asked.age}岁）"
    return f"（您说{asked.age}岁，过了这个年龄）"


def _materials(item: ServiceItem, asked: Asked) -> str:
    if not item.materials:
        return _material_list(item, asked)
    direct = _asked_material(item, asked)
    return f"{direct}要带这些：\n{_material_list(item, asked)}"


def _material_list(item: ServiceItem, asked: Asked) -> str:
    return _numbered(material_rows(item, asked)) or "不用带材料，说清楚情况就行。"


def material_rows(item: ServiceItem, asked: Asked) -> list[str]:
    """Return what to bring, one thing an entry; what only some need is marked."""
    chosen = Chosen(item, asked.options)
    return [_material(material, chosen) for material in chosen.rows(item.materials)]


def _material(material: Material, chosen: Chosen) -> str:
    parts = [f"{_when(material, chosen)}{material.name}（{_count(material)}）"]
    if material.necessity != "必要":
        parts.append("可以后补" if material.necessity == "容缺后补" else "有就带，没有也行")
    # Where to get what everybody has at home need not be said.
    source = "" if "自有" in material.source or "本人" in material.source else material.source
    parts += [text for text in (source, material.note, material.exempt_by) if text]
    return "。".join(part.rstrip("。") for part in parts)


def _count(material: Material) -> str:
    counts = []
    if material.original_count:
        counts.append(f"原件{material.original_count}份")
    if material.copy_count:
        counts.append(f"复印件{material.copy_count}份")
    if material.form != "纸质":
        counts.append("电子的也行" if material.form == "纸质或电子" else "电子的")
    return "，".join(counts) or material.kind


# What residents call a document, and the words that stand for it in a list of materials.
_DOCUMENTS = {
    "户口本": ("户口",),
    "户口簿": ("户口",),
    "身份证": ("身份证",),
    "照片": ("照",),
    "结婚证": ("结婚", "婚姻"),
    "房产证": ("房产", "不动产", "房屋"),
    "病历": ("病历", "诊断"),
    "银行卡": ("银行",),
    "存折": ("银行", "存折"),
    "出生证": ("出生",),
    "租房合同": ("租赁", "合同", "租房"),
    "营业执照": ("营业执照",),
}


def _asked_material(item: ServiceItem, asked: Asked) -> str:
    """Answer “户口本要不要” first, from the list."""
    text, chosen = asked.text, Chosen(item, asked.options)
    if not any(cue in text for cue in ("要不要", "要吗", "需不需要", "用不用", "要带吗", "需要吗")):
        return ""
    for document, words in _DOCUMENTS.items():
        if document not in text:
            continue
        rows = chosen.rows(item.materials)
        found = [m for m in rows if any(word in m.name for word in words)]
        if not found:
            return f"清单里没有{document}，一般不用带，{ASK_WINDOW}。\n"
        if not any(chosen.is_settled(m) for m in found):
            return f"{_when(found[0], chosen)}才要{found[0].name}。\n"
        need = "要带" if found[0].necessity == "必要" else "有就带上，没有也行："
        return f"{need}{found[0].name}。\n"
    return ""


def _process(item: ServiceItem, asked: Asked) -> str:
    visits = item.handling.visits
    text = f"一步一步来：\n{_step_list(item)}"
    if visits.count:
        return f"{text}\n要跑{visits.count}趟：{visits.reason}。"
    return f"{text}\n不用跑一趟。"


def _step_list(item: ServiceItem) -> str:
    return _numbered(f"{step.name}：{step.text}" for step in item.handling.process_steps)


def _plain(text: str) -> str:
    """A row of a card needs no “在哪办：” in front, its label says it."""
    return re.sub(r"^(在哪办|多久办好|要不要钱|收费)：", "", text)


def _where(item: ServiceItem, asked: Asked) -> str:
    handling = item.handling
    window = f"，找{item.window}" if item.window else ""
    both = "hall" in item.places and "community" in item.places
    named = [place.name for place in asked.places if place.place_id in item.places]
    place = "街道为民服务大厅，或家门口的社区党群服务中心都行" if both else "、".join(named)
    text = f"在哪办：{place or ASK_WINDOW}{window}。"
    if handling.region == "全市通办":
        text += "全市通办，不用回户口所在地。"
    if handling.self_service_terminal:
        text += "大厅的自助机也能办。"
    if _PHONE.search(asked.text):
        text = f"{_consult(item)}。{text}"
    return text


def _consult(item: ServiceItem) -> str:
    return f"打{item.consult_phone}或12345" if item.consult_phone else "打12345"


def _when_open(item: ServiceItem, asked: Asked) -> str:
    lines = [opening_text(asked)]
    deadlines = _deadlines(item)
    if deadlines:
        lines.append(f"要留意期限：{deadlines}")
    return "\n".join(lines)


def _deadlines(item: ServiceItem) -> str:
    return "；".join(deadline.text.rstrip("。") for deadline in item.deadlines)


def opening_text(asked: Asked) -> str:
    """Say whether the hall is open on the day that is asked for, or now."""
    hall = next((place for place in asked.places if place.kind == "hall"), None)
    if hall is None:
        return f"开门时间{ASK_WINDOW}，可以先打12345问。"
    note = "" if hall.verified else "（时间待核实，出门前可打12345问一声）"
    holiday = opening.unannounced_holiday(asked.text, asked.now.date())
    if holiday:
        return f"下一个{holiday}怎么放假还没公布，公布了我再告诉您。平时：{_usual_hours(asked)}。"
    on = opening.asked_day(asked.text, asked.now.date())
    if on is not None and on != asked.now.date():
        return _that_day(hall, on) + note
    return _right_now(hall, asked.now) + note


def _that_day(hall: Place, on: date) -> str:
    day = opening.day(on)
    words = opening.hours_in_words(hall.hours, on)
    head = f"{on.month}月{on.day}日（{day.name}）"
    text = f"{head}开门，{words}。" if words else f"{head}不开门。"
    if day.announced:
        return text
    if day.kind == "holiday":
        return f"{text}前后几天怎么调休还没公布。"
    return f"那一年的放假安排还没公布，{text}"


def _right_now(hall: Place, now: datetime) -> str:
    today = opening.hours_in_words(hall.hours, now.date())
    closes = opening.closes_at(hall.hours, now)
    if closes is not None:
        return f"现在开着门，到{opening.clock(closes)}。今天的时间是{today}。"
    soon = opening.next_opening(hall.hours, now)
    if soon is None:
        return "现在关着门，近两周没有排班。"
    day = opening.day_in_words(soon.date(), now.date())
    if soon.date() != now.date():
        day += f"（{opening.day(soon.date()).name}）"
    return f"现在关着门，{day}{opening.clock(soon.time())}开门。"


def _usual_hours(asked: Asked) -> str:
    hall = next((place for place in asked.places if place.kind == "hall"), None)
    if hall is None:
        return ""
    hours = hall.hours
    spans = [
        (name, "、".join(f"{p.opens}–{p.closes}" for p in periods))
        for name, periods in (
            ("工作日", hours.workday),
            ("双休日", hours.weekend),
            ("法定节假日", hours.holiday),
        )
    ]
    text = "；".join(f"{name}{span or '不开'}" for name, span in spans)
    return text if hall.verified else f"{text}（示例，待核实）"


def _fee(item: ServiceItem, asked: Asked) -> str:
    charge = item.fee
    note = f"{charge.note.rstrip('。')}。" if charge.note else ""
    if charge.charged is None:
        return (
            f"要不要钱：{note or ''}{ASK_WINDOW}。"
            if ASK_WINDOW not in note
            else f"要不要钱：{note}"
        )
    if not charge.charged:
        return f"不收费。{note}"
    rows = [
        f"{fee.name}：{fee.standard}" + (f"，{fee.reduction}" if fee.reduction else "")
        for fee in charge.fees
    ]
    return "收费：" + "；".join(rows) + f"。{note}"


def _amount(item: ServiceItem, asked: Asked) -> str:
    if not item.amounts:
        return "这件事本身不发钱。"
    return f"能领的：\n{_amount_list(item, asked)}"


def _amount_list(item: ServiceItem, asked: Asked) -> str:
    chosen = Chosen(item, asked.options)
    return _numbered(_one_amount(amount, chosen) for amount in chosen.rows(item.amounts))


def _one_amount(amount: Amount, chosen: Chosen) -> str:
    head = f"{_when(amount, chosen)}{amount.name}"
    note = f"，{amount.note.rstrip('。')}" if amount.note else ""
    if not amount.standard:
        return f"{head}：标准每年会变，{ASK_WINDOW}{note}"
    unit = "" if amount.unit and amount.unit in amount.standard else amount.unit
    often = "" if amount.frequency in amount.standard else f"，{amount.frequency}"
    return f"{head}：{amount.standard}{unit}{often}（{amount.basis}）{note}"


def _duration(item: ServiceItem, asked: Asked) -> str:
    handling = item.handling
    if handling.case_type == "即办件":
        note = f"（{handling.promised.basis}）" if handling.promised else ""
        return f"多久办好：材料齐了当场办{note}。"
    if handling.promised is not None:
        return f"多久办好：收件后{_days(handling.promised)}内。"
    if handling.statutory is not None:
        basis = handling.statutory.basis
        return f"多久办好：规定最长{_days(handling.statutory)}（{basis}），实际{ASK_WINDOW}。"
    return f"多久办好：没有统一的天数，{ASK_WINDOW}。"


def _days(limit: Days) -> str:
    return f"{limit.days}个{limit.unit}"


def _online(item: ServiceItem, asked: Asked) -> str:
    online = item.handling.online
    if not online.available:
        return "网上还办不了，要到窗口。" + (
            f"{online.where.rstrip('。')}。" if online.where else ""
        )
    depth = f"（{online.depth}）" if online.depth else ""
    return f"网上能办{depth}：{online.where.rstrip('。')}。"


def _proxy(item: ServiceItem, asked: Asked) -> str:
    proxy = item.handling.proxy
    note = f"{proxy.note.rstrip('。')}。" if proxy.note else ""
    if not proxy.allowed:
        home = "出不了门的可以申请工作人员上门。" if proxy.home_visit else ""
        return f"这件要本人来，别人代不了。{home}{note}"
    home = "出不了门的，也可以请工作人员上门。" if proxy.home_visit else ""
    return f"可以请人代办，代办人带上：{'、'.join(proxy.requirements)}。{home}{note}"


def _progress(item: ServiceItem, asked: Asked) -> str:
    where = "，或者在当初申请的手机程序里看" if item.handling.online.available else ""
    return (
        f"要查“{item.short_name}”办到哪了，带上身份证问受理的窗口{where}，也可以{_consult(item)}。"
        f"{_duration(item, asked)}"
    )


def _result(item: ServiceItem, asked: Asked) -> str:
    ways = {
        "窗口": "到窗口拿",
        "EMS": "邮政EMS寄到家",
        "网上": "在网上领",
        "发放到账": "打到您的卡上",
        "上门": "送到家里",
    }
    result = item.result
    text = f"办好以后您会拿到：{result.name}。"
    if result.delivery:
        text += f"可以{'，或者'.join(ways[way] for way in result.delivery)}。"
    if result.validity:
        text += f"有效期：{result.validity.rstrip('。')}。"
    return text


_FACETS: dict[str, Callable[[ServiceItem, Asked], str]] = {
    "overview": _overview,
    "conditions": _conditions,
    "materials": _materials,
    "process": _process,
    "where": _where,
    "when": _when_open,
    "fee": _fee,
    "amount": _amount,
    "duration": _duration,
    "online": _online,
    "proxy": _proxy,
    "progress": _progress,
    "result": _result,
}


def _when(row: Row, chosen: Chosen) -> str:
    """“【请别人代办】” in front of what only some need, as long as it is not known who she is."""
    if chosen.is_settled(row):
        return ""
    labels = {option.id: option.label for s in chosen.item.situations for option in s.options}
    return f"【{'、'.join(labels[i] for i in row.situation_ids)}】"


def _numbered(rows: Iterable[str]) -> str:
    return "\n".join(f"{number}. {row}" for number, row in enumerate(rows, start=1))
