"""WeChat's server as an official account sees it, over real HTTP on this machine.

It pushes messages (plain or encrypted, up to three times, five seconds each) and reads the reply
with its own cryptography; it issues access tokens of which only the newest is good, takes
customer-service messages and a menu, and refuses what WeChat refuses. It can be made to fail.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

APP_ID = "wx0123456789abcdef"
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
TOKEN = "streetoffice2026"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ACCOUNT = "gh_streetoffice0"
ATTEMPTS = 3
WAIT_SECONDS = 5.0


def sign(*parts: str) -> str:
    """WeChat's signature of some strings."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


@dataclass
class Safe:
    """Safe mode: AES-256-CBC, the key's first half as its start, length before, account behind."""

    key: bytes = field(default_factory=lambda: base64.b64decode(AES_KEY + "="))
    app_id: str = APP_ID

    def sealed(self, text: str) -> str:
        """Encrypt."""
        words = text.encode()
        plain = secrets.token_bytes(16) + struct.pack(">I", len(words)) + words
        plain += self.app_id.encode()
        missing = 32 - len(plain) % 32
        plain += bytes([missing]) * missing
        worker = self._cipher().encryptor()
        return base64.b64encode(worker.update(plain) + worker.finalize()).decode()

    def opened(self, sealed: str) -> str:
        """Decrypt; the message has to be for this account."""
        worker = self._cipher().decryptor()
        plain = worker.update(base64.b64decode(sealed)) + worker.finalize()
        plain = plain[: -plain[-1]]
        (length,) = struct.unpack(">I", plain[16:20])
        assert plain[20 + length :].decode() == self.app_id
        return plain[20 : 20 + length].decode()

    def _cipher(self) -> Any:
        return Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16]))


@dataclass(frozen=True)
class Got:
    """What came back for a push: the last attempt's status and body, and the words in it."""

    status: int
    body: str
    text: str | None = None
    attempts: int = 1


@dataclass
class WeChat:
    """The server; ``url`` is where the account reaches it."""

    safe: Safe | None = None
    # What it was sent: (openid, text), in order.
    messages: list[tuple[str, str]] = field(default_factory=list)
    menus: list[dict[str, Any]] = field(default_factory=list)
    # Files that residents sent, by media id.
    media: dict[str, Any] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    # Answered instead of what was asked, oldest first: an error number, or an HTTP status as “500”.
    failures: list[int | str] = field(default_factory=list)
    token_seconds: int = 7200
    arrived: threading.Condition = field(default_factory=threading.Condition)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """The address of its interface."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Listen."""
        wechat = self

        class Handler(_Handler):
            office = wechat

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Close the door."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def expire_token(self) -> None:
        """The token in force runs out before its time."""
        self.tokens.append("gone")

    def texts(self, count: int, seconds: float = 10.0) -> list[str]:
        """Wait for so many messages; return all their texts."""
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.messages) >= count, seconds)
            return [text for _, text in self.messages]

    # Towards the account.

    def signed(self, at: float | None = None, **more: str) -> dict[str, str]:
        """A query as WeChat signs it."""
        timestamp, nonce = str(int(at or time.time())), str(secrets.randbelow(10**9))
        signature = sign(TOKEN, timestamp, nonce)
        return {"signature": signature, "timestamp": timestamp, "nonce": nonce, **more}

    def request(self, xml: str, at: float | None = None) -> tuple[dict[str, str], bytes]:
        """The query and body of one attempt."""
        query = self.signed(at, openid=_element(xml, "FromUserName"))
        if self.safe is None:
            return query, xml.encode()
        sealed = self.safe.sealed(xml)
        signature = sign(TOKEN, query["timestamp"], query["nonce"], sealed)
        body = (
            f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName>"
            f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        )
        return {**query, "encrypt_type": "aes", "msg_signature": signature}, body.encode()

    def push(
        self,
        address: str,
        xml: str,
        attempts: int = ATTEMPTS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> Got:
        """Push a message; without an answer in time it is pushed again."""
        for attempt in range(1, attempts + 1):
            query, body = self.request(xml)
            try:
                response = httpx.post(
                    address,
                    params=query,
                    content=body,
                    headers={"Content-Type": "text/xml"},
                    timeout=wait_seconds,
                    trust_env=False,
                )
            except httpx.TransportError:
                continue
            return self._read(response, attempt)
        return Got(0, "", None, attempts)

    def _read(self, response: httpx.Response, attempt: int) -> Got:
        body = response.text
        if response.status_code != 200 or body in ("", "success"):
            return Got(response.status_code, body, None, attempt)
        return Got(response.status_code, body, self.words_of(body), attempt)

    def words_of(self, body: str) -> str:
        """Check and read a reply as WeChat does; “该公众号提供的服务出现故障” is an assertion here."""
        root = ElementTree.fromstring(body)
        if self.safe is not None:
            fields = {child.tag: child.text or "" for child in root}
            signed = (TOKEN, fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
            assert sign(*signed) == fields["MsgSignature"]
            root = ElementTree.fromstring(self.safe.opened(fields["Encrypt"]))
        fields = {child.tag: child.text or "" for child in root}
        assert fields["MsgType"] == "text"
        assert fields["FromUserName"] == ACCOUNT
        assert abs(int(fields["CreateTime"]) - time.time()) < 60
        assert len(fields["Content"].encode()) <= 2048
        return fields["Content"]

    # From the account.

    def asked(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Any:
        """Answer a call of the interface."""
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, str):
                return int(failure)
            return {"errcode": failure, "errmsg": "told to fail"}
        if path == "/cgi-bin/token":
            return self._token(query)
        if query.get("access_token") != (self.tokens[-1] if self.tokens else None):
            was_known = query.get("access_token") in self.tokens
            return {"errcode": 42001 if was_known else 40001, "errmsg": "access_token"}
        if (method, path) == ("GET", "/cgi-bin/media/get"):
            return self.media.get(query.get("media_id", ""), {"errcode": 40007, "errmsg": "media"})
        given = json.loads(body.decode())
        if (method, path) == ("POST", "/cgi-bin/message/custom/send"):
            return self._message(given)
        if (method, path) == ("POST", "/cgi-bin/menu/create"):
            return self._menu(given)
        return 404

    def _token(self, query: Mapping[str, str]) -> dict[str, Any]:
        if query.get("grant_type") != "client_credential" or query.get("appid") != APP_ID:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if query.get("secret") != SECRET:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        self.tokens.append(f"token-{len(self.tokens)}-{secrets.token_hex(8)}")
        return {"access_token": self.tokens[-1], "expires_in": self.token_seconds}

    def _message(self, given: dict[str, Any]) -> dict[str, Any]:
        content = given["text"]["content"]
        if given["msgtype"] != "text" or len(content.encode()) > 2048:
            return {"errcode": 45002, "errmsg": "content size out of limit"}
        with self.arrived:
            self.messages.append((given["touser"], content))
            self.arrived.notify_all()
        return {"errcode": 0, "errmsg": "ok"}

    def _menu(self, given: dict[str, Any]) -> dict[str, Any]:
        columns = given["button"]
        if not 1 <= len(columns) <= 3:
            return {"errcode": 40016, "errmsg": "invalid button size"}
        for column in columns:
            entries = column.get("sub_button", [])
            if len(column["name"].encode()) > 16 or len(entries) > 5:
                return {"errcode": 40018, "errmsg": "invalid button name size"}
            for button in entries or [column]:
                if button["type"] != "click" or not 0 < len(button["key"].encode()) <= 128:
                    return {"errcode": 40019, "errmsg": "invalid button key size"}
                if len(button["name"].encode()) > 60:
                    return {"errcode": 40025, "errmsg": "invalid sub button name size"}
        self.menus.append(given)
        return {"errcode": 0, "errmsg": "ok"}


class _Handler(BaseHTTPRequestHandler):
    office: WeChat
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        answer = self.office.asked(self.command, parts.path, query, body)
        status, content = (answer, "{}") if isinstance(answer, int) else (200, answer)
        if not isinstance(content, bytes):
            content = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _element(xml: str, name: str) -> str:
    return ElementTree.fromstring(xml).findtext(name) or ""
