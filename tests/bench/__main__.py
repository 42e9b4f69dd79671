"""make bench: every figure beside a baseline of the same run, since machines are noisy.

Writes ``bench/out/*.json`` and growth pictures; prints one line a figure. ``python -m tests.bench
matcher growth server dictation calls
pages`` runs parts.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from knowledge.documents import documents_of
from knowledge.files import load_knowledge
from knowledge.search.analysis import VIEWS, content, terms
from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.index import VectorIndex
from knowledge.search.matcher import Matcher
from knowledge.search.passages import Document
from knowledge.search.recipe import load_recipe
from knowledge.search.snapshot import build_snapshot

OUT = Path(__file__).resolve().parents[2] / "bench" / "out"
HELD_OUT = Path(__file__).resolve().parents[1] / "data" / "heldout"
FOREIGN = HELD_OUT.with_name("foreign")
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
QUESTIONS = 400
PASSAGES_PER_DOCUMENT = 20
TOP = 10
SEED = 7


def main() -> None:
    """Run the parts that are named, or all."""
    OUT.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Callable[[], dict[str, object]]] = {
        "quality": quality,
        "matcher": matcher_latency,
        "growth": growth,
        "server": server,
        "dictation": dictation,
        "calls": calls,
        "pages": pages,
    }
    for name in sys.argv[1:] or parts:
        figures = parts[name]()
        (OUT / f"{name}.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1))


def questions() -> list[str]:
    """Held-out questions of another author."""
    lines = (HELD_OUT / "items.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


def one_core() -> None:
    """Stay on one core, as the bars ask."""
    import torch

    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
    torch.set_num_threads(1)


def timed(run: Callable[[str], object], asked: Sequence[str]) -> list[float]:
    """Milliseconds of each call, after a warm-up."""
    for text in asked[:20]:
        run(text)
    times = []
    for text in asked:
        started = time.perf_counter()
        run(text)
        times.append(1000 * (time.perf_counter() - started))
    return times


def spread(times: Sequence[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile."""
    return {f"p{p}_ms": round(float(np.percentile(times, p)), 2) for p in (50, 95, 99)}


def baseline() -> float:
    """Milliseconds of a fixed piece of work on this machine, to hold other figures against."""
    table = np.random.default_rng(1).normal(size=(2000, 256)).astype(np.float32)
    return float(np.median(timed(lambda _: table @ table.T[:, :200], ["x"] * 30)))


def _with_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()


def pages() -> dict[str, object]:
    """Every page of the staff in an office with half a year behind it."""
    _with_django()
    from tests.bench.pages import measured

    return measured()


def quality() -> dict[str, object]:
    """Held-out questions put to the matcher and to the baselines that are quick to train."""
    _with_django()
    from bot.evaluating import BASELINES, evaluate

    quick = [name for name in BASELINES if name != "diet"]
    evaluate(HELD_OUT, FOREIGN, OUT / "evaluate", quick, is_through_server=False)
    figures: dict[str, object] = json.loads((OUT / "evaluate" / "figures.json").read_text("utf-8"))
    return figures


def matcher_latency() -> dict[str, object]:
    """Encode, search and decide on one core."""
    one_core()
    encoder = SentenceTransformerEncoder()
    snapshot = build_snapshot(documents_of(load_knowledge()), load_recipe(), encoder)
    matcher = Matcher(snapshot, encoder)
    asked = (questions() * 4)[:QUESTIONS]
    figures = {
        "passages": len(snapshot.passages),
        "baseline_ms": round(baseline(), 2),
        "match": spread(timed(matcher.match, asked)),
        "encode": spread(timed(lambda text: matcher.encode(content(text)), asked)),
    }
    print(f"matcher    {figures}")
    return dict(figures)


def growth() -> dict[str, object]:
    """Search alone at growing numbers of passages, with the recall of the index against exact."""
    one_core()
    encoder = SentenceTransformerEncoder()
    texts = invented_texts(max(SIZES))
    rows = [_grown(size, texts, encoder) for size in SIZES]
    for row in rows:
        print(f"growth     {row}")
    _picture(rows)
    return {"rows": rows, "baseline_ms": round(baseline(), 2)}


def invented_texts(count: int) -> list[str]:
    """Sentences of the knowledge's own language: clauses of phrasings put together anew."""
    files = load_knowledge()
    clauses = [
        clause
        for phrasings in files.phrasings.values()
        for phrasing in phrasings
        for clause in phrasing.text.replace("，", ",").split(",")
        if len(clause) > 3
    ]
    draw = random.Random(SEED)
    return ["，".join(draw.sample(clauses, 3)) for _ in range(count)]


def _grown(
    size: int, texts: Sequence[str], encoder: SentenceTransformerEncoder
) -> dict[str, object]:
    starts = range(0, size, PASSAGES_PER_DOCUMENT)
    documents = [
        Document(
            f"d{start}",
            "document",
            tuple(("phrasing", text) for text in texts[start : start + PASSAGES_PER_DOCUMENT]),
        )
        for start in starts
    ]
    started = time.perf_counter()
    snapshot = build_snapshot(documents, load_recipe(), encoder)
    built = time.perf_counter() - started
    matcher = Matcher(snapshot, encoder)
    asked = (questions() * 4)[:QUESTIONS]
    prepared = {text: _prepared(matcher, text) for text in asked}
    times = timed(lambda text: matcher.rank(*prepared[text], TOP), asked)
    return {
        "passages": size,
        "search": spread(times),
        "recall_at_10": _recall(snapshot.vectors, size, texts, encoder, asked[:200]),
        "build_seconds": round(built, 1),
    }


def _prepared(matcher: Matcher, text: str) -> tuple[str, dict[object, list[str]], object]:
    query = content(text)
    return query, {view: terms(query, view) for view in VIEWS}, matcher.encode(query)


def _recall(
    index: VectorIndex | None,
    size: int,
    texts: Sequence[str],
    encoder: SentenceTransformerEncoder,
    asked: Sequence[str],
) -> float:
    """Share of the exact ten nearest that the index finds; equal cosines count as found."""
    assert index is not None
    vectors = encoder.encode([content(text) for text in texts[:size]])
    found = []
    for question in encoder.encode([content(text) for text in asked], query=True):
        exact = np.sort(vectors @ question)[-TOP:]
        _, cosines = index.search(question, TOP)
        found.append(float((cosines >= exact[0] - 1e-5).sum()) / TOP)
    return round(float(np.mean(found)), 4)


def _picture(rows: Sequence[dict[str, object]]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.8), constrained_layout=True)
    sizes = [row["passages"] for row in rows]
    for name in ("p50_ms", "p99_ms"):
        axes.plot(sizes, [row["search"][name] for row in rows], marker="o", label=name)  # type: ignore[index]
    axes.axhline(10, color="grey", linewidth=0.8, linestyle=":")
    axes.axhline(25, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xscale="log", xlabel="passages", ylabel="search alone, ms, one core")
    axes.legend()
    figure.savefig(OUT / "growth.png", dpi=130)
    print(f"growth     picture: {OUT / 'growth.png'}")


def server() -> dict[str, object]:
    """Start-up, one warm message through every process, an edited alias until it is answered."""
    from tests.bench.serving import measured

    return _told("server", measured(questions()))


def dictation() -> dict[str, object]:
    """Telephone numbers said, read back, and confirmed or said again."""
    _with_django()
    from tests.bench.dictation import dictations

    return _told("dictation", dictations())


def calls() -> dict[str, object]:
    """How long callers wait for the answer's first sound, alone and ten at once."""
    from tests.bench.calls import measured

    return _told("calls", measured(OUT))


def _told(part: str, figures: dict[str, object]) -> dict[str, object]:
    for name, value in figures.items():
        print(f"{part:10} {name:28} {value}")
    return figures


if __name__ == "__main__":
    main()
