"""Text messages through Alibaba Cloud (Dysmsapi 2017-05-25), over its signed HTTP interface.

The one place that knows its error codes. Addresses of requests hold phone numbers, so no request,
no address and no words of an answer are ever logged or raised: codes and class names are.
Signature: https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings

from bot.channels.delivery import TryLater, Undeliverable

BASE_URL = "https://dysmsapi.aliyuncs.com"
ALGORITHM = "ACS3-HMAC-SHA256"
VERSION = "2017-05-25"
TIMEOUT_SECONDS = 8.0
NETWORK_WAIT_SECONDS = 5.0
SERVER_WAIT_SECONDS = 30.0
UNNAMED_WAIT_SECONDS = 300.0
# Until somebody has put it right in the provider's console or in the settings.
OFFICE_WAIT_SECONDS = 1800.0
MOST_DETAILS = 50
# SendStatus of a message that the telephone company could not deliver.
_FAILED = 2
_PROVIDERS_ZONE = ZoneInfo("Asia/Shanghai")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_CODE = re.compile(r"[A-Za-z]{1,20}(?:[._][A-Za-z]{1,20}){0,5}")
_CLAUSE_ENDS = "。！？；，、"

_FOR_GOOD = {
    "isv.MOBILE_NUMBER_ILLEGAL": "no mobile number",
    "isv.MOBILE_COUNT_OVER_LIMIT": "no mobile number",
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": "the template is for abroad",
    "isv.BLACK_KEY_CONTROL_LIMIT": "the words are refused",
    "isv.SMS_CONTENT_ILLEGAL": "the words are refused",
    "isv.PARAM_NOT_SUPPORT_URL": "the words are refused",
    "isv.PARAM_LENGTH_LIMIT": "the text is too long",
    "isv.INVALID_PARAMETERS": "the parameters are refused",
    "isv.INVALID_JSON_PARAM": "the parameters are refused",
    "isv.TEMPLATE_MISSING_PARAMETERS": "the template wants other parameters",
    "isv.TEMPLATE_PARAMS_ILLEGAL": "the template wants other parameters",
}
_LATER = {
    "isv.DAY_LIMIT_CONTROL": (6 * 3600.0, "the messages of today are used up"),
    "isv.MONTH_LIMIT_CONTROL": (6 * 3600.0, "the messages of the month are used up"),
    "isp.SYSTEM_ERROR": (SERVER_WAIT_SECONDS, "the provider is busy"),
    "ServiceUnavailable": (SERVER_WAIT_SECONDS, "the provider is busy"),
    "InternalError": (SERVER_WAIT_SECONDS, "the provider is busy"),
    "SignatureNonceUsed": (1.0, "the number of the request was used"),
    "isv.OUT_OF_SERVICE": (OFFICE_WAIT_SECONDS, "the account has no money left"),
    "isv.AMOUNT_NOT_ENOUGH": (OFFICE_WAIT_SECONDS, "the account has no money left"),
    "isv.ACCOUNT_NOT_EXISTS": (OFFICE_WAIT_SECONDS, "the account is not known"),
    "isv.ACCOUNT_ABNORMAL": (OFFICE_WAIT_SECONDS, "the account is blocked"),
    "isv.PRODUCT_UN_SUBSCRIPT": (OFFICE_WAIT_SECONDS, "the service is not booked"),
    "isv.PRODUCT_UNSUBSCRIBE": (OFFICE_WAIT_SECONDS, "the service is not booked"),
    "isv.SMS_SIGNATURE_ILLEGAL": (OFFICE_WAIT_SECONDS, "BOT_SMS_SIGN_NAME is refused"),
    "isv.SMS_SIGN_ILLEGAL": (OFFICE_WAIT_SECONDS, "BOT_SMS_SIGN_NAME is refused"),
    "isv.SIGN_STATE_ILLEGAL": (OFFICE_WAIT_SECONDS, "BOT_SMS_SIGN_NAME is refused"),
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": (OFFICE_WAIT_SECONDS, "sign name and template do not fit"),
    "isv.SMS_TEMPLATE_ILLEGAL": (OFFICE_WAIT_SECONDS, "the template is refused"),
    "isv.DENY_IP_RANGE": (OFFICE_WAIT_SECONDS, "the address of this server is refused"),
    "isp.RAM_PERMISSION_DENY": (OFFICE_WAIT_SECONDS, "the key has no right to send"),
    "Forbidden.RAM": (OFFICE_WAIT_SECONDS, "the key has no right to send"),
    "SignatureDoesNotMatch": (OFFICE_WAIT_SECONDS, "BOT_SMS_ACCESS_KEY_SECRET is not right"),
    "InvalidTimeStamp.Expired": (OFFICE_WAIT_SECONDS, "the clock of this machine is wrong"),
}
# Codes that come with something behind them.
_LATER_BEGINNINGS = {
    "InvalidAccessKeyId": (OFFICE_WAIT_SECONDS, "BOT_SMS_ACCESS_KEY_ID is not known"),
    "Throttling": (10.0, "too many requests"),
}
_BUSY = frozenset({"isp.SYSTEM_ERROR", "ServiceUnavailable", "InternalError", "Throttling"})
_TOO_OFTEN = "isv.BUSINESS_LIMIT_CONTROL"
_TOO_OFTEN_SECONDS = {"分钟": 60.0, "小时": 3600.0, "天": 6 * 3600.0}


@dataclass(frozen=True)
class Sms:
    """A text message on its way; ``key`` is the same at every attempt.

    Without a ``template`` it goes by the general one, which takes the text. ``first_tried`` says
    how long ago it may have been sent already, None if it cannot have been.
    """

    key: str
    phone: str
    text: str
    template: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    first_tried: timedelta | None = None


@dataclass(frozen=True)
class Account:
    """The office's account at the provider."""

    key_id: str
    secret: str
    sign_name: str
    template: str
    base_url: str

    @property
    def host(self) -> str:
        """What stands in the Host header."""
        return urlsplit(self.base_url).netloc

    @property
    def is_complete(self) -> bool:
        """Whether messages can be sent with it."""
        return all((self.key_id, self.secret, self.sign_name, self.template))


def account() -> Account:
    """Return the account of the settings."""
    return Account(
        settings.BOT_SMS_ACCESS_KEY_ID,
        settings.BOT_SMS_ACCESS_KEY_SECRET,
        settings.BOT_SMS_SIGN_NAME,
        settings.BOT_SMS_TEMPLATE,
        settings.BOT_SMS_BASE_URL or BASE_URL,
    )


def is_set_up() -> bool:
    """Whether this office can send text messages."""
    return account().is_complete


def is_mobile(phone: str) -> bool:
    """Whether a number takes text messages."""
    return _MOBILE.fullmatch(phone) is not None


def sms_send(message: Sms) -> None:
    """Have a message sent, or raise Undeliverable (for good) or TryLater.

    The provider sends twice what it is asked twice, so after an attempt that may have come through
    it is asked first whether it has the message.
    """
    office = account()
    if not office.is_complete:
        raise TryLater("text messages are not set up", OFFICE_WAIT_SECONDS)
    if message.first_tried is not None and _is_sent(office, message, message.first_tried):
        return
    params = message.params if message.template else {"text": fitting(message.text)}
    query = {
        "PhoneNumbers": message.phone,
        "SignName": office.sign_name,
        "TemplateCode": message.template or office.template,
        "TemplateParam": json.dumps(dict(params), ensure_ascii=False),
        "OutId": message.key,
    }
    answer = _call(office, "SendSms", query)
    if answer.get("Code") != "OK":
        raise _named(answer)


def fitting(text: str) -> str:
    """Return as many whole clauses as a template's variable takes; never a torn word, if it can."""
    words = " ".join(text.split())
    longest = settings.BOT_SMS_TEXT_LENGTH
    if len(words) <= longest:
        return words
    ends = max(words.rfind(mark, 0, longest) for mark in _CLAUSE_ENDS)
    if ends < 0:
        return words[: longest - 1] + "…"
    return words[:ends] + "。"


def authorization(
    key_id: str, secret: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    """Return the value of ``Authorization`` for a POST to / without a body.

    ``headers`` are all that are signed, by their names in small letters.
    """
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    content = headers["x-acs-content-sha256"]
    request = "\n".join(("POST", "/", canonical_query(query), lines, names, content))
    hashed = hashlib.sha256(request.encode()).hexdigest()
    signature = hmac.new(secret.encode(), f"{ALGORITHM}\n{hashed}".encode(), hashlib.sha256)
    return (
        f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature.hexdigest()}"
    )


def canonical_query(query: Mapping[str, str]) -> str:
    """Return a query as it is signed and sent: sorted, percent-encoded by RFC 3986."""
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items())
    )


def _call(office: Account, action: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Ask the provider; its answer has a ``Code``, also when it refuses."""
    headers = {
        "host": office.host,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": uuid4().hex,
        "x-acs-version": VERSION,
    }
    signed = authorization(office.key_id, office.secret, query, headers)
    address = f"{office.base_url.rstrip('/')}/?{canonical_query(query)}"
    try:
        with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            answered = client.post(address, headers={**headers, "Authorization": signed})
        answer = answered.json()
    except httpx.HTTPError as error:
        raise TryLater(type(error).__name__, NETWORK_WAIT_SECONDS) from None
    except ValueError:
        raise TryLater("no proper answer", SERVER_WAIT_SECONDS) from None
    if not isinstance(answer, dict):
        raise TryLater("no proper answer", SERVER_WAIT_SECONDS)
    return answer


def _is_sent(office: Account, message: Sms, first_tried: timedelta) -> bool:
    """Whether the provider has the message since the first attempt."""
    now = datetime.now(_PROVIDERS_ZONE)
    for day in sorted({(now - first_tried).date(), now.date()}):
        query = {
            "PhoneNumber": message.phone,
            "SendDate": day.strftime("%Y%m%d"),
            "PageSize": str(MOST_DETAILS),
            "CurrentPage": "1",
        }
        answer = _call(office, "QuerySendDetails", query)
        code = str(answer.get("Code", ""))
        if code in _BUSY or code.partition(".")[0] in _BUSY:
            raise _named(answer)
        if _holds(answer, message.key):
            return True
    return False


def _holds(answer: Mapping[str, Any], key: str) -> bool:
    """Whether a list of messages has one with this key; a key without the right to ask has none."""
    lists = answer.get("SmsSendDetailDTOs")
    details = lists.get("SmsSendDetailDTO") if isinstance(lists, dict) else None
    return any(
        detail.get("OutId") == key and detail.get("SendStatus") != _FAILED
        for detail in details or []
    )


def _named(answer: Mapping[str, Any]) -> Undeliverable | TryLater:
    """Say of a refusal whether trying again can help; the only place that does."""
    code = str(answer.get("Code", ""))
    if code in _FOR_GOOD:
        return Undeliverable(_FOR_GOOD[code])
    if code == _TOO_OFTEN:
        return TryLater("too many messages to this number", _pause(answer))
    named = _LATER.get(code) or _LATER_BEGINNINGS.get(code.partition(".")[0])
    if named is None:
        return TryLater(_unnamed(code), UNNAMED_WAIT_SECONDS)
    seconds, reason = named
    return TryLater(reason, seconds)


def _pause(answer: Mapping[str, Any]) -> float:
    """How long a number takes no more: the limit of a minute, an hour or a day was passed."""
    told = str(answer.get("Message", ""))
    named = [seconds for word, seconds in _TOO_OFTEN_SECONDS.items() if word in told]
    return named[0] if named else _TOO_OFTEN_SECONDS["小时"]


def _unnamed(code: str) -> str:
    """A code in letters only: whatever else there is stays outside."""
    return f"refused: {code.replace('.', '_')}" if _CODE.fullmatch(code) else "refused"
