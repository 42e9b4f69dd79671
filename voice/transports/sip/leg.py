"""One caller's telephone call, from INVITE to BYE.

It rings for a moment, is answered, and its call is stepped from the ACK on: only then is it known
that the caller hears. Whoever ends it, everything it holds is given back exactly once. Requests
that come in between are read in ``within``.
"""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Callable
from typing import Literal

from voice.answerer import CallInfo
from voice.errors import Busy
from voice.guard import Stepped, where
from voice.transports.sip.dialog import dialog_of
from voice.transports.sip.exchange import ALLOWED, Incoming, Pairs
from voice.transports.sip.fields import caller_digits
from voice.transports.sip.handover import HandOver
from voice.transports.sip.line import Line
from voice.transports.sip.media import Media
from voice.transports.sip.negotiation import Negotiation, is_acceptable
from voice.transports.sip.ports import NoPort
from voice.transports.sip.talk import Talk

log = logging.getLogger(__name__)

State = Literal["ringing", "answered", "talking", "over"]


class Leg:
    """``ended`` is told once, when there is nothing left of it."""

    def __init__(self, line: Line, invite: Incoming, ended: Callable[[Leg], None]) -> None:
        self.line = line
        self.invite = invite
        self.call_id = uuid.uuid4().hex
        self.tag = secrets.token_hex(8)
        self.state: State = "ringing"
        self.dialog = dialog_of(invite, self.tag, line.own(invite.source[0]))
        self.media: Media | None = None
        self.hand_over: HandOver | None = None
        self._ended = ended
        self._call: Stepped | None = None
        self._talk: Talk | None = None
        self._negotiation: Negotiation | None = None
        self._accepted = invite

    @property
    def is_over(self) -> bool:
        """Whether it holds nothing any more."""
        return self.state == "over"

    def ring(self) -> None:
        """Begin; what cannot be agreed on is refused at once."""
        if not is_acceptable(self.invite.request.body):
            self.refuse(488)
            return
        self.line.answer(self.invite, 180, tag=self.tag, more=self._contact())
        self.line.timers.call_later(self.line.settings.ring_seconds, self._answer)

    def accept(self, invite: Incoming) -> None:
        """Say yes to an INVITE, the first or a later one, until the ACK comes."""
        assert self._negotiation is not None
        body = self._negotiation.invited(invite.request.body, invite.source[0])
        more = [*self._contact(), ("allow", ", ".join(ALLOWED))]
        self._accepted = invite
        self.line.answer(
            invite, 200, tag=self.tag, more=more, body=body, gave_up=self._not_acknowledged
        )

    def acknowledged(self, ack: Incoming) -> None:
        """Take the ACK of the INVITE accepted last; the first begins the talk."""
        if ack.cseq.number != self._accepted.cseq.number or self._negotiation is None:
            return
        self.line.answered.heard(self._accepted.key)
        if not self._negotiation.acknowledged(ack.request.body, ack.source[0]):
            self.hang_up()
        elif self.state == "answered" and self._talk is not None:
            self.state = "talking"
            self.line.pace(self._talk.step, lambda: self.is_over)

    def refuse(self, status: int) -> None:
        """Do not take this call, whatever the caller may have sent or done."""
        self.line.counts["refused"] += 1
        self.line.answer(self.invite, status, tag=self.tag)
        self.release()

    def hang_up(self) -> None:
        """End the call from our side."""
        if self.state == "ringing":
            self.line.busy(self.invite, self.tag)
        elif self.state != "over":
            self._ask("BYE", lambda status: None)
        self.release()

    def release(self) -> None:
        """Give everything back; a second time does nothing."""
        if self.state == "over":
            return
        self.state = "over"
        if self._negotiation is not None:
            self.line.answered.heard(self._accepted.key)
        if self.hand_over is not None:
            self.hand_over.stop()
        if self.media is not None:
            self.media.close()
        if self._call is not None:
            self._close(self._call)
        self._ended(self)

    def _answer(self) -> None:
        if self.state != "ringing":
            return
        try:
            self._begin()
        except (Busy, NoPort):
            self.line.busy(self.invite, self.tag)
            self.release()
        except Exception as error:  # noqa: BLE001 (whatever broke, other calls go on)
            log.error("call %s could not be begun: %s", self.call_id, where(error))
            self.refuse(500)

    def _begin(self) -> None:
        """Take what a call needs, or raise Busy or NoPort, and say yes."""
        info = CallInfo(self.call_id, caller_digits(self.invite.request.headers), "sip")
        self.media = media = self.line.media()
        self._call = call = self.line.call(info)
        self.line.counts["answered"] += 1
        self.state = "answered"
        host = self.line.settings.advertised_host or self.dialog.own[0]
        self._negotiation = Negotiation(media, host)
        self._talk = Talk(call, media, self.line.settings.hold_seconds, self._finished)
        self.accept(self.invite)

    def _not_acknowledged(self) -> None:
        log.info("call %s: the caller never confirmed that we answered", self.call_id)
        self.hang_up()

    def _finished(self, how: str) -> None:
        """The call itself is over: ``how`` is its outcome, or "held" or "failed"."""
        target = self.line.settings.hand_over_target
        if how == "hand_over" and target:
            self.hand_over = HandOver(self.line.timers, self._ask, target, self._handed_over)
        elif how == "hand_over":
            self._handed_over(False)
        else:
            self.hang_up()

    def _handed_over(self, succeeded: bool) -> None:
        self.line.counts["handed_over" if succeeded else "hand_over_refused"] += 1
        self.hand_over = None
        if not succeeded and self._talk is not None and self._talk.go_on():
            return
        self.hang_up()

    def _ask(self, method: str, heard: Callable[[int], None], more: Pairs = ()) -> None:
        request, branch = self.dialog.request(method, more)
        destination = self.dialog.destination(self.line.settings.peers)
        self.line.asked.ask(request, branch, destination, heard)

    def _contact(self) -> list[tuple[str, str]]:
        return [("contact", self.dialog.contact)]

    def _close(self, call: Stepped) -> None:
        try:
            if not call.is_over:
                call.hung_up()
            self.line.close(call)
        except Exception as error:  # noqa: BLE001 (the line goes on)
            log.error("call %s did not end well: %s", self.call_id, where(error))
