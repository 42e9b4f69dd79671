"""Who and what the tests arrange with: residents, outside programs, small knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import numpy.typing as npt

from knowledge.files import KnowledgeFiles
from knowledge.record import ServiceItem
from knowledge.search.errors import EncoderUnavailable
from knowledge.search.passages import Document

OFFICE = ZoneInfo("Asia/Shanghai")
_NESTED = ("handling", "fee", "result", "voice")


def altered(item: ServiceItem, **changes: Any) -> ServiceItem:
    """A guide with some fields replaced; ``handling__visits__count=0`` reaches into a group."""
    for path, value in changes.items():
        item = _replaced(item, path.split("__"), value)
    return item


def _replaced(record: Any, path: Sequence[str], value: Any) -> Any:
    name, *rest = path
    if rest:
        value = _replaced(getattr(record, name), rest, value)
    return msgspec.structs.replace(record, **{name: value})


def small(files: KnowledgeFiles, *item_ids: str) -> KnowledgeFiles:
    """The shipped knowledge with a few of its guides only; all else stays."""
    return replace(
        files,
        items={item_id: files.items[item_id] for item_id in item_ids},
        phrasings={item_id: files.phrasings[item_id] for item_id in item_ids},
    )


def tiny(files: KnowledgeFiles, *item_ids: str) -> KnowledgeFiles:
    """A few guides with a handful of every other record, all references kept whole."""
    subjects = files.subjects[:3]
    known = {*files.catalogue, *(subject.subject_id for subject in subjects)}
    events = [e for e in files.events if {entry.item for entry in e.items} <= known]
    return replace(
        small(files, *item_ids),
        events=events[:3],
        subjects=subjects,
        report_kinds=files.report_kinds[:3],
        emergencies=files.emergencies[:3],
        checklists=files.checklists[:3],
        topics=files.topics[:3],
        calm=files.calm[:10],
        facet_questions={facet: asked[:3] for facet, asked in files.facet_questions.items()},
        ambiguous={"卡丢了": ["SB13", "GG08"], "老年卡": ["GG08", "MZ10"]},
        out_of_scope=files.out_of_scope[:10],
    )


def page(owner: str, name: str, *questions: str, body: str = "", twin: str = "") -> Document:
    """A document of a foreign knowledge base."""
    texts: list[Any] = [("name", name), *(("question", q) for q in questions)]
    if body:
        texts.append(("body", body))
    return Document(owner, "document", tuple(texts), twin)


@dataclass
class LetterEncoder:
    """Stands in for a model: a vector counts characters in 64 buckets. Can be made to fail."""

    fingerprint: str = "letters"
    fails: bool = False
    asked: int = 0

    def encode(self, texts: Sequence[str], *, query: bool = False) -> npt.NDArray[np.float32]:
        """Return vectors of shape (len(texts), 64), L2-normalised."""
        if self.fails:
            raise EncoderUnavailable("the model went away")
        self.asked += len(texts)
        table = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in enumerate(texts):
            for letter in text:
                table[row, ord(letter) % 64] += 1
        norms = np.linalg.norm(table, axis=1, keepdims=True)
        vectors: npt.NDArray[np.float32] = table / np.maximum(norms, 1e-9)
        return vectors
