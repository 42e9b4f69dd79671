"""Public models from their folders, in the formats in which they come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from knowledge.search.encoder import (
    BUILT_IN,
    BUILT_IN_DIR,
    SentenceTransformerEncoder,
    folder_of,
    hash_of,
    size_of,
)
from knowledge.search.errors import EncoderUnavailable
from knowledge.search.matcher import Matcher
from knowledge.search.recipe import Recipe
from knowledge.search.snapshot import build_snapshot, load_snapshot, publish_snapshot
from tests.people import page
from tests.tiny_models import DIMENSIONS, save_encoder

PREFIX = "为这个句子生成表示以用于检索相关文章："
CARD = page("card", "社保卡补办", "卡丢了怎么补")
HOME = page("home", "居住证办理", "外地人办什么证")
TEXTS = ["社保卡丢了", "居住证怎么办"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for models."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def averaging(folder: Path) -> SentenceTransformerEncoder:
    """A model that averages over its words, as text2vec does."""
    return SentenceTransformerEncoder(str(save_encoder(folder / "text2vec-tiny")))


@pytest.fixture(scope="module")
def bge(folder: Path) -> SentenceTransformerEncoder:
    """A model that goes by its first token and wants an instruction, as bge does."""
    place = save_encoder(folder / "bge-small-zh-tiny", pooling="cls")
    return SentenceTransformerEncoder(str(place))


def test_a_model_in_a_folder_gives_vectors_of_its_own_length(
    averaging: SentenceTransformerEncoder,
) -> None:
    vectors = averaging.encode(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (2, DIMENSIONS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)


def words_of(place: str, text: str) -> npt.NDArray[np.float32]:
    """A vector for each token, from the transformer alone."""
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(place)(text, return_tensors="pt")
    found: npt.NDArray[np.float32] = (
        AutoModel.from_pretrained(place)(**tokens).last_hidden_state[0].detach().numpy()
    )
    return found


def test_the_pooling_that_the_folder_names_is_done(
    averaging: SentenceTransformerEncoder, bge: SentenceTransformerEncoder
) -> None:
    for encoder, pooled in (
        (averaging, words_of(averaging.name, TEXTS[0]).mean(axis=0)),
        (bge, words_of(bge.name, TEXTS[0])[0]),
    ):
        wanted = pooled / np.linalg.norm(pooled)
        assert encoder.encode(TEXTS)[0] == pytest.approx(wanted, abs=1e-4)


def test_bge_is_asked_with_its_instruction_and_told_without(
    bge: SentenceTransformerEncoder,
) -> None:
    asked = bge.encode(TEXTS, query=True)
    assert asked == pytest.approx(bge.encode([PREFIX + text for text in TEXTS]), abs=1e-5)
    assert np.abs(asked - bge.encode(TEXTS)).max() > 0.01


def test_another_model_is_asked_as_it_is_told(averaging: SentenceTransformerEncoder) -> None:
    assert averaging.encode(TEXTS, query=True) == pytest.approx(averaging.encode(TEXTS), abs=1e-5)


def test_the_same_weights_have_one_fingerprint_wherever_they_lie(
    folder: Path, averaging: SentenceTransformerEncoder, bge: SentenceTransformerEncoder
) -> None:
    again = save_encoder(folder / "copied")
    other = save_encoder(folder / "other", seed=1)
    assert hash_of(str(again)) == averaging.fingerprint
    assert len({averaging.fingerprint, bge.fingerprint, hash_of(str(other))}) == 3


def test_published_with_a_public_model_questions_are_matched_with_it(
    averaging: SentenceTransformerEncoder, shelf: Path
) -> None:
    publish_snapshot(build_snapshot([CARD, HOME], Recipe(), averaging), shelf)
    snapshot = load_snapshot(shelf)
    assert snapshot.encoder_fingerprint == averaging.fingerprint
    ranked = Matcher(snapshot, averaging).match("卡丢了怎么补").ranked
    assert ranked[0].owner == "card"
    assert ranked[0].signs["dense"] == pytest.approx(1.0, abs=1e-3)


def test_vectors_of_one_model_are_not_held_against_those_of_another(
    averaging: SentenceTransformerEncoder, bge: SentenceTransformerEncoder
) -> None:
    snapshot = build_snapshot([CARD, HOME], Recipe(), averaging)
    by_words = Matcher(snapshot, None).match("卡丢了怎么补")
    assert Matcher(snapshot, bge).match("卡丢了怎么补") == by_words
    assert by_words.ranked[0].signs["dense"] == 0.0
    other = build_snapshot([CARD, HOME], Recipe(), bge)
    assert other.fingerprint != snapshot.fingerprint


def test_a_folder_without_a_model_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(EncoderUnavailable, match="cannot be loaded: ") as refused:
        SentenceTransformerEncoder(str(tmp_path)).encode(["社保卡"])
    assert "\n" not in str(refused.value)


def test_a_name_of_the_hub_is_no_folder_and_weighs_nothing_until_it_is_fetched() -> None:
    assert folder_of("BAAI/bge-small-zh-v1.5") is None
    assert size_of("nobody/no-such-model") == 0
    assert hash_of("nobody/no-such-model") != hash_of("nobody/another-model")


def test_the_built_in_model_lies_where_it_is_trained() -> None:
    assert folder_of(BUILT_IN) == BUILT_IN_DIR
    assert size_of(BUILT_IN) > 1_000_000
    assert SentenceTransformerEncoder().fingerprint == hash_of(str(BUILT_IN_DIR))
