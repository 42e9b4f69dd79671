"""Settings that contradict each other fail at start, in one sentence each."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning

from bot.api.auth import parse_keys
from bot.api.sources import parse_alert_keys
from bot.casework.calendar import parse_hours
from bot.channels.email import server_of
from bot.clock import parse_moment
from bot.encryption import CIPHERS, SHORTEST_KEY, field_keys, is_offered

_WECHAT_TOGETHER = ("BOT_WECHAT_APP_ID", "BOT_WECHAT_SECRET", "BOT_WECHAT_TOKEN")
_WECHAT_NAMES = (
    *_WECHAT_TOGETHER,
    "BOT_WECHAT_AES_KEY",
    "BOT_WECHAT_BASE_URL",
    "BOT_WECHAT_LINK",
)

_SMS_TOGETHER = (
    "BOT_SMS_ACCESS_KEY_ID",
    "BOT_SMS_ACCESS_KEY_SECRET",
    "BOT_SMS_SIGN_NAME",
    "BOT_SMS_TEMPLATE",
)


@register()
def settings_agree(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Check the BOT_ settings against each other."""
    problems = [
        *_limits(),
        *_clock(),
        *_working_hours(),
        *_keys(),
        *_production(),
        *_field_key(),
        *_digest_key(),
        *_field_cipher(),
        *_telegram(),
        *_wechat(),
        *_sms(),
        *_email(),
        *_telephone(),
        *_retention(),
        *_staff(),
    ]
    return [Error(text, id=f"bot.E{number:03}") for number, text in problems]


@register(Tags.security, deploy=True)
def administrators_show_a_code(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn where a password alone lets an administrator in."""
    if settings.BOT_STAFF_TOTP == "on":
        return []
    return [
        CheckWarning("BOT_STAFF_TOTP=off: administrators sign in without a code", id="bot.W001")
    ]


def is_loopback(host: str) -> bool:
    """Whether a host to bind to is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _limits() -> list[tuple[int, str]]:
    if settings.BOT_RATE_LIMITS not in ("on", "off"):
        return [(1, f"BOT_RATE_LIMITS is on or off, not “{settings.BOT_RATE_LIMITS}”")]
    if settings.BOT_RATE_LIMITS == "off" and not is_loopback(settings.BOT_HOST):
        return [(2, f"BOT_RATE_LIMITS=off needs a loopback BOT_HOST, not {settings.BOT_HOST}")]
    return []


def _clock() -> list[tuple[int, str]]:
    if not settings.BOT_NOW:
        return []
    if settings.PRODUCTION:
        return [(3, "BOT_NOW is for trying things out; not with BOT_ENV=production")]
    try:
        parse_moment(settings.BOT_NOW)
    except ValueError:
        return [(4, f"BOT_NOW: expected 2026-11-23T09:00+08:00, got “{settings.BOT_NOW}”")]
    return []


def _working_hours() -> list[tuple[int, str]]:
    try:
        parse_hours(settings.BOT_WORKING_HOURS)
    except ValueError as error:
        return [(12, f"BOT_WORKING_HOURS: {error}")]
    return []


def _keys() -> list[tuple[int, str]]:
    try:
        parse_keys(settings.BOT_API_KEYS)
        parse_alert_keys(settings.BOT_ALERT_KEYS)
    except ValueError as error:
        return [(5, str(error))]
    return []


def _production() -> list[tuple[int, str]]:
    if settings.BOT_ENV not in ("development", "production"):
        return [(6, f"BOT_ENV is development or production, not “{settings.BOT_ENV}”")]
    if settings.PRODUCTION and not settings.BOT_SECRET_KEY:
        return [(7, "BOT_ENV=production needs BOT_SECRET_KEY")]
    return []


def _field_key() -> list[tuple[int, str]]:
    if settings.PRODUCTION and not settings.BOT_FIELD_KEY:
        return [(8, "BOT_ENV=production needs BOT_FIELD_KEY")]
    if any(len(key) < SHORTEST_KEY for key in field_keys(settings.FIELD_KEYS)):
        return [(9, f"BOT_FIELD_KEY: expected at least {SHORTEST_KEY} characters a key")]
    return []


def _field_cipher() -> list[tuple[int, str]]:
    name = settings.BOT_FIELD_CIPHER
    if name not in CIPHERS:
        return [(10, f"BOT_FIELD_CIPHER is {' or '.join(CIPHERS)}, not “{name}”")]
    if not is_offered(name):
        return [(11, f"BOT_FIELD_CIPHER={name}: the OpenSSL of this machine does not offer it")]
    return []


def _digest_key() -> list[tuple[int, str]]:
    if settings.PRODUCTION and not settings.BOT_DIGEST_KEY:
        return [(13, "BOT_ENV=production needs BOT_DIGEST_KEY")]
    if len(settings.DIGEST_KEY) < SHORTEST_KEY:
        return [(14, f"BOT_DIGEST_KEY: expected at least {SHORTEST_KEY} characters")]
    return []


def _telegram() -> list[tuple[int, str]]:
    """The webhook needs a secret and an address that Telegram can reach."""
    problems = []
    mode, secret = settings.BOT_TELEGRAM_MODE, settings.BOT_TELEGRAM_WEBHOOK_SECRET
    if mode not in ("polling", "webhook"):
        problems.append((30, f"BOT_TELEGRAM_MODE is polling or webhook, not “{mode}”"))
    if mode == "webhook" and not re.fullmatch("[A-Za-z0-9_-]{16,256}", secret):
        wanted = "expected 16 to 256 letters, digits, _ or -, for the webhook"
        problems.append((31, f"BOT_TELEGRAM_WEBHOOK_SECRET: {wanted}"))
    is_own_server = bool(settings.BOT_TELEGRAM_BASE_URL)
    if mode == "webhook" and not is_own_server and not settings.BOT_URL.startswith("https://"):
        wanted = "expected the public https address, for Telegram's webhook"
        problems.append((32, f"BOT_URL: {wanted}, got {settings.BOT_URL}"))
    for name in ("BOT_TELEGRAM_BASE_URL", "BOT_TELEGRAM_PROXY"):
        if getattr(settings, name) and not re.match(r"https?://[^/\s]", getattr(settings, name)):
            problems.append((33, f"{name}: expected an address that begins with http(s)://"))
    return problems


def _wechat() -> list[tuple[int, str]]:
    """The account's values belong together; safe mode and links are as good as their form."""
    given = {name: getattr(settings, name) for name in _WECHAT_NAMES}
    problems = []
    missing = [name for name in _WECHAT_TOGETHER if not given[name]]
    if missing and any(given.values()):
        problems.append((40, f"WeChat needs {' and '.join(missing)} too"))
    if given["BOT_WECHAT_TOKEN"] and not re.fullmatch(
        "[A-Za-z0-9]{3,32}", given["BOT_WECHAT_TOKEN"]
    ):
        problems.append((41, "BOT_WECHAT_TOKEN: expected 3 to 32 letters and digits"))
    if given["BOT_WECHAT_AES_KEY"] and not re.fullmatch(
        "[A-Za-z0-9]{43}", given["BOT_WECHAT_AES_KEY"]
    ):
        problems.append((42, "BOT_WECHAT_AES_KEY: expected 43 letters and digits"))
    for name in ("BOT_WECHAT_BASE_URL", "BOT_WECHAT_LINK"):
        if given[name] and not re.match(r"https?://[^/\s]", given[name]):
            problems.append((43, f"{name}: expected http(s)://…, got “{given[name]}”"))
    return problems


def _sms() -> list[tuple[int, str]]:
    """The account's values belong together, and numbers of residents go over encrypted lines."""
    given = {name: getattr(settings, name) for name in _SMS_TOGETHER}
    problems = []
    missing = [name for name in _SMS_TOGETHER if not given[name]]
    if missing and any(given.values()):
        problems.append((80, f"text messages need {' and '.join(missing)} too"))
    if settings.BOT_SMS_BASE_URL and not _is_safe(settings.BOT_SMS_BASE_URL):
        wanted = "expected https:// and a host"
        problems.append((81, f"BOT_SMS_BASE_URL: {wanted}, got “{settings.BOT_SMS_BASE_URL}”"))
    if settings.BOT_SMS_TEXT_LENGTH < 10:
        wanted = "expected at least 10 characters"
        problems.append((82, f"BOT_SMS_TEXT_LENGTH: {wanted}, got {settings.BOT_SMS_TEXT_LENGTH}"))
    return problems


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    is_private = parts.scheme == "https" or is_loopback(parts.hostname or "")
    return bool(is_private and parts.hostname and not parts.path.strip("/"))


def _email() -> list[tuple[int, str]]:
    """A server needs a sender; a password in the address is not repeated."""
    problems = []
    if bool(settings.BOT_EMAIL_URL) != bool(settings.BOT_EMAIL_FROM):
        problems.append((83, "BOT_EMAIL_URL and BOT_EMAIL_FROM are set together"))
    try:
        if settings.BOT_EMAIL_URL:
            server_of(settings.BOT_EMAIL_URL)
    except ValueError as error:
        problems.append((84, f"BOT_EMAIL_URL: {error}"))
    ways = set(filter(None, settings.BOT_STAFF_NOTICES.split("+")))
    if not ways <= {"email", "sms"}:
        wanted = "expected email, sms, email+sms or nothing"
        problems.append((85, f"BOT_STAFF_NOTICES: {wanted}, got “{settings.BOT_STAFF_NOTICES}”"))
    return problems


def _telephone() -> list[tuple[int, str]]:
    """The line's own settings, and that nobody but the exchange can reach it unasked."""
    return [*_telephone_words(), *_telephone_ways()]


def _telephone_words() -> list[tuple[int, str]]:
    allowed = {
        "BOT_VOICE": ("auto", "on", "off"),
        "BOT_VOICE_DEMO_MODEL": ("on", "off"),
        "BOT_VOICE_PRELOAD": ("on", "off"),
        "BOT_VOICE_ENGINE": ("espeak", "sherpa", "none"),
    }
    problems = [
        (90, f"{name} is one of {', '.join(words)}, not “{getattr(settings, name)}”")
        for name, words in allowed.items()
        if getattr(settings, name) not in words
    ]
    if settings.PRODUCTION and settings.BOT_VOICE_DEMO_MODEL == "on":
        wanted = "for trying the line out; not with BOT_ENV=production"
        problems.append((91, f"BOT_VOICE_DEMO_MODEL=on is {wanted}"))
    if settings.BOT_VOICE_ENGINE == "sherpa" and not settings.BOT_SHERPA_VOICE:
        problems.append((92, "BOT_VOICE_ENGINE=sherpa needs BOT_SHERPA_VOICE, a voice's folder"))
    if settings.BOT_VOICE_MAX_CALLS < 1:
        wanted = f"expected at least 1, got {settings.BOT_VOICE_MAX_CALLS}"
        problems.append((93, f"BOT_VOICE_MAX_CALLS: {wanted}"))
    return problems


def _telephone_ways() -> list[tuple[int, str]]:
    problems = []
    if not is_loopback(settings.BOT_VOICE_HOST) and not settings.BOT_VOICE_KEY:
        wanted = f"needs BOT_VOICE_KEY, not with {settings.BOT_VOICE_HOST} alone"
        problems.append((94, f"BOT_VOICE_HOST: an address beyond this machine {wanted}"))
    try:
        for network in re.split(r"[\s,]+", settings.BOT_SIP_PEERS):
            ipaddress.ip_network(network, strict=False)
    except ValueError:
        wanted = "expected networks such as 192.0.2.0/28, separated by commas"
        problems.append((95, f"BOT_SIP_PEERS: {wanted}, got “{settings.BOT_SIP_PEERS}”"))
    ports = re.fullmatch(r"(\d{1,5})-(\d{1,5})", settings.BOT_RTP_PORTS)
    if ports is None or not 0 < int(ports[1]) < int(ports[2]) < 65536:
        wanted = "expected two ports in order, such as 20000-20999"
        problems.append((96, f"BOT_RTP_PORTS: {wanted}, got “{settings.BOT_RTP_PORTS}”"))
    target = settings.BOT_VOICE_TRANSFER
    if target and not re.fullmatch(r"(sips?|tel):[^\s<>]+", target):
        wanted = "expected sip:… or tel:…"
        problems.append((97, f"BOT_VOICE_TRANSFER: {wanted}, got “{target}”"))
    return problems


def _staff() -> list[tuple[int, str]]:
    """Nobody stays signed in for ever in production."""
    problems = []
    if settings.BOT_STAFF_TOTP not in ("on", "off"):
        problems.append((60, f"BOT_STAFF_TOTP is on or off, not “{settings.BOT_STAFF_TOTP}”"))
    for name in ("BOT_PASSWORD_DAYS", "BOT_SESSION_MINUTES"):
        number = getattr(settings, name)
        if number < 0 or (settings.PRODUCTION and number == 0):
            wanted = "expected at least 1; 0, for never, not with BOT_ENV=production"
            problems.append((61, f"{name}: {wanted}, got {number}"))
    return problems


def _retention() -> list[tuple[int, str]]:
    """Nothing is kept for no time, and Rasa's memory not longer than the words it holds."""
    names = [name for name in dir(settings) if name.startswith("BOT_KEEP_")]
    keep = {name: getattr(settings, name) for name in names}
    problems = [
        (50, f"{name}: expected at least 1 day, got {days}")
        for name, days in keep.items()
        if days < 1
    ]
    tracker, turns = keep["BOT_KEEP_TRACKER_DAYS"], keep["BOT_KEEP_TURNS_DAYS"]
    if tracker > turns:
        wanted = f"expected at most BOT_KEEP_TURNS_DAYS, {turns}"
        problems.append((51, f"BOT_KEEP_TRACKER_DAYS: {wanted}, got {tracker}"))
    return problems
