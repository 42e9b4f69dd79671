"""Keeps what residents say out of Rasa's log.

Rasa writes the message into its log when a turn fails or is given up (its REST channel), and its
tracebacks show every local variable. Of a line written through structlog only what happened is
kept, and of an error its type and the places it came through.
"""

import sys
import traceback
from typing import Any, Dict

import structlog
from structlog.dev import set_exc_info

KEPT = ("event", "level")


def without_words(_: Any, method: str, line: Dict[str, Any]) -> Dict[str, Any]:
    """Return the line without values that may quote a resident (a structlog processor)."""
    kept = {key: line[key] for key in KEPT if key in line}
    error = sys.exc_info()[1] if method == "exception" or line.get("exc_info") else None
    if error is not None:
        kept["error"] = type(error).__name__
        kept["places"] = traceback.format_tb(error.__traceback__)
    return kept


def install() -> None:
    """Put it before everything that formats; loggers already in use share the list."""
    processors = structlog.get_config()["processors"]
    if without_words not in processors:
        # It tells the error itself; Rasa's own would add it again, with its variables.
        processors[:] = [without_words, *(p for p in processors if p is not set_exc_info)]
