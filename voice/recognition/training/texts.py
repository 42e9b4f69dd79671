"""The sentences that ship with the project, read from its YAML files by path.

Three kinds: what residents say (phrasings, needs, examples), what items are called, and the prose
of the guides, which widens the vocabulary. Lines misheard or mistyped on purpose are left out:
they would teach the language model the very mistakes it is to prevent. The held-out questions of
the tests are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_MISWRITTEN = frozenset({"asr", "typo"})
_EXAMPLE = re.compile(r"^\s*-\s+(.+)$", re.MULTILINE)
_ENTITY = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")
_UNSAID_FIELDS = frozenset({"basis", "legal_basis", "source", "note"})


@dataclass(frozen=True)
class Texts:
    """Lines as written; ``prose`` is not what anybody says to a telephone."""

    questions: tuple[str, ...]
    names: tuple[str, ...]
    prose: tuple[str, ...]
    places: tuple[str, ...]


def read_texts(knowledge: Path, dialogue: Path) -> Texts:
    """Return the lines below ``knowledge`` (knowledge/data) and ``dialogue`` (nlu/data)."""
    items = [_load(path) for path in sorted((knowledge / "items").glob("*.yml"))]
    catalogue = [_load(path) for path in sorted(knowledge.glob("*.yml"))]
    questions = [
        *_phrasings(knowledge / "phrasings"),
        *_examples(dialogue),
        *(line for item in items for line in _resident_lines(item)),
        *(line for part in catalogue for line in _strings(part, "phrasings")),
        *(key for part in catalogue if isinstance(part, dict) for key in part),
        *_bare_lines(catalogue),
    ]
    names = [name for item in items for name in _names(item)]
    prose = [line for part in (*items, *catalogue) for line in _strings(part)]
    places = [place["name"] for place in _load(knowledge / "places.yml")]
    return Texts(_unique(questions), _unique(names), _unique(prose), _unique(places))


def _load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _unique(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))


def _phrasings(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.yml")):
        yield from (line["text"] for line in _load(path) if line["style"] not in _MISWRITTEN)


def _examples(dialogue: Path) -> Iterator[str]:
    for path in sorted(dialogue.glob("*.yml")):
        for intent in _load(path).get("nlu") or ():
            for line in _EXAMPLE.findall(intent.get("examples") or ""):
                yield _ENTITY.sub(r"\1", line)


def _resident_lines(item: dict[str, Any]) -> Iterator[str]:
    yield from item.get("needs") or ()
    yield from (entry["question"] for entry in item.get("faq") or ())
    for situation in item.get("situations") or ():
        yield situation["question"]
        for option in situation["options"]:
            yield option["label"]
            yield from option.get("words") or ()


def _names(item: dict[str, Any]) -> Iterator[str]:
    yield item["name"]
    yield item.get("short_name") or item["name"]
    yield from item.get("aliases") or ()


def _bare_lines(parts: Iterable[Any]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, list):
            yield from (line for line in part if isinstance(line, str))


def _strings(part: Any, only_below: str = "") -> Iterator[str]:
    """Yield every string in a tree, or only those below one field; sources are never spoken."""
    if isinstance(part, str):
        if not only_below:
            yield part
    elif isinstance(part, list):
        for entry in part:
            yield from _strings(entry, only_below)
    elif isinstance(part, dict):
        for field, entry in part.items():
            if field not in _UNSAID_FIELDS:
                yield from _strings(entry, "" if field == only_below else only_below)
