"""Makes the tracker's SQLite file wait for no disk: a turn is small, and our own record keeps it.

Rasa's SQLTrackerStore commits several times a turn; with SQLite's defaults each waits for the disk
(docs/decisions.md). The last turn may be lost with the machine's power, never with a process.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


def _relax(connection: Any, record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA synchronous=NORMAL")


def install() -> None:
    """Apply it to every SQLite connection that this process opens."""
    if not event.contains(Engine, "connect", _relax):
        event.listen(Engine, "connect", _relax)
