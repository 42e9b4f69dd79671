"""Fifty staff pages open, twenty new tickets a second: no lock reaches anybody.

Clerks look at the board, a ticket and their own list as fast as they get them; beside them tickets
are opened through the staff's own form at a fixed pace. On SQLite, and on Debian's PostgreSQL where
that is installed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from tests.running import Running
from tests.soak.figures import Figures, judged, percentile
from tests.soak.postgres import postgres, postgres_programs
from tests.soak.processes import served
from tests.soak.residents import logged

PAGES = 50
PER_SECOND = 20
CLERK, PASSWORD = "soak-clerk", "soak-4711-Nanjing"
NOW = "2026-11-23T09:30+08:00"
SHOWN = ("/staff/tickets/", "/staff/tickets/mine/", "/staff/")
PAUSE_SECONDS = 2.0
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Seen:
    """How long pages and new tickets took, in milliseconds, and what went wrong."""

    pages: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)


def staff_on_postgres(seconds: float) -> Figures:
    """The same on a PostgreSQL of this run; only a remark where none is installed."""
    programs = postgres_programs()
    if programs is None:
        return {"left_out": "no PostgreSQL here (Debian: postgresql)", "wrong": []}
    with postgres(programs) as url:
        return staff(seconds, url)


def staff(seconds: float, url: str = "") -> Figures:
    """Watch and open for ``seconds``; returns the figures and what is wrong with them."""
    more = {"BOT_DATABASE_URL": url} if url else {}
    seen = Seen()
    with served(BOT_NOW=NOW, **more) as (server, _):
        _account(server)
        stop = threading.Event()
        with ThreadPoolExecutor(PAGES + PER_SECOND) as pool:
            watching = [pool.submit(_watch, server, seen, stop, n) for n in range(PAGES)]
            _open_at_pace(server, seen, seconds, pool)
            stop.set()
            for each in watching:
                each.result()
        figures = {
            "database": url.partition(":")[0] or "sqlite",
            "pages": len(seen.pages),
            "pages_p50_ms": percentile(seen.pages, 50),
            "pages_p95_ms": percentile(seen.pages, 95),
            "opened": len(seen.opened),
            "opened_per_second": round(len(seen.opened) / seconds, 1),
            "opened_p50_ms": percentile(seen.opened, 50),
            "opened_p95_ms": percentile(seen.opened, 95),
            "refused": dict(seen.wrong),
            "errors": sum(seen.wrong.values()),
            "opened_lacking": max(0, round(PER_SECOND * seconds) - len(seen.opened)),
            **logged(server),
        }
    return judged(figures, errors=0, opened_lacking=0, tracebacks=0)


def _account(server: Running) -> None:
    command = [sys.executable, "-m", "bot", "staff", "add", CLERK, "--display", "小浸"]
    command += ["--password", PASSWORD, "--role", "supervisor", "--role", "intake"]
    subprocess.run(command, check=True, env=server.environment, capture_output=True)


def _signed_in(server: Running) -> httpx.Client:
    client = server.client()
    page = client.get("/staff/login")
    token = _TOKEN.search(page.text)
    assert token, "expected a form with a token on the sign-in page"
    given = {"username": CLERK, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    client.post("/staff/login", data=given, headers={"Referer": str(client.base_url)})
    return client


def _watch(server: Running, seen: Seen, stop: threading.Event, number: int) -> None:
    with closing(_signed_in(server)) as client:
        turn = number
        while not stop.is_set():
            began = time.monotonic()
            turn += 1
            try:
                response = client.get(SHOWN[turn % len(SHOWN)])
                if response.status_code != 200:
                    seen.wrong[f"page {response.status_code}"] += 1
                seen.pages.append(1000 * (time.monotonic() - began))
            except httpx.HTTPError as error:
                seen.wrong[f"page {type(error).__name__}"] += 1
            stop.wait(max(0.0, PAUSE_SECONDS - (time.monotonic() - began)))


def _open_at_pace(server: Running, seen: Seen, seconds: float, pool: ThreadPoolExecutor) -> None:
    with closing(_signed_in(server)) as client:
        page = client.get("/staff/tickets/new/?item=MZ11")
        token = _TOKEN.search(page.text)
        assert token, f"expected the form of a new ticket, got {page.status_code}"
        began, running = time.monotonic(), []
        for number in range(round(PER_SECOND * seconds)):
            time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
            running.append(pool.submit(_open, client, seen, token[1], number))
        for each in running:
            each.result()


def _open(client: httpx.Client, seen: Seen, token: str, number: int) -> None:
    form = {
        "csrfmiddlewaretoken": token,
        "do": "open",
        "yes": "对的，就这样办",
        "key": str(uuid4()),
        "item": "MZ11",
        "mode": "代办",
        "reason": "elderly",
        "reason_text": "八十二了走不动",
        "name": "王秀英",
        "phone": f"138{number:08d}",
        "address": "临江社区",
        "time_text": "周四下午",
        "asker": "self",
    }
    began = time.monotonic()
    try:
        response = client.post(
            "/staff/tickets/new/", data=form, headers={"Referer": str(client.base_url)}
        )
        if response.status_code != 302:
            seen.wrong[f"open {response.status_code}"] += 1
            return
        seen.opened.append(1000 * (time.monotonic() - began))
    except httpx.HTTPError as error:
        seen.wrong[f"open {type(error).__name__}"] += 1
