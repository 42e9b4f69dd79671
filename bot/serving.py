"""Starts the processes of one machine, watches over them, and stops every one of them.

``web`` serves people, ``dialogue`` is Rasa, ``worker`` sends what waits for residents,
``telegram`` is there if it has a token, ``voice`` if it can speak. A process that dies is started
again, slower each time.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from django.conf import settings

from bot.api.auth import development_key
from bot.channels.phone.wanted import is_wanted as voice_is_wanted

STOP_SECONDS = 10.0
# Longer than calls are waited for, with their closing words.
VOICE_STOP_SECONDS = 60.0
READY_SECONDS = 180.0
LONGEST_PAUSE_SECONDS = 30.0
ROOT = settings.ROOT
RASA_MODEL = ROOT / "nlu" / "trained" / "rasa.tar.gz"
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process to keep alive."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    # How long it may take to end: what is being done for somebody is finished.
    stop_seconds: float = STOP_SECONDS
    start_at: float = field(default_factory=time.monotonic)


def environment() -> dict[str, str]:
    """What every process gets: telemetry off, loopback for actions, one clock for all."""
    given = dict(os.environ)
    given.update(
        DJANGO_SETTINGS_MODULE="bot.settings",
        BOT_DATA_DIR=str(settings.BOT_DATA_DIR),
        BOT_SNAPSHOT_DIR=str(settings.SNAPSHOT_DIR),
        BOT_ENCODER=settings.BOT_ENCODER,
        BOT_RERANKER=settings.BOT_RERANKER,
        BOT_ACTION_URL=f"http://127.0.0.1:{settings.BOT_ACTION_PORT}/actions",
        BOT_ACTION_SECRET=settings.BOT_ACTION_SECRET,
        BOT_TRACKER_DB=str(settings.BOT_DATA_DIR / "tracker.sqlite3"),
        BOT_NOW_SINCE=settings.BOT_NOW_SINCE or str(time.time()),
        RASA_TELEMETRY_ENABLED="false",
        DISABLE_UVLOOP="1",
        HF_HUB_OFFLINE="0" if settings.BOT_MODEL_DOWNLOAD == "on" else "1",
        HF_HUB_DISABLE_TELEMETRY="1",
        TOKENIZERS_PARALLELISM="false",
        TF_CPP_MIN_LOG_LEVEL="3",
        SQLALCHEMY_SILENCE_UBER_WARNING="1",
        PYTHONUNBUFFERED="1",
        PYTHONPATH=os.pathsep.join(filter(None, [str(ROOT), given.get("PYTHONPATH", "")])),
        # One message is small work: threads that spin beside it cost more than they bring.
        OMP_NUM_THREADS=given.get("OMP_NUM_THREADS", "1"),
    )
    return given


def children() -> list[Child]:
    """The processes of one machine."""
    shared = environment()
    web = [sys.executable, "-m", "bot", "web"]
    worker = [sys.executable, "-m", "bot", "worker"]
    kept = [
        Child("dialogue", rasa_command(), shared),
        Child("web", web, shared),
        Child("worker", worker, shared),
    ]
    if settings.BOT_TELEGRAM_TOKEN:
        kept.append(Child("telegram", [sys.executable, "-m", "bot", "telegram"], shared))
    if voice_is_wanted():
        voice = [sys.executable, "-m", "bot", "voice"]
        # Calls come and go on many threads; a heap for each of them would never shrink again.
        lean = {"MALLOC_ARENA_MAX": "2", **shared}
        kept.append(Child("voice", voice, lean, stop_seconds=VOICE_STOP_SECONDS))
    return kept


def rasa_command() -> list[str]:
    """How Rasa is started: loopback only, its REST channel only."""
    return [
        settings.BOT_RASA_PYTHON,
        "-W",
        "ignore",
        "-m",
        "rasa",
        "run",
        "--interface",
        "127.0.0.1",
        "--port",
        str(settings.BOT_RASA_PORT),
        "--model",
        str(RASA_MODEL),
        "--endpoints",
        str(ROOT / "nlu" / "endpoints.yml"),
        "--credentials",
        str(ROOT / "nlu" / "credentials.yml"),
        "--quiet",
    ]


class Supervisor:
    """Starts children, restarts the fallen, stops all."""

    def __init__(self, kept: list[Child], say: Callable[[str], None] = print) -> None:
        self._children = kept
        self._say = say
        self._stop = threading.Event()

    def stop(self, *_: object) -> None:
        """Ask for the end; ``run`` returns when every child is gone."""
        self._stop.set()

    def run(self) -> int:
        """Run until stopped; returns the exit code."""
        signal.signal(signal.SIGINT, self.stop)
        signal.signal(signal.SIGTERM, self.stop)
        announcer = threading.Thread(target=self._announce, daemon=True)
        announcer.start()
        try:
            while not self._stop.wait(0.3):
                for child in self._children:
                    self._tend(child)
        finally:
            self._end()
        return 0

    def _tend(self, child: Child) -> None:
        if child.process is not None and child.process.poll() is not None:
            child.failures += 1
            pause = min(LONGEST_PAUSE_SECONDS, 2.0 ** (child.failures - 1))
            self._say(f"{child.name} ended ({child.process.returncode}); again in {pause:.0f} s")
            child.process, child.start_at = None, time.monotonic() + pause
        if child.process is None and time.monotonic() >= child.start_at:
            child.process = self._start(child)

    def _start(self, child: Child) -> subprocess.Popen[bytes]:
        log = settings.BOT_DATA_DIR / "log" / f"{child.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as lines:
            return subprocess.Popen(
                child.command,
                env=child.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 (one ctypes call, no locks held)
            )

    def _announce(self) -> None:
        """Say when everything is ready, and where."""
        url = f"http://{_reachable(settings.BOT_HOST)}:{settings.BOT_PORT}"
        started = time.monotonic()
        while not self._stop.wait(0.5) and time.monotonic() - started < READY_SECONDS:
            try:
                ready = httpx.get(f"{url}/readyz", timeout=2.0, trust_env=False)
            except httpx.HTTPError:
                continue
            if ready.status_code == 200:
                self._say(_welcome(url, time.monotonic() - started))
                return

    def _end(self) -> None:
        for child in self._children:
            _signal_group(child, signal.SIGTERM)
        asked = time.monotonic()
        for child in self._children:
            if child.process is None:
                continue
            try:
                waited = time.monotonic() - asked
                child.process.wait(max(0.1, child.stop_seconds - waited))
            except subprocess.TimeoutExpired:
                _signal_group(child, signal.SIGKILL)
                child.process.wait()
            # Whatever the child itself started and left behind.
            _signal_group(child, signal.SIGKILL)


def _signal_group(child: Child, number: int) -> None:
    if child.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, number)


def _die_with_parent() -> None:
    """Let the kernel end the child if the supervisor is killed without a chance to."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (compared, not bound)


def _welcome(url: str, seconds: float) -> str:
    lines = [
        "",
        f"小顶 is ready ({seconds:.0f} s).",
        f"  chat page   {url}/",
        f"  长辈版      {url}/?elder=1",
        f"  staff       {url}/staff/",
        f"  API         {url}/api/v1/messages   (documented at {url}/api/docs)",
    ]
    if not settings.PRODUCTION and not settings.BOT_API_KEYS:
        lines.append(f"  API key     {development_key()}")
    lines.append('  terminal    python -m bot ask "社保卡丢了"')
    lines.append("Ctrl-C stops everything.")
    return "\n".join(lines)


def model_path() -> Path:
    """Where the trained dialogue model lies."""
    return Path(RASA_MODEL)
