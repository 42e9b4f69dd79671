"""The WeChat official account (公众号): residents ask by message, menu or number.

``views`` takes what WeChat pushes, ``envelope`` opens and seals it, ``answering`` answers each
message once and in time, ``wording`` cuts replies to WeChat's measure, ``api`` speaks to WeChat.
"""

from __future__ import annotations

from bot.channels.delivery import Sender


def sender() -> Sender:
    """Return the way to a resident for the outbox; loads no knowledge and no encoder."""
    from bot.channels.wechat.api import CustomerMessages

    return CustomerMessages()
