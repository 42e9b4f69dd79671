"""Every facet of every guide becomes a plain Chinese sentence."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest

from bot.actions.context import Guide
from bot.actions.rendering import (
    FACET_TITLES,
    Asked,
    card,
    checklist_text,
    facet_text,
    next_buttons,
    opening_text,
    topic_text,
)
from bot.conversations.phrases import ASK_WINDOW, UNVERIFIED
from knowledge.files import KnowledgeFiles
from knowledge.record import (
    FACETS,
    Amount,
    Checklist,
    CheckPoint,
    Days,
    Fee,
    LegalBasis,
    ServiceItem,
    Topic,
)
from tests.bot.conftest import MONDAY_MORNING
from tests.people import altered

PAIRS = ("（）", "“”", "【】", "《》", "「」")
FEE = Fee(name="工本费", standard="每张20元", reduction="低保户免", basis="规定")


@pytest.fixture
def asked(guide: Guide) -> Asked:
    """A bare question on a Monday morning."""
    return Asked(guide.places, MONDAY_MORNING)


@pytest.fixture
def card_item(shipped: KnowledgeFiles) -> ServiceItem:
    """社保卡补换."""
    return shipped.items["SB13"]


def is_clean(text: str) -> bool:
    """Chinese, nothing of the inside, every bracket closed, no doubled or stray stop."""
    inside = re.search(r"None|True|False|\{|\}|\[|\]|ServiceItem|_|<|>", text)
    stops = re.search(r"。。|，，|；；|，。|。，|、。|：。|；。|^[，。；]|（）|：\s*$", text)
    balanced = all(text.count(pair[0]) == text.count(pair[1]) for pair in PAIRS)
    return bool(re.search(r"[一-鿿]", text)) and not inside and not stops and balanced


@pytest.mark.parametrize("facet", FACETS)
def test_every_guide_can_say_something_about_every_facet(
    shipped: KnowledgeFiles, asked: Asked, facet: str
) -> None:
    unclean = [
        (item_id, text)
        for item_id, item in shipped.items.items()
        if not is_clean(text := facet_text(item, facet, asked))
    ]
    assert unclean == []


@pytest.mark.parametrize("facet", FACETS)
def test_what_is_not_verified_says_so(card_item: ServiceItem, asked: Asked, facet: str) -> None:
    assert facet_text(card_item, facet, asked).endswith(UNVERIFIED)
    verified = altered(card_item, verified=True)
    assert UNVERIFIED not in facet_text(verified, facet, asked)


def test_every_facet_has_a_title() -> None:
    assert set(FACET_TITLES) == set(FACETS)


@pytest.mark.parametrize(
    ("facet", "changes", "wanted"),
    [
        ("fee", {"fee__charged": False, "fee__note": ""}, "不收费"),
        ("fee", {"fee__charged": True, "fee__fees": [FEE], "fee__note": ""}, "每张20元，低保户免"),
        ("fee", {"fee__charged": None, "fee__note": ""}, ASK_WINDOW),
        ("amount", {"amounts": []}, "不发钱"),
        (
            "amount",
            {"amounts": [Amount(name="补贴", standard="100元", frequency="每月", basis="某号文")]},
            "补贴：100元，每月（某号文）",
        ),
        ("amount", {"amounts": [Amount(name="补贴")]}, ASK_WINDOW),
        ("materials", {"materials": []}, "不用带材料"),
        ("duration", {}, "当场办"),
        (
            "duration",
            {"handling__case_type": "承诺件", "handling__promised": Days(days=7, basis="承诺")},
            "7个工作日",
        ),
        (
            "duration",
            {
                "handling__case_type": "承诺件",
                "handling__promised": None,
                "handling__statutory": Days(days=20, unit="自然日", basis="某办法"),
            },
            "最长20个自然日（某办法）",
        ),
        (
            "duration",
            {"handling__case_type": "承诺件", "handling__promised": None},
            "没有统一的天数",
        ),
        ("online", {"handling__online__available": False}, "网上还办不了"),
        ("online", {}, "网上能办"),
        (
            "proxy",
            {"handling__proxy__allowed": False, "handling__proxy__home_visit": False},
            "要本人来",
        ),
        ("proxy", {"handling__proxy__allowed": False}, "上门"),
        ("proxy", {}, "代办人带上：持卡人的身份证、代办人的身份证"),
        ("progress", {}, "打12333或12345"),
        ("progress", {"consult_phone": ""}, "打12345"),
        ("result", {}, "新的社会保障卡"),
        ("where", {}, "社区党群服务中心"),
        ("where", {"places": ["hall"]}, "顶山街道为民服务大厅"),
        ("process", {"handling__visits__count": 0}, "不用跑"),
        ("when", {}, "现在开着门，到中午12点"),
        ("conditions", {}, "外地发的社保卡坏了"),
    ],
)
def test_each_facet_says_what_its_fields_say(
    card_item: ServiceItem, asked: Asked, facet: str, changes: dict[str, Any], wanted: str
) -> None:
    text = facet_text(altered(card_item, **changes), facet, asked)
    assert wanted in text
    assert is_clean(text)


def test_a_guide_that_is_free_says_so_wherever_it_says_anything(
    shipped: KnowledgeFiles, asked: Asked
) -> None:
    for item in shipped.items.values():
        if item.fee.charged is False:
            assert "不收费" in facet_text(item, "fee", asked)
            assert "不收费" in facet_text(item, "overview", asked)


def test_no_figure_is_said_that_the_guide_does_not_hold(
    shipped: KnowledgeFiles, asked: Asked
) -> None:
    for item in shipped.items.values():
        if not any(amount.standard for amount in item.amounts):
            notes = "".join(amount.note for amount in item.amounts)
            figures = re.findall(r"\d+元", facet_text(item, "amount", asked))
            assert all(figure in notes for figure in figures)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("户口本要不要带", "清单里没有户口本"),
        ("身份证要带吗", "要带持卡人本人的居民身份证"),
        ("照片需不需要", "有就带上，没有也行：近期白底证件照"),
        ("要带什么", "要带这些"),
    ],
)
def test_a_question_about_one_document_is_answered_first(
    card_item: ServiceItem, guide: Guide, text: str, wanted: str
) -> None:
    said = facet_text(card_item, "materials", Asked(guide.places, MONDAY_MORNING, text))
    assert said.startswith(wanted)


def test_a_material_of_some_says_for_whom_it_is(card_item: ServiceItem, asked: Asked) -> None:
    text = facet_text(card_item, "materials", asked)
    assert "【卡还在，要换】旧的社保卡" in text
    assert "【请别人代办】代办人的居民身份证" in text


@pytest.mark.parametrize(
    ("moment", "text", "wanted"),
    [
        ("2026-11-23T10:00", "现在开门吗", "现在开着门，到中午12点"),
        ("2026-11-23T12:30", "现在开门吗", "现在关着门，今天下午1点半开门"),
        ("2026-11-23T19:00", "几点开门", "现在关着门，11月24日（周二）上午9点开门"),
        ("2026-11-23T10:00", "周六开门吗", "11月28日（周六）开门，上午9点"),
        ("2026-09-30T10:00", "10月10号上班吗", "10月10日（周六（国庆节调休上班））开门"),
        ("2026-09-30T10:00", "国庆开门吗", "10月1日（国庆节放假）开门，上午9点到中午12点"),
    ],
)
def test_opening_hours_are_said_for_the_day_asked_for(
    guide: Guide, moment: str, text: str, wanted: str
) -> None:
    now = MONDAY_MORNING.fromisoformat(moment).replace(tzinfo=MONDAY_MORNING.tzinfo)
    said = opening_text(Asked(guide.places, now, text))
    assert said.startswith(wanted)
    assert said.endswith("（时间待核实，出门前可打12345问一声）")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # The day is fixed by law, the days around it are announced each autumn.
        ("元旦开门吗", "1月1日（元旦放假）开门，上午9点到中午12点。前后几天怎么调休还没公布。"),
        ("五一开门吗", "5月1日（劳动节放假）开门"),
        ("春节开门吗", "下一个春节怎么放假还没公布"),
        ("过年有人吗", "下一个春节怎么放假还没公布"),
        ("1月4号开门吗", "那一年的放假安排还没公布，1月4日（周一）开门"),
    ],
)
def test_beyond_the_announced_years_only_fixed_days_are_holidays(
    guide: Guide, text: str, wanted: str
) -> None:
    assert opening_text(Asked(guide.places, MONDAY_MORNING, text)).startswith(wanted)


def test_without_places_nobody_is_sent_anywhere() -> None:
    assert "12345" in opening_text(Asked((), MONDAY_MORNING, "开门吗"))


def checklist(*papers: str) -> Checklist:
    """Two points that an inspection looks at."""
    points = [
        CheckPoint(name="证照上墙", in_order="挂在看得见的地方。", basis="某法第三条"),
        CheckPoint(name="灭火器", in_order="指针在绿区。"),
    ]
    return Checklist(
        checklist_id="J99",
        name="报刊亭检查清单",
        site="报刊亭",
        intro="照着自己走一圈。",
        points=points,
        papers=[*papers],
        legal_basis=[],
        phrasings=[],
    )


def topic(adds: Literal["", "hours", "places"]) -> Topic:
    """A question about the service itself."""
    return Topic(topic_id="Q99", name="中午", answer="中午有人值班。", adds=adds, phrasings=[])


def test_a_checklist_numbers_its_points_and_names_the_papers() -> None:
    assert checklist_text(checklist("营业执照", "进货单")).splitlines() == [
        "照着自己走一圈。",
        "1. 证照上墙：挂在看得见的地方。",
        "2. 灭火器：指针在绿区。",
        "手边备好：营业执照、进货单。",
        UNVERIFIED,
    ]


def test_a_checklist_without_papers_asks_for_none() -> None:
    assert checklist_text(checklist()).splitlines()[3:] == [UNVERIFIED]


def test_a_topic_that_adds_nothing_is_its_answer(asked: Asked) -> None:
    assert topic_text(topic(""), asked) == "中午有人值班。"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("中午有人吗", "现在开着门，到中午12点"), ("周六中午有人吗", "11月28日（周六）开门")],
)
def test_a_topic_adds_the_hours_of_the_day_asked_for(guide: Guide, text: str, wanted: str) -> None:
    said = topic_text(topic("hours"), Asked(guide.places, MONDAY_MORNING, text))
    assert said.startswith(f"中午有人值班。\n街道为民服务大厅：{wanted}")


def test_a_topic_adds_the_places_with_the_hall_first(guide: Guide, asked: Asked) -> None:
    _, listed = topic_text(topic("places"), asked).splitlines()
    names = listed.removeprefix("现在登记在册的：").removesuffix("。").split("、")
    assert names == [place.name for place in guide.places]
    assert guide.places[0].kind == "hall"


def test_every_checklist_and_topic_is_clean(shipped: KnowledgeFiles, asked: Asked) -> None:
    texts = {each.checklist_id: checklist_text(each) for each in shipped.checklists}
    texts |= {each.topic_id: topic_text(each, asked) for each in shipped.topics}
    assert len(texts) == len(shipped.checklists) + len(shipped.topics)
    assert [(owner, text) for owner, text in texts.items() if not is_clean(text)] == []


def test_every_guide_makes_a_card_without_empty_rows(shipped: KnowledgeFiles, asked: Asked) -> None:
    for item in shipped.items.values():
        shown = card(item, asked)
        assert shown.title == item.name
        assert shown.verified is item.verified
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", shown.updated)
        assert all(label and value for label, value in shown.rows)
        unclean = [value for label, value in shown.rows if label != "依据" and not is_clean(value)]
        assert unclean == []


def test_every_legal_basis_on_a_card_is_quoted_once(shipped: KnowledgeFiles, asked: Asked) -> None:
    for item in shipped.items.values():
        for line in dict(card(item, asked).rows)["依据"].splitlines():
            assert is_clean(line)
            assert "《" in line
            assert not re.search(r"》》|号）》", line)


@pytest.mark.parametrize(
    ("title", "quoted"),
    [
        ("中华人民共和国慈善法", "《中华人民共和国慈善法》"),
        ("社会保险经办条例（国务院令第765号）", "《社会保险经办条例》（国务院令第765号）"),
        ("《居住证暂行条例》（国务院令第663号）", "《居住证暂行条例》（国务院令第663号）"),
        (
            "民政部《特困人员认定办法》（民发〔2021〕43号）",
            "民政部《特困人员认定办法》（民发〔2021〕43号）",
        ),
        ("狂犬病暴露预防处置工作规范（2023年版）", "《狂犬病暴露预防处置工作规范（2023年版）》"),
        (
            "电子营业执照管理办法（试行）（国市监注〔2018〕249号）",
            "《电子营业执照管理办法（试行）》（国市监注〔2018〕249号）",
        ),
    ],
)
def test_a_law_is_quoted_by_its_name_and_its_number_stands_behind(
    card_item: ServiceItem, asked: Asked, title: str, quoted: str
) -> None:
    item = altered(card_item, legal_basis=[LegalBasis(title=title, article="第三条")])
    assert dict(card(item, asked).rows)["依据"] == f"{quoted}第三条"


def test_hours_on_the_card_name_the_days_that_are_closed(
    card_item: ServiceItem, asked: Asked
) -> None:
    hall = asked.places[0]
    closed = altered(hall, hours__holiday=[])  # type: ignore[arg-type]
    rows = dict(card(card_item, Asked([closed], asked.now)).rows)  # type: ignore[list-item]
    assert "法定节假日不开" in rows["办理时间"]
    assert "工作日09:00–12:00、13:30–17:30" in rows["办理时间"]


def test_next_questions_are_offered_without_repeating_the_last(
    shipped: KnowledgeFiles,
) -> None:
    for item in shipped.items.values():
        for facet in FACETS:
            buttons = next_buttons(item, [facet])
            assert 1 <= len(buttons) <= 3
            for button in buttons:
                assert button.title in FACET_TITLES.values()
                assert re.fullmatch(rf"ask:{item.item_id}:[a-z]+", button.payload)
                assert not button.payload.endswith(f":{facet}")
                if button.payload.endswith(":amount"):
                    assert item.amounts
