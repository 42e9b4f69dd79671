"""What is indexed: documents cut into passages, each remembering whose it is.

A document is anything that can be the answer: a service item, a subject, an event, a report kind, a
page of a foreign knowledge base. ``NOTHING`` collects what is out of scope; a match with it means
that the office has no answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from knowledge.search.errors import KnowledgeFormatError

Kind = Literal[
    "item", "outline", "event", "subject", "report", "checklist", "topic", "nothing", "document"
]
Field = Literal["name", "alias", "need", "phrasing", "question", "body"]

NOTHING = "nothing"
# Kinds of documents that the office has no answer of its own to.
NOT_OURS: tuple[Kind, ...] = ("subject", "nothing")
LONGEST_PASSAGE = 120
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*")


@dataclass(frozen=True)
class Document:
    """One possible answer with its texts as (field, text) pairs; the first is its name.

    ``twin`` is another document for the same matter (a complaint and the item it belongs to):
    the two do not compete with each other.
    """

    owner: str
    kind: Kind
    texts: tuple[tuple[Field, str], ...]
    twin: str = ""

    @property
    def name(self) -> str:
        """The document's name, or its id if it has none."""
        return next((text for field, text in self.texts if field == "name"), self.owner)


@dataclass(frozen=True)
class Passage:
    """A piece of text to compare a question with; ``owner`` is the document's position."""

    owner: int
    field: Field
    text: str


def cut(documents: Sequence[Document]) -> list[Passage]:
    """Cut documents into passages; passages of one document stand together, in its order."""
    return [
        Passage(number, field, piece)
        for number, document in enumerate(documents)
        for field, text in document.texts
        for piece in (_pieces(text) if field == "body" else [text])
    ]


def _pieces(text: str) -> Iterator[str]:
    """Sentences joined up to LONGEST_PASSAGE characters, longer ones cut hard."""
    held = ""
    for sentence in _SENTENCE.findall(text):
        if held and len(held) + len(sentence) > LONGEST_PASSAGE:
            yield held.strip()
            held = ""
        held += sentence
        while len(held) > 2 * LONGEST_PASSAGE:
            yield held[:LONGEST_PASSAGE].strip()
            held = held[LONGEST_PASSAGE:]
    if held.strip():
        yield held.strip()


def read_documents(path: Path) -> list[Document]:
    """Read a foreign knowledge base: lines ``{"id", "text", "questions"?}``."""
    return [_foreign(row, where) for row, where in read_lines(path, {"id", "text"})]


def _foreign(row: dict[str, Any], where: str) -> Document:
    questions = row.get("questions") or []
    if not isinstance(questions, list):
        raise KnowledgeFormatError(f"{where}: “questions” must be a list of strings")
    text = str(row["text"])
    title = next(iter(text.strip().splitlines()), "")[:LONGEST_PASSAGE]
    return Document(
        owner=str(row["id"]),
        kind="document",
        texts=(
            ("name", title),
            *(("question", str(question)) for question in questions),
            ("body", text),
        ),
    )


def read_lines(path: Path, needed: set[str]) -> Iterable[tuple[dict[str, Any], str]]:
    """Yield (object, "file:line") for each JSON line; raises KnowledgeFormatError.

    The file is UTF-8, with or without a byte order mark; ``needed`` fields are there and not null.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            where = f"{path.name}:{number}"
            if line.strip():
                yield _object(line, needed, where), where


def _object(line: bytes, needed: set[str], where: str) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise KnowledgeFormatError(f"{where}: not UTF-8; save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        raise KnowledgeFormatError(f"{where}: not JSON: {error}") from error
    if not isinstance(row, dict) or not needed <= set(row):
        raise KnowledgeFormatError(f"{where}: expected an object with {sorted(needed)}")
    for name in sorted(needed):
        if row[name] is None:
            raise KnowledgeFormatError(f"{where}: “{name}” is null")
    return row
