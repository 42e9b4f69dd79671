"""Rasa's DIET with one intent a record: a baseline to hold the matcher against, never shipped.

``python -m nlu.components.diet_baseline train.jsonl questions.jsonl ranked.jsonl``; lines hold
``{"text", "intent"}`` and ``{"text"}``, written is ``{"ranked": [intent, …]}``.
"""

import asyncio
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List, Text

import yaml

# Without transformer layers an epoch takes seconds, not minutes, on two cores.

EPOCHS = 30
RANKED = 10


def config() -> Dict[Text, Any]:
    """The usual pipeline for Chinese, with DIET for intents alone."""
    return {
        "recipe": "default.v1",
        "assistant_id": "diet-baseline",
        "language": "zh",
        "pipeline": [
            {"name": "JiebaTokenizer"},
            {"name": "CountVectorsFeaturizer", "analyzer": "word"},
            {
                "name": "CountVectorsFeaturizer",
                "analyzer": "char",
                "min_ngram": 1,
                "max_ngram": 2,
            },
            {
                "name": "DIETClassifier",
                "epochs": EPOCHS,
                "number_of_transformer_layers": 0,
                "entity_recognition": False,
                "constrain_similarities": True,
                "ranking_length": RANKED,
                "random_seed": 7,
            },
        ],
    }


def main() -> None:
    """Train, ask, write the rankings."""
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    train, questions, out = (Path(argument) for argument in sys.argv[1:4])
    examples: Dict[Text, List[Text]] = defaultdict(list)
    for row in _rows(train):
        examples[row["intent"]].append(" ".join(row["text"].split()))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        data = {
            "version": "3.1",
            "nlu": [
                {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
                for intent, texts in examples.items()
                if len(texts) > 1
            ],
        }
        (place / "nlu.yml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
        (place / "config.yml").write_text(yaml.safe_dump(config()), "utf-8")
        model = train_nlu(str(place / "config.yml"), str(place / "nlu.yml"), str(place))
        agent = Agent.load(model)
        with out.open("w", encoding="utf-8") as lines:
            for row in _rows(questions):
                parsed = asyncio.run(agent.parse_message(row["text"]))
                ranked = [intent["name"] for intent in parsed["intent_ranking"]]
                lines.write(json.dumps({"ranked": ranked}) + "\n")


def _rows(path: Path) -> List[Dict[Text, Text]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    main()
