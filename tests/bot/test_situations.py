"""Which rows are for this resident, and what of her situation is still to be asked."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions.situations import (
    Chosen,
    answer_to,
    facet_narrowed,
    options_in,
    options_told,
    replaced,
)
from knowledge.files import KnowledgeFiles
from knowledge.record import Amount, Condition, Material, Option, ServiceItem, Situation
from tests.people import altered

HOW = Situation(
    id="how",
    question="是补，是换，还是新办？",
    options=[
        Option(id="lost", label="丢了要补", words=["丢了", "找不到"]),
        Option(id="worn", label="坏了要换", words=["坏了", "断了"]),
        Option(id="first", label="第一次办", words=["头一回", "没办过"]),
    ],
)
WHO = Situation(
    id="who",
    question="是本人来，还是请人代办？",
    options=[
        Option(id="self", label="本人来", words=["我自己", "本人"]),
        Option(id="agent", label="请人代办", words=["代办", "替"]),
    ],
)
POOR = Situation(
    id="poor",
    question="家里现在是低保户吗？",
    options=[
        Option(id="poor", label="正在吃低保", words=["低保", "吃低保"]),
        Option(id="edge", label="不是低保，但家里难", words=["收入低", "没工作"]),
    ],
)
AGE = Situation(
    id="age",
    question="老人今年多大？",
    options=[
        Option(id="sixties", label="60到69岁", words=["六十几"]),
        Option(id="seventies", label="70岁以上", words=["七十几"]),
    ],
)
EVERYBODY = Material(name="身份证")
OLD_CARD = Material(name="旧卡", situation_ids=["worn"])
LETTER = Material(name="委托书", situation_ids=["agent"])
BOOK = Material(name="户口簿", situation_ids=["first", "agent"])
TWO_WAYS = Material(name="照片", situation_ids=["worn", "first"])


@pytest.fixture
def item(shipped: KnowledgeFiles) -> ServiceItem:
    """A guide with two situations, rows for each, for both, and for everybody."""
    return altered(
        shipped.items["SB13"],
        situations=[HOW, WHO],
        materials=[EVERYBODY, OLD_CARD, LETTER, BOOK, TWO_WAYS],
        accept_conditions=[Condition(text="先挂失", situation_ids=["lost"])],
        amounts=[Amount(name="补贴")],
    )


def asking(item: ServiceItem, *situations: Situation) -> ServiceItem:
    """The guide with other situations."""
    return altered(item, situations=[*situations])


def names(rows: list[Material]) -> list[str]:
    """What is shown."""
    return [row.name for row in rows]


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), ["身份证", "旧卡", "委托书", "户口簿", "照片"]),
        (("lost",), ["身份证", "委托书"]),
        (("worn",), ["身份证", "旧卡", "委托书", "照片"]),
        (("first",), ["身份证", "委托书", "户口簿", "照片"]),
        (("self",), ["身份证", "旧卡", "照片"]),
        (("agent",), ["身份证", "旧卡", "委托书", "户口簿", "照片"]),
        (("lost", "self"), ["身份证"]),
        (("lost", "agent"), ["身份证", "委托书"]),
        (("first", "agent"), ["身份证", "委托书", "户口簿", "照片"]),
        (("first", "self"), ["身份证", "照片"]),
    ],
)
def test_a_row_is_shown_if_each_situation_it_names_allows_it(
    item: ServiceItem, options: tuple[str, ...], shown: list[str]
) -> None:
    assert names(Chosen(item, frozenset(options)).rows(item.materials)) == shown


@pytest.mark.parametrize(
    ("options", "settled"),
    [
        ((), ["身份证"]),
        (("worn",), ["身份证", "旧卡", "照片"]),
        (("agent",), ["身份证", "委托书"]),
        (("first", "agent"), ["身份证", "旧卡", "委托书", "户口簿", "照片"]),
    ],
)
def test_a_row_is_settled_when_all_its_situations_are_known(
    item: ServiceItem, options: tuple[str, ...], settled: list[str]
) -> None:
    chosen = Chosen(item, frozenset(options))
    assert names([row for row in item.materials if chosen.is_settled(row)]) == settled


@pytest.mark.parametrize(
    ("facet", "options", "still_open"),
    [
        ("materials", (), ["how", "who"]),
        ("overview", (), ["how", "who"]),
        ("materials", ("lost",), ["who"]),
        ("materials", ("agent",), ["how"]),
        ("materials", ("lost", "self"), []),
        ("conditions", (), ["how"]),
        ("conditions", ("worn",), []),
        ("amount", (), []),
        ("fee", (), []),
        ("where", (), []),
    ],
)
def test_only_what_the_facet_depends_on_and_is_not_known_is_open(
    item: ServiceItem, facet: str, options: tuple[str, ...], still_open: list[str]
) -> None:
    chosen = Chosen(item, frozenset(options))
    assert [situation.id for situation in chosen.open_all(facet)] == still_open
    first = chosen.open(facet)
    assert (first.id if first else None) == next(iter(still_open), None)


def test_a_situation_whose_rows_are_all_ruled_out_is_not_asked(item: ServiceItem) -> None:
    only_first = altered(item, materials=[EVERYBODY, BOOK])
    assert Chosen(only_first, frozenset({"lost"})).open("materials") is None


def test_options_of_another_item_change_nothing(item: ServiceItem) -> None:
    strange = Chosen(item, frozenset({"male", "female"}))
    assert names(strange.rows(item.materials)) == names(Chosen(item).rows(item.materials))


def test_in_every_shipped_guide_each_combination_of_options_closes_its_questions(
    shipped: KnowledgeFiles,
) -> None:
    for item in shipped.items.values():
        for picked in product(*[[o.id for o in s.options] for s in item.situations]):
            chosen = Chosen(item, frozenset(picked))
            assert not any(chosen.open_all(f) for f in ("materials", "conditions", "amount"))
            rows = [*item.materials, *item.accept_conditions, *item.amounts]
            assert all(chosen.is_settled(row) for row in rows)


def test_no_shipped_guide_tells_one_to_bring_nothing_where_others_must_bring_something(
    shipped: KnowledgeFiles,
) -> None:
    empty = [
        (item.item_id, picked)
        for item in shipped.items.values()
        for picked in product(*[[o.id for o in s.options] for s in item.situations])
        if item.materials and not Chosen(item, frozenset(picked)).rows(item.materials)
    ]
    assert empty == []


# What words give away


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("我的卡丢了", {"lost"}),
        ("卡断了", {"worn"}),
        ("坏了要换", {"worn"}),
        ("头一回", {"first"}),
        ("头回办", {"first"}),
        ("首次", {"first"}),
        ("从来没办过", {"first"}),
        ("我自己来，卡丢了", {"lost", "self"}),
        ("卡丢了找人代办", {"lost", "agent"}),
        ("要带什么", set()),
        ("", set()),
    ],
)
def test_words_tell_an_option_of_each_situation(
    item: ServiceItem, text: str, told: set[str]
) -> None:
    assert options_in(item, text) == told


def test_two_options_told_alike_are_told_neither(item: ServiceItem) -> None:
    assert options_in(item, "一张丢了一张坏了") == frozenset()


def test_the_longer_word_outweighs_the_shorter(item: ServiceItem) -> None:
    assert options_in(item, "我自己去替") == {"self"}


@pytest.mark.parametrize(
    "text", ["我儿子能代我去吗", "能替我妈办不", "可以替我跑一趟吗", "别人能代办吗"]
)
def test_whether_somebody_else_may_go_is_a_question_and_tells_nothing(
    item: ServiceItem, text: str
) -> None:
    assert options_in(item, text) == frozenset()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("不是丢了，是坏了", {"worn"}),
        ("没丢了", set()),
        ("不是丢了", set()),
        ("不是本人", {"agent"}),
        ("不代办", {"self"}),
    ],
)
def test_what_is_denied_is_not_told_and_of_two_the_other_is(
    item: ServiceItem, text: str, told: set[str]
) -> None:
    assert options_in(item, text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("我们家吃低保", {"poor"}),
        ("有低保", {"poor"}),
        ("没有低保", {"edge"}),
        ("不是低保户", {"edge"}),
        ("没吃低保", {"edge"}),
        ("我们不吃低保", {"edge"}),
        ("不拿低保", {"edge"}),
        ("没领低保", {"edge"}),
    ],
)
def test_a_household_without_the_allowance_is_never_taken_for_one_with_it(
    item: ServiceItem, text: str, told: set[str]
) -> None:
    assert options_in(asking(item, POOR), text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("我妈65岁", {"sixties"}),
        ("六十岁", {"sixties"}),
        ("69了", {"sixties"}),
        ("今年七十", {"seventies"}),
        ("奶奶九十三了", {"seventies"}),
        ("差两个月满70", {"sixties"}),
        ("我58岁", set()),
        ("六十几", {"sixties"}),
    ],
)
def test_an_age_tells_the_option_whose_range_holds_it(
    item: ServiceItem, text: str, told: set[str]
) -> None:
    assert options_in(asking(item, AGE), text) == told


@pytest.mark.parametrize(
    ("item_id", "text", "told"),
    [
        ("GG08", "我妈72岁", "seventies"),
        ("GG08", "我65", "sixties"),
        ("SB01", "我58岁", "young"),
        ("SB01", "我62岁了", "late"),
        ("CL11", "孩子4岁", "young"),
        ("CL11", "六岁", "young"),
        ("CL11", "十二岁", "older"),
        ("GA08", "孩子十岁", "child"),
        ("MZ04", "我65岁", "old"),
    ],
)
def test_ages_are_understood_by_the_shipped_guides(
    shipped: KnowledgeFiles, item_id: str, text: str, told: str
) -> None:
    assert told in options_in(shipped.items[item_id], text)


def test_every_label_of_the_shipped_guides_tells_its_own_option(shipped: KnowledgeFiles) -> None:
    wrong = [
        (item.item_id, option.label)
        for item in shipped.items.values()
        for situation in item.situations
        for option in situation.options
        if answer_to(situation, option.label, None) != option.id
    ]
    assert wrong == []


@given(st.text(alphabet="不没有是丢了坏头一回代办本人低保60岁七十吗替能，", max_size=12))
def test_whatever_is_said_at_most_one_option_a_situation_is_told(text: str) -> None:
    for situation in (HOW, WHO, POOR, AGE):
        ids = {option.id for option in situation.options}
        assert answer_to(situation, text, None) in {*ids, None}


# What was told before


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ([], set()),
        (["卡丢了"], {"lost"}),
        (["卡丢了", "不对，是坏了"], {"worn"}),
        (["卡丢了", "我自己来"], {"lost", "self"}),
        (["我自己来", "卡丢了", "还是请人代办吧"], {"lost", "agent"}),
    ],
)
def test_later_words_outweigh_earlier_ones(
    item: ServiceItem, told: list[str], known: set[str]
) -> None:
    assert options_told(item, told) == known


def test_what_is_told_now_takes_the_place_of_its_own_situation_only(item: ServiceItem) -> None:
    assert replaced(item, {"lost", "self"}, {"worn"}) == {"worn", "self"}
    assert replaced(item, {"lost"}, {"agent"}) == {"lost", "agent"}
    assert replaced(item, {"lost", "self"}, set()) == {"lost", "self"}
    assert replaced(item, {"lost"}, {"unheard_of"}) == {"lost"}


# Answers to the question just asked


@pytest.mark.parametrize(
    ("position", "option"),
    [(0, "lost"), (1, "worn"), (2, "first"), (-1, "first"), (3, None), (8, None)],
)
def test_an_option_may_be_named_by_its_place(position: int, option: str | None) -> None:
    assert answer_to(HOW, "就这个", position) == option


@pytest.mark.parametrize(
    ("situation", "text", "option"),
    [
        (HOW, "丢了", "lost"),
        (HOW, "第一次", "first"),
        (WHO, "我本人", "self"),
        (WHO, "代办的", "agent"),
        (HOW, "要补的", "lost"),
        (HOW, "要换", "worn"),
        (HOW, "今天天气不错", None),
        (HOW, "😀", None),
        (HOW, "", None),
    ],
)
def test_an_answer_in_words_picks_the_option_it_is_nearest_to(
    situation: Situation, text: str, option: str | None
) -> None:
    assert answer_to(situation, text, None) == option


MOVED = Situation(
    id="moved",
    question="是头一回领，还是户口刚迁来的？",
    options=[
        Option(id="first", label="头一回领", words=["没领过"]),
        Option(id="moved", label="户口迁来的", words=["落户"]),
    ],
)


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("户口是去年从安徽迁来的", "moved"),
        ("户口前年才迁到南京来", "moved"),
        ("来的时候我还没想过要把户口也迁了", None),
        ("老家在安徽", None),
    ],
)
def test_the_words_of_a_label_may_stand_apart_in_an_answer(text: str, option: str | None) -> None:
    assert answer_to(MOVED, text, None) == option


@pytest.mark.parametrize(
    ("facet", "narrowed"),
    [("materials", "materials"), ("conditions", "conditions"), ("fee", "materials")],
)
def test_what_an_option_narrows_is_the_facet_at_hand_or_the_materials(
    item: ServiceItem, facet: str, narrowed: str
) -> None:
    assert facet_narrowed(item, {"lost"}, facet) == narrowed


def test_where_nothing_depends_on_an_option_the_facet_stays(item: ServiceItem) -> None:
    assert facet_narrowed(item, {"elsewhere"}, "fee") == "fee"


@pytest.mark.parametrize("text", ["是", "是的", "对", "有", "有的", "嗯", "嗯，是的", "对对"])
def test_yes_to_a_question_of_yes_or_no_is_its_first_option(text: str) -> None:
    assert answer_to(POOR, text, None) == "poor"


@pytest.mark.parametrize("text", ["不是", "没有", "不", "没", "不是的", "没有啊", "嗯，不是"])
def test_no_to_a_question_of_yes_or_no_is_its_second_option(text: str) -> None:
    assert answer_to(POOR, text, None) == "edge"


@pytest.mark.parametrize("text", ["是", "是的", "对", "好的", "嗯", "不是", "没有", "不", "没"])
@pytest.mark.parametrize("situation", [HOW, WHO, AGE])
def test_yes_or_no_to_a_question_of_which_is_no_answer(situation: Situation, text: str) -> None:
    assert answer_to(situation, text, None) is None


def test_yes_and_no_never_pick_from_shipped_questions_of_which(shipped: KnowledgeFiles) -> None:
    wrong = [
        (item.item_id, situation.question, text)
        for item in shipped.items.values()
        for situation in item.situations
        for text in ("是的", "对", "嗯", "好", "不是", "不是的")
        if not situation.question.endswith("吗？") and answer_to(situation, text, None)
    ]
    assert wrong == []
