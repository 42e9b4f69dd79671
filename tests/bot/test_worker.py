"""The worker process: starts quickly, stops when told, loses nothing when killed, stays small."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from bot import clock, serving, worker
from tests.people import OFFICE

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0

# Takes the worker's place with a channel that writes what it is given into a file.
POSTMAN = """
import json, os, sys, time
import django
django.setup()
from bot.channels import outbox

class Post:
    def send(self, external_id, message):
        with open(os.environ["POST"], "a") as file:
            file.write(json.dumps([os.getpid(), external_id, message.key]) + "\\n")
        if os.path.exists(os.environ["POST"] + ".stuck"):
            time.sleep(60)

sys.modules["postman"] = sys.modules["__main__"]
sender = Post
outbox.SENDERS["telegram"] = "postman.sender"
"""
WORKS = POSTMAN + "from bot.worker import run_worker\nrun_worker()\n"
WRITES = (
    POSTMAN
    + """
from django.core.management import call_command
from django.db import transaction
from bot.conversations.models import Conversation
call_command("migrate", run_syncdb=True, verbosity=0, skip_checks=True)
for name in sys.argv[1:]:
    with transaction.atomic():
        talk, _ = Conversation.objects.get_or_create(
            owner="telegram", channel="telegram", external_id=name, sender=name
        )
        outbox.notice_send(talk, "您的证办好了")
"""
)


@dataclass
class Desk:
    """A data folder, the processes that use it, and what they posted."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "BOT_DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "bot.settings",
            "POST": str(self.folder / "post"),
            "PYTHONPATH": str(ROOT),
        }

    def writes(self, *names: str) -> None:
        """Another process sends one notice to each."""
        command = [sys.executable, "-c", WRITES, *names]
        subprocess.run(command, env=self.environment, check=True, timeout=PATIENCE_SECONDS)

    @contextmanager
    def working(self) -> Iterator[subprocess.Popen[bytes]]:
        """A worker while the block runs; ended for certain."""
        command = [sys.executable, "-c", WORKS]
        process = subprocess.Popen(command, env=self.environment)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @property
    def posted(self) -> list[list[Any]]:
        path = self.folder / "post"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def states(self) -> list[str]:
        with sqlite3.connect(self.folder / "bot.sqlite3") as database:
            return [row[0] for row in database.execute("SELECT state FROM handovers_notice")]


def eventually(holds: Callable[[], bool]) -> bool:
    """Look again and again until it holds or patience ends."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An office with nothing written yet."""
    return Desk(tmp_path)


def test_what_another_process_writes_is_sent_while_the_worker_runs(desk: Desk) -> None:
    desk.writes("anna")
    with desk.working() as process:
        assert eventually(lambda: len(desk.posted) == 1)
        desk.writes("anna", "berta")
        assert eventually(lambda: len(desk.posted) == 3)
        assert eventually(lambda: desk.states() == ["sent"] * 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(serving.STOP_SECONDS) == 0


def test_a_worker_that_is_killed_at_work_has_its_work_done_by_the_next(desk: Desk) -> None:
    desk.writes("anna", "anna")
    stuck = desk.folder / "post.stuck"
    stuck.touch()
    with desk.working() as process:
        assert eventually(lambda: len(desk.posted) == 1)
        process.kill()
        process.wait()
    assert desk.states() == ["waiting", "waiting"]
    stuck.unlink()
    # The claim of the dead one ends.
    with sqlite3.connect(desk.folder / "bot.sqlite3") as database:
        database.execute("UPDATE handovers_notice SET claimed_until = '2000-01-01'")
    with desk.working():
        assert eventually(lambda: desk.states() == ["sent", "sent"])
    keys = [key for _, _, key in desk.posted]
    # The first arrives a second time, with the same key, and still before the second.
    assert keys[0] == keys[1] != keys[2]
    assert len(keys) == 3


def test_a_worker_that_is_stuck_still_ends_before_the_supervisor_loses_patience(desk: Desk) -> None:
    desk.writes("anna")
    (desk.folder / "post.stuck").touch()
    with desk.working() as process:
        assert eventually(lambda: len(desk.posted) == 1)
        process.send_signal(signal.SIGTERM)
        process.wait(serving.STOP_SECONDS)


def test_the_worker_loads_nothing_of_the_engines(desk: Desk) -> None:
    heavy = ("torch", "faiss", "rasa", "tensorflow", "sentence_transformers", "vosk")
    asks = (
        "import django, sys; django.setup(); import bot.worker, bot.checks;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    command = [sys.executable, "-c", asks]
    said = subprocess.run(command, env=desk.environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_supervisor_keeps_a_worker() -> None:
    commands = {child.name: child.command for child in serving.children()}
    assert commands["worker"][1:] == ["-m", "bot", "worker"]
    assert worker.STOP_SECONDS < serving.STOP_SECONDS


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (datetime(2026, 11, 23, 3, 0, 30, tzinfo=OFFICE), True),
        (datetime(2026, 11, 23, 3, 1, tzinfo=OFFICE), False),
        (datetime(2026, 11, 23, 15, 0, tzinfo=OFFICE), False),
    ],
)
def test_what_was_kept_too_long_goes_at_three_at_night(
    monkeypatch: pytest.MonkeyPatch, now: datetime, wanted: bool
) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)
    assert worker.is_retention_time() is wanted


def test_retention_is_asked_with_the_offices_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []

    class Rules:
        @staticmethod
        def retention_apply(now: datetime) -> dict[str, int]:
            asked.append(now)
            return {"turns": 3}

    monkeypatch.setattr(worker, "find_spec", lambda name: name)
    monkeypatch.setattr(worker, "import_module", lambda name: Rules)
    worker.retention_sweep()
    assert [moment.tzinfo for moment in asked] == [clock.OFFICE_ZONE]


@pytest.mark.django_db(transaction=True)
def test_old_sessions_go_and_present_ones_stay() -> None:
    for days in (-1, 1):
        Session.objects.create(
            session_key=f"day{days}",
            session_data="",
            expire_date=datetime.now(OFFICE) + timedelta(days=days),
        )
    worker.sessions_sweep()
    assert [session.session_key for session in Session.objects.all()] == ["day1"]


def test_without_rules_nothing_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "find_spec", lambda name: None)
    worker.retention_sweep()
