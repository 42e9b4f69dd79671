"""Reading question and record together: what it may change, and what happens without it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from knowledge.search.errors import RerankerUnavailable
from knowledge.search.matcher import RERANKED, Matcher
from knowledge.search.passages import NOTHING, Document
from knowledge.search.recipe import RERANKER, SIGNS, Logistic, Recipe, Recipes
from knowledge.search.reranker import CrossEncoderReranker
from knowledge.search.snapshot import Snapshot, build_snapshot, load_snapshot, publish_snapshot
from tests.people import LetterEncoder, page
from tests.tiny_models import save_encoder, save_reranker

CARD = page("card", "社保卡补办", "卡丢了怎么补")
AGAIN = page("again", "社保卡补领", "卡丢了怎么领")
HOME = page("home", "居住证办理", "外地人办什么证")
WEATHER = Document(NOTHING, "nothing", (("phrasing", "今天天气怎么样"),))
LEARNT = Recipe(
    weights={**Recipe().weights, RERANKER: 9.0}, sure=Logistic({RERANKER: 4.0}, 0.0), answer_at=0.9
)


@dataclass
class Judge:
    """Stands in for a re-ranker: judges by a rule, remembers what it read. Can be made to fail."""

    rule: Callable[[str], float]
    fingerprint: str = "judge"
    fails: bool = False
    read: list[list[str]] = field(default_factory=list)

    def judge(self, query: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return what the rule says of each text."""
        self.read.append(list(texts))
        if self.fails:
            raise RerankerUnavailable("re-ranker “judge” cannot be loaded: no file")
        return np.array([self.rule(text) for text in texts], dtype=np.float32)


def prefers(word: str) -> Judge:
    """A judge who likes whatever holds a word and nothing else."""
    return Judge(lambda text: float(word in text))


def snapshot_of(*documents: Document, learnt: str = "") -> Snapshot:
    """Documents published, with a recipe learned with the re-ranker of a fingerprint."""
    recipes = Recipes(Recipe(), LEARNT if learnt else None, learnt)
    return build_snapshot(documents, recipes, LetterEncoder())


def many() -> list[Document]:
    """More records than a re-ranker reads, the nearest to 卡丢了怎么补 first."""
    return [CARD, *(page(f"d{n}", f"第{n}件", "卡丢了" + "呀" * n) for n in range(1, 40))]


# The model


def test_a_cross_encoder_in_a_folder_judges_pairs_between_nought_and_one(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(str(save_reranker(tmp_path / "tiny")))
    judged = reranker.judge("社保卡丢了", ["社保卡补办", "居住证", "垃圾没人清"])
    assert judged.shape == (3,)
    assert ((judged > 0) & (judged < 1)).all()
    assert len(set(judged.tolist())) == 3
    alone = reranker.judge("社保卡丢了", ["居住证"])
    assert alone == pytest.approx(judged[1:2], abs=1e-4)


def test_what_gives_several_figures_a_pair_is_no_re_ranker(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(str(save_reranker(tmp_path / "tiny", figures=3)))
    with pytest.raises(RerankerUnavailable, match="expected one figure a pair, got 3"):
        reranker.judge("社保卡", ["居住证"])


def test_an_encoder_is_no_re_ranker(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(str(save_encoder(tmp_path / "tiny")))
    with pytest.raises(RerankerUnavailable, match="expected a cross-encoder, got BertModel"):
        reranker.judge("社保卡", ["居住证"])


def test_a_re_ranker_that_is_not_there_says_so_in_one_line(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(str(tmp_path / "nowhere"))
    with pytest.raises(RerankerUnavailable, match="cannot be loaded: ") as refused:
        reranker.judge("社保卡", ["居住证"])
    assert "\n" not in str(refused.value)


def test_nothing_is_loaded_before_a_question_comes(tmp_path: Path) -> None:
    snapshot = snapshot_of(CARD, HOME)
    Matcher(snapshot, LetterEncoder(), reranker=CrossEncoderReranker(str(tmp_path / "nowhere")))


def test_a_real_cross_encoder_goes_the_whole_way(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(str(save_reranker(tmp_path / "tiny")))
    match = Matcher(snapshot_of(CARD, HOME), LetterEncoder(), reranker=reranker).match("卡丢了")
    assert all(0 < candidate.signs[RERANKER] < 1 for candidate in match.ranked)


# What it changes


def test_without_one_there_is_no_such_sign() -> None:
    match = Matcher(snapshot_of(CARD, HOME), LetterEncoder()).match("卡丢了")
    assert set(match.ranked[0].signs) == set(SIGNS)


def test_it_reads_each_name_with_the_passage_nearest_to_the_question() -> None:
    judge = prefers("领")
    Matcher(snapshot_of(CARD, WEATHER), LetterEncoder(), reranker=judge).match("卡丢了怎么补")
    assert sorted(judge.read[0]) == ["今天天气怎么样", "社保卡补办：卡丢了怎么补"]


def test_by_words_alone_it_reads_the_passage_nearest_by_characters() -> None:
    judge = prefers("领")
    by_words = build_snapshot([CARD, HOME], Recipe(), None)
    Matcher(by_words, None, reranker=judge).match("外地人办什么")
    assert "居住证办理：外地人办什么证" in judge.read[0]


def test_of_two_that_are_close_it_may_put_the_second_first() -> None:
    snapshot = snapshot_of(CARD, AGAIN, HOME)
    plain = Matcher(snapshot, LetterEncoder()).match("社保卡丢了怎么补")
    assert plain.best is not None
    assert plain.best.owner == "card"
    match = Matcher(snapshot, LetterEncoder(), reranker=prefers("领")).match("社保卡丢了怎么补")
    assert [c.owner for c in match.ranked] == ["again", "card", "home"]


def test_what_lies_behind_the_first_twenty_stays_where_it_is() -> None:
    snapshot = build_snapshot(many(), Recipe(), LetterEncoder())
    before = [c.owner for c in Matcher(snapshot, LetterEncoder()).match("卡丢了", 40).ranked]
    judge = Judge(lambda text: 1 / len(text))
    match = Matcher(snapshot, LetterEncoder(), reranker=judge).match("卡丢了", 40)
    after = [c.owner for c in match.ranked]
    assert len(judge.read[0]) == RERANKED
    assert set(after[:RERANKED]) == set(before[:RERANKED])
    assert after[RERANKED:] == before[RERANKED:]
    assert {c.signs[RERANKER] for c in match.ranked[RERANKED:]} == {0.0}


@pytest.mark.parametrize("word", ["补", "领", "居住", "没有的词"])
def test_one_that_nothing_was_learned_with_makes_no_answer_surer(word: str) -> None:
    snapshot = snapshot_of(CARD, AGAIN, HOME)
    for text in ("社保卡丢了怎么补", "外地人办什么证", "卡"):
        plain = Matcher(snapshot, LetterEncoder()).match(text)
        reranked = Matcher(snapshot, LetterEncoder(), reranker=prefers(word)).match(text)
        assert reranked.probability <= plain.probability


def test_one_that_was_learned_with_decides_by_its_own_recipe() -> None:
    snapshot = snapshot_of(CARD, AGAIN, HOME, learnt="judge")
    matcher = Matcher(snapshot, LetterEncoder(), reranker=prefers("领"))
    assert matcher.recipe == LEARNT
    match = matcher.match("社保卡丢了怎么补")
    assert (match.decision, match.ranked[0].owner) == ("answer", "again")
    assert match.probability == pytest.approx(1 / (1 + np.exp(-4.0)))


def test_a_recipe_learned_with_another_re_ranker_is_left_alone() -> None:
    snapshot = snapshot_of(CARD, AGAIN, HOME, learnt="somebody else")
    assert Matcher(snapshot, LetterEncoder(), reranker=prefers("领")).recipe == Recipe()


# Without it


def test_one_that_fails_costs_a_sentence_and_matching_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    snapshot = snapshot_of(CARD, AGAIN, HOME, learnt="judge")
    judge = replace(prefers("领"), fails=True)
    matcher = Matcher(snapshot, LetterEncoder(), reranker=judge)
    with caplog.at_level(logging.WARNING):
        matches = [matcher.match("社保卡丢了怎么补") for _ in range(3)]
    assert matches == 3 * [Matcher(snapshot, LetterEncoder()).match("社保卡丢了怎么补")]
    assert [r.getMessage() for r in caplog.records] == [
        "re-ranker “judge” cannot be loaded: no file; matching goes on without it"
    ]
    assert matcher.recipe == Recipe()


def test_a_snapshot_keeps_both_recipes(shelf: Path) -> None:
    made = snapshot_of(CARD, HOME, learnt="judge")
    publish_snapshot(made, shelf)
    read = load_snapshot(shelf)
    assert (read.recipe, read.reranked, read.reranker_fingerprint) == (Recipe(), LEARNT, "judge")
    assert made.fingerprint != snapshot_of(CARD, HOME).fingerprint
    assert made.fingerprint != snapshot_of(CARD, HOME, learnt="another").fingerprint


def test_without_one_the_fingerprint_is_that_of_the_recipe_alone() -> None:
    alone = build_snapshot([CARD, HOME], Recipe(), LetterEncoder())
    assert alone.fingerprint == snapshot_of(CARD, HOME).fingerprint
