"""Requests that belong to a call that is there already: BYE, a new INVITE, keys, news."""

from __future__ import annotations

from voice.transports.dtmf import INFO_TYPES, info_keys
from voice.transports.sip.exchange import ALLOWED, KNOWN, Incoming
from voice.transports.sip.leg import Leg
from voice.transports.sip.line import Line
from voice.transports.sip.negotiation import is_acceptable


def take_within(leg: Leg, incoming: Incoming) -> None:
    """Take a request of the caller's side."""
    if incoming.method == "ACK":
        leg.acknowledged(incoming)
    elif incoming.cseq.number < leg.dialog.remote_cseq:
        leg.line.answer(incoming, 500)  # older than what we have seen (RFC 3261, 12.2.2)
    else:
        leg.dialog.heard(incoming)
        handler = _HANDLERS.get(incoming.method)
        if handler is not None:
            handler(leg, incoming)
        else:
            refuse_method(leg.line, incoming)


def refuse_method(line: Line, incoming: Incoming, tag: str = "") -> None:
    """Answer a method that we do not do, or not here."""
    status = 405 if incoming.method in KNOWN else 501
    line.answer(incoming, status, tag=tag, more=[_allow()])


def _bye(leg: Leg, bye: Incoming) -> None:
    leg.line.answer(bye, 200)
    if leg.state == "ringing":
        leg.refuse(487)
    else:
        leg.release()


def _invited_again(leg: Leg, invite: Incoming) -> None:
    if leg.state == "ringing":
        leg.line.answer(invite, 500, more=[("retry-after", "1")])
    elif is_acceptable(invite.request.body):
        leg.accept(invite)
    else:
        leg.line.answer(invite, 488)  # the call goes on as it was


def _info(leg: Leg, info: Incoming) -> None:
    kind = info.request.headers.first("content-type")
    keys = info_keys(kind, info.request.body) if info.request.body else ""
    if keys is None:
        leg.line.answer(info, 415, more=[("accept", ", ".join(INFO_TYPES))])
        return
    leg.line.answer(info, 200)
    if leg.media is not None:
        leg.media.press(keys)


def _notified(leg: Leg, notify: Incoming) -> None:
    if leg.hand_over is None:
        leg.line.answer(notify, 481)
        return
    leg.line.answer(notify, 200)
    state = notify.request.headers.first("subscription-state")
    leg.hand_over.notified(notify.request.body, state)


def _options(leg: Leg, options: Incoming) -> None:
    leg.line.answer(options, 200, more=[_allow()])


def _allow() -> tuple[str, str]:
    return ("allow", ", ".join(ALLOWED))


_HANDLERS = {
    "BYE": _bye,
    "INVITE": _invited_again,
    "INFO": _info,
    "NOTIFY": _notified,
    "OPTIONS": _options,
}
