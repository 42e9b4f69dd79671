"""python -m bot evaluate: held-out questions put to the matcher or the whole server, and baselines.

Prints every figure with its 95 % interval and writes them with the pictures to a folder.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

import httpx
from django.conf import settings
from tqdm import tqdm

from bot.actions import office
from bot.actions.emergencies import DangerSense, enquiry_in
from bot.actions.memory import facets_in
from bot.terminal import door, patiently
from knowledge.baselines import Baseline, bm25, linear_svm
from knowledge.documents import documents_of
from knowledge.embedding import SEED
from knowledge.evaluation import (
    Marked,
    Outcome,
    Questions,
    Row,
    Share,
    System,
    calibration_error,
    confusions,
    control_figure,
    draw,
    item_figures,
    load_questions,
    mark,
    other_figures,
)
from knowledge.files import KnowledgeFiles, load_knowledge
from knowledge.garbling import Garbler
from knowledge.learning_curve import draw_curve, learning_curve
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.matcher import Matcher
from knowledge.search.passages import NOT_OURS, NOTHING, Document, read_documents, read_lines
from knowledge.search.recipe import Recipe, load_recipe, recipes_for
from knowledge.search.reranker import Reranker
from knowledge.search.snapshot import build_snapshot
from nlu.protocol import read_message

BASELINES = ("bm25", "svm", "diet")
AT_ONCE = 4
SHOWN_WRONG = 20
# Shares of characters that a recogniser gets wrong.
MISHEARD = (0.0, 0.05, 0.15, 0.25)
_DECISIONS = {"answer": "answer", "clarify": "ask"}


def evaluate(
    folder: Path, foreign: Path, out: Path, baselines: Sequence[str], *, is_through_server: bool
) -> None:
    """Put all questions of ``folder`` to the product and the baselines; print, write, draw."""
    questions = load_questions(folder)
    files = load_knowledge()
    documents = documents_of(files)
    encoder = SentenceTransformerEncoder(settings.BOT_ENCODER)
    out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {}
    with ExitStack() as stack:
        if is_through_server:
            system = _remembered(_served(stack.enter_context(door())), questions)
        else:
            system = _matched(documents, files, encoder, office.reranker())
        twins = {kind.kind_id: kind.linked_item for kind in files.report_kinds}
        marked = {"product": mark(questions, system, twins)}
        report["items"] = _told("items", item_figures(marked["product"]))
        ours = [d.owner for d in documents if d.kind not in NOT_OURS]
        others = other_figures(questions, system, ours, marked["product"])
        if is_through_server:
            others["dialogue control"] = control_figure(questions, system)
        report["others"] = _told("others", {"product": others})
        report["calibration error"] = round(calibration_error(marked["product"]), 4)
        print(f"items      calibration error {report['calibration error']}")
        if not is_through_server:
            report["misheard"] = _misheard(questions, system, documents, twins)
    for right, came, count in confusions(marked["product"]):
        print(f"confused   {right:6} for {came:6} {count}")
    for each in _answered_wrong(marked["product"]):
        got, asked = next(iter(each.outcome.offered), "–"), each.row["text"]
        print(f"wrong      {each.row['item']:6} got {got:6} {each.outcome.confidence:.2f} {asked}")
    for name in baselines:
        baseline = _baseline(name, documents, questions)
        marked[name] = mark(questions, baseline, twins)
        report[name] = _told(name, item_figures(marked[name]))
    report["foreign"] = {
        path.name.removesuffix("_kb.jsonl"): _foreign(path, encoder)
        for path in sorted(foreign.glob("*_kb.jsonl"))
    }
    (out / "figures.json").write_text(json.dumps(report, ensure_ascii=False, indent=1))
    for picture in draw(marked, out):
        print(f"picture    {picture}")


def curve(folder: Path, out: Path) -> None:
    """Train anew with growing numbers of phrasings an item; print a table, write it, draw it."""
    with tempfile.TemporaryDirectory() as workshop:
        found = learning_curve(
            load_knowledge(), load_questions(folder), load_recipe(), Path(workshop)
        )
    told = {str(size): _told(f"{size:3} each", {"right": shares}) for size, shares in found.items()}
    out.mkdir(parents=True, exist_ok=True)
    (out / "curve.json").write_text(json.dumps(told, ensure_ascii=False, indent=1))
    draw_curve(found, out / "curve.png")
    print(f"picture    {out / 'curve.png'}")


def _misheard(
    questions: Questions,
    system: System,
    documents: Sequence[Document],
    twins: Mapping[str, str],
) -> dict[str, Any]:
    """Right first and answered wrong with growing shares of characters misheard, and fillers."""
    garbler = Garbler(text for document in documents for _, text in document.texts)
    figures = {}
    for rate in MISHEARD:
        draw = Random(SEED)
        rows: list[Row] = [
            {**row, "text": garbler.garbled(row["text"], rate, draw)} for row in questions.items
        ]
        figures[f"{rate:.0%}"] = item_figures(mark(Questions(items=rows), system, twins))["all"]
    return _told("misheard", figures)


def _answered_wrong(marked: Sequence[Marked]) -> list[Marked]:
    """Questions answered with a wrong item, the surest first."""
    wrong = [m for m in marked if m.is_answered and not m.is_first]
    return sorted(wrong, key=lambda m: -m.outcome.confidence)[:SHOWN_WRONG]


def _told(title: str, figures: Mapping[str, Mapping[str, Share]]) -> dict[str, Any]:
    """Print figures, one line each, and return them as plain data."""
    for group, shares in figures.items():
        for name, share in shares.items():
            print(f"{title:10} {group:10} {name:30} {share}  of {share.of}")
    return {
        group: {
            name: {"share": round(s.value, 4), "of": s.of, "interval": [*map(_round, s.interval)]}
            for name, s in shares.items()
        }
        for group, shares in figures.items()
    }


def _round(value: float) -> float:
    return round(value, 4)


def _matched(
    documents: Sequence[Document],
    files: KnowledgeFiles,
    encoder: SentenceTransformerEncoder,
    reranker: Reranker | None = None,
) -> System:
    """The matcher with facets and danger, without the dialogue around it."""
    judge = reranker.fingerprint if reranker else ""
    recipes = recipes_for(settings.RECIPE_DIR, encoder.fingerprint, judge)
    snapshot = build_snapshot(documents, recipes, encoder, records={"ambiguous": files.ambiguous})
    matcher = Matcher(snapshot, encoder, reranker=reranker)
    overviews = {event.event_id: [e.item for e in event.items] for event in files.events}
    return matched(matcher, DangerSense(files.emergencies), overviews)


def matched(
    matcher: Matcher,
    sense: DangerSense,
    overviews: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> System:
    """Return what a matcher makes of a text when danger has been looked for.

    An overview (its items by id in ``overviews``) asks which of its items is meant.
    """

    def system(text: str) -> Outcome:
        reading = read_message(matcher, text)
        match = reading.match
        danger = sense.recognise(text, lambda: enquiry_in(text, match))
        choices = match.choices if match.decision == "ask" else match.ranked[:1]
        offered = tuple(item for c in choices for item in (c.owner, *overviews.get(c.owner, ())))
        decision = "ask" if match.decision == "answer" and len(offered) > 1 else match.decision
        return Outcome(
            "none" if danger or decision == "step_back" else decision,
            () if danger or decision == "step_back" else offered,
            tuple(c.owner for c in match.ranked if c.owner != NOTHING),
            match.probability,
            reading.facets,
            danger.number if danger else "",
        )

    return system


def _served(client: httpx.Client) -> System:
    """The whole server, each question in a conversation of its own."""

    def system(text: str) -> Outcome:
        reply = patiently(client, text)
        ranked = tuple(candidate["item"] for candidate in reply["candidates"])
        # An overview is an answer about no one item that asks which of several is meant.
        asks = reply["slot"] == "item" and reply["candidates"]
        otherwise = "answer" if reply["item"] else "ask" if asks else "none"
        decision = _DECISIONS.get(reply["kind"], otherwise)
        offered = _asked_about(reply) if decision == "ask" else tuple(filter(None, [reply["item"]]))
        facets = [reply["facet"], *(answer["facet"] for answer in reply["answers"])]
        facets += _facets_of_choices(reply)
        return Outcome(
            decision,  # type: ignore[arg-type]
            offered,
            tuple(dict.fromkeys((*offered, *ranked))),
            reply["confidence"],
            tuple(dict.fromkeys(filter(None, facets))),
            _number(reply) if reply["kind"] == "emergency" else "",
            reply["intent"],
        )

    return system


def _asked_about(reply: Mapping[str, Any]) -> tuple[str, ...]:
    """The records among which the resident can choose by a button."""
    pressed = (button["payload"].split(":") for button in reply["buttons"])
    return tuple(parts[1] for parts in pressed if parts[0] == "ask")


def _facets_of_choices(reply: Mapping[str, Any]) -> list[str]:
    """What will be told of the record that she chooses."""
    if reply["kind"] != "clarify":
        return []
    pressed = (button["payload"].split(":") for button in reply["buttons"])
    return [facet for parts in pressed if parts[0] == "ask" for facet in facets_in(parts[2])]


def _number(reply: Mapping[str, Any]) -> str:
    """The number to call, which stands in the first sentence of an emergency."""
    return "".join(c for c in reply["speech"][0] if c.isdigit())


def _remembered(system: System, questions: Questions) -> System:
    """Ask everything ahead, some at once, with a bar to watch."""
    texts = sorted({row["text"] for rows in vars(questions).values() for row in rows})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(tqdm(pool.map(system, texts), total=len(texts), unit="question"))
    known = dict(zip(texts, outcomes, strict=True))
    return known.__getitem__


def _baseline(name: str, documents: Sequence[Document], questions: Questions) -> Baseline:
    makers: dict[str, Callable[[], Baseline]] = {
        "bm25": lambda: bm25(documents),
        "svm": lambda: linear_svm(documents),
        "diet": lambda: _diet(documents, [row["text"] for row in questions.items]),
    }
    print(f"baseline   {name} …", file=sys.stderr)
    return makers[name]()


def _diet(documents: Sequence[Document], texts: Sequence[str]) -> Baseline:
    """Rasa's DIET, trained and asked in a process of its own: only that one imports Rasa."""
    with tempfile.TemporaryDirectory() as folder:
        train, asked, ranked = (Path(folder) / name for name in ("train", "asked", "ranked"))
        rows = [
            {"text": text, "intent": d.owner}
            for d in documents
            if d.owner != NOTHING
            for _, text in d.texts
        ]
        _write(train, rows)
        _write(asked, [{"text": text} for text in texts])
        command = [settings.BOT_RASA_PYTHON, "-W", "ignore", "-m", "nlu.components.diet_baseline"]
        # Rasa writes a line for every message it parses.
        subprocess.run(
            [*command, str(train), str(asked), str(ranked)],
            check=True,
            cwd=settings.ROOT,
            stdout=subprocess.DEVNULL,
        )
        found = [json.loads(line)["ranked"] for line in ranked.read_text("utf-8").splitlines()]
    known = {
        text: Outcome("answer", tuple(ids[:1]), tuple(ids))
        for text, ids in zip(texts, found, strict=True)
    }
    return known.__getitem__


def _write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def _foreign(path: Path, encoder: SentenceTransformerEncoder) -> dict[str, Any]:
    """Hit@1 on a knowledge base of another office, beside character BM25."""
    documents = read_documents(path)
    queries = path.with_name(path.name.replace("_kb", "_queries"))
    rows = [row for row, _ in read_lines(queries, {"text", "relevant"})]
    matcher = Matcher(build_snapshot(documents, Recipe(), encoder), encoder)
    plain = bm25(documents)
    mine = Share(sum(_first(matcher, row["text"]) in row["relevant"] for row in rows), len(rows))
    theirs = Share(sum(plain(r["text"]).ranked[0] in r["relevant"] for r in rows), len(rows))
    name = path.name.removesuffix("_kb.jsonl")
    gain = mine.value / max(theirs.value, 1e-9) - 1
    print(f"foreign    {name:10} Hit@1 {mine}, BM25 {theirs}, relative {100 * gain:+.1f} %")
    return {"product": round(mine.value, 4), "bm25": round(theirs.value, 4), "of": len(rows)}


def _first(matcher: Matcher, text: str) -> str:
    best = matcher.match(text).best
    return best.owner if best else ""
