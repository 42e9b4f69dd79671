"""The reader learns what belongs together, hears through homophones, and is the same in NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from knowledge import reading
from knowledge.reading import train_reader
from knowledge.search.passages import NOTHING, Document
from knowledge.search.reader import FLOOR, Reader
from tests.people import page

THINGS = ("社保卡", "居住证", "老年卡", "失业金", "营业执照", "生育登记")
PAGES = [page(thing, f"{thing}补办", f"我的{thing}丢了", f"{thing}没了怎么弄") for thing in THINGS]
FACETS = {"要带什么": "materials", "带哪些东西": "materials", "多少钱": "fee", "收不收费": "fee"}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small network and a training of seconds."""
    for name, value in (("EPOCHS", 40), ("BATCH", 8), ("FILTERS", 24)):
        monkeypatch.setattr(reading, name, value)


@pytest.fixture
def reader(quick: None) -> Reader:
    """Trained on six things and two facets."""
    return train_reader(PAGES, FACETS, "reader")


def first(reader: Reader, text: str) -> str:
    """The record that a text sounds most like."""
    signs = reader.read(text).signs
    return max(signs, key=lambda owner: signs[owner])


def test_a_record_and_a_facet_are_recognised(reader: Reader) -> None:
    assert first(reader, "居住证丢了") == "居住证"
    read = reader.read("请问要带哪些东西").facets
    assert max(read, key=lambda facet: read[facet]) == "materials"
    assert sum(read.values()) == pytest.approx(1, abs=1e-3)


def test_homophones_and_typed_pinyin_are_heard(reader: Reader) -> None:
    assert first(reader, "设保咔丢了") == "社保卡"
    assert first(reader, "juzhuzheng丢了") == "居住证"


@pytest.mark.parametrize("text", ["", "？！", " "])
def test_a_text_without_letters_sounds_like_nothing(reader: Reader, text: str) -> None:
    assert reader.read(text).signs == {}
    assert len(set(reader.read(text).facets.values())) == 1


@pytest.mark.parametrize("text", ["卡", "丢了", "社保卡" * 60, "a1 b2 ＸＹ"])
def test_any_length_can_be_read(reader: Reader, text: str) -> None:
    signs = reader.read(text).signs
    assert set(signs) == set(THINGS)
    assert all(0.0 <= sign <= 1.0 for sign in signs.values())


def test_what_is_kept_reads_the_same(reader: Reader, tmp_path: Path) -> None:
    reader.save(tmp_path / "reader.npz")
    again = Reader.load(tmp_path / "reader.npz")
    for text in ("居住证没了", "卡", "社保卡补办要带什么，几天能好"):
        assert again.read(text).signs == pytest.approx(reader.read(text).signs, abs=5e-3)
    again.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "reader.npz").read_bytes()


def test_numpy_computes_what_pytorch_does(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    networks: list[reading._Network] = []
    convert = reading._Network.as_reader
    monkeypatch.setattr(reading, "EPOCHS", 2)
    monkeypatch.setattr(
        reading._Network,
        "as_reader",
        lambda network, *given: networks.append(network) or convert(network, *given),
    )
    reader = train_reader(PAGES, FACETS, "reader")
    for text in ("社保卡", "居住证没了怎么弄", "卡"):
        units = reader._vocabulary.units(text)
        padded = [np.pad(u, (0, max(0, 4 - len(u)))) for u in units]
        with torch.no_grad():
            owners, _ = networks[0](*(torch.from_numpy(p)[None].long() for p in padded))
        wanted = np.maximum(torch.log_softmax(owners[0], 0).numpy() + FLOOR, 0) / FLOOR
        assert list(reader.read(text).signs.values()) == pytest.approx(wanted.tolist(), abs=1e-4)


def test_the_same_texts_train_the_same_reader(
    quick: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reading, "EPOCHS", 2)
    for name in ("one", "other"):
        train_reader(PAGES, FACETS, name).save(tmp_path / f"{name}.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_what_nobody_does_is_no_record(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    monkeypatch.setattr(reading, "EPOCHS", 1)
    weather = Document(NOTHING, "nothing", (("phrasing", "今天天气"), ("phrasing", "明天天气")))
    reader = train_reader([*PAGES, weather], {}, "reader")
    assert NOTHING not in reader.read("今天天气").signs
