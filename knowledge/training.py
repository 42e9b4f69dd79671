"""Trains what ships: the built-in encoder, the recipe of the matcher, the facet classifier.

All from the project's own words in ``knowledge/data``; seeded, so that the same files give the same
result on one kind of machine. Cross-validation keeps it honest: every phrasing is judged by an
encoder and an index that never saw it. Run by ``python -m bot train knowledge``.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from knowledge.documents import (
    checklist_document,
    event_document,
    item_document,
    nothing_document,
    outline_document,
    report_document,
    subject_document,
    topic_document,
)
from knowledge.files import DATA_DIR, KnowledgeFiles
from knowledge.search.analysis import VIEWS, content, terms
from knowledge.search.encoder import BUILT_IN_DIR, TRAINED_DIR, SentenceTransformerEncoder
from knowledge.search.facets import save_facets, train_facets
from knowledge.search.matcher import Matcher
from knowledge.search.passages import NOTHING, Document
from knowledge.search.recipe import SIGNS, Recipe, save_recipe
from knowledge.search.snapshot import Analysed, build_snapshot

SEED = 20261122
DIMENSIONS = 256
VOCABULARY = 6000
STEPS = 1000
BATCH = 64
LEARNING_RATE = 0.02
TOKEN_DROPOUT = 0.3
FOLDS = 3
JUDGED_CANDIDATES = 40
MANIFEST = TRAINED_DIR / "manifest.json"
# Answers must be right at least so often, counted on the phrasings under cross-validation. These
# are harder than what people ask, and a fifth of them has no answer at all; what the threshold
# does to held-out questions of another author stands in docs/decisions.md.
WANTED_PRECISION = 0.86
ASK_SHARE = 0.4

Floats = npt.NDArray[np.float32]


def documents_of(files: KnowledgeFiles) -> list[Document]:
    """Return the documents that the shipped files make, in a fixed order."""
    return [
        *(
            item_document(files.items[item_id], files.phrasings.get(item_id, []))
            if item_id in files.items
            else outline_document(row)
            for item_id, row in files.catalogue.items()
        ),
        *(event_document(event) for event in files.events),
        *(subject_document(subject) for subject in files.subjects),
        *(report_document(kind) for kind in files.report_kinds),
        *(checklist_document(checklist) for checklist in files.checklists),
        *(topic_document(topic) for topic in files.topics),
        nothing_document(files.out_of_scope),
    ]


def train_knowledge(files: KnowledgeFiles) -> Recipe:
    """Train and write everything below ``knowledge/data/trained``; returns the recipe."""
    documents = documents_of(files)
    train_encoder(documents, BUILT_IN_DIR, "encoder")
    recipe = train_recipe(documents, TRAINED_DIR / "folds")
    save_recipe(recipe)
    save_facets(train_facets(_faceted(files), SEED))
    write_manifest()
    return recipe


def _faceted(files: KnowledgeFiles) -> list[tuple[str, str]]:
    return [
        (phrasing.text, phrasing.facet)
        for phrasings in files.phrasings.values()
        for phrasing in phrasings
    ]


def train_encoder(documents: Sequence[Document], place: Path, label: str) -> None:
    """Train a static embedding over learned character groups and save it to ``place``.

    Contrastive with in-batch negatives: two texts of one document attract each other, the texts of
    the other documents in the batch repel (MultipleNegativesRankingLoss).
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import losses
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    texts = {
        d.owner: [content(t) or t for _, t in d.texts] for d in documents if d.owner != NOTHING
    }
    tokenizer = _tokenizer([text for group in texts.values() for text in group])
    weights = np.random.default_rng(SEED).normal(0, 0.05, (tokenizer.get_vocab_size(), DIMENSIONS))
    embedding = StaticEmbedding(tokenizer, embedding_weights=weights.astype(np.float32))
    model = SentenceTransformer(modules=[embedding], device="cpu")
    loss = losses.MultipleNegativesRankingLoss(model, scale=12.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    several = {owner: group for owner, group in texts.items() if len(group) > 1}
    model.train()
    for _ in tqdm(range(STEPS), desc=f"training {label}", unit="step"):
        embedding.tokenizer.model.dropout = TOKEN_DROPOUT
        owners = random.sample(sorted(several), min(BATCH, len(several)))
        pairs = [random.sample(several[owner], 2) for owner in owners]
        batch = [model.preprocess([pair[side] for pair in pairs]) for side in (0, 1)]
        optimizer.zero_grad()
        loss(batch, torch.empty(0)).backward()
        optimizer.step()
        schedule.step()
    embedding.tokenizer.model.dropout = None
    model.eval()
    shutil.rmtree(place, ignore_errors=True)
    model.save(str(place), create_model_card=False)


def _tokenizer(texts: Sequence[str]) -> Any:
    """Byte-pair encoding over characters: frequent groups become tokens of their own."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))  # noqa: S106 (no password)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(" ", "")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Punctuation("removed")
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, min_frequency=3, special_tokens=["[UNK]"], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


@dataclass(frozen=True)
class Judged:
    """One question put to an index that never saw it: its signs and which documents are right.

    ``right`` is empty for a question that nothing in the index answers.
    """

    signs: Floats
    owners: list[str]
    right: frozenset[str]
    twins: dict[str, str]
    known: float


def train_recipe(documents: Sequence[Document], workshop: Path) -> Recipe:
    """Learn weights, calibration and thresholds by cross-validation over the phrasings."""
    judged = cross_validate(documents, workshop)
    recipe = _calibrate(_weigh(judged), judged)
    return _thresholds(recipe, judged)


def cross_validate(documents: Sequence[Document], workshop: Path) -> list[Judged]:
    """Put every phrasing to a matcher trained and indexed without it.

    Of the subjects and of what is out of scope, whole parts are left out, so that there are
    questions which nothing in the index can answer.
    """
    judged: list[Judged] = []
    for fold in range(FOLDS):
        kept, asked = _split(documents, fold)
        place = workshop / str(fold)
        train_encoder(kept, place, f"encoder for fold {fold + 1} of {FOLDS}")
        judged += _judge(kept, asked, SentenceTransformerEncoder(str(place)))
    shutil.rmtree(workshop, ignore_errors=True)
    return judged


def _split(
    documents: Sequence[Document], fold: int
) -> tuple[list[Document], list[tuple[str, str]]]:
    """Return the documents that stay and the (text, right owner) pairs that are asked."""
    kept: list[Document] = []
    asked: list[tuple[str, str]] = []
    for document in documents:
        out = [t for f, t in document.texts if f == "phrasing" and _fold(t) == fold]
        if document.kind == "subject" and _fold(document.owner) == fold:
            asked += [(text, "") for f, text in document.texts if f == "phrasing"]
            continue
        right = "" if document.owner == NOTHING else document.owner
        asked += [(text, right) for text in out]
        texts = tuple((f, t) for f, t in document.texts if not (f == "phrasing" and t in out))
        if texts:
            kept.append(replace(document, texts=texts))
    return kept, asked


def _fold(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % FOLDS


def _judge(
    documents: Sequence[Document], asked: Sequence[tuple[str, str]], encoder: Any
) -> list[Judged]:
    matcher = Matcher(build_snapshot(documents, Recipe(), encoder, analysed=Analysed()), encoder)
    ids = [document.owner for document in documents]
    twins = {d.owner: d.twin for d in documents if d.twin}
    judged = []
    for text, right in asked:
        query = content(text)
        seen = {view: terms(query, view) for view in VIEWS}
        if not seen["chars"]:
            continue
        signs = matcher.signs(query, seen, matcher.encode(query))
        top = list(np.argsort(-signs.sum(axis=1))[:JUDGED_CANDIDATES])
        owners = [ids[n] for n in top]
        same = {o for o in owners if twins.get(o) == right or twins.get(right) == o}
        good = frozenset({right, *same} if right else {NOTHING})
        judged.append(Judged(signs[top], owners, good, twins, matcher.known(seen)))
    return judged


def _weigh(judged: Sequence[Judged]) -> Recipe:
    """Weights by pairwise logistic regression: the right candidate against the wrong ones.

    No sign may speak against a document (weights >= 0): a negative weight would only exploit how
    signs overlap in this knowledge, and mislead in another.
    """
    from scipy.optimize import minimize

    gaps = np.stack(
        [
            question.signs[question.owners.index(right)] - question.signs[place]
            for question in judged
            for right in sorted(question.right & set(question.owners))[:1]
            for place, owner in enumerate(question.owners)
            if owner not in question.right
        ]
    )

    def loss(weights: Floats) -> tuple[float, Floats]:
        ahead = gaps @ weights
        slope = -(gaps / (1 + np.exp(ahead))[:, None]).sum(axis=0) + weights
        return float(np.logaddexp(0, -ahead).sum() + weights @ weights / 2), slope

    found = minimize(loss, np.ones(len(SIGNS)), jac=True, bounds=[(0, None)] * len(SIGNS))
    return Recipe(
        weights={sign: round(float(w), 4) for sign, w in zip(SIGNS, found.x, strict=True)}
    )


def _outcomes(recipe: Recipe, judged: Sequence[Judged]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return (score, lead, known) of each question's best candidate, and whether it was right."""
    weights = np.array([recipe.weights[sign] for sign in SIGNS], dtype=np.float32)
    rows, right = [], []
    for question in judged:
        scores = question.signs @ weights
        order = np.argsort(-scores)
        best = question.owners[order[0]]
        other = next(n for n in order[1:] if not _same(question, best, question.owners[n]))
        rows.append((scores[order[0]], scores[order[0]] - scores[other], question.known))
        right.append(best in question.right)
    return np.array(rows, dtype=np.float32), np.array(right)


def _same(question: Judged, one: str, other: str) -> bool:
    return question.twins.get(one) == other or question.twins.get(other) == one


def _calibrate(recipe: Recipe, judged: Sequence[Judged]) -> Recipe:
    """Platt scaling over score, lead and share of known terms."""
    from sklearn.linear_model import LogisticRegression

    table, right = _outcomes(recipe, judged)
    model = LogisticRegression(C=10.0, max_iter=1000).fit(table, right)
    score, lead, known = (round(float(c), 4) for c in model.coef_[0])
    return replace(
        recipe,
        score_weight=score,
        lead_weight=lead,
        known_weight=known,
        offset=round(float(model.intercept_[0]), 4),
    )


def _thresholds(recipe: Recipe, judged: Sequence[Judged]) -> Recipe:
    """The lowest probability from which on answers are right often enough."""
    table, right = _outcomes(recipe, judged)
    sure = np.array([recipe.probability(*map(float, row)) for row in table])
    steps = [step / 100 for step in range(30, 96)]
    good = [step for step in steps if right[sure >= step].mean() >= WANTED_PRECISION]
    answer_at = min(good, default=0.95)
    report = f"{right.mean():.3f} right first, {(sure >= answer_at).mean():.3f} answered"
    print(
        f"cross-validated over {len(judged)} questions: {report}, {WANTED_PRECISION} of them right"
    )
    return replace(recipe, answer_at=answer_at, ask_at=round(answer_at * ASK_SHARE, 3))


def input_fingerprint(data_dir: Path = DATA_DIR) -> str:
    """Hash of all that the trained files are made from: the data and the code that trains."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    code = [
        Path(__file__),
        here / "documents.py",
        *(here / "search" / f"{name}.py" for name in ("analysis", "lexical", "matcher", "facets")),
    ]
    data = [p for p in data_dir.rglob("*") if p.suffix in {".yml", ".csv"}]
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
