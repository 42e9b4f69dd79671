"""Figures of the whole: real processes, real HTTP."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np

from tests.running import Running, running

MESSAGES = 300
ALIAS = "塑料小本本"


def measured(asked: Sequence[str]) -> dict[str, object]:
    """Return start-up seconds, message latency and the time an alias takes to be live."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        with running(Path(place)) as first:
            figures: dict[str, object] = {"first_start_seconds": round(first.ready_seconds, 1)}
            figures.update(_messages(first, asked))
            figures["alias_live_seconds"] = _alias(first)
        with running(Path(place)) as second:
            figures["second_start_seconds"] = round(second.ready_seconds, 1)
    return figures


def _messages(server: Running, asked: Sequence[str]) -> dict[str, object]:
    times = []
    baseline = []
    with server.client() as client:
        for number in range(MESSAGES + 20):
            started = time.perf_counter()
            _say(client, asked[number % len(asked)])
            times.append(1000 * (time.perf_counter() - started))
            started = time.perf_counter()
            client.get("/healthz")
            baseline.append(1000 * (time.perf_counter() - started))
    figures: dict[str, object] = {
        f"message_p{p}_ms": round(float(np.percentile(times[20:], p)), 1) for p in (50, 95, 99)
    }
    figures["healthz_p50_ms (baseline)"] = round(float(np.median(baseline[20:])), 1)
    return figures


def _say(client: httpx.Client, text: str) -> dict[str, object]:
    body = {"conversation_id": uuid4().hex, "text": text, "channel": "api"}
    response = client.post("/api/v1/messages", json=body)
    response.raise_for_status()
    reply: dict[str, object] = response.json()
    return reply


def _alias(server: Running) -> float:
    """From the command's end (the edit is stored and published) to the first right answer."""
    started = time.perf_counter()
    done = server.bot("alias", "SB13", ALIAS)
    assert done.returncode == 0, done.stderr
    with server.client() as client:
        while True:
            if _say(client, f"{ALIAS}要带什么")["item"] == "SB13":
                return round(time.perf_counter() - started, 2)
            if time.perf_counter() - started > 30:
                return float("inf")
