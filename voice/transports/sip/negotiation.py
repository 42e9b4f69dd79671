"""What a call's two sides say of its sound, in INVITE, 200 and ACK, and what becomes of it.

Whoever calls mostly offers and we answer; one who leaves it to us gets our offer in the 200 and
answers in the ACK. A later INVITE may change law, address or direction at any time.
"""

from __future__ import annotations

import secrets

from voice.transports.sip.media import Media
from voice.transports.sip.sdp import Here, agree, read_sdp, write_answer, write_offer


def is_acceptable(body: bytes) -> bool:
    """Whether an INVITE with this body can be accepted: an offer that suits us, or none."""
    return not body.strip() or agree(read_sdp(body)) is not None


class Negotiation:
    """Describes ``media``, reachable at ``host``."""

    def __init__(self, media: Media, host: str) -> None:
        self._media = media
        self._host = host
        self._session_id = secrets.randbits(31)
        self._version = 0
        self._is_offering = False

    def invited(self, body: bytes, source_host: str) -> bytes:
        """Return our description for the 200; an offer of theirs takes effect."""
        self._version += 1
        here = Here(self._host, self._media.port, self._session_id, self._version)
        sections = read_sdp(body)
        agreed = agree(sections)
        self._is_offering = agreed is None
        if agreed is None:
            return write_offer(here)
        self._media.agree(agreed, source_host)
        return write_answer(sections, agreed, here)

    def acknowledged(self, body: bytes, source_host: str) -> bool:
        """Take the ACK; False if it should have answered our offer and does not."""
        if not self._is_offering:
            return True
        self._is_offering = False
        agreed = agree(read_sdp(body))
        if agreed is not None:
            self._media.agree(agreed, source_host)
        return agreed is not None
