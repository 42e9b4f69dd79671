"""What both sides of a call remember of it, and requests of ours that belong to it (RFC 3261, 12).

Requests go straight to the next hop if its address is a peer's, else to where the other side
last spoke from: a telephone behind an address translator gives an address that leads nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from voice.transports.rtp import Network, is_within
from voice.transports.sip.exchange import Incoming, Pairs
from voice.transports.sip.fields import (
    host_and_port,
    parameters_of,
    read_address,
    split_outside_quotes,
    values_of,
)
from voice.transports.sip.message import Headers, Request
from voice.transports.sip.transactions import Source, new_branch


@dataclass
class Dialog:
    """One call between two sides; ``local`` and ``remote`` are whole header values."""

    call_id: str
    tag: str
    remote_tag: str
    local: str
    remote: str
    target: str
    route: tuple[str, ...]
    remote_cseq: int
    source: Source
    own: Source
    local_cseq: int = 0

    @property
    def contact(self) -> str:
        """Where we want to be reached within the call."""
        return f"<sip:{_written(self.own)}>"

    def request(self, method: str, more: Pairs = ()) -> tuple[Request, str]:
        """Return the next request of ours and the name of its transaction."""
        self.local_cseq += 1
        branch = new_branch()
        uri, route = self._routed()
        headers = [
            ("via", f"SIP/2.0/UDP {_written(self.own)};branch={branch};rport"),
            ("max-forwards", "70"),
            *(("route", value) for value in route),
            ("from", self.local),
            ("to", self.remote),
            ("call-id", self.call_id),
            ("cseq", f"{self.local_cseq} {method}"),
            ("contact", self.contact),
            *more,
        ]
        return Request(method, uri, Headers(headers)), branch

    def destination(self, peers: tuple[Network, ...]) -> Source:
        """Return where requests of ours are sent."""
        hop = host_and_port(read_address(self.route[0]).uri if self.route else self.target)
        if hop is None or not is_within(hop[0], peers):
            return self.source
        return (str(ip_address(hop[0])), hop[1])

    def heard(self, incoming: Incoming) -> None:
        """Take the number, the place and perhaps a new contact from a request of theirs."""
        self.remote_cseq = incoming.cseq.number
        self.source = incoming.source
        if incoming.method == "INVITE":
            self.target = _contact_of(incoming) or self.target

    def _routed(self) -> tuple[str, tuple[str, ...]]:
        """The request's URI and its Route headers; a first hop without ``lr`` wants its own way."""
        if not self.route:
            return self.target, ()
        first = read_address(self.route[0]).uri
        if "lr" in parameters_of(split_outside_quotes(first, ";")[1:]):
            return self.target, self.route
        return first, (*self.route[1:], f"<{self.target}>")


def dialog_of(invite: Incoming, tag: str, own: Source) -> Dialog:
    """Return the dialog that an INVITE from outside begins."""
    headers = invite.request.headers
    return Dialog(
        call_id=invite.call_id,
        tag=tag,
        remote_tag=invite.sender.tag,
        local=f"{headers.first('to')};tag={tag}",
        remote=headers.first("from"),
        target=_contact_of(invite) or invite.sender.uri,
        route=tuple(values_of(headers, "record-route")),
        remote_cseq=invite.cseq.number,
        source=invite.source,
        own=own,
    )


def _contact_of(incoming: Incoming) -> str:
    contacts = values_of(incoming.request.headers, "contact")
    uri = read_address(contacts[0]).uri if contacts else ""
    return "" if any(letter.isspace() for letter in uri) else uri


def _written(source: Source) -> str:
    host, port = source
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
