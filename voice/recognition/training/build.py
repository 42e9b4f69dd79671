"""The steps from texts to a model folder, each of which can be run alone.

``speech`` and ``network`` take most of the time and depend on little; ``graph`` takes a minute and
is run when phrasings or vocabulary change. What lies between the steps is kept in a work folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice.recognition.training import fingerprint
from voice.recognition.training.configuration import DECODING
from voice.recognition.training.dataset import load_frames
from voice.recognition.training.export import acoustic_model
from voice.recognition.training.graph import write_graph
from voice.recognition.training.language_model import trained
from voice.recognition.training.lexicon import lexicon, said_syllables
from voice.recognition.training.phone_tree import PhoneTable
from voice.recognition.training.recipe import Recipe
from voice.recognition.training.speech import speak_all
from voice.recognition.training.spoken_lines import spoken_lines
from voice.recognition.training.texts import Texts, read_texts
from voice.recognition.training.train import load, save, train
from voice.recognition.training.vocabulary import language_of

STEPS = ("speech", "network", "export", "graph")
_FINGERPRINT = "fingerprint.json"


@dataclass(frozen=True)
class Workshop:
    """Where things come from, lie meanwhile, and go to."""

    knowledge: Path
    dialogue: Path
    work: Path
    model: Path

    @property
    def frames(self) -> Path:
        """Return the folder of the spoken frames."""
        return self.work / "speech"

    @property
    def acoustics(self) -> Path:
        """Return the file of the trained network."""
        return self.work / "acoustics.pt"

    def texts(self) -> Texts:
        """Return the shipped sentences."""
        return read_texts(self.knowledge, self.dialogue)


def build(shop: Workshop, recipe: Recipe, steps: Sequence[str] = STEPS) -> None:
    """Run the steps in their order; one that is left out must have been run before."""
    actions = {
        "speech": _make_speech,
        "network": _train_network,
        "export": _export,
        "graph": _make_graph,
    }
    for step in STEPS:
        if step in steps:
            actions[step](shop, recipe)


def described(model: Path) -> dict[str, object]:
    """Return the fingerprint that lies beside a model, {} if there is none."""
    path = model / _FINGERPRINT
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _make_speech(shop: Workshop, recipe: Recipe) -> None:
    shutil.rmtree(shop.frames, ignore_errors=True)
    shop.frames.mkdir(parents=True)
    lines = spoken_lines(shop.texts(), recipe.acoustics)
    speak_all(lines, recipe.acoustics, shop.frames, recipe.processes)


def _train_network(shop: Workshop, recipe: Recipe) -> None:
    save(train(load_frames(shop.frames), recipe.acoustics), shop.acoustics)


def _export(shop: Workshop, recipe: Recipe) -> None:
    acoustics = load(shop.acoustics)
    for folder in ("am", "conf"):
        (shop.model / folder).mkdir(parents=True, exist_ok=True)
    table = PhoneTable(acoustics.phones)
    (shop.model / "am" / "final.mdl").write_bytes(acoustic_model(acoustics, table.classes))
    features = recipe.acoustics.cepstra.configuration()
    (shop.model / "conf" / "mfcc.conf").write_text(features, encoding="ascii")
    _describe(
        shop,
        acoustics=fingerprint.acoustic_fingerprint(recipe.acoustics),
        phones=list(acoustics.phones),
    )


def _make_graph(shop: Workshop, recipe: Recipe) -> None:
    phones = described(shop.model).get("phones")
    if not isinstance(phones, list):
        raise FileNotFoundError(f"expected an exported network in {shop.model}; run export first")
    language = language_of(shop.texts(), recipe.graph)
    shop.work.mkdir(parents=True, exist_ok=True)
    lines = [*language.sentences, *language.background]
    said = said_syllables(lines, shop.work, recipe.processes)
    words = lexicon(language.sentences, language.background, said, phones)
    known = {word: often for word, often in language.background.items() if word in words}
    sentences = [
        sentence for sentence in language.counted() if all(word in known for word in sentence)
    ]
    model = trained(sentences, known, recipe.graph.background_share, recipe.graph.least_gain)
    write_graph(shop.model / "graph", PhoneTable(tuple(phones)), words, model)
    (shop.model / "conf" / "model.conf").write_text(DECODING, encoding="ascii")
    _describe(
        shop,
        graph=fingerprint.graph_fingerprint(recipe.graph),
        texts=[str(shop.knowledge), str(shop.dialogue)],
    )


def _describe(shop: Workshop, **facts: object) -> None:
    facts = {**described(shop.model), **facts}
    text = json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True)
    (shop.model / _FINGERPRINT).write_text(text + "\n", encoding="utf-8")
