"""Forgets what the dialogue engine remembers: the events in Rasa's own SQLite file.

Works on Rasa 3.6's table ``events`` without importing Rasa. A tracker store on PostgreSQL is out of
scope: it is cleaned by whoever runs it, by the columns ``sender_id`` and ``timestamp``.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime

from django.conf import settings

BATCH_ROWS = 500
_WAIT_SECONDS = 5.0
_OF_SENDER = "SELECT id FROM events WHERE sender_id = ? AND timestamp <= ? ORDER BY id LIMIT ?"
_COUNT_OF_SENDER = "SELECT count(*) FROM events WHERE sender_id = ? AND timestamp <= ?"
# A talk that still goes on is kept whole from its last start: its slots stand in its first events.
_ENDED = """
    WITH talks AS (
        SELECT sender_id, max(timestamp) AS last,
        max(CASE WHEN type_name = 'session_started' THEN timestamp END) AS begun
        FROM events GROUP BY sender_id
    )
    SELECT {what} FROM events JOIN talks USING (sender_id)
    WHERE timestamp < ?1 AND (last < ?1 OR timestamp < begun)
"""
_ENDED_IDS = _ENDED.format(what="id") + "ORDER BY id LIMIT ?2"
_COUNT_ENDED = _ENDED.format(what="count(*)")


def tracker_forget(sender: str, until: datetime | None = None) -> int:
    """Delete what a conversation left, perhaps up to a moment; returns how many events that were.

    Raises sqlite3.Error, for instance when the file stays locked; safe to try again. To be called
    between two turns: Rasa writes a whole running talk anew if events of it have gone meanwhile.
    """
    with _events() as connection:
        given = (sender, until.timestamp() if until else math.inf)
        return _delete(connection, _OF_SENDER, given) if connection else 0


def tracker_count(sender: str, until: datetime) -> int:
    """How many events ``tracker_forget`` would delete."""
    with _events() as connection:
        return _number(connection, _COUNT_OF_SENDER, (sender, until.timestamp()))


def tracker_expire(before: datetime) -> int:
    """Delete the events of talks that ended before a moment; returns how many."""
    with _events() as connection:
        return _delete(connection, _ENDED_IDS, (before.timestamp(),)) if connection else 0


def tracker_expired(before: datetime) -> int:
    """How many events ``tracker_expire`` would delete."""
    with _events() as connection:
        return _number(connection, _COUNT_ENDED, (before.timestamp(),))


@contextmanager
def _events() -> Iterator[sqlite3.Connection | None]:
    """The open file, or None as long as Rasa has made none."""
    path = settings.BOT_DATA_DIR / "tracker.sqlite3"
    if not path.is_file():
        yield None
        return
    with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS)) as connection:
        # What is deleted is overwritten, not only marked as free.
        connection.execute("PRAGMA secure_delete = ON")
        there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'events'"
        yield connection if connection.execute(there).fetchone() else None


def _number(connection: sqlite3.Connection | None, query: str, given: Sequence[object]) -> int:
    return int(connection.execute(query, given).fetchone()[0]) if connection else 0


def _delete(connection: sqlite3.Connection, query: str, given: Sequence[object]) -> int:
    """Delete in short transactions, so that Rasa does not wait."""
    deleted = 0
    while rows := connection.execute(query, (*given, BATCH_ROWS)).fetchall():
        with connection:
            connection.executemany("DELETE FROM events WHERE id = ?", rows)
        deleted += len(rows)
    return deleted
