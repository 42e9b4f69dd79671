"""What the tiny model takes for likely, how it thinks words are said, which texts it is made of."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from voice.recognition.training import children, fingerprint
from voice.recognition.training.language_model import END, START, LanguageModel, trained
from voice.recognition.training.lexicon import Reading, lexicon, usual_readings
from voice.recognition.training.numerals import as_number, digit_by_digit, spelled
from voice.recognition.training.recipe import FULL, AcousticRecipe, GraphRecipe
from voice.recognition.training.spoken_lines import spoken_lines
from voice.recognition.training.templates import dictated_lines, service_lines, short_answers
from voice.recognition.training.texts import Texts, read_texts
from voice.recognition.training.variants import HELD_OUT, TRAINED
from voice.recognition.training.vocabulary import language_of, words_of

_BACKGROUND = {"社保卡": 5.0, "丢": 3.0, "了": 9.0, "怎么": 4.0, "办": 4.0, "户口": 1.0}
_SENTENCES = [
    *([["社保卡", "丢", "了", "怎么", "办"]] * 3),
    *(["社保卡", "怎么", "办"], ["户口", "怎么", "办"], ["怎么", "办", "社保卡"], ["办", "了"]),
]


def _sums(model: LanguageModel) -> list[float]:
    words = [*_BACKGROUND, END]
    return [sum(model.probability(w, context) for w in words) for context in model.words]


@pytest.mark.parametrize("least_gain", [0.0, 0.5, 2.0, 50.0])
def test_the_model_sums_to_one_in_every_context_also_when_pruned(least_gain: float) -> None:
    model = trained(_SENTENCES, _BACKGROUND, 0.1, least_gain)
    assert _sums(model) == pytest.approx([1.0] * len(model.words))


def test_pruning_drops_what_says_little_and_keeps_what_leads_on() -> None:
    full = trained(_SENTENCES, _BACKGROUND, 0.1)
    small = trained(_SENTENCES, _BACKGROUND, 0.1, 2.0)
    assert sum(map(len, small.words.values())) < sum(map(len, full.words.values()))
    for context in small.words:
        for length in range(1, len(context)):
            assert context[length] in small.words[context[:length]]


def test_what_was_said_is_likelier_than_the_same_words_shuffled() -> None:
    model = trained(_SENTENCES, _BACKGROUND, 0.1)
    said = model.log_likelihood(["社保卡", "丢", "了", "怎么", "办"])
    assert said > model.log_likelihood(["了", "办", "丢", "社保卡", "怎么"]) + 3


def test_a_word_that_follows_anything_beats_one_that_follows_one_word_only() -> None:
    # Kneser and Ney: San Francisco is frequent, but only after San.
    sentences = [["san", "francisco"]] * 4 + [[x, "cup"] for x in ("tea", "coffee", "water")]
    words = {word: 1.0 for sentence in sentences for word in sentence} | {"my": 1.0}
    model = trained(sentences, words, 0.01)
    assert model.probability("cup", ["my"]) > model.probability("francisco", ["my"])


def test_nothing_in_the_vocabulary_is_impossible() -> None:
    model = trained(_SENTENCES, {**_BACKGROUND, "从未说过": 1.0}, 0.1)
    assert model.probability("从未说过", [START]) > 0


def test_a_word_outside_the_vocabulary_is_an_error() -> None:
    with pytest.raises(ValueError, match="missing"):
        trained([["别处"]], _BACKGROUND, 0.1)


def test_a_rare_reading_costs_more_and_a_stray_one_is_not_taken() -> None:
    usual, rare, stray = ("n", "@", "N"), ("n", "ai"), ("@r",)
    counts = Counter({usual: 90, rare: 9, stray: 1})
    readings = usual_readings(counts, alone=usual)
    assert [reading.phones for reading in readings] == [usual, rare]
    assert readings[0].cost == 0.0
    assert readings[1].cost == pytest.approx(2.30, abs=0.01)


def test_a_word_said_alone_otherwise_keeps_that_reading_at_a_price() -> None:
    in_context, alone = ("t", "@"), ("t", "ei")
    readings = usual_readings(Counter({in_context: 10}), alone)
    assert readings[0] == Reading(in_context)
    assert readings[1].phones == alone
    assert readings[1].cost > 3


def test_readings_are_counted_where_the_word_stands() -> None:
    sentences = {"银行": ["银行"], "行了": ["行", "了"]}
    said = {
        "银行": [("j", "i", "n"), ("X", "A", "N")],
        "行了": [("S;", "i", "N"), ("l", "@")],
        "行": [("S;", "i", "N")],
    }
    phones = {phone for syllables in said.values() for syllable in syllables for phone in syllable}
    words = lexicon(sentences, ["银行", "行", "了", "猫"], said, phones)
    assert words["银行"][0].phones == ("j", "i", "n", "X", "A", "N")
    assert words["行"][0].phones == ("S;", "i", "N")
    assert "猫" not in words
    assert "银行" not in lexicon(sentences, ["银行"], said, phones - {"X"})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("60岁能办吗？", "六十岁能办吗"),
        ("打12345", "打一二三四五"),
        ("打110没人接", "打幺幺零没人接"),
        ("2026年要3500元", "二零二六年要三千五百元"),
        ("报销85%", "报销百分之八十五"),
        ("1.5万", "一点五万"),
        ("电话025-8888", "电话零二五，八八八八"),
        ("１２个", "十二个"),
        ("15000块", "一万五千块"),
        ("APP怎么下", "怎么下"),
    ],
)
def test_figures_become_what_callers_say(written: str, said: str) -> None:
    assert spelled(written) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        *((0, "零"), (10, "十"), (15, "十五"), (20, "二十"), (101, "一百零一"), (110, "一百一十")),
        *((1000, "一千"), (1005, "一千零五"), (2010, "两千零一十"), (12000, "一万两千")),
        *((10005, "一万零五"), (222, "二百二十二")),
    ],
)
def test_numbers_are_counted_in_chinese(value: int, said: str) -> None:
    assert as_number(value) == said


def test_one_is_yao_on_the_telephone_if_the_caller_wants() -> None:
    assert digit_by_digit("110", "幺") == "幺幺零"


def test_figures_are_words_of_their_own() -> None:
    assert words_of("一二三四，我的电话") == ["一", "二", "三", "四", "我", "的", "电话"]


def _small_knowledge(folder: Path) -> tuple[Path, Path]:
    knowledge, dialogue = folder / "data", folder / "nlu"
    (knowledge / "items").mkdir(parents=True)
    (knowledge / "phrasings").mkdir()
    dialogue.mkdir()
    (knowledge / "items" / "A.yml").write_text(
        "name: 居住证\naliases: [暂住证]\nneeds: [租房的想办证]\nsource: 不读这句\n"
        "faq: [{question: 过期了呢, answer: 可以换}]\n"
        "situations: [{question: 谁来办, options: [{label: 本人, words: [自己]}]}]\n"
    )
    (knowledge / "phrasings" / "A.yml").write_text(
        "- {text: 居住证咋办, style: plain}\n- {text: 居主正咋半, style: asr}\n"
        "- {text: zenm办, style: typo}\n"
    )
    (knowledge / "places.yml").write_text("- {place_id: hall, name: 街道大厅}\n")
    (knowledge / "events.yml").write_text("- {name: 搬家, phrasings: [刚搬来要办什么]}\n")
    (knowledge / "ambiguous.yml").write_text("换证: [A]\n")
    (knowledge / "out_of_scope.yml").write_text("- 今天天气怎么样\n")
    (dialogue / "control.yml").write_text(
        "nlu:\n- intent: affirm\n  examples: |\n    - 对的\n    - 办[居住证](item)\n"
    )
    return knowledge, dialogue


def test_texts_are_what_residents_say_without_lines_miswritten_on_purpose(tmp_path: Path) -> None:
    texts = read_texts(*_small_knowledge(tmp_path))
    said = {"居住证咋办", "租房的想办证", "过期了呢", "刚搬来要办什么", "换证", "今天天气怎么样"}
    assert said <= set(texts.questions)
    assert {"对的", "办居住证"} <= set(texts.questions)
    assert not {"居主正咋半", "zenm办", "可以换"} & set(texts.questions)
    assert texts.names == ("居住证", "暂住证")
    assert texts.places == ("街道大厅",)
    assert "可以换" in texts.prose
    assert "不读这句" not in texts.prose


def test_the_held_out_questions_are_not_read(tmp_path: Path, monkeypatch) -> None:
    opened: list[str] = []
    read = Path.read_text

    def spy(path: Path, *args, **kwargs) -> str:
        opened.append(str(path))
        return read(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", spy)
    read_texts(Path("knowledge/data"), Path("nlu/data"))
    assert opened
    assert not [path for path in opened if "heldout" in path or "tests" in path]


def test_our_own_check_sentences_are_in_no_shipped_text() -> None:
    texts = read_texts(Path("knowledge/data"), Path("nlu/data"))
    shipped = {line.replace("，", "") for line in map(spelled, texts.questions + texts.prose)}
    lines = Path("tests/data/voice/sentences.txt").read_text(encoding="utf-8").splitlines()
    checks = [line for line in lines if not line.startswith("#")]
    assert len(checks) == len(set(checks)) == 100
    assert not shipped & set(checks)


def test_a_word_that_occurs_once_and_is_rare_counts_as_its_characters() -> None:
    texts = Texts(("办居住证", "换居住证", "搓衣板"), ("居住证",), (), ())
    recipe = GraphRecipe(dictated=5, general_words=5, general_characters=20)
    language = language_of(texts, recipe)
    assert "居住证" in language.background
    assert "搓衣板" not in language.background
    assert language.sentences["搓衣板"] == ["搓", "衣", "板"]
    assert set("搓衣板") <= set(language.background)


def test_a_short_answer_counts_as_often_as_the_recipe_says() -> None:
    recipe = GraphRecipe(dictated=5, general_words=5, general_characters=20, short_answer_repeats=7)
    language = language_of(Texts((), ("居住证",), (), ()), recipe)
    assert language.counted().count(["是"]) == 7


def test_dictation_holds_whole_mobile_numbers_in_both_ways_of_saying_one() -> None:
    lines = dictated_lines(Random(1), 600)
    figures = ["".join(c for c in line if c in "零一二三四五六七八九幺") for line in lines]
    mobile = [line for line in figures if len(line) == 11]
    assert sum(line[0] == "幺" for line in mobile) > 50
    assert sum(line[0] == "一" for line in mobile) > 50
    assert not any("一" in line and "幺" in line for line in mobile if line[0] == "幺")


def test_every_service_is_asked_for_and_every_short_answer_is_said() -> None:
    lines = service_lines(["居住证", "低保"], Random(1), 3)
    assert len(lines) == 6
    assert sum("低保" in line for line in lines) == 3
    assert {"是", "人工", "再说一遍", "幺", "两"} <= set(short_answers())


def test_the_speech_is_the_same_for_the_same_seed() -> None:
    texts = Texts(("办居住证", "我要换APP"), ("居住证",), (), ())
    lines = spoken_lines(texts, FULL.acoustics)
    assert lines == spoken_lines(texts, FULL.acoustics)
    assert "办居住证" in lines
    assert not any("APP" in line for line in lines)


def test_voices_for_checking_are_not_learnt_from() -> None:
    assert not set(HELD_OUT) & set(TRAINED)
    assert len(HELD_OUT) == 5


def _deadly(pieces: Sequence[int], output: str, counter: children.Counter) -> None:
    """Write the pieces down, but die at the seven, as espeak does now and then."""
    written = []
    for piece in pieces:
        counter.step()
        if piece == 7:
            os.kill(os.getpid(), signal.SIGKILL)
        written.append(piece)
    Path(output).write_text(repr(written))


def test_a_child_that_dies_costs_only_the_piece_it_died_of(tmp_path: Path) -> None:
    outputs = [str(tmp_path / "0"), str(tmp_path / "1")]
    children.work_in_children(_deadly, [[1, 7, 2], [3, 4]], outputs, 2, "test")
    assert [Path(output).read_text() for output in outputs] == ["[1, 2]", "[3, 4]"]


def test_comments_and_layout_do_not_change_a_fingerprint_but_code_does() -> None:
    source = 'def double(x):\n    """Twice."""\n    return 2 * x  # always\n'
    assert fingerprint.meaning(source) == fingerprint.meaning("def double(x):\n  return 2*x")
    assert fingerprint.meaning(source) != fingerprint.meaning("def double(x): return 3 * x")


def test_another_recipe_is_another_fingerprint() -> None:
    recipe = AcousticRecipe()
    assert fingerprint.acoustic_fingerprint(recipe) == fingerprint.acoustic_fingerprint(recipe)
    changed = AcousticRecipe(epochs=recipe.epochs + 1)
    assert fingerprint.acoustic_fingerprint(changed) != fingerprint.acoustic_fingerprint(recipe)
    smaller = GraphRecipe(least_gain=99.0)
    assert fingerprint.graph_fingerprint(smaller) != fingerprint.graph_fingerprint(GraphRecipe())


def test_every_module_of_training_belongs_to_a_fingerprint_or_needs_none() -> None:
    folder = Path(fingerprint.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")}
    # These start, time, describe or measure; the model's bytes do not depend on them.
    free = {"__init__", "__main__", "arrays", "build", "children", "evaluation"}
    free |= {"fingerprint", "saying"}
    named = {*fingerprint.ACOUSTIC_MODULES, *fingerprint.GRAPH_MODULES}
    assert modules == named | free | {"recipe", "configuration"}
