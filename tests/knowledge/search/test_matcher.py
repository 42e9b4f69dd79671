"""Which record is meant, how sure that is, and whether to answer, ask or step back."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.files import KnowledgeFiles
from knowledge.search.matcher import Match, Matcher
from knowledge.search.passages import NOTHING, Document
from knowledge.search.recipe import SIGNS, Recipe
from knowledge.search.snapshot import Snapshot, build_snapshot
from knowledge.training import documents_of
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
    *documents: Document, encoder: LetterEncoder | None = None, **more: object
) -> Matcher:
    """A matcher over a few documents with the default recipe."""
    snapshot = build_snapshot(documents, Recipe(), encoder, records=more)
    return Matcher(snapshot, encoder)


CARD = page("card", "社保卡补办", "卡丢了怎么补")
HOME = page("home", "居住证办理", "外地人办什么证")
OLD = page("old", "老年人优待证", "老人坐车免费")


def owners(match: Match) -> list[str]:
    """Who was offered as a choice."""
    return [candidate.owner for candidate in match.choices]


def test_every_name_of_a_guide_finds_it(matcher: Matcher, shipped: KnowledgeFiles) -> None:
    twice = claimed_twice(matcher)
    twins = {d.owner: d.twin for d in matcher.snapshot.documents}
    astray = []
    asked = 0
    for item in shipped.items.values():
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
    for text, candidates in shipped.ambiguous.items():
        match = matcher.match(f"请问，{text}？")
        assert (match.decision, owners(match)) == ("ask", candidates[:3]), text


@pytest.mark.parametrize("text", ["", "   ", "。。。？！", "😀😀", "\x00\u200b", "你好", "——"])
def test_nothing_said_matches_nothing(matcher: Matcher, text: str) -> None:
    assert matcher.match(text) == Match((), 0.0, "step_back", ())


@pytest.mark.parametrize("text", ["今天天气怎么样", "帮我订张高铁票", "讲个笑话", "asdfgh"])
def test_what_no_office_does_is_stepped_back_from(matcher: Matcher, text: str) -> None:
    assert matcher.match(text).decision == "step_back"


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
    parking = page("item", "机动车违停处理", "小区门口乱停车")
    complaint = page("report", "乱停车", "小区门口乱停车没人管", twin="item")
    alone = small_matcher(parking, HOME).match("小区门口乱停车")
    together = small_matcher(parking, complaint, HOME).match("小区门口乱停车")
    rivals = small_matcher(parking, page("report", "乱停车", "小区门口乱停车没人管"), HOME)
    assert "item" not in owners(together) or "report" not in owners(together)
    assert together.probability > rivals.match("小区门口乱停车").probability
    assert alone.best is not None
    assert alone.best.owner == "item"


def test_a_complaint_and_its_item_are_never_offered_side_by_side(
    matcher: Matcher, shipped: KnowledgeFiles
) -> None:
    for kind in shipped.report_kinds:
        for text in kind.phrasings[:3]:
            offered = owners(matcher.match(text))
            assert not {kind.kind_id, kind.linked_item} <= set(offered), text


def test_scores_fall_and_lie_between_0_and_1(matcher: Matcher) -> None:
    for text in ("社保卡丢了", "卡丢了", "补贴", "asdf", "天气"):
        match = matcher.match(text, top_k=20)
        scores = [candidate.score for candidate in match.ranked]
        assert scores == sorted(scores, reverse=True)
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
