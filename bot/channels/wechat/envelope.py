"""What WeChat's server sends and gets back: signatures, encryption, XML. No clock, no database.

The signature stands for WeChat itself; in safe mode it covers the encrypted words as well. A
declared entity makes a message malformed, so nothing outside it is ever read.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import WeChatException
from wechatpy.replies import TextReply
from wechatpy.utils import WeChatSigner

REPLAY_SECONDS = 300.0
LONGEST_TEXT = 4000
LONGEST_MEDIA_ID = 200
# XML 1.0 cannot carry these, and WeChat refuses a reply with them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class NotFromWechat(Exception):
    """The signature is wrong or old; answer with 403."""


class Malformed(Exception):
    """WeChat would not write this; answer with 400."""


@dataclass(frozen=True)
class Keys:
    """What the account's console and we agree on; with ``aes_key`` only safe mode is accepted."""

    app_id: str
    token: str
    aes_key: str = ""


@dataclass(frozen=True)
class Pushed:
    """A message or an event; ``message_id`` is the same at each of WeChat's attempts."""

    message_id: str
    openid: str
    account: str
    kind: str
    text: str = ""
    event: str = ""
    event_key: str = ""
    # Where WeChat keeps what was sent, for three days.
    media_id: str = ""


def check_signature(keys: Keys, query: Mapping[str, str], now: float) -> None:
    """Raise NotFromWechat unless the query was signed with our token within five minutes."""
    given = [query.get(name, "") for name in ("signature", "timestamp", "nonce")]
    _compare(given[0], keys.token, *given[1:])
    if not given[1].isdecimal() or abs(now - int(given[1])) > REPLAY_SECONDS:
        raise NotFromWechat("old timestamp")


def opened(keys: Keys, query: Mapping[str, str], body: bytes) -> Pushed:
    """Return what was pushed; the query's own signature has been checked."""
    outer = _fields(body)
    if not keys.aes_key:
        if "Encrypt" in outer and "MsgType" not in outer:
            raise Malformed("it is encrypted, and BOT_WECHAT_AES_KEY is empty")
        return _pushed(outer)
    encrypted = outer.get("Encrypt")
    if not encrypted:
        raise NotFromWechat("expected safe mode: it is not encrypted")
    signature = query.get("msg_signature", "")
    _compare(signature, keys.token, query["timestamp"], query.get("nonce", ""), encrypted)
    return _pushed(_fields(_decrypted(keys, encrypted)))


def text_reply(keys: Keys, pushed: Pushed, text: str, nonce: str, now: float) -> str:
    """Return the XML that answers a push with words, encrypted in safe mode."""
    content = _UNPRINTABLE.sub("", text).replace("]]>", "]] >")
    reply = TextReply(
        source=pushed.account, target=pushed.openid, content=content, time=int(now)
    ).render()
    if not keys.aes_key:
        return str(reply)
    crypto = WeChatCrypto(keys.token, keys.aes_key, keys.app_id)
    return str(crypto.encrypt_message(reply, nonce, str(int(now))))


def _compare(given: str, *signed: str) -> None:
    signer = WeChatSigner()
    signer.add_data(*signed)
    if not hmac.compare_digest(signer.signature.encode(), given.encode("utf-8", "replace")):
        raise NotFromWechat("wrong signature")


def _decrypted(keys: Keys, encrypted: str) -> bytes:
    key = WeChatCrypto(keys.token, keys.aes_key, keys.app_id).key
    try:
        return str(PrpCrypto(key).decrypt(encrypted, keys.app_id)).encode()
    except WeChatException as error:
        raise NotFromWechat("it is meant for another account") from error
    except Exception as error:
        # The cipher tells of a wrong key in many ways: padding, length, encoding.
        raise Malformed("BOT_WECHAT_AES_KEY does not open it") from error


def _fields(body: bytes) -> dict[str, str]:
    """Return the plain elements below the root; what holds further elements is left out."""
    try:
        root = xmltodict.parse(body)
    except (ExpatError, ValueError, LookupError, RecursionError) as error:
        raise Malformed(f"expected XML ({type(error).__name__})") from error
    fields: Any = root.get("xml")
    if not isinstance(fields, dict):
        raise Malformed("expected a root named xml with elements")
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _pushed(fields: Mapping[str, str]) -> Pushed:
    try:
        kind = fields["MsgType"].lower()
        openid, account, created = (
            fields[name] for name in ("FromUserName", "ToUserName", "CreateTime")
        )
    except KeyError as error:
        raise Malformed(f"expected an element {error}") from error
    event = fields.get("Event", "").lower()
    event_key = fields.get("EventKey", "")
    if not fields.get("MsgId") and kind != "event":
        raise Malformed("expected an element MsgId")
    return Pushed(
        message_id=_message_id(fields.get("MsgId", ""), openid, created, event, event_key),
        openid=openid,
        account=account,
        kind=kind,
        text=fields.get("Recognition" if kind == "voice" else "Content", "")[:LONGEST_TEXT],
        event=event,
        event_key=event_key,
        media_id=fields.get("MediaId", "")[:LONGEST_MEDIA_ID],
    )


def _message_id(given: str, *event: str) -> str:
    """Events have no id of their own; sender, second and kind make one that tells nothing."""
    if given:
        return f"wx-{given[:40]}"
    return f"wx-event-{hashlib.sha256(chr(0).join(event).encode()).hexdigest()[:40]}"
