"""What is kept encrypted: what the key may be, how it is changed, which cipher does it."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from hypothesis import given
from hypothesis import strategies as st

from bot import encryption
from bot.checks import settings_agree
from bot.encryption import CIPHERS, FernetCipher, Sm4Cipher
from bot.fields import SealedJSONField, SealedTextField
from bot.tickets.models import Ticket

CIPHER_NAMES = sorted(CIPHERS)
KEY, OTHER = "a" * 32, "b" * 32


@pytest.fixture(params=CIPHER_NAMES)
def cipher(request: pytest.FixtureRequest, settings: Any) -> str:
    """Each cipher in force once, under one key."""
    settings.BOT_FIELD_CIPHER = request.param
    settings.FIELD_KEYS = KEY
    return CIPHERS[request.param].name


def test_a_text_comes_back_and_its_token_does_not_show_it(cipher: str) -> None:
    token = encryption.encrypt("13900000000")
    assert "13900000000" not in token
    assert token.startswith(f"{cipher}:")
    assert encryption.decrypt(token) == "13900000000"


@pytest.mark.parametrize("kind", [FernetCipher, Sm4Cipher])
@given(data=st.binary(max_size=200))
def test_any_data_comes_back_from_an_ascii_token(kind: Any, data: bytes) -> None:
    token = kind(KEY).encrypt(data)
    assert token.isascii()
    assert kind(KEY).decrypt(token) == data


@pytest.mark.usefixtures("cipher")
def test_the_same_text_never_makes_the_same_token() -> None:
    assert encryption.encrypt("1") != encryption.encrypt("1")


@pytest.mark.usefixtures("cipher")
def test_after_a_change_of_keys_old_tokens_are_read_and_new_ones_need_the_new_key(
    settings: Any,
) -> None:
    old = encryption.encrypt("old")
    settings.FIELD_KEYS = f"{OTHER}, {KEY}"
    new = encryption.encrypt("new")
    assert encryption.decrypt(old) == "old"
    settings.FIELD_KEYS = OTHER
    assert encryption.decrypt(new) == "new"
    with pytest.raises(encryption.Undecipherable):
        encryption.decrypt(old)


@pytest.mark.parametrize(("before", "after"), [("aes", "sm4"), ("sm4", "aes")])
def test_after_a_change_of_ciphers_tokens_of_both_are_read(
    settings: Any, before: str, after: str
) -> None:
    settings.FIELD_KEYS = KEY
    settings.BOT_FIELD_CIPHER = before
    old = encryption.encrypt("老的")
    settings.BOT_FIELD_CIPHER = after
    new = encryption.encrypt("新的")
    assert old.partition(":")[0] != new.partition(":")[0]
    assert [encryption.decrypt(old), encryption.decrypt(new)] == ["老的", "新的"]


def test_a_token_is_current_only_for_the_first_key_and_the_cipher_in_force(settings: Any) -> None:
    settings.FIELD_KEYS = KEY
    settings.BOT_FIELD_CIPHER = "aes"
    token = encryption.encrypt_bytes(b"x")
    assert encryption.is_current(token)
    settings.FIELD_KEYS = f"{OTHER},{KEY}"
    assert not encryption.is_current(token)
    renewed = encryption.renewed(token)
    assert encryption.is_current(renewed)
    assert encryption.decrypt_bytes(renewed) == b"x"
    settings.BOT_FIELD_CIPHER = "sm4"
    assert not encryption.is_current(renewed)


@pytest.mark.parametrize("name", CIPHER_NAMES)
def test_a_token_in_which_any_byte_was_changed_is_refused(settings: Any, name: str) -> None:
    settings.FIELD_KEYS = KEY
    settings.BOT_FIELD_CIPHER = name
    mark, _, body = encryption.encrypt_bytes("门牌3栋502".encode()).partition(b":")
    raw = base64.urlsafe_b64decode(body)
    for place in range(len(raw)):
        bent = bytes([*raw[:place], raw[place] ^ 1, *raw[place + 1 :]])
        with pytest.raises(encryption.Undecipherable):
            encryption.decrypt_bytes(mark + b":" + base64.urlsafe_b64encode(bent))


@pytest.mark.parametrize(
    "token",
    ["", "fernet:", "fernet:abc", "sm4:", "sm4:abc", "sm4:abcd", "des:abc", "13900000000", "短"],
)
def test_what_no_cipher_made_is_refused(settings: Any, token: str) -> None:
    settings.FIELD_KEYS = KEY
    with pytest.raises(encryption.Undecipherable):
        encryption.decrypt(token)


# The block cipher is the standard's: its own example (GB/T 32907-2016, appendix A).
def test_sm4_is_the_one_of_the_standard() -> None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    same = bytes.fromhex("0123456789abcdeffedcba9876543210")
    worker = Cipher(algorithms.SM4(same), modes.ECB()).encryptor()
    assert worker.update(same).hex() == "681edf34d206965e86b3e94f536e4246"


def test_a_cipher_that_is_not_known_or_not_offered_is_named_at_start(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BOT_FIELD_CIPHER = "des"
    assert [e.id for e in settings_agree(None)] == ["bot.E010"]
    settings.BOT_FIELD_CIPHER = "sm4"
    assert settings_agree(None) == []

    def nothing(self: object, data: bytes) -> bytes:
        raise UnsupportedAlgorithm("no SM4 here")

    monkeypatch.setattr(Sm4Cipher, "encrypt", nothing)
    assert [e.id for e in settings_agree(None)] == ["bot.E011"]


# ---- fields ----


@pytest.mark.usefixtures("cipher")
def test_sealed_fields_come_back_from_what_the_table_holds() -> None:
    text, data = SealedTextField(), SealedJSONField()
    assert text.from_db_value(text.get_prep_value("康华新村")) == "康华新村"
    assert data.from_db_value(data.get_prep_value({"name": "王"})) == {"name": "王"}
    assert "康华" not in text.get_prep_value("康华新村")
    assert (text.get_prep_value(""), text.get_prep_value(None)) == ("", None)
    assert data.get_prep_value(None) is None


def test_a_sealed_field_survives_the_way_to_another_database() -> None:
    from django.core import serializers

    ticket = Ticket(number="2611230047", sealed_person={"name": "王秀英"}, outcome="证已送到")
    written = serializers.serialize("json", [ticket])
    [read] = serializers.deserialize("json", written)
    assert read.object.sealed_person == {"name": "王秀英"}
    assert read.object.outcome == "证已送到"
