"""A real server for tests and benchmarks: own ports, own data directory, stopped for certain."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 240.0
API_KEY = "running-key-1"


@dataclass(frozen=True)
class Running:
    """A server that is up: its process, address, environment, and how long it took to be ready."""

    process: subprocess.Popen[bytes]
    url: str
    environment: dict[str, str]
    output: Path
    ready_seconds: float

    def client(self, **more: str) -> httpx.Client:
        """A client with the key of an outside program."""
        headers = {"X-API-Key": API_KEY, **more}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def bot(self, *arguments: str, seconds: float = 90) -> subprocess.CompletedProcess[str]:
        """Run ``python -m bot`` beside the server, in its environment."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(data_dir: Path, **settings: str) -> Iterator[Running]:
    """Start ``python -m bot serve`` and wait until it is ready."""
    ports = [free_port() for _ in range(3)]
    environment = {
        **os.environ,
        "BOT_DATA_DIR": str(data_dir),
        "BOT_PORT": str(ports[0]),
        "BOT_ACTION_PORT": str(ports[1]),
        "BOT_RASA_PORT": str(ports[2]),
        "BOT_API_KEYS": f"runner:{API_KEY}:web+voice+telegram+wechat+kiosk+api",
        "BOT_RATE_LIMITS": "off",
        # A line needs ports of its own; whoever tests it says so.
        "BOT_VOICE": "off",
        "BOT_URL": f"http://127.0.0.1:{ports[0]}",
        **settings,
    }
    for name in ("BOT_RASA_URL", "BOT_DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    data_dir.mkdir(parents=True, exist_ok=True)
    output = data_dir / "serve.log"
    started = time.monotonic()
    with output.open("wb") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"],
            env=environment,
            cwd=ROOT,
            stdout=lines,
            stderr=lines,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        url = environment["BOT_URL"]
        _wait(url, process, output)
        yield Running(process, url, environment, output, time.monotonic() - started)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {output.read_text()[-2000:]}")
        try:
            if httpx.get(f"{url}/readyz", timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"not ready in {READY_SECONDS} s: {output.read_text()[-2000:]}")
