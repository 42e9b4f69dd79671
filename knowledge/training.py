"""Trains what ships: the encoder, the recipe of the matcher, what hears facets and danger.

All from the project's own words in ``knowledge/data``; seeded, so that the same files give the same
result on one kind of machine. Run by ``python -m bot train knowledge``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from knowledge.calibration import judge, phrasings_of, rescaled, train_recipe
from knowledge.documents import documents_of
from knowledge.embedding import SEED, train_encoder
from knowledge.files import DATA_DIR, GATE_QUESTIONS, KnowledgeFiles
from knowledge.reading import train_reader
from knowledge.record import GateQuestion
from knowledge.search.danger import DANGER_FILE, train_danger
from knowledge.search.encoder import BUILT_IN_DIR, TRAINED_DIR, SentenceTransformerEncoder
from knowledge.search.facets import FACETS_FILE, train_facets
from knowledge.search.linear import LinearClassifier
from knowledge.search.matcher import Matcher
from knowledge.search.passages import NOTHING, Document
from knowledge.search.reader import READER_FILE, Reader
from knowledge.search.recipe import Recipe, save_recipe
from knowledge.search.snapshot import build_snapshot
from knowledge.search.vagueness import VAGUE_FILE, train_vague

MANIFEST = TRAINED_DIR / "manifest.json"
# What was written to mislead the ear for danger counts so often.
HARD_CALM = 3
# So many phrasings of a record stand for what is asked in calm: with all of them the ear for danger
# grew deaf (97.6 % of the held-out emergencies instead of all).
CALM_OF_A_RECORD = 50
# The modules that decide what the trained files come out like.
_HERE = ("training", "calibration", "embedding", "reading", "documents")
_SEARCH = ("analysis", "lexical", "matcher", "linear", "reader", "facets", "danger", "vagueness")


def train_knowledge(files: KnowledgeFiles) -> Recipe:
    """Train and write everything below ``knowledge/data/trained``; returns the recipe."""
    documents = documents_of(files)
    train_encoder(documents, BUILT_IN_DIR, "encoder")
    told = faceted(files)
    train_facets(told, SEED).save(FACETS_FILE)
    train_reader(documents, dict(told), "reader").save(READER_FILE)
    train_vague([*files.ambiguous], phrasings_of(documents)).save(VAGUE_FILE)
    recipe = train_recipe(documents, files.ambiguous, dict(told), TRAINED_DIR / "folds")
    recipe = true_to_life(recipe, documents, files.others)
    save_recipe(recipe)
    train_danger(_dangerous(files), _calm(documents, files)).save(DANGER_FILE)
    write_manifest()
    return recipe


def true_to_life(
    recipe: Recipe, documents: Sequence[Document], others: Sequence[GateQuestion]
) -> Recipe:
    """Rescale the probability of a recipe on questions of others, put to what was just trained."""
    if not others:
        return recipe
    encoder = SentenceTransformerEncoder(str(BUILT_IN_DIR))
    snapshot = build_snapshot(documents, recipe, encoder)
    vague = LinearClassifier.load(VAGUE_FILE)
    matcher = Matcher(snapshot, encoder, Reader.load(READER_FILE), vague=vague)
    return rescaled(recipe, judge(matcher, [(q.text, frozenset(q.expected)) for q in others]))


def faceted(files: KnowledgeFiles) -> list[tuple[str, str]]:
    """Texts of which it is known what facet they ask for."""
    return [
        (phrasing.text, phrasing.facet)
        for phrasings in files.phrasings.values()
        for phrasing in phrasings
    ] + [
        *((text, facet) for facet, texts in files.facet_questions.items() for text in texts),
        *((question.text, question.facet) for question in files.others),
    ]


def _dangerous(files: KnowledgeFiles) -> list[tuple[str, str]]:
    return [(text, danger.kind) for danger in files.emergencies for text in danger.phrasings]


def _calm(documents: Sequence[Document], files: KnowledgeFiles) -> list[str]:
    """What is asked without danger; what was written to mislead counts HARD_CALM times."""
    asked = [text for d in documents for f, text in d.texts if f == "question"]
    for document in documents:
        said = [text for field, text in document.texts if field == "phrasing"]
        asked += said if document.owner == NOTHING else said[:CALM_OF_A_RECORD]
    return [*asked, *files.ambiguous, *(HARD_CALM * files.calm)]


def input_fingerprint(data_dir: Path = DATA_DIR) -> str:
    """Hash of all that the trained files are made from: the data and the code that trains."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    code = [here / f"{name}.py" for name in _HERE]
    code += [here / "search" / f"{name}.py" for name in _SEARCH]
    data = [p for p in data_dir.rglob("*") if p.suffix in {".yml", ".csv"}]
    # Whoever is examined does not see the questions before.
    data = [path for path in data if path.name != GATE_QUESTIONS]
    for path in sorted([*data, *code]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def write_manifest() -> None:
    """Note which inputs the trained files were made from, and the hash of each file."""
    manifest = {
        "inputs": input_fingerprint(),
        "files": {
            str(path.relative_to(TRAINED_DIR)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(TRAINED_DIR.rglob("*"))
            if path.is_file() and path != MANIFEST
        },
    }
    MANIFEST.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def is_trained() -> bool:
    """Whether the trained files are there and were made from today's inputs."""
    if not MANIFEST.is_file():
        return False
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return bool(manifest["inputs"] == input_fingerprint())
