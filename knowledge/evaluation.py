"""How well questions of other people are understood: figures with intervals, never a single number.

A system is anything that turns a text into an ``Outcome``: the matcher, the whole server, or one of
the baselines that every figure has to be held against. Counting knows nothing of how they work.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any, Literal

Decision = Literal["answer", "ask", "none"]
Row = Mapping[str, Any]

Z_95 = 1.96
CHOICES = 3
BINS = 10


@dataclass(frozen=True)
class Outcome:
    """What a system made of a text.

    ``offered`` is the record answered, or the choices asked about, in order; ``ranked`` all it
    thought of. ``confidence`` is the probability (0..1) that the first is right.
    """

    decision: Decision
    offered: tuple[str, ...] = ()
    ranked: tuple[str, ...] = ()
    confidence: float = 0.0
    facets: tuple[str, ...] = ()
    emergency: str = ""
    intent: str = ""


System = Callable[[str], Outcome]


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval (Wilson 1927): honest for few questions and near 0 or 1."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share itself, 0 for none of none."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound."""
        if not self.of:
            return 0.0, 1.0
        square = Z_95**2 / self.of
        middle = self.value + square / 2
        spread = Z_95 * sqrt(self.value * (1 - self.value) / self.of + square / (4 * self.of))
        return (middle - spread) / (1 + square), (middle + spread) / (1 + square)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:5.1f} % [{100 * low:.1f}–{100 * high:.1f}]"


@dataclass(frozen=True)
class Questions:
    """Held-out questions by kind, as rows of their files; a missing file is an empty list."""

    items: list[Row] = field(default_factory=list)
    out_of_scope: list[Row] = field(default_factory=list)
    ambiguous: list[Row] = field(default_factory=list)
    emergencies: list[Row] = field(default_factory=list)
    not_emergencies: list[Row] = field(default_factory=list)
    control: list[Row] = field(default_factory=list)


def load_questions(folder: Path) -> Questions:
    """Read ``items.jsonl`` and its siblings."""
    return Questions(
        **{name: _rows(folder / f"{name}.jsonl") for name in Questions.__dataclass_fields__}
    )


def _rows(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


@dataclass(frozen=True)
class Marked:
    """One question about an item, marked."""

    row: Row
    outcome: Outcome
    right: frozenset[str]

    @property
    def is_first(self) -> bool:
        """Answered right, or the right item heads the choices."""
        return bool(self.outcome.offered) and self.outcome.offered[0] in self.right

    @property
    def is_ranked_first(self) -> bool:
        """The right item is the nearest, whatever was decided."""
        return bool(self.outcome.ranked) and self.outcome.ranked[0] in self.right

    @property
    def is_in_three(self) -> bool:
        """The right item is among the first three."""
        return bool(self.right & {*self.outcome.ranked[:CHOICES], *self.outcome.offered})

    @property
    def is_answered(self) -> bool:
        """One item was answered."""
        return self.outcome.decision == "answer"


def mark(questions: Questions, system: System, twins: Mapping[str, str]) -> list[Marked]:
    """Put every question about an item to a system; ``twins`` are records for the same matter."""
    marked = []
    for row in questions.items:
        right = {row["item"], *row.get("acceptable", [])}
        right |= {one for one, other in twins.items() if other in right}
        marked.append(Marked(row, system(row["text"]), frozenset(right)))
    return marked


def item_figures(marked: Sequence[Marked]) -> dict[str, dict[str, Share]]:
    """Return the shares for all questions and by style."""
    styles = sorted({str(m.row["style"]) for m in marked})
    groups: dict[str, Sequence[Marked]] = {"all": marked}
    groups |= {style: [m for m in marked if m.row["style"] == style] for style in styles}
    return {name: _shares(group) for name, group in groups.items()}


def _shares(group: Sequence[Marked]) -> dict[str, Share]:
    def share(what: Callable[[Marked], bool]) -> Share:
        return Share(sum(map(what, group)), len(group))

    return {
        "right first": share(lambda m: m.is_first),
        "in three": share(lambda m: m.is_in_three),
        "answered right": share(lambda m: m.is_answered and m.is_first),
        "answered wrong": share(lambda m: m.is_answered and not m.is_first),
        "facet": share(lambda m: m.row["facet"] in m.outcome.facets),
        "facet first": share(lambda m: m.outcome.facets[:1] == (m.row["facet"],)),
    }


def other_figures(
    questions: Questions, system: System, ours: Iterable[str], marked: Sequence[Marked]
) -> dict[str, Share]:
    """Return the shares for what is not ours, ambiguous, dangerous, or only sounds so.

    ``ours`` are the records that would be an answer of the office.
    """
    own = set(ours)
    scope = [(row, system(row["text"])) for row in questions.out_of_scope]
    near = [outcome for row, outcome in scope if row["near_miss"]]
    far = [outcome for row, outcome in scope if not row["near_miss"]]
    unclear = [(row, system(row["text"])) for row in questions.ambiguous]
    danger = [(row, system(row["text"])) for row in questions.emergencies]
    calm = [system(row["text"]) for row in questions.not_emergencies]
    elsewhere = [*calm, *(o for _, o in scope), *(o for _, o in unclear)]
    elsewhere += [m.outcome for m in marked]

    def taken_for_ours(outcomes: Sequence[Outcome]) -> Share:
        taken = [o for o in outcomes if o.decision == "answer" and own & set(o.offered)]
        return Share(len(taken), len(outcomes))

    asked_back = [o.decision == "ask" and set(o.offered) & set(r["candidates"]) for r, o in unclear]
    return {
        "near misses answered as ours": taken_for_ours(near),
        "far questions answered as ours": taken_for_ours(far),
        "ambiguous asked back": Share(sum(map(bool, asked_back)), len(unclear)),
        "emergencies recognised": Share(sum(bool(o.emergency) for _, o in danger), len(danger)),
        "with the right number": Share(
            sum(o.emergency == row["number"] for row, o in danger), len(danger)
        ),
        "false alarms, angry": Share(sum(bool(o.emergency) for o in calm), len(calm)),
        "false alarms elsewhere": Share(sum(bool(o.emergency) for o in elsewhere), len(elsewhere)),
    }


def control_figure(questions: Questions, system: System) -> Share:
    """Return how often the intent of dialogue control is heard (needs the whole server)."""
    heard = [system(row["text"]).intent == row["intent"] for row in questions.control]
    return Share(sum(heard), len(heard))


def confusions(marked: Sequence[Marked], most: int = 20) -> list[tuple[str, str, int]]:
    """Return (right item, what came first, how often), the commonest first."""
    pairs = Counter(
        (str(m.row["item"]), m.outcome.ranked[0])
        for m in marked
        if m.outcome.ranked and not m.is_ranked_first
    )
    return [(right, came, count) for (right, came), count in pairs.most_common(most)]


def risk_coverage(marked: Sequence[Marked]) -> list[tuple[float, float]]:
    """Return (coverage, risk): if only the surest share were answered, how much would be wrong."""
    ordered = sorted(marked, key=lambda m: -m.outcome.confidence)
    wrong, points = 0, []
    for number, each in enumerate(ordered, start=1):
        wrong += not each.is_ranked_first
        points.append((number / len(ordered), wrong / number))
    return points


def reliability(marked: Sequence[Marked]) -> list[tuple[float, float, int]]:
    """Return (mean confidence, share right, count) for BINS equal steps of confidence."""
    bins: list[list[Marked]] = [[] for _ in range(BINS)]
    for each in marked:
        bins[min(BINS - 1, int(BINS * each.outcome.confidence))].append(each)
    return [
        (
            sum(m.outcome.confidence for m in group) / len(group),
            sum(m.is_ranked_first for m in group) / len(group),
            len(group),
        )
        for group in bins
        if group
    ]


def calibration_error(marked: Sequence[Marked]) -> float:
    """Expected calibration error: mean distance of confidence and share right, by count.

    Over BINS equal steps of confidence (Naeini, Cooper and Hauskrecht 2015).
    """
    gaps = (abs(confidence - right) * count for confidence, right, count in reliability(marked))
    return sum(gaps) / max(1, len(marked))


def draw(marked: Mapping[str, Sequence[Marked]], folder: Path) -> list[Path]:
    """Draw the risk–coverage curves and the reliability diagram; returns the pictures' paths."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    marked = {name: group for name, group in marked.items() if group}
    if not marked:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    risk, axes = pyplot.subplots(figsize=(6.4, 4.2), constrained_layout=True)
    for name, group in marked.items():
        coverage, wrong = zip(*risk_coverage(group), strict=True)
        axes.plot(coverage, wrong, label=name)
    axes.set(xlabel="share of questions answered, surest first", ylabel="share of answers wrong")
    axes.set(xlim=(0, 1), ylim=(0, None))
    axes.legend()
    first = folder / "risk_coverage.png"
    risk.savefig(first, dpi=130)

    name, group = next(iter(marked.items()))
    diagram, axes = pyplot.subplots(figsize=(4.6, 4.4), constrained_layout=True)
    points = reliability(group)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    confidence, right, count = zip(*points, strict=True)
    axes.scatter(confidence, right, s=[20 + n / 2 for n in count], label=name)
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1.03), ylim=(0, 1.03))
    axes.legend(loc="upper left")
    second = folder / "reliability.png"
    diagram.savefig(second, dpi=130)
    pyplot.close("all")
    return [first, second]
