"""Match a file of questions against any knowledge base.

    python -m knowledge.search evaluate --kb kb.jsonl --queries q.jsonl --out ranks.jsonl

``kb.jsonl`` holds ``{"id", "text", "questions"?}`` a line, ``q.jsonl`` ``{"id", "text"}``; written
is ``{"id", "ranked": [{"id", "score"}, … 20], "decision"}``. The production matcher does the work.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from knowledge.search.encoder import BUILT_IN, SentenceTransformerEncoder
from knowledge.search.errors import SearchError
from knowledge.search.matcher import Matcher
from knowledge.search.passages import read_documents, read_lines
from knowledge.search.recipe import Recipe
from knowledge.search.snapshot import build_snapshot

RANKED = 20


def evaluate(kb: Path, queries: Path, out: Path, encoder_name: str) -> None:
    """Rank the documents of ``kb`` for each question and write RANKED of them to ``out``."""
    documents = read_documents(kb)
    asked = list(read_lines(queries, {"id", "text"}))
    print(f"{len(documents)} documents, {len(asked)} questions; indexing …", file=sys.stderr)
    encoder = None if encoder_name == "none" else SentenceTransformerEncoder(encoder_name)
    snapshot = build_snapshot(documents, Recipe(), encoder)
    if encoder is not None and snapshot.vectors is None:
        print("no encoder: matching by words alone (python -m bot train)", file=sys.stderr)
    matcher = Matcher(snapshot, encoder)
    with out.open("w", encoding="utf-8") as lines:
        for row, _ in tqdm(asked, unit="question", file=sys.stderr):
            match = matcher.match(str(row["text"]), top_k=RANKED)
            ranked = [{"id": c.owner, "score": c.score} for c in match.ranked]
            result = {"id": row["id"], "ranked": ranked, "decision": match.decision}
            lines.write(json.dumps(result, ensure_ascii=False) + "\n")


def main() -> int:
    """Read the command line; a file that cannot be read is one sentence and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m knowledge.search", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("evaluate", help="rank documents for a file of questions")
    command.add_argument("--kb", type=Path, required=True)
    command.add_argument("--queries", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command.add_argument(
        "--encoder", default=BUILT_IN, help="model name or path, “built-in” or “none”"
    )
    given = parser.parse_args()
    try:
        evaluate(given.kb, given.queries, given.out, given.encoder)
    except (SearchError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
