"""python -m bot evaluate --spoken: held-out questions said on the telephone beside the same typed.

A synthetic voice that no training heard says each over a line in G.711; what the line's recogniser
makes of it takes the way of a caller's words to the matcher's decision. When a caller has finished
is not measured here. Prints figures, never a sentence.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from tqdm import tqdm

from bot.actions import office
from bot.channels.phone import engines
from bot.channels.phone.hearing import meant
from bot.evaluating import matched
from knowledge.evaluation import Marked, Outcome, Questions, Row, Share, load_questions, mark
from knowledge.files import KnowledgeFiles, load_knowledge
from voice.answerer import Hypothesis
from voice.commands import bare, command_of
from voice.recognition import Recogniser
from voice.recognition.training.evaluation import Heard, error_rate
from voice.recognition.training.saying import in_turn, say_all
from voice.recognition.training.texts import read_texts

QUESTIONS = 200
SEED = 20261122
WORST = 10
RESAMPLES = 2000
LINES: dict[str, float | None] = {"spoken": None, "spoken at 10 dB": 10.0}

Hypotheses = tuple[Hypothesis, ...]


@dataclass(frozen=True)
class Ratio:
    """How much of what is right typed is right spoken, with its 95 % interval (bootstrap)."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.value:5.1f} % [{100 * self.low:.1f}–{100 * self.high:.1f}]"


def evaluate_spoken(folder: Path, out: Path, count: int = QUESTIONS) -> None:
    """Put ``count`` questions to the matcher in force, typed and spoken; print, write.

    Raises SearchError if nothing is published.
    """
    files = load_knowledge()
    rows = chosen(load_questions(folder).items, files, count)
    system = matched(office.matcher(), office.guide().danger)
    twins = {kind.kind_id: kind.linked_item for kind in files.report_kinds}
    typed = mark(Questions(items=rows), system, twins)
    report: dict[str, object] = {"questions": len(rows), "typed": _told("typed", _first(typed))}
    recogniser = engines.recogniser()
    for name, noise_db in LINES.items():
        readings = heard([row["text"] for row in rows], recogniser, noise_db)
        understood = dict(zip((row["text"] for row in rows), readings, strict=True))

        def by_ear(text: str, understood: dict[str, Hypotheses] = understood) -> Outcome:
            hypotheses = understood[text]
            lost = not hypotheses or command_of(hypotheses) is not None
            return Outcome("none") if lost else system(meant(hypotheses))

        marked = mark(Questions(items=rows), by_ear, twins)
        report[name] = _told(name, _first(marked))
        report[f"{name}, relative"] = _told(f"{name}, relative", ratio(typed, marked))
        words = [_words(text, understood[text]) for text in understood]
        report[f"{name}, characters wrong"] = round(error_rate(words), 4)
        print(f"{name}, characters wrong: {error_rate(words):.1%}")
        report[f"{name}, by style"] = _by_style(typed, marked, words)
    out.mkdir(parents=True, exist_ok=True)
    (out / "spoken.json").write_text(json.dumps(report, ensure_ascii=False, indent=1))


def chosen(rows: Sequence[Row], files: KnowledgeFiles, count: int) -> list[Row]:
    """Return ``count`` questions by lot, none that ear or matcher has learnt from."""
    learnt = read_texts(settings.ROOT / "knowledge" / "data", settings.ROOT / "nlu" / "data")
    phrasings = (one.text for several in files.phrasings.values() for one in several)
    known = {bare(text) for text in (*learnt.questions, *phrasings)}
    unknown = {row["text"]: row for row in rows if bare(row["text"]) not in known}
    return random.Random(SEED).sample(list(unknown.values()), min(count, len(unknown)))


def heard(texts: Sequence[str], recogniser: Recogniser, noise_db: float | None) -> list[Hypotheses]:
    """Say the texts; return what the line's recogniser makes of each."""
    readings = []
    for sound in tqdm(say_all(in_turn(texts, noise_db)), unit="question", desc="hearing"):
        stream = recogniser.stream()
        stream.feed(sound)
        readings.append(stream.finish().result())
    return readings


def ratio(typed: Sequence[Marked], spoken: Sequence[Marked]) -> Ratio:
    """Hold the share that is right first spoken against the share typed, question by question."""
    right = np.array([[t.is_first, s.is_first] for t, s in zip(typed, spoken, strict=True)], float)
    generator = np.random.default_rng(SEED)
    drawn = right[generator.integers(0, len(right), (RESAMPLES, len(right)))].mean(axis=1)
    shares = drawn[:, 1] / np.maximum(drawn[:, 0], 1 / len(right))
    low, high = np.percentile(shares, (2.5, 97.5))
    return Ratio(float(right[:, 1].sum() / max(1.0, right[:, 0].sum())), float(low), float(high))


def _first(marked: Sequence[Marked]) -> Share:
    return Share(sum(m.is_first for m in marked), len(marked))


def _words(text: str, hypotheses: Hypotheses) -> Heard:
    return Heard(bare(text), bare(hypotheses[0].text) if hypotheses else "")


def _told(name: str, figure: Share | Ratio) -> str:
    print(f"{name:28} right first {figure}")
    return str(figure)


def _by_style(
    typed: Sequence[Marked], spoken: Sequence[Marked], words: Sequence[Heard]
) -> dict[str, dict[str, int]]:
    """Count by style the questions, those that were lost, and the worst heard."""
    styles = [str(each.row["style"]) for each in typed]
    lost = [s for s, t, m in zip(styles, typed, spoken, strict=True) if t.is_first > m.is_first]
    by_errors = sorted(zip(styles, words, strict=True), key=lambda pair: -pair[1].errors)
    counts = {
        "questions": Counter(styles),
        "lost": Counter(lost),
        "among the worst heard": Counter(style for style, _ in by_errors[:WORST]),
    }
    table = {style: {what: c[style] for what, c in counts.items()} for style in sorted({*styles})}
    for style, row in table.items():
        print(f"  {style:12}" + ", ".join(f"{what} {number}" for what, number in row.items()))
    return table
