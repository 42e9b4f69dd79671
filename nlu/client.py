"""The dialogue engine over HTTP: Rasa's own REST channel, on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from nlu.protocol import DialogueUnavailable


class RasaDialogue:
    """Talks to a running ``rasa run``."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._client = httpx.Client(base_url=url, timeout=timeout_seconds, trust_env=False)

    def send(self, sender: str, text: str, metadata: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the engine's messages in order; raises DialogueUnavailable."""
        body = {"sender": sender, "message": text, "metadata": dict(metadata)}
        try:
            response = self._client.post("/webhooks/rest/webhook", json=body)
            response.raise_for_status()
            messages = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DialogueUnavailable(type(error).__name__) from error
        if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
            raise DialogueUnavailable("expected a list of objects")
        return messages

    def is_ready(self) -> bool:
        """Whether Rasa answers; it opens its port only when the model is loaded."""
        try:
            health = self._client.get("/webhooks/rest/", timeout=1.0)
        except httpx.HTTPError:
            return False
        return health.status_code == 200
