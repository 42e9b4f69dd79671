"""Alibaba Cloud's short message service as an account sees it, over real HTTP on this machine.

It checks every request's signature from what came over the line, the time in it and that its
number is new; it keeps what it was asked to send, twice if it was asked twice, tells what it has,
and can be made to refuse, to break, or to take a message without answering.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

KEY_ID = "LTAI5tDouble"
SECRET = "double-secret-0123456789"
SIGN_NAME = "顶山街道"
TEMPLATE = "SMS_100000001"
TEMPLATES = {TEMPLATE: {"text"}, "SMS_100000002": {"number", "phone"}}
LONGEST_VALUE = 35
SIGNED = {
    "host",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-version",
}
Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Sent:
    """A message it took."""

    phone: str
    template: str
    params: dict[str, str]
    out_id: str
    status: int = 3


@dataclass
class SmsProvider:
    """The service; ``url`` is where it is reached."""

    sent: list[Sent] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    # Answered to SendSms instead of taking the message, oldest first: (code, message), or an HTTP
    # status with no proper body.
    failures: list[tuple[str, str] | int] = field(default_factory=list)
    # Takes so many messages and hangs up before it answers.
    hangs_up: int = 0
    may_query: bool = True
    nonces: set[str] = field(default_factory=set)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        provider = self

        class Handler(_Handler):
            office = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def texts(self) -> list[str]:
        """What was taken, as the general template puts it."""
        return [sent.params["text"] for sent in self.sent]

    def answered(self, raw_query: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """Answer a request; None hangs up."""
        trouble = self._distrusted(raw_query, headers, body)
        if trouble:
            return 400, {"Code": trouble, "Message": "told by the double", "RequestId": "r"}
        action = headers["x-acs-action"]
        self.actions.append(action)
        query = dict(parse_qsl(raw_query, keep_blank_values=True, strict_parsing=True))
        return self._send(query) if action == "SendSms" else self._details(query)

    def _distrusted(self, raw_query: str, headers: Mapping[str, str], body: bytes) -> str:
        algorithm, _, rest = headers.get("authorization", "").partition(" ")
        parts = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
        if algorithm != "ACS3-HMAC-SHA256" or parts.get("Credential") != KEY_ID:
            return "InvalidAccessKeyId.NotFound"
        names = parts["SignedHeaders"].split(";")
        if names != sorted(names) or not set(names) >= SIGNED:
            return "IncompleteSignature"
        if headers["x-acs-content-sha256"] != hashlib.sha256(body).hexdigest():
            return "SignatureDoesNotMatch"
        if parts["Signature"] != self._signature(raw_query, headers, names):
            return "SignatureDoesNotMatch"
        at = datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ")
        if abs(datetime.now(timezone.utc).replace(tzinfo=None) - at) > timedelta(minutes=15):
            return "InvalidTimeStamp.Expired"
        if headers["x-acs-signature-nonce"] in self.nonces:
            return "SignatureNonceUsed"
        self.nonces.add(headers["x-acs-signature-nonce"])
        return "" if headers["x-acs-version"] == "2017-05-25" else "InvalidVersion"

    def _signature(self, raw_query: str, headers: Mapping[str, str], names: list[str]) -> str:
        pairs = sorted(part.partition("=") for part in raw_query.split("&"))
        for name, _, value in pairs:
            # Percent-encoding in its one canonical form, small hex digits or a plus are not.
            assert "+" not in name + value
            assert _encoded(unquote(value)) == value
        text = "POST\n/\n" + "&".join("".join(pair) for pair in pairs) + "\n"
        text += "".join(f"{name}:{headers[name].strip()}\n" for name in names) + "\n"
        text += ";".join(names) + "\n" + headers["x-acs-content-sha256"]
        to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(text.encode()).hexdigest()
        return hmac.new(SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest()

    def _send(self, query: Mapping[str, str]) -> Answer | None:
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, int):
                return failure, {}
            return 200, {"Code": failure[0], "Message": failure[1], "RequestId": "r"}
        refusal = _refusal(query)
        if refusal:
            return 200, {"Code": refusal, "Message": "told by the double", "RequestId": "r"}
        params = json.loads(query["TemplateParam"])
        self.sent.append(Sent(query["PhoneNumbers"], query["TemplateCode"], params, query["OutId"]))
        if self.hangs_up:
            self.hangs_up -= 1
            return None
        return 200, {"Code": "OK", "Message": "OK", "BizId": "900619746936498440^0"}

    def _details(self, query: Mapping[str, str]) -> Answer:
        if not self.may_query:
            return 403, {
                "Code": "Forbidden.RAM",
                "Message": "User not authorized",
                "RequestId": "r",
            }
        here = datetime.now(timezone(timedelta(hours=8)))
        days = [here, here - timedelta(days=1)]
        assert query["SendDate"] in [day.strftime("%Y%m%d") for day in days]
        assert 1 <= int(query["PageSize"]) <= 50
        rows = [
            {"OutId": s.out_id, "PhoneNum": s.phone, "SendStatus": s.status, "Content": "…"}
            for s in self.sent
            if s.phone == query["PhoneNumber"] and query["SendDate"] == days[0].strftime("%Y%m%d")
        ]
        return 200, {
            "Code": "OK",
            "TotalCount": str(len(rows)),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows},
        }


def _encoded(text: str) -> str:
    plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in text.encode())


def _refusal(query: Mapping[str, str]) -> str:
    phone = query["PhoneNumbers"]
    if not (phone.isdigit() and len(phone) == 11 and phone.startswith("1")):
        return "isv.MOBILE_NUMBER_ILLEGAL"
    if query["SignName"] != SIGN_NAME:
        return "isv.SMS_SIGNATURE_ILLEGAL"
    if query["TemplateCode"] not in TEMPLATES:
        return "isv.SMS_TEMPLATE_ILLEGAL"
    params = json.loads(query["TemplateParam"])
    if not TEMPLATES[query["TemplateCode"]] <= set(params):
        return "isv.TEMPLATE_MISSING_PARAMETERS"
    if any(len(value) > LONGEST_VALUE for value in params.values()):
        return "isv.PARAM_LENGTH_LIMIT"
    return ""


class _Handler(BaseHTTPRequestHandler):
    office: SmsProvider

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.office.answered(parts.query, headers, body)
        if answer is None:
            self.close_connection = True
            return
        status, content = answer
        text = json.dumps(content, ensure_ascii=False).encode() if content else b"<html>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        pass
