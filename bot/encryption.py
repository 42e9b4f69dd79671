"""Ciphers for the few fields that are kept encrypted. Where the key comes from is for the settings.

A token begins with the name of its cipher, so that what another one wrote stays readable beside it.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Protocol

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

SHORTEST_KEY = 32


class Cipher(Protocol):
    """Turns a text into a token and back; ``name`` stands before its tokens."""

    name: str

    def encrypt(self, text: str) -> str:
        """Return a token without the name."""

    def decrypt(self, token: str) -> str:
        """Return the text; raises Undecipherable."""


class Undecipherable(ValueError):
    """No key at hand fits: the key was changed, or the token was."""


class FernetCipher:
    """AES-128-CBC with HMAC-SHA256. The first key encrypts, every one decrypts (rotation)."""

    name = "fernet"

    def __init__(self, *keys: str) -> None:
        self._fernet = MultiFernet([Fernet(_fernet_key(key)) for key in keys])

    def encrypt(self, text: str) -> str:
        """Return a Fernet token."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """Return the text; raises Undecipherable."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise Undecipherable("no key of BOT_FIELD_KEY fits this token") from error


def _fernet_key(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())


def field_keys(text: str) -> list[str]:
    """Read keys separated by commas, the newest first."""
    return [key for key in (part.strip() for part in text.split(",")) if key]


@lru_cache(maxsize=4)
def _ciphers(keys: str) -> tuple[Cipher, ...]:
    return (FernetCipher(*field_keys(keys)),)


def encrypt(text: str) -> str:
    """Return a token made with the cipher in force."""
    cipher = _ciphers(settings.FIELD_KEYS)[0]
    return f"{cipher.name}:{cipher.encrypt(text)}"


def decrypt(token: str) -> str:
    """Return the text of a token, whichever cipher made it; raises Undecipherable."""
    name, _, body = token.partition(":")
    for cipher in _ciphers(settings.FIELD_KEYS):
        if cipher.name == name:
            return cipher.decrypt(body)
    raise Undecipherable(f"there is no cipher “{name[:20]}”")
