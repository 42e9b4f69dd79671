"""The worker process: sends what waits in the outbox, and sweeps up what was kept too long.

What is to be done stands in the database; the queue only wakes the worker early. Senders are loaded
when their channel first has something to send.
"""

from __future__ import annotations

import logging
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec

from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections

from bot import clock
from bot.channels.outbox import due_targets, notices_deliver
from bot.curation import clockwork as curation
from bot.curation.nightly import unanswered_sweep
from bot.evidence.services import uploads_sweep
from bot.figures.rollup import figures_fill
from bot.reports import clockwork as reports
from bot.tasks import queue
from bot.tickets import clockwork as tickets

log = logging.getLogger(__name__)

# Sends to several recipients at once; each is mostly waiting for the network.
THREADS = 4
LONGEST_NAP_SECONDS = 0.5
# Below the ten seconds that the supervisor waits.
STOP_SECONDS = 7
RETENTION = "bot.conversations.retention"
RETENTION_HOUR = 3
# Before words are let go of.
FIGURES_HOUR = 1
# Before the retention, which takes old questions away.
UNANSWERED_HOUR = 2


def run_worker() -> None:
    """Work until told to stop; what is being sent then is finished first."""
    outbox_sweep()
    queue.create_consumer(
        workers=THREADS,
        max_delay=LONGEST_NAP_SECONDS,
        graceful_signal="TERM",
        shutdown_timeout=STOP_SECONDS,
    ).run()


def outbox_sweep() -> None:
    """Wake the delivery to everybody who has something due."""
    close_old_connections()
    try:
        for target in due_targets():
            notices_deliver(target)
    finally:
        close_old_connections()


def retention_sweep() -> None:
    """Let go of what was kept long enough, if this installation has rules for it."""
    if find_spec(RETENTION) is None:
        return
    close_old_connections()
    try:
        gone = import_module(RETENTION).retention_apply(clock.now())
    finally:
        close_old_connections()
    log.info("retention: %s", gone)


def reports_sweep() -> None:
    """Find, remind and look after those who answer for reports."""
    close_old_connections()
    try:
        reports.reports_sweep()
    finally:
        close_old_connections()


def tickets_sweep() -> None:
    """Remind those who are to act on tickets, take back what nobody has begun."""
    close_old_connections()
    try:
        tickets.tickets_sweep()
    finally:
        close_old_connections()


def curation_sweep() -> None:
    """Publish what is due, note what was published, remind of guides to be reviewed."""
    close_old_connections()
    try:
        curation.curation_sweep()
    finally:
        close_old_connections()


def figures_sweep() -> None:
    """Count the days that are over."""
    close_old_connections()
    try:
        days = figures_fill(clock.now())
    finally:
        close_old_connections()
    log.info("figures: %s days counted", days)


def evidence_sweep() -> None:
    """Delete pictures that nobody attached to a case, and files without a row."""
    close_old_connections()
    try:
        gone = uploads_sweep(clock.now())
    finally:
        close_old_connections()
    if gone:
        log.info("evidence: %s gone", gone)


def sessions_sweep() -> None:
    """Let go of the sessions of staff who signed in long ago."""
    close_old_connections()
    try:
        SessionStore.clear_expired()
    finally:
        close_old_connections()


def is_retention_time(_: datetime | None = None) -> bool:
    """Whether it is the minute of the night for it, by the office's clock."""
    now = clock.now()
    return (now.hour, now.minute) == (RETENTION_HOUR, 0)


def is_figures_time(_: datetime | None = None) -> bool:
    """Whether it is the minute of the night in which the day before is counted."""
    now = clock.now()
    return (now.hour, now.minute) == (FIGURES_HOUR, 0)


def is_unanswered_time(_: datetime | None = None) -> bool:
    """Whether it is the minute of the night for grouping what was not answered well."""
    now = clock.now()
    return (now.hour, now.minute) == (UNANSWERED_HOUR, 0)


def is_full_hour(_: datetime | None = None) -> bool:
    """Whether it is the first minute of an hour, by the office's clock."""
    return clock.now().minute == 0


# Huey asks once a minute.
queue.periodic_task(lambda _: True, name="outbox_sweep")(outbox_sweep)
queue.periodic_task(lambda _: True, name="reports_sweep")(reports_sweep)
queue.periodic_task(lambda _: True, name="tickets_sweep")(tickets_sweep)
queue.periodic_task(lambda _: True, name="curation_sweep")(curation_sweep)
queue.periodic_task(is_figures_time, name="figures_sweep")(figures_sweep)
queue.periodic_task(is_retention_time, name="retention_sweep")(retention_sweep)
queue.periodic_task(is_unanswered_time, name="unanswered_sweep")(unanswered_sweep)
queue.periodic_task(is_retention_time, name="sessions_sweep")(sessions_sweep)
queue.periodic_task(is_full_hour, name="evidence_sweep")(evidence_sweep)
