"""The worker's part in grouping what was not answered well: every night, and when a page asks.

Model and dictionaries are loaded only then: the worker is small.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from bot.tasks import queue

CLUSTERING: Final = "bot.curation.clustering"


def unanswered_sweep() -> None:
    """Group anew."""
    import_module(CLUSTERING).unanswered_sweep()


unanswered_refresh: Any = queue.task(name="unanswered_refresh")(unanswered_sweep)
