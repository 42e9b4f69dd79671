"""Ciphers for what is kept encrypted, fields and files. Where keys come from is for the settings.

A token begins with the name of its cipher, so that what another one wrote stays readable beside it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes, hmac, padding
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

SHORTEST_KEY = 32


class Cipher(Protocol):
    """Turns data into a token and back, under one key; ``name`` stands before its tokens."""

    name: str

    def encrypt(self, data: bytes) -> bytes:
        """Return an ASCII token without the name."""

    def decrypt(self, token: bytes) -> bytes:
        """Return the data; raises Undecipherable."""


class Undecipherable(ValueError):
    """No key at hand fits: the key was changed, or the token was."""


class FernetCipher:
    """AES-128-CBC with HMAC-SHA256."""

    name = "fernet"

    def __init__(self, key: str) -> None:
        digest = hashlib.sha256(key.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(digest))

    def encrypt(self, data: bytes) -> bytes:
        """Return a Fernet token."""
        return self._fernet.encrypt(data)

    def decrypt(self, token: bytes) -> bytes:
        """Return the data; raises Undecipherable."""
        try:
            return self._fernet.decrypt(token)
        except InvalidToken as error:
            raise Undecipherable("this key does not fit the token") from error


class Sm4Cipher:
    """SM4-CBC (GB/T 32907), then HMAC-SM3 (GB/T 32905) over what it made.

    A token is base64 of initialisation vector (16 bytes), ciphertext, tag (32 bytes).
    """

    name = "sm4"
    _BLOCK, _TAG = 16, 32

    def __init__(self, key: str) -> None:
        derive = HKDF(hashes.SM3(), self._BLOCK + self._TAG, salt=None, info=b"field sm4")
        both = derive.derive(key.encode())
        self._key, self._tag_key = both[: self._BLOCK], both[self._BLOCK :]

    def encrypt(self, data: bytes) -> bytes:
        """Return a token."""
        vector = os.urandom(self._BLOCK)
        padder = padding.PKCS7(8 * self._BLOCK).padder()
        worker = self._worker(vector).encryptor()
        sealed = worker.update(padder.update(data) + padder.finalize()) + worker.finalize()
        body = vector + sealed
        return base64.urlsafe_b64encode(body + self._mac(body).finalize())

    def decrypt(self, token: bytes) -> bytes:
        """Return the data; raises Undecipherable."""
        try:
            raw = base64.urlsafe_b64decode(token)
            body, tag = raw[: -self._TAG], raw[-self._TAG :]
            self._mac(body).verify(tag)
        except (binascii.Error, InvalidSignature) as error:
            raise Undecipherable("this key does not fit the token") from error
        worker = self._worker(body[: self._BLOCK]).decryptor()
        padded = worker.update(body[self._BLOCK :]) + worker.finalize()
        padder = padding.PKCS7(8 * self._BLOCK).unpadder()
        return padder.update(padded) + padder.finalize()

    def _worker(self, vector: bytes) -> BlockCipher[modes.CBC]:
        return BlockCipher(algorithms.SM4(self._key), modes.CBC(vector))

    def _mac(self, body: bytes) -> hmac.HMAC:
        mac = hmac.HMAC(self._tag_key, hashes.SM3())
        mac.update(body)
        return mac


# What the setting calls them; the names before tokens say what they are made with.
CIPHERS: dict[str, type[FernetCipher] | type[Sm4Cipher]] = {"aes": FernetCipher, "sm4": Sm4Cipher}


def is_offered(name: str) -> bool:
    """Whether this machine's cryptography can do a cipher of the setting's name."""
    try:
        CIPHERS[name]("a" * SHORTEST_KEY).encrypt(b"")
    except (KeyError, UnsupportedAlgorithm):
        return False
    return True


def field_keys(text: str) -> list[str]:
    """Read keys separated by commas, the newest first."""
    return [key for key in (part.strip() for part in text.split(",")) if key]


@lru_cache(maxsize=32)
def _cipher(name: str, key: str) -> Cipher:
    return CIPHERS[name](key)


def _in_force() -> Cipher:
    return _cipher(settings.BOT_FIELD_CIPHER, field_keys(settings.FIELD_KEYS)[0])


def encrypt_bytes(data: bytes) -> bytes:
    """Return an ASCII token made with the cipher and the key in force."""
    cipher = _in_force()
    return cipher.name.encode() + b":" + cipher.encrypt(data)


def decrypt_bytes(token: bytes) -> bytes:
    """Return the data of a token, whichever cipher and key made it; raises Undecipherable."""
    mark, _, body = token.partition(b":")
    name = next((name for name, kind in CIPHERS.items() if kind.name.encode() == mark), None)
    if name is None:
        raise Undecipherable(f"there is no cipher “{mark[:20].decode('ascii', 'replace')}”")
    for key in field_keys(settings.FIELD_KEYS):
        try:
            return _cipher(name, key).decrypt(body)
        except Undecipherable:
            continue
    raise Undecipherable("no key of BOT_FIELD_KEY fits this token")


def encrypt(text: str) -> str:
    """Return a token made with the cipher and the key in force."""
    return encrypt_bytes(text.encode()).decode("ascii")


def decrypt(token: str) -> str:
    """Return the text of a token, whichever cipher and key made it; raises Undecipherable."""
    return decrypt_bytes(token.encode()).decode()


def is_current(token: bytes) -> bool:
    """Whether a token was made with the cipher and the key in force."""
    cipher = _in_force()
    name, _, body = token.partition(b":")
    if name != cipher.name.encode():
        return False
    try:
        cipher.decrypt(body)
    except Undecipherable:
        return False
    return True


def renewed(token: bytes) -> bytes:
    """Return a token of the same data made with what is in force; raises Undecipherable."""
    return encrypt_bytes(decrypt_bytes(token))
