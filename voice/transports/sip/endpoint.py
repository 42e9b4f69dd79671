"""Everything that arrives at our SIP port, shared out to the calls; no socket, no clock of its own.

Strangers and noise are counted and get no answer. Nothing that a datagram says can raise here, and
what goes wrong in one call stays there.
"""

from __future__ import annotations

import logging
import secrets

from voice.guard import where
from voice.transports.rtp import is_within
from voice.transports.sip.exchange import ALLOWED, Incoming, answer_to, read_incoming
from voice.transports.sip.fields import read_cseq, read_via, values_of
from voice.transports.sip.leg import Leg
from voice.transports.sip.line import Line
from voice.transports.sip.message import (
    VERSION,
    Request,
    Response,
    SipGarbled,
    parse,
    write,
)
from voice.transports.sip.transactions import Send, Source
from voice.transports.sip.within import refuse_method, take_within

log = logging.getLogger(__name__)

_BELONGS_TO_A_CALL = ("BYE", "INFO", "NOTIFY")


class SipEndpoint:
    """Answers what ``received`` is given; ``counts`` says what came."""

    def __init__(self, line: Line, send: Send) -> None:
        self._line = line
        self._send = send
        self._legs: dict[tuple[str, str], Leg] = {}
        self.counts = line.counts

    @property
    def legs(self) -> int:
        """How many telephone calls there are."""
        return len(self._legs)

    def received(self, datagram: bytes, source: Source) -> None:
        """Take what arrived; never raises."""
        if not is_within(source[0], self._line.settings.peers):
            self.counts["strangers"] += 1
            return
        if not datagram.strip(b"\r\n\0"):
            return  # what keeps an address translator's mapping alive
        try:
            self._message(parse(datagram), source)
        except SipGarbled:
            self.counts["garbled"] += 1
        except Exception as error:  # noqa: BLE001 (one datagram never harms the line)
            self.counts["failed"] += 1
            log.error("a SIP message could not be dealt with: %s", where(error))

    def close(self) -> None:
        """Hang up every call."""
        for leg in list(self._legs.values()):
            leg.hang_up()

    def _message(self, message: Request | Response, source: Source) -> None:
        via = read_via(message.headers)
        if via is None:
            raise SipGarbled("expected a Via that says where to answer")
        if isinstance(message, Response):
            cseq = read_cseq(message.headers)
            if cseq is not None:
                self._line.asked.answered(message, via, cseq)
            return
        incoming = read_incoming(message, via, source)
        wrong = 400 if incoming is None else 505 if message.version != VERSION else 0
        if incoming is not None and not wrong:
            self._request(incoming)
        elif message.method != "ACK":
            self.counts["garbled"] += 1
            answer = answer_to(message, via, source, wrong, tag=secrets.token_hex(8))
            self._send(write(answer), via.answered_at(source))

    def _request(self, incoming: Incoming) -> None:
        if incoming.method == "ACK":
            self._acknowledged(incoming)
            return
        if self._line.answered.is_repeated(incoming.key):
            self.counts["repeated"] += 1
            return
        if not self._line.answered.begin(incoming.key):
            self.counts["dropped"] += 1
            return
        required = values_of(incoming.request.headers, "require")
        if incoming.method == "CANCEL":
            self._cancelled(incoming)
        elif required:
            self._answer(incoming, 420, ("unsupported", ", ".join(required)))
        elif incoming.target.tag:
            self._within(incoming)
        else:
            self._outside(incoming)

    def _acknowledged(self, ack: Incoming) -> None:
        self._line.answered.heard(ack.key)  # has the key of an INVITE that was refused
        leg = self._leg_of(ack)
        if leg is not None:
            take_within(leg, ack)

    def _cancelled(self, cancel: Incoming) -> None:
        invite_key = (*cancel.key[:-1], "INVITE")
        legs = self._legs.values()
        leg = next((leg for leg in legs if leg.invite.key == invite_key), None)
        self._answer(cancel, 481 if leg is None else 200)
        if leg is not None and leg.state == "ringing":
            leg.refuse(487)

    def _within(self, incoming: Incoming) -> None:
        leg = self._leg_of(incoming)
        if leg is not None:
            take_within(leg, incoming)
        elif incoming.method in ALLOWED:
            self._answer(incoming, 481)
        else:
            refuse_method(self._line, incoming)

    def _outside(self, incoming: Incoming) -> None:
        if incoming.method == "INVITE":
            self._invited(incoming)
        elif incoming.method == "OPTIONS":
            allow = ("allow", ", ".join(ALLOWED))
            self._answer(incoming, 200, allow, ("accept", "application/sdp"))
        elif incoming.method in _BELONGS_TO_A_CALL:
            self._answer(incoming, 481)
        else:
            refuse_method(self._line, incoming, secrets.token_hex(8))

    def _invited(self, invite: Incoming) -> None:
        self._line.answer(invite, 100)
        if self._has_come_another_way(invite):
            self._answer(invite, 482)
        elif len(self._legs) >= self._line.settings.most_legs:
            self._line.busy(invite, secrets.token_hex(8))
        else:
            leg = Leg(self._line, invite, self._ended)
            self._legs[(invite.call_id, leg.tag)] = leg
            leg.ring()

    def _has_come_another_way(self, invite: Incoming) -> bool:
        """Whether a fork on the way sent us the same call twice (RFC 3261, 8.2.2.2)."""
        name = (invite.call_id, invite.sender.tag, invite.cseq.number)
        others = (leg.invite for leg in self._legs.values())
        return any((o.call_id, o.sender.tag, o.cseq.number) == name for o in others)

    def _leg_of(self, incoming: Incoming) -> Leg | None:
        leg = self._legs.get((incoming.call_id, incoming.target.tag))
        is_its = leg is not None and leg.invite.sender.tag == incoming.sender.tag
        return leg if is_its else None

    def _ended(self, leg: Leg) -> None:
        self._legs.pop((leg.invite.call_id, leg.tag), None)

    def _answer(self, incoming: Incoming, status: int, *more: tuple[str, str]) -> None:
        self._line.answer(incoming, status, tag=secrets.token_hex(8), more=more)
