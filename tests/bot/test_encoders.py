"""Public models fitted and compared: a table in which nothing hides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import __main__ as commands
from bot import encoders
from bot.encoders import Compared, compare, fit_encoder, told
from knowledge import calibration
from knowledge.evaluation import Questions, Share, load_questions
from knowledge.files import KnowledgeFiles
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.errors import EncoderUnavailable, RerankerUnavailable
from knowledge.search.recipe import Recipe, Recipes, is_fitted
from tests.people import LetterEncoder, tiny
from tests.tiny_models import save_encoder, save_reranker

QUESTIONS = Questions(
    items=[
        {"text": "社保卡丢了", "item": "SB13", "facet": "materials", "style": "short"},
        {"text": "社保卡补办要带什么", "item": "SB13", "facet": "materials", "style": "plain"},
        {"text": "老年优待证怎么办", "item": "GG08", "facet": "overview", "style": "plain"},
    ]
)


@pytest.fixture
def few(shipped: KnowledgeFiles) -> KnowledgeFiles:
    """Three guides and a handful of other records."""
    return tiny(shipped, "SB13", "GG08", "MZ10")


@pytest.fixture(autouse=True)
def recipes(settings: Any, tmp_path: Path) -> Path:
    """A folder for recipes, empty."""
    settings.RECIPE_DIR = tmp_path / "recipes"
    return tmp_path / "recipes"


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A public model in its folder."""
    return str(save_encoder(tmp_path / "tiny"))


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Folds whose encoder counts letters and whose reader is none; notes what was trained."""
    trained: list[str] = []
    monkeypatch.setattr(calibration, "train_reader", lambda *_: None)
    monkeypatch.setattr(
        calibration, "train_encoder", lambda docs, place, name: trained.append(name)
    )
    monkeypatch.setattr(calibration, "SentenceTransformerEncoder", LetterEncoder)
    return trained  # type: ignore[return-value]


# Comparing


def test_the_same_questions_are_put_to_every_encoder(few: KnowledgeFiles, model: str) -> None:
    found = compare(["built-in", model], QUESTIONS, "", few)
    assert [each.name for each in found] == ["built-in", model]
    for each in found:
        assert not each.reason
        assert {share.of for share in each.figures["all"].values()} == {3}
        assert {style: f["in three"].of for style, f in each.figures.items()} == {
            "all": 3,
            "plain": 2,
            "short": 1,
        }
        assert 0 < each.encode_ms[0] <= each.encode_ms[1]
        assert each.size_bytes > 0
    assert [each.recipe for each in found] == ["own", "shipped"]


def test_a_model_that_does_not_load_is_one_row_with_its_reason(
    few: KnowledgeFiles, model: str, tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "nowhere")
    missing, there = compare([nowhere, model], QUESTIONS, "", few)
    assert "cannot be loaded" in missing.reason
    assert not there.reason
    rows = list(told([missing, there]))
    assert sum(row.startswith(nowhere) for row in rows) == 1


def test_whatever_a_model_comes_up_with_is_its_own_row(
    few: KnowledgeFiles, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("the size of tensor a (7) must match\nmore")

    monkeypatch.setattr(SentenceTransformerEncoder, "encode", breaks)
    assert compare([model], QUESTIONS, "", few)[0].reason == "the size of tensor a (7) must match"


def test_a_re_ranker_reads_along_for_all_or_for_none(
    few: KnowledgeFiles, model: str, tmp_path: Path
) -> None:
    reranker = str(save_reranker(tmp_path / "reranker"))
    assert not compare([model], QUESTIONS, reranker, few)[0].reason
    with pytest.raises(RerankerUnavailable):
        compare([model], QUESTIONS, str(tmp_path / "nowhere"), few)


def test_without_questions_the_own_phrasings_are_asked_of_those_who_never_saw_them(
    few: KnowledgeFiles, model: str, untrained: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "ASKED_PER_FOLD", 4)
    found = compare(["built-in", model], None, "", few)
    assert [each.reason for each in found] == ["", ""]
    assert {each.figures["all"]["in three"].of for each in found} == {4 * calibration.FOLDS}
    assert untrained == [f"encoder for fold {n} of 3" for n in (1, 2, 3)]


def test_the_table_gives_every_share_with_its_interval() -> None:
    share = {name: Share(8, 10) for name in ("right first", "in three", "answered wrong")}
    one = Compared("one", "", "own", {"all": share, "short": share}, (1.25, 3.0), 24_000_000)
    rows = list(told([one, Compared("other", "no such folder")]))
    assert rows[0].startswith("10 questions")
    assert rows[2].count("80.0 % [49.0–94.3]") == 3
    assert "1.2/3.0 ms" in rows[2]
    assert "24.0 MB" in rows[2]
    assert rows[3].split() == ["other", "no", "such", "folder"]
    assert "right first, short" in rows[4]


# Fitting


def test_what_is_learned_is_stored_for_the_encoder(
    few: KnowledgeFiles, model: str, recipes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    def fit(*arguments: object, others: object) -> Recipes:
        given.extend(arguments[-2:])
        assert others == few.others
        return Recipes(Recipe(answer_at=0.7))

    monkeypatch.setattr(encoders, "fit", fit)
    assert fit_encoder(model, "", few) == Recipes(Recipe(answer_at=0.7))
    assert is_fitted(recipes, SentenceTransformerEncoder(model).fingerprint)
    assert [type(each).__name__ for each in given] == ["SentenceTransformerEncoder", "NoneType"]
    assert compare([model], QUESTIONS, "", few)[0].recipe == "own"


def test_for_the_built_in_encoder_only_a_re_ranker_is_learned(
    few: KnowledgeFiles, recipes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    learned = Recipes(Recipe(), Recipe(answer_at=0.8), "judge")
    monkeypatch.setattr(encoders, "fit", lambda *given, **_: learned if given[-2] is None else None)
    fit_encoder("built-in", str(tmp_path), few)
    built_in = SentenceTransformerEncoder().fingerprint
    assert [path.name for path in recipes.iterdir()] == [f"{built_in}-judge.json"]


# The command


def run(*arguments: str) -> int:
    """``python -m bot encoders …`` in this process."""
    given = commands._parser().parse_args(["encoders", *arguments])
    code: int = given.run(given)
    return code


@pytest.mark.parametrize("names", [["built-in"], ["a", "b"]])
def test_fit_wants_one_encoder_that_is_not_ours(
    names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fit", *names) == 2
    assert "name one encoder" in capsys.readouterr().err


def test_an_encoder_that_does_not_load_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fit(*_: object) -> None:
        raise EncoderUnavailable("model “a” cannot be loaded: no file")

    monkeypatch.setattr(encoders, "fit_encoder", fit)
    assert run("fit", "a") == 1
    assert capsys.readouterr().err == "error: model “a” cannot be loaded: no file\n"


def test_compare_takes_the_held_out_questions_where_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Any] = []

    def compared(names: list[str], questions: Any, *_: object) -> list[Compared]:
        asked.append(questions)
        return [Compared(name, "no file") for name in names]

    monkeypatch.setattr(encoders, "compare", compared)
    assert run("compare", "a") == 1
    assert asked.pop().items == load_questions(commands.HELD_OUT).items
    monkeypatch.setattr(commands, "HELD_OUT", tmp_path / "nowhere")
    run("compare", "a")
    assert asked.pop() is None
    assert run("compare", "a", "--questions", str(tmp_path)) == 2
