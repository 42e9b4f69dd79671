"""From knowledge records to the documents that are matched against a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from knowledge.files import CatalogueRow, KnowledgeFiles
from knowledge.record import (
    Checklist,
    Event,
    Phrasing,
    ReportKind,
    ServiceItem,
    Subject,
    Topic,
)
from knowledge.search.passages import NOTHING, Document, Field

Text = tuple[Field, str]


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


def item_document(item: ServiceItem, phrasings: Sequence[Phrasing]) -> Document:
    """A guide: its names, needs, questions and phrasings. Forms and laws are not how people ask."""
    texts: list[Text] = [("name", item.name), ("alias", item.short_name)]
    texts += [("alias", alias) for alias in item.aliases]
    texts += [("need", need) for need in item.needs]
    texts += [("need", item.scope)]
    texts += [("question", entry.question) for entry in item.faq]
    texts += [("phrasing", phrasing.text) for phrasing in phrasings]
    return Document(item.item_id, "item", tuple(dict.fromkeys(texts)))


def outline_document(row: CatalogueRow) -> Document:
    """An item of the catalogue whose guide is not written yet: only its name is known."""
    return Document(row.item_id, "outline", (("name", row.name),))


def subject_document(subject: Subject) -> Document:
    """Something that is not ours."""
    return Document(subject.subject_id, "subject", _said(subject))


def event_document(event: Event) -> Document:
    """A turn of life."""
    return Document(event.event_id, "event", _said(event))


def checklist_document(checklist: Checklist) -> Document:
    """What an inspection looks at."""
    return Document(checklist.checklist_id, "checklist", _said(checklist))


def topic_document(topic: Topic) -> Document:
    """A question about the service itself."""
    return Document(topic.topic_id, "topic", _said(topic))


def _said(record: Subject | Event | Checklist | Topic) -> tuple[Text, ...]:
    """Name, aliases and phrasings, each once."""
    texts: list[Text] = [("name", record.name)]
    texts += [("alias", alias) for alias in record.aliases]
    texts += [("phrasing", text) for text in record.phrasings]
    return tuple(dict.fromkeys(texts))


def report_document(kind: ReportKind) -> Document:
    """A kind of complaint."""
    texts: list[Text] = [("name", kind.name)]
    texts += [("phrasing", text) for text in kind.phrasings]
    return Document(kind.kind_id, "report", tuple(dict.fromkeys(texts)), kind.linked_item)


def nothing_document(texts: Iterable[str]) -> Document:
    """What people say that no office could answer."""
    return Document(NOTHING, "nothing", tuple(("phrasing", text) for text in dict.fromkeys(texts)))
