"""A mail server on a real socket of this machine: takes mail, or refuses what it is told to."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class MailServer:
    """The server; with a ``login`` (name, password) it takes nothing before that."""

    login: tuple[str, str] | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    # Answered to RCPT instead of 250, oldest first.
    refusals: list[str] = field(default_factory=list)
    _server: socketserver.ThreadingTCPServer | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.server_address[1])

    def start(self) -> None:
        office = self

        class Handler(_Handler):
            server_side = office

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()


class _Handler(socketserver.StreamRequestHandler):
    server_side: MailServer
    is_known = False

    def handle(self) -> None:
        self._say("220 double ESMTP")
        while line := self.rfile.readline():
            words = line.decode().strip()
            verb = words.partition(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            self._say(self._answer(verb, words))

    def _answer(self, verb: str, words: str) -> str:
        office = self.server_side
        if verb == "EHLO":
            return "250-double\r\n250 AUTH PLAIN" if office.login else "250 double"
        if verb == "AUTH":
            given = base64.b64decode(words.split()[2]).decode().split("\0")[1:]
            self.is_known = office.login == tuple(given)
            return "235 welcome" if self.is_known else "535 5.7.8 who are you"
        if verb == "MAIL":
            return "250 ok" if self.is_known or not office.login else "530 5.7.0 log in first"
        if verb == "RCPT":
            return office.refusals.pop(0) if office.refusals else "250 ok"
        if verb == "DATA":
            return self._mail()
        return "250 ok" if verb in ("RSET", "NOOP") else "500 what"

    def _mail(self) -> str:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        read = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server_side.mails.append(read)
        return "250 taken"

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")
