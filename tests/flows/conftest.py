"""One real server for all flows: web, dialogue, their database and snapshot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.running import ROOT, Running, running


@pytest.fixture(scope="session")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the processes note what they tried to reach outside this machine."""
    return tmp_path_factory.mktemp("network") / "refused"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, refused: Path) -> Iterator[Running]:
    """A server whose processes cannot reach anything but this machine."""
    path = os.pathsep.join([str(ROOT / "tests" / "data" / "loopback_only"), str(ROOT)])
    with running(
        tmp_path_factory.mktemp("served"),
        PYTHONPATH=path,
        REFUSED_CONNECTIONS=str(refused),
        BOT_NOW="2026-11-23T10:00+08:00",
    ) as server:
        yield server


@pytest.fixture
def client(served: Running) -> Iterator[httpx.Client]:
    """A client with a key."""
    with served.client() as client:
        yield client


@pytest.fixture
def say(client: httpx.Client):  # type: ignore[no-untyped-def]
    """Say something in a conversation of the test's own; returns the reply."""
    conversation = uuid4().hex

    def speak(text: str, **more: str) -> dict:  # type: ignore[type-arg]
        body = {"conversation_id": conversation, "text": text, "channel": "api", **more}
        response = client.post("/api/v1/messages", json=body)
        assert response.status_code == 200, response.text
        return response.json()  # type: ignore[no-any-return]

    return speak
