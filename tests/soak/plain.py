"""A plain Rasa project with our intents, beside which our figures are read.

Same examples, tokenizer, featurizers and classifiers as ``config.yml``; none of our components, no
actions: one rule and one fixed sentence an intent. It is trained once and kept under ``var/soak``.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.running import READY_SECONDS, ROOT, free_port
from tests.soak.figures import Figures, judged
from tests.soak.load import LIMITS, TIMEOUT_SECONDS, Meter, speed
from tests.soak.schedule import Heard, alone, follow, plan, talks

KEPT = ROOT / "var" / "soak"
SENTENCE = "您好，这件事请带上本人身份证原件，工作日到街道便民服务中心办理。"
# As bot.serving starts it.
ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "DISABLE_UVLOOP": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONUNBUFFERED": "1",
}
COMPARED = ("p50_ms", "p95_ms", "p99_ms")


class PlainRasa:
    """Rasa's own REST channel."""

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            limits=LIMITS,
        )

    async def say(self, conversation_id: str, text: str) -> Heard:
        """Say one message; the first sentence that comes back is the reply."""
        body = {"sender": conversation_id, "message": text}
        try:
            response = await self._client.post("/webhooks/rest/webhook", json=body)
        except httpx.HTTPError as error:
            return Heard(error=type(error).__name__)
        if response.status_code != 200:
            return Heard(error=f"{response.status_code} {response.text[:200]}")
        messages = response.json()
        if not messages:
            return Heard(error="no message in the answer")
        first = messages[0]
        return Heard(text=first.get("text", ""), conversation_id=first["recipient_id"])

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()


def plain(seconds: float, ours: Mapping[str, Any]) -> Figures:
    """Say the plan to a plain Rasa; ``ours`` are the figures of the load part, if it ran before."""
    with _rasa(trained()) as (url, pid):
        figures: Figures = asyncio.run(_measured(PlainRasa(url), seconds, pid))
    for name in COMPARED:
        if name in ours and figures[name]:
            figures[f"ours_{name}"] = ours[name]
            figures[f"ours_to_plain_{name.removesuffix('_ms')}"] = round(
                ours[name] / figures[name], 2
            )
    return judged(figures, errors=0, replies_to_another_conversation=0)


async def _measured(rasa: PlainRasa, seconds: float, pid: int) -> Figures:
    said = talks()
    await alone(rasa, said)
    meter = Meter({"plain_rasa": pid})
    happened = await follow(rasa, plan(said, seconds))
    cost = meter.read(len(happened))
    await rasa.close()
    strange = sum(
        each.heard.conversation_id != each.due.conversation_id
        for each in happened
        if not each.heard.error
    )
    return {**speed(happened, seconds), "replies_to_another_conversation": strange, **cost}


def trained() -> Path:
    """The model of the plain project; made anew when examples, pipeline or Rasa changed."""
    files = _project()
    made_of = hashlib.sha256(version("rasa").encode())
    for name, text in sorted(files.items()):
        made_of.update(f"{name}\n{text}\n".encode())
    model = KEPT / f"plain-{made_of.hexdigest()[:16]}.tar.gz"
    if model.is_file():
        return model
    KEPT.mkdir(parents=True, exist_ok=True)
    print("training the plain Rasa project …", flush=True)
    with tempfile.TemporaryDirectory(prefix="plain-") as place:
        for name, text in files.items():
            path = Path(place) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        command = [
            sys.executable, "-W", "ignore", "-m", "rasa", "train",
            "--config", "config.yml", "--domain", "domain.yml", "--data", "data",
            "--out", place, "--fixed-model-name", "plain",
        ]  # fmt: skip
        subprocess.run(
            command, cwd=place, env={**os.environ, **ENVIRONMENT}, check=True, capture_output=True
        )
        # Beside its last place first: a run that is cut short leaves no half model.
        half = model.with_suffix(f".{os.getpid()}")
        half.write_bytes((Path(place) / "plain.tar.gz").read_bytes())
        half.replace(model)
    return model


def _project() -> dict[str, str]:
    """The files of a plain project with our examples."""
    examples: dict[str, str] = {}
    intents = ["nlu_fallback"]
    for path in sorted((ROOT / "nlu" / "data").glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        found = [each["intent"] for each in yaml.safe_load(text).get("nlu", []) if "intent" in each]
        if found:
            examples[f"data/{path.name}"] = text
            intents += [intent for intent in found if intent not in intents]
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    config["assistant_id"] = "plain"
    config["pipeline"] = [each for each in config["pipeline"] if "." not in each["name"]]
    config["policies"] = [{"name": "RulePolicy"}]
    rules = [
        {"rule": intent, "steps": [{"intent": intent}, {"action": f"utter_{intent}"}]}
        for intent in intents
    ]
    domain = {
        "version": "3.1",
        "intents": intents[1:],
        "responses": {f"utter_{intent}": [{"text": SENTENCE}] for intent in intents},
    }
    return {
        **examples,
        "config.yml": _yaml(config),
        "domain.yml": _yaml(domain),
        "data/plain_rules.yml": _yaml({"version": "3.1", "rules": rules}),
    }


def _yaml(data: Mapping[str, object]) -> str:
    return yaml.safe_dump(dict(data), allow_unicode=True, sort_keys=False)


@contextmanager
def _rasa(model: Path) -> Iterator[tuple[str, int]]:
    """``rasa run`` with one model on a port of its own: its address and process id."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="plain-run-") as place:
        credentials = Path(place) / "credentials.yml"
        credentials.write_text("rest:\n", encoding="utf-8")
        (Path(place) / "endpoints.yml").write_text("{}\n", encoding="utf-8")
        command = [
            sys.executable, "-W", "ignore", "-m", "rasa", "run",
            "--interface", "127.0.0.1", "--port", str(port), "--model", str(model),
            "--credentials", str(credentials), "--endpoints", "endpoints.yml", "--quiet",
        ]  # fmt: skip
        output = Path(place) / "output"
        environment = {"OMP_NUM_THREADS": "1", **os.environ, **ENVIRONMENT}
        with output.open("wb") as lines:
            process = subprocess.Popen(
                command, cwd=place, env=environment, stdout=lines, stderr=lines,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            _until_ready(url, process, output)
            yield url, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_ready(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the plain Rasa ended: {output.read_text()[-2000:]}")
        try:
            if httpx.get(f"{url}/webhooks/rest/", timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"not ready in {READY_SECONDS} s: {output.read_text()[-2000:]}")
