"""Whatever comes in: a clear error or a reply, never a 5xx, never a lost message."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.running import API_KEY, Running

pytestmark = [pytest.mark.server, pytest.mark.rasa, pytest.mark.embedding]

HOSTILE = {
    "only spaces": "   ",
    "nul": "社保卡\x00丢了",
    "control characters": "\x01\x02\x1b[31m社保卡丢了",
    "script tag": "<script>alert(1)</script>",
    "template": "{{ 7*7 }} ${jndi:x} %s %n",
    "sql": "'; DROP TABLE conversations_turnrecord; --",
    "rasa command": '/ask_item{"item": "x"',
    "json": '{"kind": "answer"}',
    "right to left": "\u202e卡保社",
    "emoji": "👵🏻💳❓",
    "combining": "a" + "\u0301" * 500,
    "digits": "1" * 3000,
    "longest": "社保卡" * 1300,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_words_get_a_reply_or_a_clear_refusal(client: httpx.Client, text: str):
    body = {"conversation_id": uuid4().hex, "text": text, "channel": "api"}
    response = client.post("/api/v1/messages", json=body)
    assert response.status_code in (200, 400), response.text
    if response.status_code == 200:
        assert response.json()["text"]
    else:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["detail"]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b'{"conversation_id": "a", "text": "hi"}', 400),
        (b'{"conversation_id": 7, "text": "hi", "channel": "api"}', 400),
        (b'{"conversation_id": "a", "text": ["hi"], "channel": "api"}', 400),
        (b'{"conversation_id": "a", "text": "hi", "channel": "fax"}', 400),
        (b'{"conversation_id": "a", "text": "hi", "channel": "api", "x": 1}', 400),
        (b'{"conversation_id": "a", "text": "", "channel": "api"}', 400),
        (b'{"conversation_id": "a", "text": "hi", "channel": "api", "payload": "ask:x"}', 400),
        (b'{"conversation_id": "a", "text": "\\ud800", "channel": "api"}', 400),
        (
            json.dumps({"conversation_id": "a", "text": "x" * 100_000, "channel": "api"}).encode(),
            400,
        ),
        (b'{"text": "' + b"x" * 3_000_000 + b'"}', 413),
        (b"[" * 100_000, 400),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_bodies_are_refused_with_a_sentence(client: httpx.Client, content: bytes, status: int):
    headers = {"Content-Type": "application/json"}
    response = client.post("/api/v1/messages", content=content, headers=headers)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def test_a_form_is_not_taken_for_json(client: httpx.Client):
    assert client.post("/api/v1/messages", data={"text": "hi"}).status_code == 415


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=50),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)
fields = st.sampled_from(
    ["conversation_id", "text", "channel", "message_id", "payload", "attachments", "extra"]
)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=st.dictionaries(fields, json_values, max_size=7), text=st.text(max_size=300))
def test_no_body_brings_the_server_down(client: httpx.Client, body: dict, text: str):  # type: ignore[type-arg]
    for sent in (body, {"conversation_id": "h", "channel": "api", "text": text}):
        response = client.post(
            "/api/v1/messages",
            content=json.dumps(sent, ensure_ascii=True),
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code < 500, response.text
        assert response.json()


def test_the_contract_holds_against_schemathesis(served: Running, tmp_path: Path):
    command = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert command is not None
    done = subprocess.run(
        [
            command, "run", f"{served.url}/api/schema",
            "--header", f"X-API-Key: {API_KEY}",
            # A stream has no end to wait for; tests/bot/test_events.py listens to it.
            "--exclude-path-regex", "/events$",
            "--checks", "not_a_server_error,content_type_conformance,response_schema_conformance",
            "--max-examples", "25",
            "--phases", "examples,coverage,fuzzing",
            "--seed", "1",
            "--workers", "1",
        ],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
