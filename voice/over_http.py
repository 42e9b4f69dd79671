"""An answerer that asks the running service over HTTP, as any outside program may.

For calls from a file on the command line. Keys are put as text and only the surest reading is
asked; what the telephone line itself can do beyond that, its own answerer in the service knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx

from voice.answerer import CallInfo, Ending, Expects, Hypothesis, SpokenReply
from voice.errors import AnswererFailed

_TIMEOUT_SECONDS = 20.0
_NUMBERS = ("phone",)


class AnswererOverHttp:
    """Puts every turn to ``POST /api/v1/messages`` of the service at ``base_url``."""

    def __init__(
        self, base_url: str, api_key: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._client = httpx.Client(
            base_url=base_url,
            headers={"X-API-Key": api_key},
            timeout=_TIMEOUT_SECONDS,
            transport=transport,
        )

    def begin(self, call: CallInfo) -> SpokenReply:
        """Add nothing to the line's own greeting."""
        return SpokenReply(())

    def answer(self, call_id: str, hypotheses: Sequence[Hypothesis], keys: str = "") -> SpokenReply:
        """Return the service's reply; raises AnswererFailed if there is none."""
        said = keys or (hypotheses[0].text if hypotheses else "")
        message = {
            "conversation_id": call_id,
            "message_id": str(uuid4()),
            "channel": "voice",
            "text": said,
        }
        try:
            response = self._client.post("/api/v1/messages", json=message)
            response.raise_for_status()
            return _spoken(response.json())
        except httpx.HTTPStatusError as error:
            code = error.response.status_code
            raise AnswererFailed(f"the service answered {code}, expected 200") from error
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise AnswererFailed(f"no answer of the service: {type(error).__name__}") from error

    def end(self, call_id: str, how: Ending) -> None:
        """Nothing to tell: the service forgets idle conversations by itself."""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _spoken(reply: dict[str, Any]) -> SpokenReply:
    kind, expects = reply["kind"], _expects(reply)
    names = tuple(one["name"] for one in reply.get("candidates", ()))
    return SpokenReply(
        tuple(reply.get("speech") or [reply["text"]]),
        expects,
        hot_words=names,
        choices=len(names) if expects == "choice" else 0,
        then="hang_up" if reply.get("intent") == "goodbye" else "listen",
        is_sure=kind != "fallback",
        is_urgent=kind == "emergency",
    )


def _expects(reply: dict[str, Any]) -> Expects:
    kind, slot = reply["kind"], reply.get("slot")
    if kind == "confirm" or slot == "confirm":
        return "yes_no"
    if kind == "clarify" and reply.get("candidates"):
        return "choice"
    return "digits" if slot in _NUMBERS else "free"
