"""Which record is meant, how sure that is, and whether to answer, ask or step back."""

from __future__ import annotations

from collections import Counter
from math import log, log1p

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.documents import documents_of
from knowledge.files import KnowledgeFiles
from knowledge.search.analysis import VIEWS, terms
from knowledge.search.matcher import CROWD, Match, Matcher, decision_signs
from knowledge.search.passages import NOTHING, Document
from knowledge.search.recipe import DECISION_SIGNS, SIGNS, Logistic, Recipe
from knowledge.search.snapshot import Snapshot, build_snapshot
from tests.people import LetterEncoder, page, tiny


def claimed_twice(matcher: Matcher) -> set[str]:
    """Names that stand at two records; which of them wins is not the matcher's fault."""
    count = Counter(
        text
        for document in matcher.snapshot.documents
        for text in {text for field, text in document.texts if field != "body"}
    )
    return {text for text, times in count.items() if times > 1}


def small_matcher(
    *documents: Document,
    encoder: LetterEncoder | None = None,
    recipe: Recipe | None = None,
    **more: object,
) -> Matcher:
    """A matcher over a few documents, with the default recipe unless another is given."""
    snapshot = build_snapshot(documents, recipe or Recipe(), encoder, records=more)
    return Matcher(snapshot, encoder)


def certain(probability: float) -> Logistic:
    """Always the same probability, whatever the signs say."""
    return Logistic({}, log(probability / (1 - probability)))


CARD = page("card", "社保卡补办", "卡丢了怎么补")
HOME = page("home", "居住证办理", "外地人办什么证")
OLD = page("old", "老年人优待证", "老人坐车免费")
AGAIN = page("again", "社保卡补领", "卡丢了怎么领")
PARKING = page("item", "机动车违停处理", "小区门口乱停车")
COMPLAINT = page("report", "乱停车", "小区门口乱停车没人管", twin="item")
PASSPORT = Document("passport", "subject", (("name", "出国护照"), ("phrasing", "护照在哪办")))
WEATHER = Document(NOTHING, "nothing", (("phrasing", "今天天气怎么样"),))
# Sure of everything, but asks back where the first two are nearer to each other than this.
ASKS_BACK = Recipe(sure=certain(0.95), several=Logistic({"lead": -40.0}, 20.0), several_at=0.5)


def owners(match: Match) -> list[str]:
    """Who was offered as a choice."""
    return [candidate.owner for candidate in match.choices]


def test_the_names_of_a_guide_find_it(matcher: Matcher, shipped: KnowledgeFiles) -> None:
    twice = claimed_twice(matcher)
    twins = {d.owner: d.twin for d in matcher.snapshot.documents}
    astray = []
    asked = 0
    for item in list(shipped.items.values())[::5]:
        for name in {item.name, item.short_name, *item.aliases} - twice:
            asked += 1
            match = matcher.match(name)
            first = owners(match)[:1]
            if name in shipped.ambiguous:
                found = match.decision == "ask" and item.item_id in owners(match)
            else:
                is_it = first == [item.item_id] or [twins.get(o) for o in first] == [item.item_id]
                found = match.decision == "answer" and is_it
            if not found:
                astray.append((item.item_id, name, match.decision, owners(match)))
    # An alias may be so near to another item's that asking which is right.
    assert len(astray) <= 0.02 * asked, astray


def test_no_two_records_bear_the_same_name(shipped: KnowledgeFiles) -> None:
    names = Counter(
        name
        for item in shipped.items.values()
        for name in {item.name, item.short_name, *item.aliases}
    )
    names += Counter(
        name for subject in shipped.subjects for name in {subject.name, *subject.aliases}
    )
    assert [name for name, times in names.items() if times > 1] == []


def test_every_name_of_the_catalogue_finds_its_item(
    matcher: Matcher, shipped: KnowledgeFiles
) -> None:
    for row in shipped.catalogue.values():
        match = matcher.match(row.name)
        assert (match.decision, owners(match)[0]) == ("answer", row.item_id)


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("我的社保卡丢了，怎么补啊", "SB13"),
        ("呃那个社宝卡丢了啊怎么补啊", "SB13"),
        ("旧沙发不要了，找谁来拉", "CG07"),
        ("七十岁坐公交免费的卡在哪办", "GG08"),
        ("外地人在南京怎么办居住证", "GA02"),
        ("我想办退休", "S001"),
        ("拆迁补偿多少钱", "S023"),
    ],
)
def test_what_residents_say_finds_the_record(matcher: Matcher, text: str, owner: str) -> None:
    match = matcher.match(text)
    assert match.decision == "answer"
    best = match.best
    assert best is not None
    assert best.owner == owner


def test_words_that_mean_several_things_are_asked_about(
    matcher: Matcher, shipped: KnowledgeFiles
) -> None:
    for text, candidates in list(shipped.ambiguous.items())[::4]:
        match = matcher.match(f"请问，{text}？")
        assert (match.decision, owners(match)) == ("ask", candidates[:3]), text


@pytest.mark.parametrize("text", ["", "   ", "。。。？！", "😀😀", "\x00\u200b", "你好", "——"])
def test_nothing_said_matches_nothing(matcher: Matcher, text: str) -> None:
    assert matcher.match(text) == Match((), 0.0, "step_back", ())


@pytest.mark.parametrize("text", ["今天天气怎么样", "帮我订张高铁票", "讲个笑话", "asdfgh"])
def test_nothing_of_ours_is_the_answer_to_what_no_office_does(matcher: Matcher, text: str) -> None:
    match = matcher.match(text)
    assert match.best is not None
    assert match.decision == "step_back" or match.best.kind == "subject"


def test_what_is_out_of_scope_is_never_offered(matcher: Matcher, shipped: KnowledgeFiles) -> None:
    for text in shipped.out_of_scope[:60]:
        assert NOTHING not in owners(matcher.match(text))


def test_without_an_encoder_words_alone_still_find_the_record(
    matcher: Matcher, shipped: KnowledgeFiles
) -> None:
    by_words = Matcher(matcher.snapshot, None)
    for text, owner in [("社保卡丢了怎么补", "SB13"), ("居住证怎么办理", "GA02")]:
        best = by_words.match(text).best
        assert best is not None
        assert best.owner == owner
        assert (best.signs["dense"], best.signs["support"]) == (0, 0)


def test_an_encoder_of_another_model_is_not_mixed_in() -> None:
    snapshot = build_snapshot([CARD, HOME], Recipe(), LetterEncoder())
    stranger = LetterEncoder("another model")
    Matcher(snapshot, stranger).match("卡丢了")
    assert stranger.asked == 0


def test_an_encoder_that_fails_on_the_way_is_done_without() -> None:
    encoder = LetterEncoder()
    matcher = small_matcher(CARD, HOME, encoder=encoder)
    encoder.fails = True
    best = matcher.match("社保卡补办").best
    assert best is not None
    assert best.owner == "card"
    encoder.fails = False
    asked = encoder.asked
    matcher.match("居住证")
    assert encoder.asked == asked


def test_twins_do_not_compete_with_each_other() -> None:
    asked = "小区门口乱停车"
    alone = small_matcher(PARKING, HOME).match(asked)
    together = small_matcher(PARKING, COMPLAINT, HOME).match(asked)
    stranger = page("report", "乱停车", "小区门口乱停车没人管")
    rivals = small_matcher(PARKING, stranger, HOME).match(asked)
    assert not {"item", "report"} <= set(owners(together))
    assert {"item", "report"} <= set(owners(rivals))
    assert together.probability > rivals.probability
    assert alone.best is not None
    assert alone.best.owner == "item"


def test_a_twin_behind_the_best_is_no_reason_to_ask_which() -> None:
    asked = "小区门口乱停车"
    together = small_matcher(PARKING, COMPLAINT, HOME, recipe=ASKS_BACK).match(asked)
    assert together.decision == "answer"
    stranger = page("report", "乱停车", "小区门口乱停车没人管")
    rivals = small_matcher(PARKING, stranger, HOME, recipe=ASKS_BACK).match(asked)
    assert rivals.decision == "ask"


def test_a_complaint_and_its_item_are_never_offered_side_by_side(
    matcher: Matcher, shipped: KnowledgeFiles
) -> None:
    for kind in shipped.report_kinds:
        for text in kind.phrasings[:3]:
            offered = owners(matcher.match(text))
            assert not {kind.kind_id, kind.linked_item} <= set(offered), text


def test_scores_fall_and_lie_between_0_and_1(matcher: Matcher) -> None:
    for text in ("社保卡丢了", "补社保卡", "补贴", "asdf", "天气"):
        match = matcher.match(text, top_k=20)
        scores = [candidate.score for candidate in match.ranked]
        assert scores == sorted(scores, reverse=True), text
        assert all(0 <= score <= 1 for score in scores)
        assert 0 <= match.probability <= 1


@pytest.mark.parametrize("top_k", [1, 2, 10, 300, 5000])
def test_no_more_are_ranked_than_were_asked_for(matcher: Matcher, top_k: int) -> None:
    match = matcher.match("社保卡丢了怎么补", top_k=top_k)
    assert len(match.ranked) == min(top_k, len(matcher.snapshot.documents))
    assert set(match.ranked[0].signs) == set(SIGNS)


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_any_text_is_decided_upon(matcher: Matcher, text: str) -> None:
    match = matcher.match(text)
    assert match.decision in ("answer", "ask", "step_back")
    assert len(match.choices) <= 3
    if match.decision != "step_back":
        assert match.choices


def test_an_ambiguous_word_offers_only_records_that_are_there() -> None:
    matcher = small_matcher(CARD, OLD, ambiguous={"我的卡": ["card", "gone", "old"]})
    match = matcher.match("我的卡")
    assert match.decision == "ask"
    assert owners(match) == ["card", "old"]


def test_an_ambiguous_word_whose_records_are_all_gone_is_matched_as_usual() -> None:
    matcher = small_matcher(CARD, OLD, ambiguous={"社保卡补办": ["gone", "lost"]})
    match = matcher.match("社保卡补办")
    assert owners(match)


@pytest.mark.xfail(reason="the rest keeps the scores it had before the choices", strict=True)
def test_scores_fall_behind_the_choices_of_an_ambiguous_word_too() -> None:
    recipe = Recipe(sure=certain(0.95))
    matcher = small_matcher(CARD, HOME, OLD, recipe=recipe, ambiguous={"社保卡": ["home", "old"]})
    scores = [candidate.score for candidate in matcher.match("社保卡").ranked]
    assert scores == sorted(scores, reverse=True)


def test_one_document_alone_can_be_matched() -> None:
    match = small_matcher(CARD).match("社保卡补办")
    assert [candidate.owner for candidate in match.ranked] == ["card"]


def test_no_documents_match_nothing() -> None:
    assert small_matcher().match("社保卡") == Match((), 0.0, "step_back", ())


def test_a_knowledge_with_nothing_out_of_scope_can_be_matched(shipped: KnowledgeFiles) -> None:
    files = tiny(shipped, "SB13")
    files.out_of_scope.clear()
    snapshot: Snapshot = build_snapshot(documents_of(files), Recipe(), None)
    assert Matcher(snapshot).match("社保卡补办").ranked


def signs_of_the_best() -> dict[str, float]:
    """Invented SIGNS, each with a value of its own."""
    return {sign: place / 8 for place, sign in enumerate(SIGNS, start=1)}


def decisive(
    scores: list[float], ours: list[int], same: list[int], query: str = "社保卡，丢了"
) -> dict[str, float]:
    """decision_signs of invented candidates; all but the first have no SIGNS."""
    signs = np.zeros((len(scores), len(SIGNS)), dtype=np.float32)
    signs[0] = list(signs_of_the_best().values())
    is_ours, is_same = np.array(ours, dtype=bool), np.array(same, dtype=bool)
    table = np.array(scores, dtype=np.float32)
    return decision_signs(table, signs, is_ours, is_same, 0.75, query, 0.5)


def test_what_decides_is_worked_out_from_the_scores() -> None:
    found = decisive([5, 4, 3, 1], ours=[1, 1, 1, 0], same=[1, 0, 0, 0])
    own = signs_of_the_best()
    sizes = np.exp([5, 4, 3, 1]) / np.exp([5, 4, 3, 1]).sum()
    assert found == pytest.approx(
        {
            "score": 5,
            "lead": 5 - 4,
            "second_lead": 5 - 3,
            "crowd_lead": 5 - (4 + 3 + 1) / 3,
            "scope_lead": 5 - 1,
            "is_ours": 1,
            "known": 0.75,
            "length": log1p(len("社保卡丢了")),
            "vague": 0.5,
            "share": sizes[0],
            "entropy": -(sizes * np.log(sizes)).sum(),
            **{f"{sign}_lead": value for sign, value in own.items()},
            **{f"{sign}_scope": value for sign, value in own.items()},
            **{f"{sign}_agrees": 1 for sign in own},
            **own,
        }
    )
    assert set(found) == {*DECISION_SIGNS, *SIGNS}


def test_a_sign_alone_may_speak_for_another() -> None:
    signs = np.zeros((3, len(SIGNS)), dtype=np.float32)
    signs[:, SIGNS.index("dense")] = [0.5, 0.75, 0.25]
    signs[:, SIGNS.index("words")] = [0.5, 0.25, 0.25]
    scores = np.array([5, 4, 3], dtype=np.float32)
    ours, same = np.array([True, True, False]), np.array([True, False, False])
    found = decision_signs(scores, signs, ours, same, 0.75, "社保卡", 0.5)
    assert (found["dense_lead"], found["dense_scope"], found["dense_agrees"]) == (-0.25, 0.25, 0)
    assert (found["words_lead"], found["words_scope"], found["words_agrees"]) == (0.25, 0.25, 1)


def test_the_lead_is_over_what_means_something_else() -> None:
    found = decisive([5, 4.5, 3, 1], ours=[1, 1, 1, 1], same=[1, 1, 0, 0])
    assert (found["lead"], found["second_lead"], found["crowd_lead"]) == (2, 4, 3)


@pytest.mark.parametrize("same", [[1], [1, 1, 1]])
def test_without_a_competitor_a_lead_is_the_score_itself(same: list[int]) -> None:
    found = decisive([5, 4, 3][: len(same)], ours=[1] * len(same), same=same)
    for lead in ("lead", "second_lead", "crowd_lead", "scope_lead"):
        assert found[lead] == 5, lead


def test_the_crowd_is_not_endless() -> None:
    near, far = [4.0] * CROWD, [0.0] * 20
    count = 1 + len(near) + len(far)
    found = decisive([5.0, *near, *far], ours=[1] * count, same=[1, *[0] * (count - 1)])
    assert found["crowd_lead"] == pytest.approx(1)


def test_what_is_not_ours_may_be_the_best_itself() -> None:
    found = decisive([5, 4, 3, 1], ours=[0, 1, 0, 1], same=[1, 0, 0, 0])
    assert (found["is_ours"], found["lead"], found["scope_lead"]) == (0, 1, 2)


@pytest.mark.parametrize(
    ("probability", "decision"), [(0.95, "answer"), (0.4, "ask"), (0.1, "step_back")]
)
def test_the_less_sure_the_match_the_more_careful_the_decision(
    probability: float, decision: str
) -> None:
    recipe = Recipe(sure=certain(probability), answer_at=0.6, ask_at=0.2)
    match = small_matcher(CARD, HOME, recipe=recipe).match("社保卡补办去")
    assert match.decision == decision
    assert match.probability == pytest.approx(probability)
    assert match.ranked[0].score == pytest.approx(probability)


def test_who_says_exactly_a_name_is_answered() -> None:
    recipe = Recipe(sure=certain(0.4), answer_at=0.6, ask_at=0.2)
    match = small_matcher(CARD, HOME, recipe=recipe).match("社保卡补办？")
    assert match.decision == "answer"


def test_the_office_asks_which_when_two_are_equally_near() -> None:
    match = small_matcher(CARD, AGAIN, HOME, recipe=ASKS_BACK).match("社保卡补一张")
    assert match.decision == "ask"
    assert set(owners(match)[:2]) == {"card", "again"}
    assert match.probability == pytest.approx(0.95)


def test_the_office_answers_when_one_is_ahead() -> None:
    match = small_matcher(CARD, AGAIN, HOME, recipe=ASKS_BACK).match("外地人办居住证要什么")
    assert (match.decision, owners(match)[0]) == ("answer", "home")


def test_with_nothing_else_to_ask_about_the_office_answers() -> None:
    always = Recipe(sure=certain(0.95), several=certain(0.9), several_at=0.5)
    for documents in ((CARD,), (CARD, WEATHER)):
        assert small_matcher(*documents, recipe=always).match("社保卡补办").decision == "answer"
    assert small_matcher(CARD, AGAIN, recipe=always).match("社保卡补一张").decision == "ask"


@pytest.mark.parametrize("top_k", [1, 2, 3, 50])
def test_how_many_are_shown_changes_no_decision(top_k: int) -> None:
    match = small_matcher(CARD, AGAIN, HOME, recipe=ASKS_BACK).match("社保卡补一张", top_k=top_k)
    assert match.decision == "ask"


def test_what_another_office_does_is_answered_as_such() -> None:
    recipe = Recipe(sure=certain(0.95))
    match = small_matcher(CARD, PASSPORT, recipe=recipe).match("我想办出国护照")
    assert match.decision == "answer"
    assert match.best is not None
    assert (match.best.owner, match.best.kind) == ("passport", "subject")


def test_what_is_not_ours_can_be_trusted_less() -> None:
    recipe = Recipe(sure=Logistic({"is_ours": 8.0}, -4.0))
    matcher = small_matcher(CARD, PASSPORT, recipe=recipe)
    assert matcher.match("我想办出国护照").decision == "step_back"
    assert matcher.match("社保卡补办").decision == "answer"


def test_however_sure_nothing_is_stepped_back_from() -> None:
    # Signs that weigh so little leave every record within reach.
    recipe = Recipe(weights=dict.fromkeys(SIGNS, 0.1), sure=certain(0.99))
    match = small_matcher(CARD, WEATHER, recipe=recipe).match("今天天气怎么样")
    assert match.ranked[0].owner == NOTHING
    assert (match.decision, owners(match)) == ("step_back", ["card"])


def test_a_name_in_the_question_counts_by_its_share() -> None:
    matcher = small_matcher(CARD, HOME, page("pair", "补卡"))
    by_owner = {c.owner: c.signs["named"] for c in matcher.match("请帮我社保卡补办！").ranked}
    assert by_owner["card"] == pytest.approx(5 / 8, abs=1e-3)
    assert by_owner["home"] == 0
    # Two characters stand in too many questions to be a name.
    short = {c.owner: c.signs["named"] for c in matcher.match("补卡").ranked}
    assert short["pair"] == 0


def test_known_is_the_share_of_characters_and_pairs_ever_seen() -> None:
    matcher = small_matcher(page("card", "社保卡"))

    def known(text: str) -> float:
        return matcher.known({view: terms(text, view) for view in VIEWS})

    assert known("社保卡") == 1
    # 社 and 保 and 社保 are known, 险 and 保险 are not.
    assert known("社保险") == pytest.approx(3 / 5)
    assert known("天气") == 0


@pytest.mark.parametrize("typed", ["shebaoka bu ban", "juzhuzheng banli", "jzz"])
def test_typed_pinyin_and_initials_find_the_record(typed: str) -> None:
    best = small_matcher(CARD, HOME, OLD).match(typed).best
    assert best is not None
    assert best.owner == ("card" if typed.startswith("she") else "home")
