"""The fields of a form as its page shows them: each with its words, its value and what is amiss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.console.knowledge_findings import Note
from bot.console.knowledge_shapes import Shape, shapes_of
from bot.console.knowledge_words import CHOICES, NAMES_OF_SECTIONS, hint_of, label_of
from knowledge.changes import KIND_LABELS

# A new row begins with these.
_BEGINS = {"original_count": 1, "days": "", "count": 1}


@dataclass(frozen=True)
class Choice:
    """A word to choose."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Field:
    """One field; ``name`` is what the form sends, ``value`` what stands in it."""

    shape: Shape
    name: str
    label: str
    hint: str
    value: str = ""
    is_on: bool = False
    choices: tuple[Choice, ...] = ()
    parts: tuple[Field, ...] = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[Note, ...] = ()
    height: int = 2

    @property
    def widget(self) -> str:
        """How it is filled in."""
        return self.shape.widget

    @property
    def element(self) -> str:
        """The id of its element."""
        return "f-" + self.name.replace(".", "-")


@dataclass(frozen=True)
class Row:
    """One row with its place in the list."""

    name: str
    number: int
    title: str
    parts: tuple[Field, ...]
    notes: tuple[Note, ...]
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class Section:
    """Fields that belong together; ``is_open`` if something in it wants attention."""

    title: str
    fields: tuple[Field, ...]
    element: str
    count: int = 0
    worst: str = ""


@dataclass(frozen=True)
class Filling:
    """What a form is filled with; ``ticks`` are the words that can be ticked, by field."""

    kind: str
    typed: Mapping[str, Any]
    notes: Mapping[str, Sequence[Note]] = field(default_factory=dict)
    ticks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def sections_of(filling: Filling) -> list[Section]:
    """Return the whole form."""
    shapes = {shape.name: shape for shape in shapes_of(filling.kind)}
    layout = NAMES_OF_SECTIONS.get(filling.kind) or ((KIND_LABELS[filling.kind], tuple(shapes)),)
    return [
        _section(number, title, [shapes[name] for name in names], filling)
        for number, (title, names) in enumerate(layout)
    ]


def field_named(filling: Filling, name: str) -> Field | None:
    """Return one field of the form by the name under which it is sent; None if there is none."""
    parts: tuple[Field, ...] = tuple(_top(s, filling) for s in shapes_of(filling.kind))
    waiting = list(parts)
    while waiting:
        found = waiting.pop()
        if found.name == name:
            return found
        inside = [*found.parts, *(part for row in found.rows for part in row.parts)]
        waiting += [part for part in inside if f"{name}.".startswith(f"{part.name}.")]
    return None


def ticks_of(typed: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return what can be ticked: the item's own options, and where it may be handled."""
    options: dict[str, str] = {}
    for situation in typed.get("situations") or []:
        for option in situation.get("options") or []:
            if option.get("id"):
                options[option["id"]] = option.get("label") or option["id"]
    general = {name: CHOICES[name] for name in ("hall", "community")}
    return {"situation_ids": options, "places": {**places, **general}}


def _section(number: int, title: str, shapes: list[Shape], filling: Filling) -> Section:
    fields = tuple(_top(shape, filling) for shape in shapes)
    mine = {shape.name for shape in shapes}
    notes = [
        note for name, some in filling.notes.items() if name.split(".")[0] in mine for note in some
    ]
    worst = "error" if any(n.level == "error" for n in notes) else "warning" if notes else ""
    return Section(title, fields, f"part-{number}", len(notes), worst)


def _top(shape: Shape, filling: Filling) -> Field:
    return _field(shape, shape.name, filling.typed.get(shape.name), filling)


def _field(shape: Shape, name: str, value: Any, filling: Filling) -> Field:
    label, hint = label_of(filling.kind, shape.path), hint_of(filling.kind, shape.path)
    common: dict[str, Any] = {"notes": tuple(filling.notes.get(name, ()))}
    if shape.widget == "rows":
        rows = value if isinstance(value, list) else []
        common["rows"] = tuple(_row(shape, name, n, rows, filling) for n in range(len(rows)))
    elif shape.widget == "group":
        held = value if isinstance(value, Mapping) else {}
        common["parts"] = tuple(
            _field(p, f"{name}.{p.name}", held.get(p.name), filling) for p in shape.parts
        )
    elif shape.widget == "tick":
        common["is_on"] = bool(value)
    elif shape.widget in ("choice", "ticks"):
        common["choices"] = _choices(shape, value, filling)
    else:
        text = "\n".join(map(str, value)) if isinstance(value, list) else _text(value)
        common.update(value=text, height=min(10, 1 + len(text) // 40 + text.count("\n")))
    return Field(shape, name, label, hint, **common)


def _row(shape: Shape, name: str, number: int, rows: list[Any], filling: Filling) -> Row:
    held = rows[number] if isinstance(rows[number], Mapping) else {}
    mine = f"{name}.{number}"
    parts = tuple(
        _field(
            p, f"{mine}.{p.name}", held[p.name] if p.name in held else _BEGINS.get(p.name), filling
        )
        for p in shape.parts
    )
    first = next((p.value for p in parts if p.widget in ("text", "area") and p.value), "")
    return Row(
        name=mine,
        number=number + 1,
        title=first.split("\n")[0][:24],
        parts=parts,
        notes=tuple(filling.notes.get(mine, ())),
        is_first=number == 0,
        is_last=number == len(rows) - 1,
    )


def _choices(shape: Shape, value: Any, filling: Filling) -> tuple[Choice, ...]:
    if shape.is_yes_no:
        chosen = {("是" if value else "否") if value is not None else "": ""}
        labels = {"是": "收", "否": "不收", "": "不清楚"}
    else:
        many = value if isinstance(value, list) else [value or ""]
        chosen = {str(word): "" for word in many}
        labels = {word: CHOICES.get(word, word) for word in shape.words}
        if shape.widget == "ticks" and not shape.words:
            labels = dict(filling.ticks.get(shape.name, {}))
        if shape.widget == "choice" and shape.may_be_none:
            labels = {"": "不限", **labels}
        labels |= {word: word for word in chosen if word and word not in labels}
        if shape.widget == "ticks":
            # What is ticked keeps its order.
            labels = {word: labels[word] for word in (*chosen, *labels) if word}
    return tuple(Choice(word, label, word in chosen) for word, label in labels.items())


def _text(value: Any) -> str:
    return "" if value is None else str(value)
