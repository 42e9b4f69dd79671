"""The knowledge matcher in Rasa's graph: thin, the work is in ``knowledge.search``."""

import logging
import os
import threading
from pathlib import Path
from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from knowledge.search.encoder import SentenceTransformerEncoder
from knowledge.search.errors import SearchError
from knowledge.search.live import LiveMatcher
from knowledge.search.reranker import CrossEncoderReranker
from nlu.components import action_results, logs, rules
from nlu.protocol import KNOWLEDGE, read_message, reading_to_json
from nlu.settling import PERSON, plain_intent, settled_intent

log = logging.getLogger(__name__)

action_results.install()
logs.install()
rules.install()

_shared: Dict[Text, LiveMatcher] = {}


def _live_matcher(shelf: Text, encoder: Text, reranker: Text) -> LiveMatcher:
    """One matcher a process, whatever number of graphs Rasa builds."""
    if shelf not in _shared:
        live = LiveMatcher(
            Path(shelf),
            SentenceTransformerEncoder(encoder),
            CrossEncoderReranker(reranker) if reranker else None,
        )
        try:
            live.current()
        except SearchError as error:
            log.error("no knowledge to match against yet: %s", error)
        threading.Thread(target=live.watch, args=(threading.Event(),), daemon=True).start()
        _shared[shelf] = live
    return _shared[shelf]


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=False)
class StreetKnowledgeMatcher(GraphComponent):
    """Adds ranked knowledge items and facets to a message.

    A sure match also settles the intent where the classifier heard only small talk: somebody who
    says hello and asks for a card wants the card.
    """

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Return the intents that a match may outrank, and when the classifier is in doubt."""
        return {"outranks": [], "doubted_at": 0.6}

    def __init__(self, config: Dict[Text, Any], live: Optional[LiveMatcher]) -> None:
        """Keep the matcher; None means that nothing is published where Rasa runs."""
        self._outranks = set(config["outranks"])
        self._doubted_at = float(config["doubted_at"])
        self._live = live

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        """Build the component; shelf, encoder, re-ranker come from the launcher's environment."""
        shelf = os.environ.get("BOT_SNAPSHOT_DIR", "")
        encoder = os.environ.get("BOT_ENCODER", "built-in")
        reranker = os.environ.get("BOT_RERANKER", "")
        return cls(config, _live_matcher(shelf, encoder, reranker) if shelf else None)

    def process(self, messages: List[Message]) -> List[Message]:
        """Match every message that is words; a button's payload names its item itself."""
        for message in messages:
            text = message.get(TEXT) or ""
            if self._live is not None and text and not text.startswith("/"):
                self._add(message, text)
        return messages

    def _add(self, message: Message, text: Text) -> None:
        assert self._live is not None
        try:
            reading = read_message(self._live.current(), text)
        except SearchError:
            return
        message.set(KNOWLEDGE, reading_to_json(reading), add_to_output=True)
        heard = message.get(INTENT) or {}
        settled = settled_intent(
            str(heard.get(INTENT_NAME_KEY)),
            float(heard.get("confidence") or 0.0),
            reading,
            self._outranks,
            self._doubted_at,
        )
        heard_as = settled or str(heard.get(INTENT_NAME_KEY))
        settled = plain_intent(heard_as, text, reading) or settled
        if settled is not None:
            # Who asks for a person in plain words is not doubted, whatever the knowledge says.
            is_plain = settled == PERSON
            confidence = 1.0 if is_plain else reading.match.probability
            intent = {INTENT_NAME_KEY: settled, "confidence": confidence}
            message.set(INTENT, intent, add_to_output=True)
